"""The worker watches itself."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka.errors import NodeNotReadyError
from faust.types import TP

from agents import watch as watch_module
from agents.config import WorkerConfig
from agents.exits import Exit, WorkerError
from agents.fetching.inbox import Delivery
from agents.fetching.sequence import Chunk, FetchLog, LogEnd
from agents.partitions.ownership import Ownership
from agents.partitions.units import Partition
from agents.watch import Watch
from deskpulse.clocks import WORKER
from tests.agents.one_partition import FakeSource, FakeWriter

SURVEY = TP("survey", 0)


class Desk:
    """A watch over one partition that is ready and idle; the clock is ours."""

    def __init__(self, **options: Any) -> None:
        self.now = 1_000.0
        config = WorkerConfig(
            clock=WORKER._replace(elapsed=lambda: self.now), kafka={}, watchdog_seconds=60, **options
        )
        self.source = FakeSource()
        self.ownership = Ownership(config, lambda: self.source)
        self.partition = self.ownership._new_partition(0)
        self.partition.writer = FakeWriter()
        self.partition.ready = True
        self.ownership.partitions[0] = self.partition
        self.app: Any = SimpleNamespace(ownership=self.ownership, rebalancing=False, consumer=self.source)
        self.watch = Watch(self.app)

    def fetched(self, *offsets: int, position: int, end: int) -> None:
        records: Mapping[Any, Any] = {
            SURVEY: [SimpleNamespace(offset=offset, timestamp=offset) for offset in offsets]
        }
        self.ownership.deliveries.note(FetchLog().note(records, {SURVEY: LogEnd(position, end)}))

    def applied(self, topic: str, offset: int) -> None:
        """The ledger has all of a topic up to an offset."""
        self.partition.state.pass_over(topic, offset)
        self.partition.state.clean = True

    async def ticks(self, count: int) -> None:
        for _ in range(count):
            self.now += 1
            await self.watch._tick()

    def brokers_tell(self, end: int) -> None:
        """The log end, as the watch asks for it beside the fetches."""
        self.watch._log_ends = {SURVEY: end}


@pytest.fixture
def desk() -> Desk:
    return Desk()


async def test_lag_without_progress_ends_the_worker(desk: Desk) -> None:
    desk.applied("survey", 4)
    desk.fetched(position=5, end=20)
    with pytest.raises(
        WorkerError, match="survey/0: 15 records behind and no progress at offset 4 for 61 s"
    ) as error:
        await desk.ticks(70)
    assert Exit.RETRY == error.value.code


async def test_a_fetch_that_hangs_ends_the_worker(desk: Desk) -> None:
    """By the last fetch all was read; the brokers say that seven more have come since."""
    desk.applied("survey", 4)
    desk.fetched(4, position=5, end=5)
    desk.brokers_tell(12)
    with pytest.raises(
        WorkerError, match="survey/0: 7 records behind and no progress at offset 4 for 61 s"
    ) as error:
        await desk.ticks(70)
    assert Exit.RETRY == error.value.code


async def test_a_topic_that_waits_for_the_others_is_no_standstill(desk: Desk) -> None:
    """The topics of a partition are read in step.

    A sparse one that is days ahead may wait for an hour, while the others move.
    """
    desk.fetched(position=0, end=5)
    for offset in range(100):
        desk.applied("resolved", offset)
        await desk.ticks(50)


async def test_what_was_fetched_must_be_applied_although_the_other_topics_move(desk: Desk) -> None:
    desk.applied("survey", 4)
    desk.fetched(5, 6, position=7, end=20)

    desk.partition.inbox.records = 2  # they are on their way

    async def others_move() -> None:
        for offset in range(100):
            desk.applied("resolved", offset)
            await desk.ticks(1)

    with pytest.raises(WorkerError, match="survey/0: 15 records behind and no progress at offset 4 for 61 s"):
        await others_move()


async def test_a_chunk_that_is_lost_again_and_again_ends_the_worker(desk: Desk) -> None:
    """Reading again after every third tick; other partitions may be well, so nothing else would tell."""
    desk.applied("survey", 4)
    desk.fetched(5, position=6, end=6)
    with pytest.raises(WorkerError, match="survey/0: what follows offset 4 was read 10 times and got lost"):
        await desk.ticks(40)
    assert 10 == len(desk.source.sought)


async def test_a_partition_of_which_nothing_is_ever_fetched_ends_the_worker(desk: Desk) -> None:
    desk.brokers_tell(12)
    with pytest.raises(WorkerError, match="survey/0: 12 records behind and no progress at the first record"):
        await desk.ticks(70)


async def test_a_marker_at_the_log_end_is_no_lag(desk: Desk) -> None:
    """Offset 5 is the end of a producer's transaction.

    The consumer is past it, and no record of it will ever come.
    """
    desk.applied("survey", 4)
    desk.fetched(4, position=6, end=6)
    desk.brokers_tell(6)
    await desk.ticks(300)


async def test_a_queue_that_is_worked_off_is_progress_although_nothing_is_fetched(desk: Desk) -> None:
    """A slow broker: 100 records were fetched and are applied one every 50 s, while 900 more wait."""
    for offset in range(8):
        desk.applied("survey", offset)
        desk.fetched(offset, position=100, end=100)
        desk.brokers_tell(1_000)
        await desk.ticks(50)


async def test_after_a_long_rebalance_everybody_gets_his_time(desk: Desk) -> None:
    desk.applied("survey", 4)
    desk.fetched(position=5, end=20)
    await desk.ticks(50)
    desk.app.rebalancing = True
    await desk.ticks(100)
    desk.app.rebalancing = False
    await desk.ticks(50)


async def test_records_that_are_not_let_flow_again_end_the_worker(desk: Desk) -> None:
    """All partitions are recovered, and Faust does not resume."""
    desk.source.flow_active = False
    with pytest.raises(WorkerError, match="still rebalancing or recovering"):
        await desk.ticks(130)


async def test_progress_is_enough(desk: Desk) -> None:
    for offset in range(4, 10):
        desk.applied("survey", offset)
        desk.fetched(position=offset + 1, end=200)
        await desk.ticks(50)


async def test_an_idle_desk_is_left_alone(desk: Desk) -> None:
    desk.fetched(position=0, end=0)
    await desk.ticks(300)
    assert not desk.source.sought


async def test_a_chunk_that_got_lost_is_read_again(desk: Desk) -> None:
    """Offsets 5 to 7 were fetched, nothing of them waits, and no more comes: nobody else would notice."""
    desk.applied("survey", 4)
    desk.fetched(5, 6, 7, position=8, end=8)
    await desk.ticks(4)
    assert [{SURVEY: 5}] == desk.source.sought
    assert 1 == desk.ownership.tally.healed


async def test_a_chunk_that_waits_is_not_lost(desk: Desk) -> None:
    desk.applied("survey", 4)
    desk.fetched(5, position=6, end=6)
    waiting = Chunk(SURVEY.topic, SURVEY.partition, [SimpleNamespace(offset=5)], 4, 0)
    await desk.partition.inbox.put(Delivery(waiting, "message"))
    await desk.ticks(10)
    assert not desk.source.sought


async def test_a_recovery_that_reads_nothing_ends_the_worker(desk: Desk) -> None:
    desk.partition.ready = False
    with pytest.raises(WorkerError, match="still rebalancing or recovering"):
        await desk.ticks(130)


async def test_a_recovery_that_reads_goes_on(desk: Desk) -> None:
    desk.partition.ready = False
    for _ in range(10):
        desk.ownership.tally.recovered_rows += 1
        await desk.ticks(100)


async def test_partitions_that_were_added_end_the_worker(desk: Desk) -> None:
    desk.partition.state.position.partitions = 4
    with pytest.raises(WorkerError, match="topics have 1 partitions, the ledger was made with 4") as error:
        await desk.ticks(1)
    assert Exit.CONFIG == error.value.code


async def test_the_status_line_tells_rates_and_lag(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    desk.applied("survey", 4)
    desk.fetched(position=5, end=20)
    desk.ownership.tally.records = 500
    await desk.ticks(10)
    assert "status events_per_second=50 lag=15 partitions=1 recovering=0" in caplog.text


async def test_log_ends_are_asked_for_and_silence_is_no_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk()
    desk.watch = Watch(SimpleNamespace(ownership=desk.ownership, rebalancing=False, consumer=desk.source))
    asked = asyncio.Event()

    async def highwaters(*_: TP) -> Mapping[TP, int]:
        asked.set()
        raise NodeNotReadyError

    monkeypatch.setattr(desk.source, "highwaters", highwaters)
    monkeypatch.setattr(watch_module, "_LOOKS_A_WATCHDOG", 60_000)  # every millisecond
    looking = asyncio.create_task(desk.watch._look_at_log_ends())
    await asyncio.wait_for(asked.wait(), 30)
    asked.clear()
    await asyncio.wait_for(asked.wait(), 30)
    assert {} == desk.watch._log_ends
    monkeypatch.undo()
    looking.cancel()
    with suppress(asyncio.CancelledError):
        await looking


def test_a_partition_is_made_for_each_number() -> None:
    ownership = Ownership(WorkerConfig(clock=WORKER, kafka={}), FakeSource)
    assert isinstance(ownership._new_partition(3), Partition)
