"""The customer row: when somebody was a customer, and survey answers that came without a ticket."""

from __future__ import annotations

from typing import Final, NamedTuple

from msgspec import Struct
from xxhash import xxh3_64_intdigest

from kpis.tickets import factsets
from kpis.tickets.factsets import FactSet, SetFact
from streams.events import CustomerChanged, Joined, Left, Survey

MOST_SEEN: Final = 256  # identities remembered to count duplicates
_RANKS: Final[dict[type, int]] = {Joined: factsets.JOINED, Left: factsets.LEFT, Survey: factsets.SURVEY}


class CustomerRow(Struct, array_like=True, gc=False):
    """One customer; merges in any order, like a ticket row."""

    last_ms: int = 0
    seen: list[int] = []
    transitions: FactSet | None = None
    surveys: dict[str, SetFact] | None = None


class Interval(NamedTuple):
    """One spell as a customer, and when the one before ended (None: there was none)."""

    joined_ms: int
    left_ms: int | None  # None: still a customer
    previous_left_ms: int | None


def note(row: CustomerRow, event: CustomerChanged | Survey) -> bool:
    """Remember an identity; False when it was known: a duplicate.

    Beyond MOST_SEEN identities nothing more is remembered: such an event merges as any other and is not
    counted as a duplicate.
    """
    row.last_ms = max(row.last_ms, event.occurred_at)
    digest = xxh3_64_intdigest(event.event_id.encode(), _RANKS[type(event)])
    if digest in row.seen:
        return False
    if len(row.seen) < MOST_SEEN:
        row.seen.append(digest)
    return True


def bytes_of(row: CustomerRow) -> int:
    """Bytes of a row in the ledger, estimated from above."""
    facts = [*(row.transitions.smallest if row.transitions else ()), *(row.surveys or {}).values()]
    return 256 + 9 * len(row.seen) + sum([_fact_bytes(fact.event_id, *fact.content) for fact in facts])


def growth_of(event: CustomerChanged | Survey) -> int:
    """The most bytes by which an event may make a row longer.

    The event may stand twice, as one of the smallest and as the greatest.
    """
    texts = (event.kind, event.customer_id, event.team) if isinstance(event, Survey) else ()
    return 9 + 2 * _fact_bytes(event.event_id, *texts)


def _fact_bytes(*values: object) -> int:
    return 32 + sum([9 if type(value) is not str else 5 + 4 * len(value) for value in values])


def merge(row: CustomerRow, event: CustomerChanged | Survey) -> bool:
    """Merge one event into the row in place; True when the row changed."""
    if isinstance(event, Survey):
        return _keep_latest(row, event)
    if row.transitions is None:
        row.transitions = FactSet()
    return row.transitions.insert(SetFact(event.occurred_at, _RANKS[type(event)], event.event_id))


def _keep_latest(row: CustomerRow, event: Survey) -> bool:
    """Keep the greater of two answers of a kind; True when that is the new one."""
    if row.surveys is None:
        row.surveys = {}
    content = (event.kind, event.score, event.scale_max, event.customer_id, event.team)
    fact, known = (
        SetFact(event.occurred_at, factsets.SURVEY, event.event_id, content),
        row.surveys.get(event.kind),
    )
    if known is not None and not fact.follows(known):
        return False
    row.surveys[event.kind] = fact
    return True


def intervals(row: CustomerRow) -> list[Interval]:
    """Spells as a customer in order: joining while active and leaving while inactive are no-ops."""
    spells: list[Interval] = []
    joined: int | None = None
    previous: int | None = None
    for fact in row.transitions.facts() if row.transitions else ():
        if fact.rank == factsets.JOINED and joined is None:
            joined = fact.at_ms
        elif fact.rank != factsets.JOINED and joined is not None:
            spells.append(Interval(joined, fact.at_ms, previous))
            joined, previous = None, fact.at_ms
    if joined is not None:
        spells.append(Interval(joined, None, previous))
    return spells


def is_active(row: CustomerRow) -> bool:
    """Whether the last spell has not ended."""
    spells = intervals(row)
    return bool(spells) and spells[-1].left_ms is None
