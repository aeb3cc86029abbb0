"""Rows by identifier, with what changed since they were last written and when each leaves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from kpis import ledger
from windows.panes import DAY_MS

Row = TypeVar("Row")


class Rows(Generic[Row]):
    """Ticket or customer rows. Each is due in the list of the day in which it may leave; on that day it leaves or is put off.

    A row that changes is not moved between lists: it is looked at on the day it was first due, so the work stays small.
    """

    def __init__(self, key: Callable[[str], bytes]) -> None:
        self.by_id: dict[str, Row] = {}
        self.changed: set[str] = set()
        self._key = key
        self._leaves: dict[str, int] = {}  # day number under which a row is listed
        self._due: dict[int, list[str]] = {}
        self._leaves_ms: dict[str, int] = {}

    def touch(self, identifier: str, row: Row, leaves_ms: int | None) -> None:
        """Note that a row changed; it leaves once the event clock is beyond `leaves_ms` (None: it stays)."""
        self.by_id[identifier] = row
        self.changed.add(identifier)
        self._schedule(identifier, leaves_ms)

    def _schedule(self, identifier: str, leaves_ms: int | None) -> None:
        if leaves_ms is None:
            self._leaves_ms.pop(identifier, None)
            return
        self._leaves_ms[identifier] = leaves_ms
        day = leaves_ms // DAY_MS
        listed = self._leaves.get(identifier)
        if listed is None or day < listed:
            self._leaves[identifier] = day
            self._due.setdefault(day, []).append(identifier)

    def expire(self, event_clock_ms: int) -> list[Row]:
        """Remove and return the rows whose time is over; whole days only, so that it is cheap and the same in every run."""
        today = event_clock_ms // DAY_MS
        gone: list[Row] = []
        for day in sorted(day for day in self._due if day < today):
            for identifier in self._due.pop(day):
                if self._leaves.get(identifier) != day:
                    continue  # listed again under an earlier day
                del self._leaves[identifier]
                leaves_ms = self._leaves_ms.get(identifier)
                if leaves_ms is None:
                    continue
                if leaves_ms // DAY_MS >= today:
                    self._schedule(identifier, leaves_ms)
                    continue
                gone.append(self.by_id.pop(identifier))
                del self._leaves_ms[identifier]
                self.changed.add(identifier)
        return gone

    def changes(self) -> list[tuple[bytes, bytes | None]]:
        """The rows that changed since the last call; those that left are tombstones."""
        encode, key, rows = ledger.encode_value, self._key, self.by_id
        changed = [(key(i), encode(rows[i]) if i in rows else None) for i in self.changed]
        self.changed.clear()
        return changed

    def load(self, identifier: str, row: Row | None) -> None:
        """Take over one row of the ledger; `index` must follow the last."""
        if row is None:
            self.by_id.pop(identifier, None)
        else:
            self.by_id[identifier] = row

    def index(self, leaves_ms: Callable[[Row], int | None]) -> None:
        """Schedule every loaded row."""
        for identifier, row in self.by_id.items():
            self._schedule(identifier, leaves_ms(row))
