"""Resolution time: how long until a ticket is solved."""

from __future__ import annotations

from fractions import Fraction
from typing import Final

from kpis import cell_numbers
from kpis.figures.kpi.declaration import PROMISE, FigureKind, Kpi, Score, Shown, Tile, WorkHours, part
from kpis.figures.kpi.how import BUSINESS, CALENDAR, TO_NINETEEN_IN_TWENTY, mean, quantiles
from kpis.tickets.facts import RESOLVED, STATUS

MEAN: Final = FigureKind(
    name="support_resolution_time_mean_seconds",
    help="Mean time from creation to the first solution by a human.",
    unit="seconds",
    how=mean(cell_numbers.RESOLUTION, CALENDAR),
    worth=part(Fraction(1, 5)),
)
QUANTILE: Final = FigureKind(
    name="support_resolution_time_quantile_seconds",
    help="Quantiles of the resolution time, accurate to 1 %.",
    unit="seconds",
    how=quantiles(cell_numbers.RESOLUTION, TO_NINETEEN_IN_TWENTY, CALENDAR),
)
CLOSED: Final = Shown(
    name="support_resolution_time_closed_observations",
    help="First resolutions with the whole time in closed hours, which count as 0 s.",
)
KPI: Final = Kpi(
    id="resolution_time",
    page="resolution-time",
    figures=(MEAN, QUANTILE),
    cells={cell_numbers.RESOLUTION: (RESOLVED, STATUS), cell_numbers.RESOLUTION_BUSINESS: (PROMISE,)},
    better="lower",
    observed="solved",
    work_hours=WorkHours(cell=cell_numbers.RESOLUTION_BUSINESS, closed=CLOSED),
    by_work_hours=(
        MEAN.by_work_hours(mean(cell_numbers.RESOLUTION_BUSINESS, BUSINESS)),
        QUANTILE.by_work_hours(quantiles(cell_numbers.RESOLUTION_BUSINESS, TO_NINETEEN_IN_TWENTY, BUSINESS)),
    ),
    tiles=(
        Tile(id="resolution_time", figure=MEAN.name, kind="duration", clocked=True),
        Tile(
            id="resolution_time_calendar",
            figure=MEAN.name,
            kind="duration",
            labels=CALENDAR,
            other_clock=True,
        ),
        Tile(
            id="resolution_time_median",
            figure=QUANTILE.name,
            kind="duration",
            labels=(("q", "0.5"),),
            clocked=True,
        ),
    ),
    score=Score(
        id="resolution_time",
        figure=QUANTILE,
        window="24h",
        against="week_ago",
        change=1.5,
        variance="2.25 / {n}",
        q="0.5",
    ),
)
