"""Deadlines as sums: which clocks run, by the minute of their deadline.

Asked for any instant, without a look at any ticket.

A deadline takes effect when its minute is over: until then it is neither met nor breached, but due. So every
figure here is a count of minutes before or after the minute of `as_of`, and moves with the clock although
nothing happens.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping
from itertools import accumulate
from typing import Final, Generic, NamedTuple, TypeVar

from kpis import cell_numbers
from kpis.figure import Figure, Group, Labels
from kpis.members import EVERY_DIMENSION
from kpis.sla import forecast, metrics
from kpis.sla.policy import TARGETS
from kpis.tickets.standing import Dims
from kpis.view_keys import LevelKey
from windows.cells import Cells, add
from windows.panes import MINUTE_MS

P = TypeVar("P", bound=Hashable)
MINUTES_AN_HOUR: Final = 60
_MINUTE_SECONDS: Final = 60
WITHIN: Final = {"15m": 15, "1h": 60, "4h": 240}  # minutes
_SETTLED: Final = {
    base // cell_numbers.BLOCK: cell_numbers.SETTLED[target] for target, base in cell_numbers.SLA.items()
}


class Timeline:
    """Counts by minute: how many stand before, between and after minutes."""

    def __init__(self) -> None:
        self.counts: Cells = {}
        self._minutes: list[int] = []  # ascending
        self._before: list[int] | None = None  # counts of the minutes before each, None: to be made again

    def change(self, delta: Mapping[int, int]) -> None:
        """Add a difference."""
        for minute in delta:
            if minute not in self.counts:
                insort(self._minutes, minute)
        add(self.counts, delta)
        for minute in delta:
            if minute not in self.counts:
                del self._minutes[bisect_left(self._minutes, minute)]
        self._before = None

    def between(self, first: int, end: int) -> int:
        """The sum of the minutes `[first, end)`."""
        return self.before(end) - self.before(first) if first < end else 0

    def before(self, minute: int) -> int:
        """The sum of the minutes before one."""
        if self._before is None:
            self._before = list(accumulate(map(self.counts.__getitem__, self._minutes), initial=0))
        return self._before[bisect_left(self._minutes, minute)]

    @property
    def total(self) -> int:
        """The sum of all minutes."""
        return self.before(1 << 62)

    def following(self, minute: int) -> int | None:
        """The first minute from one on with anything in it."""
        place = bisect_left(self._minutes, minute)
        return self._minutes[place] if place < len(self._minutes) else None


class RunningClocks(Generic[P]):
    """Running clocks by place, read in two ways.

    A clock stands under the team of the deadline, and under the team that has the ticket now.
    """

    def __init__(self) -> None:
        self.due: dict[P, Timeline] = defaultdict(Timeline)
        self._held: dict[P, Timeline] = {}  # of places where the two differ

    def change(self, place: P, delta: Mapping[int, int]) -> None:
        """Clocks start or end."""
        self.due[place].change(delta)
        if place in self._held:
            self._held[place].change(delta)

    def hand(self, place: P, delta: Mapping[int, int]) -> None:
        """Running clocks come from another team, or go to one; their deadlines stay where they count."""
        if place not in self._held:
            held = self._held[place] = Timeline()
            if place in self.due:
                held.change(self.due[place].counts)
        self._held[place].change(delta)

    def held(self, place: P) -> Timeline | None:
        """What a place has to do now; None when nothing was ever there."""
        return self._held.get(place) or self.due.get(place)

    def places(self) -> set[P]:
        """Where anything runs, in either reading."""
        return {
            place for kept in (self.due, self._held) for place, timeline in kept.items() if timeline.counts
        }


class Settled(NamedTuple):
    """Deadlines that fell in a span."""

    met: int
    breached: int


class Deadlines:
    """The running clocks of each target and group, and when unanswered tickets were created.

    The minutes of creation are kept by dimensions.
    """

    def __init__(self) -> None:
        self._clocks: RunningClocks[tuple[str, Group]] = RunningClocks()
        self.unanswered: dict[Dims, Timeline] = defaultdict(Timeline)

    def change(self, key: LevelKey, delta: Mapping[int, int]) -> None:
        """Add a difference of one level row; other levels are not looked at."""
        target = cell_numbers.target_of(key.series) or cell_numbers.handed_target(key.series)
        if target is None and key.series != cell_numbers.UNANSWERED:
            return
        shifted = {key.hour * MINUTES_AN_HOUR + minute: n for minute, n in delta.items()}
        if target is None:
            self.unanswered[key.dims].change(shifted)
            return
        change = self._clocks.hand if cell_numbers.handed_target(key.series) else self._clocks.change
        for group in groups_of(key.dims):
            change((target, group), shifted)

    def due(self, target: str, by: str, names: Iterable[str]) -> list[Timeline]:
        """The deadlines of running clocks that count for some members of a roll-up."""
        return [
            self._clocks.due[target, (by, name)] for name in names if (target, (by, name)) in self._clocks.due
        ]

    def held(self, target: str, by: str, names: Iterable[str]) -> list[Timeline]:
        """The running clocks of tickets that some members of a roll-up have now."""
        return [held for name in names if (held := self._clocks.held((target, (by, name)))) is not None]


def groups_of(dims: Dims) -> tuple[Group, ...]:
    """The members that a combination of dimensions counts for."""
    return (("all", "all"), *zip(EVERY_DIMENSION, dims, strict=False))


def minute_of(at_ms: int) -> int:
    """The minute, since 1970, of an instant."""
    return at_ms // MINUTE_MS


def settled(cells: Mapping[int, int], target: str) -> Settled:
    """What the cells of a span say about a target."""
    base = cell_numbers.SLA[target]
    breached = base + cell_numbers.BREACHED
    met = sum(cells.get(cell, 0) for cell in range(base, breached))
    return Settled(met, sum(cells.get(cell, 0) for cell in range(breached, breached + cell_numbers.CLASSES)))


def light(cells: Mapping[int, int]) -> Cells:
    """Met and missed deadlines of each target, one cell each (`series.SETTLED`)."""
    found: Cells = {}
    for cell, n in cells.items():
        if (pair := _SETTLED.get(cell // cell_numbers.BLOCK)) is not None:
            settled_as = pair[cell % cell_numbers.BLOCK >= cell_numbers.BREACHED]
            found[settled_as] = found.get(settled_as, 0) + n
    return {cell: n for cell, n in found.items() if n}


def attainment(target: str, what: Settled, labels: Labels) -> Iterator[Figure]:
    """Attainment (absent when no deadline fell in the span), its observations, and the breaches."""
    n = what.met + what.breached
    labels = (*labels, ("target", target))
    if n:
        yield Figure(metrics.ATTAINMENT, labels, what.met / n, n)
    yield Figure(metrics.DEADLINES, labels, float(n), n)
    yield Figure(metrics.BREACHED, labels, float(what.breached), n)


def marks(target: str, cells: Mapping[int, int], n: int, labels: Labels) -> Iterator[Figure]:
    """Deadlines that triages moved later after half their time, and outcomes that another line promised.

    The latter are of the `n` that have ended. A 0 is real.
    """
    labels = (*labels, ("target", target))
    extended, foreign = cell_numbers.EXTENDED[target], cell_numbers.FOREIGN[target]
    for name, count in (
        (metrics.EXTENDED, cells.get(extended, 0)),
        (metrics.FOREIGN, cells.get(foreign, 0) + cells.get(foreign + 1, 0)),
    ):
        yield Figure(name, labels, float(count), n)


def standing(target: str, due: Iterable[Timeline], now: int, labels: Labels) -> Iterator[Figure]:
    """The figures of a minute: waiting, overdue and due soon tickets, and the next deadline.

    The deadline is absent when no clock runs.
    """
    timelines = list(due)
    labels = (*labels, ("target", target))
    late = sum(timeline.before(now) for timeline in timelines)
    waiting = sum(timeline.total for timeline in timelines) - late
    yield Figure(metrics.WAITING, labels, float(waiting), waiting)
    yield Figure(metrics.OVERDUE, labels, float(late), late)
    for name, minutes in WITHIN.items():
        soon = sum(timeline.between(now, now + minutes + 1) for timeline in timelines)
        yield Figure(metrics.DUE, (*labels, ("within", name)), float(soon), soon)
    following = [minute for timeline in timelines if (minute := timeline.following(now)) is not None]
    if following:
        yield Figure(metrics.NEXT_DEADLINE, labels, float(min(following) * _MINUTE_SECONDS), waiting)


def ahead(due: Iterable[Timeline], now: int) -> list[int]:
    """Running clocks by minutes until their deadline, of the next hour."""
    timelines = list(due)
    return [
        sum(timeline.counts.get(now + i, 0) for timeline in timelines)
        for i in range(forecast.HORIZON_MINUTES)
    ]


def forecasted(target: str, found: forecast.Forecast, labels: Labels) -> Iterator[Figure]:
    """The forecast as figures."""
    labels = (*labels, ("target", target))
    for bound, value in zip(("expected", "low", "high"), found, strict=True):
        yield Figure(metrics.FORECAST, (*labels, ("bound", bound)), float(value), found.high)


def of_target(cells: Mapping[int, int], target: str) -> Cells:
    """The cells of one target, counted from its base."""
    base = cell_numbers.SLA[target]
    return {
        cell - base: n
        for cell in range(base, base + cell_numbers.BREACHED + cell_numbers.CLASSES)
        if (n := cells.get(cell, 0))
    }


assert set(TARGETS) == set(cell_numbers.DUE) == set(cell_numbers.SLA), "every target has its numbers"
