"""Response time: how long a customer waits each time."""

from __future__ import annotations

from fractions import Fraction
from typing import Final

from kpis import cell_numbers
from kpis.figures.kpi.declaration import PROMISE, FigureKind, Kpi, Shown, Tile, WorkHours, part
from kpis.figures.kpi.how import BUSINESS, CALENDAR, HALF_AND_NINE_IN_TEN, mean, quantiles
from kpis.tickets.facts import REPLIED

MEAN: Final = FigureKind(
    name="support_response_mean_seconds",
    help="Mean time that a customer waited for a public reply, first and later ones alike.",
    unit="seconds",
    how=mean(cell_numbers.RESPONSE, CALENDAR),
    worth=part(Fraction(1, 5)),
)
QUANTILE: Final = FigureKind(
    name="support_response_quantile_seconds",
    help="Quantiles of the response time, accurate to 1 %.",
    unit="seconds",
    how=quantiles(cell_numbers.RESPONSE, HALF_AND_NINE_IN_TEN, CALENDAR),
)
CLOSED: Final = Shown(
    name="support_response_closed_observations",
    help="Replies with the whole wait in closed hours, which count as 0 s.",
)
KPI: Final = Kpi(
    id="response",
    page="response-time",
    figures=(MEAN, QUANTILE),
    cells={cell_numbers.RESPONSE: (REPLIED,), cell_numbers.RESPONSE_BUSINESS: (PROMISE,)},
    better="lower",
    observed="replies",
    work_hours=WorkHours(cell=cell_numbers.RESPONSE_BUSINESS, closed=CLOSED),
    by_work_hours=(
        MEAN.by_work_hours(mean(cell_numbers.RESPONSE_BUSINESS, BUSINESS)),
        QUANTILE.by_work_hours(quantiles(cell_numbers.RESPONSE_BUSINESS, HALF_AND_NINE_IN_TEN, BUSINESS)),
    ),
    tiles=(
        Tile(id="response", figure=MEAN.name, kind="duration", clocked=True),
        Tile(id="response_calendar", figure=MEAN.name, kind="duration", labels=CALENDAR, other_clock=True),
        Tile(
            id="response_median", figure=QUANTILE.name, kind="duration", labels=(("q", "0.5"),), clocked=True
        ),
        Tile(id="response_p90", figure=QUANTILE.name, kind="duration", labels=(("q", "0.9"),), clocked=True),
    ),
)
