"""Response time: how long a customer waits each time."""

from __future__ import annotations

from fractions import Fraction
from typing import Final

from kpis import cell_numbers
from kpis.figures.kpi.declaration import FigureKind, Kpi, Tile, part
from kpis.figures.kpi.how import HALF_AND_NINE_IN_TEN, mean, quantiles
from kpis.tickets.facts import REPLIED

MEAN: Final = FigureKind(
    name="support_response_mean_seconds",
    help="Mean time that a customer waited for a public reply, first and later ones alike.",
    unit="seconds",
    how=mean(cell_numbers.RESPONSE),
    worth=part(Fraction(1, 5)),
)
QUANTILE: Final = FigureKind(
    name="support_response_quantile_seconds",
    help="Quantiles of the response time, accurate to 1 %.",
    unit="seconds",
    how=quantiles(cell_numbers.RESPONSE, HALF_AND_NINE_IN_TEN),
)
KPI: Final = Kpi(
    id="response",
    page="response-time",
    figures=(MEAN, QUANTILE),
    cells={cell_numbers.RESPONSE: (REPLIED,)},
    better="lower",
    observed="replies",
    tiles=(Tile(id="response", figure=MEAN.name, kind="duration"),),
)
