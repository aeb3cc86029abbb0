"""Full resolution time: how long until the solution that stands."""

from __future__ import annotations

from typing import Final

from kpis import cell_numbers
from kpis.figures.kpi.declaration import BY_TEAM, FigureKind, Kpi
from kpis.figures.kpi.how import HALF_AND_NINE_IN_TEN, mean, quantiles
from kpis.tickets.facts import REOPENED, RESOLVED, STATUS

MEAN: Final = FigureKind(
    name="support_full_resolution_time_mean_seconds",
    rollups=BY_TEAM,
    compared=False,
    help="Mean time from creation to the last solution, of tickets that a human solved and that are solved "
    "now.",
    unit="seconds",
    how=mean(cell_numbers.FULL_RESOLUTION),
)
QUANTILE: Final = FigureKind(
    name="support_full_resolution_time_quantile_seconds",
    rollups=BY_TEAM,
    compared=False,
    help="Quantiles of the full resolution time, accurate to 1 %.",
    unit="seconds",
    how=quantiles(cell_numbers.FULL_RESOLUTION, HALF_AND_NINE_IN_TEN),
)
KPI: Final = Kpi(
    id="full_resolution",
    page="resolution-time",
    figures=(MEAN, QUANTILE),
    cells={cell_numbers.FULL_RESOLUTION: (RESOLVED, REOPENED, STATUS)},
    better="lower",
    observed="solved",
)
