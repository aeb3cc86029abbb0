"""The questions that several boards ask.

Everything that deskpulse shows in Grafana has one question, and it stands here.
"""

from __future__ import annotations

from typing import Final

from deskpulse.monitoring.boards.desk import Desk, teams_with_hours
from deskpulse.monitoring.boards.matchers import OF_DESK, OF_DESK_OR_ALL, Chosen, Match, braces
from deskpulse.monitoring.boards.questions.ages import Age, Until
from deskpulse.monitoring.boards.questions.program import TRUSTED, PlainPromql
from deskpulse.monitoring.boards.questions.promql import (
    Either,
    Expression,
    Filtered,
    Given,
    Grouped,
    Pick,
    Recorded,
    Rounded,
    Scaled,
)
from deskpulse.monitoring.boards.questions.recorded import BUDGET_LEFT, EXCESS, IN_HOURS, by_own_clock
from kpis.figures.catalogue import FIGURES, observations_name
from kpis.figures.kpi import first_response as frt
from kpis.figures.kpi import live as levels
from kpis.figures.kpi import volume
from kpis.members import EVERY_DIMENSION
from kpis.sla import metrics

# what the programs of the desk tell of themselves, under whatever job they are scraped
PROGRAMS: Final = braces(())
_TRUSTED: Final = TRUSTED.promql()
NONE: Final = -2  # a sample that says "there is none"; where there is no sample, nothing is known
Who = tuple[tuple[str, Match], ...]
ALL: Who = (("by", "all"), ("member", "all"))
FIRST_RESPONSE = frt.MEAN.name
FIRST_RESPONSE_QUANTILE = frt.QUANTILE.name
ATTAINMENT = metrics.ATTAINMENT
TEAM: Final = Chosen("team")  # of the board of one team
TEAM_MEMBER: Who = (("by", "team"), ("member", TEAM))
TEAMS: Who = (("by", "team"),)
# What parts of a team are parted by. Segments too, on every board: who sums parts of a desk that has them
# must not pass over any, and without them the label is not there.
PARTED: Final = tuple(dimension for dimension in EVERY_DIMENSION if dimension != "team")
_WITH_CLOCK = {kind.name for kind in FIGURES if kind.fixed_labels}


def figure(
    name: str,
    window: str,
    who: Who = ALL,
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
    name: str,
    window: str,
    *more: tuple[str, Match],
    desk: Desk,
    period: Match = "current",
    keep: tuple[str, ...] = (),
) -> Expression:
    """A duration of the chosen team: by its calendar, and in calendar time for a team that has none."""
    if desk.clock == "calendar" or desk.policy is None:
        return figure(name, window, TEAM_MEMBER, *more, desk=desk, period=period, keep=keep)
    found = by_own_clock(name, teams_with_hours(desk.policy), tuple(label for label, _ in more))
    where: Who = (("window", window), ("period", period), ("member", TEAM), *more)
    return Grouped(Recorded(found.inner, found.name, where), "max", keep)


def first_response(
    window: str, who: Who = ALL, *, desk: Desk, period: Match = "current", keep: tuple[str, ...] = ()
) -> Expression:
    """Mean first response: by work hours, of those whose wait had any.

    In calendar time where nobody has work hours.
    """
    if desk.clock == "calendar":
        return figure(FIRST_RESPONSE, window, who, desk=desk, period=period, keep=keep)
    return Grouped(
        Recorded(IN_HOURS.inner, IN_HOURS.name, (("window", window), ("period", period), *who)), "max", keep
    )


def observations(pick: Pick, *, at_end: bool = False) -> Pick:
    """How many observations a figure rests on."""
    name = observations_name(pick.name)
    where = tuple((label, match) for label, match in pick.where if label not in {"q", "bound"})
    return Pick(name, where, tuple(label for label in pick.keep if label not in {"q", "bound"}), at_end)


def live(
    name: str, who: Who = ALL, *more: tuple[str, Match], keep: tuple[str, ...] = (), at_end: bool = False
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
    """A figure, if it rests on enough observations for a verdict."""
    return Given(shown, Filtered(observations(pick), ">=", desk.bands.minimum_observations))


def overdue(target: Match, who: Who = ALL, keep: tuple[str, ...] = ()) -> Pick:
    """Tickets past their deadline and not yet done."""
    return live(metrics.OVERDUE, who, ("target", target), keep=keep)


def at_risk(target: Match, who: Who = ALL, keep: tuple[str, ...] = (), *, within: str = "15m") -> Pick:
    """Tickets whose deadline comes within 15 minutes, or within another span."""
    return live(metrics.DUE, who, ("target", target), ("within", within), keep=keep)


def attained(target: Match, window: str, who: Who = ALL, keep: tuple[str, ...] = ()) -> Pick:
    """Share of the deadlines of a window that were met."""
    return Pick(ATTAINMENT, (("window", window), ("period", "current"), *who, ("target", target)), keep)


def missed(target: Match, window: str, who: Who = ALL, keep: tuple[str, ...] = ()) -> Pick:
    """Deadlines of a window that were missed."""
    return Pick(metrics.BREACHED, (("window", window), ("period", "current"), *who, ("target", target)), keep)


def objective(target: Match, who: Who = ALL, keep: tuple[str, ...] = ()) -> Pick:
    """Share of deadlines that is promised."""
    return live(metrics.OBJECTIVE, who, ("target", target), keep=keep)


def forecast(bound: Match, target: Match, who: Who = ALL, keep: tuple[str, ...] = ()) -> Pick:
    """Deadlines that will be missed within the hour."""
    return live(metrics.FORECAST, who, ("target", target), ("bound", bound), keep=keep)


def unanswered(who: Who = ALL, keep: tuple[str, ...] = ()) -> Pick:
    """Open tickets that no human has answered."""
    return live(levels.UNANSWERED.name, who, keep=keep)


def waiting(who: Who = ALL, keep: tuple[str, ...] = ()) -> Pick:
    """Open tickets in which a customer waits for our reply, the first one or a later one."""
    return live(levels.WAITING.name, who, keep=keep)


def longest_of_all(who: Who = ALL, keep: tuple[str, ...] = ()) -> Expression:
    """Seconds that the oldest wait has lasted, for a first or a later reply; in calendar time."""
    return Age(live(levels.OLDEST_WAITING.name, who, keep=keep))


def unassigned(who: Who = ALL) -> Pick:
    """Open tickets that nobody has; nothing where the desk tells of no assignment."""
    return live(levels.UNASSIGNED.name, who)


def with_bot(who: Who = ALL) -> Pick:
    """Open tickets that a bot has."""
    return live(levels.WITH_BOT.name, who)


def opened(who: Who = ALL, keep: tuple[str, ...] = ()) -> Pick:
    """Open tickets."""
    return live(levels.OPEN.name, who, keep=keep)


def longest_wait(who: Who = ALL, keep: tuple[str, ...] = (), *, desk: Desk) -> Expression:
    """Seconds that the oldest unanswered ticket has waited: by work hours where there are calendars."""
    if desk.policy is not None:
        return live(metrics.OLDEST_AGE, who, keep=keep)
    return Age(live(levels.OLDEST.name, who, keep=keep))


def wait_or_none(who: Who = ALL, *, desk: Desk) -> Expression:
    """The longest wait, or `NONE` where it is known that nobody waits.

    That of all teams is in calendar time where the exporter has no policy.
    """
    wait = longest_wait(who, desk=desk)
    if who == ALL and desk.policy is not None:
        wait = Either(wait, Age(live(levels.OLDEST.name)))
    return Either(wait, Scaled(Filtered(unanswered(who), "==", 0), plus=NONE), ())


def next_or_none(who: Who) -> Expression:
    """Seconds until the next deadline, or `NONE` where it is known that no clock runs.

    The deadline is of any target unless `who` names one.
    """
    running = live(metrics.WAITING, who)
    name = metrics.NEXT_DEADLINE
    one = any(label == "target" for label, _ in who)
    soonest = Until(live(name, who) if one else Grouped(live(name, who, keep=("target",)), "min"))
    return Either(soonest, Scaled(Filtered(running, "==", 0), plus=NONE), ())


def per_hour(window: str, who: Who = ALL, keep: tuple[str, ...] = (), *, desk: Desk) -> Pick:
    """New tickets an hour."""
    return figure(volume.PER_HOUR.name, window, who, desk=desk, keep=keep)


def next_deadline(target: Match, who: Who = ALL, keep: tuple[str, ...] = ()) -> Expression:
    """Seconds until the next running clock reaches its deadline."""
    return Until(live(metrics.NEXT_DEADLINE, who, ("target", target), keep=keep))


def budget_left(target: Match, by: str = "all") -> Expression:
    """Per cent of the error budget of 30 days that is left."""
    return Grouped(
        Recorded(BUDGET_LEFT.inner, BUDGET_LEFT.name, (("by", by), ("target", target))),
        "max",
        ("member",) if by != "all" else (),
    )


def excess(target: Match, window: str, by: str) -> Expression:
    """How many more deadlines of a window were missed than may be, by member."""
    return Grouped(
        Recorded(EXCESS.inner, EXCESS.name, (("window", window), ("by", by), ("target", target))),
        "max",
        ("member",),
    )


def whole_percent(expression: Expression) -> Expression:
    """A ratio as per cent without decimals, as a sentence has it."""
    return Rounded(percent(expression), 0)


def believed(name: str) -> str:
    """A metric of the programs of the desk, as the exporter shows it that the rules believe."""
    return f"({name}{PROGRAMS} and on (instance, job) desk:exporter_chosen{{{OF_DESK}}})"


def age_seconds() -> Expression:
    """Seconds since the believed exporter has read the whole ledger.

    The newest of all would be that of a fast clock.
    """
    return PlainPromql(f"abs(time() - max{believed('deskpulse_view_read_timestamp_seconds')})")


def lag() -> Expression:
    """Records that are in the source topics and not yet in the figures."""
    return PlainPromql(f"sum(max by (topic, partition) {believed('deskpulse_source_lag_records')})")


def alerts(*where: tuple[str, Match]) -> str:
    """Alerts that fire for the desk, and those that no rule could name a desk for, such as the watchdog.

    They are about all.
    """
    return f"ALERTS{braces((('alertstate', 'firing'), *where), of=OF_DESK_OR_ALL)}"


def _firing(severity: Match, kind: Match) -> str:
    return alerts(("severity", severity), ("kind", kind))


def _watchdog() -> str:
    return alerts(("alertname", "Watchdog"))


def _names(severity: str, kind: Match) -> str:
    """Warnings where nothing pages: who has a page reads it first."""
    found = f"count by (alertname, member) ({_firing(severity, kind)})"
    return found if severity == "page" else f"{found} unless on () {_firing('page', kind)}"


def firing(severity: str, kind: Match, most: int) -> Expression:
    """Alerts that fire, the newest first, with the minutes since they began as a label.

    Warnings only where nothing pages.
    """
    since = (
        f"max by (alertname, member) (ALERTS_FOR_STATE and ignoring (alertstate) {_firing(severity, kind)})"
    )
    if severity == "warning":
        since += f" unless on () {_firing('page', kind)}"
    return PlainPromql(
        f'count_values by (alertname, member) ("min", round((time() - topk({most}, {since})) / 60))'
    )


def firing_besides(severity: str, kind: Match, shown: int) -> Expression:
    """How many more alerts of a severity fire than are shown."""
    return PlainPromql(f'count_values("n", count({_names(severity, kind)}) - {shown} > 0)')


def warnings_besides(kind: Match) -> Expression:
    """How many alerts warn while something pages, and do not page themselves."""
    page = _firing("page", kind)
    warn = f"count by (alertname, member) ({_firing('warning', kind)}) unless on (alertname, member) {page}"
    return PlainPromql(f'count_values("n", count({warn}) and on () {page})')


def none_firing(kind: Match) -> Expression:
    """There if alerting is alive, its alerts about figures see these, and no alert of a kind fires."""
    return PlainPromql(
        f"({_watchdog()} and on () {_TRUSTED}) unless on () {_firing(('page', 'warning'), kind)}"
    )


def blind(kind: Match) -> Expression:
    """There if alerting is alive, nothing fires and the figures cannot be trusted.

    Its alerts about figures keep silent.
    """
    return PlainPromql(f"{_watchdog()} unless on () ({_TRUSTED} or {_firing(('page', 'warning'), kind)})")


def alerting() -> Expression:
    """The state of alerting: 1 if it is alive, 2 if its alerts about figures are blind.

    It is absent if no alert would reach anybody.
    """
    return PlainPromql(f"max(2 * {_watchdog()} unless on () {_TRUSTED} or {_watchdog()})")
