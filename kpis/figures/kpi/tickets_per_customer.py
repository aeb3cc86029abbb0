"""Tickets per customer: how often one customer must ask."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kpis.cell_numbers import CREATED, REGISTER, REGISTERS_USED
from kpis.figures.kpi.declaration import FigureKind, Kpi, Tile
from kpis.figures.kpi.how import How, Point, Sums
from kpis.tickets import facts
from windows.distinct import estimate


def customers(cells: Sums) -> int:
    """Distinct customers of the tickets created; 0 when there were none or the registers are saturated."""
    return estimate(cells.get(REGISTERS_USED, 0)) or 0


def _lower(cells: Sums) -> Iterator[Point]:
    if n := customers(cells):
        yield (), cells.get(CREATED, 0) / n


RATE: Final = FigureKind(
    name="support_tickets_per_customer",
    help="Tickets created per distinct customer.",
    unit="",
    how=How(lower=_lower, observations=customers, cells=frozenset({CREATED, REGISTERS_USED})),
    rollups=("all", "team"),
)
KPI: Final = Kpi(
    id="tickets_per_customer",
    page="tickets-per-customer",
    figures=(RATE,),
    cells={REGISTER: (facts.CREATED,), REGISTERS_USED: (facts.CREATED,)},
    better="lower",
    observed="customers",
    band="tickets_per_customer",
    tiles=(Tile(id="tickets_per_customer", figure=RATE.name, kind="rate"),),
)
