"""One-touch resolution rate: how much one reply was enough for."""

from __future__ import annotations

from typing import Final

from kpis import cell_numbers
from kpis.figures.kpi.declaration import BY_TEAM, FigureKind, Kpi
from kpis.figures.kpi.how import ratio
from kpis.tickets.facts import REOPENED, REPLIED, RESOLVED, STATUS

RATIO: Final = FigureKind(
    name="support_one_touch_ratio",
    rollups=BY_TEAM,
    compared=False,
    help="Tickets solved now by a human with exactly one public human reply, over those with at least one.",
    unit="ratio",
    how=ratio(cell_numbers.ONE_TOUCH, cell_numbers.TOUCHED),
)
_STEPS: Final = (REPLIED, RESOLVED, REOPENED, STATUS)
KPI: Final = Kpi(
    id="one_touch",
    page="one-touch",
    figures=(RATIO,),
    cells={cell_numbers.ONE_TOUCH: _STEPS, cell_numbers.TOUCHED: _STEPS},
    better="higher",
    observed="solved",
)
