"""The seam that keeps Faust's cost per chunk instead of per record."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from aiokafka.structs import ConsumerRecord, TopicPartition
from faust.types.transports import SchedulingStrategyT

from agents.sequence import Deliveries, LogEnd


class Fetched(dict[TopicPartition, list[Any]]):
    """What one fetch brought, where it left the consumer, and the epochs that held when it began."""

    def __init__(self, records: Mapping[TopicPartition, list[Any]], ends: Mapping[TopicPartition, LogEnd]) -> None:
        super().__init__(records)
        self.ends = ends
        self.epochs: Mapping[TopicPartition, int] = {}


class ChunkScheduler(SchedulingStrategyT):  # type: ignore[misc] # as in schema.py
    """Faust's ConsumerScheduler: one synthetic record per topic-partition and chunk, round robin over the topic-partitions."""

    def __init__(self, deliveries: Deliveries, chunk_records: int) -> None:
        self._deliveries = deliveries
        self._chunk_records = chunk_records

    def iterate(self, records: Fetched) -> Iterator[tuple[TopicPartition, ConsumerRecord[None, Any]]]:
        """Cut what was fetched into chunks. A chunk is stamped when it is handed out: a rebalance may stop us halfway."""
        waiting = [(tp, found) for tp, found in records.items() if found]
        start = 0
        while waiting:
            for tp, found in waiting:
                part = found[start : start + self._chunk_records]
                chunk = self._deliveries.stamp(tp, part, records.epochs.get(tp, 0))
                yield tp, ConsumerRecord(tp.topic, tp.partition, part[-1].offset, part[-1].timestamp, 0, None, chunk, None, 0, 0, ())
            start += self._chunk_records
            waiting = [(tp, found) for tp, found in waiting if start < len(found)]
