"""Which facts of a ticket stand: those that nobody has retracted.

A retraction takes back what it names, whichever comes first; it cannot be taken back itself. What lies behind
a silence that a row does not outlast has left its row with all that it booked, and stands for ever:

```
   created   solved  |<------------- more than 61 days ------------->|   reopened   retracted: solved
                     the row may have left, and what remains of it counts        -> refused
```
Where such a silence begins follows from event times, so it does not matter whether the row is still there.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Final

from kpis.tickets.facts import CREATED, KIND_OF_STORED, RETRACTABLE, RETRACTED, Fact, digest
from kpis.tickets.standing import Standing, fresh
from kpis.tickets.steps import create, step
from windows.panes import DAY_MS, SIX_HOURS

CLOSED_KNOWN_MS: Final = SIX_HOURS.retention_ms  # after what a closed ticket has booked last
OPEN_KNOWN_MS: Final = 365 * DAY_MS  # after the last event of an open one
_EVERY_KIND: Final = frozenset(KIND_OF_STORED.values())


def standing_facts(facts: Sequence[Fact], begun: Standing | None) -> list[Fact]:
    """The facts, which are in their order, without those that were retracted and without the retractions.

    `begun`: what the ticket had come to before them; None: nothing is known of it.
    """
    return _without_retracted(facts, _silences(facts, begun))


def refused(facts: Sequence[Fact], begun: Standing | None, retraction: Fact) -> bool:
    """Whether a retraction names something that it cannot take back any more."""
    silences, named = _silences(facts, begun), _named([retraction])
    return any(_is_named(fact, named) and not _is_taken_back(fact, named, silences) for fact in facts)


# By the digest of the event that it names: when a retraction is of, and the kinds of facts that it means.
_Named = dict[bytes, list[tuple[int, frozenset[int]]]]


def _named(retractions: Iterable[Fact]) -> _Named:
    found: _Named = {}
    for at_ms, _, _, (retracts, *kind) in retractions:
        found.setdefault(digest(retracts), []).append((at_ms, RETRACTABLE[kind[0]] if kind else _EVERY_KIND))
    return found


def _is_named(fact: Fact, named: _Named) -> bool:
    return fact[1] != RETRACTED and any(fact[1] in kinds for _, kinds in named.get(fact[2], ()))


def _is_taken_back(fact: Fact, named: _Named, silences: Sequence[int]) -> bool:
    return any(
        fact[1] in kinds and not any(fact[0] <= last < at_ms for last in silences)
        for at_ms, kinds in named.get(fact[2], ())
    )


def _without_retracted(facts: Sequence[Fact], silences: Sequence[int]) -> list[Fact]:
    named = _named(fact for fact in facts if fact[1] == RETRACTED)
    return [fact for fact in facts if fact[1] != RETRACTED and not _is_taken_back(fact, named, silences)]


def _silences(facts: Sequence[Fact], begun: Standing | None) -> list[int]:
    """The times of the last facts before each silence that a row does not outlast."""
    found: list[int] = []
    for one, following in pairwise(facts):
        last_ms, next_ms = one[0], following[0]
        if next_ms - last_ms > CLOSED_KNOWN_MS:
            before = _without_retracted([fact for fact in facts if fact[0] <= last_ms], found)
            if next_ms > _known_until_ms(before, begun, last_ms):
                found.append(last_ms)
    return found


def _known_until_ms(facts: Sequence[Fact], begun: Standing | None, last_ms: int) -> int:
    standing = fresh() if begun is None else begun.copied()
    creation = next((fact for fact in facts if fact[1] == CREATED), None)
    if standing.created_ms is None and creation is not None:
        create(standing, creation[0], creation[3], None)
    for fact in facts:
        step(standing, fact, None)
    if standing.is_open:
        return last_ms + OPEN_KNOWN_MS
    booked_ms = last_ms if standing.ripens_ms is None else max(last_ms, standing.ripens_ms)
    return booked_ms + CLOSED_KNOWN_MS
