"""Resolution rate in three readings: of the window, of the tickets created in it, of what stays solved."""

from __future__ import annotations

from fractions import Fraction
from typing import Final

from kpis import cell_numbers
from kpis.figures.kpi.declaration import FigureKind, Kpi, Score, Tile, points
from kpis.figures.kpi.how import ratio
from kpis.tickets.facts import REOPENED, RESOLVED

RATIO: Final = FigureKind(
    name="support_resolution_ratio",
    help="First resolutions with outcome solved, over tickets created; may exceed 1.",
    unit="ratio",
    how=ratio(cell_numbers.SOLVED, cell_numbers.CREATED),
    worth=points(Fraction(2, 100)),
)
COHORT: Final = FigureKind(
    name="support_resolution_cohort_ratio",
    help="Share of the tickets created in the window that are solved now.",
    unit="ratio",
    how=ratio(cell_numbers.COHORT, cell_numbers.CREATED),
)
NET: Final = FigureKind(
    name="support_resolution_net_ratio",
    help="The resolution ratio without tickets that were reopened later.",
    unit="ratio",
    how=ratio(cell_numbers.NET, cell_numbers.CREATED),
)
KPI: Final = Kpi(
    id="resolution_rate",
    page="resolution-rate",
    figures=(RATIO, COHORT, NET),
    cells={
        cell_numbers.SOLVED: (RESOLVED,),
        cell_numbers.COHORT: (RESOLVED, REOPENED),
        cell_numbers.NET: (RESOLVED, REOPENED),
    },
    better="higher",
    observed="tickets",
    band="resolution",
    tiles=(
        Tile(id="resolution", figure=RATIO.name, kind="ratio"),
        Tile(id="resolution_net", figure=NET.name, kind="ratio"),
        Tile(id="resolution_cohort", figure=COHORT.name, kind="ratio"),
    ),
    score=Score(
        id="resolution",
        figure=RATIO,
        window="24h",
        against="week_ago",
        change=0.1,
        variance="({r} + {r} * {r}) / {n}",  # solved over created, both counts of what comes by chance
    ),
)
