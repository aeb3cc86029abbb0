"""The names of the figures of an SLA policy.

What they mean is declared in `kpis.figures.kpi.sla` and `kpis.figures.kpi.worst`.
"""

from __future__ import annotations

from typing import Final

ATTAINMENT: Final = "support_sla_attainment_ratio"
DEADLINES: Final = "support_sla_attainment_observations"
BREACHED: Final = "support_sla_breached_tickets"
EXTENDED: Final = "support_sla_extended_tickets"
FOREIGN: Final = "support_sla_foreign_observations"
OBJECTIVE: Final = "support_sla_objective_ratio"
WAITING: Final = "support_sla_waiting_tickets"
OVERDUE: Final = "support_sla_overdue_tickets"
DUE: Final = "support_sla_due_tickets"
NEXT_DEADLINE: Final = "support_sla_next_deadline_timestamp_seconds"
OLDEST_AGE: Final = "support_oldest_unanswered_business_seconds"
FORECAST: Final = "support_sla_forecast_breaches_tickets"
BUSINESS_OPEN: Final = "support_business_open"

WORST: Final = "support_sla_worst_ratio"
WORST_OBJECTIVE: Final = "support_sla_worst_objective_ratio"
WORST_DEADLINES: Final = "support_sla_worst_observations"
WORST_MISSED: Final = "support_sla_worst_missed_tickets"
WORST_EXCESS: Final = "support_sla_worst_excess_tickets"
WORST_OVERDUE: Final = "support_sla_worst_overdue_tickets"
WORST_SINCE: Final = "support_sla_worst_since_timestamp_seconds"
ENDANGERED: Final = "support_sla_endangered_tickets"
ENDANGERED_USUAL: Final = "support_sla_endangered_usual_tickets"
ENDANGERED_DEADLINES: Final = "support_sla_endangered_observations"
BELOW_OBJECTIVE: Final = "support_sla_below_objective"
KEPT_SINCE: Final = "support_sla_kept_since_timestamp_seconds"
LONG_OVERDUE: Final = "support_sla_long_overdue_tickets"
