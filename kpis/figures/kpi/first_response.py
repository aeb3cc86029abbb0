"""First response time: how long until a human answers."""

from __future__ import annotations

from fractions import Fraction
from typing import Final

from kpis import cell_numbers
from kpis.figures.kpi.declaration import PROMISE, FigureKind, Kpi, Score, Shown, Tile, WorkHours, part
from kpis.figures.kpi.how import BUSINESS, CALENDAR, TO_NINETEEN_IN_TWENTY, mean, quantiles
from kpis.tickets.facts import REPLIED

MEAN: Final = FigureKind(
    name="support_first_response_mean_seconds",
    help="Mean time from creation to the first public reply by a human.",
    unit="seconds",
    how=mean(cell_numbers.FIRST_RESPONSE, CALENDAR),
    worth=part(Fraction(1, 5)),
)
QUANTILE: Final = FigureKind(
    name="support_first_response_quantile_seconds",
    help="Quantiles of the first response time, accurate to 1 %.",
    unit="seconds",
    how=quantiles(cell_numbers.FIRST_RESPONSE, TO_NINETEEN_IN_TWENTY, CALENDAR),
)
CLOSED: Final = Shown(
    name="support_first_response_closed_observations",
    help="First replies with the whole wait in closed hours, which count as 0 s.",
)
KPI: Final = Kpi(
    id="first_response",
    page="first-response-time",
    figures=(MEAN, QUANTILE),
    cells={cell_numbers.FIRST_RESPONSE: (REPLIED,), cell_numbers.FIRST_RESPONSE_BUSINESS: (PROMISE,)},
    better="lower",
    observed="replies",
    work_hours=WorkHours(cell=cell_numbers.FIRST_RESPONSE_BUSINESS, closed=CLOSED),
    by_work_hours=(
        MEAN.by_work_hours(mean(cell_numbers.FIRST_RESPONSE_BUSINESS, BUSINESS)),
        QUANTILE.by_work_hours(
            quantiles(cell_numbers.FIRST_RESPONSE_BUSINESS, TO_NINETEEN_IN_TWENTY, BUSINESS)
        ),
    ),
    band="first_response",
    tiles=(
        Tile(id="first_response", figure=MEAN.name, kind="duration", clocked=True),
        Tile(
            id="first_response_calendar", figure=MEAN.name, kind="duration", labels=CALENDAR, other_clock=True
        ),
        Tile(
            id="first_response_median",
            figure=QUANTILE.name,
            kind="duration",
            labels=(("q", "0.5"),),
            clocked=True,
        ),
        Tile(
            id="first_response_p90",
            figure=QUANTILE.name,
            kind="duration",
            labels=(("q", "0.9"),),
            clocked=True,
        ),
    ),
    score=Score(
        id="first_response",
        figure=QUANTILE,
        window="24h",
        against="week_ago",
        change=1.5,
        variance="2.25 / {n}",
        q="0.5",
    ),
)
