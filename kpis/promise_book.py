"""Promises of a partition's tickets: derived when an event changes a row, booked as a difference, and listed by deadline.

It stands beside the booking of everything else: C(row) is the sum of both, so neither needs to know the other. Without a policy there
is no book, and an event costs nothing more.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from msgspec.structs import replace

from kpis import ledger, promises, series, tickets
from kpis.at_risk import LONGEST_URL, AtRiskIndex, AtRiskKey, Entry, text_bytes
from kpis.calendar import ALWAYS
from kpis.deltas import level_key
from kpis.policy import FIRST_REPLY, RESOLUTION, Policy
from kpis.promises import Level, Observation, Promise
from kpis.tables import Tables
from kpis.tickets import Creation, Dims, TicketRow
from streams.events import Discarded, FirstReply, Paused, Reopened, Resolved, Resumed, TicketCreated, Triaged

CONCERNED: Final = frozenset({TicketCreated, FirstReply, Resolved, Paused, Resumed, Reopened, Discarded, Triaged})
Booked = tuple[Dims, list[Observation], list[Level]]
NOTHING: Final[Booked] = (("", "", ""), [], [])


class PromiseBook:
    """Books what promises contribute, and keeps the running clocks that rows of tickets at risk are made of."""

    def __init__(self, policy: Policy, tables: Tables, rows: Mapping[str, TicketRow]) -> None:
        self._policy = policy
        self._tables = tables
        self._rows = rows
        self._at_risk = AtRiskIndex()
        self._keys: dict[tuple[int, int], AtRiskKey] = {}  # by level and number of the dimensions

    def before(self, row: TicketRow) -> Booked | None:
        """What is booked of a row."""
        return None if row.promise is None else (row.dims(), *promises.contribution(row))

    def promise_again(self, row: TicketRow) -> bool:
        """Derive the promise of a row without booking anything; True where it is another one than the row has."""
        promise = promises.derive(row, self._policy)
        changed = promise != row.promise
        row.promise = promise
        return changed

    def book(self, ticket_id: str, row: TicketRow, event: tickets.TicketEvent, merge: Callable[[], None]) -> None:
        """Let an event be merged into a row, and book what that does to its promise."""
        promise = row.promise
        kind = type(event)
        if row.discarded or (kind is not TicketCreated and promise is None):
            merge()  # discarded, without a creation, or before the first version: nothing is promised whatever else happens
            return
        shortcut = SHORTCUTS.get(kind)
        if shortcut is not None and shortcut(self, ticket_id, row, event, merge):
            return
        booked = self.before(row)
        merge()
        self.after(ticket_id, row, booked)

    def after(self, ticket_id: str, row: TicketRow, booked: Booked | None) -> None:
        """Derive the promise of a row that may have changed, and book the difference."""
        row.promise = promises.derive(row, self._policy)
        new = self.before(row)
        if new == booked:
            return
        old_dims, old_found, old_levels = booked if booked is not None else NOTHING
        new_dims, new_found, new_levels = new if new is not None else NOTHING
        if old_dims == new_dims:
            same = [one for one in old_found if one in new_found]
            old_found = [one for one in old_found if one not in same]
            new_found = [one for one in new_found if one not in same]
        deltas, number = self._tables.deltas, self._tables.number
        for dims, found, sign in ((old_dims, old_found, -1), (new_dims, new_found, 1)):
            for at_ms, cell, amount in found:
                deltas.add(at_ms, number(dims), cell, sign * amount)
        if old_dims != new_dims or old_levels != new_levels:
            self._lower(ticket_id, old_dims, old_levels)
            self._raise(ticket_id, row, new_dims, new_levels)

    def created(self, ticket_id: str, row: TicketRow, _: tickets.TicketEvent, merge: Callable[[], None]) -> bool:
        """The creation of a ticket of which nothing that concerns a promise is known."""
        if (row.creation, row.replied_ms, row.transitions) != (None, None, None):
            return False
        merge()
        creation = row.creation
        assert creation is not None
        terms = self._policy.terms(creation.at_ms, (creation.team, creation.channel, creation.priority))
        if terms is None:
            return True
        promised = (terms.first_reply, terms.resolution)
        dues = [None if term is None else term.calendar.after_ms(creation.at_ms, term.within_ms) for term in promised]
        allowances = [None if term is None else term.allowance for term in promised]
        row.promise = Promise(dues[0], dues[1], None, None, allowances[0], allowances[1])
        levels = [
            (series.due_level(target, allowance), due)
            for target, due, allowance in zip((FIRST_REPLY, RESOLUTION), dues, allowances, strict=True)
            if due is not None
        ]
        self._raise(ticket_id, row, row.dims(), levels)
        return True

    def first_reply(self, ticket_id: str, row: TicketRow, event: tickets.TicketEvent, merge: Callable[[], None]) -> bool:
        """The first reply to a ticket whose clocks have run since its creation, or one that changes nothing."""
        assert isinstance(event, FirstReply)
        at: int = event.occurred_at  # type: ignore[assignment]
        if event.automated or (row.replied_ms is not None and row.replied_ms <= at):
            merge()
            return True
        promise, creation = row.promise, row.creation
        if row.replied_ms is not None or row.transitions is not None or promise is None or creation is None:
            return False
        merge()
        slot = self._tables.number(row.dims())
        if (due := promise.reply_due_ms) is not None:
            allowance = promise.reply_allowance
            cells = promises.settled_cells(FIRST_REPLY, due, created=creation.at_ms, kept=at, allowance=allowance)
            self._settle(ticket_id, slot, series.due_level(FIRST_REPLY, allowance), due, cells)
        reply_ms = self._measure(series.FIRST_RESPONSE_BUSINESS, slot, creation, at)
        row.promise = replace(promise, reply_ms=reply_ms)
        return True

    def resolved(self, ticket_id: str, row: TicketRow, event: tickets.TicketEvent, merge: Callable[[], None]) -> bool:
        """The first transition of a ticket is its resolution: its deadlines stay where they are."""
        assert isinstance(event, Resolved)
        promise, creation = row.promise, row.creation
        if row.transitions is not None or promise is None or creation is None:
            return False
        merge()
        at: int = event.occurred_at  # type: ignore[assignment]
        created, solved = creation.at_ms, event.outcome != "abandoned"
        slot = self._tables.number(row.dims())
        if (due := promise.resolution_due_ms) is not None:
            allowance, kept = promise.resolution_allowance, at if solved else None
            cells = promises.settled_cells(RESOLUTION, due, created=created, kept=kept, allowance=allowance)
            self._settle(ticket_id, slot, series.due_level(RESOLUTION, allowance), due, cells if solved or at > due else ())
        if (due := promise.reply_due_ms) is not None and row.replied_ms is None:
            allowance = promise.reply_allowance
            cells = promises.settled_cells(FIRST_REPLY, due, created=created, kept=None, allowance=allowance)
            self._settle(ticket_id, slot, series.due_level(FIRST_REPLY, allowance), due, cells if at > due else ())
        if solved:
            resolution_ms = self._measure(series.RESOLUTION_BUSINESS, slot, creation, at)
            row.promise = replace(promise, resolution_ms=resolution_ms)
        return True

    def triaged(self, ticket_id: str, row: TicketRow, _: tickets.TicketEvent, merge: Callable[[], None]) -> bool:
        """Other dimensions for the same promise, or the same ones."""
        old = row.dims()
        booked = self.before(row)
        merge()
        if row.dims() != old:
            self.after(ticket_id, row, booked)
        return True

    def _settle(self, ticket_id: str, slot: int, level: int, due_ms: int, cells: tuple[int, ...]) -> None:
        """A clock that ran has come to an end; cells say how, none of them that it came to nothing."""
        deltas = self._tables.deltas
        deltas.lowered.append(level_key(level, due_ms, slot))
        self._at_risk.stop(self._key(level, slot), ticket_id, due_ms)
        if cells:
            deltas.count(due_ms, slot, *cells)

    def _measure(self, base: int, slot: int, creation: Creation, end_ms: int) -> int | None:
        """A duration by the calendar of the team, booked at its end; None where the team has none."""
        terms = self._policy.terms(creation.at_ms, (creation.team, creation.channel, creation.priority))
        if terms is None or terms.calendar is ALWAYS:
            return None
        length = terms.calendar.elapsed_ms(creation.at_ms, end_ms)
        self._tables.deltas.duration(base, slot, end_ms=end_ms, length_ms=length)
        return length

    def leave(self, ticket_id: str, row: TicketRow) -> None:
        """The row leaves the state: its clocks stand in no level any more."""
        booked = self.before(row)
        if booked is not None:
            dims, _, levels = booked
            self._lower(ticket_id, dims, levels)

    def _lower(self, ticket_id: str, dims: Dims, levels: list[Level]) -> None:
        slot = self._tables.number(dims) if levels else 0
        for level, due_ms in levels:
            self._tables.deltas.lowered.append(level_key(level, due_ms, slot))
            self._at_risk.stop(self._key(level, slot), ticket_id, due_ms)

    def _raise(self, ticket_id: str, row: TicketRow, dims: Dims, levels: list[Level]) -> None:
        slot = self._tables.number(dims) if levels else 0
        self._tables.deltas.raised += [level_key(level, due_ms, slot) for level, due_ms in levels]
        self._list(ticket_id, row, slot, dims, levels)

    def _list(self, ticket_id: str, row: TicketRow, slot: int, dims: Dims, levels: list[Level]) -> None:
        url = None if row.creation is None else row.creation.url
        width = text_bytes(ticket_id, dims[1], dims[2], url)
        for level, due_ms in levels:
            self._at_risk.start(self._key(level, slot), ticket_id, due_ms, text_bytes=width)

    def _key(self, level: int, slot: int) -> AtRiskKey:
        key = self._keys.get((level, slot))
        if key is None:
            team, _, _ = self._tables.names_of(slot)
            key = self._keys[level, slot] = AtRiskKey(series.running_target(level), team)
        return key

    def size_of_changes(self) -> int:
        """Bytes that the changed rows of tickets at risk may take, estimated from above."""
        return self._at_risk.size_of_changes()

    def changes(self, newest_ms: int) -> list[tuple[bytes, bytes | None]]:
        """Rows of tickets at risk to be written, around the newest event."""
        return [(ledger.at_risk_key(key), raw) for key, raw in self._at_risk.changes(newest_ms, self._entry, ledger.encode_at_risk)]

    def _entry(self, ticket_id: str, due_ms: int) -> Entry:
        row = self._rows[ticket_id]
        creation = row.creation
        assert creation is not None
        _, channel, priority = row.dims()
        url = creation.url if creation.url is not None and text_bytes(creation.url) <= LONGEST_URL else None
        return Entry(due_ms, ticket_id, creation.at_ms, channel, priority, url)

    def load(self, key: AtRiskKey, raw: bytes | None) -> None:
        """Take over a row of the ledger."""
        self._at_risk.load(key, raw, None if raw is None else ledger.decode_at_risk(raw))

    def loaded(self, *, rebuilt: bool = False) -> None:
        """All rows are read: list the running clocks of the tickets. Where promises were made again, lists in the ledger may differ."""
        for ticket_id, row in self._rows.items():
            if levels := promises.contribution(row)[1]:
                dims = row.dims()
                self._list(ticket_id, row, self._tables.number(dims), dims, levels)
        if rebuilt:
            self._at_risk.look_at_all()
        else:
            self._at_risk.loaded()


Shortcut = Callable[[PromiseBook, str, TicketRow, tickets.TicketEvent, Callable[[], None]], bool]
# Each merges the event and books the difference, or it returns False and has done nothing. tests/laws hold them to the difference.
SHORTCUTS: Final[dict[type, Shortcut]] = {
    TicketCreated: PromiseBook.created,
    FirstReply: PromiseBook.first_reply,
    Resolved: PromiseBook.resolved,
    Triaged: PromiseBook.triaged,
}
