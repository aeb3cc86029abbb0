"""Rows by identifier: which have changed since they were last written, and when each leaves.

To look at every row each time that the event clock moves would cost too much, and to file each row anew with
every event as well. So each is listed under one day, the earliest on which it may leave, and looked at then:

```
             least_ms              least_ms
   event 1 |----------------> day 61      listed under day 61
   event 2        |----------------> day 64      the list is left as it is
   day 62:  looked at; leaves_ms(row) says day 64: put off to it
   day 65:  looked at; nothing came since: it leaves, and its tombstone is written
```
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final, Generic, Protocol, TypeVar

from windows.panes import DAY_MS


class Lasting(Protocol):
    """A row that knows the greatest event time of what it was made of."""

    @property
    def last_ms(self) -> int:
        """That time, in ms."""


_TOMBSTONE_BYTES: Final = 16
RowT = TypeVar("RowT", bound=Lasting)


class Rows(Generic[RowT]):
    """Ticket or customer rows.

    Each is listed under a day on which it may leave; on that day it leaves or is put off.

    `leaves_ms(row)` is the event time beyond which a row leaves (None: it stays). It may become earlier by an
    event, yet never earlier than `row.last_ms + least_ms`: so much after its last event a changed row is
    looked at.
    """

    def __init__(
        self,
        key: Callable[[str], bytes],
        encode: Callable[[RowT], bytes],
        leaves_ms: Callable[[RowT], int | None],
        least_ms: int,
    ) -> None:
        self._rows: dict[str, RowT] = {}
        self.by_id: Mapping[str, RowT] = self._rows  # to look rows up; `put` adds one
        self._changed: set[str] = (
            set()
        )  # rows that the ledger has otherwise; of those that left, a tombstone is due
        self._size = 0  # bytes that the changed rows may take, from above; 0 when none has changed
        self._key = key
        self._encode = encode
        self._leaves_ms = leaves_ms
        self._least_ms = least_ms
        # The day under which a row is listed. Invariant: a row is listed, or is marked as changed and will
        # be, or stays for ever (`leaves_ms` said None when its day came, and no event came since).
        self._day: dict[str, int] = {}
        # Identifiers by day. One may stand under a second, later day: `_day` says which of the two counts.
        self._due: dict[int, list[str]] = {}
        # Rows listed under a later day than the least. An event may bring the end of such a row forward (an
        # open ticket stays longer than a closed one), so these alone are looked at when they change.
        self._put_off: set[str] = set()
        self._today: int | None = None  # the day of the event clock when rows last left; None: not yet

    def put(self, identifier: str, row: RowT) -> RowT:
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

    def changed_rows(self) -> Iterator[RowT]:
        """The rows that changed since they were last written, without those that have left."""
        return (self._rows[identifier] for identifier in self._changed if identifier in self._rows)

    def write_with(self, encode: Callable[[RowT], bytes]) -> None:
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

    def expire(self, event_clock_ms: int) -> list[tuple[str, RowT]]:
        """Remove the rows whose time is over, and return them with their identifiers.

        Rows leave when the event clock enters another day: that is cheap, and the same in every run. Within a
        day the answer is empty.
        """
        today = event_clock_ms // DAY_MS
        gone: list[tuple[str, RowT]] = []
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

    def load(self, identifier: str, row: RowT | None) -> None:
        """Take over one row of the ledger; `index` must follow the last."""
        if row is None:
            self._rows.pop(identifier, None)
        else:
            self._rows[identifier] = row

    def index(self) -> None:
        """List every loaded row."""
        for identifier, row in self.by_id.items():
            self._schedule(identifier, (row.last_ms + self._least_ms) // DAY_MS)
