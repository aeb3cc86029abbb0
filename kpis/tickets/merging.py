"""Merging an event into a ticket row, and what becomes of a row that has more facts than it may keep."""

from __future__ import annotations

from typing import Final

import msgspec

from kpis.tickets import facts, observe
from kpis.tickets import row as tickets
from kpis.tickets.facts import CREATED, PAUSED, REOPENED, RESOLVED, RESUMED, Fact, FactEvent
from kpis.tickets.row import LOST, MOST_FACT_BYTES, MOST_FACTS, NEW, ROW_BYTES, Stub, TicketRow, Turn
from windows.deltas import Booking
from windows.panes import MINUTE_MS

KEPT_FACTS: Final = MOST_FACTS - MOST_FACTS // 10  # so that not every event beyond the bound makes work
KEPT_FACT_BYTES: Final = MOST_FACT_BYTES - MOST_FACT_BYTES // 10
MOST_STUB_BYTES: Final = 80 * 1024
MOST_TURNS: Final = 2_000
_TURNS: Final = frozenset({PAUSED, RESUMED, RESOLVED, REOPENED})
_encode: Final = msgspec.msgpack.Encoder().encode


def merge(row: TicketRow, event: FactEvent) -> bool:
    """Merge one event into the row in place; False: its identity was known.

    Commutative, associative, idempotent up to MOST_FACTS.
    """
    fact = facts.fact_of(event)
    row.last_ms = max(row.last_ms, fact[0])
    known = tickets.place_of(row, fact, event)
    if known == NEW or stands(row, fact, known):
        put(row, fact, known)
    return known == NEW


def stands(row: TicketRow, fact: Fact, known: int) -> bool:
    """Whether a fact of a known identity stands in place of the known one."""
    return known != LOST and facts.precedes(fact, row.facts[known])


def put(row: TicketRow, fact: Fact, known: int = NEW) -> None:
    """Put a fact into its place, instead of the known one of its identity."""
    if known >= 0:
        row.size -= facts.bytes_of(row.facts.pop(known))
    tickets.insert(row, fact)
    if tickets.is_full(row):
        shrink(row)


def shrink(row: TicketRow) -> None:
    """Let go of facts until the row has room again.

    First the interior of runs of repeats goes, then the oldest facts, which leave a stub.
    """
    row.overflowed = True
    row.facts = _without_repeats(row)
    row.size = ROW_BYTES + sum(map(facts.bytes_of, row.facts))
    left = row.size
    count = 0
    while len(row.facts) - count > KEPT_FACTS or left > KEPT_FACT_BYTES:
        left -= facts.bytes_of(row.facts[count])
        count += 1
    if count:
        _fold(row, count)
        row.size = left


def _without_repeats(row: TicketRow) -> list[Fact]:
    """The facts without those inside runs of repeats.

    A repeat is a fact that changes nothing at its place.
    """
    standing = observe.begin(row, None)
    creation = next((fact for fact in row.facts if fact[1] == CREATED), None)
    kept: list[Fact] = []
    run = 0  # repeats at the end of `kept`
    before = _encode(standing)
    for fact in row.facts:
        found: list[Booking] = []
        observe.step(standing, fact, found)
        after = _encode(standing)
        if found or after != before or fact is creation:
            run = 0
        elif run == 2:
            kept[-1] = fact
            continue
        else:
            run += 1
        kept.append(fact)
        before = after
    return kept


def _fold(row: TicketRow, count: int) -> None:
    """Fold the oldest facts into the stub."""
    found: list[Booking] = []
    standing = observe.begin(row, found)
    turns = turns_of(row, count)
    folded = row.facts[:count]
    for fact in folded:
        observe.step(standing, fact, found)
    row.facts = row.facts[count:]
    row.stub = Stub(standing, folded[-1][0], _by_minute(found), turns)
    row.stub_size = _limit(row.stub)


def turns_of(row: TicketRow, count: int) -> list[Turn]:
    """The changes of state of a stub and of the first facts of a row: the latest MOST_TURNS."""
    turns = [] if row.stub is None else list(row.stub.turns)
    turns += [turn_of(fact) for fact in row.facts[:count] if fact[1] in _TURNS]
    return turns[-MOST_TURNS:]


def turn_of(fact: Fact) -> Turn:
    """A change of state without its identity."""
    return (fact[0], fact[1], bool(fact[3] and fact[3][0]))


def _by_minute(found: list[Booking]) -> dict[int, dict[int, int]]:
    """The sum of bookings by minute, which is what the finest panes know."""
    sums: dict[int, dict[int, int]] = {}
    for at_ms, cell, amount in observe.observations(found):
        cells = sums.setdefault(at_ms // MINUTE_MS, {})
        cells[cell] = cells.get(cell, 0) + amount
    return {
        minute: kept
        for minute in sorted(sums)
        if (kept := {cell: n for cell, n in sorted(sums[minute].items()) if n})
    }


def _limit(stub: Stub) -> int:
    """Keep the stub within its bytes: the oldest minutes are let go of. Returns how many it takes."""
    size = len(_encode(stub))
    while size > MOST_STUB_BYTES:
        if stub.booked:
            for minute in list(stub.booked)[: 1 + len(stub.booked) // 10]:
                del stub.booked[minute]
        else:  # thousands of respondents: of the oldest a later answer counts beside the earlier one
            answers = stub.standing.answers or []
            del answers[: 1 + len(answers) // 10]
        size = len(_encode(stub))
    return size
