"""The receiver of webhooks prints what arrives, and takes nothing else."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

from deskpulse import exits
from deskpulse.monitoring.alert_log import MOST_BYTES, Notice, server
from tests.cli.harness import run_command

NOW_MS = 1_780_000_000_000
SENT: dict[str, Any] = {
    "receiver": "team-billing",
    "status": "firing",
    "alerts": [
        {
            "status": "firing",
            "labels": {
                "alertname": "SupportSLAEndangered",
                "severity": "page",
                "kind": "kpi",
                "team": "billing",
                "by": "team",
            },
            "annotations": {
                "summary": "billing: 8 first replies due within 15 min, usually 3. Answer them now."
            },
            "startsAt": "2026-05-28T20:26:40Z",
        }
    ],
}


@pytest.fixture
def taken() -> list[Notice]:
    return []


@pytest.fixture
def port(taken: list[Notice]) -> Iterator[int]:
    receiver = server("127.0.0.1", 0, taken.append, lambda: NOW_MS)
    thread = threading.Thread(target=receiver.serve_forever, daemon=True)
    thread.start()
    yield receiver.server_address[1]
    receiver.shutdown()
    receiver.server_close()
    thread.join(10)


def ask(port: int, method: str, path: str, body: bytes | None = None, **headers: str) -> int:
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request(method, path, body, headers)
        return connection.getresponse().status
    finally:
        connection.close()


def test_an_alert_is_one_line(port: int, taken: list[Notice]) -> None:
    assert 200 == ask(port, "POST", "/team-billing", json.dumps(SENT).encode())
    (notice,) = taken
    assert str(notice) == (
        "2026-05-28T20:26:40Z team-billing firing page SupportSLAEndangered by=team team=billing: "
        "billing: 8 first replies due within 15 min, usually 3. Answer them now."
    )


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"no JSON",
        b"[]",
        b"{}",
        b'{"alerts": 1}',
        b'{"alerts": [1]}',
        b'{"alerts": [{"labels": 7}]}',
        b"\xff",
    ],
)
def test_what_alertmanager_does_not_send_is_refused(body: bytes, port: int, taken: list[Notice]) -> None:
    assert 400 == ask(port, "POST", "/", body)
    assert [] == taken


def test_a_body_too_large_or_of_unknown_length_is_not_read(port: int, taken: list[Notice]) -> None:
    assert 413 == ask(port, "POST", "/", None, **{"Content-Length": str(MOST_BYTES + 1)})
    assert 413 == ask(port, "POST", "/", None, **{"Content-Length": "many"})
    assert [] == taken


def test_it_tells_that_it_is_there(port: int) -> None:
    assert 200 == ask(port, "GET", "/healthz")
    assert 404 == ask(port, "GET", "/else")


def test_other_machines_are_let_in_only_on_request(tmp_path: Path) -> None:
    answer = run_command("alerts", "--host", "0.0.0.0")  # noqa: S104 - it must be refused
    assert answer.code == exits.USAGE
    assert "--insecure-listen" in answer.err
    assert tmp_path.exists()
