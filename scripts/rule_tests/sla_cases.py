"""Further cases of the alerts about figures.

They are nothing to show, the end of an alert, windows, small teams, and whole desks.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from kpis.figures.kpi import live
from kpis.sla import metrics
from scripts.rule_tests.model import INSTANCES, Case, Look, Series, figures, healthy
from scripts.rule_tests.sla_stories import (
    BELOW,
    BURN,
    ENDANGERED,
    FIRST_WEEK,
    LATER,
    WAITS_LONG,
    below,
    endangered,
    worst,
)

A: Final = INSTANCES["a"]
KPI_ALERTS: Final = (
    *("SupportSLAEndangered", "SupportSLABelowObjective", "SupportSLAWaitsLong", "SupportSLABudgetBurn"),
    "SupportLaterReplyLong",
    *("SupportScoreWorse", "SupportTimeRises", "SupportVolumeHigh", "SupportVolumeLow"),
)
_TEAM: Final = 'by="team",member="billing",target="first_reply"'
_ALL: Final = 'by="all",member="all",target="first_reply"'
_NEXT: Final = 'by="team",member="billing",team="billing",target="next_reply"'
_CHANNEL: Final = 'by="channel",member="email",channel="email",target="resolution"'


def cases() -> Iterator[Case]:
    """All of them."""
    yield Case(
        "a desk of which nothing is known yet: nothing is told",
        healthy(45),
        tuple(Look("40m", alert) for alert in KPI_ALERTS),
    )
    yield from _ends()
    yield from _windows()
    yield from _small()
    yield from _whole()
    yield from _next()
    yield from _later()
    yield _told(
        "20% of the deadlines of 7d were missed, in the first week: silent",
        {**BURN.shown, **FIRST_WEEK},
        Look("40m", BURN.alert),
    )


def _ends() -> Iterator[Case]:
    """Named until minute 10, then no more.

    It goes on firing for 5 minutes, so that a moment below the limit is not an all-clear.
    """
    yield _told(
        "what was endangered is answered: it ends five minutes later",
        {name: values.removesuffix("x45") + "x10 stale" for name, values in ENDANGERED.shown.items()},
        Look("14m", ENDANGERED.alert, (ENDANGERED.fired,)),
        Look("17m", ENDANGERED.alert),
    )
    value = {name: values.removesuffix("x45") for name, values in ENDANGERED.shown.items()}
    yield _told(
        "endangered for a moment: nothing is told",
        {name: f"_x9 {shown} stale" for name, shown in value.items()},
        *(Look(f"{minute}m", ENDANGERED.alert) for minute in (10, 11, 12)),
    )


def _windows() -> Iterator[Case]:
    """Who is paged of what is below its objective, and who is only told."""
    yield _told(
        "12 of 30 of an hour were late, and all have their reply by now: told, and no page",
        worst("1h", missed=12, n=30, excess=9, overdue=0),
        Look("20m", BELOW.alert, (below(12, 30, "1 h", excess=9, overdue=0, severity="warning"),)),
    )
    yield _told(
        "30 of 90 of eight hours were late: the last hour was kept, or it would be named for that; told, "
        "and no page",
        worst("8h", missed=30, n=90, excess=21, overdue=5),
        Look("20m", BELOW.alert, (below(30, 90, "8 h", excess=21, overdue=5, severity="warning"),)),
    )
    yield _told(
        "12 of 40 of eight hours were late, five an hour, too few for an hour to tell, and two are "
        "overdue: a page",
        worst("8h", missed=12, n=40, excess=8, overdue=2),
        Look(
            "20m",
            BELOW.alert,
            tuple(
                below(12, 40, "8 h", excess=8, overdue=2, severity=severity)
                for severity in ("page", "warning")
            ),
        ),
    )
    yield _told(
        "the same, and one is overdue: no page",
        worst("8h", missed=12, n=40, excess=8, overdue=1),
        Look("20m", BELOW.alert, (below(12, 40, "8 h", excess=8, overdue=1, severity="warning"),)),
    )


def _small() -> Iterator[Case]:
    """A team with few deadlines has too few for any test; in one with many, some tickets always wait long."""
    observed = f'{metrics.DEADLINES}{{window="8h",period="current",{_TEAM}}}'
    yield _told(
        "2 replies are overdue by one more target, of a team with 10 deadlines in 8 h: the test speaks for "
        "it",
        {**WAITS_LONG.shown, observed: "10x45"},
        Look("20m", WAITS_LONG.alert),
    )
    nothing = {name: values for name, values in WAITS_LONG.shown.items() if name != observed}
    yield _told(
        "2 replies are overdue by one more target, of a team that had no deadline in 8 h: told",
        nothing,
        Look("20m", WAITS_LONG.alert, (WAITS_LONG.fired,)),
    )


def _whole() -> Iterator[Case]:
    """What is not of one team has no label `team`, not even an empty one, and its links lead to all teams."""
    fired = replace(
        ENDANGERED.fired,
        labels={"by": "all", "member": "all", "target": "first_reply", "kind": "kpi", "severity": "page"},
        summary=ENDANGERED.fired.summary.replace("billing · high", "All teams"),
        board="deskpulse-sla?var-target=first_reply",
        tickets="first_reply",
    )
    yield _told(
        "8 of 10 of the whole desk: told as such",
        endangered(8, n=10, usual=2.6, named=_ALL),
        Look("1m", ENDANGERED.alert, (fired,)),
    )
    of_mail = below(12, 30, "1 h", excess=9, overdue=0, severity="warning")
    yield _told(
        "12 of 30 solutions by mail were late: told as such",
        worst("1h", missed=12, n=30, excess=9, overdue=0, named=_CHANNEL),
        Look(
            "1m",
            BELOW.alert,
            (
                replace(
                    of_mail,
                    labels={
                        "by": "channel",
                        "member": "email",
                        "channel": "email",
                        "target": "resolution",
                        "kind": "kpi",
                        "severity": "warning",
                    },
                    summary=of_mail.summary.replace("billing · high", "Channel email").replace(
                        "first replies", "resolutions"
                    ),
                    description=of_mail.description.replace("first replies", "resolutions"),
                    board="deskpulse-sla?var-target=resolution",
                    tickets="resolution",
                ),
            ),
        ),
    )


def _next() -> Iterator[Case]:
    """A next reply is a reply: who lets customers wait for one is woken, too."""
    of_billing = replace(
        below(14, 30, "1 h", excess=11, overdue=5, severity="page"),
        labels={
            "by": "team",
            "member": "billing",
            "team": "billing",
            "target": "next_reply",
            "kind": "kpi",
            "severity": "page",
        },
        summary="billing: 14 of 30 next replies late in 1 h, 11 too many; 5 overdue now. Answer these first.",
        description=below(14, 30, "1 h", excess=11, overdue=5, severity="page").description.replace(
            "first replies", "next replies"
        ),
        board="deskpulse-sla?var-target=next_reply&var-team=billing",
        tickets="next_reply&team=billing",
    )
    beside = replace(
        of_billing,
        labels={**of_billing.labels, "severity": "warning"},
        summary=of_billing.summary.replace("Answer these first.", "Find the cause."),
    )
    yield _told(
        "14 of 30 next replies of a team were late, and 5 are overdue: a page, as for first replies",
        worst("1h", missed=14, n=30, excess=11, overdue=5, named=_NEXT),
        Look("1m", BELOW.alert, (of_billing, beside)),
    )


def _later() -> Iterator[Case]:
    """A long wait for a later reply is told where nothing else tells of it, and where the team had time."""
    team = 'by="team",member="billing"'
    for what, more in (
        (
            "but a next reply is promised to the team",
            {f'{metrics.OBJECTIVE}{{{team},target="next_reply"}}': 0.9},
        ),
        ("and the wait is for the first reply", {f"{live.OLDEST.name}{{{team}}}": -97_200}),
        ("but the team was closed all the time", {f"{metrics.BUSINESS_OPEN}{{{team}}}": 0}),
    ):
        shown = {name: f"{value:g}x45" for name, value in more.items()}
        yield _told(
            f"a customer has waited for 27 h, {what}: silent",
            {**LATER.shown, **shown},
            Look("20m", LATER.alert),
        )
    yield _told(
        "a customer has waited for 27 h, and another one for an hour for the first reply: told",
        {**LATER.shown, f"{live.OLDEST.name}{{{team}}}": "-3600x45"},
        Look("10m", LATER.alert, (LATER.fired,)),
    )


def _told(name: str, shown: Series, *looks: Look) -> Case:
    return Case(name, {**healthy(45), **figures(A, shown)}, looks)
