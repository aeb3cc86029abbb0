"""What changed and where: figures that moved, and the member that explains most of a move.

A figure moves against a period before. Every figure here is a quotient F = A / B of exact sums (total time /
replies, solved / created, ...), and both A and B are sums over the members m of a dimension. With 0 for the
period compared with and 1 for now, the contribution of a member is

    c(m) = (A1(m) - F0 B1(m)) / B1  -  (A0(m) - F0 B0(m)) / B0

how far its tickets pull the figure from F0 now, less what they did then. Over the members of one dimension
these add up to F1 - F0 exactly, whether a member became slower or its share of the tickets grew. The share of
a member is c(m) / (F1 - F0); it may be negative or above 1 when others moved the other way. A large team has
a large share of everything, so shares alone would always blame the largest: the member named is the one whose
share exceeds its part of the observations most, among those that explain at least half.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, Literal, NamedTuple

from kpis import cell_numbers
from kpis.figure import Group
from kpis.figures.catalogue import KPIS
from kpis.figures.history import TOTAL, PaneHistory
from kpis.figures.kpi.declaration import Better, FigureKind, Kpi
from kpis.figures.kpi.how import Amount, Sums, total
from windows.panes import HOUR_MS
from windows.spans import Period, covered_ms

EXPLAINS: Final = Fraction(1, 2)  # "most of": at least half of the move
EXCESS: Final = Fraction(1, 10)  # ... and so much more than its part of the observations
DIMENSION_SIZE: Final = 2  # a dimension with one member explains everything and nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class Moving:
    """A figure that is watched for moves.

    A is `top`, B is `unit` times the observations `n`, both from summed cells.
    """

    name: str
    top: Amount
    n: Amount
    unit: int = 1  # 1000 where the cells hold milliseconds and the figure is in seconds
    # B is the time covered instead, the same for every member, so c(m) = A1(m) / B1 - A0(m) / B0
    per_hour: bool = False
    better: Better | None  # None: a move is news, neither good nor bad
    worth: Fraction  # the smallest move that is told, in units of the figure, or
    relative: bool  # ... as a part of the value before


class Explanation(NamedTuple):
    """The member that explains most of a move."""

    dimension: str
    member: str
    share: float  # of the move; above 1 when others moved the other way
    weight: float  # its part of the observations: of those now, for tickets per hour of those before


class MovedFigure(NamedTuple):
    """A figure that moved. `where` is None when no member explains most of it."""

    name: str
    value: float
    before: float
    n: int
    n_before: int
    verdict: Literal["worse", "better", "other"]
    where: Explanation | None


def _moving(kind: FigureKind, better: Better | None) -> Iterator[Moving]:
    if kind.worth is not None and kind.how.top is not None:
        yield Moving(
            name=kind.name,
            top=kind.how.top,
            n=kind.observations,
            unit=kind.how.unit,
            better=better,
            worth=kind.worth.least,
            relative=kind.worth.relative,
        )


def _rates(one: Kpi) -> Iterator[Moving]:
    """What is watched beside the quotients of cells: tickets by the hour."""
    for name, worth in one.worth.items():
        created = total(cell_numbers.CREATED)
        yield Moving(
            name=name,
            top=created,
            n=created,
            per_hour=True,
            better=one.better,
            worth=worth.least,
            relative=worth.relative,
        )


# Of equal moves these are told first, then those of other KPIs in the order of the catalogue.
_FIRST: Final = ("first_response", "response", "resolution_rate", "csat", "nps", "effort")
_WATCHED: Final = sorted(KPIS, key=lambda one: _FIRST.index(one.id) if one.id in _FIRST else len(_FIRST))
MOVING: Final = (
    *(moving for one in _WATCHED for kind in one.figures for moving in _moving(kind, one.better)),
    *(moving for one in KPIS for moving in _rates(one)),
)
# Of a choice that works by a calendar these are told by it, as boards and wall show them.
BUSINESS: Final = {
    moving.name: moving for one in KPIS for kind in one.by_work_hours for moving in _moving(kind, one.better)
}


def changes(
    course: PaneHistory, period: Period, *, as_of_ms: int, minimum: int, business: bool = True
) -> list[MovedFigure]:
    """The figures that moved against the period.

    Those that became worse come first, the largest moves (in units of `worth`) first. A figure of fewer than
    `minimum` observations in either period is left out: its move would be chance. Empty when the window has
    no such period. A threshold is no test of significance. `business`: by work hours where they were
    observed, else in calendar time.
    """
    if period not in course.spans:
        return []
    total = course.totals["current"].get(TOTAL, {})
    watched = [
        own if business and (own := BUSINESS.get(moving.name)) is not None and own.n(total) else moving
        for moving in MOVING
    ]
    found = [
        move for moving in watched if (move := _move(moving, course, period, as_of_ms, minimum)) is not None
    ]
    order = {"worse": 0, "other": 1, "better": 2}
    return [change for _, change in sorted(found, key=lambda item: (order[item[1].verdict], -item[0]))]


def _move(
    moving: Moving, course: PaneHistory, period: Period, as_of_ms: int, minimum: int
) -> tuple[Fraction, MovedFigure] | None:
    now, then = _Side(moving, course, "current", as_of_ms), _Side(moving, course, period, as_of_ms)
    if min(now.n, then.n) < max(1, minimum) or not now.bottom or not then.bottom:
        return None
    delta = now.figure - then.figure
    size = (
        abs(delta) / (then.figure if moving.relative else 1)
        if then.figure or not moving.relative
        else Fraction(0)
    )
    if size < moving.worth:
        return None
    verdict: Literal["worse", "better", "other"] = "other"
    if moving.better is not None:
        verdict = "worse" if (delta > 0) == (moving.better == "lower") else "better"
    where = _explain(course, now, then, delta)
    return size / moving.worth, MovedFigure(
        moving.name, float(now.figure), float(then.figure), now.n, then.n, verdict, where
    )


class _Side:
    """A and B of one period, of the whole and of any part."""

    def __init__(self, moving: Moving, course: PaneHistory, period: Period, as_of_ms: int) -> None:
        self.moving = moving
        self._totals = course.totals[period]
        self.n = self.count(TOTAL)
        hours = Fraction(covered_ms(course.spans[period], period, as_of_ms), HOUR_MS)
        self.bottom = hours if moving.per_hour else Fraction(moving.unit * self.n)
        self.figure = self._top(TOTAL) / self.bottom if self.bottom else Fraction(0)

    def _cells(self, group: Group) -> Sums:
        return self._totals.get(group, {})

    def _top(self, group: Group) -> int:
        return self.moving.top(self._cells(group))

    def count(self, group: Group) -> int:
        """Observations of a part."""
        return self.moving.n(self._cells(group))

    def pull(self, group: Group, base: Fraction) -> Fraction:
        """How far a part pulls the figure from `base`."""
        own = 0 if self.moving.per_hour else self.moving.unit * self.count(group)
        return (self._top(group) - base * own) / self.bottom

    def members(self, dimension: str) -> Iterator[str]:
        """Members of a dimension of which anything was observed, if not of this figure."""
        return (member for by, member in self._totals if by == dimension)


def contributions(
    course: PaneHistory, moving: Moving, period: Period, dimension: str, *, as_of_ms: int
) -> dict[str, Fraction]:
    """c(m) of each member of a dimension; their sum is the move, exactly.

    Both periods must have observations.
    """
    return _contributions(
        _Side(moving, course, "current", as_of_ms), _Side(moving, course, period, as_of_ms), dimension
    )


def _contributions(now: _Side, then: _Side, dimension: str) -> dict[str, Fraction]:
    found = {}
    for member in sorted({*now.members(dimension), *then.members(dimension)}):
        group = (dimension, member)
        pulled = now.pull(group, then.figure) - then.pull(group, then.figure)
        if pulled or now.count(group) or then.count(group):
            found[member] = pulled
    return found


def _explain(course: PaneHistory, now: _Side, then: _Side, delta: Fraction) -> Explanation | None:
    best: tuple[Fraction, Explanation] | None = None
    weigh = then if now.moving.per_hour else now  # of more tickets the part is what it was before they came
    for dimension in course.dimensions:
        parts = _contributions(now, then, dimension)
        if len(parts) < DIMENSION_SIZE:
            continue
        for member, contribution in parts.items():
            share, weight = contribution / delta, Fraction(weigh.count((dimension, member)), weigh.n)
            excess = share - weight
            if share >= EXPLAINS and excess >= EXCESS and (best is None or excess > best[0]):
                best = excess, Explanation(dimension, member, float(share), float(weight))
    return None if best is None else best[1]
