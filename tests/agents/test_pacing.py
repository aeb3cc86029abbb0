"""A consumer that paces its fetches, on a real Kafka.

A pace of an hour shows what is waited for and what is not.
"""

from __future__ import annotations

import inspect
import secrets
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.consumer.fetcher import Fetcher

from agents.fetching.semi_private import PacedConsumer, log_ends
from deskpulse.clocks import WORKER
from tests.agents.harness import until

HOUR = 3_600.0


@pytest.fixture
async def topic(kafka_broker: Any) -> str:
    name = f"paced-{secrets.token_hex(4)}"
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka_broker.bootstrap)
    await admin.start()
    await admin.create_topics([NewTopic(name, 1, 1)])
    await admin.close()
    return name


@pytest.fixture
async def producer(kafka_broker: Any) -> AsyncIterator[AIOKafkaProducer]:
    producer = AIOKafkaProducer(bootstrap_servers=kafka_broker.bootstrap, max_batch_size=1_000)
    await producer.start()
    yield producer
    await producer.stop()


async def read(consumer: PacedConsumer, count: int) -> int:
    """Records until there are so many, or until none came for a while."""
    found = 0
    while found < count:
        records = sum(map(len, (await consumer.getmany(timeout_ms=3_000)).values()))
        if not records:
            break
        found += records
    return found


@pytest.mark.parametrize(("pace_seconds", "second"), [(HOUR, 0), (0.0, 1)])
async def test_what_comes_within_the_pace_is_not_asked_for(
    kafka_broker: Any, topic: str, producer: AIOKafkaProducer, pace_seconds: float, second: int
) -> None:
    consumer = PacedConsumer(
        bootstrap_servers=kafka_broker.bootstrap,
        auto_offset_reset="earliest",
        pace_seconds=pace_seconds,
        elapsed=WORKER.elapsed,
    )
    consumer.assign([TopicPartition(topic, 0)])
    await consumer.start()
    try:
        for expected in (1, second):
            await producer.send_and_wait(topic, b"x", partition=0)
            assert expected == await read(consumer, 1)
    finally:
        await consumer.stop()


async def test_who_is_behind_does_not_wait(kafka_broker: Any, topic: str, producer: AIOKafkaProducer) -> None:
    for _ in range(50):
        await producer.send(topic, bytes(900), partition=0)
    await producer.flush()
    options = {"auto_offset_reset": "earliest", "max_partition_fetch_bytes": 2_000}
    consumer = PacedConsumer(
        bootstrap_servers=kafka_broker.bootstrap, pace_seconds=HOUR, elapsed=WORKER.elapsed, **options
    )
    consumer.assign([TopicPartition(topic, 0)])
    await consumer.start()
    try:
        assert 50 == await read(consumer, 50)
    finally:
        await consumer.stop()


async def test_of_an_idle_log_it_is_known_when_the_broker_was_asked(
    kafka_broker: Any, topic: str, producer: AIOKafkaProducer
) -> None:
    """By an answer without records, too, and never later than the question."""
    tp = TopicPartition(topic, 0)
    consumer = PacedConsumer(
        bootstrap_servers=kafka_broker.bootstrap,
        auto_offset_reset="earliest",
        fetch_max_wait_ms=50,
        pace_seconds=0.0,
        elapsed=WORKER.elapsed,
    )
    consumer.assign([tp])
    await consumer.start()
    try:
        assert not consumer.asked_at.get(tp, 0.0) > WORKER.elapsed()
        await producer.send_and_wait(topic, b"x", partition=0)
        assert 1 == await read(consumer, 1)
        read_at = WORKER.elapsed()
        await until(lambda: consumer.asked_at.get(tp, 0.0) > read_at)
        end = log_ends(consumer)[tp]
        assert (1, 1, consumer.asked_at[tp]) == end
        assert end.asked_at <= WORKER.elapsed()
    finally:
        await consumer.stop()


def test_the_fetcher_has_the_method_that_is_paced_and_ends_when_it_is_cancelled() -> None:
    source = inspect.getsource(Fetcher._proc_fetch_request)
    assert ["self", "assignment", "node_id", "request"] == list(
        inspect.signature(Fetcher._proc_fetch_request).parameters
    )
    assert "except asyncio.CancelledError" in source
    assert "tp_state.timestamp = now_ms" in source
    assert "for topic, partitions in request.topics:" in source
    assert "self._proc_fetch_request(assignment, node_id, request)" in inspect.getsource(
        Fetcher._fetch_requests_routine
    )
