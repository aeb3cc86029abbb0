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
from kpis.tickets import facts, merging, observe, steps
from kpis.tickets import row as tickets
from kpis.tickets.facts import (
    CREATED,
    DISCARDED,
    HANDLED,
    MERGED,
    PAUSED,
    RESTORED,
    RESUMED,
    RETRACTED,
    TRANSFERRED,
    TRIAGED,
    Fact,
    FactEvent,
)
from kpis.tickets.observe import Contribution
from kpis.tickets.row import CUSTOMERS, MOST_FACT_BYTES, MOST_FACTS, NEW, TicketRow
from kpis.tickets.standing import Dims, Filed, Standing, fresh
from windows.deltas import Booking
from windows.panes import DAY, SIX_HOURS
from windows.protocols import DeltaSink, WindowedTables

NumberOf = Callable[[Dims], int]
# These change what everything else of the ticket counts under, or whether it counts. Of a creation, which as
# a rule comes first, the difference costs hardly more than the step would (ADR 14).
_FAR: Final = frozenset({CREATED, TRIAGED, TRANSFERRED, MERGED, DISCARDED, RESTORED, RETRACTED})
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
    if fact[1] == CREATED and not row.facts and row.stub is None:
        _begin(row, fact, deltas, number)
        return True
    if (
        fact[1] in _FAR
        or row.corrected
        or len(row.facts) >= MOST_FACTS
        or row.size > MOST_FACT_BYTES // 2
        or not _step(row, fact, deltas, number)
    ):
        difference(row, fact, deltas, number, NEW)
    return True


def _begin(row: TicketRow, fact: Fact, deltas: DeltaSink, number: NumberOf) -> None:
    """The creation of a ticket of which nothing is known yet, as nearly always: its step is all."""
    standing, found = fresh(row.manner), [list[Booking]()]
    steps.create(standing, fact[0], fact[3], found)
    row.facts.append(fact)
    row.size += facts.bytes_of(fact)
    row.standing, row.log = standing, []
    slot = number(standing.dims())
    deltas.book(slot, found[0])
    for level, at_ms in observe.levels_of(standing):
        deltas.raise_(level, at_ms, slot)


def _step(row: TicketRow, fact: Fact, deltas: DeltaSink, number: NumberOf) -> bool:
    """Merge a fact and book its own step. False, and nothing done, when it may change those of later facts.

    Invariant: `row.standing` is None or what the facts of the row come to. So the last fact's step can be
    taken from there, without a walk over those before it.
    """
    standing = row.standing
    if standing is None:
        standing, row.log = observe.walk(row, None), None
        row.standing = standing
    known = row.facts
    if known and known[-1] > fact:
        return _between(row, standing, fact, deltas, number)
    before = observe.levels_of(standing)
    found: Filed = [[] for _ in range(standing.stretch + 1)]
    steps.step(standing, fact, found, row.log)
    known.append(fact)
    row.size += facts.bytes_of(fact)
    _book_found(standing, found, deltas, number)
    after = observe.levels_of(standing)
    if before != after:
        _turn(deltas, number(standing.dims()), before, after)
    return True


def _between(row: TicketRow, standing: Standing, fact: Fact, deltas: DeltaSink, number: NumberOf) -> bool:
    """As `_step`, for a fact before others: an interaction changes no other step, a pause none at all."""
    kind = fact[1]
    if kind in (PAUSED, RESUMED):
        if fact[0] < (standing.created_ms or 0):
            return False
        tickets.insert(row, fact)
        row.standing = row.log = None  # what clocks follow may change; no step does
        return True
    if kind != HANDLED or standing.handed is not None:
        return False
    tickets.insert(row, fact)
    found: Filed = [[]]
    steps.step(standing, fact, found)
    _book_found(standing, found, deltas, number)
    return True


def _book_found(standing: Standing, found: Filed, deltas: DeltaSink, number: NumberOf) -> None:
    """Book what a step has found, as far as it counts."""
    if standing.gone:
        if standing.is_withdrawn:
            return
        found = [observe.not_of_its_own(here) for here in found]
    for stretch, here in enumerate(found):
        if here:
            deltas.book(number(standing.dims_of(stretch)), here)


def _turn(deltas: DeltaSink, slot: int, before: list[observe.Level], after: list[observe.Level]) -> None:
    """Move a ticket between its levels after the last of its facts."""
    for level, at_ms in before:
        if (level, at_ms) not in after:
            deltas.lower(level, at_ms, slot)
    for level, at_ms in after:
        if (level, at_ms) not in before:
            deltas.raise_(level, at_ms, slot)


def difference(row: TicketRow, fact: Fact, deltas: DeltaSink, number: NumberOf, known: int) -> None:
    """Merge a fact, in place of the known one of its identity, and book C(new) - C(old), whatever that is."""
    old = observe.contribution(row)
    merging.put(row, fact, known)
    _move(deltas, number, old, observe.contribution(row))


def _move(deltas: DeltaSink, number: NumberOf, old: Contribution, new: Contribution) -> None:
    for dims, before in old.parts:
        after = next((bookings for other, bookings in new.parts if other == dims), [])
        same = _alike(before, after)
        if len(before) > same:
            deltas.withdraw(number(dims), before[same:])
    for dims, after in new.parts:
        before = next((bookings for other, bookings in old.parts if other == dims), [])
        same = _alike(before, after)
        if len(after) > same:
            deltas.book(number(dims), after[same:])
    if old.dims != new.dims:
        withdraw_levels(deltas, number, old.dims, old.levels)
        raise_levels(deltas, number, new.dims, new.levels)
    elif old.levels != new.levels:
        _turn(deltas, number(new.dims), old.levels, new.levels)


def _alike(before: list[Booking], after: list[Booking]) -> int:
    """How many bookings both begin with."""
    shared, same = min(len(before), len(after)), 0
    while same < shared and before[same] == after[same]:
        same += 1
    return same


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
