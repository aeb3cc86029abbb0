"""The surroundings of the ledger: the logs that the workers read, and the workers.

The exporter looks at them now and then, and shows what it saw only while it is fresh.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from exporters.config import ExporterConfig
from exporters.reading.backlog import Backlog
from exporters.reading.broker_questions import Questions
from exporters.reading.status import LogSpan
from exporters.reading.workers import Workers, read_workers
from kpis.ledger.codec import Position

log: Final = logging.getLogger(__name__)
FRESH_SECONDS: Final = 30.0
Sources = Mapping[tuple[str, int], LogSpan]


class Around:
    """The last looks.

    Each kind of look may fail by itself, such as for want of rights: then it is not known, and the rest is.
    """

    def __init__(self, config: ExporterConfig, elapsed: Callable[[], float]) -> None:
        self._config = config
        self._elapsed = elapsed
        self._sources: Sources = {}
        self._sources_at = float("-inf")
        self._workers: Workers | None = None
        self._workers_at = float("-inf")
        self._backlogs: dict[tuple[str, int], Backlog] = {}
        self._complaints: dict[str, str] = {}

    @property
    def sources(self) -> Sources:
        """Source partitions by (topic without prefix, number); empty when nothing fresh is known."""
        return self._sources if self._elapsed() - self._sources_at < FRESH_SECONDS else {}

    @property
    def workers(self) -> Workers | None:
        """The group, None when nothing fresh is known."""
        return self._workers if self._elapsed() - self._workers_at < FRESH_SECONDS else None

    async def look(self, consumer: AIOKafkaConsumer, count: int, positions: Mapping[int, Position]) -> None:
        """Look at the group, and at all partitions of the source topics.

        `consumer` is any started reader of committed records.
        """
        questions = Questions(consumer)
        await self._try("the workers' consumer group", self._look_at_workers(questions))
        await self._try("the source topics", self._look_at_sources(consumer, questions, count, positions))

    async def _try(self, what: str, look: Awaitable[None]) -> None:
        try:
            await look
        except (KafkaError, OSError, TimeoutError) as error:
            told = str(error) or type(error).__name__
            level = logging.DEBUG if self._complaints.get(what) == told else logging.WARNING
            self._complaints[what] = told
            log.log(level, "cannot read %s: %s; see docs/runbooks/exporter-incomplete.md", what, told)
        else:
            self._complaints.pop(what, None)

    async def _look_at_workers(self, questions: Questions) -> None:
        self._workers = await read_workers(questions, self._config)
        self._workers_at = self._elapsed()

    async def _look_at_sources(
        self, consumer: AIOKafkaConsumer, questions: Questions, count: int, positions: Mapping[int, Position]
    ) -> None:
        names = self._config.sources
        places = [TopicPartition(name, number) for name in names for number in range(count)]
        first, stable = await consumer.beginning_offsets(places), await consumer.end_offsets(places)
        ends = await questions.high_watermarks(places)
        now = self._elapsed()
        found = {}
        for place in places:
            key = (names[place.topic], place.partition)
            span = LogSpan(first[place], stable[place], max(0, ends[place] - stable[place]))
            waiting = self._backlogs.setdefault(key, Backlog()).note(
                span.end, following(key, span, positions, self.workers), now
            )
            found[key] = span._replace(behind_seconds=waiting)
        self._sources, self._sources_at = found, now


def following(
    key: tuple[str, int], span: LogSpan, positions: Mapping[int, Position], workers: Workers | None
) -> int:
    """Next offset of a source partition that may bring something new.

    After the position, or after the markers that follow it.

    A worker that has read the log to its end commits the place beyond the markers of upstream transactions,
    which no position reaches.
    """
    topic, number = key
    applied = positions[number].offsets.get(topic) if number in positions else None
    committed = workers.committed.get(key, 0) if workers else 0
    return max(span.first, 0 if applied is None else applied + 1, min(committed, span.end))
