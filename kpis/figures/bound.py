"""How many series the figures can become, by the rules of a view.

What a scrape costs is known before it is made.
"""

from __future__ import annotations

from typing import Final

from kpis import cell_numbers
from kpis.figures import lowering
from kpis.figures.view import ViewRules
from kpis.members import DIMENSIONS
from kpis.sla import figures as sla
from kpis.sla.figures import FORECAST_ROLLUPS
from kpis.sla.policy import Policy
from kpis.sla.worst import MOST_NAMED
from windows.cells import Cells
from windows.spans import CUSTOMER_WINDOWS, WINDOWS

_NAMED_SAMPLES: Final = 10  # of what is named worst, and as endangered
# created, solved, abandoned; three histograms of 3 + 1 buckets, count and sum; 3 NPS groups; 2 CSAT
_PART_SAMPLES: Final = 26


def series_bound(rules: ViewRules) -> int:
    """The greatest number of samples of `support_*` that the rules can lead to.

    Every member is present then, and no figure is empty.
    """
    sizes = {dimension: rules.members.most_shown(dimension) for dimension in DIMENSIONS}
    busy: Cells = cell_numbers.full()
    total = 0
    for by, members in (("all", 1), *sizes.items()):
        a_slot = len(lowering.lower(busy, (), by)) + 2
        slots = sum(len(w.periods) if by in rules.compared else 1 for w in WINDOWS)
        total += members * (a_slot * slots + 3)
        if rules.policy is not None:
            total += members * _sla_bound(rules, rules.policy, by, busy)
    if rules.policy is not None:
        total += len(rules.policy.targets) * (
            MOST_NAMED * _NAMED_SAMPLES + 2 * sum(sizes.values()) + 1 + sizes["team"]
        )
    customer_slots = sum(len(w.periods) for w in CUSTOMER_WINDOWS)
    combinations = 1
    for size in sizes.values():
        combinations *= size
    return total + customer_slots * 4 + combinations * len(rules.parts_windows) * _PART_SAMPLES


def _sla_bound(rules: ViewRules, policy: Policy, by: str, busy: Cells) -> int:
    """Samples that a policy adds to one member of a roll-up."""
    found = 0
    for w in WINDOWS:
        for period in w.periods if by in rules.compared else ("current",):
            if policy.has_calendars:
                found += len(lowering.lower_business(busy, (), by, current=period == "current"))
            if period == "current" or by in sla.COMPARED:
                found += 3 * len(policy.targets)
    wide = by in FORECAST_ROLLUPS
    return found + len(policy.targets) * (7 + 3 * wide) + 1 + wide
