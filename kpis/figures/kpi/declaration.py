"""What a KPI says of itself. Everything else about it follows from this, or is held against it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Final, Literal, NamedTuple

from kpis.figure import Labels
from kpis.figures.kpi.how import How, Point, Sums
from kpis.members import EVERY_DIMENSION

Better = Literal["lower", "higher"]
Unit = Literal["seconds", "ratio", "score", ""]
Observed = Literal[
    "replies", "tickets", "answers", "customers", "interactions", "resolutions", "solved", "deadlines"
]
TileKind = Literal["duration", "ratio", "points", "score", "count", "rate"]
EarlierPeriod = Literal["previous", "week_ago"]
EVERY_ROLLUP: Final = ("all", *EVERY_DIMENSION)
# Of figures that are asked of teams: each roll-up more is hundreds of series on every desk.
BY_TEAM: Final = ("all", "team")
BY_CALENDAR: Final = BY_TEAM  # calendars belong to teams
LONG_WINDOW: Final = "365d"  # of the figures that need a year of customers
# What books a cell beside the facts of a ticket (`kpis.tickets.facts`): a customer's joins and leaves, a
# clock of a promise that ended.
CUSTOMER: Final = -1
PROMISE: Final = -2
SHARE: Final = "{r} * (1 - {r}) / {n}"  # the variance of a share
Steps = tuple[int, ...]


class Worth(NamedTuple):
    """The smallest move that is reported: in units of the figure, or as a part of its value before."""

    least: Fraction
    relative: bool


def points(least: Fraction | int) -> Worth:
    """So many units of the figure."""
    return Worth(Fraction(least), relative=False)


def part(least: Fraction) -> Worth:
    """Such a part of the value before."""
    return Worth(least, relative=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureKind:
    """A final figure that the summed cells of one window suffice for."""

    name: str
    help: str
    unit: Unit
    how: How
    rollups: tuple[str, ...] = EVERY_ROLLUP
    worth: Worth | None = None  # None: its moves are not reported
    compared: bool = True  # False: for the current period only, as what ripens has no fair comparison

    @property
    def lower(self) -> Callable[[Sums], Iterator[Point]]:
        """Its samples from the summed cells, none when empty."""
        return self.how.lower

    @property
    def observations(self) -> Callable[[Sums], int]:
        """Its denominator, 0 when nothing was seen."""
        return self.how.observations

    @property
    def fixed_labels(self) -> Labels:
        """Further labels that the observations carry too."""
        return self.how.fixed

    @property
    def observations_name(self) -> str:
        """Name of the metric of the denominator: the figure's name without its unit."""
        return without_unit(self.name, self.unit) + "_observations"

    def by_work_hours(self, how: How) -> FigureKind:
        """The same figure by the calendars of teams, for all and by team."""
        return replace(self, how=how, rollups=BY_CALENDAR)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A figure that needs more than the summed cells of one window; a module of its own works it out."""

    name: str
    help: str
    labels: tuple[str, ...] = ()  # names of further labels
    rollups: tuple[str, ...] = EVERY_ROLLUP

    @property
    def observations_name(self) -> str:
        """Name of the metric of the denominator, where there is one."""
        return without_unit(self.name, "ratio") + "_observations"


def without_unit(name: str, unit: str) -> str:
    """A name without its unit.

    >>> without_unit("some_share_ratio", "ratio"), without_unit("some_tickets", "")
    ('some_share', 'some_tickets')
    """
    return name.removesuffix(f"_{unit}" if unit else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkHours:
    """A duration by the calendars of teams.

    `closed` counts what lay in closed hours as a whole, and therefore counts as 0 s.
    """

    cell: int
    closed: Shown


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """A tile of the wall. `id` is for ever: it stands in URLs and is what languages translate."""

    id: str
    figure: str
    kind: TileKind
    better: Better | None = None  # None: as the KPI says
    labels: Labels = ()
    clocked: bool = False  # the figure has a clock: business where a calendar applies, else calendar
    other_clock: bool = False  # the calendar clock beside it, where that is not the one already shown
    window: str | None = None  # shown whatever window is chosen
    everything_only: bool = False  # not kept by team


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """When an alert says that a figure became worse.

    The KPI says which direction is worse; the words of the alert stand with the rules.

    `change` is the least change that matters: a difference, or for times a factor. `variance` is that of one
    figure, as PromQL of `{r}` (the figure) and `{n}` (its observations); of a time it is that of its
    logarithm.
    """

    id: str  # the value of the label `kpi`
    figure: FigureKind
    window: str
    against: EarlierPeriod
    change: float
    variance: str
    q: str | None = None  # of quantiles the one that is compared


@dataclass(frozen=True, slots=True, kw_only=True)
class Kpi:
    """One KPI.

    `cells` are its own, each with the kinds of facts whose step books it (`kpis.tickets.observe`). Another
    KPI may read them, but a cell has one owner, and a figure that reads a cell without one is refused.
    """

    id: str  # the name of its file
    page: str  # in docs/kpis/, or sla for docs/sla.md
    figures: tuple[FigureKind, ...] = ()
    made: tuple[Shown, ...] = ()  # of windows, with the same labels
    live: tuple[Shown, ...] = ()  # of now
    cells: Mapping[int, Steps] = field(default_factory=dict)
    better: Better | None = None
    observed: Observed | None = None  # what its observations are
    worth: Mapping[str, Worth] = field(default_factory=dict)  # of those of `made` that are watched for moves
    work_hours: WorkHours | None = None
    by_work_hours: tuple[FigureKind, ...] = ()  # those of `figures` that teams' calendars have too
    band: str | None = None  # the section of the settings with the bands of its first figure
    tiles: tuple[Tile, ...] = ()
    score: Score | None = None

    @property
    def main(self) -> str:
        """The name of the figure that stands for it."""
        return self.names[0]

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all its figures, without their observations."""
        return (*(kind.name for kind in self.figures), *(shown.name for shown in (*self.made, *self.live)))
