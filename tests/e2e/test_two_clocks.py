"""Two exporters of one ledger, the clock of one is wrong.

It says so, rules believe the other one, and no deadline comes early.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from deskpulse.lab.brokers.process import free_ports
from deskpulse.lab.demo import proof
from proofs.local_prometheus import LocalPrometheus
from proofs.programs import ROOT, until
from tests.e2e.conftest import NewStack
from tests.e2e.stack import START_SECONDS, Sent, Stack

LIBRARY: Final = next(iter(sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))), None)
POLICY: Final = "versions: [{name: v1, first_reply: [{within: 10m, objective: 90%}]}]\n"
MINUTE_MS: Final = 60_000
pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(600),
    pytest.mark.skipif(LIBRARY is None, reason="no libfaketime: apt-get install faketime"),
    pytest.mark.skipif(
        shutil.which("prometheus") is None, reason="no prometheus: apt-get install prometheus"
    ),
]


def a_ticket(now_ms: int) -> Iterator[Sent]:
    """Created a minute ago and promised ten: due in nine."""
    names = {"customer_id": "C", "team": "billing", "channel": "phone", "priority": "normal"}
    event = {"event_id": "c", "occurred_at": now_ms - MINUTE_MS, "ticket_id": "T", **names}
    yield "ticket-created", b"T", json.dumps(event).encode()


def of(samples: proof.Samples, name: str, **labels: str) -> float | None:
    """The sample that carries the labels."""
    return next(
        (
            value
            for (found, having), value in samples.items()
            if found == name and set(labels.items()) <= having
        ),
        None,
    )


async def seen(url: str) -> proof.Samples:
    """A scrape, empty while nobody answers."""
    try:
        return await asyncio.to_thread(proof.scrape, url)
    except OSError:
        return {}


async def with_a_wrong_clock(stack: Stack, offset: str) -> str:
    """A second exporter, by this clock; its address."""
    port = free_ports(1)[0]
    wrong = {"LD_PRELOAD": str(LIBRARY), "FAKETIME": offset, "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
    exporter = stack.start("exporter", DESKPULSE_EXPORTER__PORT=str(port), **wrong)
    await exporter.saying("listening on", START_SECONDS)
    return f"127.0.0.1:{port}"


_MORE = pytest.mark.skipif(
    "DESKPULSE_ALL_CLOCKS" not in os.environ, reason="two minutes each: DESKPULSE_ALL_CLOCKS=1"
)


@pytest.mark.parametrize(
    ("offset", "seconds"),
    [("+120s", 120), pytest.param("+3600s", 3600, marks=_MORE), pytest.param("-120s", -120, marks=_MORE)],
)
async def test_the_exporter_whose_clock_is_right_is_believed(
    new_stack: NewStack, tmp_path: Path, offset: str, seconds: int
) -> None:
    policy = tmp_path / "policy.yaml"
    policy.write_text(POLICY)
    stack = new_stack(DESKPULSE_DESK__POLICY=str(policy))
    await stack.start_all()
    wrong = await with_a_wrong_clock(stack, offset)
    right = f"127.0.0.1:{stack.port}"
    await stack.publish(a_ticket(round(time.time() * 1000)))

    async def knows_it() -> proof.Samples | None:
        found = await seen(f"http://{wrong}")
        skew = of(found, "deskpulse_clock_skew_seconds")
        is_open = of(found, "support_open_tickets", by="all") == 1
        return found if is_open and skew is not None and abs(skew) > abs(seconds) - 5 else None

    found: proof.Samples = await until(knows_it, seconds=START_SECONDS, what="the skew of the wrong clock")
    assert abs((of(found, "deskpulse_clock_skew_seconds") or 0) - seconds) < 5
    assert of(found, "deskpulse_view_complete") == 0
    assert of(found, "deskpulse_view_incomplete", reason="clock") == 1
    overdue = {"by": "all", "target": "first_reply"}
    # by its clock the ten minutes may be over
    assert (seconds > 600) == of(found, "support_sla_overdue_tickets", **overdue)

    prometheus = LocalPrometheus(
        folder=tmp_path,
        job="deskpulse-exporter",
        targets=[wrong, right],
        rules=[ROOT / "monitoring/rules/view.yml"],
    )
    prometheus.start()
    try:
        await prometheus.ready()

        def asked(expression: str) -> list[dict[str, Any]]:
            return prometheus.query(expression, time.time())

        await until(
            lambda: len(asked("desk:exporter_score")) == 2, seconds=START_SECONDS, what="both exporters"
        )
        await until(
            lambda: asked("desk:support_sla_overdue_tickets"),
            seconds=START_SECONDS,
            what="figures of the believed one",
        )

        def believed() -> bool:
            """An evaluation in which both were seen is over.

            Before it the one that was scraped first is all that there is.
            """
            chosen = [one["metric"]["instance"] for one in asked("desk:exporter_chosen")]
            return [right] == chosen and not asked("abs(time() - desk:view_as_of_timestamp_seconds) > 60")

        await until(believed, seconds=START_SECONDS, what="an evaluation that has seen both")
        assert [] == asked('desk:support_sla_overdue_tickets{by="all",target="first_reply"} != 0')
    finally:
        prometheus.stop()
