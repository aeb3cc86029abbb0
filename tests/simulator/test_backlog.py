"""The past in batches: in order, in the partitions of single records, with no error lost.

All of it is acknowledged before the present begins.
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from deskpulse.ingest.events_io import TimedEvent, encode
from deskpulse.ingest.publisher import PublishProgress
from deskpulse.lab.brokers import Broker
from deskpulse.lab.simulator import publish_backlog
from deskpulse.lab.simulator.backlog import FLUSH_EVENTS


class Batch:
    """Holds three records."""

    def __init__(self) -> None:
        self.records: list[bytes] = []
        self.closed = False

    def append(self, *, key: bytes, value: bytes, timestamp: int) -> object | None:
        assert not self.closed
        assert timestamp == 7
        assert key
        if len(self.records) == 3:
            return None
        self.records.append(value)
        return self

    def close(self) -> None:
        self.closed = True


class Producer:
    """Two partitions a topic; acknowledges at once, or fails."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.sent: defaultdict[tuple[str, int], list[bytes]] = defaultdict(list)
        self.topics: list[str] = []

    def create_batch(self) -> Batch:
        return Batch()

    async def partitions_for(self, topic: str) -> set[int]:
        assert topic.startswith("p-")
        return {0, 1}

    async def send_batch(self, batch: Batch, topic: str, *, partition: int) -> asyncio.Future[object]:
        assert batch.closed
        self.sent[topic, partition] += batch.records
        self.topics += [topic] * len(batch.records)
        future: asyncio.Future[object] = asyncio.get_running_loop().create_future()
        if self.error is None:
            future.set_result(None)
        else:
            future.set_exception(self.error)
        return future


def happened(count: int, *, customers: int = 0) -> Iterator[TimedEvent]:
    """Customers of the first instant, then an event a second, of ten tickets."""
    for number in range(customers):
        yield TimedEvent(0, "customer", f"C{number}".encode(), {"number": number})
    for number in range(count):
        yield TimedEvent(
            1 + 1000 * number,
            "ticket-created" if number % 3 else "resolved",
            f"T{number % 10}".encode(),
            {"number": number},
        )


async def run(
    producer: Producer, events: Iterator[TimedEvent], until_ms: int
) -> tuple[TimedEvent | None, list[PublishProgress]]:
    told: list[PublishProgress] = []
    first = await publish_backlog(
        events, producer, until_ms=until_ms, topic_prefix="p-", on_progress=told.append, now_ms=lambda: 7
    )
    return first, told


async def test_all_of_the_past_is_sent_in_order_and_the_first_after_it_is_given_back() -> None:
    producer = Producer()
    count = 2 * FLUSH_EVENTS + 17
    first, told = await run(producer, happened(count + 5), until_ms=1 + 1000 * (count - 1))
    assert first is not None
    assert (1 + 1000 * count, {"number": count}) == (first.publish_ms, first.value)
    assert count == told[-1].sent == told[-1].acknowledged == sum(map(len, producer.sent.values()))
    by_key: defaultdict[tuple[str, bytes], list[bytes]] = defaultdict(list)
    for event in happened(count):
        by_key["p-" + event.topic, event.key].append(encode(event.value))
    for (topic, _), records in by_key.items():
        (found,) = [sent for (own, _), sent in producer.sent.items() if own == topic and records[0] in sent]
        places = [found.index(record) for record in records]
        assert all(before < after for before, after in pairwise(places))


async def test_the_customers_are_there_before_the_first_ticket() -> None:
    producer = Producer()
    await run(producer, happened(30, customers=50), until_ms=10**9)
    assert ["p-customer"] * 50 == producer.topics[:50]
    assert "p-customer" not in producer.topics[50:]


async def test_an_end_within_the_past_is_no_event() -> None:
    assert (await run(Producer(), happened(5), until_ms=10**9))[0] is None


async def test_an_error_of_a_delivery_ends_the_run() -> None:
    with pytest.raises(OSError, match="disk"):
        await run(Producer(OSError("disk full")), happened(5), until_ms=10**9)


async def test_records_lie_where_single_ones_would(kafka_broker: Broker, topic_prefix: str) -> None:
    """Of 200 tickets, half go in batches and half one by one.

    Each ticket's two records are in one partition, in order.
    """
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka_broker.bootstrap)
    await admin.start()
    await admin.create_topics([NewTopic(f"{topic_prefix}resolved", 4, 1)])
    await admin.close()
    producer: Any = AIOKafkaProducer(bootstrap_servers=kafka_broker.bootstrap, enable_idempotence=True)
    await producer.start()
    try:
        events = (
            TimedEvent(1, "resolved", f"T{number}".encode(), {"half": "first"}) for number in range(200)
        )
        await publish_backlog(events, producer, until_ms=1, topic_prefix=topic_prefix, now_ms=lambda: 7)
        for number in range(200):
            await producer.send_and_wait(
                f"{topic_prefix}resolved", key=f"T{number}".encode(), value=b"second"
            )
    finally:
        await producer.stop()
    found: defaultdict[bytes, list[tuple[int, bytes]]] = defaultdict(list)
    consumer = AIOKafkaConsumer(
        f"{topic_prefix}resolved", bootstrap_servers=kafka_broker.bootstrap, auto_offset_reset="earliest"
    )
    await consumer.start()
    try:
        for _ in range(400):
            record = await consumer.getone()
            found[record.key].append((record.partition, record.value))
    finally:
        await consumer.stop()
    for records in found.values():
        (partition, first), (other, second) = records
        assert (partition, encode({"half": "first"}), b"second") == (other, first, second)
