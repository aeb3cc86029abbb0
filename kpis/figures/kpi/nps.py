"""Net promoter score: whether customers would recommend us."""

from __future__ import annotations

from collections.abc import Iterator
from math import sqrt
from typing import Final

from kpis.cell_numbers import DETRACTORS, PASSIVES, PROMOTERS
from kpis.figures.kpi.declaration import FigureKind, Kpi, Score, Tile, points
from kpis.figures.kpi.how import How, Point, Sums, quotient, total
from kpis.tickets.facts import NPS

Z95: Final = 1.959964  # two-sided 95 % of the normal distribution
ANSWERS: Final = (PROMOTERS, PASSIVES, DETRACTORS)


def _interval(cells: Sums) -> Iterator[Point]:
    if n := total(*ANSWERS)(cells):
        low, high = adjusted_wald(cells.get(PROMOTERS, 0), cells.get(DETRACTORS, 0), n)
        yield (("bound", "low"),), low
        yield (("bound", "high"),), high


def adjusted_wald(promoters: int, detractors: int, n: int) -> tuple[float, float]:
    """95 % interval of the net promoter score in points, for n >= 1.

    Adjusted Wald: 3/4 is added to promoters and to detractors, 3 to n.

    >>> [round(bound, 1) for bound in adjusted_wald(60, 20, 100)]
    [23.4, 54.3]
    """
    p, d = (promoters + 0.75) / (n + 3), (detractors + 0.75) / (n + 3)
    half = Z95 * sqrt((p + d - (p - d) ** 2) / (n + 3))
    return 100 * (p - d - half), 100 * (p - d + half)


SCORE: Final = FigureKind(
    name="support_nps_score",
    help="Net promoter score, -100 to 100.",
    unit="score",
    how=quotient({PROMOTERS: 100, DETRACTORS: -100}, *ANSWERS),
    worth=points(5),
)
INTERVAL: Final = FigureKind(
    name="support_nps_interval_score",
    help="95 % interval of the net promoter score.",
    unit="score",
    how=How(lower=_interval, observations=total(*ANSWERS), cells=frozenset(ANSWERS), labels=("bound",)),
)
KPI: Final = Kpi(
    id="nps",
    page="nps",
    figures=(SCORE, INTERVAL),
    cells=dict.fromkeys(ANSWERS, (NPS,)),
    better="higher",
    observed="answers",
    band="nps",
    tiles=(Tile(id="nps", figure=SCORE.name, kind="points"),),
    score=Score(
        id="nps",
        figure=SCORE,
        window="7d",
        against="previous",
        change=10,
        # Of answers that are 100, 0 or -100 it is at most 10,000, and 5,000 for a score near 0.
        variance="5000 / {n}",
    ),
)
