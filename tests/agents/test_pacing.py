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

from agents.fetching.semi_private import PacedConsumer
from deskpulse.clocks import WORKER

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


def test_the_fetcher_has_the_method_that_is_paced_and_ends_when_it_is_cancelled() -> None:
    source = inspect.getsource(Fetcher._proc_fetch_request)
    assert ["self", "assignment", "node_id", "request"] == list(
        inspect.signature(Fetcher._proc_fetch_request).parameters
    )
    assert "except asyncio.CancelledError" in source
    assert "self._proc_fetch_request(assignment, node_id, request)" in inspect.getsource(
        Fetcher._fetch_requests_routine
    )
