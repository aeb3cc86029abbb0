"""The live half of the benchmark: its desk sends events that count, and a turn on a real Kafka sees them.

No times.
"""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from deskpulse.ingest.events_io import encode
from proofs.benchmarks.live.demo import tree
from proofs.benchmarks.live.desk import TICKETS_AN_EVENT, SteadyDesk
from proofs.benchmarks.live.measure import Span, Turn, processor_seconds, quantile_ms
from proofs.benchmarks.site import Site
from streams.decode import Reject, decoder

SECOND_NS = 1_000_000_000


def test_what_the_desk_sends_counts_and_its_tickets_tell_when_they_were_sent() -> None:
    desk, topics, tickets = SteadyDesk(), Counter[str](), set()
    for number in range(500):
        event = desk.event(1_790_000_000 * SECOND_NS + number)
        assert type(decoder(event.topic)(encode(event.value))) is not Reject, event
        topics[event.topic] += 1
        tickets.add(event.key)
    assert {"ticket-created": 200, "first-reply": 100, "ticket-changed": 100, "resolved": 100} == topics
    assert 200 == len(tickets) == 500 * TICKETS_AN_EVENT


@pytest.mark.parametrize(("share", "ms"), [(0.5, 2.0), (0.99, 4.0), (0.0, 1.0), (1.0, 4.0)])
def test_a_quantile_is_the_nearest_rank(share: float, ms: float) -> None:
    assert ms == quantile_ms([1_000_000, 2_000_000, 3_000_000, 4_000_000], share)


def test_the_processor_time_of_a_process_only_grows() -> None:
    before = processor_seconds(os.getpid())
    sum(range(1_000_000))
    after = processor_seconds(os.getpid())
    assert before is not None
    assert after is not None
    assert 0 < before < after


async def test_a_turn_sees_the_tickets_of_its_desk(kafka_broker: Any, tmp_path: Path) -> None:
    site = Site(kafka_broker.bootstrap, f"live-{secrets.token_hex(3)}-", tmp_path)
    await site.create_sources()
    told: list[int] = []
    found = await Turn(site, 20, Span(1, 3), told.append).measure()
    assert found.tickets >= 20
    assert found.worker_share is not None
    assert found.worker_share > 0
    assert found.p50_ms is not None
    assert found.p99_ms is not None
    assert 0 < found.p50_ms <= found.p99_ms
    assert 4 < max(told) <= 8


def test_the_processes_of_a_program_are_found_with_those_that_they_started() -> None:
    start = "p = subprocess.Popen([sys.executable, '-c', 'input()'], stdin=subprocess.PIPE)"
    code = f"import subprocess, sys; {start}; print(p.pid, flush=True); input(); p.kill()"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        assert [parent.pid, child] == tree(parent.pid)
        parent.communicate("\n")
