"""Live levels: what is open now, and who waits longest."""

from __future__ import annotations

from typing import Final

from kpis.figures.kpi.declaration import Kpi, Shown

OPEN: Final = Shown(name="support_open_tickets", help="Tickets created and not resolved or discarded.")
UNANSWERED: Final = Shown(
    name="support_unanswered_tickets", help="Open tickets without a public reply by a human."
)
OLDEST: Final = Shown(
    name="support_oldest_unanswered_timestamp_seconds",
    help="Creation or latest reopening of the oldest unanswered ticket, rounded down.",
)
KPI: Final = Kpi(id="live", page="live-levels", live=(OPEN, UNANSWERED, OLDEST))
