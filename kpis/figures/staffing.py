"""Staffing figures: the presence that stands at an instant, by team and over all teams that are shown.

```
 presence of billing, 8 online, told at 10:05      as_of 10:20: it stands      as_of 10:20:00.001: absent
 presence of orders, 4 online, told at 10:19       never shown, and not in `all`: 4 are nearly persons
```
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from kpis.figure import Figure
from kpis.figures.kpi.staffing import PER_RESPONDER, RESPONDERS, STATES
from kpis.presence import LEAST_ONLINE, STANDS_MS, PresenceRow, later

PresenceTold = tuple[str, PresenceRow]  # a team as it is shown, and what it told


def latest(told: Iterable[PresenceTold]) -> dict[str, PresenceRow]:
    """The latest presence by team; a team may come more than once, by several spellings or partitions."""
    found: dict[str, PresenceRow] = {}
    for team, row in told:
        if later(row, found.get(team)):
            found[team] = row
    return found


def standing(told: Iterable[PresenceTold], shown: Iterable[str], as_of_ms: int) -> dict[str, PresenceRow]:
    """Of the teams that are shown, those whose presence stands at `as_of_ms` and that are large enough."""
    rows = latest(told)
    return {
        team: row
        for team in shown
        if (row := rows.get(team)) is not None
        and as_of_ms - row.last_ms <= STANDS_MS
        and row.online >= LEAST_ONLINE
    }


def figures(there: Mapping[str, PresenceRow], waiting: Callable[[str], int]) -> Iterator[Figure]:
    """Responders by state, and waiting tickets for each available one: of all, then of each team.

    `there` are the teams that are shown, `waiting` the waiting tickets of one of them. Without a team nothing
    is known, so even `all` is absent; without an available responder the ratio is.
    """
    if not there:
        return
    yield from _member("all", "all", there.values(), sum(map(waiting, there)))
    for team, row in there.items():
        yield from _member("team", team, [row], waiting(team))


def _member(by: str, member: str, rows: Iterable[PresenceRow], waiting: int) -> Iterator[Figure]:
    rows, labels = list(rows), (("by", by), ("member", member))
    for state in STATES:
        count = sum(getattr(row, state) for row in rows)
        yield Figure(RESPONDERS.name, (*labels, ("state", state)), float(count), count)
    available = sum(row.available for row in rows)
    if available:
        yield Figure(PER_RESPONDER.name, labels, waiting / available, available)
