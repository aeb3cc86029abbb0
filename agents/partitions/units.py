"""The unit of work: chunks of all topics of one partition, in one transaction, and acked after it.

```
task     | take, apply a, apply b | take_changes n | take, apply c | take_changes n+1, wait |
writing                           |---- transaction n ----------------------------| ack a, b
                                                                                  |---- transaction n+1 ...
_taken     -           a       ab   -                            c   -
_writing   none                     n                                               n+1
```
Partitions overlap, each in its own task. Within one, the transaction of a unit runs while the next unit is
applied: the rows of a change set are bytes of their own, so applying does not touch them. Transactions follow
one another, and a failed one ends the process with all that came after it. So at most two change sets are
outside the ledger: the one in its transaction, and the one that waits for it or is being made.

When a topic no longer holds the event clock back (`Partition.drained`), with the defaults of 5 s and 10 s:

```
a record comes        x  x   x                 x
the topic's log end     |1 s| |----- 5 s -----|        5 s without another: drained
newest applied        more than 10 s old: a backlog    what comes next was sent later: drained at once
```
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, Protocol

from aiokafka.errors import IllegalStateError
from faust.types import TP

from agents.config import WorkerConfig
from agents.exits import Exit, WorkerError, ends_the_process
from agents.fetching.inbox import Delivery, Inbox
from agents.fetching.sequence import Chunk, Deliveries, Verdict, judge
from agents.partitions import guards
from agents.partitions.skips import SKIPPED, Skips
from agents.partitions.tally import WorkerCounts
from agents.state import LedgerState
from kpis.state.records import Changes, DeadLetter
from streams.sources import SOURCES

logger = logging.getLogger("deskpulse.worker")

_TURNS = {source.topic: source.turn for source in SOURCES}


class SourceConsumer(Protocol):
    """What a unit of work needs of the consumer."""

    flow_active: bool  # False from the start of a rebalance or stop until positions are sought again

    def ack(self, message: Any, /) -> bool: ...
    async def read_from(self, offsets: Mapping[TP, int], /) -> None: ...
    async def earliest_offsets(self, *tps: TP) -> Mapping[TP, int]: ...
    async def highwaters(self, *tps: TP) -> Mapping[TP, int]: ...
    def topic_partitions(self, topic: str, /) -> int | None: ...


class Writer(Protocol):
    """Makes change sets durable, whole."""

    async def take_over(self) -> None: ...
    async def settle(self, ledger_format: int, /) -> None: ...
    async def write(self, changes: Changes, dead_letters: Sequence[DeadLetter], /) -> None: ...
    async def close(self) -> None: ...


class Partition:
    """One owned partition: its state, its writer, and the task that brings both on."""

    def __init__(
        self,
        number: int,
        config: WorkerConfig,
        *,
        state: LedgerState,
        writer: Writer,
        source: SourceConsumer,
        deliveries: Deliveries,
        rejects: guards.RejectLimit,
        tally: WorkerCounts,
    ) -> None:
        self.number = number
        self.state = state
        self.writer = writer
        self.ready = False  # the state is that of the ledger
        self.durable: dict[str, int] = {}  # applied offsets in finished transactions, by topic without prefix
        self.inbox = Inbox(config.unit_records)
        self.rebuilt = 0  # steps of a rebuild, so that a watchdog sees it move
        self._config = config
        self._source = source
        self._deliveries = deliveries
        self._rejects = rejects
        self._tally = tally
        self._skips: Skips = {}
        self._topics = config.sources
        # Topics at their log end, as `drained` found them last: applied offset, and since when by the
        # stopwatch. An applied offset that moves begins the rest anew.
        self._resting: dict[str, tuple[int | None, float]] = {}
        self._newest_ms = 0  # greatest record timestamp of what was applied, by the brokers' clocks
        # Applied and in no change set yet, to be acked once it is durable. Invariant, wherever this task
        # waits: while there is something here, `state.clean` is False, so the next change set is certain to
        # come.
        self._taken: list[Delivery] = []
        # Of what is in `_taken`: none is here while that is empty, and they share its transaction.
        self._dead_letters: list[DeadLetter] = []
        self._task: asyncio.Task[None] | None = None  # None: not started
        # The transaction in flight, or the last one. Invariant: no other begins before it is done, since the
        # ledger must get change sets in their order. It is waited for, and never cancelled.
        self._writing: asyncio.Task[None] | None = None
        self._written_at = 0.0  # when the last change set was taken, by the stopwatch

    @property
    def settled(self) -> bool:
        """Whether the ledger holds all of the state."""
        return self.state.clean and (self._writing is None or self._writing.done())

    def start(self, skips: Skips) -> None:
        """Begin, after the state was recovered."""
        self._skips = skips
        self.durable = dict(self.state.position.offsets)
        self._written_at = self._config.clock.elapsed()
        self.ready = True
        # to write who works here now: readers of the ledger take it for the end of the recovery
        self.inbox.nudge()
        self._task = asyncio.create_task(self._run(), name=f"partition {self.number}")

    async def stop(self) -> None:
        """End after the transaction in flight; what was not begun is let go, the position knows."""
        self.ready = False
        for delivery in self.inbox.close():
            self._source.ack(delivery.message)
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
        if self._writing is not None:
            await asyncio.wait([self._writing])
        await self.writer.close()

    def applied(self, topic: str) -> int | None:
        """Offset applied last of a topic (name as in Kafka)."""
        return self.state.position.offsets.get(self._topics[topic])

    def drained(self) -> set[str]:
        """Topics (without prefix) of which all that the log holds has been applied for a while.

        A topic at its log end does not hold the event clock back. At once would be too soon: while a history
        is being written, a topic is at its end again and again, and what comes next in it would be too late.
        Yet where all that was applied had been in Kafka for long, nothing is being written: whatever comes
        next was sent after it. Both are judged as of the instant at which the broker was asked for the log
        end: while a process stands still, a history may have gone on.
        """
        clock, resting = self._config.clock, {}
        now, now_ms, found = clock.elapsed(), clock.now_ms(), set()
        for topic, name in self._topics.items():
            tp, applied = TP(topic, self.number), self.applied(topic)
            if not self._deliveries.drained(tp, applied):
                continue
            known = self._resting.get(name)
            resting[name] = known if known is not None and known[0] == applied else (applied, now)
            asked_at = min(now, self._deliveries.asked_at(tp))
            age_seconds = (now_ms - self._newest_ms) / 1000 - (now - asked_at)
            is_backlog = age_seconds > self._config.backlog_seconds
            if is_backlog or asked_at - resting[name][1] >= self._config.drained_seconds:
                found.add(name)
        self._resting = resting
        return found

    async def _run(self) -> None:
        began = -math.inf  # the last unit of which something was written, by the stopwatch
        with ends_the_process(f"partition {self.number}"):
            if self.state.outdated:
                await self._rebuild()
            # what recovery found out (a loss, another policy) shall not wait for the next event
            if not self.state.clean:
                await self._write()
            while True:
                await self.inbox.wait()
                await self.inbox.gather(self._gather_seconds(since=began))
                beginning = self._config.clock.elapsed()
                if await self._unit(self.inbox.take()):
                    began = beginning

    def _gather_seconds(self, *, since: float) -> float:
        """How long a unit waits for more, now that something is here: behind, so long.

        Else until one is due after the one before.
        """
        if self._is_behind():
            return self._config.backlog_gather_seconds
        return since + self._config.unit_interval_seconds - self._config.clock.elapsed()

    async def _rebuild(self) -> None:
        """Bring the panes to this program's definitions and policy, in transactions of their own.

        Whoever takes over meanwhile begins again.
        """
        began = self._config.clock.elapsed()
        rows = self.state.rows_held
        logger.info(
            "partition %d: %s made its panes: making them anew from %d rows",
            self.number,
            self.state.outdated,
            rows,
        )
        for changes in self.state.rebuild(self._config.unit_bytes):
            self.rebuilt += 1
            if changes is None:
                await asyncio.sleep(0)
                continue
            await self._written()
            self._writing = asyncio.create_task(self._store(changes, [], self.durable, []))
        await self._written()
        logger.info(
            "partition %d: its panes were made anew from %d rows in %.2f s",
            self.number,
            rows,
            self._config.clock.elapsed() - began,
        )

    def _is_behind(self) -> bool:
        """Whether a full unit waits in the logs.

        Rows that change again and again are then better written once, later.
        """
        lags = (self._deliveries.lag(TP(topic, self.number), self.applied(topic)) for topic in self._topics)
        return sum(lags) > self._config.unit_records

    async def _unit(self, deliveries: Sequence[Delivery]) -> bool:
        """Apply and write what was delivered; whether anything was written."""
        is_written = False
        for delivery in sorted(deliveries, key=self._rank):  # of each topic in order
            if not self._source.flow_active or not await self._apply(delivery.chunk):
                self._source.ack(delivery.message)
                continue
            self._taken.append(delivery)
            if self.state.dirty_bytes() > self._config.unit_bytes:
                self.state.advance(self.drained())  # first: what is over need not be written
                await self._write()
                is_written = True
            await asyncio.sleep(0)  # to the other partitions and to the network
        self.state.advance(self.drained())
        if (
            not self.state.clean
            or self._config.clock.elapsed() - self._written_at >= self._config.position_seconds
        ):
            # also when nothing has come: exporters measure their clock by the broker's timestamp of a
            # position row
            await self._write()
            is_written = True
        return is_written

    def _rank(self, delivery: Delivery) -> int:
        return _TURNS[self._topics[delivery.chunk.topic]]

    async def _apply(self, chunk: Chunk) -> bool:
        """Whether a chunk was applied; else it is done without."""
        tp, applied = TP(chunk.topic, chunk.partition), self.applied(chunk.topic)
        verdict = judge(chunk, applied=applied, epoch=self._deliveries.epoch(tp))
        if verdict is Verdict.BACKWARDS:
            message = guards.went_backwards(
                *tp, applied=-1 if applied is None else applied, found=chunk.first
            )
            raise WorkerError(Exit.CONFIG, message, page="topic-recreated")
        if verdict is Verdict.BROKEN:
            self._tally.out_of_sequence += 1
            logger.warning(
                "%s/%d: a chunk before offset %d is missing, applied is %s: reading again",
                *tp,
                chunk.first,
                applied,
            )
            await self.read_again(tp)
        if verdict not in {Verdict.APPLY, Verdict.GAP}:
            return False
        if verdict is Verdict.GAP and applied is not None:
            await self._account_gap(tp, applied, chunk)
        self._merge(chunk, chunk.beyond(applied))
        return True

    def _merge(self, chunk: Chunk, records: Sequence[Any]) -> None:
        topic = self._topics[chunk.topic]
        skip = self._skips.get((chunk.topic, chunk.partition))
        skipped = [record for record in records if record.offset in skip] if skip else []
        if skip and skipped:
            records = [record for record in records if record.offset not in skip]
        try:
            dead_letters = self.state.apply(topic, records) if records else []
        except Exception as error:
            raise guards.crashed_merge(
                error, chunk.topic, chunk.partition, first=chunk.first, last=chunk.last
            ) from error
        self._rejects.note(len(records), dead_letters)
        if skipped:
            dead_letters = [*dead_letters, *(_skip(topic, record) for record in skipped)]
            self.state.count(SKIPPED, len(skipped))
            self.state.pass_over(topic, chunk.last)
        self._dead_letters += dead_letters
        self._newest_ms = max(self._newest_ms, chunk.records[-1].timestamp)
        self._tally.records += len(records)

    async def read_again(self, tp: TP) -> None:
        """Seek to what follows the position."""
        applied = self.applied(tp.topic)
        start = (await self._source.earliest_offsets(tp))[tp] if applied is None else applied + 1
        with suppress(IllegalStateError):  # a rebalance took the partition; it seeks by itself
            await self._source.read_from({tp: start})

    async def _account_gap(self, tp: TP, applied: int, chunk: Chunk) -> None:
        """A log without the offsets after the position.

        Compaction and transaction markers are harmless, retention is a loss.
        """
        start = (await self._source.earliest_offsets(tp))[tp]
        lost = min(start, chunk.first) - applied - 1
        self.state.count("gap")
        if lost > 0:
            self.note_loss(tp, first=applied + 1, count=lost)
        else:
            logger.debug(
                "%s/%d: nothing between offset %d and %d (compaction or transaction markers)",
                *tp,
                applied,
                chunk.first,
            )

    def note_loss(self, tp: TP, *, first: int, count: int) -> None:
        """Count records that retention removed before we read them, and pass over them."""
        self.state.count("lost", count)
        self.state.pass_over(self._topics[tp.topic], first + count - 1)
        logger.error(
            "%s/%d: retention removed offsets %d to %d before they were read: %d records lost; see "
            "docs/runbooks/records-lost.md",
            *tp,
            first,
            first + count - 1,
            count,
        )

    async def _write(self) -> None:
        """Hand the change set over to its transaction, after the one before."""
        self._written_at = self._config.clock.elapsed()
        changes = self.state.take_changes()
        durable = dict(self.state.position.offsets)
        taken, self._taken = self._taken, []
        dead_letters, self._dead_letters = self._dead_letters, []
        await self._written()
        self._writing = asyncio.create_task(self._store(changes, dead_letters, durable, taken))

    async def _written(self) -> None:
        """Wait for the transaction in flight.

        Not a plain await: whoever cancels us must not cancel a transaction.
        """
        if self._writing is not None:
            await asyncio.wait([self._writing])

    async def _store(
        self,
        changes: Changes,
        dead_letters: Sequence[DeadLetter],
        durable: dict[str, int],
        taken: Sequence[Delivery],
    ) -> None:
        with ends_the_process(f"partition {self.number}"):
            await self.writer.write(changes, dead_letters)
            self.durable = durable
            self._tally.transactions += 1
            self._tally.rows += len(changes.tickets) + len(changes.view)
            for delivery in taken:
                self._source.ack(delivery.message)


def _skip(topic: str, record: Any) -> DeadLetter:
    return DeadLetter(
        topic,
        record.partition,
        record.offset,
        record.timestamp,
        SKIPPED,
        "skipped by an operator",
        record.key,
        record.value,
    )
