"""Solved unanswered: how many tickets were solved although no human had answered."""

from __future__ import annotations

from typing import Final

from kpis import cell_numbers
from kpis.figures.kpi.declaration import FigureKind, Kpi
from kpis.figures.kpi.how import count, ratio
from kpis.tickets.facts import RESOLVED, STATUS

TICKETS: Final = FigureKind(
    name="support_solved_unanswered_tickets",
    help="First solutions by humans before any public reply by a human.",
    unit="",
    how=count(cell_numbers.SOLVED_UNANSWERED, of=cell_numbers.SOLVED),
)
RATIO: Final = FigureKind(
    name="support_solved_unanswered_ratio",
    help="Tickets solved before any public reply by a human, over tickets solved.",
    unit="ratio",
    how=ratio(cell_numbers.SOLVED_UNANSWERED, cell_numbers.SOLVED),
)
KPI: Final = Kpi(
    id="solved_unanswered",
    page="resolution-rate",
    figures=(TICKETS, RATIO),
    cells={cell_numbers.SOLVED_UNANSWERED: (RESOLVED, STATUS)},
    better="lower",
    observed="solved",
)
