"""Live levels: what is open now, who waits for us, and who waits longest."""

from __future__ import annotations

from typing import Final

from kpis.figures.kpi.declaration import Kpi, Shown

OPEN: Final = Shown(
    name="support_open_tickets", help="Tickets created and not resolved, merged or discarded."
)
UNANSWERED: Final = Shown(
    name="support_unanswered_tickets",
    help="Open tickets in which a customer waits for the first public reply by a human.",
)
OLDEST: Final = Shown(
    name="support_oldest_unanswered_timestamp_seconds",
    help="Start of the present wait of the oldest unanswered ticket, rounded down to the minute.",
)
WAITING: Final = Shown(
    name="support_waiting_tickets",
    help="Open tickets in which a customer waits for our reply, the first one or a later one.",
)
OLDEST_WAITING: Final = Shown(
    name="support_oldest_waiting_timestamp_seconds",
    help="Start of the oldest wait for our reply, rounded down to the minute.",
)
UNASSIGNED: Final = Shown(
    name="support_unassigned_tickets",
    help="Open tickets that nobody has; absent until the desk has told of any assignment.",
)
WITH_BOT: Final = Shown(name="support_with_bot_tickets", help="Open tickets that a bot has.")
KPI: Final = Kpi(
    id="live",
    page="live-levels",
    live=(OPEN, UNANSWERED, OLDEST, WAITING, OLDEST_WAITING, UNASSIGNED, WITH_BOT),
)
