"""Taking partitions over: fence, then read both ledger topics to their ends.

What was read is the state, with its own positions.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Literal

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError
from aiokafka.structs import TopicPartition
from faust.types import TP

from agents.config import WorkerConfig
from agents.exits import Exit, WorkerError
from agents.partitions import guards
from agents.partitions.tally import WorkerCounts
from agents.partitions.units import Partition, SourceConsumer
from kpis.ledger.codec import NewerRowError
from kpis.ledger.formats import LedgerFormatError
from kpis.state.rules import PolicyChangedError, SettingsChangedError

logger = logging.getLogger("deskpulse.worker")

_FETCH_BYTES = 4 << 20
_ROWS_A_TURN = 5_000


class Recovery:
    """One attempt to recover some partitions.

    `is_current` is asked after each wait: a newer assignment makes this one void.
    """

    def __init__(
        self,
        config: WorkerConfig,
        tally: WorkerCounts,
        source: SourceConsumer,
        is_current: Callable[[], bool],
    ) -> None:
        self.starts: Mapping[TP, int] = {}  # log starts of the source topics
        self._config = config
        self._tally = tally
        self._source = source
        self._is_current = is_current

    async def run(self, partitions: Sequence[Partition]) -> list[Partition]:
        """The partitions that are recovered: all, or none when the assignment changed meanwhile."""
        began, rows = self._config.clock.elapsed(), self._tally.recovered_rows
        numbers = ",".join(str(partition.number) for partition in partitions)
        logger.info("taking over partitions=%s", numbers)
        # Before the ends are asked for: a previous owner may write until it is fenced.
        await asyncio.gather(*(partition.writer.take_over() for partition in partitions))
        if not self._is_current():
            return []
        consumer = AIOKafkaConsumer(
            **self._config.kafka,
            enable_auto_commit=False,
            # and no seek: aiokafka may undo a seek to the beginning that comes right after assign
            auto_offset_reset="earliest",
            isolation_level="read_committed",
            max_partition_fetch_bytes=_FETCH_BYTES,
        )
        try:
            await consumer.start()
            done = await self._read(consumer, partitions) and await self._check(partitions)
            if done:
                await asyncio.gather(
                    *(partition.writer.settle(partition.state.position.format) for partition in partitions)
                )
        except KafkaError as error:
            raise WorkerError(Exit.RETRY, f"the ledger could not be read: {error!r}") from error
        finally:
            await consumer.stop()
        if not done:
            return []
        logger.info(
            "recovered partitions=%s rows=%d seconds=%.2f",
            numbers,
            self._tally.recovered_rows - rows,
            self._config.clock.elapsed() - began,
        )
        return list(partitions)

    async def _read(self, consumer: AIOKafkaConsumer, partitions: Sequence[Partition]) -> bool:
        """Load rows up to the ends of now; False when the assignment changed.

        A later attempt starts with an empty state.
        """
        states = {partition.number: partition for partition in partitions}
        for partition in partitions:
            partition.state = self._config.new_state(partition.number)
        # Of a row of the view only the last is decoded: until it is compacted, the log has each pane as often
        # as it was changed.
        views: dict[int, dict[bytes, bytes | None]] = {number: {} for number in states}
        tps = [
            TopicPartition(topic, number)
            for topic in (self._config.tickets_topic, self._config.view_topic)
            for number in states
        ]
        consumer.assign(tps)
        ends = await consumer.end_offsets(tps)
        waiting = set(tps)
        while waiting:
            waiting = {tp for tp in waiting if await consumer.position(tp) < ends[tp]}
            if not self._is_current():
                return False
            for tp, records in (await consumer.getmany(timeout_ms=200, max_records=_ROWS_A_TURN)).items():
                self._tally.recovered_rows += len(records)
                if tp.topic == self._config.view_topic:
                    views[tp.partition].update((record.key, record.value) for record in records)
                else:
                    self._load(
                        states[tp.partition], "tickets", [(record.key, record.value) for record in records]
                    )
        for partition in partitions:
            rows = [row for row in views.pop(partition.number).items() if row[1] is not None]
            for start in range(0, len(rows), _ROWS_A_TURN):
                self._load(partition, "view", rows[start : start + _ROWS_A_TURN])
                await asyncio.sleep(0)
        if not self._is_current():
            return False
        self._settle(partitions)
        return True

    def _load(
        self,
        partition: Partition,
        kind: Literal["tickets", "view"],
        rows: Sequence[tuple[bytes, bytes | None]],
    ) -> None:
        load = partition.state.load
        try:
            for key, value in rows:
                load(kind, key, value)
        except NewerRowError as error:
            raise WorkerError(Exit.CONFIG, str(error), page="newer-row") from error

    def _settle(self, partitions: Sequence[Partition]) -> None:
        try:
            for partition in partitions:
                partition.state.loaded()
        except LedgerFormatError as error:
            raise WorkerError(Exit.CONFIG, str(error), page="newer-row") from error
        except (PolicyChangedError, SettingsChangedError) as error:
            raise WorkerError(Exit.CONFIG, str(error)) from error
        for partition in partitions:
            if names := partition.state.too_late_names:
                logger.warning(
                    "partition %d counted these names as `other` before the policy named them, so they stay "
                    "`other` there: %s; a new ledger under another app_id counts them by name",
                    partition.number,
                    ", ".join(map(repr, names)),
                )

    async def _check(self, partitions: Sequence[Partition]) -> bool:
        """Hold the positions against the source logs of now."""
        tps = [TP(topic, partition.number) for topic in self._config.sources for partition in partitions]
        self.starts, ends = await asyncio.gather(
            self._source.earliest_offsets(*tps), self._source.highwaters(*tps)
        )
        counts = {
            topic: count for topic in self._config.sources if (count := self._source.topic_partitions(topic))
        }
        for partition in partitions:
            position = partition.state.position
            position.partitions = guards.check_partition_counts(counts, prior=position.partitions)
            for topic in self._config.sources:
                tp, applied = TP(topic, partition.number), partition.applied(topic)
                lost = guards.check_source_log(*tp, applied=applied, start=self.starts[tp], end=ends[tp])
                if lost and applied is not None:
                    partition.note_loss(tp, first=applied + 1, count=lost)
        return self._is_current()
