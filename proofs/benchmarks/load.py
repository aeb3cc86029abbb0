"""Writes the events to the source topics as fast as they are taken.

Its batches have the size that Kafka's own producers make.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, Final

from aiokafka import AIOKafkaProducer
from aiokafka.partitioner import murmur2

from proofs.benchmarks.events import BenchEvent, OnProgress
from proofs.benchmarks.site import PARTITIONS, Site

BATCH_BYTES: Final = 16_384  # Kafka's default `batch.size`: larger ones would flatter the readers
_TELL_EVERY: Final = 5_000


async def load(site: Site, events: Iterable[BenchEvent], on_progress: OnProgress) -> int:
    """Write all events; return how many, when the broker has every one."""
    producer = AIOKafkaProducer(
        bootstrap_servers=site.bootstrap, acks="all", enable_idempotence=True, max_batch_size=BATCH_BYTES
    )
    await producer.start()
    try:
        return await _Writer(producer, site.prefix).write(events, on_progress)
    finally:
        await producer.stop()


class _Writer:
    """Fills one batch a topic-partition; a record at a time through `send` would take three times as long."""

    def __init__(self, producer: AIOKafkaProducer, prefix: str) -> None:
        self._producer, self._prefix = producer, prefix
        self._batches: dict[tuple[str, int], Any] = {}
        self._deliveries: list[asyncio.Future[Any]] = []

    async def write(self, events: Iterable[BenchEvent], on_progress: OnProgress) -> int:
        count = 0
        for count, event in enumerate(events, start=1):
            await self._add(event)
            if count % _TELL_EVERY == 0:
                on_progress(count)
        for (topic, partition), batch in self._batches.items():
            await self._send(topic, partition, batch)
        await asyncio.gather(*self._deliveries)
        on_progress(count)
        return count

    async def _add(self, event: BenchEvent) -> None:
        place = event.topic, partition_of(event.key)
        batch = self._batches.get(place)
        if batch is not None and self._append(batch, event):
            return
        if batch is not None:
            await self._send(*place, batch)
        batch = self._batches[place] = self._producer.create_batch()
        self._append(batch, event)

    def _append(self, batch: Any, event: BenchEvent) -> bool:
        return (
            batch.append(key=event.key, value=event.value, timestamp=time.time_ns() // 1_000_000) is not None
        )

    async def _send(self, topic: str, partition: int, batch: Any) -> None:
        batch.close()
        self._deliveries.append(
            await self._producer.send_batch(batch, self._prefix + topic, partition=partition)
        )


@lru_cache(maxsize=100_000)  # a ticket's events come close together, and aiokafka's murmur2 is plain Python
def partition_of(key: bytes) -> int:
    """The partition that Kafka's default partitioner chooses."""
    number: int = (murmur2(key) & 0x7FFF_FFFF) % PARTITIONS
    return number
