"""The effect that a policy would have had on the tickets of a history.

The last version of a file counts as if it had always been in force.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Final, NamedTuple

from kpis import cell_numbers
from kpis.sla import commitments
from kpis.sla.policy import TARGETS, Policy
from kpis.tickets.row import TicketRow

MET: Final = "met"
MISSED: Final = "missed"
AHEAD: Final = "ahead"  # the clock runs, or was stopped in time, and the deadline has not come


class Outcome(NamedTuple):
    """What became of one promise about one ticket."""

    ticket_id: str
    target: str
    team: str
    result: str


class EffectRow(NamedTuple):
    """Old and new counts of a target, of all tickets or of a team."""

    target: str
    team: str
    old: Counter[str]
    new: Counter[str]


class Effect(NamedTuple):
    """The comparison: counts, and how many promises turned out differently.

    The latter are by (old, new) result, None where nothing was promised.
    """

    rows: list[EffectRow]
    turned: Counter[tuple[str, str | None, str | None]]  # (target, old, new)


def last_version(policy: Policy) -> Policy:
    """Its last version, in force since ever."""
    return Policy([replace(policy.versions[-1], effective_ms=None)])


def outcomes(tickets: Mapping[str, TicketRow], policy: Policy, as_of_ms: int) -> Iterator[Outcome]:
    """What became, until an instant, of everything that a policy promises."""
    for ticket_id, row in tickets.items():
        row.promise = commitments.derive(row, policy)
        promised = commitments.contribution(row)
        for (team, _, _), (at_ms, cell, _) in promised.found:
            for target in TARGETS:
                own = cell - cell_numbers.SLA[target]
                if 0 <= own < cell_numbers.BREACHED + cell_numbers.CLASSES:
                    result = AHEAD if at_ms > as_of_ms else MET if own < cell_numbers.BREACHED else MISSED
                    yield Outcome(ticket_id, target, team, result)
        team = row.dims()[0]
        for target, due_ms in promised.running:
            yield Outcome(ticket_id, target, team, AHEAD if due_ms > as_of_ms else MISSED)


def effect(tickets: Mapping[str, TicketRow], old: Policy, new: Policy, as_of_ms: int) -> Effect:
    """Compare the last versions of two policies over the same tickets."""
    before = list(outcomes(tickets, last_version(old), as_of_ms))
    after = list(outcomes(tickets, last_version(new), as_of_ms))
    teams = sorted({outcome.team for outcome in (*before, *after)})
    rows = [
        EffectRow(target, team, _count(before, target, team), _count(after, target, team))
        for target in TARGETS
        for team in ("all teams", *teams)
    ]
    results = [_numbered(found) for found in (before, after)]
    turned: Counter[tuple[str, str | None, str | None]] = Counter()
    for place in {*results[0], *results[1]}:
        was, is_ = results[0].get(place), results[1].get(place)
        if was != is_:
            turned[place[1], was, is_] += 1
    return Effect([row for row in rows if row.old or row.new], turned)


def _numbered(found: Iterable[Outcome]) -> dict[tuple[str, str, int], str]:
    """Results by ticket, target and number: a ticket may have several next replies."""
    seen: Counter[tuple[str, str]] = Counter()
    results: dict[tuple[str, str, int], str] = {}
    for one in found:
        results[one.ticket_id, one.target, seen[one.ticket_id, one.target]] = one.result
        seen[one.ticket_id, one.target] += 1
    return results


def _count(found: Iterable[Outcome], target: str, team: str) -> Counter[str]:
    return Counter(
        outcome.result
        for outcome in found
        if outcome.target == target and team in ("all teams", outcome.team)
    )


def lines(found: Effect) -> Iterator[str]:
    """The comparison in words."""
    for row in found.rows:
        yield f"{row.target:11}  {row.team:20}  {_words(row.old)}  ->  {_words(row.new)}"
    for (target, old, new), count in sorted(found.turned.items(), key=str):
        yield f"{target:11}  {count} promises: {old or 'not promised'} -> {new or 'not promised'}"


def _words(counts: Counter[str]) -> str:
    n = counts[MET] + counts[MISSED]
    share = f"{100 * counts[MET] / n:.1f} %" if n else "-"
    return f"{share:>8} of {n} ({counts[MISSED]} missed, {counts[AHEAD]} ahead)"
