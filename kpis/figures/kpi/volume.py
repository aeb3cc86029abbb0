"""Ticket volume: how much comes in."""

from __future__ import annotations

from fractions import Fraction
from typing import Final

from kpis import cell_numbers
from kpis.figures.kpi.declaration import FigureKind, Kpi, Shown, Tile, part
from kpis.figures.kpi.how import count
from kpis.tickets.facts import CREATED, TRANSFERRED

TICKETS: Final = FigureKind(
    name="support_tickets", help="Tickets created.", unit="", how=count(cell_numbers.CREATED)
)
RECEIVED: Final = FigureKind(
    name="support_received_tickets",
    help="Tickets created, and handed in by others less those handed out while open: may be negative.",
    unit="",
    how=count(cell_numbers.RECEIVED),
)
# `kpis.figures.lowering` makes it: it needs the time that a window covers.
PER_HOUR: Final = Shown(
    name="support_tickets_per_hour", help="Tickets created per hour of the time that the window covers."
)
KPI: Final = Kpi(
    id="volume",
    page="ticket-volume",
    figures=(TICKETS, RECEIVED),
    made=(PER_HOUR,),
    cells={cell_numbers.CREATED: (CREATED,), cell_numbers.RECEIVED: (CREATED, TRANSFERRED)},
    observed="tickets",
    worth={PER_HOUR.name: part(Fraction(1, 5))},
    tiles=(
        Tile(id="tickets", figure=TICKETS.name, kind="count"),
        Tile(id="tickets_per_hour", figure=PER_HOUR.name, kind="rate"),
    ),
)
