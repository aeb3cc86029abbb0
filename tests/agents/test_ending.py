"""The two ends of a worker: by itself when nothing moves any more, and when it is asked to.

Asked to, it ends within ten seconds, whatever it is doing.
"""

from __future__ import annotations

import asyncio
import signal
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from agents.exits import Exit
from tests.agents.harness import Desk, tickets
from tests.agents.test_worker import producing

PATIENCE_SECONDS = 120.0


@pytest.fixture
def new_desk(kafka_broker: Any, topic_prefix: str, tmp_path: Path) -> Iterator[Callable[..., Desk]]:
    made: list[Desk] = []

    def make(**fields: Any) -> Desk:
        made.append(
            Desk(
                {"bootstrap_servers": kafka_broker.bootstrap},
                f"{topic_prefix}{len(made)}-",
                tmp_path,
                **fields,
            )
        )
        (tmp_path / str(len(made))).mkdir()
        made[-1].folder = tmp_path / str(len(made))
        return made[-1]

    yield make
    for desk in made:
        desk.stop()


@pytest.mark.slow
async def test_a_worker_that_does_not_move_ends_itself_and_another_start_goes_on(
    new_desk: Callable[..., Desk],
) -> None:
    """Three ways to stand still: an endless unit of work, a blocked event loop, a fetch that hangs.

    In each the heartbeats go on, so the group would wait for ever; no other worker would take over.
    """
    words = {
        "held": r"records behind and no progress at .* for \d+ s",
        "blocked": r"the event loop has not run for \d+ s",
        "unfetched": r"the brokers hold \d+ more records, and for \d+ s none was fetched"
        r"|records behind and no progress",
    }
    desks = {
        fault: new_desk(worker_module="tests.agents.stuck_worker", options={"watchdog_seconds": 4.0})
        for fault in words
    }
    await asyncio.gather(*(_stand_still(desk, fault, words[fault]) for fault, desk in desks.items()))


async def _stand_still(desk: Desk, fault: str, words: str) -> None:
    await desk.create_topics()
    worker = desk.start_worker(fault)
    await worker.saying("recovered partitions", PATIENCE_SECONDS)
    while worker.process.poll() is None:
        assert len(worker.said) < 1 << 20, "it goes on and on"
        await desk.produce(tickets(300), pause_every=100)
        await asyncio.sleep(1)  # so that a fetch finds nothing now and then
    assert Exit.RETRY == await worker.exit(PATIENCE_SECONDS), worker.said
    assert worker.has_said(f"worker ends with exit 75 .RETRY.: .*{words}"), worker.said
    desk.worker_module = "tests.agents.counting_worker"
    desk.start_worker(watchdog_seconds=60.0)
    await desk.agrees(PATIENCE_SECONDS)


async def test_sigterm_under_load_finishes_commits_and_leaves_the_group(
    new_desk: Callable[..., Desk], tell: Callable[[str], None]
) -> None:
    """A backlog that would last for long.

    What was begun is committed, the group knows at once, and the next worker misses nothing.
    """
    desk = new_desk()
    await desk.create_topics()
    async with producing(desk, 20_000):
        await desk.produce(tickets(100_000))
        worker = desk.start_worker(chunk_records=50, unit_records=500)
        await worker.saying(r"status events_per_second=[1-9]\d* lag=[1-9]\d\d\d", PATIENCE_SECONDS)
        worker.signal(signal.SIGTERM)
        told_at = time.monotonic()
        code = await worker.exit(PATIENCE_SECONDS)
        seconds = time.monotonic() - told_at
        members, committed = await _group(desk)
        positions = await desk.positions()
    assert Exit.OK == code, worker.said
    assert seconds < 10
    assert 0 == members
    assert worker.has_said("stopped seconds=")
    assert (
        0
        < sum(offset + 1 for position in positions.values() for offset in position["offsets"].values())
        < 100_000
    )
    for number, position in positions.items():
        for topic, offset in position["offsets"].items():
            assert offset + 1 == committed[desk.config.source(topic), number], (topic, number)
    tell(f"SIGTERM under load: the worker had left after {seconds:.2f} s")
    desk.start_worker()
    await desk.agrees(PATIENCE_SECONDS)


async def _group(desk: Desk) -> tuple[int, dict[tuple[str, int], int]]:
    """Members of the consumer group, and what it has committed."""
    async with desk.admin() as admin:
        [described] = await admin.describe_consumer_groups([desk.config.app_id])
        committed = await admin.list_consumer_group_offsets(desk.config.app_id)
    members = described.to_object()["groups"][0]["members"]
    return len(members), {(tp.topic, tp.partition): found.offset for tp, found in committed.items()}


async def test_sigterm_does_not_wait_for_brokers_that_keep_silent(tmp_path: Path) -> None:
    """Somebody listens and never answers: the worker is told to stop while it asks."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(PATIENCE_SECONDS)
        desk = Desk({"bootstrap_servers": f"127.0.0.1:{listener.getsockname()[1]}"}, "silent-", tmp_path)
        worker = desk.start_worker()
        try:
            connection, _ = await asyncio.to_thread(listener.accept)
            with connection:
                worker.signal(signal.SIGTERM)
                told_at = time.monotonic()
                assert Exit.OK == await worker.exit(PATIENCE_SECONDS), worker.said
                assert time.monotonic() - told_at < 10
        finally:
            desk.stop()
    assert worker.has_said("stopped by a signal before the start")
