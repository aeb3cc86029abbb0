"""The customer row: when somebody was a customer, and survey answers that came without a ticket."""

from __future__ import annotations

from typing import NamedTuple

from msgspec import Struct

from kpis.facts import Fact, FactSet
from kpis.tickets import keep_latest, survey_fact
from streams.events import CustomerChanged, Joined, Survey


class CustomerRow(Struct, array_like=True, gc=False):
    """One customer; merges in any order, like a ticket row."""

    last_ms: int = 0
    seen: list[int] = []
    transitions: FactSet | None = None
    surveys: dict[str, Fact] | None = None


class Interval(NamedTuple):
    """One spell as a customer, and when the one before ended (None: there was none)."""

    joined_ms: int
    left_ms: int | None  # None: still a customer
    previous_left_ms: int | None


def merge(row: CustomerRow, event: CustomerChanged | Survey) -> bool:
    """Merge one event into the row in place; True when the row changed."""
    if isinstance(event, Survey):
        if row.surveys is None:
            row.surveys = {}
        return keep_latest(row.surveys, event.kind, survey_fact(event))
    if row.transitions is None:
        row.transitions = FactSet()
    return row.transitions.insert(Fact(event.at_ms, event.rank, event.event_id))


def intervals(row: CustomerRow) -> list[Interval]:
    """Spells as a customer in order: joining while active and leaving while inactive are no-ops."""
    spells: list[Interval] = []
    joined: int | None = None
    previous: int | None = None
    for fact in row.transitions.facts() if row.transitions else ():
        if fact.rank == Joined.rank and joined is None:
            joined = fact.at_ms
        elif fact.rank != Joined.rank and joined is not None:
            spells.append(Interval(joined, fact.at_ms, previous))
            joined, previous = None, fact.at_ms
    if joined is not None:
        spells.append(Interval(joined, None, previous))
    return spells


def is_active(row: CustomerRow) -> bool:
    """Whether the last spell has not ended."""
    spells = intervals(row)
    return bool(spells) and spells[-1].left_ms is None
