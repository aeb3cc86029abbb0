"""The worker as a process on a real broker, with a state that counts: nothing lost, nothing twice."""

from __future__ import annotations

import asyncio
import random
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aiokafka.admin import NewPartitions, RecordsToDelete
from aiokafka.structs import TopicPartition

from agents.exits import Exit
from agents.partitions.skips import request_skip
from deskpulse.lab.brokers.kafka import LocalKafka
from tests.agents.harness import Desk, tickets, until


@pytest.fixture
def desk(kafka_broker: Any, topic_prefix: str, tmp_path: Path) -> Iterator[Desk]:
    desk = Desk({"bootstrap_servers": kafka_broker.bootstrap}, topic_prefix, tmp_path)
    yield desk
    desk.stop()


async def test_every_record_is_counted_once_and_sigterm_leaves_in_time(desk: Desk) -> None:
    await desk.create_topics()
    await desk.produce(tickets(5_000))
    worker = desk.start_worker()
    await desk.agrees()
    worker.signal(signal.SIGTERM)
    assert Exit.OK == await worker.exit(seconds=10)


async def test_a_second_start_goes_on_where_the_first_one_stopped(desk: Desk) -> None:
    await desk.create_topics()
    await desk.produce(tickets(2_000))
    first = desk.start_worker()
    await desk.agrees()
    first.signal(signal.SIGTERM)
    await first.exit()
    await desk.produce(tickets(2_000))
    desk.start_worker()
    await desk.agrees()
    assert 4_000 == sum((await desk.ledger_counts()).values())


async def test_rejects_go_to_the_dead_letters_whole(desk: Desk) -> None:
    await desk.create_topics()
    await desk.produce([*tickets(40), ("survey", b"T1", b"bad"), *tickets(40), ("resolved", None, b"bad")])
    desk.start_worker()
    await desk.agrees()
    letters = sorted(await desk.read(desk.config.dead_letter_topic), key=lambda letter: letter.key)
    assert [b"bad", b"bad"] == [letter.value for letter in letters]
    headers = dict(letters[1].headers)
    assert b"survey" == headers["topic"]
    assert letters[1].key == b"-".join([b"survey", headers["partition"], headers["offset"]])
    assert {b"syntax"} == {dict(letter.headers)["reason"] for letter in letters}


async def test_when_nearly_everything_is_bad_the_worker_stops(desk: Desk) -> None:
    await desk.create_topics()
    await desk.produce(("survey", b"T%d" % number, b"bad") for number in range(3_000))
    worker = desk.start_worker()
    assert Exit.DATA == await worker.exit()
    assert worker.has_said("the deploy is wrong, not the data")
    assert not await desk.read(desk.config.dead_letter_topic)


async def test_a_record_that_crashes_the_merge_can_be_skipped(desk: Desk) -> None:
    await desk.create_topics()
    await desk.produce([*tickets(100), ("resolved", b"T1", b"crash"), *tickets(100)])
    worker = desk.start_worker()
    assert Exit.DATA == await worker.exit()
    topic, partition, offset = worker.said.split("`deskpulse skip ")[1].split("`")[0].split()
    await request_skip(desk.config, topic, int(partition), int(offset))
    desk.start_worker()
    await desk.agrees()
    [letter] = await desk.read(desk.config.dead_letter_topic)
    assert b"crash" == letter.value
    assert b"skipped" == dict(letter.headers)["reason"]


async def test_a_missing_topic_is_named_with_its_fix(desk: Desk) -> None:
    missing = desk.config.source("survey")
    await desk.create_topics(leave_out=[missing])
    worker = desk.start_worker()
    assert Exit.CONFIG == await worker.exit()
    assert worker.has_said(f"no such topic: {missing}.*deskpulse topics")


async def test_unequal_partition_counts_are_refused(desk: Desk) -> None:
    await desk.create_topics(survey=3)
    worker = desk.start_worker()
    assert Exit.CONFIG == await worker.exit()
    assert worker.has_said(f"{desk.config.source('survey')} 3")


async def test_an_unreachable_broker_is_named(tmp_path: Path) -> None:
    desk = Desk({"bootstrap_servers": "127.0.0.1:1"}, "nobody-", tmp_path)
    worker = desk.start_worker()
    assert Exit.UNAVAILABLE == await worker.exit()
    assert worker.has_said("Kafka at 127.0.0.1:1 does not listen")


async def test_partitions_added_while_running_stop_the_worker(desk: Desk) -> None:
    await desk.create_topics()
    await desk.produce(tickets(500))
    worker = desk.start_worker()
    await desk.agrees()
    worker.signal(signal.SIGTERM)
    await worker.exit()
    async with desk.admin() as admin:
        await admin.create_partitions({topic: NewPartitions(6) for topic in desk.config.copartitioned_topics})
    second = desk.start_worker()
    assert Exit.CONFIG == await second.exit()
    assert second.has_said("topics have 6 partitions, the ledger was made with 4")


async def test_what_retention_removed_unread_is_reported_as_lost(desk: Desk) -> None:
    desk.partitions = 1
    await desk.create_topics()
    await desk.produce(tickets(300, topics=["survey"]))
    worker = desk.start_worker()
    await desk.agrees()
    worker.signal(signal.SIGTERM)
    await worker.exit()
    await desk.produce(tickets(100, topics=["survey"]))
    await delete_records(desk, desk.config.source("survey"), 350)
    second = desk.start_worker()
    await until(desk.caught_up)
    assert second.has_said("offsets 300 to 349 before they were read: 50 records lost")
    assert 350 == sum((await desk.ledger_counts()).values())
    assert 50 == (await desk.positions())[0]["counters"]["lost"]


@pytest.mark.slow
async def test_a_worker_logs_in_over_tls(kafka_here: None, topic_prefix: str, tmp_path: Path) -> None:
    with LocalKafka(security="sasl_tls", quick_start=True) as guarded:
        login = {
            "sasl_mechanism": "SCRAM-SHA-512",
            "sasl_plain_username": guarded.username,
            "sasl_plain_password": guarded.password,
        }
        kafka = {
            "bootstrap_servers": guarded.bootstrap,
            "security_protocol": "SASL_SSL",
            "ca_file": str(guarded.ca_file),
            **login,
        }
        desk = Desk(kafka, topic_prefix, tmp_path)
        try:
            await desk.create_topics()
            await desk.produce(tickets(500))
            desk.start_worker()
            await desk.agrees()
            stranger = desk.start_worker(kafka={**kafka, "sasl_plain_password": "wrong"})
            assert Exit.UNAVAILABLE == await stranger.exit()
        finally:
            desk.stop()


async def delete_records(desk: Desk, topic: str, offset: int) -> None:
    async with desk.admin() as admin:
        await admin.delete_records({TopicPartition(topic, 0): RecordsToDelete(offset)})


@pytest.mark.slow
@pytest.mark.parametrize("seed", [7])
async def test_kills_at_random_moments_lose_nothing(desk: Desk, seed: int) -> None:
    chance = random.Random(seed)
    await desk.create_topics()
    async with producing(desk, 40_000):
        workers = [desk.start_worker(), desk.start_worker()]
        for _ in range(8):
            victim = chance.randrange(2)
            await workers[victim].saying("recovered partitions")
            await asyncio.sleep(chance.uniform(0, 1.5))  # the moment is the point
            workers[victim].kill()
            workers[victim] = desk.start_worker()
    await desk.agrees(seconds=90)


@pytest.mark.slow
async def test_a_zombie_is_fenced(desk: Desk) -> None:
    await desk.create_topics()
    async with producing(desk, 40_000):
        zombie = desk.start_worker()
        await zombie.saying("recovered partitions")
        await until(lambda: zombie.has_said(r"status events_per_second=[1-9]"))
        zombie.signal(signal.SIGSTOP)
        heir = desk.start_worker()
        await heir.saying("recovered partitions=0,1,2,3")
        zombie.signal(signal.SIGCONT)
        assert Exit.RETRY == await zombie.exit()
        assert zombie.has_said("fenced, another worker has taken it over")
    await desk.agrees()


class producing:  # noqa: N801 - reads as a word
    """Produce in the background while a test does its harm; at the end wait for the last record."""

    def __init__(self, desk: Desk, count: int) -> None:
        self._work = desk.produce(tickets(count), pause_every=200, pause_seconds=0.1)

    async def __aenter__(self) -> None:
        self._task = asyncio.create_task(self._work)

    async def __aexit__(self, kind: object, *_: object) -> None:
        if kind is not None:
            self._task.cancel()
        await asyncio.wait([self._task])
        if kind is None:
            self._task.result()
