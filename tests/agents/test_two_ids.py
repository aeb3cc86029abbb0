"""Workers that write under `APP-3` and under `APP:3` fence each other, on a real broker."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import ProducerFenced
from aiokafka.protocol.admin import CreateAclsRequest

from agents.config import WorkerConfig
from agents.exits import Exit, WorkerError
from agents.partitions.ledger_io import LedgerWriter
from deskpulse.clocks import WORKER
from deskpulse.lab.brokers.kafka import LocalKafka
from kpis.ledger.codec import OWN_IDS_FORMAT
from kpis.state.records import Changes
from proofs.programs import until

ROW = Changes([], [(b"position", b"of the one who may write")])
BEFORE, FROM = OWN_IDS_FORMAT - 1, OWN_IDS_FORMAT


@pytest.fixture
async def config(kafka_broker: Any, topic_prefix: str) -> WorkerConfig:
    kafka = {"bootstrap_servers": kafka_broker.bootstrap}
    config = WorkerConfig(clock=WORKER, kafka=kafka, app_id=topic_prefix.rstrip("-"))
    await make_topics(config)
    return config


async def make_topics(config: WorkerConfig) -> None:
    admin = AIOKafkaAdminClient(**config.kafka)
    await admin.start()
    try:
        await admin.create_topics(
            [NewTopic(name, 1, 1) for name in (config.tickets_topic, config.view_topic)]
        )
    finally:
        await admin.close()


@asynccontextmanager
async def worker_of_before(config: WorkerConfig) -> AsyncIterator[AIOKafkaProducer]:
    """It knows one id, and nothing of the other."""
    async with AIOKafkaProducer(**config.kafka, transactional_id=f"{config.app_id}-0") as producer:
        yield producer


@asynccontextmanager
async def worker(config: WorkerConfig, ledger_format: int) -> AsyncIterator[LedgerWriter]:
    writer = LedgerWriter(config, 0)
    try:
        await writer.take_over()
        await writer.settle(ledger_format)
        yield writer
    finally:
        await writer.close()


async def rows(config: WorkerConfig) -> list[bytes | None]:
    """What readers of the ledger see."""
    async with AIOKafkaConsumer(
        **config.kafka, auto_offset_reset="earliest", isolation_level="read_committed"
    ) as consumer:
        place = TopicPartition(config.view_topic, 0)
        consumer.assign([place])
        end, found = (await consumer.end_offsets([place]))[place], []
        async with asyncio.timeout(60):
            while await consumer.position(place) < end:
                for records in (await consumer.getmany(timeout_ms=100)).values():
                    found += [record.value for record in records]
        return found


@pytest.mark.parametrize("ledger_format", [BEFORE, FROM])
async def test_a_worker_of_before_that_still_runs_writes_nothing_more(
    config: WorkerConfig, ledger_format: int
) -> None:
    async with worker_of_before(config) as zombie:
        await zombie.begin_transaction()
        await zombie.send_and_wait(config.view_topic, b"too late", partition=0)
        async with worker(config, ledger_format) as heir:
            await heir.write(ROW, [])
            with pytest.raises(ProducerFenced):
                await zombie.commit_transaction()
    assert [ROW.view[0][1]] == await rows(config)


async def test_a_worker_that_still_runs_writes_nothing_more_after_one_of_before_took_over(
    config: WorkerConfig,
) -> None:
    """On the way back, or in the middle of an upgrade.

    Below format 6 both write under the one id that both know.
    """
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
async def test_workers_fence_each_other_across_the_raise_of_the_format(
    config: WorkerConfig, before: int, after: int
) -> None:
    async with worker(config, before) as zombie, worker(config, after) as heir:
        with pytest.raises(WorkerError, match="fenced"):
            await zombie.write(ROW, [])
        await heir.write(ROW, [])
    assert [ROW.view[0][1]] == await rows(config)


GUARDED = {
    "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
    # so that one rule is about one thing: who may use one transactional id
    "allow.everyone.if.no.acl.found": "true",
}
TRANSACTIONAL_ID, LITERAL, PREFIXED, ALL, ALLOW = 5, 3, 4, 2, 3  # of Kafka's protocol


async def keep_for_somebody_else(config: WorkerConfig, name: str, how: int) -> None:
    """Allow a transactional id, or what begins so, to another user alone."""
    admin = AIOKafkaAdminClient(**config.kafka)
    await admin.start()
    try:
        rule = CreateAclsRequest(TRANSACTIONAL_ID, name, how, "User:somebody-else", "*", ALL, ALLOW)
        answer: Any = await admin._send_to_controller(rule)
        assert [0] == [code for code, _ in answer.creation_responses]
    finally:
        await admin.close()


@pytest.fixture
async def guarded(kafka_broker: Any) -> AsyncIterator[WorkerConfig]:
    """`kafka_broker` is asked for its skip where there is no Kafka; this one has an authorizer."""
    with LocalKafka(quick_start=True, properties=GUARDED) as broker:
        config = WorkerConfig(clock=WORKER, kafka={"bootstrap_servers": broker.bootstrap}, app_id="app")
        await make_topics(config)
        yield config


async def refusal(config: WorkerConfig, ledger_format: int) -> str | None:
    """What a worker says that has no right to the id which it needs; nothing while it has."""
    try:
        async with worker(config, ledger_format):
            return None
    except WorkerError as error:
        return str(error) if error.code == Exit.CONFIG else None


async def test_rights_over_one_desk_are_none_over_another_and_a_missing_one_is_told(
    guarded: WorkerConfig,
) -> None:
    """What begins with `app-0:` is another desk's.

    Then the right of before is taken away, and then one is forgotten.
    """
    await keep_for_somebody_else(guarded, "app-0:", PREFIXED)
    neighbour = replace(guarded, app_id="app-0")
    await until(lambda: refusal(neighbour, FROM), what="the rule about the other desk")
    for ledger_format in (BEFORE, FROM):
        async with worker(guarded, ledger_format) as writer:
            await writer.write(ROW, [])
    await keep_for_somebody_else(guarded, "app-0", LITERAL)
    told = await until(lambda: refusal(guarded, BEFORE), what="the rule about the id of before")
    assert "no right to the transactional id app-0, which a ledger of format 5 needs" in told
    async with worker(guarded, FROM) as writer:
        await writer.write(ROW, [])
    await keep_for_somebody_else(guarded, "app:", PREFIXED)
    told = await until(lambda: refusal(guarded, FROM), what="the rule about our own ids")
    assert "no right to the transactional id app:0" in told
    assert [ROW.view[0][1]] * 3 == await rows(guarded)
