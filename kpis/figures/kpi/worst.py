"""Worst now: what is below its objective by more than chance explains, and what will be.

`kpis.sla.worst` makes these figures.
"""

from __future__ import annotations

from typing import Final

from kpis.figures.kpi.declaration import Kpi, Shown
from kpis.members import EVERY_DIMENSION
from kpis.sla import metrics

_OF_MEMBER: Final = (*EVERY_DIMENSION, "target")  # of the dimensions those that the member names
_OVER_WINDOW: Final = (*_OF_MEMBER, "window")
_OF_TARGET: Final = ("target",)
# Only the members that are named worst now have samples of these.
WORST: Final = tuple(
    Shown(name=name, help=text, labels=_OVER_WINDOW)
    for name, text in (
        (
            metrics.WORST,
            "Attainment of the members below their objective, each as narrow as explains the misses.",
        ),
        (
            metrics.WORST_OBJECTIVE,
            "Objective of the member that is worst now: the share of its deadlines to be met.",
        ),
        (metrics.WORST_DEADLINES, f"Deadlines met or missed, behind {metrics.WORST}."),
        (metrics.WORST_MISSED, f"Missed deadlines behind {metrics.WORST}."),
        (
            metrics.WORST_EXCESS,
            f"Missed deadlines behind {metrics.WORST} beyond the number that the objectives allow.",
        ),
        (metrics.WORST_OVERDUE, "Open tickets of the member with a running clock past its deadline."),
        (metrics.WORST_SINCE, "Time since which the member has been below its objective without a break."),
    )
)
ENDANGERED: Final = tuple(
    Shown(name=name, help=text, labels=_OF_MEMBER)
    for name, text in (
        (
            metrics.ENDANGERED,
            "Tickets due within 15 min and not done, of members with far more of them than usual.",
        ),
        (metrics.ENDANGERED_USUAL, "Usual number of tickets that are due within 15 min and not done."),
        (metrics.ENDANGERED_DEADLINES, "Deadlines within 15 min, including those already met."),
    )
)
JUDGED: Final = (
    Shown(
        name=metrics.BELOW_OBJECTIVE,
        help="1 while the member or a part of it is below its objective (worst now), else 0.",
        labels=_OF_TARGET,
    ),
    Shown(
        name=metrics.KEPT_SINCE,
        help="Time since which neither the member nor a part of it has been below its objective.",
        labels=_OF_TARGET,
        rollups=("all", "team"),
    ),
    Shown(
        name=metrics.LONG_OVERDUE,
        help="Open tickets of a team at work now that have waited at least twice the target time.",
        labels=_OF_TARGET,
        rollups=("team",),
    ),
)
KPI: Final = Kpi(id="worst", page="sla", live=(*WORST, *ENDANGERED, *JUDGED))
