"""Abandonment rate: how many give up before they are helped."""

from __future__ import annotations

from fractions import Fraction
from typing import Final

from kpis import cell_numbers
from kpis.figures.kpi.declaration import SHARE, FigureKind, Kpi, Score, Tile, points
from kpis.figures.kpi.how import ratio
from kpis.tickets.facts import RESOLVED, STATUS

RATIO: Final = FigureKind(
    name="support_abandonment_ratio",
    help="Tickets resolved with outcome abandoned, over tickets created.",
    unit="ratio",
    how=ratio(cell_numbers.ABANDONED, cell_numbers.CREATED),
    worth=points(Fraction(2, 100)),
)
KPI: Final = Kpi(
    id="abandonment",
    page="abandonment",
    figures=(RATIO,),
    cells={cell_numbers.ABANDONED: (RESOLVED, STATUS)},
    better="lower",
    observed="tickets",
    tiles=(Tile(id="abandonment", figure=RATIO.name, kind="ratio"),),
    score=Score(
        id="abandonment", figure=RATIO, window="24h", against="week_ago", change=0.05, variance=SHARE
    ),
)
