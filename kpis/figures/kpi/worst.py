"""Worst now: what is below its objective by more than chance explains, and what will be.

`kpis.sla.worst` makes these figures.
"""

from __future__ import annotations

from typing import Final

from kpis.figures.kpi.declaration import Kpi, Shown
from kpis.members import DIMENSIONS
from kpis.sla import metrics

_OF_MEMBER: Final = (*DIMENSIONS, "target")  # of the dimensions those that the member names
_OVER_WINDOW: Final = (*_OF_MEMBER, "window")
_OF_TARGET: Final = ("target",)
# Only the members that are named worst now have samples of these.
WORST: Final = tuple(
    Shown(name=name, help=text, labels=_OVER_WINDOW)
    for name, text in (
        (
            metrics.WORST,
            "Attainment of what is below its objective, by the narrowest member that explains it.",
        ),
        (metrics.WORST_OBJECTIVE, "Share of these deadlines that were promised to be met."),
        (metrics.WORST_DEADLINES, f"Deadlines behind {metrics.WORST}, met or missed."),
        (metrics.WORST_MISSED, "How many of these deadlines were missed."),
        (metrics.WORST_EXCESS, "How many more were missed than the objectives allow."),
        (metrics.WORST_OVERDUE, "Open tickets of the member whose clock runs on past the deadline now."),
        (metrics.WORST_SINCE, "Since when the member has been below its objective without a break."),
    )
)
ENDANGERED: Final = tuple(
    Shown(name=name, help=text, labels=_OF_MEMBER)
    for name, text in (
        (metrics.ENDANGERED, "Not done, of what is due within 15 min, where that is far more than usual."),
        (metrics.ENDANGERED_USUAL, "How many would usually not be done so late."),
        (metrics.ENDANGERED_DEADLINES, "Deadlines within 15 min, those already met included."),
    )
)
JUDGED: Final = (
    Shown(
        name=metrics.BELOW_OBJECTIVE,
        help="1 while the member or something within it is below its objective (worst now), else 0.",
        labels=_OF_TARGET,
    ),
    Shown(
        name=metrics.KEPT_SINCE,
        help="Since when neither the member nor anything within it has been below its objective.",
        labels=_OF_TARGET,
        rollups=("all", "team"),
    ),
    Shown(
        name=metrics.LONG_OVERDUE,
        help="Open tickets of a team that works now, overdue by one more target at least.",
        labels=_OF_TARGET,
        rollups=("team",),
    ),
)
KPI: Final = Kpi(id="worst", page="sla", live=(*WORST, *ENDANGERED, *JUDGED))
