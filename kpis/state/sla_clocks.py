"""SLA clocks of a partition's tickets: run over the row, booked as a difference, listed by deadline.

```
event --> concerned? --> merge --> clocks run as before? --> promise --> contribution, new - old
              |              |              |                               |            |
              no             |             yes: the same promise,         panes         levels, and the
              |              |              nothing to book                             tickets at risk
            merge         booking.py books the rest of C(row)
```
It stands beside the booking of everything else: C(row) is the sum of both, so neither needs to know the
other. Without a policy there is no book, and an event costs nothing more.

One ticket, promised a first reply by 10:00, in the team that has slot 7:

```
09:00 created    level DUE first reply +1 at 10:00             tickets at risk: (10:00, T-1)
09:40 reply      level DUE first reply -1 at 10:00             tickets at risk: none
                 pane of 09:40: met, 20 minutes before 10:00
10:05 triaged    the row counts for another slot: what was booked leaves 7 and comes back there
```
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from kpis import cell_numbers
from kpis.ledger import codec
from kpis.sla import commitments
from kpis.sla.at_risk import LONGEST_URL, AtRiskIndex, AtRiskKey, Entry, text_bytes
from kpis.sla.commitments import ClockRun
from kpis.sla.policy import Policy
from kpis.tickets.facts import FactEvent
from kpis.tickets.observe import Level, Observation
from kpis.tickets.row import TicketRow
from kpis.tickets.standing import Dims
from streams.events import (
    Discarded,
    FirstReply,
    Paused,
    Reopened,
    Replied,
    Resolved,
    Resumed,
    TicketCreated,
    Triaged,
)
from windows.deltas import Booking
from windows.protocols import WindowedTables

CONCERNED: Final = frozenset(
    {TicketCreated, FirstReply, Replied, Resolved, Paused, Resumed, Reopened, Discarded, Triaged}
)
Booked = tuple[Dims, list[Observation], list[Level]]
REPLIES: Final = frozenset({FirstReply, Replied})
NOTHING: Final[Booked] = (("", "", ""), [], [])


class SlaClocks:
    """Books what promises contribute, and lists the running clocks for the rows of tickets at risk."""

    def __init__(self, policy: Policy, tables: WindowedTables[Dims], rows: Mapping[str, TicketRow]) -> None:
        self._policy = policy
        self._tables = tables
        self._rows = rows
        # Invariant: (deadline, ticket) is listed here exactly while the ticket stands in that level. `_raise`
        # and `_lower` do both, and nothing else does either; `loaded` lists what the rows say.
        self._at_risk = AtRiskIndex()
        self._keys: dict[tuple[int, int], AtRiskKey] = {}  # by level and slot, so that a key is made once

    def before(self, row: TicketRow) -> Booked | None:
        """What is booked of a row."""
        return None if row.promise is None else (row.dims(), *commitments.contribution(row))

    def promise_again(self, row: TicketRow) -> bool:
        """Derive the promise of a row without booking anything.

        True where it is another one than the row has.
        """
        promise = commitments.derive(row, self._policy)
        changed = promise != row.promise
        row.promise, row.clocks = promise, None
        return changed

    def book(self, ticket_id: str, row: TicketRow, event: FactEvent, merge: Callable[[], None]) -> None:
        """Let an event be merged into a row, and book what that does to its promise.

        Invariant: `row.clocks` is None, or how the clocks of the row ran and what of that is booked. It saves
        running them twice an event; `PartitionState.take_changes` lets go of it.
        """
        promise = row.promise
        if promise is None and type(event) is not TicketCreated:
            merge()  # discarded, without a creation, or before the first version: nothing is ever promised
            return
        course, old = row.clocks or self._clocks(row)
        if type(event) in REPLIES and _changes_nothing(event, course):
            merge()
            return
        merge()
        known = None if promise is None or course is None else (course, promise)
        now = commitments.run(row)
        if now != course or promise is None:
            row.promise = promise = None if now is None else commitments.promise_of(now, self._policy, known)
            new = (
                NOTHING
                if promise is None or now is None
                else (row.dims(), *commitments.contribution_of(promise, now))
            )
        else:
            new = (row.dims(), *old[1:])
        row.clocks = (now, new)
        if old != new:
            self.move(ticket_id, row, old, new)
        # another creation may stand, with its time and link, though its deadlines are the same
        if type(event) is TicketCreated and new[2]:
            self._list(ticket_id, row, self._tables.number(new[0]), new[0], new[2])

    def _clocks(self, row: TicketRow) -> tuple[ClockRun | None, Booked]:
        """How the clocks of a row have run, and what is booked of them."""
        course = commitments.run(row)
        if row.promise is None or course is None:
            return course, NOTHING
        return course, (row.dims(), *commitments.contribution_of(row.promise, course))

    def move(self, ticket_id: str, row: TicketRow, old: Booked, new: Booked) -> None:
        """Book the difference."""
        old_dims, old_found, old_levels = old
        new_dims, new_found, new_levels = new
        if old_dims == new_dims:
            same = [one for one in old_found if one in new_found]
            old_found = [one for one in old_found if one not in same]
            new_found = [one for one in new_found if one not in same]
        deltas, number = self._tables.deltas, self._tables.number
        for dims, found, sign in ((old_dims, old_found, -1), (new_dims, new_found, 1)):
            if found:
                slot = number(dims)
                deltas.book(slot, _by_instant(found, sign))
        if old_dims == new_dims:
            staying = [level for level in old_levels if level in new_levels]
            old_levels = [level for level in old_levels if level not in staying]
            new_levels = [level for level in new_levels if level not in staying]
        self._lower(ticket_id, old_dims, old_levels)
        self._raise(ticket_id, row, new_dims, new_levels)

    def leave(self, ticket_id: str, row: TicketRow) -> None:
        """The row leaves the state: its clocks stand in no level any more."""
        booked = self.before(row)
        if booked is not None:
            dims, _, levels = booked
            self._lower(ticket_id, dims, levels)

    def come_back(self, ticket_id: str, row: TicketRow) -> None:
        """The row is back in the state.

        What was promised is derived again, and the clocks that run stand in their levels.
        """
        self.promise_again(row)
        booked = self.before(row)
        if booked is not None:
            dims, _, levels = booked
            self._raise(ticket_id, row, dims, levels)

    def _lower(self, ticket_id: str, dims: Dims, levels: list[Level]) -> None:
        slot = self._tables.number(dims) if levels else 0
        for level, due_ms in levels:
            self._tables.deltas.lower(level, due_ms, slot)
            self._at_risk.stop(self._key(level, slot), ticket_id, due_ms)

    def _raise(self, ticket_id: str, row: TicketRow, dims: Dims, levels: list[Level]) -> None:
        slot = self._tables.number(dims) if levels else 0
        for level, due_ms in levels:
            self._tables.deltas.raise_(level, due_ms, slot)
        self._list(ticket_id, row, slot, dims, levels)

    def _list(self, ticket_id: str, row: TicketRow, slot: int, dims: Dims, levels: list[Level]) -> None:
        if not levels:
            return
        url = None if row.creation is None else row.creation.url
        width = text_bytes(ticket_id, dims[1], dims[2], url)
        for level, due_ms in levels:
            self._at_risk.start(self._key(level, slot), ticket_id, due_ms, text_bytes=width)

    def _key(self, level: int, slot: int) -> AtRiskKey:
        key = self._keys.get((level, slot))
        if key is None:
            team, _, _ = self._tables.dims_of(slot)
            key = self._keys[level, slot] = AtRiskKey(cell_numbers.running_target(level), team)
        return key

    def size_of_changes(self) -> int:
        """Bytes that the changed rows of tickets at risk may take, estimated from above."""
        return self._at_risk.size_of_changes()

    def changes(self, newest_ms: int) -> list[tuple[bytes, bytes | None]]:
        """Rows of tickets at risk to be written, around the newest event."""
        return [
            (codec.at_risk_key(key), raw)
            for key, raw in self._at_risk.changes(newest_ms, self._entry, codec.encode_at_risk)
        ]

    def _entry(self, ticket_id: str, due_ms: int) -> Entry:
        row = self._rows[ticket_id]
        creation = row.creation
        assert creation is not None
        _, channel, priority = row.dims()
        url = creation.url if creation.url is not None and text_bytes(creation.url) <= LONGEST_URL else None
        return Entry(due_ms, ticket_id, creation.at_ms, channel, priority, url)

    def load(self, key: AtRiskKey, raw: bytes | None) -> None:
        """Take over a row of the ledger."""
        self._at_risk.load(key, raw, None if raw is None else codec.decode_at_risk(raw))

    def loaded(self, *, rebuilt: bool = False) -> None:
        """All rows are read: list the running clocks of the tickets.

        Where promises were made again, lists in the ledger may differ.
        """
        for ticket_id, row in self._rows.items():
            if levels := commitments.contribution(row)[1]:
                dims = row.dims()
                self._list(ticket_id, row, self._tables.number(dims), dims, levels)
        if rebuilt:
            self._at_risk.look_at_all()
        else:
            self._at_risk.loaded()


def _by_instant(found: list[Observation], sign: int) -> Iterator[Booking]:
    """Observations, or their opposite (sign -1), as one booking of each instant.

    >>> [*_by_instant([(60_000, 4, 1), (60_000, 5, 240)], 1)], [*_by_instant([(60_000, 4, 1)], -1)]
    ([(60000, (4,), (5, 240))], [(60000, (), (4, -1))])
    """
    for at_ms in {at_ms for at_ms, _, _ in found}:
        here = [(cell, sign * amount) for at, cell, amount in found if at == at_ms]
        counts = tuple([cell for cell, amount in here if amount == 1])
        yield at_ms, counts, tuple([number for pair in here if pair[1] != 1 for number in pair])


def _changes_nothing(event: Any, course: ClockRun | None) -> bool:
    """Whether a reply ends no wait for the first one, and cannot take the place of one that did.

    Of one identity the earlier stands.
    """
    if course is None:
        return False
    if course.replied_ms is None:
        return bool(getattr(event, "automated", False))
    return bool(event.occurred_at > course.replied_ms)
