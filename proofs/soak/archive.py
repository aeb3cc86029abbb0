"""The records that workers were given to read.

These are the source topics at the end, and what was saved of them before somebody removed it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from aiokafka import TopicPartition

from deskpulse.cluster.read_topics import read_topics
from oracle.events import Record
from proofs.soak.ledger import Place
from proofs.stack import Stack
from streams.topics import SOURCE_TOPICS


class Kept(NamedTuple):
    """What the oracle and the faults need of a record."""

    offset: int
    key: bytes | None
    value: bytes | None
    timestamp: int


@dataclass
class Archive:
    """Records by topic-partition.

    While a topic loses records, nobody reads it but `save`, so what is known stays exact.
    """

    stack: Stack
    _saved: dict[TopicPartition, list[Kept]] = field(default_factory=dict)
    # offset; what lies beyond is still in the topic
    _upto: dict[TopicPartition, int] = field(default_factory=dict)

    async def save(self, topic: str, upto: Mapping[int, int]) -> None:
        """Keep what a source topic holds up to an offset of each of some partitions.

        The topic may lose it then.
        """
        places = {TopicPartition(self.stack.topic(topic), number): offset for number, offset in upto.items()}
        for place, records in (await self.held(topic)).items():
            if place in places:
                self._saved.setdefault(place, []).extend(
                    record for record in records if record.offset <= places[place]
                )
                self._upto[place] = places[place]

    async def held(self, topic: str) -> dict[TopicPartition, list[Kept]]:
        """What a source topic holds now beyond what was saved."""
        name = self.stack.topic(topic)
        starts = {place: offset + 1 for place, offset in self._upto.items() if place.topic == name}
        logs, _ = await read_topics(self.stack.settings.kafka.client_options(), [name], starts=starts)
        return {
            place: [Kept(record.offset, record.key, record.value, record.timestamp) for record in records]
            for place, records in logs.items()
        }

    async def all(self) -> Contents:
        """Everything: what was saved and what is there now."""
        found = {place: list(records) for place, records in self._saved.items()}
        for topic in SOURCE_TOPICS:
            for place, records in (await self.held(topic)).items():
                found.setdefault(place, []).extend(records)
        return Contents(found, len(self.stack.settings.topic_prefix))


@dataclass(frozen=True)
class Contents:
    """All records that the workers were given."""

    records: Mapping[TopicPartition, list[Kept]]
    prefix: int  # characters before the topic's name

    def for_oracle(self) -> Iterator[tuple[Place, int, Record]]:
        """Each record with its place and offset."""
        for place, found in self.records.items():
            topic = place.topic[self.prefix :]
            for record in found:
                yield (
                    (topic, place.partition),
                    record.offset,
                    (topic, record.key, record.value, record.timestamp),
                )

    def last_offsets(self) -> dict[Place, int]:
        """Offset of the last record of each topic-partition that has any."""
        return {
            (place.topic[self.prefix :], place.partition): found[-1].offset
            for place, found in self.records.items()
            if found
        }
