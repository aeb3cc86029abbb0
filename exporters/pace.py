"""Polling without haste: a broker that holds a fetch until there is data wakes us; one that answers at once must be asked less often."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, TopicPartition

WAIT_MS: Final = 500
PROBE_MS: Final = 40
PROBES: Final = 3  # so many short waits in a row, each with an empty answer for one and the same partition: no long polling
ANSWER_MS: Final = 5
REST_SECONDS: Final = 0.1

Batch = dict[TopicPartition, list[Any]]


class Pace:
    """Polls one consumer. aiokafka fetches in the background, so between polls of an impatient broker it is paused."""

    def __init__(self, consumer: AIOKafkaConsumer, partitions: Collection[TopicPartition]) -> None:
        self._consumer = consumer
        self._partitions = tuple(partitions)
        self._long_polling: bool | None = None  # None: not known yet
        self._stamps = self._read_stamps()
        self._suspects = set(self._partitions)
        self._probes = 0

    async def poll(self) -> Batch:
        """Records that arrived, by partition; empty after half a second without any. Errors: KafkaError."""
        if self._long_polling is False:
            return await self._poll_gently()
        batch: Batch = await self._consumer.getmany(timeout_ms=PROBE_MS if self._long_polling is None else WAIT_MS)
        if not batch and self._long_polling is None:
            self._learn()
        return batch

    async def _poll_gently(self) -> Batch:
        self._consumer.resume(*self._partitions)
        batch: Batch = await self._consumer.getmany(timeout_ms=ANSWER_MS)
        if not batch:
            self._consumer.pause(*self._partitions)
            await asyncio.sleep(REST_SECONDS)
        return batch

    def _learn(self) -> None:
        """One probe: note which partitions have been answered for again although there is nothing to tell."""
        stamps = self._read_stamps()
        self._suspects &= {partition for partition in self._partitions if stamps[partition] != self._stamps[partition]}
        self._stamps = stamps
        self._probes += 1
        if not self._suspects and None not in stamps.values():
            self._long_polling = True
        elif self._suspects and self._probes >= PROBES:
            self._long_polling = False
        elif not self._suspects:  # nobody has answered at all
            self._suspects, self._probes = set(self._partitions), 0

    def _read_stamps(self) -> dict[TopicPartition, int | None]:
        return {partition: self._consumer.last_poll_timestamp(partition) for partition in self._partitions}
