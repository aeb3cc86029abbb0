"""Tickets at risk as a wall shows them: what is due soonest first.

By name only where that is switched on, else how many of a kind.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Final, Literal, NamedTuple

import msgspec

from exporters.links import safe_link
from exporters.wall.model import AtRisk, Risk
from kpis.figures.history import Choice
from kpis.figures.view import View
from kpis.ledger.codec import decode_at_risk
from kpis.members import SEGMENT
from kpis.sla.at_risk import HORIZON_MS, AtRiskKey, Entry, SegmentEntry, ToldAtRiskRow
from windows.panes import MINUTE_MS

MOST_LINES: Final = 5  # due soonest, and as many that were missed last
# A row is bounded in size, and most do not change from one second to the next.
_decode: Final = lru_cache(maxsize=1024)(decode_at_risk)


class _Clock(NamedTuple):
    key: AtRiskKey
    entry: Entry
    breached: bool


def risk_of(view: View, choice: Choice, *, show_tickets: bool) -> Risk | None:
    """The lines for a choice; None where nothing is promised. Past deadlines come last, the latest first."""
    if not view.targets:
        return None
    rows = list(_rows(view, choice))
    clocks = sorted(_due(view, rows, choice), key=_order)
    lines = [_named(clock, view) for clock in clocks] if show_tickets else _counted(clocks, view)
    ahead, behind = ([line for line in lines if line.breached is breached] for breached in (False, True))
    left_out = any(row.left_out_behind or row.left_out_ahead for _, row in rows)
    return Risk(
        ahead[:MOST_LINES] + behind[:MOST_LINES],
        truncated=left_out or max(len(ahead), len(behind)) > MOST_LINES,
    )


def newest_miss_ms(view: View, choice: Choice, target: str) -> int | None:
    """The deadline that passed last, of the tickets that still wait for what was promised.

    None when none of them is late, and where it may be one that a row of a team has no room for.
    """
    rows = [(key, row) for key, row in _rows(view, choice) if key.target == target]
    newest = []
    for key, row in rows:
        missed = [clock.entry.due_ms for clock in _due(view, [(key, row)], choice) if clock.breached]
        if not missed and row.left_out_behind:
            return None  # of a segment none is listed: those that are not listed passed earlier
        newest += missed
    return max(newest, default=None)


def _rows(view: View, choice: Choice) -> Iterator[tuple[AtRiskKey, ToldAtRiskRow]]:
    """The rows in which tickets of a choice may be."""
    return ((key, _decode(raw)) for key, raw in view.at_risk if choice.team in (None, key.team))


def _due(view: View, rows: Iterable[tuple[AtRiskKey, ToldAtRiskRow]], choice: Choice) -> Iterator[_Clock]:
    # A deadline takes effect when its minute is over, as in every figure.
    now = view.as_of_ms // MINUTE_MS
    for key, row in rows:
        for entry in row.entries:
            if entry.due_ms <= view.as_of_ms + HORIZON_MS and _is_of(entry, view, choice):
                yield _Clock(key, entry, entry.due_ms // MINUTE_MS < now)


def _is_of(entry: SegmentEntry, view: View, choice: Choice) -> bool:
    if choice.segment is None:
        return True
    return entry.segment is not None and view.name(SEGMENT, entry.segment) == choice.segment


def _order(clock: _Clock) -> tuple[bool, int, str]:
    due = clock.entry.due_ms
    return clock.breached, -due if clock.breached else due, clock.entry.ticket_id


def _named(clock: _Clock, view: View) -> AtRisk:
    key, entry, breached = clock
    priority = view.name("priority", entry.priority)
    return AtRisk(
        ticket_id=entry.ticket_id,
        url=safe_link(entry.url),
        count=1,
        team=key.team,
        priority=priority,
        target=key.target,
        due_ms=entry.due_ms,
        breached=breached,
        deadline_of=_origin(entry),
    )


def _origin(entry: Entry) -> Literal["policy", "ticket"]:
    return "ticket" if entry.given else "policy"


def _counted(clocks: list[_Clock], view: View) -> list[AtRisk]:
    """One line of a team, priority, target and origin; its deadline is that of the first of them."""
    found: dict[tuple[str, str, str, bool, bool], AtRisk] = {}
    for key, entry, breached in clocks:
        priority = view.name("priority", entry.priority)
        kind = (key.team, priority, key.target, breached, entry.given)
        line = found.get(kind)
        if line is None:
            found[kind] = msgspec.structs.replace(
                _named(_Clock(key, entry, breached), view), ticket_id=None, url=None
            )
        else:
            line.count += 1
    return list(found.values())
