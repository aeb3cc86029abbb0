"""The ledger on a real broker over simulated months: what compaction leaves is the state, not its history."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Mapping

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from agents.config import WorkerConfig
from agents.partitions.ledger_io import LedgerWriter
from deskpulse.clocks import WORKER
from deskpulse.lab.brokers.kafka import LocalKafka
from kpis.ledger.codec import VERSION, are_remains
from kpis.state.partition import PartitionState
from streams.topics import TopicRules, ledger_topics, specs
from tests.agents.harness import until
from tests.laws.ledgers import T0, Desk
from windows.panes import DAY_MS, HOUR_MS, MINUTE_MS

DAYS = 120
TICKETS_A_DAY = 30
QUICK = {
    "log.cleaner.backoff.ms": "100",
    "log.retention.check.interval.ms": "500",
    "log.segment.delete.delay.ms": "0",
}
RULES = TopicRules(
    partitions=1, ledger_segment_ms=500, ledger_compaction_lag_ms=500, ledger_delete_retention_ms=1
)
pytestmark = pytest.mark.slow
Log = list[tuple[bytes, bytes | None]]


@pytest.fixture
async def config(kafka_here: None) -> AsyncIterator[WorkerConfig]:
    """On a Kafka of its own, that compacts at once."""
    with LocalKafka(quick_start=True, properties=QUICK) as broker:
        kafka = {"bootstrap_servers": broker.bootstrap}
        admin = AIOKafkaAdminClient(**kafka)
        await admin.start()
        try:
            wanted = [spec for spec in specs("desk", rules=RULES) if spec.role in {"ledger", "dead-letter"}]
            await admin.create_topics(
                [NewTopic(spec.name, 1, 1, topic_configs=dict(spec.config)) for spec in wanted]
            )
        finally:
            await admin.close()
        yield WorkerConfig(clock=WORKER, kafka=kafka, app_id="desk")


async def read(config: WorkerConfig, topic: str) -> Log:
    """All that the log holds, older rows of a key and tombstones among it."""
    async with AIOKafkaConsumer(
        **config.kafka, auto_offset_reset="earliest", isolation_level="read_committed", fetch_max_wait_ms=50
    ) as consumer:
        place = TopicPartition(topic, 0)
        consumer.assign([place])
        end = (await consumer.end_offsets([place]))[place]
        found: Log = []
        while await consumer.position(place) < end:
            for records in (await consumer.getmany(timeout_ms=100)).values():
                found += [(record.key, record.value) for record in records]
        return found


def rows(desk: Desk, name: str) -> Mapping[bytes, bytes]:
    return {key: value for (topic, key), value in desk.rows.items() if topic == name}


def tickets(desk: Desk, *, gone: bool) -> set[str]:
    """The tickets whose rows are whole; `gone`: those of which only remains are left."""
    return {
        key.decode().removeprefix("t")
        for key, value in rows(desk, "tickets").items()
        if key[:1] == b"t" and are_remains(value) is gone
    }


async def test_after_compaction_the_ledger_holds_the_open_and_the_recent_tickets(
    config: WorkerConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Four months of 30 tickets a day, of which one stays open.

    Of 3,600 tickets those closed within 62 days and 120 open ones are left. Of closed ones something remains
    for 90 days here.

    A transaction a day. The log is compacted while it grows; at the end, a few rows more than the state has
    may be left in it.
    """
    monkeypatch.setattr("kpis.state.comebacks.KNOWN_MS", 90 * DAY_MS)
    desk, writer = Desk(), LedgerWriter(config, 0)
    written = {"tickets": 0, "view": 0}

    async def write() -> None:
        changes = desk.write()
        written["tickets"] += len(changes.tickets)
        written["view"] += len(changes.view)
        await writer.write(changes, [])

    await writer.take_over()
    await writer.settle(VERSION)
    for day in range(DAYS):
        for number in range(TICKETS_A_DAY):
            ticket, at = f"T{day}-{number}", T0 + day * DAY_MS + number * HOUR_MS // 2
            desk.create(ticket, at, team=f"team{number % 3}")
            if number:
                desk.send("first-reply", at + MINUTE_MS, ticket_id=ticket)
                desk.send("resolved", at + 2 * MINUTE_MS, ticket_id=ticket)
        desk.pass_time(T0 + (day + 1) * DAY_MS)
        await write()
    topics = dict(zip(("tickets", "view"), ledger_topics("desk"), strict=True))
    slack = {"tickets": 5 * TICKETS_A_DAY, "view": len(rows(desk, "view")) // 2}

    async def compacted() -> dict[str, Log] | None:
        """Each look comes with a transaction: only what is behind the newest segment is compacted."""
        desk.pass_time(T0 + DAYS * DAY_MS + round(time.monotonic() * 1000) % DAY_MS)
        await write()
        logs = {name: await read(config, topic) for name, topic in topics.items()}
        return (
            logs
            if all(len(log) <= len(rows(desk, name)) + slack[name] for name, log in logs.items())
            else None
        )

    logs = await until(compacted, seconds=120, what="compaction")
    await writer.close()
    for name, log in logs.items():
        assert written[name] > 1.5 * len(log), name
        assert rows(desk, name) == {key: value for key, value in dict(log).items() if value is not None}
    left, remains = (tickets(desk, gone=gone) for gone in (False, True))
    assert {f"T{day}-0" for day in range(DAYS)} <= left, "an open ticket is missing"
    assert 66 <= len({ticket.partition("-")[0] for ticket in left if not ticket.endswith("-0")}) <= 70, (
        "closed ones stay for 61 days after what they have booked last, 7 days after the solution"
    )
    assert 20 <= len({ticket.partition("-")[0] for ticket in remains}) <= 23, "and are known for 90"
    twin = PartitionState(0)
    for name, log in logs.items():
        for key, value in log:
            twin.load(name, key, value)
    twin.loaded()
    assert (twin.position, twin.tickets_held) == (desk.state.position, desk.state.tickets_held)
