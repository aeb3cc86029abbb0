"""Booking what an event changes of a ticket: its own step where that is all, else C(new) - C(old).

The facts of a ticket stand in the order of their times, and each adds its step to panes (`observe.step`).
Which steps a new fact changes depends on its place, not on when it arrived:

```
created ------ reply ------ handled ------ solved             what the row has
created ------ reply ------ handled ------ solved -- [CSAT]   the last fact: its step is all         _step
created ------ reply -- [handled] -- handled ------ solved    no other step reads it: likewise       _between
created -- [reply] -- reply ------ handled ------ solved      another reply is the first now        difference
```
So nearly every event books a few numbers, and one that came late books what it takes.

>>> from streams.events import FirstReply, TicketCreated
>>> from windows.deltas import Deltas
>>> from windows.keys import SLOT_BITS
>>> created = TicketCreated(
...     event_id="1", occurred_at=0, ticket_id="T", customer_id="c", team="t", channel="m", priority="p"
... )
>>> row, deltas, slot = TicketRow(), Deltas(), lambda dims: 0
>>> book(row, created, deltas, slot)
True
>>> _ = deltas.take_notes()
>>> def shown():  # by minute: cells that gain 1, and other amounts
...     return [(key >> SLOT_BITS, counts, amounts) for key, counts, amounts in deltas.take_notes()]

A reply after 5 minutes: a first response, its bucket, the same as a response, and the two lengths.

>>> book(row, FirstReply(event_id="2", occurred_at=300_000, ticket_id="T"), deltas, slot)
True
>>> shown()
[(5, (4096, 4619, 8192, 8715), (4097, 300000, 8193, 300000))]

One after 2 minutes arrives afterwards: the first is withdrawn from its minute, and stands in another.

>>> book(row, FirstReply(event_id="3", occurred_at=120_000, ticket_id="T"), deltas, slot)
True
>>> for minute, counts, amounts in shown():
...     print(minute, counts, amounts)
5 () (4096, -1, 4619, -1, 8192, -1, 8715, -1, 4097, -300000, 8193, -300000)
2 (4096, 4571, 8192, 8667) (4097, 120000, 8193, 120000)

What comes again changes nothing.

>>> book(row, FirstReply(event_id="3", occurred_at=120_000, ticket_id="T"), deltas, slot), shown()
(False, [])
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from kpis import cell_numbers
from kpis.tickets import facts, merging, observe
from kpis.tickets import row as tickets
from kpis.tickets.facts import (
    CREATED,
    DISCARDED,
    HANDLED,
    PAUSED,
    REPLIED,
    RESUMED,
    TRIAGED,
    Fact,
    FactEvent,
)
from kpis.tickets.row import CUSTOMERS, MOST_FACT_BYTES, MOST_FACTS, NEW, Dims, Standing, TicketRow
from windows.deltas import Booking
from windows.panes import DAY, SIX_HOURS
from windows.protocols import DeltaSink, WindowedTables

NumberOf = Callable[[Dims], int]
# These change what everything else of the ticket counts under, or whether it counts. Of a creation, which as
# a rule comes first, the difference costs hardly more than the step would (ADR 14).
_FAR: Final = (CREATED, TRIAGED, DISCARDED)
_CUSTOMER_RESOLUTIONS: Final = (SIX_HOURS, DAY)


def book(row: TicketRow, event: FactEvent, deltas: DeltaSink, number: NumberOf) -> bool:
    """Merge an event and book what that changes; False when its identity was known: a duplicate."""
    fact = facts.fact_of(event)
    row.last_ms = max(row.last_ms, fact[0])
    known = tickets.place_of(row, fact, event)
    if known != NEW:
        if merging.stands(row, fact, known):
            difference(row, fact, deltas, number, known)
        return False
    kind = fact[1]
    if (
        kind in _FAR
        or len(row.facts) >= MOST_FACTS
        or row.size > MOST_FACT_BYTES // 2
        or not _step(row, fact, deltas, number)
    ):
        difference(row, fact, deltas, number, NEW)
    return True


def _step(row: TicketRow, fact: Fact, deltas: DeltaSink, number: NumberOf) -> bool:
    """Merge a fact and book its own step. False, and nothing done, when it may change those of later facts.

    Invariant: `row.standing` is None or what the facts of the row come to. So the last fact's step can be
    taken from there, without a walk over those before it.
    """
    standing = row.standing
    if standing is None:
        standing = row.standing = observe.walk(row, None)
    known = row.facts
    if known and known[-1] > fact:
        return _between(row, standing, fact, deltas, number)
    created = standing.created_ms
    was_open, was_answered = created is not None and standing.outcome is None, standing.replied_ms is not None
    found: list[Booking] = []
    observe.step(standing, fact, found)
    known.append(fact)
    row.size += facts.bytes_of(fact)
    if standing.discarded:
        return True
    turned = (
        was_open != (standing.outcome is None) or was_answered != (standing.replied_ms is not None)
    ) and (standing.created_ms is not None)
    if found or turned:
        slot = number(standing.dims())
        if found:
            deltas.book(slot, found)
        if turned:
            _turn(standing, deltas, slot, was_open=was_open, was_answered=was_answered)
    return True


def _between(row: TicketRow, standing: Standing, fact: Fact, deltas: DeltaSink, number: NumberOf) -> bool:
    """As `_step`, for a fact before others: an interaction, or a later reply, changes no other step."""
    at, kind, _, content = fact
    if kind == REPLIED:
        automated = len(content) > 1 and content[1]
        if not automated and (standing.replied_ms is None or at <= standing.replied_ms):
            return False
    elif kind in (PAUSED, RESUMED) and at >= (standing.created_ms or 0):
        row.standing = None  # whether the ticket is paused may follow from it; no step does
    elif kind != HANDLED:
        return False
    tickets.insert(row, fact)
    found: list[Booking] = []
    observe.step(standing, fact, found)
    if found and not standing.discarded:
        deltas.book(number(standing.dims()), found)
    return True


def _turn(standing: Standing, deltas: DeltaSink, slot: int, *, was_open: bool, was_answered: bool) -> None:
    """Move a ticket between its levels after the last of its facts."""
    assert standing.created_ms is not None
    open_, answered = standing.outcome is None, standing.replied_ms is not None
    if open_ != was_open:
        (deltas.raise_ if open_ else deltas.lower)(cell_numbers.OPEN, standing.created_ms, slot)
    unanswered, was_unanswered = open_ and not answered, was_open and not was_answered
    if unanswered != was_unanswered:
        waits_since = observe.waits_since(standing, standing.created_ms)
        (deltas.raise_ if unanswered else deltas.lower)(cell_numbers.UNANSWERED, waits_since, slot)


def difference(row: TicketRow, fact: Fact, deltas: DeltaSink, number: NumberOf, known: int) -> None:
    """Merge a fact, in place of the known one of its identity, and book C(new) - C(old), whatever that is."""
    old = contribution(row)
    merging.put(row, fact, known)
    row.standing = None
    _move(deltas, number, old, contribution(row))


Contribution = tuple[Dims, list[Booking], list[observe.Level]]


def contribution(row: TicketRow) -> Contribution:
    """C(row), with the dimensions it counts under."""
    found: list[Booking] = []
    standing = observe.walk(row, found)
    return standing.dims(), [] if standing.discarded else found, observe.levels_of(standing)


def _move(deltas: DeltaSink, number: NumberOf, old: Contribution, new: Contribution) -> None:
    (old_dims, before, old_levels), (new_dims, after, new_levels) = old, new
    same = 0
    if old_dims == new_dims:
        shared = min(len(before), len(after))
        while same < shared and before[same] == after[same]:
            same += 1
    if len(before) > same:
        deltas.withdraw(number(old_dims), before[same:])
    if len(after) > same:
        deltas.book(number(new_dims), after[same:])
    if old_dims != new_dims or old_levels != new_levels:
        withdraw_levels(deltas, number, old_dims, old_levels)
        raise_levels(deltas, number, new_dims, new_levels)


def raise_levels(deltas: DeltaSink, number: NumberOf, dims: Dims, levels: list[observe.Level]) -> None:
    """The ticket stands in these levels from now on."""
    if levels:
        slot = number(dims)
        for level, at_ms in levels:
            deltas.raise_(level, at_ms, slot)


def withdraw_levels(deltas: DeltaSink, number: NumberOf, dims: Dims, levels: list[observe.Level]) -> None:
    """The ticket stands in these levels no more."""
    if levels:
        slot = number(dims)
        for level, at_ms in levels:
            deltas.lower(level, at_ms, slot)


def book_spells(tables: WindowedTables[Dims], spells: list[observe.Spell], sign: int) -> None:
    """Book the joins and leaves of a customer in the panes of customers, or take them back (sign -1).

    A join counts once more by the pane of the leave before it, so that a window can tell who was a customer
    before it.
    """
    slot = tables.number(CUSTOMERS)
    for at_ms, cell, previous_left_ms in spells:
        for resolution in _CUSTOMER_RESOLUTIONS:
            delta = {cell: sign}
            if previous_left_ms is not None:
                delta[cell_numbers.REJOINED + resolution.pane(previous_left_ms)] = sign
            tables.add(resolution, at_ms, slot, delta)
