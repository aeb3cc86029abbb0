"""SLA attainment and what its clocks say now: only where a policy promises or a ticket brings a deadline.

`kpis.sla` makes them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kpis import cell_numbers
from kpis.figures.kpi.declaration import BY_CALENDAR, PROMISE, FigureKind, Kpi, Shown, Tile
from kpis.figures.kpi.how import How, Point, Sums, total
from kpis.sla import metrics
from kpis.sla.figures import FORECAST_ROLLUPS
from kpis.sla.policy import TARGETS

_OF_TARGET: Final = ("target",)
ATTAINMENT: Final = Shown(
    name=metrics.ATTAINMENT,
    help="Deadlines met over deadlines met or missed in the window.",
    labels=_OF_TARGET,
)
DEADLINES: Final = Shown(
    name=metrics.DEADLINES, help="Deadlines met or missed in the window.", labels=_OF_TARGET
)
BREACHED: Final = Shown(
    name=metrics.BREACHED, help="Deadlines missed in the window, counted at the deadline.", labels=_OF_TARGET
)
EXTENDED: Final = Shown(
    name=metrics.EXTENDED,
    help="Deadlines that a triage moved later after half their time, counted at the triage.",
    labels=_OF_TARGET,
)
FOREIGN: Final = Shown(
    name=metrics.FOREIGN,
    help="Deadlines met or missed that another line of the policy promised than that of their labels.",
    labels=_OF_TARGET,
)
LIVE: Final = (
    Shown(
        name=metrics.OBJECTIVE,
        help="Share of deadlines to meet by the current policy: the member's smallest objective.",
        labels=_OF_TARGET,
    ),
    Shown(
        name=metrics.WAITING, help="Open tickets with a running clock before its deadline.", labels=_OF_TARGET
    ),
    Shown(
        name=metrics.OVERDUE, help="Open tickets with a running clock past its deadline.", labels=_OF_TARGET
    ),
    Shown(
        name=metrics.DUE,
        help="Open tickets with a deadline within the time in the label within.",
        labels=(*_OF_TARGET, "within"),
    ),
    Shown(
        name=metrics.NEXT_DEADLINE,
        help="Next deadline of a running clock, rounded down to the minute.",
        labels=_OF_TARGET,
    ),
    Shown(name=metrics.OLDEST_AGE, help="Age of the oldest unanswered ticket in business hours of its team."),
    Shown(
        name=metrics.FORECAST,
        help="Deadlines that will be missed in the next hour: expected number and 80 % interval.",
        labels=(*_OF_TARGET, "bound"),
        rollups=FORECAST_ROLLUPS,
    ),
    Shown(
        name=metrics.BUSINESS_OPEN,
        help="1 while the team's calendar is open, else 0; for all teams, 1 while any team is open.",
        rollups=BY_CALENDAR,
    ),
)


def _attained(target: str) -> FigureKind:
    met, missed = cell_numbers.SETTLED[target]

    def lower(cells: Sums) -> Iterator[Point]:
        if n := cells.get(met, 0) + cells.get(missed, 0):
            yield (), cells.get(met, 0) / n

    how = How(
        lower=lower,
        observations=total(met, missed),
        cells=frozenset({met, missed}),
        labels=_OF_TARGET,
        fixed=(("target", target),),
        top=total(met),
    )
    return FigureKind(name=metrics.ATTAINMENT, help="", unit="ratio", how=how)


# Of histories only: what the view exports is lowered by `kpis.sla.figures`.
ATTAINMENTS: Final = tuple(map(_attained, TARGETS))
KPI: Final = Kpi(
    id="sla",
    page="sla",
    made=(ATTAINMENT, DEADLINES, BREACHED, EXTENDED, FOREIGN),
    live=LIVE,
    cells=dict.fromkeys(
        (*cell_numbers.SLA.values(), *cell_numbers.OUTCOME.values(), *cell_numbers.MARKS), (PROMISE,)
    ),
    better="higher",
    observed="deadlines",
    tiles=tuple(
        Tile(id=f"sla_{target}", figure=metrics.ATTAINMENT, kind="ratio", labels=(("target", target),))
        for target in TARGETS
    ),
)
