"""Merging an event into a ticket row, and what becomes of a row that has more facts than it may keep."""

from __future__ import annotations

from typing import Final

import msgspec

from kpis.tickets import facts, observe
from kpis.tickets import row as tickets
from kpis.tickets.facts import RETRACTED, Fact, FactEvent
from kpis.tickets.manner import AS_USUAL
from kpis.tickets.row import (
    LOST,
    MOST_FACT_BYTES,
    MOST_FACTS,
    NEW,
    ROW_BYTES,
    BookedMinutes,
    Stub,
    TicketRow,
)
from kpis.tickets.standing import Filed
from kpis.tickets.steps import Log, step
from kpis.tickets.turns import old_turns
from windows.deltas import Booking
from windows.panes import MINUTE_MS

KEPT_FACTS: Final = MOST_FACTS - MOST_FACTS // 10  # so that not every event beyond the bound makes work
KEPT_FACT_BYTES: Final = MOST_FACT_BYTES - MOST_FACT_BYTES // 10
MOST_STUB_BYTES: Final = 80 * 1024
MOST_TURNS: Final = 2_000
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
    row.standing = row.log = None
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
    standing_facts = row.standing_facts()
    standing = observe.begin(row, None, facts=standing_facts)
    creation = row.creation_fact(standing_facts)
    stands = {id(fact) for fact in standing_facts}
    kept: list[Fact] = []
    run = 0  # repeats at the end of `kept`
    before = _encode(standing)
    for fact in row.facts:
        found: Filed = [[] for _ in range(standing.stretch + 1)]
        log: Log = []
        if id(fact) in stands:
            step(standing, fact, found, log)
        after = _encode(standing)
        if any(found) or log or after != before or fact is creation or fact[1] == RETRACTED:
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
    found: Filed = []
    log: Log = []
    # a stub is the same bytes in every manner, and read in the desk's (`observe.begin`)
    standing_facts = row.standing_facts()
    standing = observe.begin(row, found, log, AS_USUAL, standing_facts)
    folded = row.facts[:count]
    stands = {id(fact) for fact in standing_facts}
    for fact in folded:
        if id(fact) in stands:
            step(standing, fact, found, log)
    row.facts = row.facts[count:]
    row.corrected = any(fact[1] == RETRACTED for fact in row.facts)
    first, *later = map(_by_minute, found)
    log = log[-MOST_TURNS:]
    row.stub = Stub(standing, folded[-1][0], first, old_turns(log), later, log)
    row.stub_size = _limit(row.stub)


def turns_of(row: TicketRow) -> Log:
    """The turns of a stub and of all facts of a row: the latest MOST_TURNS."""
    log: Log = []
    observe.walk(row, None, log)
    return log[-MOST_TURNS:]


def _by_minute(found: list[Booking]) -> BookedMinutes:
    """The sum of bookings by minute, which is what the finest panes know."""
    sums: BookedMinutes = {}
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
        fullest = max(stub.by_stretch(), key=len)
        if fullest:
            for minute in list(fullest)[: 1 + len(fullest) // 10]:
                del fullest[minute]
        else:  # thousands of respondents: of the oldest a later answer counts beside the earlier one
            answers = stub.standing.answers or []
            del answers[: 1 + len(answers) // 10]
        size = len(_encode(stub))
    return size
