"""Staffing: how many responders of a team are there now, and how many tickets wait for each who is free.

`kpis.figures.staffing` makes these figures.
"""

from __future__ import annotations

from typing import Final

from kpis.figures.kpi.declaration import BY_TEAM, Kpi, Shown

STATES: Final = ("online", "available", "busy")
RESPONDERS: Final = Shown(
    name="support_responders",
    help="Responders by their latest presence of at most 15 min; teams with fewer than 5 online are absent.",
    labels=("state",),
    rollups=BY_TEAM,
)
PER_RESPONDER: Final = Shown(
    name="support_waiting_per_responder_ratio",
    help="Tickets waiting for a reply, for each available responder of the teams that have presence.",
    rollups=BY_TEAM,
)
KPI: Final = Kpi(id="staffing", page="staffing", live=(RESPONDERS, PER_RESPONDER))
