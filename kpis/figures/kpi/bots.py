"""What bots solve."""

from __future__ import annotations

from typing import Final

from kpis import cell_numbers
from kpis.figures.kpi.declaration import BY_TEAM, FigureKind, Kpi
from kpis.figures.kpi.how import count
from kpis.tickets.facts import RESOLVED

TICKETS: Final = FigureKind(
    name="support_bot_solved_tickets",
    rollups=BY_TEAM,
    compared=False,
    help="First resolutions with outcome solved that a bot made.",
    unit="",
    how=count(cell_numbers.BOT_SOLVED, of=cell_numbers.SOLVED),
)
KPI: Final = Kpi(
    id="bots",
    page="resolution-rate",
    figures=(TICKETS,),
    cells={cell_numbers.BOT_SOLVED: (RESOLVED,)},
    observed="solved",
)
