"""The worker watches itself.

It logs its status, lets rows expire while it is idle, reads lost chunks again, and ends when nothing moves.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections import Counter
from collections.abc import Mapping
from time import sleep
from typing import NamedTuple, Protocol

from aiokafka.errors import KafkaError
from faust.types import TP

from agents import exits
from agents.exits import Exit, WorkerError, ends_the_process
from agents.partitions.guards import check_partition_counts
from agents.partitions.ownership import Ownership
from agents.partitions.units import Partition, SourceConsumer

logger = logging.getLogger("deskpulse.worker")

_TICK_SECONDS = 1.0
_LOST_TICKS = 3  # a chunk is on its way through Faust for less than so many ticks
_MOST_TIMES = 10  # that a chunk is read again
_LOOKS_A_WATCHDOG = 6  # times that the brokers are asked for the log ends before the watchdog gives up


class Watched(Protocol):
    """What of the app is looked at; a DeskApp is one."""

    @property
    def ownership(self) -> Ownership: ...
    @property
    def rebalancing(self) -> bool: ...
    @property
    def consumer(self) -> SourceConsumer: ...


class Watch:
    """Looks at a running worker once a second. Ends the process when it is stuck."""

    def __init__(self, app: Watched) -> None:
        self._app = app
        self._ownership = app.ownership
        self._config = app.ownership.config
        self._lost: dict[TP, int] = {}  # ticks
        self._read_again: Counter[tuple[TP, int | None]] = Counter()  # times, by the offset applied
        # of topic-partitions, and of partitions over all their topics
        self._progress: dict[TP | int, _Progress] = {}
        self._elapsed = self._config.clock.elapsed
        self._recovering = _Progress((-1,), self._elapsed())
        self._log_ends: Mapping[TP, int] = {}  # as the brokers told, whatever was fetched
        self._told_at = self._elapsed()
        self._told_records = 0
        self._told_transactions = 0
        self.beats = 0

    async def run(self) -> None:
        """Until cancelled."""
        threading.Thread(target=self._watch_event_loop, name="watchdog", daemon=True).start()
        with ends_the_process("watch"):
            looking = asyncio.create_task(self._look_at_log_ends(), name="log ends")
            try:
                while True:
                    await asyncio.sleep(_TICK_SECONDS)
                    await self._tick()
            finally:
                looking.cancel()

    async def _tick(self) -> None:
        self.beats += 1
        now = self._elapsed()
        ready = [partition for partition in self._ownership.partitions.values() if partition.ready]
        flows = self._app.consumer.flow_active and not self._app.rebalancing
        self._check_recovery(now, ready, flows=flows)
        if not self._app.rebalancing:
            self._check_partition_counts()
            for partition in ready:
                await self._check(partition, now, flows=flows)
                partition.inbox.nudge()  # expiry goes on while nothing arrives
        if not flows:
            # nobody can move now, and whoever could not for a minute must not be blamed right after
            self._progress.clear()
        if now - self._told_at >= self._config.status_seconds:
            self._tell(now)

    async def _check(self, partition: Partition, now: float, *, flows: bool) -> None:
        deliveries, waiting, positions = self._ownership.deliveries, Counter[TP](), []
        for topic in self._config.sources:
            tp, applied = TP(topic, partition.number), partition.applied(topic)
            position = 0 if applied is None else applied + 1
            positions.append(position)
            # The fetches may say that there is nothing more, or nothing at all, where the brokers say
            # otherwise.
            unfetched = self._log_ends.get(tp, 0) - max(position, deliveries.reached(tp) or 0)
            waiting[tp] = max(deliveries.lag(tp, applied), unfetched)
            # A topic that is ahead of the others waits (`alignment.py`), but not what of it has been fetched.
            mark = (position, partition.rebuilt)
            self._check_progress(
                tp, mark, waiting[tp] if deliveries.pending(tp, applied) else 0, now, (tp, position)
            )
            if flows and not partition.state.outdated:
                await self._heal(partition, tp, applied)
        tp, most = waiting.most_common(1)[0]
        position = positions[list(self._config.sources).index(tp.topic)]
        self._check_progress(partition.number, (*positions, partition.rebuilt), most, now, (tp, position))

    def _check_progress(
        self, what: TP | int, mark: tuple[int, ...], waiting: int, now: float, where: tuple[TP, int]
    ) -> None:
        seen = self._progress.get(what)
        if waiting <= 0 or seen is None or seen.mark != mark:
            self._progress[what] = _Progress(mark, now)
        elif now - seen.since > self._config.watchdog_seconds:
            tp, position = where
            at = f"offset {position - 1}" if position else "the first record"
            seconds = now - seen.since
            raise WorkerError(
                Exit.RETRY,
                f"{tp.topic}/{tp.partition}: {waiting} records behind and no progress at {at} for "
                f"{seconds:.0f} s",
                page="worker-stuck",
            )

    async def _look_at_log_ends(self) -> None:
        """Ask the brokers, until cancelled: a fetch that hangs would never tell of what it does not fetch."""
        seconds = self._config.watchdog_seconds / _LOOKS_A_WATCHDOG
        with ends_the_process("watch"):
            while True:
                await asyncio.sleep(seconds)
                numbers = [
                    number for number, partition in self._ownership.partitions.items() if partition.ready
                ]
                tps = [TP(topic, number) for number in numbers for topic in self._config.sources]
                try:
                    async with asyncio.timeout(seconds):
                        self._log_ends = await self._app.consumer.highwaters(*tps) if tps else {}
                except (KafkaError, TimeoutError) as error:
                    # brokers that do not answer are no fault of this worker
                    self._log_ends = {}
                    logger.debug("cannot read the log ends: %r", error)

    async def _heal(self, partition: Partition, tp: TP, applied: int | None) -> None:
        """Read a lost chunk again though no other follows it that would give the loss away."""
        idle = partition.settled and not partition.inbox.records
        if not (idle and self._ownership.deliveries.lost(tp, applied)):
            self._lost.pop(tp, None)
            return
        self._lost[tp] = self._lost.get(tp, 0) + 1
        if self._lost[tp] >= _LOST_TICKS:
            del self._lost[tp]
            self._ownership.tally.healed += 1
            self._read_again[tp, applied] += 1
            if self._read_again[tp, applied] > _MOST_TIMES:
                raise WorkerError(
                    Exit.RETRY,
                    f"{tp.topic}/{tp.partition}: what follows offset {applied} was read {_MOST_TIMES} times "
                    "and got lost each time",
                    page="worker-stuck",
                )
            logger.warning(
                "%s/%d: records after offset %s were fetched but did not arrive: reading again", *tp, applied
            )
            await partition.read_again(tp)

    def _check_recovery(self, now: float, ready: list[Partition], *, flows: bool) -> None:
        """Recovery may take long, but rows must come in; and a rebalance ends with records flowing again."""
        missing = len(self._ownership.partitions) - len(ready)
        mark = (self._ownership.tally.recovered_rows,)
        if (flows and not missing) or mark != self._recovering.mark:
            self._recovering = _Progress(mark, now)
        elif now - self._recovering.since > 2 * self._config.watchdog_seconds:
            seconds = now - self._recovering.since
            raise WorkerError(
                Exit.RETRY,
                f"still rebalancing or recovering, and no row came for {seconds:.0f} s",
                page="worker-stuck",
            )

    def _check_partition_counts(self) -> None:
        counts = {topic: self._app.consumer.topic_partitions(topic) for topic in self._config.sources}
        known = {topic: count for topic, count in counts.items() if count}
        prior = max(
            (partition.state.position.partitions for partition in self._ownership.partitions.values()),
            default=0,
        )
        if known:
            check_partition_counts(known, prior=prior)

    def _tell(self, now: float) -> None:
        tally, deliveries = self._ownership.tally, self._ownership.deliveries
        partitions = self._ownership.partitions.values()
        seconds = now - self._told_at
        lag = sum(
            deliveries.lag(TP(topic, p.number), p.applied(topic))
            for p in partitions
            if p.ready
            for topic in self._config.sources
        )
        logger.info(
            "status events_per_second=%.0f lag=%d partitions=%d recovering=%d transactions_per_second=%.1f "
            "events=%d "
            "out_of_sequence=%d healed=%d",
            (tally.records - self._told_records) / seconds,
            lag,
            sum(p.ready for p in partitions),
            sum(not p.ready for p in partitions),
            (tally.transactions - self._told_transactions) / seconds,
            tally.records,
            tally.out_of_sequence,
            tally.healed,
        )
        self._told_at, self._told_records, self._told_transactions = now, tally.records, tally.transactions

    def _watch_event_loop(self) -> None:
        """In a thread of its own: ticks stop when the event loop hangs.

        Counted, not timed, for a stopped process stops both.
        """
        beats, still = self.beats, 0
        while still < self._config.watchdog_seconds:
            sleep(1.0)
            beats, still = self.beats, (still + 1 if self.beats == beats else 0)
        exits.end_process(
            Exit.RETRY, f"the event loop has not run for {still} s; see docs/runbooks/worker-stuck.md"
        )


class _Progress(NamedTuple):
    mark: tuple[int, ...]
    since: float
