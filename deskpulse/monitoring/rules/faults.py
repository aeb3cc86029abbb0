"""Settings of alerts that can never do what they say, and what the generator makes of the rest.

Each fault names its fix.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import floor
from typing import Final, NamedTuple

from deskpulse.monitoring.rules.alertmanager import calendar_years
from deskpulse.monitoring.rules.groups.sla import CAP
from deskpulse.monitoring.rules.plan import Plan, number, promql_duration
from deskpulse.policy.alerts import BurnPart
from deskpulse.settings.faults import Fault
from kpis.sla.policy import TARGETS, Policy, Version, year_of
from windows.offered import WINDOW_MS

_SILENT_SCRAPES: Final = 3
_LEAST_SCRAPES: Final = 2  # an increase or a change is the difference of two
_FORGOTTEN_MS: Final = 300_000  # Prometheus shows no sample that is older
_RATE_WINDOW_MS: Final = 120_000  # the shortest window that a rule looks back on
_ALMOST: Final = 1e-9


class PromisedLine(NamedTuple):
    """One line of a version."""

    version: str
    target: str
    within_ms: int
    objective: float


def faults(plan: Plan, now_ms: int) -> list[Fault]:
    """What is impossible in the alerts of a policy, for the versions in force at an instant and to come."""
    promises = list(_promises(plan.policy, now_ms))
    found = [
        fault
        for number_, part in enumerate(plan.alerts.burn)
        for fault in _burn_faults(number_, part, promises)
    ]
    found += _scrape_faults(plan)
    found += _calendar_faults(plan, now_ms)
    return found


def explanations(plan: Plan, now_ms: int) -> Iterator[str]:
    """What the factors of the burn come to for each objective, a line for each pair of windows and target."""
    objectives: dict[str, set[float]] = {}
    for promise in _promises(plan.policy, now_ms):
        objectives.setdefault(promise.target, set()).add(promise.objective)
    for part in plan.alerts.burn:
        for target in (target for target in TARGETS if target in objectives):
            told = "; ".join(_explained(part, objective) for objective in sorted(objectives[target]))
            yield f"burn {part.long} and {part.short}, {target}: {told}"


def _explained(part: BurnPart, objective: float) -> str:
    """The share of missed deadlines above which it fires."""
    aimed = part.aim * (1 - objective)
    capped = f" (capped: {number(part.aim)} times would be {_percent(aimed)})" if aimed > CAP else ""
    return f"objective {_percent(objective)} fires above {_percent(min(aimed, CAP))} missed{capped}"


def _percent(share: float) -> str:
    """A share for people.

    >>> _percent(0.9), _percent(0.925)
    ('90%', '92.5%')
    """
    return f"{100 * share:.4g}%"


def _promises(policy: Policy, now_ms: int) -> Iterator[PromisedLine]:
    current = policy.at(now_ms)
    for version in policy.versions:
        if version is current or (version.effective_ms is not None and version.effective_ms > now_ms):
            yield from _of_version(version)


def _of_version(version: Version) -> Iterator[PromisedLine]:
    for target, rules in version.rules.items():
        for rule in rules:
            yield PromisedLine(version.name, target, rule.within_ms, rule.objective)


def _burn_faults(place: int, part: BurnPart, promises: list[PromisedLine]) -> Iterator[Fault]:
    """A factor that somebody wrote must be able to fire for every objective.

    The usual ones are capped instead.
    """
    if part.factor is None:
        return
    for target, objective, version in dict.fromkeys(
        (promise.target, promise.objective, promise.version) for promise in promises
    ):
        greatest = 1 / (1 - objective)
        if part.factor < greatest - _ALMOST:
            continue
        yield Fault(
            f"alerts.burn[{place}].factor = {number(part.factor)}",
            f"can never fire for {target} of version {version}, whose objective is {_percent(objective)}: "
            f"even with every deadline missed, the budget burns only {greatest:.3g} times as fast as planned",
            f"write at most {floor(10 * CAP * greatest) / 10:g} (half of the deadlines missed), or leave "
            "factor out: then it is capped",
        )


def _scrape_faults(plan: Plan) -> Iterator[Fault]:
    """Windows and times to wait that are shorter than Prometheus looks, or longer than it remembers."""
    alerts = plan.alerts
    scrape_ms, two = alerts.scrape_interval, _LEAST_SCRAPES * alerts.scrape_interval
    scrape, where = promql_duration(scrape_ms), f"alerts.scrape_interval = {promql_duration(scrape_ms)}"
    if two > _FORGOTTEN_MS:
        yield Fault(
            where,
            "Prometheus forgets a sample after 5m, so after one failed scrape the exporter would seem absent",
            f"scrape at least every {promql_duration(_FORGOTTEN_MS // _LEAST_SCRAPES)}",
        )
    windows = {"the shortest window of the pipeline's rules": _RATE_WINDOW_MS}
    windows |= {
        f"the window {part.short} of alerts.burn": plan.scaled_ms(WINDOW_MS[part.short])
        for part in alerts.burn
    }
    for name, window_ms in windows.items():
        if window_ms < two:
            yield Fault(
                where,
                f"{name} is {promql_duration(window_ms)}{_in_drill(plan)}, shorter than two scrapes, so the "
                "rule could not see a change",
                f"scrape at least every {promql_duration(window_ms // _LEAST_SCRAPES)}",
            )
    for name in ("worst", "small_teams", "silence"):
        hold_ms = getattr(alerts, name).hold
        if plan.scaled_ms(hold_ms) < scrape_ms:
            yield Fault(
                f"alerts.{name}.hold = {promql_duration(hold_ms)}{_in_drill(plan)}",
                f"is shorter than the scrape interval ({scrape}), so a single scrape would decide",
                f"wait for at least {scrape}, or scrape more often",
            )
    least_ms = round(_SILENT_SCRAPES * scrape_ms * plan.time_scale)
    if alerts.silence.least < least_ms:
        yield Fault(
            f"alerts.silence.least = {promql_duration(alerts.silence.least)}{_in_drill(plan)}",
            f"is less than three scrapes ({scrape}): figures are that old in normal operation, so every "
            "source would seem silent",
            f"write at least {promql_duration(least_ms)}",
        )


def _calendar_faults(plan: Plan, now_ms: int) -> Iterator[Fault]:
    """Holidays that Alertmanager does not know."""
    version = plan.policy.at(now_ms)
    if version is None or not plan.policy.has_calendars:
        return
    last = calendar_years(plan, version)[-1]
    if last < year_of(now_ms):
        yield Fault(
            f"alerts.calendar_years = {plan.alerts.calendar_years}",
            f"the holidays in Alertmanager's configuration end with {last}",
            f"write at least {plan.alerts.calendar_years + year_of(now_ms) - last + 1}",
        )


def _in_drill(plan: Plan) -> str:
    return "" if plan.time_scale == 1 else f" in a drill, {plan.time_scale:g} times as fast"
