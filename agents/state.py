"""What the hands need of the state of a partition. `kpis.partition.PartitionState` is one; tests use a counter."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Literal, Protocol

from kpis.partition import Changes, DeadLetter, SourceRecord


class Position(Protocol):
    """Where the ledger stands: the applied offset of each source topic and what goes with it."""

    @property
    def offsets(self) -> dict[str, int]: ...

    partitions: int  # of every source topic when the ledger began; 0 = not known yet


class LedgerState(Protocol):
    """All state of one partition, without I/O."""

    clean: bool  # no change waits to be written

    @property
    def position(self) -> Position: ...

    def apply(self, topic: str, records: Sequence[SourceRecord], /) -> list[DeadLetter]: ...
    def sign(self, owner: str, /) -> None: ...
    def advance(self, drained: Collection[str], /) -> None: ...
    def count(self, name: str, amount: int = 1, /) -> None: ...
    def dirty_bytes(self) -> int: ...
    def take_changes(self) -> Changes: ...
    def load(self, topic: Literal["tickets", "view"], key: bytes, value: bytes | None, /) -> None: ...
    def loaded(self) -> None: ...
