"""Retention and churn: whether customers stay.

They need the customers at both ends of a window: `kpis.figures.view_builder` counts these.
"""

from __future__ import annotations

from typing import Final

from kpis.cell_numbers import JOINED, LEFT, REJOINED
from kpis.figures.kpi.declaration import CUSTOMER, LONG_WINDOW, Kpi, Shown, Tile

RETENTION: Final = Shown(
    name="support_customer_retention_ratio",
    help="Customers at the end without new ones, over customers at the start; may be negative.",
)
CHURN: Final = Shown(name="support_customer_churn_ratio", help="1 minus customer retention.")


def retention(at_start: int, new: int, at_end: int) -> float | None:
    """(E - N) / S; None when nobody was a customer at the start.

    >>> retention(500, 200, 480)
    0.56
    """
    return (at_end - new) / at_start if at_start else None


KPI: Final = Kpi(
    id="retention",
    page="retention-and-churn",
    made=(RETENTION, CHURN),
    cells={JOINED: (CUSTOMER,), LEFT: (CUSTOMER,), REJOINED: (CUSTOMER,)},
    better="higher",
    observed="customers",
    band="retention",
    tiles=(
        Tile(id="retention", figure=RETENTION.name, kind="ratio", window=LONG_WINDOW, everything_only=True),
        Tile(
            id="churn",
            figure=CHURN.name,
            kind="ratio",
            better="lower",
            window=LONG_WINDOW,
            everything_only=True,
        ),
    ),
)
