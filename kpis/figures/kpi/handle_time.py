"""Average handle time: how much work is one interaction."""

from __future__ import annotations

from fractions import Fraction
from typing import Final

from kpis import cell_numbers
from kpis.figures.kpi.declaration import FigureKind, Kpi, Score, Tile, part
from kpis.figures.kpi.how import HALF_AND_NINE_IN_TEN, mean, quantiles
from kpis.tickets.facts import HANDLED, RESOLVED

MEAN: Final = FigureKind(
    name="support_handle_time_mean_seconds",
    help="Mean talk, hold and wrap-up time of an interaction.",
    unit="seconds",
    how=mean(cell_numbers.HANDLE),
    worth=part(Fraction(1, 5)),
)
QUANTILE: Final = FigureKind(
    name="support_handle_time_quantile_seconds",
    help="Quantiles of the handle time, accurate to 1 %.",
    unit="seconds",
    how=quantiles(cell_numbers.HANDLE, HALF_AND_NINE_IN_TEN),
)
KPI: Final = Kpi(
    id="handle_time",
    page="handle-time",
    figures=(MEAN, QUANTILE),
    cells={cell_numbers.HANDLE: (RESOLVED, HANDLED)},
    better="lower",
    observed="interactions",
    band="handle_time",
    tiles=(Tile(id="handle_time", figure=MEAN.name, kind="duration"),),
    score=Score(
        id="handle_time", figure=MEAN, window="24h", against="week_ago", change=1.25, variance="1 / {n}"
    ),
)
