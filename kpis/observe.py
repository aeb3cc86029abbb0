"""C(row): what a ticket or a customer contributes to panes and levels. A pure function of the row, so a change is C(new) - C(old)."""

from __future__ import annotations

from functools import lru_cache
from typing import Final, NamedTuple

from xxhash import xxh3_64_intdigest

from kpis import series
from kpis.customers import CustomerRow, intervals
from kpis.facts import Fact, FactSet
from kpis.tickets import UNKNOWN, Dims, TicketRow
from streams.events import Reopened, Resolved
from windows.distinct import REGISTERS
from windows.histogram import bucket

Observation = tuple[int, int, int]  # (event time ms, cell, amount)
Level = tuple[int, int]  # (series, creation ms)
PROMOTER_FROM: Final = 9
PASSIVE_FROM: Final = 7
SMALL_SCALE: Final = 4  # up to here only the top option satisfies; above, the top two


class Resolution(NamedTuple):
    """What the state machine of a ticket found; None where it did not happen."""

    first_ms: int | None = None  # first effective resolution
    solved_ms: int | None = None
    abandoned_ms: int | None = None
    reopened_ms: int | None = None  # first effective reopening
    state: str | None = None  # outcome of the resolution that holds now; None: open


NEVER: Final = Resolution()


def observe(row: TicketRow) -> list[Observation]:
    """All observations of a ticket, in an order in which later events append; empty when it is discarded.

    Amounts are +1, or the duration in ms for the sum cells.
    """
    return contribution(row)[0]


def levels(row: TicketRow) -> list[Level]:
    """The live levels that a ticket stands in: open, unanswered."""
    creation = row.creation
    if creation is None or row.discarded or (row.transitions is not None and resolution(row.transitions).state is not None):
        return []
    return _levels(creation.at_ms, row.replied_ms)


def _levels(created_ms: int, replied_ms: int | None) -> list[Level]:
    at = created_ms
    return [(series.OPEN, at)] if replied_ms is not None else [(series.OPEN, at), (series.UNANSWERED, at)]


def contribution(row: TicketRow) -> tuple[list[Observation], list[Level]]:
    """Observations and levels of a ticket at once, since both need the state machine."""
    found: list[Observation] = []
    if row.discarded:
        return found, []
    creation, replied = row.creation, row.replied_ms
    created = creation.at_ms if creation is not None else None
    state = NEVER
    if creation is not None:
        found.append((creation.at_ms, series.CREATED, 1))
        found.append((creation.at_ms, series.REGISTER + register(creation.customer_id), 1))
        if replied is not None:
            _duration(found, series.FIRST_RESPONSE, creation.at_ms, replied)
            _duration(found, series.RESPONSE, creation.at_ms, replied, count_anomaly=False)
    if row.replies is not None:
        for fact in row.replies.facts():
            _duration(found, series.RESPONSE, fact.content[0], fact.at_ms)
    if row.handled is not None:
        _handle_times(found, row.handled)
    if row.transitions is not None:
        _handle_times(found, row.transitions)
        state = resolution(row.transitions)
        _resolution(found, state, created)
    if row.surveys:
        found += [answer(row.surveys[kind]) for kind in sorted(row.surveys)]
    return found, _levels(created, replied) if created is not None and state.state is None else []


def resolution(transitions: FactSet) -> Resolution:
    """Run the state machine over the transitions: resolved while resolved and reopened while open are no-ops."""
    first = solved = abandoned = reopened = state = None
    for fact in transitions.facts():
        if fact.rank == Resolved.rank and state is None:
            state = fact.content[3]
            first = fact.at_ms if first is None else first
            if state == "abandoned":
                abandoned = fact.at_ms if abandoned is None else abandoned
            else:
                solved = fact.at_ms if solved is None else solved
        elif fact.rank == Reopened.rank and state is not None:
            state = None
            reopened = fact.at_ms if reopened is None else reopened
    return Resolution(first, solved, abandoned, reopened, state)


def _resolution(found: list[Observation], what: Resolution, created: int | None) -> None:
    if what.first_ms is not None:
        found.append((what.first_ms, series.RESOLVED, 1))
    if what.solved_ms is not None:
        found.append((what.solved_ms, series.SOLVED, 1))
        if created is not None:
            _duration(found, series.RESOLUTION, created, what.solved_ms)
        if what.state == "solved":
            found.append((what.solved_ms, series.NET, 1))
    if what.state == "solved" and created is not None:
        found.append((created, series.COHORT, 1))
    if what.abandoned_ms is not None:
        found.append((what.abandoned_ms, series.ABANDONED, 1))
    if what.reopened_ms is not None:
        found.append((what.reopened_ms, series.REOPENED, 1))


def _duration(found: list[Observation], base: int, start_ms: int, end_ms: int, *, count_anomaly: bool = True) -> None:
    length = end_ms - start_ms
    if length < 0:
        if count_anomaly:
            found.append((end_ms, series.ANOMALY, 1))
        length = 0
    _book(found, base, end_ms, length)


def _book(found: list[Observation], base: int, at_ms: int, length: int) -> None:
    found.append((at_ms, base, 1))
    if length:
        found.append((at_ms, base + 1, length))
    found.append((at_ms, base + 2 + bucket(length), 1))


def _handle_times(found: list[Observation], facts: FactSet) -> None:
    for fact in facts.facts():
        parts = [part for part in fact.content[:3] if part is not None]
        if parts:
            _book(found, series.HANDLE, fact.at_ms, sum(parts))


def answer(fact: Fact) -> Observation:
    """The cell of a survey answer."""
    kind, score, scale_max = fact.content[:3]
    if kind == "nps":
        cell = series.PROMOTERS if score >= PROMOTER_FROM else series.PASSIVES if score >= PASSIVE_FROM else series.DETRACTORS
    elif kind == "ces":
        cell = series.EFFORT + score
    else:
        scale = 5 if scale_max is None else scale_max
        satisfied = score == scale if scale <= SMALL_SCALE else score >= scale - 1
        cell = series.SATISFIED if satisfied else series.UNSATISFIED
    return (fact.at_ms, cell, 1)


def observe_answers(row: CustomerRow) -> list[tuple[Dims, Observation]]:
    """Survey answers that came without a ticket, with their dimensions: the answer's own team, the rest unknown."""
    return [((fact.content[4] or UNKNOWN, UNKNOWN, UNKNOWN), answer(fact)) for fact in (row.surveys or {}).values()]


def observe_spells(row: CustomerRow) -> list[tuple[int, int, int | None]]:
    """Joins and leaves as (event time ms, JOINED or LEFT, time of the leave before a join or None)."""
    found: list[tuple[int, int, int | None]] = []
    for spell in intervals(row):
        found.append((spell.joined_ms, series.JOINED, spell.previous_left_ms))
        if spell.left_ms is not None:
            found.append((spell.left_ms, series.LEFT, None))
    return found


@lru_cache(maxsize=65_536)
def register(customer_id: str) -> int:
    """The register of a customer: 24 bits of XXH3-64."""
    return xxh3_64_intdigest(customer_id.encode()) % REGISTERS
