"""The wall of a choice as one value.

Computed once for all screens, so that nothing is left to compute for a browser.

Every figure is one of the view's, the same that `/metrics` exports.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, Literal, NamedTuple, get_args

from exporters.config import WallRules
from exporters.reading.status import Reason
from exporters.snapshot import Snapshot
from exporters.wall.assets import VERSION
from exporters.wall.model import Change, Live, Pulse, SlaTarget, Today, Wall, Where, Why
from exporters.wall.risk import newest_miss_ms, risk_of
from exporters.wall.segments import segments_of
from exporters.wall.specs import TILE_OF_FIGURE, TILES
from exporters.wall.teams import HOUR, rows_of, staffing_of
from exporters.wall.tiles import Shelf, TileMaker, count_of, ms_of, observed, value_of
from exporters.wall.worst import endangered_of, kept_since_ms, worst_of
from kpis.figures.changes import MovedFigure as Moved
from kpis.figures.changes import changes
from kpis.figures.history import Choice, PaneHistory
from kpis.figures.kpi import live, resolution_time, volume
from kpis.figures.view import View
from kpis.members import OTHER
from kpis.sla import metrics
from kpis.sla.calendar import ALWAYS
from kpis.sla.policy import TARGETS, ClockKind, Policy
from windows.spans import WINDOWS, Period

Compare = Literal["auto", "previous", "week_ago"]
COMPARES: Final = get_args(Compare)
PERIODS_OF: Final = {window.name: window.periods for window in WINDOWS}
DUE: Final = ("15m", "1h", "4h")
KINDS: Final = {spec.id: spec.kind for spec in TILES}
FAILED: Final = Reason("failed", "the figures could not be computed: see the exporter's log")


class Wanted(NamedTuple):
    """What a screen asks for.

    `auto` compares with a week ago where that is kept (a Monday with a Monday), else with the span before.
    """

    choice: Choice
    compare: Compare = "auto"

    @property
    def period(self) -> Period:
        """The period compared with; `previous` where the window has no other."""
        asked: Period = "week_ago" if self.compare == "auto" else self.compare
        return asked if asked in PERIODS_OF.get(self.choice.window, ()) else "previous"


def pulse_of(snapshot: Snapshot, *, room: bool = True) -> Pulse:
    """How the figures are."""
    view, status = snapshot.view, snapshot.status
    why = [*status.why, *([FAILED] if snapshot.failed else [])]
    return Pulse(
        now_ms=snapshot.now_ms,
        as_of_ms=view.as_of_ms if view else None,
        watermark_ms=view.watermark_ms if view else None,
        ready=view is not None,
        good=view is not None and not why,
        why=list(_by_code(why)),
        room=room,
        version=VERSION,
    )


def _by_code(reasons: Sequence[Reason]) -> Iterator[Why]:
    """One of each kind, with the longest time: partitions often share a cause."""
    for code in dict.fromkeys(reason.code for reason in reasons):
        same = [reason for reason in reasons if reason.code == code]
        seconds = max((reason.seconds for reason in same if reason.seconds is not None), default=None)
        yield Why(code, "; ".join(reason.text for reason in same), seconds)


class WallMaker:
    """Makes walls of views."""

    def __init__(self, rules: WallRules, zone: str, policy: Policy | None = None) -> None:
        self._rules = rules
        self._zone = zone
        self._policy = policy

    def wall(self, view: View | None, wanted: Wanted) -> Wall:
        """The wall of a choice.

        Without a view, or of a team or segment that is not shown, it has no figures.
        """
        choice, period = wanted.choice, wanted.period
        course = view.courses.get(choice) if view else None
        wall = Wall(
            as_of_ms=view.as_of_ms if view else None,
            desk=self._rules.desk,
            window=choice.window,
            team=choice.team,
            segment=self._rules.segment,
            in_segment=choice.segment,
            known=course is not None or view is None,
            period=period,
            zone=self._zone,
            clock=_clock(self._policy, choice.team, view.as_of_ms) if view else None,
            span_ms=(course.spans["current"].start_ms, course.spans[period].start_ms) if course else None,
            windows=list(PERIODS_OF),
            periods=list(PERIODS_OF.get(choice.window, ())[1:]),
            teams=[name for name in view.shown.get("team", ()) if name != OTHER] if view else [],
            minimum=self._rules.minimum,
            show_tickets=self._rules.show_tickets,
            policy=self._policy is not None,
            promised=bool(view.targets) if view else self._policy is not None,
            worst=[],
            kept_since_ms=None,
            elsewhere=0,
            endangered=[],
            rows=[],
            staffing=[],
            today=None,
            live=None,
            tiles=[],
            sla=[],
            risk=None,
            changes=[],
        )
        if view is not None and course is not None:
            self._fill(wall, view, course, wanted)
        return wall

    def _fill(self, wall: Wall, view: View, course: PaneHistory, wanted: Wanted) -> None:
        """The figures of a choice that is shown."""
        choice, period = wanted.choice, wanted.period
        shelf = Shelf(view, choice)
        wall.live, wall.today = _live(shelf, course), _today(shelf)
        every = worst_of(view, Choice(choice.window))
        wall.rows = rows_of(view, shelf, every)
        wall.staffing = list(staffing_of(shelf, wall.teams))
        wall.segments = list(segments_of(view, shelf))
        wall.worst = worst_of(view, choice)
        wall.elsewhere = len(every) - len(wall.worst)
        wall.kept_since_ms = kept_since_ms(view, choice)
        wall.endangered = endangered_of(view, choice)
        channels = tuple(view.shown.get("channel", ()))
        by_hours = wall.clock == "business" and choice.segment is None  # calendars belong to teams
        wall.tiles = list(
            TileMaker(
                shelf, course, period, self._rules, channels, business=by_hours, below=view.below
            ).tiles()
        )
        wall.sla = list(_sla(view, shelf, choice))
        wall.risk = risk_of(view, choice, show_tickets=self._rules.show_tickets)
        found = changes(
            course, period, as_of_ms=view.as_of_ms, minimum=self._rules.minimum, business=by_hours
        )
        # made by the calendar: neither better nor worse
        unworked = {tile.id for tile in wall.tiles if tile.plain == "closed"}
        wall.changes = [_change(one) for one in found if TILE_OF_FIGURE[one.name] not in unworked]


def _clock(policy: Policy | None, team: str | None, as_of_ms: int) -> ClockKind | None:
    """By which clock a team works now; all of them by work hours, where any has some."""
    version = policy.at(as_of_ms) if policy is not None and policy.has_calendars else None
    if version is None:
        return None
    calendars = version.used_calendars() if team is None else [version.calendar(team)]
    return "business" if any(calendar is not ALWAYS for calendar in calendars) else "calendar"


def _live(shelf: Shelf, course: PaneHistory) -> Live:
    opened = shelf.now(metrics.BUSINESS_OPEN)
    return Live(
        open=count_of(shelf.now(live.OPEN.name)) or 0,
        waiting=count_of(shelf.now(live.WAITING.name)) or 0,
        oldest_wait_ms=ms_of(shelf.now(live.OLDEST_WAITING.name)),
        unassigned=count_of(shelf.now(live.UNASSIGNED.name)),
        with_bot=count_of(shelf.now(live.WITH_BOT.name)) or 0,
        unanswered=count_of(shelf.now(live.UNANSWERED.name)) or 0,
        oldest_ms=ms_of(shelf.now(live.OLDEST.name)),
        oldest_business_seconds=value_of(shelf.now(metrics.OLDEST_AGE)),
        business_open=bool(opened.value) if opened else None,
        ages=list(course.waiting),
    )


def _today(shelf: Shelf) -> Today:
    """Tickets created since midnight, and first solved: the observations of the resolution time."""
    solved = shelf.final(resolution_time.MEAN.name, "current", {"clock": "calendar"}, window="today")
    return Today(count_of(shelf.final(volume.TICKETS.name, "current", window="today")) or 0, observed(solved))


def _sla(view: View, shelf: Shelf, choice: Choice) -> Iterator[SlaTarget]:
    for target in TARGETS:
        waiting = shelf.now(metrics.WAITING, target=target)
        breached = shelf.now(metrics.OVERDUE, target=target)
        if waiting is None and breached is None:
            continue  # nothing is promised about it
        due = {within: count_of(shelf.now(metrics.DUE, target=target, within=within)) for within in DUE}
        expected, low, high = (
            value_of(shelf.now(metrics.FORECAST, target=target, bound=bound))
            for bound in ("expected", "low", "high")
        )
        attained = shelf.final(metrics.ATTAINMENT, "current", {"target": target}, window=HOUR)
        yield SlaTarget(
            target=target,
            waiting=count_of(waiting),
            breached=count_of(breached),
            due={within: count for within, count in due.items() if count is not None},
            next_ms=ms_of(shelf.now(metrics.NEXT_DEADLINE, target=target)),
            forecast=expected,
            forecast_low=low,
            forecast_high=high,
            ratio=value_of(attained),
            n=observed(attained),
            objective=value_of(shelf.now(metrics.OBJECTIVE, target=target)),
            below=view.below.get((*choice.group, target)),
            newest_ms=newest_miss_ms(view, choice, target),
        )


def _change(found: Moved) -> Change:
    tile = TILE_OF_FIGURE[found.name]
    where = Where(*found.where) if found.where else None
    return Change(tile, KINDS[tile], found.value, found.before, found.n, found.n_before, found.verdict, where)
