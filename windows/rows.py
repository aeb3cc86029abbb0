"""Rows by identifier, with what changed since they were last written and when each leaves."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final, Generic, Protocol, TypeVar

from windows.panes import DAY_MS


class Lasting(Protocol):
    """A row that knows the greatest event time of what it was made of."""

    last_ms: int


_TOMBSTONE_BYTES: Final = 16
Row = TypeVar("Row", bound=Lasting)


class Rows(Generic[Row]):
    """Ticket or customer rows.

    Each is listed under a day on which it may leave; on that day it leaves or is put off.

    `leaves_ms(row)` is the event time beyond which a row leaves (None: it stays). It may become earlier by an
    event, yet never earlier than `row.last_ms + least_ms`: so much after its last event a changed row is
    looked at.
    """

    def __init__(
        self,
        key: Callable[[str], bytes],
        encode: Callable[[Row], bytes],
        leaves_ms: Callable[[Row], int | None],
        least_ms: int,
    ) -> None:
        self._rows: dict[str, Row] = {}
        self.by_id: Mapping[str, Row] = self._rows  # to look rows up; `put` adds one
        self._changed: set[str] = set()
        self._size = 0  # bytes that the changed rows may take, from above
        self._key = key
        self._encode = encode
        self._leaves_ms = leaves_ms
        self._least_ms = least_ms
        self._day: dict[str, int] = {}  # number of the day under which a row is listed
        self._due: dict[int, list[str]] = {}
        self._put_off: set[str] = set()  # rows listed under a later day than the least
        self._today: int | None = None

    def put(self, identifier: str, row: Row) -> Row:
        """A new row, or another one in its place; it is not marked as changed by that."""
        self._rows[identifier] = row
        return row

    def mark(self, identifier: str, size: int) -> None:
        """A row is about to change, or to leave; `size`: its bytes as it is, from above."""
        if identifier not in self._changed:
            self._changed.add(identifier)
            self._size += size + 4 * len(identifier) + _TOMBSTONE_BYTES

    def grow(self, size: int) -> None:
        """A row that is marked has become so many bytes longer, from above."""
        self._size += size

    def changed_rows(self) -> Iterator[Row]:
        """The rows that changed since they were last written, without those that have left."""
        return (self._rows[identifier] for identifier in self._changed if identifier in self._rows)

    def write_with(self, encode: Callable[[Row], bytes]) -> None:
        """Write rows so from now on."""
        self._encode = encode

    def _schedule(self, identifier: str, day: int) -> None:
        listed = self._day.get(identifier)
        if listed is None or day < listed:
            self._day[identifier] = day
            self._due.setdefault(day, []).append(identifier)

    def _schedule_changed(self) -> None:
        """List the rows that are new, or that were put off.

        No other can become due before the day under which it is listed.
        """
        rows = self._rows
        for identifier in (self._changed - self._day.keys()) | (self._changed & self._put_off):
            row = rows.get(identifier)
            if row is not None:
                self._schedule(identifier, (row.last_ms + self._least_ms) // DAY_MS)

    def expire(self, event_clock_ms: int) -> list[tuple[str, Row]]:
        """Remove the rows whose time is over and return them with their identifiers; whole days only.

        Cheap, and the same in every run.
        """
        today = event_clock_ms // DAY_MS
        gone: list[tuple[str, Row]] = []
        if today == self._today:
            return gone  # whatever was accepted since leaves a day later at the earliest
        self._today = today
        self._schedule_changed()
        for day in sorted(day for day in self._due if day < today):
            for identifier in self._due.pop(day):
                if self._day.get(identifier) != day:
                    continue  # listed again under an earlier day
                del self._day[identifier]
                leaves_ms = self._leaves_ms(self._rows[identifier])
                if leaves_ms is None:
                    continue
                if leaves_ms // DAY_MS >= today:
                    self._put_off.add(identifier)
                    self._schedule(identifier, leaves_ms // DAY_MS)
                    continue
                gone.append((identifier, self._rows.pop(identifier)))
                self._put_off.discard(identifier)
                self.mark(identifier, 0)
        return gone

    def size_of_changes(self) -> int:
        """Bytes that the changed rows may take, estimated from above."""
        return self._size

    def changes(self) -> list[tuple[bytes, bytes | None]]:
        """The rows that changed since the last call; those that left are tombstones."""
        self._schedule_changed()
        encode, key, rows = self._encode, self._key, self._rows
        changed = [(key(i), encode(rows[i]) if i in rows else self.left(i)) for i in self._changed]
        self._changed.clear()
        self._size = 0
        return changed

    def left(self, identifier: str) -> bytes | None:  # noqa: ARG002 - of tickets something may be
        """What the ledger has in place of a row that has left; None: a tombstone."""
        return None

    def load(self, identifier: str, row: Row | None) -> None:
        """Take over one row of the ledger; `index` must follow the last."""
        if row is None:
            self._rows.pop(identifier, None)
        else:
            self._rows[identifier] = row

    def index(self) -> None:
        """List every loaded row."""
        for identifier, row in self.by_id.items():
            self._schedule(identifier, (row.last_ms + self._least_ms) // DAY_MS)
