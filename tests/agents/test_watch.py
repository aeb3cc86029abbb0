"""The worker watches itself."""

from __future__ import annotations

import time
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import pytest
from faust.types import TP

from agents import watch as watch_module
from agents.config import WorkerConfig
from agents.exits import Exit, WorkerError
from agents.inbox import Delivery
from agents.ownership import Ownership
from agents.sequence import Chunk, FetchLog, LogEnd
from agents.units import Partition
from agents.watch import Watch
from tests.agents.test_units import FakeSource, FakeWriter

SURVEY = TP("survey", 0)


class Desk:
    """A watch over one partition that is ready and idle; the clock is ours."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, **options: Any) -> None:
        self.now = 1_000.0
        monkeypatch.setattr(watch_module, "time", SimpleNamespace(monotonic=lambda: self.now, sleep=time.sleep))
        config = WorkerConfig(kafka={}, watchdog_seconds=60, **options)
        self.source = FakeSource()
        self.ownership = Ownership(config, lambda: self.source)
        self.partition = self.ownership._new_partition(0)
        self.partition.writer = FakeWriter()
        self.partition.ready = True
        self.ownership.partitions[0] = self.partition
        self.app: Any = SimpleNamespace(ownership=self.ownership, rebalancing=False, consumer=self.source)
        self.watch = Watch(self.app)

    def fetched(self, *offsets: int, position: int, end: int) -> None:
        records: Mapping[Any, Any] = {SURVEY: [SimpleNamespace(offset=offset, timestamp=offset) for offset in offsets]}
        self.ownership.deliveries.note(FetchLog().note(records, {SURVEY: LogEnd(position, end)}))

    async def ticks(self, count: int) -> None:
        for _ in range(count):
            self.now += 1
            await self.watch._tick()


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Desk:
    return Desk(monkeypatch)


async def test_lag_without_progress_ends_the_worker(desk: Desk) -> None:
    desk.partition.state.position.offsets["survey"] = 4
    desk.fetched(position=5, end=20)
    with pytest.raises(WorkerError, match="survey/0: 15 records behind and no progress at offset 4 for 61 s") as error:
        await desk.ticks(70)
    assert Exit.RETRY == error.value.code


async def test_progress_is_enough(desk: Desk) -> None:
    for offset in range(4, 10):
        desk.partition.state.position.offsets["survey"] = offset
        desk.fetched(position=offset + 1, end=200)
        await desk.ticks(50)


async def test_an_idle_desk_is_left_alone(desk: Desk) -> None:
    desk.fetched(position=0, end=0)
    await desk.ticks(300)
    assert not desk.source.sought


async def test_a_chunk_that_got_lost_is_read_again(desk: Desk) -> None:
    """Offsets 5 to 7 were fetched, nothing of them waits, and no more comes: nobody else would notice."""
    desk.partition.state.position.offsets["survey"] = 4
    desk.fetched(5, 6, 7, position=8, end=8)
    await desk.ticks(4)
    assert [{SURVEY: 5}] == desk.source.sought
    assert 1 == desk.ownership.tally.healed


async def test_a_chunk_that_waits_is_not_lost(desk: Desk) -> None:
    desk.partition.state.position.offsets["survey"] = 4
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
    desk.partition.state.position.offsets["survey"] = 4
    desk.fetched(position=5, end=20)
    desk.ownership.tally.records = 500
    await desk.ticks(10)
    assert "status events_per_second=50 lag=15 partitions=1 recovering=0" in caplog.text


def test_a_partition_is_made_for_each_number() -> None:
    ownership = Ownership(WorkerConfig(kafka={}), FakeSource)
    assert isinstance(ownership._new_partition(3), Partition)
