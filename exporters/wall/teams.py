"""Every team in one row, the worst first.

What waits, what is late, and how much of the last hour was in time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from exporters.wall.model import Staffing, TeamRow, WorstNow
from exporters.wall.tiles import Shelf, count_of, ms_of, observed, value_of
from kpis.figures.kpi import first_response, live, staffing, volume
from kpis.figures.view import ALL, View
from kpis.members import OTHER
from kpis.sla import metrics
from kpis.sla.calendar import ALWAYS
from kpis.sla.policy import FIRST_REPLY, Version
from kpis.tickets.standing import UNKNOWN

HOUR: Final = "1h"


def rows_of(view: View, shelf: Shelf, worst: list[WorstNow]) -> list[TeamRow]:
    """One row a team that is shown.

    First what worst now names, then what is overdue, due soon and waiting; closed teams last.
    """
    version = view.policy.at(view.as_of_ms) if view.policy is not None else None
    rows = [_row(view, shelf, team, version) for team in view.shown.get("team", ()) if team != OTHER]
    # no team, so no row while it has no ticket
    rows = [row for row in rows if row.team != UNKNOWN or row.open]
    places = {one.team: place for place, one in reversed(list(enumerate(worst)))}

    def order(row: TeamRow) -> tuple[int, bool, int, int, int, str]:
        place = places.get(row.team, len(worst))
        return (
            place,
            row.open_now is False,
            -row.overdue.get(FIRST_REPLY, 0),
            -(row.soon or 0),
            -row.unanswered,
            row.team,
        )

    return sorted(rows, key=order)


def _row(view: View, shelf: Shelf, team: str, version: Version | None) -> TeamRow:
    group = ("team", team)
    reply = {"target": FIRST_REPLY}
    attained = shelf.final(metrics.ATTAINMENT, "current", reply, window=HOUR, group=group)
    overdue = {
        target: shelf.now(metrics.OVERDUE, group, target=target)
        for target in (view.policy.targets if view.policy else ())
    }
    mean = shelf.final(first_response.MEAN.name, "current", {"clock": "calendar"}, window=HOUR, group=group)
    opened, opens_ms = _hours(version, team, view.as_of_ms)
    return TeamRow(
        team=team,
        open_now=opened,
        opens_ms=opens_ms,
        open=count_of(shelf.now(live.OPEN.name, group)) or 0,
        unanswered=count_of(shelf.now(live.UNANSWERED.name, group)) or 0,
        oldest_ms=ms_of(shelf.now(live.OLDEST.name, group)),
        oldest_business_seconds=value_of(shelf.now(metrics.OLDEST_AGE, group)),
        overdue={target: int(figure.value) for target, figure in overdue.items() if figure is not None},
        soon=count_of(shelf.now(metrics.DUE, group, target=FIRST_REPLY, within="15m")),
        ratio=value_of(attained),
        n=observed(attained),
        objective=value_of(shelf.now(metrics.OBJECTIVE, group, target=FIRST_REPLY)),
        below=view.below.get(("team", team, FIRST_REPLY)),
        created=count_of(shelf.final(volume.TICKETS.name, "current", window=HOUR, group=group)),
        reply_seconds=value_of(mean),
        replies=observed(mean),
        online=count_of(shelf.now(staffing.RESPONDERS.name, group, state="online")),
        available=count_of(shelf.now(staffing.RESPONDERS.name, group, state="available")),
    )


def staffing_of(shelf: Shelf, teams: Iterable[str]) -> Iterator[Staffing]:
    """Who is there of all teams, then of each that tells it; nothing where no presence stands."""
    for group in (ALL, *(("team", team) for team in teams)):
        online, available, busy = (
            count_of(shelf.now(staffing.RESPONDERS.name, group, state=state)) for state in staffing.STATES
        )
        if online is not None and available is not None and busy is not None:
            each = value_of(shelf.now(staffing.PER_RESPONDER.name, group))
            yield Staffing(None if group == ALL else group[1], online, available, busy, each)


def _hours(version: Version | None, team: str, at_ms: int) -> tuple[bool | None, int | None]:
    """Whether a team works, and if not from when on; (None, None) where no team has work hours."""
    if version is None or team == UNKNOWN or all(calendar is ALWAYS for calendar in version.used_calendars()):
        return None, None
    calendar = version.calendar(team)
    if calendar.is_open(at_ms):
        return True, None
    first = calendar.after_ms(at_ms, 1)  # a millisecond of work is done one after the opening
    return False, None if first is None else first - 1
