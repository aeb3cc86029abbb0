"""The common cases of a change of a ticket, booked directly: the same as C(new) - C(old), without observing the row twice.

Every shortcut takes a row that is not discarded and whose `last_ms` and identities were noted already. It merges the event and books what
changed, or it returns False and has done nothing: then `generic` does. tests/laws hold all of them to the generic difference.
`fresh` says that the row remembers all its identities and the event's was not among them: it cannot compete with a known one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, Protocol

from kpis import observe, series, tickets
from kpis.deltas import Deltas, level_key
from kpis.facts import Fact, FactSet
from kpis.tickets import Creation, Dims, TicketRow
from streams.events import FirstReply, Handled, Paused, Reopened, Replied, Resolved, Resumed, Survey, TicketCreated, Triaged

Number = Callable[[Dims], int]


class Shortcut(Protocol):
    """Merge and book an event of one kind, or return False."""

    def __call__(self, row: TicketRow, event: Any, deltas: Deltas, number: Number, *, fresh: bool) -> bool: ...


def generic(row: TicketRow, event: tickets.TicketEvent, deltas: Deltas, number: Number) -> None:
    """Merge an event and book C(new) - C(old), whatever it changes."""
    old: Contribution = (row.dims(), *observe.contribution(row))
    if tickets.merge(row, event):
        _move(deltas, number, old, (row.dims(), *observe.contribution(row)))


Contribution = tuple[Dims, list[observe.Observation], list[observe.Level]]


def _move(deltas: Deltas, number: Number, old: Contribution, new: Contribution) -> None:
    (old_dims, before, old_levels), (new_dims, after, new_levels) = old, new
    same = 0
    if old_dims == new_dims:
        shared = min(len(before), len(after))
        while same < shared and before[same] == after[same]:
            same += 1
    for dims, found, sign in ((old_dims, before[same:], -1), (new_dims, after[same:], 1)):
        if found:
            slot = number(dims)
            for at_ms, cell, amount in found:
                deltas.add(at_ms, slot, cell, sign * amount)
    if old_dims != new_dims or old_levels != new_levels:
        withdraw_levels(deltas, number, old_dims, old_levels)
        deltas.raised += [level_key(level, at_ms, number(new_dims)) for level, at_ms in new_levels]


def withdraw_levels(deltas: Deltas, number: Number, dims: Dims, levels: list[tuple[int, int]]) -> None:
    """The ticket stands in these levels no more."""
    deltas.lowered += [level_key(level, at_ms, number(dims)) for level, at_ms in levels]


def _created(row: TicketRow, event: TicketCreated, deltas: Deltas, number: Number, *, fresh: bool) -> bool:
    """The creation of a ticket of which nothing was booked yet: at most a first reply is known."""
    del fresh
    if (
        row.creation is not None
        or row.transitions is not None
        or row.handled is not None
        or row.replies is not None
        or row.surveys is not None
    ):
        return False
    at: int = event.occurred_at  # type: ignore[assignment]
    customer = event.customer_id
    row.creation = Creation(at, event.event_id, customer, event.team, event.channel, event.priority, event.url)
    slot = number(row.dims())
    deltas.count(at, slot, series.CREATED, series.REGISTER + observe.register(customer))
    open_ = level_key(series.OPEN, at, slot)
    if row.replied_ms is None:
        deltas.raised += (open_, open_ + _UNANSWERED)
    else:
        deltas.raised.append(open_)
        deltas.first_response(slot, end_ms=row.replied_ms, length_ms=row.replied_ms - at)
    return True


def _first_reply(row: TicketRow, event: FirstReply, deltas: Deltas, number: Number, *, fresh: bool) -> bool:
    """The first human reply, or one that changes nothing: automated, or later than the known one."""
    del fresh
    if event.automated:
        return True
    at: int = event.occurred_at  # type: ignore[assignment]
    if row.replied_ms is not None:
        return row.replied_ms <= at
    row.replied_ms = at
    creation = row.creation
    if creation is not None:
        slot = number(row.dims())
        deltas.first_response(slot, end_ms=at, length_ms=at - creation.at_ms)
        if row.transitions is None or observe.resolution(row.transitions).state is None:
            deltas.lowered.append(level_key(series.UNANSWERED, creation.at_ms, slot))
    return True


def _resolved(row: TicketRow, event: Resolved, deltas: Deltas, number: Number, *, fresh: bool) -> bool:
    """The first resolution of a ticket that was never reopened; it may have been paused."""
    at: int = event.occurred_at  # type: ignore[assignment]
    parts, outcome = event.parts_ms(), event.outcome or "solved"
    fact = Fact(at, Resolved.rank, event.event_id, (*parts, outcome))
    if row.transitions is None:
        row.transitions = FactSet([fact])
    elif not fresh or any(known.rank in _TURNS for known in row.transitions.smallest) or not row.transitions.append(fact):
        return False
    creation, slot = row.creation, number(row.dims())
    if parts != _NO_PARTS:
        deltas.duration(series.HANDLE, slot, end_ms=at, length_ms=sum(filter(None, parts)))
    if creation is not None:
        open_ = level_key(series.OPEN, creation.at_ms, slot)
        deltas.lowered += (open_,) if row.replied_ms is not None else (open_, open_ + _UNANSWERED)
    if outcome == "abandoned":
        deltas.count(at, slot, series.RESOLVED, series.ABANDONED)
        return True
    deltas.count(at, slot, series.RESOLVED, series.SOLVED, series.NET)
    if creation is not None:
        deltas.count(creation.at_ms, slot, series.COHORT)
        deltas.duration(series.RESOLUTION, slot, end_ms=at, length_ms=at - creation.at_ms)
    return True


def _replied(row: TicketRow, event: Replied, deltas: Deltas, number: Number, *, fresh: bool) -> bool:
    """A further reply, where the row has room for it."""
    at: int = event.occurred_at  # type: ignore[assignment]
    since: int = event.waiting_since  # type: ignore[assignment]
    if row.replies is None:
        row.replies = FactSet()
    if not fresh or not row.replies.append(Fact(at, Replied.rank, event.event_id, (since,))):
        return False
    deltas.duration(series.RESPONSE, number(row.dims()), end_ms=at, length_ms=at - since)
    return True


def _handled(row: TicketRow, event: Handled, deltas: Deltas, number: Number, *, fresh: bool) -> bool:
    """A further interaction, where the row has room for it."""
    at: int = event.occurred_at  # type: ignore[assignment]
    parts = event.parts_ms()
    if row.handled is None:
        row.handled = FactSet()
    if not fresh or not row.handled.append(Fact(at, Handled.rank, event.event_id, parts)):
        return False
    if parts != _NO_PARTS:
        deltas.duration(series.HANDLE, number(row.dims()), end_ms=at, length_ms=sum(filter(None, parts)))
    return True


def _waiting(row: TicketRow, event: Paused | Resumed, deltas: Deltas, number: Number, *, fresh: bool) -> bool:
    """A pause or its end, which no figure shows; where the row has no room, it might displace what one shows."""
    del deltas, number
    at: int = event.occurred_at  # type: ignore[assignment]
    if row.transitions is None:
        row.transitions = FactSet()
    return fresh and row.transitions.append(Fact(at, event.rank, event.event_id))


def _survey(row: TicketRow, event: Survey, deltas: Deltas, number: Number, *, fresh: bool) -> bool:
    """The first answer of its kind."""
    del fresh
    if row.surveys is None:
        row.surveys = {}
    elif event.kind in row.surveys:
        return False
    fact = row.surveys[event.kind] = tickets.survey_fact(event)
    at, cell, _ = observe.answer(fact)
    deltas.count(at, number(row.dims()), cell)
    return True


def _triaged(row: TicketRow, event: Triaged, deltas: Deltas, number: Number, *, fresh: bool) -> bool:
    """Other dimensions for the same observations."""
    del fresh
    old = row.dims()
    if tickets.merge(row, event) and row.dims() != old:
        found, levels = observe.contribution(row)
        _move(deltas, number, (old, found, levels), (row.dims(), found, levels))
    return True


_TURNS: Final = (Resolved.rank, Reopened.rank)
_NO_PARTS: Final = (None, None, None)
_UNANSWERED: Final = level_key(series.UNANSWERED, 0, 0) - level_key(series.OPEN, 0, 0)
SHORTCUTS: Final[dict[type, Shortcut]] = {
    TicketCreated: _created,
    FirstReply: _first_reply,
    Resolved: _resolved,
    Replied: _replied,
    Handled: _handled,
    Paused: _waiting,
    Resumed: _waiting,
    Survey: _survey,
    Triaged: _triaged,
}
