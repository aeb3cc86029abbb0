"""Alerts about promises: tickets at risk, broken promises, the burn of the budget. docs/alerts.md explains the limits."""

from __future__ import annotations

from typing import Final

from deskpulse.policy.alerts import WINDOW_MS, BurnPart
from deskpulse.rules.model import MINUTE_MS, Alert, Family, Group, Record
from deskpulse.rules.plan import Plan, number
from deskpulse.rules.promql import NOW, PROMISE, WHOSE, trusted

BOARD: Final = "deskpulse-sla"
KEEP_MS: Final = 5 * MINUTE_MS  # by then SupportSLABlind tells that nothing is known; also against flapping at the limit
CAP: Final = 0.5  # a burn alert fires at the latest when half of the deadlines are missed
_DAY_MS: Final = 86_400_000
_WEEK_MS: Final = 7 * _DAY_MS
_HOLD_MS: Final = {"15m": 2 * MINUTE_MS, "1h": 5 * MINUTE_MS, "8h": 15 * MINUTE_MS, "24h": 15 * MINUTE_MS, "7d": 60 * MINUTE_MS}
_SHORT_SHARE: Final = 4  # the short window needs a quarter of the deadlines of the long one
_OBSERVED: Final = "desk:support_sla_attainment_observations"
_MISSABLE: Final = "(1 - desk:support_sla_objective_ratio)"
_TICKETS: Final = "desk:support_tickets"
_ALL: Final = 'by="all"'
_HOUR: Final = f'window="1h",{NOW}'
_WHAT: Final = '{{ if eq $labels.target "resolution" }}resolution{{ else }}first reply{{ end }}'

ABOUT: Final = """\
Promises of the SLA policy. `by` and `member` tell whose figure it is: all, a team, a channel or a priority. Objectives
are read from the exporter, so they are those of the version in force. Limits are what an objective allows, and what
chance may add: a few late tickets of many are no alert."""


def family(plan: Plan) -> Family:
    """Tickets at risk, then broken promises, then the budget."""
    at_risk = Group("deskpulse-at-risk", (*_limits(plan), _at_risk(plan)))
    broken = Group("deskpulse-breached", (*_breach_limits(plan), _breached(plan)))
    burns = Group("deskpulse-burn", tuple(_burn(plan, part) for part in plan.alerts.burn))
    return Family("sla.yml", ABOUT, (at_risk, broken, burns))


def _limits(plan: Plan) -> tuple[Record, ...]:
    settings = plan.alerts.at_risk
    ahead_ms, window = WINDOW_MS[settings.within], settings.within
    of_hour, of_day = ahead_ms / WINDOW_MS["1h"], ahead_ms / WINDOW_MS["24h"]
    # Deadlines come in bunches, such as those of the night when the desk opens: the same minutes of yesterday and of a week ago tell.
    seen = [
        f'{number(of_hour)} * {_OBSERVED}{{window="1h",{NOW}}}',
        f'{of_day:.6g} * {_OBSERVED}{{window="24h",{NOW}}}',
        *(
            f'label_replace({_OBSERVED}{{window="{window}",{NOW}}} offset {plan.time(back_ms - ahead_ms)}, "window", "{name}", "", "")'
            for name, back_ms in (("yesterday", _DAY_MS), ("last week", _WEEK_MS))
        ),
    ]
    return (
        Record("desk:sla_coming_deadlines", f"max by ({PROMISE}) (\n  " + "\n  or ".join(seen) + "\n)"),
        # A desk that just meets its objective has about twice as many tickets this close to their deadline as it misses.
        Record("desk:sla_usually_at_risk_tickets", f"2 * {_MISSABLE} * desk:sla_coming_deadlines"),
    )


def _at_risk(plan: Plan) -> Alert:
    settings = plan.alerts.at_risk
    usual = "desk:sla_usually_at_risk_tickets"
    return Alert(
        name="SupportSLAAtRisk",
        expr=trusted(
            f'desk:support_sla_due_tickets{{within="{settings.within}"}}',
            f"> on ({PROMISE}) clamp_min({usual} + {number(settings.margin)} * sqrt({usual}) + 1, {settings.tickets - 1})",
        ),
        severity="warning",
        kind="kpi",
        board=BOARD,
        hold_ms=settings.hold,
        keep_ms=KEEP_MS,
        tickets="",
        summary=f"{{{{ $value }}}} tickets of {WHOSE} will miss their {_WHAT} deadline within {settings.within}.",
        description=(
            f"Nobody has done it yet for {{{{ $value }}}} tickets whose {_WHAT} deadline comes within {settings.within}. That is more than "
            "the objective and chance explain. There is still time: the tickets are listed at tickets_url, the next deadline first."
        ),
    )


def _breach_limits(plan: Plan) -> tuple[Record, ...]:
    allowed = "desk:sla_allowed_breaches_tickets"
    margin = number(plan.alerts.breached_waiting.margin)
    return (
        Record(allowed, f"{_MISSABLE} * max by ({PROMISE}) ({_OBSERVED}{{{_HOUR}}})"),
        Record("desk:sla_breach_limit_tickets", f"{allowed} + {margin} * sqrt({allowed}) + 1"),
    )


def _breached(plan: Plan) -> Alert:
    settings = plan.alerts.breached_waiting
    limit = f"> on ({PROMISE}) clamp_min(desk:sla_breach_limit_tickets, {settings.tickets - 1})"
    return Alert(
        name="SupportSLABreachedWaiting",
        expr=trusted(
            "desk:support_sla_breached_waiting_tickets",
            limit,
            f"and on ({PROMISE}) (",
            f"  desk:support_sla_breached_tickets{{{_HOUR}}}",
            f"  {limit}",
            ")",
        ),
        severity="page",
        kind="kpi",
        board=BOARD,
        hold_ms=settings.hold,
        keep_ms=KEEP_MS,
        tickets="",
        summary=f"{{{{ $value }}}} tickets of {WHOSE} are past their {_WHAT} deadline and still wait.",
        description=(
            f"Within the last hour more {_WHAT} deadlines were missed than the objective and chance explain, and {{{{ $value }}}} tickets "
            "are past theirs and still wait. They are listed at tickets_url, the oldest deadline first."
        ),
    )


def _burn(plan: Plan, part: BurnPart) -> Alert:
    least = plan.alerts.burn_deadlines
    fast = part.severity == "page"
    limit = f"clamp_max({number(part.aim)} * {_MISSABLE}, {CAP})"
    return Alert(
        name="SupportSLABurnFast" if fast else "SupportSLABurnSlow",
        expr=trusted(
            f'1 - desk:support_sla_attainment_ratio{{window="{part.long}",{NOW}}} > on ({PROMISE}) {limit}',
            f'and on ({PROMISE}) (1 - desk:support_sla_attainment_ratio{{window="{part.short}",{NOW}}} > on ({PROMISE}) {limit})',
            f'and on ({PROMISE}) ({_OBSERVED}{{window="{part.long}",{NOW}}} >= {least})',
            f'and on ({PROMISE}) ({_OBSERVED}{{window="{part.short}",{NOW}}} >= {max(1, least // _SHORT_SHARE)})',
            *_lived_through(part.long),
        ),
        severity=part.severity,
        kind="kpi",
        board=BOARD,
        hold_ms=_HOLD_MS[part.short],
        keep_ms=KEEP_MS,
        labels={"window": part.long},
        tickets="",
        summary=f"{WHOSE} missed {{{{ $value | humanizePercentage }}}} of its {_WHAT} deadlines in {part.long}.",
        description=(
            f"The objective allows far fewer, and the last {part.short} were no better, so the share that may be missed will not last. "
            "Compare teams, channels and priorities on the board to see where it comes from."
        ),
    )


def _lived_through(window: str) -> tuple[str, ...]:
    """Whether tickets have been counted for as long as a window of days lasts.

    Until then the short promises alone have come due, which are those that are missed most.
    """
    older = {
        "7d": f'{_TICKETS}{{window="30d",{NOW},{_ALL}}} > on (by, member) {_TICKETS}{{window="7d",{NOW},{_ALL}}}',
        "30d": f'{_TICKETS}{{window="30d",period="previous",{_ALL}}} > 0',
    }
    return (f"and on () ({older[window]})",) if window in older else ()
