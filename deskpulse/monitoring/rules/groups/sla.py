"""Alerts on SLA targets: endangered, below objective, small teams, long waits, budget burn; see docs."""

from __future__ import annotations

from typing import Final

from deskpulse.monitoring.rules import words
from deskpulse.monitoring.rules.model import MINUTE_MS, Alert, AlertSeverity, RuleFile, RuleGroup
from deskpulse.monitoring.rules.plan import Plan, number
from deskpulse.monitoring.rules.promql import MEMBER, NAMED, NOW, PROMISE, of_team, trusted
from deskpulse.policy.alerts import BurnPart
from kpis.figures.kpi import live, volume
from kpis.sla import metrics
from kpis.sla.policy import FIRST_REPLY
from windows.offered import WINDOW_MS
from windows.panes import DAY_MS

BOARD: Final = "deskpulse-sla"
# by then SupportSLABlind fires if nothing is known; also against flapping at the limit
KEEP_MS: Final = 5 * MINUTE_MS
CAP: Final = 0.5  # a burn alert fires at the latest when half of the deadlines are missed
ENDANGERED: Final = "SupportSLAEndangered"
BELOW: Final = "SupportSLABelowObjective"
WAITS_LONG: Final = "SupportSLAWaitsLong"
LATER: Final = "SupportLaterReplyLong"
BURN: Final = "SupportSLABudgetBurn"
# How long a burn must last in its short window, by the length of that window.
_HOLDS_MS: Final = (("15m", 2 * MINUTE_MS), ("1h", 5 * MINUTE_MS), ("24h", 15 * MINUTE_MS))
_SHORT_SHARE: Final = 4  # the short window needs a quarter of the deadlines of the long one
_HOURS: Final = 8  # of the longer window of worst now
# deadlines an hour, from which the hour speaks for itself: as many as the test of worst now asks for
_TELLING: Final = 10
_OBSERVED: Final = f"desk:{metrics.DEADLINES}"
_MISSABLE: Final = f"(1 - desk:{metrics.OBJECTIVE})"
_TICKETS: Final = f"desk:{volume.TICKETS.name}"
_ALL: Final = 'by="all"'
_MISSED: Final = f"desk:{metrics.WORST_MISSED}"
_OVERDUE: Final = f"desk:{metrics.WORST_OVERDUE}"
_WORST_OF: Final = f"desk:{metrics.WORST_DEADLINES}"
_TEAMS: Final = 'by="team"'
_OLDEST: Final = f"desk:{live.OLDEST_WAITING.name}{{{_TEAMS}}}"
_FIRST: Final = f"desk:{live.OLDEST.name}{{{_TEAMS}}}"
_NEXT_PROMISED: Final = f'desk:{metrics.OBJECTIVE}{{{_TEAMS},target="next_reply"}}'
_OPEN: Final = f"desk:{metrics.BUSINESS_OPEN}{{{_TEAMS}}}"
# by the clock of the desk, which is not that of Prometheus in a drill
_WAITED: Final = f"(desk:view_as_of_timestamp_seconds - on (desk) group_right () {_OLDEST})"
_TARGETS_LONG: Final = 2  # as in SupportSLAWaitsLong: overdue by one more target
_LOOKED_BACK_DAYS: Final = (1, 3, 7)  # a night, a weekend, a week with holidays
_STEP_SECONDS: Final = 900  # the text of an alert that changes each minute would be news each minute
_REPLIES: Final = 'target=~"first_reply|next_reply"'

ABOUT: Final = """\
Alerts on the targets of the SLA policy. The exporter tests what is worst now and what is endangered, and
names only the narrowest cause: `member` for people ("billing · high"), `team`, `channel`, `priority` and
`segment` for routes and links. In the other alerts `by` and `member` say whose figure it is: all, a team, a
channel, a priority or a segment."""


def family(plan: Plan) -> RuleFile:
    """First breaches that the desk can still prevent, then breaches, then the error budget."""
    endangered = RuleGroup("deskpulse-endangered", (_endangered(plan, "page"), _endangered(plan, "warning")))
    worst = RuleGroup("deskpulse-worst", (_below_page(plan), _below_warning(plan), _waits_long(plan)))
    burns = RuleGroup("deskpulse-burn", tuple(_burn(plan, part) for part in plan.alerts.burn))
    return RuleFile("sla.yml", ABOUT, (endangered, worst, RuleGroup("deskpulse-waits", _later(plan)), burns))


def _endangered(plan: Plan, severity: AlertSeverity) -> Alert:
    """A reply can be given within 15 minutes, so it is worth a page; a solution mostly cannot."""
    match = "=~" if severity == "page" else "!~"
    return Alert(
        name=ENDANGERED,
        expr=trusted(f'desk:{metrics.ENDANGERED}{{target{match}"first_reply|next_reply"}}'),
        severity=severity,
        kind="kpi",
        board=BOARD,
        hold_ms=max(plan.alerts.endangered.hold, plan.alerts.scrape_interval),
        keep_ms=KEEP_MS,
        tickets="",
        summary=words.ENDANGERED_SUMMARY,
        description=words.ENDANGERED,
    )


def _below_page(plan: Plan) -> Alert:
    """Of the last hour; and of 8 hours where an hour holds too few deadlines to tell."""
    overdue = plan.alerts.worst.overdue
    few = _TELLING * _HOURS
    return Alert(
        name=BELOW,
        expr=trusted(
            f"max by ({NAMED}) (",
            f'  ({_MISSED}{{window="1h"}} and on ({PROMISE}) ({_OVERDUE}{{window="1h"}} >= {overdue}))',
            f'  or ({_MISSED}{{window="8h"}} and on ({PROMISE}) ({_OVERDUE}{{window="8h"}} >= {overdue + 1})',
            f'    and on ({PROMISE}) ({_WORST_OF}{{window="8h"}} < {few}))',
            ")",
        ),
        severity="page",
        kind="kpi",
        board=BOARD,
        hold_ms=plan.alerts.worst.hold,
        keep_ms=KEEP_MS,
        tickets="",
        summary=words.BELOW_PAGE_SUMMARY,
        description=words.BELOW,
    )


def _below_warning(plan: Plan) -> Alert:
    """All that is named: a page about it mutes this."""
    return Alert(
        name=BELOW,
        expr=trusted(f"max by ({NAMED}) ({_MISSED})"),
        severity="warning",
        kind="kpi",
        board=BOARD,
        hold_ms=plan.alerts.worst.hold,
        keep_ms=KEEP_MS,
        tickets="",
        summary=words.BELOW_SUMMARY,
        description=words.BELOW,
    )


def _waits_long(plan: Plan) -> Alert:
    """Two are enough where so few deadlines fall that no test can speak, and nowhere else.

    A busy desk has always a few of them.
    """
    small = plan.alerts.small_teams
    long = f'desk:{metrics.LONG_OVERDUE}{{by="team",{_REPLIES}}}'
    return Alert(
        name=WAITS_LONG,
        expr=trusted(
            of_team(
                f"{long} >= {small.tickets}",
                f'unless on ({PROMISE}) ({_OBSERVED}{{window="8h",{NOW}}} >= {small.deadlines})',
            )
        ),
        severity="page",
        kind="kpi",
        board=BOARD,
        hold_ms=small.hold,
        keep_ms=KEEP_MS,
        tickets="",
        summary=words.WAITS_LONG_SUMMARY,
        description=words.WAITS_LONG,
    )


def _later(plan: Plan) -> tuple[Alert, ...]:
    """The oldest wait for a later reply, where no next reply is promised and so nothing else tells.

    Long is twice what the policy allows at the most for a first reply. As much must have been open time: the
    wait lasts for one of some spans, and in that span the team was open for so long.
    """
    lines = plan.policy.versions[-1].rules.get(FIRST_REPLY, ())
    if not lines:
        return ()
    least_ms = _TARGETS_LONG * max(line.within_ms for line in lines)
    spans_ms = (least_ms, *(days * DAY_MS for days in _LOOKED_BACK_DAYS if days * DAY_MS > least_ms))
    lasts = [
        f"({_WAITED} >= {span_ms // 1000} and on ({MEMBER}) "
        f"avg_over_time({_OPEN}[{plan.time(span_ms)}]) * {span_ms // 1000} >= {least_ms // 1000})"
        for span_ms in spans_ms
    ]
    return (
        Alert(
            name=LATER,
            expr=trusted(
                of_team(
                    f"floor({_WAITED} / {_STEP_SECONDS}) * {_STEP_SECONDS}",
                    f"unless on ({MEMBER}) ({_FIRST} <= on ({MEMBER}) {_OLDEST})",
                    f"unless on ({MEMBER}) {_NEXT_PROMISED}",
                    f"and on ({MEMBER}) (",
                    *(f"  {'or ' if place else ''}{last}" for place, last in enumerate(lasts)),
                    ")",
                )
            ),
            severity="warning",
            kind="kpi",
            board="deskpulse-team",
            hold_ms=plan.alerts.small_teams.hold,
            keep_ms=KEEP_MS,
            summary=words.LATER_SUMMARY,
            description=words.later(plan.time(least_ms)),
        ),
    )


def _burn(plan: Plan, part: BurnPart) -> Alert:
    least = plan.alerts.burn_deadlines
    limit = f"clamp_max({number(part.aim)} * {_MISSABLE}, {CAP})"
    return Alert(
        name=BURN,
        expr=trusted(
            of_team(
                f'1 - desk:{metrics.ATTAINMENT}{{window="{part.long}",{NOW}}} > on ({PROMISE}) {limit}',
                f'and on ({PROMISE}) (1 - desk:{metrics.ATTAINMENT}{{window="{part.short}",{NOW}}} '
                f"> on ({PROMISE}) {limit})",
                f'and on ({PROMISE}) ({_OBSERVED}{{window="{part.long}",{NOW}}} >= {least})',
                f'and on ({PROMISE}) ({_OBSERVED}{{window="{part.short}",{NOW}}} >= '
                f"{max(1, least // _SHORT_SHARE)})",
                *_lived_through(part.long),
            )
        ),
        severity=part.severity,
        kind="kpi",
        board=BOARD,
        hold_ms=_hold_ms(part.short),
        keep_ms=KEEP_MS,
        labels={"window": part.long},
        tickets="",
        summary=words.burn_summary(part.long),
        description=words.burn(part.short),
    )


def _hold_ms(short: str) -> int:
    fitting = (hold_ms for name, hold_ms in _HOLDS_MS if WINDOW_MS[short] <= WINDOW_MS[name])
    return next(fitting, 60 * MINUTE_MS)


def _lived_through(window: str) -> tuple[str, ...]:
    """Whether tickets have been counted for as long as a window of days lasts.

    Until then the short promises alone have come due, which are those that are missed most.
    """
    older = {
        "7d": f'{_TICKETS}{{window="30d",{NOW},{_ALL}}} > on ({MEMBER}) '
        f'{_TICKETS}{{window="7d",{NOW},{_ALL}}}',
        "30d": f'{_TICKETS}{{window="30d",period="previous",{_ALL}}} > 0',
    }
    return (f"and on (desk) ({older[window]})",) if window in older else ()
