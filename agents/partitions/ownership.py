"""The partitions that are ours.

Dropped when the group takes them, recovered from the ledger before anything is applied to them.
"""

from __future__ import annotations

import asyncio
import gc
import logging
from collections.abc import Callable, Collection, Mapping
from typing import Any

from faust.types import TP

from agents.config import WorkerConfig
from agents.fetching.inbox import Delivery
from agents.fetching.sequence import Chunk, Deliveries
from agents.partitions.guards import RejectLimit
from agents.partitions.ledger_io import LedgerWriter
from agents.partitions.recovery import Recovery
from agents.partitions.skips import read_skips
from agents.partitions.tally import WorkerCounts
from agents.partitions.units import Partition, SourceConsumer

logger = logging.getLogger("deskpulse.worker")


class Ownership:
    """All partitions of this worker. `source` is asked for late: Faust makes its consumer when it starts."""

    def __init__(
        self, config: WorkerConfig, source: Callable[[], SourceConsumer], name: str = "worker"
    ) -> None:
        self.config = config
        self.name = name  # as the group knows us
        self.deliveries = Deliveries()
        self.tally = WorkerCounts()
        self.partitions: dict[int, Partition] = {}
        self._source = source
        self._rejects = RejectLimit(share=config.reject_share, least=config.reject_least)
        self._starts: dict[TP, int] = {}  # log starts, for topic-partitions of which nothing is applied yet
        self._lock = asyncio.Lock()

    async def keep_only(self, mine: Collection[int]) -> None:
        """After a new assignment: drop what is not ours or not in the ledger; make room for what is new."""
        gone = [
            partition
            for partition in self.partitions.values()
            if partition.number not in mine or (partition.ready and not partition.settled)
        ]
        for partition in gone:
            del self.partitions[partition.number]
        await asyncio.gather(*(partition.stop() for partition in gone))
        for number in sorted(mine):
            if number not in self.partitions:
                self.partitions[number] = self._new_partition(number)

    async def take_over(self, is_current: Callable[[], bool]) -> None:
        """Fence the previous owners and recover; returns early when the assignment is not current any more.

        The next one goes on.
        """
        async with self._lock:  # a newer rebalance starts a second call while the first one is still reading
            if not is_current():
                return
            new = [partition for partition in self.partitions.values() if not partition.ready]
            if not new:
                return
            recovery = Recovery(self.config, self.tally, self._source(), is_current)
            skips, recovered = await asyncio.gather(read_skips(self.config), recovery.run(new))
            self._starts.update(recovery.starts)
            for partition in recovered:
                partition.state.sign(self.name)
                partition.start(skips)
            gc.freeze()  # a million rows without cycles: nothing to find there, and seconds to look for it

    async def deliver(self, chunk: Chunk, message: Any) -> None:
        """Take a chunk from an agent, waiting while the partition has enough to do."""
        partition = self.partitions.get(chunk.partition)
        if (
            partition is None
            or not partition.ready
            or not await partition.inbox.put(Delivery(chunk, message))
        ):
            self._source().ack(message)

    def hurry(self) -> None:
        """Let partitions that gather more records go on: a rebalance or the end waits for them."""
        for partition in self.partitions.values():
            partition.inbox.hurry()

    async def stop(self) -> None:
        """End all partitions after their transactions in flight."""
        await self.keep_only(())

    def next_offsets(self) -> Mapping[TP, int]:
        """Where to read on: after the position, or at the start of the log."""
        return {
            tp: offset
            for partition in self.partitions.values()
            if partition.ready
            for tp, applied in self._applied(partition)
            if (offset := self._starts.get(tp) if applied is None else applied + 1) is not None
        }

    def durable_offsets(self) -> Mapping[TP, int]:
        """What the group may commit: one past the durable position.

        Where markers of upstream transactions follow that position, it is one past those.
        """
        return {
            TP(topic, partition.number): offset
            for partition in self.partitions.values()
            for topic, name in self.config.sources.items()
            if (offset := self._durable(TP(topic, partition.number), partition.durable.get(name))) is not None
        }

    def _durable(self, tp: TP, applied: int | None) -> int | None:
        if self.deliveries.drained(tp, applied):
            return self.deliveries.reached(tp)
        return None if applied is None else applied + 1

    def _applied(self, partition: Partition) -> list[tuple[TP, int | None]]:
        return [(TP(topic, partition.number), partition.applied(topic)) for topic in self.config.sources]

    def _new_partition(self, number: int) -> Partition:
        return Partition(
            number,
            self.config,
            state=self.config.new_state(number),
            writer=LedgerWriter(self.config, number),
            source=self._source(),
            deliveries=self.deliveries,
            rejects=self._rejects,
            tally=self.tally,
        )
