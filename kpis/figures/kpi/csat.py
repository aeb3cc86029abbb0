"""Customer satisfaction: whether customers were content with this ticket."""

from __future__ import annotations

from fractions import Fraction
from typing import Final

from kpis.cell_numbers import SATISFIED, UNSATISFIED
from kpis.figures.kpi.declaration import SHARE, FigureKind, Kpi, Score, Tile, points
from kpis.figures.kpi.how import ratio
from kpis.tickets.facts import CSAT

RATIO: Final = FigureKind(
    name="support_csat_ratio",
    help="Satisfied answers over all answers.",
    unit="ratio",
    how=ratio(SATISFIED, SATISFIED, UNSATISFIED),
    worth=points(Fraction(2, 100)),
)
KPI: Final = Kpi(
    id="csat",
    page="csat",
    figures=(RATIO,),
    cells={SATISFIED: (CSAT,), UNSATISFIED: (CSAT,)},
    better="higher",
    observed="answers",
    band="csat",
    tiles=(Tile(id="csat", figure=RATIO.name, kind="ratio"),),
    score=Score(id="csat", figure=RATIO, window="7d", against="previous", change=0.05, variance=SHARE),
)
