"""The ledger reader: it follows the view topic over one consumer at a time.

It hands whole transactions to the view.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Sequence
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaConnectionError, KafkaError, OffsetOutOfRangeError

from exporters.config import ExporterConfig
from exporters.errors import ExporterError, TopicsError, UnreachableError
from exporters.reading.keeper import ViewKeeper
from exporters.reading.progress import ReadingProgress
from exporters.reading.skew import median
from exporters.reading.status import Limits, ReaderStatus
from exporters.reading.surroundings import Around
from exporters.reading.topics import partition_count
from kpis.ledger.definitions import are_current
from kpis.ledger.shared import differing_in
from streams.unreached import complaints, in_a_line
from windows.protocols import LedgerRow

log: Final = logging.getLogger(__name__)
REQUEST_TIMEOUT_MS: Final = 10_000
RETRY_MS: Final = 500  # while a broker is away aiokafka logs a line for each try
# how long to wait for records; a broker holds a fetch until there are some, so news wakes us at once
POLL_MS: Final = 500
FETCH_BYTES: Final = 4 << 20  # of one partition and answer; a single larger record still arrives
FIRST_PAUSE_SECONDS: Final = 0.5
LONGEST_PAUSE_SECONDS: Final = 5.0


class LedgerReader:
    """Reads `<app_id>-view` into a ViewKeeper until it is cancelled; no error of Kafka ends it.

    Instants are by the clock of the machine, by which aiokafka stamps its polls too.
    """

    def __init__(self, config: ExporterConfig, keeper: ViewKeeper) -> None:
        self._config = config
        self._keeper = keeper
        self._elapsed = config.time.elapsed
        self._parts: dict[int, ReadingProgress] = {}
        self._expected: int | None = None
        self._fault: str | None = None
        self._said: list[str] = []  # what the client complained of while it connected last
        self._connections = 0
        self._connected_at = float("-inf")
        self._around = Around(config, self._elapsed)
        self._contact: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._ready = asyncio.Event()

    def status(self) -> ReaderStatus:
        """What is known now."""
        now = self._elapsed()
        silent = max((now - part.heard_at for part in self._parts.values()), default=None)
        heard = silent is not None and all(part.heard_ms is not None for part in self._parts.values())
        workers, positions = self._around.workers, self._keeper.positions
        manner = self._config.view_rules.manner
        return ReaderStatus(
            expected=self._expected,
            partitions={number: part.status(now) for number, part in self._parts.items()},
            read_at_ms=self._config.time.now_ms() - round(silent * 1000)
            if heard and silent is not None
            else None,
            silent_seconds=silent,
            fault=self._fault,
            connections=self._connections,
            sources=self._around.sources,
            workers=workers,
            recovering=workers.recovering(positions) if workers else frozenset(),
            manner=manner,
            definitions={
                number: position
                for number, position in positions.items()
                if not are_current(position, manner)
            },
            settings=tuple(differing_in(self._config.view_rules.shared, positions.values())),
            skew_seconds=self._skew_seconds(now),
            limits=Limits(
                self._config.stuck_seconds,
                self._config.silent_seconds,
                self._config.behind_seconds,
                self._config.skew_seconds if self._config.clock == "wall" else None,
            ),
        )

    def _skew_seconds(self, now: float) -> float | None:
        wall = self._config.time.now_ms() / 1000
        return median(part.broker.skew(wall, now) for part in self._parts.values())

    async def first_contact(self) -> None:
        """Return once the ledger has been found.

        Errors: UnreachableError after the start timeout, TopicsError.
        """
        try:
            await asyncio.wait_for(asyncio.shield(self._contact), self._config.start_timeout_seconds)
        except TimeoutError:
            raise UnreachableError(self._config.bootstrap, self._fault or "") from None

    async def first_ready(self) -> None:
        """Return once the whole ledger has been read."""
        await self._ready.wait()

    async def run(self) -> None:
        """Read until cancelled."""
        pause = FIRST_PAUSE_SECONDS
        while True:
            connections = self._connections
            try:
                await self._session()
            except ExporterError as error:
                self._stumble(error)
            except (KafkaError, OSError, TimeoutError) as error:
                self._lose(error)
            except Exception as error:
                # A row that cannot be read, or a defect here: the sums may be half changed, so nothing of
                # them is kept.
                log.exception("reading the ledger failed; reading it again from the start")
                self._stumble(error)
                await self._start_over()
            pause = (
                FIRST_PAUSE_SECONDS
                if self._connections > connections
                else min(2 * pause, LONGEST_PAUSE_SECONDS)
            )
            await asyncio.sleep(pause)

    def _stumble(self, error: Exception) -> None:
        if self._fault != str(error):
            log.error("%s; see docs/runbooks/exporter-not-ready.md", error)
        self._fault = str(error) or type(error).__name__
        if not self._contact.done():
            self._contact.set_exception(error)

    def _lose(self, error: Exception) -> None:
        """The connection is gone: a new one is tried for as long as it takes."""
        cause = str(error) or type(error).__name__
        if isinstance(error, KafkaConnectionError):
            cause = in_a_line(self._config.bootstrap, self._said)
        if self._fault is None:
            log.warning(
                "no connection to the ledger, retrying: %s; see docs/runbooks/brokers-unreachable.md", cause
            )
        self._fault = cause

    async def _start_over(self) -> None:
        await self._keeper.restart()
        self._parts.clear()

    async def _session(self) -> None:
        """One connection: find the topics, go on where the last one ended, follow."""
        config = self._config
        consumer = AIOKafkaConsumer(
            group_id=None,
            client_id=f"{config.app_id}-exporter",
            enable_auto_commit=False,
            isolation_level="read_committed",
            auto_offset_reset="none",  # a log that went back must be noticed, not passed over
            request_timeout_ms=REQUEST_TIMEOUT_MS,
            retry_backoff_ms=RETRY_MS,
            max_partition_fetch_bytes=FETCH_BYTES,
            **config.kafka,
        )
        try:
            with complaints(shown=True) as self._said:
                await consumer.start()
            await self._expect(await partition_count(consumer, config))
            await self._assign(consumer)
            self._connections += 1
            self._connected_at = self._elapsed()
            if self._fault is not None:
                log.info("connected to the ledger again")
            self._fault = None
            if not self._contact.done():
                self._contact.set_result(None)
            await self._follow(consumer)
        finally:
            await _stop(consumer)

    async def _expect(self, count: int) -> None:
        if self._expected not in (None, count):
            log.warning(
                "the ledger now has %d partitions instead of %d: reading it from the start",
                count,
                self._expected,
            )
            await self._start_over()
        self._expected = count

    async def _assign(self, consumer: AIOKafkaConsumer) -> None:
        assert self._expected is not None
        partitions = self._partitions()
        consumer.assign(partitions)
        first, end = await consumer.beginning_offsets(partitions), await consumer.end_offsets(partitions)
        now = self._elapsed()
        for partition in partitions:
            part = self._parts.get(partition.partition)
            if part is None:
                part = self._parts[partition.partition] = ReadingProgress(now)
            if part.position is None:
                part.begin(first=first[partition], target=end[partition], now=now)
            consumer.seek(partition, part.position)

    def _partitions(self) -> list[TopicPartition]:
        return [TopicPartition(self._config.view_topic, number) for number in range(self._expected or 0)]

    async def _follow(self, consumer: AIOKafkaConsumer) -> None:
        partitions = self._partitions()
        watch = asyncio.create_task(self._watch(consumer))
        try:
            while not watch.done():
                try:
                    batch = await consumer.getmany(timeout_ms=POLL_MS)
                except OffsetOutOfRangeError as error:
                    for partition in error.args[0]:
                        await self._rewind(
                            consumer,
                            partition,
                            "its log is shorter than before: it was recreated or lost records",
                        )
                    continue
                for partition, records in batch.items():
                    await self._take(consumer, partition, records)
                await self._note(consumer, partitions)
            watch.result()
        finally:
            watch.cancel()
            with contextlib.suppress(asyncio.CancelledError, KafkaError, ExporterError):
                await watch

    async def _take(
        self, consumer: AIOKafkaConsumer, partition: TopicPartition, records: Sequence[Any]
    ) -> None:
        """Apply the records of one partition up to their last position row."""
        number = partition.partition
        part = self._parts[number]
        part.stamped(records, self._elapsed())
        if part.stalled(self._elapsed(), self._config.stall_seconds):
            await self._rewind(
                consumer, partition, "it was unread for too long, so deletions may have been missed"
            )
            return
        rows = part.buffer.take((record.key, record.value) for record in records)
        if not part.caught_up:
            part.gather(rows)
        elif rows:
            await self._apply(consumer, partition, rows)

    async def _apply(
        self, consumer: AIOKafkaConsumer, partition: TopicPartition, rows: Sequence[LedgerRow]
    ) -> None:
        number = partition.partition
        part = self._parts[number]
        await self._keeper.apply(number, rows)
        position = self._keeper.positions[number]
        if position.partitions not in (0, self._expected):
            raise TopicsError(
                f"the ledger was created with {position.partitions} partitions, but its topic has "
                f"{self._expected}: choose another app_id (DESKPULSE_APP_ID); its ledger is rebuilt from "
                "the source topics"
            )
        if part.caught_up and position.transaction < part.transaction:
            await self._rewind(
                consumer, partition, "its transaction number went back: the topic was recreated"
            )
        else:
            part.transaction = position.transaction

    async def _rewind(self, consumer: AIOKafkaConsumer, partition: TopicPartition, why: str) -> None:
        """Forget a partition and read it again from its start."""
        log.warning("reading partition %d of the ledger from its start: %s", partition.partition, why)
        part = self._parts[partition.partition]
        part.forget()  # first: should this connection end meanwhile, the next one starts from nothing too
        await self._keeper.reset(partition.partition)
        first, end = await consumer.beginning_offsets([partition]), await consumer.end_offsets([partition])
        part.begin(first=first[partition], target=end[partition], now=self._elapsed())
        consumer.seek(partition, first[partition])

    async def _note(self, consumer: AIOKafkaConsumer, partitions: Sequence[TopicPartition]) -> None:
        now, now_ms = self._elapsed(), self._config.time.now_ms()
        for partition in partitions:
            part, position = self._parts[partition.partition], await consumer.position(partition)
            if gathered := part.release(position):
                await self._apply(consumer, partition, gathered)
            part.note(
                position=position,
                end=consumer.highwater(partition),
                stable=consumer.last_stable_offset(partition),
                heard_ms=consumer.last_poll_timestamp(partition),
                stamped_ms=now_ms,
                now=now,
            )
        if all(part.caught_up for part in self._parts.values()):
            self._ready.set()
        # One partition without a leader is left to aiokafka, which looks for the new one.
        silent = now - max(self._connected_at, *(part.heard_at for part in self._parts.values()))
        if silent > self._config.reconnect_seconds:
            raise TimeoutError(f"Kafka has not answered for {silent:.0f} s")

    async def _watch(self, consumer: AIOKafkaConsumer) -> None:
        """Look around now and then. Errors: TopicsError when partition counts changed."""
        next_count_at = self._elapsed() + self._config.topics_seconds
        while True:
            await self._around.look(consumer, self._expected or 0, self._keeper.positions)
            if self._elapsed() >= next_count_at:
                next_count_at += self._config.topics_seconds
                await self._check_count(consumer)
            await asyncio.sleep(self._config.sources_seconds)

    async def _check_count(self, consumer: AIOKafkaConsumer) -> None:
        try:
            count = await partition_count(consumer, self._config)
        except (KafkaError, TimeoutError) as error:
            log.debug("cannot read the partition counts: %s", error)
            return
        if count != self._expected:
            raise TopicsError(f"the ledger has {count} partitions now, not {self._expected}: it is read anew")


async def _stop(consumer: AIOKafkaConsumer) -> None:
    try:
        await consumer.stop()
    except asyncio.CancelledError:
        # aiokafka lets the cancellation of its own tasks through; only one that is meant for us may end the
        # reader.
        task = asyncio.current_task()
        if task is None or task.cancelling():
            raise
