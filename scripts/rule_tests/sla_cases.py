"""Further cases of the alerts about figures: nothing to show, the end of an alert, bunches of deadlines, closed hours."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from scripts.rule_tests.model import INSTANCES, Case, Exporter, Look, Series, figures, healthy
from scripts.rule_tests.sla_stories import AT_RISK, BREACHED_WAITING, BURNS, FIRST_WEEK

A: Final = INSTANCES["a"]
KPI_ALERTS: Final = (
    *("SupportSLAAtRisk", "SupportSLABreachedWaiting", "SupportSLABurnFast", "SupportSLABurnSlow"),
    *("SupportScoreWorse", "SupportTimeRises", "SupportVolumeHigh", "SupportVolumeLow"),
)
HISTORY_STEP: Final = 15  # minutes: a day in 96 steps
_QUARTER_HOURS_A_DAY: Final = 96
_PROMISE: Final = 'by="team",member="billing",target="first_reply"'


def cases() -> Iterator[Case]:
    """Those that fit in an hour."""
    yield Case("a desk of which nothing is known yet: nothing is told", healthy(45), tuple(Look("40m", alert) for alert in KPI_ALERTS))
    # 8 due until minute 10, then none: it goes on firing for 5 minutes, so that a moment below the limit is not an all-clear.
    ends = {**AT_RISK.shown, _due(): "8x10 0x35"}
    yield _told(
        "tickets at risk are answered: it ends five minutes later",
        ends,
        (Look("14m", AT_RISK.alert, (AT_RISK.fired,)), Look("17m", AT_RISK.alert)),
    )
    yield _told(
        "a minute above the limit: nothing is told",
        {**AT_RISK.shown, _due(): "0x10 8 8 0x35"},
        tuple(Look(f"{minute}m", AT_RISK.alert) for minute in (11, 12, 13)),
    )
    yield _told(
        "as many were missed, but all of them have their reply by now: nobody waits, nothing is told",
        {**BREACHED_WAITING.shown, f"support_sla_breached_waiting_tickets{{{_PROMISE}}}": "2x45"},
        (Look("20m", BREACHED_WAITING.alert),),
    )
    of_day, of_week = BURNS[2:]
    yield _told(
        "20% of the deadlines of 7d were missed, in the first week of an installation: silent",
        {**of_week.shown, **FIRST_WEEK},
        (Look("40m", of_week.alert),),
    )
    yield _told(
        "35% of the deadlines of 24h were missed, in the first week of an installation: told",
        {**of_day.shown, **FIRST_WEEK},
        (Look("20m", of_day.alert, (of_day.fired,)),),
    )


def history() -> Iterator[Case]:
    """Those that need yesterday."""
    # Between 9:00 and 9:15, and again until 9:30, fall 200 deadlines of the night. At 9:00 and 9:15 of the second day 30 of them are
    # open: 2 x 0.1 x 200 = 40 are usual. Without yesterday only the 300 of a day would be known, 3 in 15 minutes, and 5 would be the limit.
    day = _QUARTER_HOURS_A_DAY
    at_nine = 9 * 4
    bunch = f"1x{at_nine} 200 200 1x{day + at_nine}"
    known = {
        f"support_sla_objective_ratio{{{_PROMISE}}}": f"0.9x{2 * day}",
        _observed("1h"): f"4x{2 * day}",
        _observed("24h"): f"300x{2 * day}",
        _due(): f"0x{day + at_nine - 1} 30 30 0x{day}",
    }
    quarter_past_nine = f"{24 + 9}h15m"
    yield _long(
        "30 due when the night's deadlines fall, as 200 did yesterday at this time: usual",
        {**known, _observed("15m"): bunch},
        (Look(quarter_past_nine, AT_RISK.alert),),
    )
    fired = AT_RISK.fired
    thirty = type(fired)(
        labels=fired.labels,
        summary=fired.summary.replace("8 tickets", "30 tickets"),
        description=fired.description.replace("8 tickets", "30 tickets"),
        board=fired.board,
        tickets=fired.tickets,
    )
    yield _long(
        "30 due, and yesterday nothing of the kind: told",
        {**known, _observed("15m"): f"1x{2 * day}"},
        (Look(quarter_past_nine, AT_RISK.alert, (thirty,)),),
    )


def _due() -> str:
    return f'support_sla_due_tickets{{{_PROMISE},within="15m"}}'


def _observed(window: str) -> str:
    return f'support_sla_attainment_observations{{window="{window}",period="current",{_PROMISE}}}'


def _told(name: str, shown: Series, looks: tuple[Look, ...]) -> Case:
    return Case(name, {**healthy(45), **figures(A, shown)}, looks)


def _long(name: str, shown: Series, looks: tuple[Look, ...]) -> Case:
    exporter = Exporter(A, 2 * _QUARTER_HOURS_A_DAY, {}, HISTORY_STEP)
    return Case(name, {**exporter.series(), **figures(A, shown)}, looks)
