"""What deskpulse promises whoever runs it, by a whole installation.

Topics, worker and exporter as processes on Apache Kafka.

What goes wrong on the way (crashes, fencing, rolling upgrades) is tested in tests/e2e and tests/agents.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer

from deskpulse.ingest.events_io import encode
from deskpulse.lab.brokers import Broker
from deskpulse.lab.simulator import simulate
from tests.e2e.stack import Sent, Stack, by_label, end_well, total
from windows.panes import DAY_MS

START_MS = 1_767_225_600_000  # 2026-01-01, a time that is past whenever this runs
pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture
async def stack(kafka_broker: Broker, topic_prefix: str, tmp_path: Path) -> AsyncIterator[Stack]:
    made = Stack(
        kafka_broker.bootstrap, f"{topic_prefix}c-", tmp_path, {"DESKPULSE_EXPORTER__CLOCK": "event"}
    )
    try:
        yield made
    finally:
        made.stop()


def desk_events(days: int = 2) -> list[Sent]:
    """A seeded desk with duplicates, late and out-of-order events, some thousands of them."""
    events = simulate("calm", seed=11, start_ms=START_MS, end_ms=START_MS + days * DAY_MS, rate_per_hour=12)
    return [(event.topic, event.key, encode(event.value)) for event in events]


def created(ticket: str, at_ms: int, **more: Any) -> Sent:
    event = {
        "event_id": f"c-{ticket}",
        "occurred_at": at_ms,
        "ticket_id": ticket,
        "customer_id": "C-1",
        "team": "billing",
        "channel": "email",
        "priority": "high",
        **more,
    }
    return ("ticket-created", ticket.encode(), json.dumps(event).encode())


async def test_figures_equal_the_oracle_and_survive_restarts(stack: Stack) -> None:
    """Half of the history, a restart of worker and exporter, then the other half.

    The first half is sent again with it, and nothing counts twice.
    """
    events = desk_events()
    half = len(events) // 2
    (worker,) = await stack.start_all()
    await stack.publish(events[:half])
    verdict, _, before = await stack.judged()
    assert verdict.compared
    assert not verdict.differences, verdict.differences[:5]
    assert 0 == await end_well(worker)
    assert 0 == await end_well(stack.programs[1])
    stack.start("worker")
    stack.start("exporter")
    await stack.publish([*events[half:], *events[:half]])
    verdict, records, after = await stack.judged()
    assert not verdict.differences, verdict.differences[:5]
    assert len(records) == total(after, "deskpulse_events_accepted_total")
    assert (
        total(after, "deskpulse_events_duplicate_total")
        >= half
        > total(before, "deskpulse_events_duplicate_total")
    )


async def test_what_cannot_be_an_event_is_kept_whole_and_stops_nothing(stack: Stack) -> None:
    bad = b'{"event_id": "e-1", "occurred_at": "yesterday", "ticket_id": "T-2"}'
    await stack.start_all()
    await stack.publish(
        [
            created("T-1", START_MS),
            ("first-reply", b"T-2", bad),
            ("resolved", b"T-3", None),
            created("T-4", START_MS),
        ]
    )
    verdict, _, samples = await stack.judged()
    assert not verdict.differences, verdict.differences[:5]
    assert {"time": 1, "null": 1} == by_label(samples, "deskpulse_events_rejected_total", "reason")
    letters = {
        dict(letter.headers)["reason"]: letter for letter in await stack.read(stack.topic("dead-letter"))
    }
    assert bad == letters[b"time"].value
    assert b"first-reply" == dict(letters[b"time"].headers)["topic"]
    assert letters[b"null"].value is None


async def test_an_aborted_transaction_upstream_is_not_counted(stack: Stack) -> None:
    await stack.start_all()
    options = stack.settings.kafka.client_options()
    async with AIOKafkaProducer(transactional_id=f"{stack.name}upstream", **options) as producer:
        for ticket, ends_well in (("T-1", True), ("T-2", False), ("T-3", True)):
            topic, key, value = created(ticket, START_MS)
            await producer.begin_transaction()
            await producer.send_and_wait(stack.topic(topic), value, key=key)
            await (producer.commit_transaction() if ends_well else producer.abort_transaction())
    samples = await stack.showing(lambda seen: total(seen, "deskpulse_events_accepted_total") >= 2)
    assert 2 == total(samples, "support_open_tickets", by="all")


async def test_the_exporter_shows_the_ledger_without_a_worker(stack: Stack) -> None:
    """Readiness comes from the ledger alone."""
    (worker,) = await stack.start_all()
    await stack.publish([created("T-1", START_MS), created("T-2", START_MS + 1000)])
    await stack.showing(lambda seen: 2 == total(seen, "support_open_tickets", by="all"))
    assert 0 == await end_well(worker)
    assert 0 == await end_well(stack.programs[1])
    stack.start("exporter")
    samples = await stack.showing(lambda seen: 2 == total(seen, "support_open_tickets", by="all"))
    assert 1 == total(samples, "deskpulse_exporter_ready")
