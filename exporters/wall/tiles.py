"""Tiles from the figures of a view: value, band or why there is none, comparison, trend."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, Literal, NamedTuple

from exporters.config import WallRules
from exporters.wall.model import Compared, Tile, Trend
from exporters.wall.specs import TILES, TileSpec
from kpis.figure import Figure, Group, Labels
from kpis.figures.bands import BANDED, grade
from kpis.figures.catalogue import FIGURES, OTHER_FIGURES
from kpis.figures.history import TOTAL, Choice, PaneHistory
from kpis.figures.kpi import nps, volume
from kpis.figures.kpi.declaration import Better
from kpis.figures.trends import TRENDS, Which, trends, volumes
from kpis.figures.trends import Trend as Points
from kpis.figures.view import View
from kpis.members import SEGMENT
from kpis.sla import metrics
from windows.spans import Period

DIGITS: Final = 6  # significant ones of a trend's points: more than a line of 200 px can show
NO_LABELS: Final[Mapping[str, str]] = {}
MADE_BY_THE_CALENDAR: Final = 0.2  # of the observations: from there on no band, comparison or course
JUDGED: Final = ("1h", "8h")  # windows of worst now
# by which a figure is kept; one that is not here is asked for, and may be absent
ROLLUPS_OF: Final = {
    **{kind.name: kind.rollups for kind in FIGURES},
    **{made.name: made.rollups for made in OTHER_FIGURES},
}
MEANS: Final = frozenset(spec.figure for spec in TILES if spec.clocked and not spec.labels)


class Shelf:
    """The figures of one choice, of channels that a tile may show instead, of every team and segment."""

    def __init__(self, view: View, choice: Choice) -> None:
        self._window, self._group = choice.window, choice.group
        members = ((by, member) for by in ("channel", "team", SEGMENT) for member in view.shown.get(by, ()))
        groups = (TOTAL, choice.group, *members)
        wanted = {(("by", by), ("member", member)) for by, member in groups}
        self._index = {
            (figure.name, frozenset(figure.labels)): figure
            for figure in (*view.figures, *view.live)
            if _whose(figure.labels) in wanted
        }

    def now(self, name: str, group: Group | None = None, /, **labels: str) -> Figure | None:
        """A live figure, of the choice itself unless a group is given."""
        by, member = group or self._group
        return self._index.get((name, frozenset({"by": by, "member": member, **labels}.items())))

    def final(
        self,
        name: str,
        period: str,
        labels: Mapping[str, str] = NO_LABELS,
        *,
        window: str | None = None,
        group: Group | None = None,
    ) -> Figure | None:
        """A figure of a window, of the choice itself unless a group is given."""
        by, member = group or self._group
        where = {"window": window or self._window, "period": period, "by": by, "member": member, **labels}
        return self._index.get((name, frozenset(where.items())))


def _whose(labels: Labels) -> Labels:
    """The labels `by` and `member`: the first two, or those behind window and period."""
    return labels[2:4] if labels[0][0] == "window" else labels[:2]


class _Colour(NamedTuple):
    band: str | None
    plain: str | None = None
    stated: tuple[str, ...] = ()


class TileMaker:
    """Makes the tiles of one course. `business`: the choice works by a calendar.

    Of a team that always works a ticket or two may have business time all the same: they were created for
    another team.
    """

    def __init__(
        self,
        shelf: Shelf,
        course: PaneHistory,
        period: Period,
        rules: WallRules,
        channels: tuple[str, ...],
        *,
        business: bool,
        below: Mapping[tuple[str, str, str], bool],
    ) -> None:
        self._shelf = shelf
        self._course = course
        self._period = period
        self._rules = rules
        self._channels = channels  # that are shown
        self._business = business
        self._below = below
        wanted: dict[Group, list[Which]] = {}
        for spec in TILES:
            group = self._group(spec)
            which = self._which(spec, self._clock(spec, group))
            if which in TRENDS and spec.window is None:
                wanted.setdefault(self._part(group), []).append(which)
        self._lines: dict[Group, Mapping[Which, Points]] = {
            part: trends(course, some, part) for part, some in wanted.items()
        }

    def tiles(self) -> Iterator[Tile]:
        """Every tile that the choice has."""
        return (self._tile(spec) for spec in TILES if self._has(spec))

    def _has(self, spec: TileSpec) -> bool:
        by = self._course.choice.group[0]
        if (spec.everything_only and by != "all") or by not in ROLLUPS_OF.get(spec.figure, (by,)):
            return False
        labels = dict(spec.labels)
        if spec.of == "deadlines":  # a policy promises them
            return any(
                (
                    self._shelf.final(spec.figure, "current", labels),
                    self._shelf.now(metrics.WAITING, **labels),
                )
            )
        return not spec.other_clock or self._has_business(spec, self._course.choice.group)

    def _has_business(self, spec: TileSpec, group: Group) -> bool:
        labels = {**dict(spec.labels), "clock": "business"}
        return self._business and self._shelf.final(spec.figure, "current", labels, group=group) is not None

    def _tile(self, spec: TileSpec) -> Tile:
        group, shelf = self._group(spec), self._shelf
        clock = self._clock(spec, group)
        labels = {**dict(spec.labels), **({"clock": clock} if clock else {})}
        now, then = (
            shelf.final(spec.figure, period, labels, window=spec.window, group=group)
            for period in ("current", self._period)
        )
        closed = self._closed(spec, group, clock, now)
        window = spec.window or self._course.choice.window
        objective = (
            value_of(shelf.now(metrics.OBJECTIVE, **dict(spec.labels))) if spec.of == "deadlines" else None
        )
        colour = (
            self._colour(spec, group, window, now)
            if spec.of != "deadlines"
            else self._against(spec, group, window, now)
        )
        if made := now is not None and closed is not None and closed >= MADE_BY_THE_CALENDAR * now.n:
            colour = _Colour(None, "closed")
        interval = [
            value_of(shelf.final(nps.INTERVAL.name, "current", {"bound": bound}, group=group))
            if spec.id == "nps"
            else None
            for bound in ("low", "high")
        ]
        return Tile(
            id=spec.id,
            figure=spec.figure,
            kind=spec.kind,
            window=window,
            by=group[0],
            member=group[1],
            clock=clock,
            value=value_of(now),
            shown=_worked(spec, now, closed, made=made),
            n=observed(now),
            n_all=self._all(spec, group, now) if clock == "business" else None,
            closed=closed,
            of=spec.of,
            better=spec.better,
            band=colour.band,
            plain=colour.plain,
            stated=list(colour.stated),
            objective=objective,
            low=interval[0],
            high=interval[1],
            compared=None if made else self._compared(spec, group, clock, now, then),
            trend=None if made else self._trend(spec, group, clock),
        )

    def _all(self, spec: TileSpec, group: Group, now: Figure | None) -> int | None:
        """How many observations there are by the calendar clock, if more."""
        whole = self._shelf.final(
            spec.figure, "current", {**dict(spec.labels), "clock": "calendar"}, group=group
        )
        return whole.n if whole and whole.n > (now.n if now else 0) else None

    def _compared(
        self, spec: TileSpec, group: Group, clock: str | None, now: Figure | None, then: Figure | None
    ) -> Compared | None:
        if now is None:
            return None
        found = (then.value, then.n) if then else self._before(spec, group, clock)
        if found is None:
            return None
        # Of few nothing is better or worse: it would be chance.
        better = spec.better if min(now.n, found[1]) >= self._rules.minimum else None
        return Compared(*found, _verdict(better, now.value, found[0]))

    def _before(self, spec: TileSpec, group: Group, clock: str | None) -> tuple[float, int] | None:
        """The figure before, of a roll-up that is not exported for other periods.

        It is lowered from the course as the view would.
        """
        kind = TRENDS.get(self._which(spec, clock))
        if kind is None or spec.window is not None:
            return None
        cells = self._course.totals[self._period].get(self._part(group), {})
        value = next((value for _, value in kind.lower(cells)), None)
        return None if value is None else (value, kind.observations(cells))

    def _part(self, group: Group) -> Group:
        """The group under which the course has a group's sums.

        They are the course's own sums, or those of a member that it can be taken apart into.
        """
        return TOTAL if group == self._course.choice.group else group

    def _group(self, spec: TileSpec) -> Group:
        """Whose figure a tile shows: that of the choice.

        Where the band is stated for channels, it is that of the first shown channel among them.
        """
        rule = self._rules.bands.get(BANDED.get(spec.figure, ""))
        if self._course.choice.group == TOTAL and rule is not None and rule.channels is not None:
            for channel in rule.channels:
                if channel in self._channels:
                    return ("channel", channel)
        return self._course.choice.group

    @staticmethod
    def _which(spec: TileSpec, clock: str | None) -> Which:
        return spec.figure, clock or dict(spec.labels).get("target")

    def _clock(self, spec: TileSpec, group: Group) -> str | None:
        if spec.other_clock:
            return "calendar"
        if not spec.clocked:
            return None
        return "business" if self._has_business(spec, group) else "calendar"

    def _colour(self, spec: TileSpec, group: Group, window: str, now: Figure | None) -> _Colour:
        rule = self._rules.bands.get(BANDED.get(spec.figure, ""))
        if rule is None or not rule.edges:
            return _Colour(None, "none")
        if now is None:
            return _Colour(None, "few")
        by, member = group
        found = grade(
            rule, now.value, now.n, window=window, by=by, member=member, minimum=self._rules.minimum
        )
        stated = {"window": rule.windows, "channel": rule.channels}.get(found.why or "")
        return _Colour(found.band, found.why, stated or ())

    def _against(self, spec: TileSpec, group: Group, window: str, now: Figure | None) -> _Colour:
        """By the test of worst now, over whose windows alone it says something.

        No other figure with an objective has a verdict.
        """
        below = self._below.get((*group, dict(spec.labels)["target"])) if window in JUDGED else None
        if now is None or below is None:
            return _Colour(None, "few" if now is None else "objective")
        return _Colour("missed" if below else "met")

    def _closed(self, spec: TileSpec, group: Group, clock: str | None, now: Figure | None) -> int | None:
        """How many observations of a duration by work hours lay out of them altogether."""
        if clock != "business":
            return None
        if now is not None and now.value == 0 and spec.figure in MEANS:
            return now.n  # all of them, also where the ledger was written before they were counted
        name = (
            spec.figure.replace("_mean_seconds", "").replace("_quantile_seconds", "") + "_closed_observations"
        )
        return count_of(self._shelf.final(name, "current", group=group))

    def _trend(self, spec: TileSpec, group: Group, clock: str | None) -> Trend | None:
        part = self._part(group)
        shape: Literal["line", "bars"] = "line"
        if spec.figure == volume.TICKETS.name:
            points, shape = volumes(self._course, part), "bars"
        elif (which := self._which(spec, clock)) in TRENDS and spec.window is None:
            points = self._lines[part][which]
        else:
            return None
        values = [None if value is None else float(f"{value:.{DIGITS}g}") for value in points.values]
        return Trend(shape, points.start_ms, points.step_ms, values)


def _worked(spec: TileSpec, now: Figure | None, closed: int | None, *, made: bool) -> float | None:
    """What a face writes: the mean of what was observed within work hours.

    Of a quantile that the calendar made there is no such part.
    """
    if now is None or not closed:
        return value_of(now)
    if spec.figure not in MEANS:
        return None if made else now.value
    return now.value * now.n / (now.n - closed) if now.n > closed else None


def _verdict(better: Better | None, now: float, then: float) -> Literal["better", "worse", "same", "other"]:
    if now == then:
        return "same"
    if better is None:
        return "other"
    return "better" if (now < then) == (better == "lower") else "worse"


def value_of(figure: Figure | None) -> float | None:
    """Its value, None where there is no figure."""
    return None if figure is None else figure.value


def count_of(figure: Figure | None) -> int | None:
    """A count, None where there is no figure."""
    return None if figure is None else int(figure.value)


def ms_of(figure: Figure | None) -> int | None:
    """An instant that is exported in seconds, in milliseconds; None where there is no figure."""
    return None if figure is None else round(figure.value * 1000)


def observed(figure: Figure | None) -> int:
    """Its observations, 0 where there is no figure."""
    return 0 if figure is None else figure.n
