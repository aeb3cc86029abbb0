"""What the boards ask and no single figure answers, kept by recording rules so that queries stay short.

The rules stand in deskpulse/monitoring/rules/groups/boards.py.

Each is an expression of `promql`, so the rule that records it and the check that works it out by hand cannot
part ways.
"""

from __future__ import annotations

from typing import Final

from deskpulse.monitoring.boards.matchers import Besides, Match
from deskpulse.monitoring.boards.questions.program import NO_POLICY, TRUSTED
from deskpulse.monitoring.boards.questions.promql import (
    Combined,
    Comparison,
    Either,
    Expression,
    Filtered,
    Given,
    Grouped,
    JoinedLabels,
    Pick,
    Recorded,
    Rounded,
    Scaled,
    Spelt,
    Top,
    Unless,
)
from kpis.figures.kpi import first_response, resolution_time, response
from kpis.members import OTHER
from kpis.sla import metrics

PROMISE: Final = ("by", "member", "target")
_OF_TEAMS: Final = (("by", ("all", "team")),)
_TEAMS: Final = (("by", "team"),)
NO_OTHER: tuple[str, Match] = (
    "member",
    Besides((OTHER,)),
)  # where names are folded is no team, so it counts only while it has deadlines
_MEAN: Final = first_response.MEAN.name
NAMED: Final = 3  # of what is worst now: the first in full, the others in a line
LISTED: Final = 5  # of what is worst now, in the table of the SLA board
MEMBERS: Final = 8  # of a dimension on the SLA board, the worst ones; the others are counted
WALL_ROWS: Final = 6  # that a state timeline of the wall has room for; the others are counted
# of their order: promises that are below their objective now have so much, all others have less
BELOW_FROM: Final = 1_000_000_000
# the states of a promise, the worst is the least; where nothing is known there is no sample
BELOW, KEPT, CLOSED, NOT_DUE = 0.0, 1.0, 2.0, 3.0
WITHOUT_POLICY, AT_RISK = 4.0, 5.0  # states of the whole desk only


def worst(name: str) -> Pick:
    """Something about what is worst now."""
    return Pick(f"support_sla_worst_{name}", (), (*PROMISE, "window"))


def _worst_rank() -> Expression:
    """What is worst now, by excess; of equals what has more overdue."""
    return Combined(worst("excess_tickets"), "+", Scaled(worst("overdue_tickets"), over=1_000_000))


def _worst_late() -> Expression:
    """What is worst now, by excess, with its numbers as labels.

    `missed` of `n`, `share` in time, `promised` (per cent), `excess`.

    They change together, when a deadline falls, so they make no more series than one of them would.
    """
    own = (*PROMISE, "window")
    found: Expression = Top(WORST_RANK, NAMED)
    spelt = {
        "missed": worst("missed_tickets"),
        "n": worst("observations"),
        "share": Rounded(Scaled(worst("ratio"), times=100), 0),
        "promised": Rounded(Scaled(worst("objective_ratio"), times=100), 0),
        "excess": Rounded(worst("excess_tickets"), 0),
    }
    for label, value in spelt.items():
        found = JoinedLabels(found, Spelt(value, label, own), own, (label,))
    return Given(found, TRUSTED)


def _endangered() -> Expression:
    """What may miss its next deadlines, the most of them, with their number as the label `soon`.

    Nothing while anything is listed.
    """
    soon, usual = (
        Pick(f"support_sla_endangered_{name}", (), PROMISE) for name in ("tickets", "usual_tickets")
    )
    rank = Combined(soon, "-", Scaled(usual, over=1_000_000))  # of equally many, where fewer are usual
    return Given(
        Unless(JoinedLabels(Top(rank, 1), Spelt(soon, "soon", PROMISE), PROMISE, ("soon",)), WORST_LATE),
        TRUSTED,
    )


def _sla_state() -> Expression:
    """The state of the desk and of each team by target, as a number.

    It is 0 where it or something within it is listed, else 1; where there is nothing to judge it is 2 while
    it is closed, and 3 while it is open.
    """
    below = Scaled(Pick(metrics.BELOW_OBJECTIVE, _OF_TEAMS, PROMISE), times=-1, plus=1)
    promised = Scaled(Pick(metrics.OBJECTIVE, (*_OF_TEAMS, NO_OTHER), PROMISE), times=0, plus=1)
    opened = Scaled(Pick(metrics.BUSINESS_OPEN, _OF_TEAMS, ("by", "member")), plus=2)
    return Given(Either(below, JoinedLabels(promised, opened, ("by", "member"), ())), TRUSTED)


def _in_hours() -> Expression:
    """Mean first response by work hours of the tickets whose wait had any.

    The others waited 0, which says nothing about speed.
    """
    own = ("window", "period", "by", "member")
    business = (("clock", "business"),)
    n = Pick(first_response.MEAN.observations_name, business, own)
    others = Filtered(Combined(n, "-", Pick(first_response.CLOSED.name, (), own)), ">", 0)
    return Combined(Combined(Pick(_MEAN, business, own), "*", n), "/", others)


def by_own_clock(name: str, hours: Match, more: tuple[str, ...] = ()) -> Recorded:
    """A duration of each team by its calendar, and in calendar time for a team that has none.

    `hours` matches the teams that have one. The few business observations of such a team are of tickets that
    were created for another one, so it is not asked for them.
    """
    own = ("window", "period", "by", "member", *more)
    by_hours: Expression = Pick(name, (*_TEAMS, ("member", hours), ("clock", "business")), own)
    if name == _MEAN:
        by_hours = Recorded(IN_HOURS.inner, IN_HOURS.name, (*_TEAMS, ("member", hours)))
    return Recorded(
        Either(by_hours, Pick(name, (*_TEAMS, ("clock", "calendar")), own)),
        f"desk:team_{name.removeprefix('support_')}",
    )


def durations_of_teams(hours: Match) -> tuple[Recorded, ...]:
    """The durations that the board of a team shows."""
    return (
        by_own_clock(_MEAN, hours),
        by_own_clock(first_response.QUANTILE.name, hours, ("q",)),
        by_own_clock(response.QUANTILE.name, hours, ("q",)),
        by_own_clock(resolution_time.QUANTILE.name, hours, ("q",)),
    )


def _excess() -> Expression:
    """How many more deadlines were missed in the last hour and 8 h than may be, of each member by target.

    Below 0 where fewer were.
    """
    shown = (("window", ("1h", "8h")), ("period", "current"))
    own = ("window", *PROMISE)
    n = Pick(metrics.DEADLINES, shown, own)
    met = Combined(n, "*", Pick(metrics.ATTAINMENT, shown, own))
    return Combined(JoinedLabels(n, Pick(metrics.OBJECTIVE, (), PROMISE), PROMISE, ()), "-", met)


def _rank() -> Expression:
    """In which order the SLA board takes members.

    Those listed, then by excess in the last hour, then those of which nothing was due.

    Of equals the one with more deadlines in 30 days: `topk` chooses among equals freely. `other` comes only
    while it has deadlines.
    """
    below = Pick(metrics.BELOW_OBJECTIVE, (), PROMISE)
    ours = Pick(metrics.OBJECTIVE, (NO_OTHER,), PROMISE)
    hour = Grouped(Recorded(EXCESS.inner, EXCESS.name, (("window", "1h"),)), "max", PROMISE)
    listed = Scaled(below, times=1_000_000)
    rank = Either(
        Either(Combined(listed, "+", hour), Scaled(listed, plus=-100_000)),
        Scaled(ours, times=0, plus=-200_000),
    )
    month = (("window", "30d"), ("period", "current"))
    deadlines = Pick(metrics.DEADLINES, month, PROMISE)
    return Either(Combined(rank, "+", Scaled(deadlines, over=1_000_000)), rank)


def beyond(ranked: Expression, most: int, by: tuple[str, ...] = ()) -> Expression:
    """How many there are beyond the most that are shown, as the label `n`; nothing where all are."""
    return Spelt(Filtered(Scaled(Grouped(ranked, "count", by), plus=-most), ">", 0), "n", by)


def _budget_left() -> Expression:
    """Per cent of the error budget of 30 days that is left.

    100 means that nothing failed, 0 that as much failed as may, and below 0 that more did.
    """
    month = (("window", "30d"), ("period", "current"))
    failed = Scaled(Pick(metrics.ATTAINMENT, month, PROMISE), times=-1, plus=1)
    allowed = Scaled(Pick(metrics.OBJECTIVE, (), PROMISE), times=-1, plus=1)
    return Scaled(Combined(failed, "/", allowed), times=-100, plus=100)


IN_HOURS: Final = Recorded(_in_hours(), "desk:first_response_in_hours_mean_seconds")
WORST_RANK: Final = Recorded(_worst_rank(), "desk:sla_worst_rank")
WORST_LATE: Final = Recorded(_worst_late(), "desk:sla_worst_late")
ENDANGERED: Final = Recorded(_endangered(), "desk:sla_endangered_first")
SLA_STATE: Final = Recorded(_sla_state(), "desk:sla_state")
EXCESS: Final = Recorded(_excess(), "desk:sla_excess_tickets")
RANK: Final = Recorded(_rank(), "desk:sla_rank")
BESIDES: Final = Recorded(beyond(RANK, MEMBERS, ("by", "target")), "desk:sla_besides")
BUDGET_LEFT: Final = Recorded(_budget_left(), "desk:sla_budget_left_percent")


def sla_state(who: tuple[tuple[str, str], ...], *, at_end: bool = False) -> Recorded:
    """The state of promises along the time range."""
    return Recorded(SLA_STATE.inner, SLA_STATE.name, who, at_end)


def _desk_state() -> Expression:
    """One word for the desk: below, at risk, kept, closed, nothing due, or no policy.

    It is below if anything is listed, and kept if anything was due.
    """
    listed = Grouped(Scaled(WORST_LATE, times=0), "max")
    at_risk = Grouped(Scaled(ENDANGERED, times=0, plus=5), "max")
    by_target = Grouped(sla_state((("by", "all"),)), "min")
    without = Given(Scaled(NO_POLICY, times=-4), TRUSTED)
    return Either(Either(Either(listed, at_risk, ()), by_target, ()), without, ())


def _wall_rows() -> Expression:
    """The promises of teams that the wall has room for.

    Those below, then those that can be judged, then by what is overdue.

    Of equals the one with more deadlines in 30 days: else the rows would change without a reason, since
    `topk` chooses among equals freely.
    """
    teams = sla_state(_TEAMS)
    ranks = Combined(
        Scaled(Comparison(teams, "==", BELOW), times=BELOW_FROM),
        "+",
        Scaled(Comparison(teams, "==", KEPT), times=1_000_000),
    )
    rank = Combined(ranks, "+", Pick(metrics.OVERDUE, _TEAMS, PROMISE))
    month = (("window", "30d"), ("period", "current"), *_TEAMS)
    deadlines = Pick(metrics.DEADLINES, month, PROMISE)
    return Top(Either(Combined(rank, "+", Scaled(deadlines, over=1_000_000)), rank), WALL_ROWS)


DESK_STATE: Final = Recorded(_desk_state(), "desk:desk_state")
SHOWN_ON_WALL: Final = Recorded(_wall_rows(), "desk:sla_wall_rows")
# in the order in which one needs the other
EXPRESSIONS: Final = (
    IN_HOURS,
    WORST_RANK,
    WORST_LATE,
    ENDANGERED,
    SLA_STATE,
    DESK_STATE,
    SHOWN_ON_WALL,
    EXCESS,
    RANK,
    BESIDES,
    BUDGET_LEFT,
)
