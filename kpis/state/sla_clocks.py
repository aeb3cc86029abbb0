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

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final, TypeVar

from kpis.ledger import codec
from kpis.sla import commitments
from kpis.sla.at_risk import LONGEST_URL, AtRiskIndex, AtRiskKey, Entry, SegmentEntry, text_bytes
from kpis.sla.commitments import NOTHING, DatedObservation, Promised, RunningLevel
from kpis.sla.policy import FIRST_REPLY, NEXT_REPLY, Policy
from kpis.tickets import observe
from kpis.tickets.facts import FactEvent
from kpis.tickets.observe import Observation
from kpis.tickets.promise import GIVEN, RESOLUTION_BITS, Promise
from kpis.tickets.row import TicketRow
from kpis.tickets.standing import Dims
from streams.events import Assigned, Due, Handled, Retracted, Survey, TicketCreated
from windows.deltas import Booking
from windows.protocols import WindowedTables

_T = TypeVar("_T")
UNCONCERNED: Final = frozenset({Survey, Handled, Assigned})
_TELLING: Final = frozenset({TicketCreated, Due, Retracted})


class SlaClocks:
    """Books what promises contribute, and lists the running clocks for the rows of tickets at risk."""

    def __init__(
        self, policy: Policy | None, tables: WindowedTables[Dims], rows: Mapping[str, TicketRow]
    ) -> None:
        self._policy = policy
        self._tables = tables
        self._rows = rows
        # Invariant: (deadline, ticket) is listed here exactly while a clock of the ticket runs, for the team
        # that has the ticket. `_list` and `_unlist` do both, and nothing else does either; `loaded` lists
        # what the rows say.
        self._at_risk = AtRiskIndex()
        self._keys: dict[tuple[str, str], AtRiskKey] = {}  # so that a key is made once

    def before(self, row: TicketRow) -> Promised | None:
        """What is booked of a row."""
        return None if row.promise is None else commitments.contribution(row)

    def promise_again(self, row: TicketRow) -> bool:
        """Derive the promise of a row without booking anything.

        True where it is another one than the row has.
        """
        promise = commitments.derive(row, self._policy)
        changed = promise != row.promise
        row.promise, row.clocks = promise, None
        return changed

    def follow_policy(self, ticket_id: str, row: TicketRow) -> bool:
        """Derive the promise of a row by a policy that has changed, and book the difference.

        True where it is another one than the row had.
        """
        old, dims = self.before(row) or NOTHING, row.dims()
        if not self.promise_again(row):
            return False
        self.move(ticket_id, row, (dims, old), (dims, self.before(row) or NOTHING))
        return True

    def book(self, ticket_id: str, row: TicketRow, event: FactEvent, merge: Callable[[], None]) -> None:
        """Let an event be merged into a row, and book what that does to its promise.

        Invariant: `row.clocks` is None, or the turns of the row and what of that is booked. It saves walking
        twice an event; `PartitionState.take_changes` lets go of it.
        """
        standing, log = row.standing, row.log
        if standing is None or log is None:
            log = []
            standing = observe.walk(row, None, log)
            row.standing, row.log = standing, log
        old = row.clocks or self._booked(row, commitments.turns_of(row))
        dims, gone, turned = standing.dims(), standing.gone, len(log)
        merge()
        # what else an entry says: its time and link, and whether the deadline came with the ticket
        is_told = type(event) in _TELLING
        if row.log is log and len(log) == turned and standing.gone == gone:
            row.clocks = old  # the fact is the last one, and has added nothing that a clock follows
            return
        now = commitments.turns_of(row)
        row.promise = None if now is None else commitments.promise_of(now, self._policy)
        new = self._booked(row, now)
        row.clocks = new
        self.move(ticket_id, row, (dims, old), (row.dims(), new))
        if is_told and new.running:  # though its deadlines may be the same
            self._list(ticket_id, row, row.dims(), new.running)

    @staticmethod
    def _booked(row: TicketRow, turns: commitments.Turns | None) -> Promised:
        """What is booked of the promise of a row."""
        if row.promise is None or turns is None:
            return NOTHING
        return commitments.contribution_of(row.promise, turns)

    def move(
        self, ticket_id: str, row: TicketRow, old: tuple[Dims, Promised], new: tuple[Dims, Promised]
    ) -> None:
        """Book the difference."""
        if old == new:
            return
        (old_dims, before), (new_dims, after) = old, new
        gone, come = _differing(before.found, after.found)
        self._book_found(gone, -1)
        self._book_found(come, 1)
        lowered, raised = _differing(before.levels, after.levels)
        self._change_levels(lowered, -1)
        self._change_levels(raised, 1)
        if old_dims == new_dims:
            stopped, started = _differing(before.running, after.running)
        else:
            stopped, started = before.running, after.running
        self._unlist(ticket_id, old_dims, stopped)
        self._list(ticket_id, row, new_dims, started)

    def _book_found(self, found: list[DatedObservation], sign: int) -> None:
        for dims in {dims for dims, _ in found}:
            here = [one for other, one in found if other == dims]
            self._tables.deltas.book(self._tables.number(dims), _by_instant(here, sign))

    def _change_levels(self, levels: Iterable[RunningLevel], sign: int) -> None:
        deltas, number = self._tables.deltas, self._tables.number
        for dims, level, due_ms, own_sign in levels:
            (deltas.raise_ if sign * own_sign > 0 else deltas.lower)(level, due_ms, number(dims))

    def leave(self, ticket_id: str, row: TicketRow) -> None:
        """The row leaves the state: its clocks stand in no level any more."""
        booked = self.before(row)
        if booked is not None:
            self._change_levels(booked.levels, -1)
            self._unlist(ticket_id, row.dims(), booked.running)

    def come_back(self, ticket_id: str, row: TicketRow) -> None:
        """The row is back in the state.

        What was promised is derived again, and the clocks that run stand in their levels.
        """
        self.promise_again(row)
        booked = self.before(row)
        if booked is not None:
            self._change_levels(booked.levels, 1)
            self._list(ticket_id, row, row.dims(), booked.running)

    def _unlist(self, ticket_id: str, dims: Dims, running: Iterable[tuple[str, int]]) -> None:
        for target, due_ms in running:
            self._at_risk.stop(self._key(target, dims), ticket_id, due_ms)

    def _list(self, ticket_id: str, row: TicketRow, dims: Dims, running: Iterable[tuple[str, int]]) -> None:
        started = list(running)
        if not started:
            return
        shown = self._shown(dims)
        url = None if row.creation is None else row.creation.url
        width = text_bytes(ticket_id, *shown[1:], url)
        for target, due_ms in started:
            self._at_risk.start(self._key(target, dims), ticket_id, due_ms, text_bytes=width)

    def _shown(self, dims: Dims) -> Dims:
        """The labels as they are admitted."""
        return self._tables.dims_of(self._tables.number(dims))

    def _key(self, target: str, dims: Dims) -> AtRiskKey:
        team = self._shown(dims)[0]
        key = self._keys.get((target, team))
        if key is None:
            key = self._keys[target, team] = AtRiskKey(target, team)
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

    def _entry(self, target: str, ticket_id: str, due_ms: int) -> Entry:
        row = self._rows[ticket_id]
        creation, promise = row.creation, row.promise
        assert creation is not None
        assert promise is not None
        _, channel, priority, *segment = row.dims()
        url = creation.url if creation.url is not None and text_bytes(creation.url) <= LONGEST_URL else None
        how, wait_ms = _running(promise, target)
        given = bool(how & GIVEN)
        plain = (due_ms, ticket_id, creation.at_ms, channel, priority, url, given, wait_ms)
        return SegmentEntry(*plain, *segment) if segment else Entry(*plain)

    def load(self, key: AtRiskKey, raw: bytes | None) -> None:
        """Take over a row of the ledger."""
        self._at_risk.load(key, raw, None if raw is None else codec.decode_at_risk(raw))

    def loaded(self, *, rebuilt: bool = False) -> None:
        """All rows are read: list the running clocks of the tickets.

        Where promises were made again, lists in the ledger may differ.
        """
        for ticket_id, row in self._rows.items():
            if running := commitments.contribution(row).running:
                self._list(ticket_id, row, row.dims(), running)
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


def _differing(before: list[_T], after: list[_T]) -> tuple[list[_T], list[_T]]:
    """What is in one list and not in the other, however often.

    >>> _differing([1, 1, 2], [1, 3])
    ([1, 2], [3])
    """
    left = list(after)
    gone: list[_T] = []
    for one in before:
        if one in left:
            left.remove(one)
        else:
            gone.append(one)
    return gone, left


def _running(promise: Promise, target: str) -> tuple[int, int | None]:
    """What is known of a running deadline, as bits, and when its wait began.

    Only that of a next reply has such a start.
    """
    if target == NEXT_REPLY:
        latest = promise.next_replies[-1]
        return latest.how, latest.start_ms
    return (promise.how if target == FIRST_REPLY else promise.how >> RESOLUTION_BITS), None
