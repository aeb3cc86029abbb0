"""Reopen rate: how much comes back."""

from __future__ import annotations

from fractions import Fraction
from typing import Final

from kpis import cell_numbers
from kpis.figures.kpi.declaration import SHARE, FigureKind, Kpi, Score, Tile, points
from kpis.figures.kpi.how import ratio
from kpis.tickets.facts import REOPENED, RESOLVED, STATUS

RATIO: Final = FigureKind(
    name="support_reopen_ratio",
    help="Tickets reopened, over first resolutions.",
    unit="ratio",
    how=ratio(cell_numbers.REOPENED, cell_numbers.RESOLVED),
    worth=points(Fraction(2, 100)),
)
KPI: Final = Kpi(
    id="reopen",
    page="reopen-rate",
    figures=(RATIO,),
    cells={cell_numbers.REOPENED: (REOPENED, STATUS), cell_numbers.RESOLVED: (RESOLVED, STATUS)},
    better="lower",
    observed="resolutions",
    tiles=(Tile(id="reopen", figure=RATIO.name, kind="ratio"),),
    score=Score(id="reopened", figure=RATIO, window="7d", against="previous", change=0.05, variance=SHARE),
)
