"""Workers that write under `APP-3` and workers that write under `APP:3` fence each other, on real brokers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import ProducerFenced

from agents.config import WorkerConfig
from agents.exits import Exit, WorkerError
from agents.ledger_io import LedgerWriter
from deskpulse.clocks import WORKER
from kpis.ledger import OWN_IDS_FORMAT
from kpis.partition import Changes

ROW = Changes([], [(b"position", b"of the one who may write")])
BEFORE, FROM = OWN_IDS_FORMAT - 1, OWN_IDS_FORMAT


@pytest.fixture
async def config(broker: Any, topic_prefix: str) -> WorkerConfig:
    kafka = {"bootstrap_servers": broker.bootstrap}
    config = WorkerConfig(clock=WORKER, kafka=kafka, app_id=topic_prefix.rstrip("-"))
    admin = AIOKafkaAdminClient(**kafka)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(name, 1, 1) for name in (config.tickets_topic, config.view_topic)])
    finally:
        await admin.close()
    return config


@asynccontextmanager
async def worker_of_before(config: WorkerConfig) -> AsyncIterator[AIOKafkaProducer]:
    """It knows one id, and nothing of the other."""
    async with AIOKafkaProducer(**config.kafka, transactional_id=f"{config.app_id}-0") as producer:
        yield producer


@asynccontextmanager
async def worker(config: WorkerConfig, ledger_format: int) -> AsyncIterator[LedgerWriter]:
    writer = LedgerWriter(config, 0)
    await writer.take_over()
    await writer.settle(ledger_format)
    try:
        yield writer
    finally:
        await writer.close()


async def rows(config: WorkerConfig) -> list[bytes | None]:
    """What readers of the ledger see."""
    async with AIOKafkaConsumer(**config.kafka, auto_offset_reset="earliest", isolation_level="read_committed") as consumer:
        place = TopicPartition(config.view_topic, 0)
        consumer.assign([place])
        end, found = (await consumer.end_offsets([place]))[place], []
        async with asyncio.timeout(60):
            while await consumer.position(place) < end:
                for records in (await consumer.getmany(timeout_ms=100)).values():
                    found += [record.value for record in records]
        return found


@pytest.mark.parametrize("ledger_format", [BEFORE, FROM])
async def test_a_worker_of_before_that_still_runs_writes_nothing_more(config: WorkerConfig, ledger_format: int) -> None:
    async with worker_of_before(config) as zombie:
        await zombie.begin_transaction()
        await zombie.send_and_wait(config.view_topic, b"too late", partition=0)
        async with worker(config, ledger_format) as heir:
            await heir.write(ROW, [])
            with pytest.raises(ProducerFenced):
                await zombie.commit_transaction()
    assert [ROW.view[0][1]] == await rows(config)


async def test_a_worker_that_still_runs_writes_nothing_more_after_one_of_before_took_over(config: WorkerConfig) -> None:
    """On the way back, or in the middle of an upgrade: below format 6 both write under the one id that both know."""
    async with worker(config, BEFORE) as zombie:
        await zombie.write(ROW, [])
        async with worker_of_before(config) as heir:
            async with heir.transaction():
                await heir.send_and_wait(config.view_topic, b"of before", partition=0)
            with pytest.raises(WorkerError, match="fenced") as error:
                await zombie.write(ROW, [])
            assert Exit.RETRY == error.value.code
    assert [ROW.view[0][1], b"of before"] == await rows(config)


@pytest.mark.parametrize(("before", "after"), [(BEFORE, FROM), (FROM, FROM), (BEFORE, BEFORE)])
async def test_workers_fence_each_other_across_the_raise_of_the_format(config: WorkerConfig, before: int, after: int) -> None:
    async with worker(config, before) as zombie, worker(config, after) as heir:
        with pytest.raises(WorkerError, match="fenced"):
            await zombie.write(ROW, [])
        await heir.write(ROW, [])
    assert [ROW.view[0][1]] == await rows(config)
