"""The past, sent in one go.

Whole batches take the place of single records, which cost the sender three times as much.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from functools import lru_cache
from typing import Any, Final, Protocol

from aiokafka.partitioner import murmur2

from deskpulse.ingest.events_io import TimedEvent, encode
from deskpulse.ingest.publisher import PublishProgress

# So many events are on the way together, of all topics: what belongs together in time stays together.
FLUSH_EVENTS: Final = 2_000
_FLIGHTS: Final = 2  # so many times that, until the first of them are acknowledged


class BatchProducer(Protocol):
    """What is used of `aiokafka.AIOKafkaProducer`."""

    def create_batch(self) -> Any:
        """An empty batch: `append` gives None when it is full."""

    async def send_batch(self, batch: Any, topic: str, *, partition: int) -> asyncio.Future[object]:
        """Hand a batch over; the future completes when the broker has it."""

    async def partitions_for(self, topic: str) -> set[int]:
        """The partitions of a topic."""


async def publish_backlog(
    events: Iterator[TimedEvent],
    producer: BatchProducer,
    *,
    until_ms: int,
    topic_prefix: str = "",
    on_progress: Callable[[PublishProgress], None] = lambda _: None,
    now_ms: Callable[[], int],
) -> TimedEvent | None:
    """Send what is published up to an instant, and return the first event after it.

    Every one before is acknowledged then.

    The order within a partition is that of the events. The existing customers are on the broker before the
    first ticket is sent, as in `publish`. Errors: the first error of a delivery ends the run.
    """
    writer = _Writer(producer, topic_prefix, now_ms)
    first_ms: int | None = None
    begun = False
    for event in events:
        if event.publish_ms > until_ms:
            await writer.landed()
            on_progress(PublishProgress(writer.sent, writer.acknowledged, until_ms))
            return event
        first_ms = event.publish_ms if first_ms is None else first_ms
        if not begun and event.publish_ms > first_ms:
            begun = True
            await writer.landed()
        await writer.add(event)
        if writer.waiting >= FLUSH_EVENTS:
            await writer.flush()
            on_progress(PublishProgress(writer.sent, writer.acknowledged, event.publish_ms))
    await writer.landed()
    return None


class _Writer:
    """Fills one batch a topic-partition; sends all of them together."""

    def __init__(self, producer: BatchProducer, prefix: str, now_ms: Callable[[], int]) -> None:
        self._producer, self._prefix, self._now_ms = producer, prefix, now_ms
        self._counts: dict[str, int] = {}
        self._batches: dict[tuple[str, int], Any] = {}
        self._full: list[asyncio.Future[object]] = []
        self._flights: list[tuple[int, Awaitable[object]]] = []
        self.waiting = self.sent = self.acknowledged = 0

    async def add(self, event: TimedEvent) -> None:
        topic = self._prefix + event.topic
        if (count := self._counts.get(topic)) is None:
            count = self._counts[topic] = len(await self._producer.partitions_for(topic))
        place = topic, partition_of(event.key, count)
        value, now = encode(event.value), self._now_ms()
        batch = self._batches.get(place)
        if batch is None or batch.append(key=event.key, value=value, timestamp=now) is None:
            if batch is not None:
                self._full.append(await self._producer.send_batch(_closed(batch), topic, partition=place[1]))
            batch = self._batches[place] = self._producer.create_batch()
            batch.append(key=event.key, value=value, timestamp=now)
        self.waiting += 1

    async def flush(self) -> None:
        """Send what waits; wait for what was sent before the last time."""
        deliveries, self._full = self._full, []
        for (topic, partition), batch in self._batches.items():
            deliveries.append(await self._producer.send_batch(_closed(batch), topic, partition=partition))
        self._batches.clear()
        self._flights.append((self.waiting, asyncio.gather(*deliveries)))
        self.sent += self.waiting
        self.waiting = 0
        while len(self._flights) > _FLIGHTS:
            await self._land()

    async def landed(self) -> None:
        """Send what waits; return when the broker has all."""
        await self.flush()
        while self._flights:
            await self._land()

    async def _land(self) -> None:
        count, delivered = self._flights.pop(0)
        await delivered
        self.acknowledged += count


def _closed(batch: Any) -> Any:
    batch.close()
    return batch


@lru_cache(maxsize=100_000)  # a ticket's events come close together, and aiokafka's murmur2 is plain Python
def partition_of(key: bytes, partitions: int) -> int:
    """The partition that Kafka's default partitioner chooses.

    >>> partition_of(b"T1", 4) in range(4)
    True
    """
    number: int = (murmur2(key) & 0x7FFF_FFFF) % partitions
    return number
