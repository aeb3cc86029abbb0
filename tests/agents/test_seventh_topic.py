"""An installation of six topics gets a seventh: first the topic, then new workers, one by one."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agents.exits import Exit
from streams.topics import SOURCE_TOPICS
from tests.agents.harness import Desk, WorkerProcess, tickets, until

SIX = [topic for topic in SOURCE_TOPICS if topic != "presence"]
OF_SIX, OF_SEVEN = "tests.agents.six_topics_worker", "tests.agents.counting_worker"


@pytest.fixture
def desk(kafka_broker: Any, topic_prefix: str, tmp_path: Path) -> Iterator[Desk]:
    desk = Desk({"bootstrap_servers": kafka_broker.bootstrap}, topic_prefix, tmp_path)
    yield desk
    desk.stop()


def start(desk: Desk, module: str) -> WorkerProcess:
    desk.worker_module = module
    return desk.start_worker()


async def end(worker: WorkerProcess) -> None:
    worker.signal(signal.SIGTERM)
    assert Exit.OK == await worker.exit()


async def applied(desk: Desk, records: int) -> bool:
    return sum((await desk.ledger_counts()).values()) >= records


async def test_workers_of_six_and_of_seven_topics_take_turns_and_lose_nothing(desk: Desk) -> None:
    """Two old workers; a new one joins; the old ones end one by one; a second new one joins.

    While old and new work side by side, presence may wait: then all of it is applied, once.
    """
    await desk.create_topics()
    await desk.produce(tickets(1_000, topics=SIX))
    old = [start(desk, OF_SIX), start(desk, OF_SIX)]
    await until(lambda: applied(desk, 1_000), seconds=60, what="what old workers apply")
    new = start(desk, OF_SEVEN)
    await desk.produce(tickets(700))
    await until(lambda: applied(desk, 1_600), seconds=60, what="all but presence")
    await end(old[0])
    await desk.produce(tickets(700))
    await end(old[1])
    await desk.agrees()
    start(desk, OF_SEVEN)
    await desk.produce(tickets(700))
    await desk.agrees()
    assert 3_100 == sum((await desk.ledger_counts()).values())
    assert new.runs


async def test_after_a_way_back_and_forward_presence_of_meanwhile_is_applied_once(desk: Desk) -> None:
    await desk.create_topics()
    await desk.produce(tickets(700))
    new = start(desk, OF_SEVEN)
    await desk.agrees()
    await end(new)
    old = start(desk, OF_SIX)
    await desk.produce(tickets(700))
    await until(lambda: applied(desk, 1_300), seconds=60, what="all but presence")
    assert 1_300 == sum((await desk.ledger_counts()).values()), "an old worker read presence"
    await end(old)
    start(desk, OF_SEVEN)
    await desk.agrees()
    assert 1_400 == sum((await desk.ledger_counts()).values())


async def test_without_the_new_topic_a_worker_names_it_and_the_command(desk: Desk) -> None:
    presence = desk.config.source("presence")
    await desk.create_topics(leave_out=[presence])
    worker = desk.start_worker()
    assert Exit.CONFIG == await worker.exit()
    assert worker.has_said(f"no such topic: {presence}.*`deskpulse topics`")
