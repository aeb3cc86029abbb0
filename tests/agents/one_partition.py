"""One partition between a fake source and a fake writer, and chunks to deliver to it."""

import asyncio
import json
import time
from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any

from faust.types import TP

from agents.config import WorkerConfig
from agents.fetching.inbox import Delivery
from agents.fetching.sequence import Chunk, Deliveries, FetchLog
from agents.partitions.guards import RejectLimit
from agents.partitions.skips import Skips
from agents.partitions.tally import WorkerCounts
from agents.partitions.units import Partition
from deskpulse.clocks import WORKER
from kpis.state.records import Changes, DeadLetter
from tests.agents.counting import CountingState

SURVEY, RESOLVED = TP("survey", 0), TP("resolved", 0)


class Ended(BaseException):
    """Instead of the end of the test run."""


class FakeSource:
    def __init__(self) -> None:
        self.flow_active = True
        self.acked: list[Any] = []
        self.sought: list[Mapping[TP, int]] = []
        self.log_start = 0

    def ack(self, message: Any) -> bool:
        self.acked.append(message)
        return True

    async def read_from(self, offsets: Mapping[TP, int]) -> None:
        self.sought.append(offsets)

    async def earliest_offsets(self, *tps: TP) -> Mapping[TP, int]:
        return dict.fromkeys(tps, self.log_start)

    async def highwaters(self, *tps: TP) -> Mapping[TP, int]:
        return dict.fromkeys(tps, 10**6)

    def topic_partitions(self, _: str) -> int | None:
        return 1


class FakeWriter:
    """Writes when it is let, and remembers."""

    def __init__(self) -> None:
        self.writes: list[Changes] = []
        self.letters: list[DeadLetter] = []
        self.begun = 0
        self.may_write = asyncio.Event()
        self.may_write.set()
        self.closed = False

    async def take_over(self) -> None:
        pass

    async def settle(self, ledger_format: int) -> None:
        pass

    async def write(self, changes: Changes, letters: Sequence[DeadLetter]) -> None:
        self.begun += 1
        await self.may_write.wait()
        self.writes.append(changes)
        self.letters += letters

    async def close(self) -> None:
        self.closed = True

    def position(self, number: int = -1) -> dict[str, Any]:
        position: dict[str, Any] = json.loads(self.writes[number].view[-1][1] or b"")
        return position


class Desk:
    """A partition between a fake source and a fake writer."""

    def __init__(self, **options: Any) -> None:
        config = WorkerConfig(
            kafka={"bootstrap_servers": "nowhere:1"},
            **{"clock": WORKER, "unit_interval_seconds": 0.0, **options},
        )
        self.source, self.writer, self.deliveries, self.tally = (
            FakeSource(),
            FakeWriter(),
            Deliveries(),
            WorkerCounts(),
        )
        self.state = CountingState(0)
        self.log = FetchLog()
        self.partition = Partition(
            0,
            config,
            state=self.state,
            writer=self.writer,
            source=self.source,
            deliveries=self.deliveries,
            rejects=RejectLimit(share=0.95, least=500),
            tally=self.tally,
        )

    def start(self, skips: Skips | None = None) -> None:
        self.partition.start(skips or {})

    async def deliver(self, chunk: Chunk, name: str = "") -> None:
        await self.partition.inbox.put(Delivery(chunk, name or f"{chunk.topic}:{chunk.first}"))

    def settled(self) -> bool:
        return self.partition.settled

    async def settle(self) -> None:
        for _ in range(30):
            await asyncio.sleep(0)


def chunk(
    tp: TP,
    first: int,
    last: int,
    *,
    previous: int | None = None,
    value: bytes = b"x",
    epoch: int = 0,
    age_seconds: float = 0,
) -> Chunk:
    sent_ms = round((time.time() - age_seconds) * 1000)
    found = [
        SimpleNamespace(
            topic=tp.topic,
            partition=0,
            offset=offset,
            timestamp=sent_ms,
            key=b"T%d" % (offset % 3),
            value=value,
        )
        for offset in range(first, last + 1)
    ]
    return Chunk(tp.topic, tp.partition, found, previous, epoch)
