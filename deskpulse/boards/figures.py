"""The questions about figures that several boards ask."""

from __future__ import annotations

from deskpulse.boards.desk import Desk
from deskpulse.boards.promql import Combined, Compared, Either, Expression, Given, Grouped, Marked, Match, Pick, Scaled, Where
from kpis.catalogue import FIGURES

ALL = (("by", "all"), ("member", "all"))
FIRST_RESPONSE = "support_first_response_mean_seconds"
TEAM_MEMBER = (("by", "team"), ("member", "$team"))
TEAMS = (("by", "team"),)
_WITH_CLOCK = {kind.name for kind in FIGURES if kind.fixed_labels}


def figure(
    name: str,
    window: str,
    who: tuple[tuple[str, Match], ...] = ALL,
    *more: tuple[str, Match],
    desk: Desk,
    period: Match = "current",
    keep: tuple[str, ...] = (),
    at_end: bool = False,
    clock: str | None = None,
) -> Pick:
    """A final figure of a window. Durations come by the clock of the desk, unless another is named."""
    ticks = (("clock", clock or desk.clock),) if name in _WITH_CLOCK else ()
    return Pick(name, (("window", window), ("period", period), *who, *ticks, *more), keep, at_end)


def of_a_team(
    name: str, window: str, *more: tuple[str, Match], desk: Desk, period: Match = "current", keep: tuple[str, ...] = ()
) -> Expression:
    """A duration of the chosen team: by its calendar, and in calendar time for a team that has none.

    That team's few business observations are of tickets that were created for another one, so it is not asked for them.
    """
    whole = figure(name, window, TEAM_MEMBER, *more, desk=desk, period=period, keep=keep, clock="calendar")
    if desk.clock == "calendar":
        return whole
    who = (*TEAM_MEMBER, ("member", desk.teams_with_hours))
    return Either(figure(name, window, who, *more, desk=desk, period=period, keep=keep), whole)


def observations(pick: Pick, *, at_end: bool = False) -> Pick:
    """How many observations a figure rests on."""
    names = {kind.name: kind.observations_name for kind in FIGURES}
    name = names.get(pick.name) or pick.name.removesuffix("_ratio") + "_observations"
    where = tuple((label, match) for label, match in pick.where if label not in {"q", "bound"})
    return Pick(name, where, tuple(label for label in pick.keep if label not in {"q", "bound"}), at_end)


def live(
    name: str, who: tuple[tuple[str, Match], ...] = ALL, *more: tuple[str, Match], keep: tuple[str, ...] = (), at_end: bool = False
) -> Pick:
    """What stands now."""
    return Pick(name, (*who, *more), keep, at_end)


def percent(expression: Expression) -> Expression:
    """A ratio as per cent."""
    return Scaled(expression, times=100)


def minutes(expression: Expression) -> Expression:
    """Seconds as minutes."""
    return Scaled(expression, over=60)


def hours(expression: Expression) -> Expression:
    """Seconds as hours."""
    return Scaled(expression, over=3600)


def enough(shown: Expression, pick: Pick, desk: Desk) -> Expression:
    """The course of a figure, if it rests on enough observations at its end; so a value that is gone is not shown as the present one."""
    n = observations(pick, at_end=True)
    there = Given(shown, Pick(pick.name, pick.where, pick.keep, at_end=True))
    return Given(there, Where(n, ">=", desk.bands.minimum_observations))


def marked_if_few(shown: Expression, pick: Pick, desk: Desk) -> Expression:
    """A value a member; members with few observations say so in their name."""
    least = desk.bands.minimum_observations
    n = observations(pick)
    return Either(
        Given(shown, Where(n, ">=", least), pick.keep), Marked(Given(shown, Where(n, "<", least), pick.keep), "member", f" (n<{least})")
    )


def sla_status(who: tuple[tuple[str, Match], ...], *, keep: tuple[str, ...] = ("member",), at_end: bool = False) -> Expression:
    """2 where a ticket is past its deadline and waits, else 1 where a deadline comes within 15 minutes, else 0."""
    late = Compared(Grouped(live("support_sla_breached_waiting_tickets", who, keep=(*keep, "target"), at_end=at_end), "sum", keep), ">", 0)
    due = live("support_sla_due_tickets", who, ("within", "15m"), keep=(*keep, "target"), at_end=at_end)
    soon = Compared(Grouped(due, "sum", keep), ">", 0)
    on_time = Scaled(late, times=-1, plus=1)
    return Combined(Scaled(late, times=2), "+", Combined(soon, "*", on_time))
