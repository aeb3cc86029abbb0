"""Every team in one row, the worst first.

What waits, what is late, and how much of the last hour was in time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from exporters.wall.model import Staffing, TeamRow, WorstNow
from exporters.wall.tiles import Shelf, count_of, ms_of, observed, value_of
from kpis.figure import Group
from kpis.figures.kpi import first_response, live, staffing, volume
from kpis.figures.view import ALL, View
from kpis.members import OTHER
from kpis.sla import metrics
from kpis.sla.calendar import ALWAYS
from kpis.sla.policy import FIRST_REPLY, NEXT_REPLY, Version
from kpis.tickets.standing import UNKNOWN

HOUR: Final = "1h"
REPLIES: Final = (FIRST_REPLY, NEXT_REPLY)


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
            -sum(row.overdue.get(target, 0) for target in REPLIES),
            -(row.soon or 0),
            -row.unanswered,
            row.team,
        )

    return sorted(rows, key=order)


def _row(view: View, shelf: Shelf, team: str, version: Version | None) -> TeamRow:
    group = ("team", team)
    overdue = {target: shelf.now(metrics.OVERDUE, group, target=target) for target in view.targets}
    replies = _replies(view, shelf, group)
    mean = shelf.final(first_response.MEAN.name, "current", {"clock": "calendar"}, window=HOUR, group=group)
    opened, opens_ms = _hours(version, team, view.as_of_ms)
    return TeamRow(
        team=team,
        open_now=opened,
        opens_ms=opens_ms,
        open=count_of(shelf.now(live.OPEN.name, group)) or 0,
        waiting=count_of(shelf.now(live.WAITING.name, group)) or 0,
        unassigned=count_of(shelf.now(live.UNASSIGNED.name, group)),
        with_bot=count_of(shelf.now(live.WITH_BOT.name, group)) or 0,
        unanswered=count_of(shelf.now(live.UNANSWERED.name, group)) or 0,
        oldest_ms=ms_of(shelf.now(live.OLDEST.name, group)),
        oldest_business_seconds=value_of(shelf.now(metrics.OLDEST_AGE, group)),
        overdue={target: int(figure.value) for target, figure in overdue.items() if figure is not None},
        soon=replies.soon,
        ratio=replies.ratio,
        n=replies.n,
        objective=replies.objective,
        below=replies.below,
        created=count_of(shelf.final(volume.TICKETS.name, "current", window=HOUR, group=group)),
        reply_seconds=value_of(mean),
        replies=observed(mean),
        online=count_of(shelf.now(staffing.RESPONDERS.name, group, state="online")),
        available=count_of(shelf.now(staffing.RESPONDERS.name, group, state="available")),
    )


class _Replies(NamedTuple):
    """What is promised about replies, first and next ones together; None where there is nothing."""

    soon: int | None
    ratio: float | None
    n: int
    objective: float | None
    below: bool | None


def _replies(view: View, shelf: Shelf, group: Group) -> _Replies:
    targets = [target for target in REPLIES if target in view.targets]
    attained = [
        shelf.final(metrics.ATTAINMENT, "current", {"target": target}, window=HOUR, group=group)
        for target in targets
    ]
    n = sum(map(observed, attained))
    kept = sum(round(one.value * one.n) for one in attained if one is not None)
    due = [count_of(shelf.now(metrics.DUE, group, target=target, within="15m")) for target in targets]
    objectives = [value_of(shelf.now(metrics.OBJECTIVE, group, target=target)) for target in targets]
    promised = {objective for objective in objectives if objective is not None}
    below = [told for target in targets if (told := view.below.get((*group, target))) is not None]
    return _Replies(
        soon=sum(count or 0 for count in due) if due else None,
        ratio=kept / n if n else None,
        n=n,
        objective=promised.pop() if len(promised) == 1 else None,
        below=any(below) if below else None,
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
