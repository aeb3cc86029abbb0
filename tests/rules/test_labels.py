"""No label of an alert carries a template.

A template that comes to nothing would leave its own text in ALERTS, for everybody to see.
"""

from __future__ import annotations

import asyncio
import shutil
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml

from deskpulse.monitoring.rules import Plan, texts
from deskpulse.policy import build, load_file
from proofs.local_prometheus import LocalPrometheus
from proofs.programs import until
from scripts.rule_tests import score_stories, sla_stories, volume_stories
from scripts.tidy import ROOT

FAST = 3_600.0  # times: what waits for a quarter of an hour waits for a quarter of a second
STORIES = (
    sla_stories.ENDANGERED,
    sla_stories.BELOW,
    sla_stories.WAITS_LONG,
    sla_stories.BURN,
    volume_stories.LOW,
    score_stories.SCORES[1],
)
DESK = '{desk="deskpulse",'
ALL = {volume_stories.LOW.alert, "SupportScoreWorse"}  # that are told of the whole desk here


def rules() -> Iterator[dict[str, Any]]:
    for path in sorted((ROOT / "monitoring" / "rules").glob("*.yml")):
        for group in yaml.safe_load(path.read_text(encoding="utf-8"))["groups"]:
            yield from (rule for rule in group["rules"] if "alert" in rule)


@pytest.mark.parametrize("rule", list(rules()), ids=lambda rule: str(rule["alert"]))
def test_no_label_of_a_rule_is_a_template_or_empty(rule: dict[str, Any]) -> None:
    assert all(value and "{{" not in value for value in rule["labels"].values())


def exposition(now: float) -> str:
    """An exporter that shows all stories at once, now.

    They are those of team billing, and those of ALL of the whole desk.
    """
    own = {
        "deskpulse_exporter_ready": 1.0,
        "deskpulse_exporter_up": 1.0,
        "deskpulse_view_complete": 1.0,
        "deskpulse_view_read_timestamp_seconds": now,
        "deskpulse_view_as_of_timestamp_seconds": now,
        "deskpulse_watermark_timestamp_seconds": now,
    }
    lines = [f'{name}{{desk="deskpulse"}} {value}' for name, value in own.items()]
    for story in STORIES:
        for series, values in story.shown.items():
            named = (
                series.replace('by="team",member="billing"', 'by="all",member="all"')
                if story.alert in ALL
                else series
            )
            lines.append(f"{named.replace('{', DESK, 1)} {values.partition('x')[0]}")
    return "\n".join(dict.fromkeys(lines)) + "\n"


class Exporter(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = exposition(time.time()).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Nothing."""


@pytest.fixture
def target() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Exporter)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join(10)


@pytest.mark.skipif(
    shutil.which("prometheus") is None, reason="prometheus is not installed (apt-get install prometheus)"
)
def test_alerts_on_a_real_prometheus_have_the_team_that_they_go_to(target: str, tmp_path: Path) -> None:
    file = load_file(ROOT / "examples/policy.yaml")
    files = texts(Plan(build(file), file.alerts, FAST), 1_780_000_000_000)
    (tmp_path / "rules").mkdir()
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    prometheus = LocalPrometheus(
        folder=tmp_path, job="deskpulse-exporter", targets=[target], scrape_seconds=1
    )
    prometheus.rules = sorted((tmp_path / "rules").glob("*.yml"))
    prometheus.start()
    wanted = {story.alert for story in STORIES}
    try:
        asyncio.run(prometheus.ready())
        asyncio.run(
            until(
                lambda: wanted <= {labels["alertname"] for labels in firing(prometheus)},
                seconds=60,
                what="all alerts",
            )
        )
        assert [] == prometheus.rule_errors()
        for labels in firing(prometheus):
            assert not [value for value in labels.values() if "{{" in value or "<error" in value]
            assert "deskpulse" == labels["desk"], labels
            if labels["kind"] == "kpi":
                assert labels.get("team") == (None if labels["alertname"] in ALL else "billing"), labels
    finally:
        prometheus.stop()


def firing(prometheus: LocalPrometheus) -> list[dict[str, str]]:
    return [one["metric"] for one in prometheus.query('ALERTS{alertstate="firing"}', time.time())]
