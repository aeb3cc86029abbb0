"""A state of a partition that counts records by key.

Simple to check, and not idempotent, so that nothing hides a replay.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from kpis.state.records import Changes, DeadLetter

POSITION = b"position"


@dataclass
class CountingPosition:
    offsets: dict[str, int] = field(default_factory=dict)
    counters: dict[str, int] = field(default_factory=dict)
    partitions: int = 0
    transaction: int = 0
    owner: str = ""
    format: int = 6


class MergeError(Exception):
    def __init__(self, offset: int) -> None:
        super().__init__(f"cannot merge offset {offset}")
        self.offset = offset


class CountingState:
    """Counts per key in `tickets`, counts per topic in `view`. A value `bad` is rejected, `crash` crashes."""

    def __init__(self, partition: int, row_bytes: int = 100) -> None:
        self.partition = partition
        self.position = CountingPosition()
        self.clean = True
        self.too_late_names: list[str] = []
        self.keys: Counter[bytes] = Counter()
        self.topics: Counter[str] = Counter()
        self.drained: set[str] = set()
        self.rebuilds = 0
        self._changed: set[bytes] = set()
        self._row_bytes = row_bytes

    @property
    def outdated(self) -> str | None:
        return "other definitions" if self.rebuilds else None

    def apply(self, topic: str, records: Sequence[Any]) -> list[DeadLetter]:
        assert not self.outdated, "something was applied to sums that are not whole"
        assert records[0].offset > self.position.offsets.get(topic, -1)
        self.clean = False
        letters = []
        for record in records:
            if record.value == b"crash":
                raise MergeError(record.offset)
            if record.value == b"bad":
                letters.append(
                    DeadLetter(
                        topic,
                        record.partition,
                        record.offset,
                        record.timestamp,
                        "syntax",
                        "it is bad",
                        record.key,
                        record.value,
                    )
                )
                continue
            self.keys[record.key] += 1
            self._changed.add(record.key)
            self.topics[topic] += 1
        self.position.offsets[topic] = records[-1].offset
        return letters

    def pass_over(self, topic: str, offset: int) -> None:
        self.clean = False
        self.position.offsets[topic] = offset

    def sign(self, owner: str) -> None:
        self.clean = False
        self.position.owner = owner

    def advance(self, drained: Collection[str]) -> None:
        self.drained = set(drained)

    def count(self, name: str, amount: int = 1) -> None:
        self.clean = False
        self.position.counters[name] = self.position.counters.get(name, 0) + amount

    def dirty_bytes(self) -> int:
        return self._row_bytes * len(self._changed)

    def take_changes(self) -> Changes:
        self.position.transaction += 1
        tickets: list[tuple[bytes, bytes | None]] = [
            (key, str(self.keys[key]).encode()) for key in self._changed
        ]
        view: list[tuple[bytes, bytes | None]] = [
            (topic.encode(), str(count).encode()) for topic, count in self.topics.items()
        ]
        self._changed.clear()
        self.clean = True
        return Changes(tickets, [*view, (POSITION, json.dumps(asdict(self.position)).encode())])

    def load(self, topic: str, key: bytes, value: bytes | None) -> None:
        assert value is not None
        if topic == "tickets":
            self.keys[key] = int(value)
        elif key == POSITION:
            self.position = CountingPosition(**json.loads(value))
        else:
            self.topics[key.decode()] = int(value)

    def loaded(self) -> None:
        self.clean = True

    @property
    def rows_held(self) -> int:
        return len(self.keys)

    def rebuild(self, most_bytes: int) -> Iterator[Changes | None]:
        """As many steps as were asked for.

        Each is a transaction that says how many are left, and a pause before it.
        """
        assert most_bytes > 0
        while self.rebuilds:
            yield None
            self.rebuilds -= 1
            yield self.take_changes()
