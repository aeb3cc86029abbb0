"""A worker without Kafka: simulated events in, the ledger's changes out.

It takes as many at a time as a worker has them.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from deskpulse.ingest.events_io import TimedEvent, encode
from kpis.state.partition import PartitionState
from streams.topics import SOURCE_TOPICS

NAME: Final = "deskpulse-worker-1"
_CHUNK: Final = 2_000  # records between two moves of the event clock


class _Record(NamedTuple):
    partition: int
    offset: int
    timestamp: int
    key: bytes
    value: bytes


@dataclass
class LocalWorker:
    """One partition and who works on it."""

    state: PartitionState
    offsets: Counter[str] = field(default_factory=Counter)  # the next one, by topic

    def __post_init__(self) -> None:
        self.state.sign(NAME)

    def take(self, events: Iterable[TimedEvent]) -> list[tuple[bytes, bytes | None]]:
        """Count events, in the order of their publication.

        Returns the changed rows of the view, of which the last is the position.
        """
        left = iter(events)
        while chunk := list(itertools.islice(left, _CHUNK)):
            by_topic: dict[str, list[_Record]] = {}
            for event in chunk:
                record = _Record(
                    0, self.offsets[event.topic], event.publish_ms, event.key, encode(event.value)
                )
                self.offsets[event.topic] += 1
                by_topic.setdefault(event.topic, []).append(record)
            for topic, records in by_topic.items():
                self.state.apply(topic, records)
            self.state.advance(())
        self.state.advance(SOURCE_TOPICS)
        return self.state.take_changes().view
