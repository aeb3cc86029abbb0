"""First-contact resolution rate: how much the first answer settled for good."""

from __future__ import annotations

from typing import Final

from kpis import cell_numbers
from kpis.figures.kpi.declaration import BY_TEAM, FigureKind, Kpi
from kpis.figures.kpi.how import ratio
from kpis.tickets.facts import REOPENED, RESOLVED, STATUS

RATIO: Final = FigureKind(
    name="support_first_contact_ratio",
    rollups=BY_TEAM,
    compared=False,
    help="First human solutions after a reply, without a message between them and not reopened in 7 d; "
    "booked 7 d after the solution.",
    unit="ratio",
    how=ratio(cell_numbers.FIRST_CONTACT, cell_numbers.FIRST_CONTACT_OF),
)
KPI: Final = Kpi(
    id="first_contact",
    page="first-contact",
    figures=(RATIO,),
    cells={
        cell_numbers.FIRST_CONTACT: (RESOLVED, REOPENED, STATUS),
        cell_numbers.FIRST_CONTACT_OF: (RESOLVED, STATUS),
    },
    better="higher",
    observed="solved",
)
