"""Customer effort score: whether it was easy for customers."""

from __future__ import annotations

from fractions import Fraction
from typing import Final

from kpis.cell_numbers import EFFORT
from kpis.figures.kpi.declaration import FigureKind, Kpi, Score, Tile, points
from kpis.figures.kpi.how import quotient
from kpis.tickets.facts import CES

SCORES: Final = range(1, 8)
ANSWERS: Final = tuple(EFFORT + score for score in SCORES)
EASY: Final = (6, 7)
HARD: Final = (1, 2, 3)
MEAN: Final = FigureKind(
    name="support_effort_mean_score",
    help="Mean customer effort score, 1 to 7.",
    unit="score",
    how=quotient({EFFORT + score: score for score in SCORES}, *ANSWERS),
    worth=points(Fraction(1, 5)),
)
NET: Final = FigureKind(
    name="support_effort_net_ratio",
    help="Easy (6-7) minus hard (1-3) answers, over all answers.",
    unit="ratio",
    how=quotient({EFFORT + score: 1 if score in EASY else -1 for score in (*EASY, *HARD)}, *ANSWERS),
)
KPI: Final = Kpi(
    id="effort",
    page="ces",
    figures=(MEAN, NET),
    cells=dict.fromkeys(ANSWERS, (CES,)),
    better="higher",
    observed="answers",
    tiles=(
        Tile(id="effort", figure=MEAN.name, kind="score"),
        Tile(id="effort_net", figure=NET.name, kind="ratio"),
    ),
    score=Score(
        id="effort",
        figure=MEAN,
        window="7d",
        against="previous",
        change=0.5,
        variance="4 / {n}",  # seven steps spread over about two
    ),
)
