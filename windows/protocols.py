"""The seam of the hot path: a compiled table can take the place of `windows.tables.Tables` behind it.

Integers and bytes cross the seam for each event; dimensions cross it when a combination is seen. The state of
a partition makes its tables with the `MakeTables` that it is given. `tests/laws/test_tables_laws.py` puts
another implementation there and compares the ledgers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Protocol, TypeVar

from windows.cells import Cells
from windows.deltas import Booking
from windows.panes import Resolution

D = TypeVar("D")  # one combination of dimensions; hashable
D_contra = TypeVar("D_contra", contravariant=True)
LedgerRow = tuple[bytes, bytes | None]  # of the ledger: key and value; None: a tombstone


class DeltaSink(Protocol):
    """Takes changes of panes and levels; `windows.deltas.Deltas` is one."""

    def book(self, slot: int, bookings: Iterable[Booking], /) -> None: ...
    def withdraw(self, slot: int, bookings: Iterable[Booking], /) -> None: ...
    def add(self, at_ms: int, slot: int, cell: int, amount: int, /) -> None: ...
    def raise_(self, level: int, at_ms: int, slot: int, /) -> None: ...
    def lower(self, level: int, at_ms: int, slot: int, /) -> None: ...


class Admitting(Protocol[D]):
    """Decides under which names a combination of dimensions counts."""

    def admit(self, dims: D, /) -> D:
        """The combination, with `other` or its like for each name beyond the limits."""

    def room(self, dims: D, combinations: int, /) -> D:
        """The combination where it fits beside the others; else the one for all that do not fit."""


class RowCodec(Protocol[D_contra]):
    """How rows of panes and levels are written.

    The key of a pane is `pane_head + number(pane) + names`: two of the parts repeat a lot.
    """

    def pane_head(self, resolution: int, /) -> bytes: ...
    def number(self, value: int, /) -> bytes: ...
    def names(self, dims: D_contra, /) -> bytes: ...
    def level_key(self, level: int, hour: int, dims: D_contra, /) -> bytes: ...
    def encode(self, cells: Cells, /) -> bytes: ...
    def decode(self, raw: bytes, /) -> Cells: ...


class WindowedTables(Protocol[D]):
    """Panes and levels of one partition by slot, a small integer for a combination of dimensions."""

    @property
    def deltas(self) -> DeltaSink:
        """Where changes are noted. It stays the same object."""

    def number(self, dims: D, /) -> int:
        """The slot of a combination, made at first sight."""

    def dims_of(self, slot: int, /) -> D:
        """The combination that a slot counts under."""

    def add(self, resolution: Resolution, at_ms: int, slot: int, delta: Mapping[int, int], /) -> None:
        """Add cells to the pane of an instant in one resolution alone.

        Nothing where its retention is over.
        """

    def settle(self) -> None:
        """Add what is noted, so that a long row of notes takes no memory."""

    def expire(self, event_clock_ms: int, /) -> None:
        """Drop the panes whose retention is over at the event clock; their rows become tombstones."""

    def size_of_changes(self) -> int:
        """Bytes that the changed rows may take, estimated from above."""

    def changes(self) -> list[LedgerRow]:
        """The rows that changed since the last call, in no order; an empty row is a tombstone."""

    def load_pane(self, resolution: int, pane: int, dims: D, raw: bytes | None, /) -> None:
        """Take over one pane row of the ledger."""

    def load_level(self, level: int, hour: int, dims: D, raw: bytes | None, /) -> None:
        """Take over one level row of the ledger."""

    def restore_floors(self, event_clock_ms: int | None, /) -> None:
        """After loading: what was expired stays expired. None: nothing ever was."""

    def begin_anew(self) -> None:
        """Empty panes and levels, and remember what was there. The caller then books everything again."""

    def differing(self, most_bytes: int, /) -> Iterator[None]:
        """Mark as changed what is not as it was before `begin_anew`, share by share.

        After each the caller takes the changes.
        """


MakeTables = Callable[[Admitting[D], RowCodec[D]], WindowedTables[D]]
