"""What a worker needs of the state of a partition.

`kpis.state.partition.PartitionState` is one; tests use a counter.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Literal, Protocol

from kpis.state.records import Changes, DeadLetter, SourceRecord


class AppliedPosition(Protocol):
    """Where the ledger stands: the applied offset of each source topic and what goes with it."""

    @property
    def offsets(self) -> Mapping[str, int]: ...

    partitions: int  # of every source topic when the ledger began; 0 = not known yet
    format: int  # of the ledger


class LedgerState(Protocol):
    """All state of one partition, without I/O."""

    clean: bool  # no change waits to be written
    too_late_names: list[str]  # of the policy, that count as `other` in this ledger

    @property
    def outdated(self) -> str | None: ...
    @property
    def rows_held(self) -> int: ...

    @property
    def position(self) -> AppliedPosition: ...

    def pass_over(self, topic: str, offset: int, /) -> None: ...
    def apply(self, topic: str, records: Sequence[SourceRecord], /) -> list[DeadLetter]: ...
    def sign(self, owner: str, /) -> None: ...
    def advance(self, drained: Collection[str], /) -> None: ...
    def count(self, name: str, amount: int = 1, /) -> None: ...
    def dirty_bytes(self) -> int: ...
    def take_changes(self) -> Changes: ...
    def load(self, topic: Literal["tickets", "view"], key: bytes, value: bytes | None, /) -> None: ...
    def loaded(self) -> None: ...
    def rebuild(self, most_bytes: int, /) -> Iterator[Changes | None]: ...
