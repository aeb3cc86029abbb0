"""Resolution rate in three readings: of the window, of the tickets created in it, of what stays solved."""

from __future__ import annotations

from fractions import Fraction
from typing import Final

from kpis import cell_numbers
from kpis.figures.kpi.declaration import FigureKind, Kpi, Score, Tile, points
from kpis.figures.kpi.how import ratio
from kpis.tickets.facts import REOPENED, RESOLVED, STATUS

RATIO: Final = FigureKind(
    name="support_resolution_ratio",
    help="First resolutions with outcome solved, over tickets received; may exceed 1.",
    unit="ratio",
    how=ratio(cell_numbers.SOLVED, cell_numbers.RECEIVED),
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
    help="The same, of tickets that stand closed as solved now.",
    unit="ratio",
    how=ratio(cell_numbers.NET, cell_numbers.RECEIVED),
)
KPI: Final = Kpi(
    id="resolution_rate",
    page="resolution-rate",
    figures=(RATIO, COHORT, NET),
    cells={
        cell_numbers.SOLVED: (RESOLVED, STATUS),
        cell_numbers.COHORT: (RESOLVED, REOPENED, STATUS),
        cell_numbers.NET: (RESOLVED, REOPENED, STATUS),
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
