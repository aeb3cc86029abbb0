"""How many series the figures can become, by the rules of a view.

What a scrape costs is known before it is made.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Final

from kpis import cell_numbers
from kpis.figures import lowering
from kpis.figures.catalogue import LIVE_FIGURES, SLA_FIGURES, SLA_LIVE_FIGURES
from kpis.figures.kpi import worst
from kpis.figures.kpi.staffing import STATES
from kpis.figures.view import ViewRules
from kpis.sla import figures as sla
from kpis.sla.deadlines import WITHIN
from kpis.sla.policy import Policy
from kpis.sla.worst import MOST_NAMED
from windows.cells import Cells
from windows.panes import HOUR_MS
from windows.spans import CUSTOMER_WINDOWS, WINDOWS

# created, solved, abandoned; three histograms of 3 + 1 buckets, count and sum; 3 NPS groups; 2 CSAT
_PART_SAMPLES: Final = 26
_BOUNDS: Final = 3  # of a forecast: expected, low, high


def series_bound(rules: ViewRules) -> int:
    """The greatest number of samples of `support_*` that the rules can lead to.

    Every member is present then, and no figure is empty. Not counted: targets that no policy promises and of
    which tickets bring deadlines with them.
    """
    sizes = {dimension: rules.members.most_shown(dimension) for dimension in rules.dimensions}
    found = sum(members * _member_bound(rules, by) for by, members in (("all", 1), *sizes.items()))
    if rules.policy is not None:
        found += len(rules.policy.targets) * _judged_bound(sizes)
    customer_slots = sum(len(w.periods) for w in CUSTOMER_WINDOWS)
    of_customers = sum(1 for _ in lowering.customers(1, 0, 1, ()))
    combinations = prod(sizes.values())
    return found + customer_slots * of_customers + combinations * len(rules.parts_windows) * _PART_SAMPLES


def _member_bound(rules: ViewRules, by: str) -> int:
    """Samples of one member of a roll-up."""
    busy = cell_numbers.full()
    rate = sum(1 for _ in lowering.per_hour(busy, (), HOUR_MS))
    now, earlier = (len(lowering.lower(busy, (), by, current=current)) + rate for current in (True, False))
    periods = sum(len(w.periods) - 1 if by in rules.compared else 0 for w in WINDOWS)
    promised = 0 if rules.policy is None else _sla_bound(rules, rules.policy, by, busy)
    values = {"state": len(STATES)}
    live = sum(prod(values[label] for label in one.labels) for one in LIVE_FIGURES if by in one.rollups)
    return now * len(WINDOWS) + earlier * periods + live + promised


def _sla_bound(rules: ViewRules, policy: Policy, by: str, busy: Cells) -> int:
    """Samples that a policy adds to one member of a roll-up."""
    values = {"target": len(policy.targets), "within": len(WITHIN), "bound": _BOUNDS}
    found = 0
    for w in WINDOWS:
        for period in w.periods if by in rules.compared else ("current",):
            if policy.has_calendars:
                found += len(lowering.lower_business(busy, (), by, current=period == "current"))
            if period == "current" or by in sla.COMPARED:
                found += len(SLA_FIGURES) * len(policy.targets)
    return found + sum(
        prod(values[label] for label in one.labels) for one in SLA_LIVE_FIGURES if by in one.rollups
    )


def _judged_bound(sizes: Mapping[str, int]) -> int:
    """Samples of one target that say what is named worst, what is endangered, and which members are below."""
    named = MOST_NAMED * (len(worst.WORST) + len(worst.ENDANGERED))
    return named + sum(({"all": 1} | dict(sizes)).get(by, 0) for one in worst.JUDGED for by in one.rollups)
