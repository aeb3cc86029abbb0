"""The seam that keeps Faust's cost per chunk instead of per record."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest
from typing import Any

from aiokafka.structs import ConsumerRecord, TopicPartition
from faust.types.transports import SchedulingStrategyT

from agents.fetching.sequence import Chunk, Fetched


class ChunkScheduler(SchedulingStrategyT):  # type: ignore[misc] # as in schema.py
    """Faust's ConsumerScheduler: one synthetic record a chunk, topic-partitions in turn."""

    def __init__(self, chunk_records: int) -> None:
        self._chunk_records = chunk_records

    def iterate(self, records: Fetched) -> Iterator[tuple[TopicPartition, ConsumerRecord[None, Any]]]:
        """Cut what was fetched into chunks."""
        turns = zip_longest(*(records.chunks(tp, self._chunk_records) for tp in records))
        return (
            (TopicPartition(chunk.topic, chunk.partition), _synthetic(chunk))
            for turn in turns
            for chunk in turn
            if chunk is not None
        )


def _synthetic(chunk: Chunk) -> ConsumerRecord[None, Any]:
    """A record whose value is the chunk and whose offset is its last."""
    return ConsumerRecord(
        chunk.topic, chunk.partition, chunk.last, chunk.records[-1].timestamp, 0, None, chunk, None, 0, 0, ()
    )
