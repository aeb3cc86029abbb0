"""Stories of the alerts about promises. Objective 90 %: one in ten may be missed."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from kpis.figures.kpi import live, volume
from kpis.sla import metrics
from scripts.rule_tests.kpi import Story
from scripts.rule_tests.model import Fired, Series

_FOREVER: Final = "x45"
_PROMISE: Final = 'by="team",member="billing",target="first_reply"'
_LABELS: Final = {
    "by": "team",
    "member": "billing",
    "team": "billing",
    "target": "first_reply",
    "kind": "kpi",
}
_NAMED: Final = (
    'by="team_priority",member="billing · high",team="billing",priority="high",target="first_reply"'
)
_NAMED_LABELS: Final = {
    "by": "team_priority",
    "member": "billing · high",
    "team": "billing",
    "priority": "high",
    "target": "first_reply",
    "kind": "kpi",
}
_TICKETS: Final = "first_reply&team=billing"
_BOARD: Final = "deskpulse-sla?var-target=first_reply&var-team=billing"


def worst(
    window: str, *, missed: int, n: int, excess: int, overdue: int, named: str = _NAMED
) -> dict[str, str]:
    """What the exporter shows of one that is worst now, since 8:40."""
    shown = {
        "ratio": 1 - missed / n,
        "objective_ratio": 0.9,
        "observations": n,
        "missed_tickets": missed,
        "excess_tickets": excess,
        "overdue_tickets": overdue,
        "since_timestamp_seconds": 31_200,
    }
    return {
        f'support_sla_worst_{name}{{{named},window="{window}"}}': f"{value:g}{_FOREVER}"
        for name, value in shown.items()
    }


def endangered(waiting: int, *, n: int, usual: float, named: str = _NAMED) -> dict[str, str]:
    """What the exporter shows of one that is endangered."""
    shown = {"tickets": waiting, "usual_tickets": usual, "observations": n}
    return {
        f"support_sla_endangered_{name}{{{named}}}": f"{value:g}{_FOREVER}" for name, value in shown.items()
    }


def absent(series: dict[str, str]) -> dict[str, str]:
    """The same figures, of which there are none."""
    return dict.fromkeys(series, f"_{_FOREVER}")


_ENDANGERED_FIGURES: Final = endangered(8, n=10, usual=2.6)
ENDANGERED: Final = Story(
    alert="SupportSLAEndangered",
    what="8 of 10 first replies due within 15 minutes are still to be given",
    hold=1,
    shown=_ENDANGERED_FIGURES,
    low=absent(_ENDANGERED_FIGURES),
    fired=Fired(
        labels={**_NAMED_LABELS, "severity": "page"},
        summary="billing · high: 8 first replies due within 15 min, usually 3. Answer them now.",
        description=(
            "8 first replies are still due within 15 minutes, of 10 with a deadline in that time; 3 would "
            "be usual. That is more than chance explains. They can still be on time: tickets_url lists "
            "them, the next deadline first."
        ),
        board=_BOARD,
        tickets=_TICKETS,
    ),
)
_SOLUTION: Final = _NAMED.replace("first_reply", "resolution")
_ENDANGERED_SOLUTIONS: Final = endangered(8, n=10, usual=2.6, named=_SOLUTION)
ENDANGERED_SOLUTIONS: Final = Story(
    alert="SupportSLAEndangered",
    what="8 of 10 solutions due within 15 minutes are still to be found, which is no page",
    hold=1,
    shown=_ENDANGERED_SOLUTIONS,
    low=absent(_ENDANGERED_SOLUTIONS),
    fired=Fired(
        labels={**_NAMED_LABELS, "target": "resolution", "severity": "warning"},
        summary="billing · high: 8 resolutions due within 15 min, usually 3. Resolve them now.",
        description=ENDANGERED.fired.description.replace("first replies", "resolutions"),
        board=_BOARD.replace("first_reply", "resolution"),
        tickets=_TICKETS.replace("first_reply", "resolution"),
    ),
)


def of_next_replies(story: Story, what: str) -> Story:
    """The same about next replies, which wake people as first replies do."""

    def renamed(text: str) -> str:
        return text.replace("first_reply", "next_reply").replace("first replies", "next replies")

    def figures(shown: Series) -> dict[str, str]:
        return {renamed(name): values for name, values in shown.items()}

    fired = replace(
        story.fired,
        labels={**story.fired.labels, "target": "next_reply"},
        summary=renamed(story.fired.summary),
        description=renamed(story.fired.description),
        board=renamed(story.fired.board),
        tickets=None if story.fired.tickets is None else renamed(story.fired.tickets),
    )
    return replace(story, what=what, shown=figures(story.shown), low=figures(story.low), fired=fired)


ENDANGERED_NEXT: Final = of_next_replies(
    ENDANGERED, "8 of 10 next replies due within 15 minutes are still to be given"
)


def below(missed: int, n: int, window: str, *, excess: int, overdue: int, severity: str) -> Fired:
    """What is told of one that is below its objective."""
    urged = "Answer these first." if severity == "page" else "Find the cause."
    return Fired(
        labels={**_NAMED_LABELS, "severity": severity},
        summary=(
            f"billing · high: {missed} of {n} first replies late in {window}, {excess} too many; {overdue} "
            f"overdue now. {urged}"
        ),
        description=(
            f"{missed} of {n} first replies with a deadline in {window} were late, {excess} too many for "
            "the objective of 90%. That is more than chance explains and has lasted since 1970-01-01 "
            f"08:40:00 +0000 UTC. Still open past their deadline: {overdue}. Start with these: tickets_url "
            "lists them."
        ),
        board=_BOARD,
        tickets=_TICKETS,
    )


_WORST: Final = worst("1h", missed=12, n=30, excess=9, overdue=5)
BELOW: Final = Story(
    alert="SupportSLABelowObjective",
    what="12 of 30 first replies of an hour were late, and 5 are overdue",
    hold=1,
    shown=_WORST,
    low=absent(_WORST),
    fired=below(12, 30, "1 h", excess=9, overdue=5, severity="page"),
    # which Alertmanager mutes for the page
    beside=(below(12, 30, "1 h", excess=9, overdue=5, severity="warning"),),
)
_SMALL: Final = {
    f"{metrics.LONG_OVERDUE}{{{_PROMISE}}}": f"2{_FOREVER}",
    f'{metrics.DEADLINES}{{window="8h",period="current",{_PROMISE}}}': f"9{_FOREVER}",
}
WAITS_LONG: Final = Story(
    alert="SupportSLAWaitsLong",
    what="2 replies of a team with 9 deadlines in 8 h are overdue by one more target",
    hold=2,
    shown=_SMALL,
    low={f"{metrics.LONG_OVERDUE}{{{_PROMISE}}}": f"1{_FOREVER}"},
    fired=Fired(
        labels={**_LABELS, "severity": "page"},
        summary="billing: 2 first replies have waited twice the target time. Answer them now.",
        description=(
            "2 first replies of a small team have waited at least twice the target time. The team has too "
            "few deadlines for a statistical test, so this alert counts the tickets: tickets_url lists them."
        ),
        board=_BOARD,
        tickets=_TICKETS,
    ),
)
WAITS_LONG_NEXT: Final = of_next_replies(
    WAITS_LONG, "2 next replies of a team with 9 deadlines in 8 h are overdue by one more target"
)

_TEAM: Final = 'by="team",member="billing"'
_OLDEST: Final = f"{live.OLDEST_WAITING.name}{{{_TEAM}}}"
_LATER_WAIT: Final = {
    _OLDEST: f"-97200{_FOREVER}",
    f"{metrics.BUSINESS_OPEN}{{{_TEAM}}}": f"1{_FOREVER}",
}
LATER: Final = Story(
    # Twice the longest first reply of the example, 8 h, are 16 h.
    alert="SupportLaterReplyLong",
    what="a customer who wrote again has waited for 27 h",
    hold=2,
    shown=_LATER_WAIT,
    low={_OLDEST: f"-36000{_FOREVER}"},
    fired=Fired(
        labels={"by": "team", "member": "billing", "team": "billing", "kind": "kpi", "severity": "warning"},
        summary="billing: a customer has waited 1d 3h 0m 0s for a later reply. Answer now.",
        description=(
            "The customer wrote again after our reply, and nobody has answered. The policy promises no next "
            "reply here, so this alert counts from 16h of open time on: twice the longest time that it "
            "allows for a first reply. The board shows how many wait."
        ),
        board="deskpulse-team?var-team=billing",
    ),
)


def _counted(older: int) -> dict[str, str]:
    """Tickets of a week, and those of the weeks before."""
    tickets = f'{volume.TICKETS.name}{{window="WINDOW",period="current",by="all",member="all"}}'
    return {
        tickets.replace("WINDOW", "7d"): f"900{_FOREVER}",
        tickets.replace("WINDOW", "30d"): f"{900 + older}{_FOREVER}",
    }


FIRST_WEEK: Final = _counted(0)
_BURN_FIGURES: Final = {
    f"{metrics.OBJECTIVE}{{{_PROMISE}}}": f"0.9{_FOREVER}",
    **{
        f'{metrics.ATTAINMENT}{{window="{window}",period="current",{_PROMISE}}}': f"0.8{_FOREVER}"
        for window in ("7d", "24h")
    },
    f'{metrics.DEADLINES}{{window="7d",period="current",{_PROMISE}}}': f"20{_FOREVER}",
    f'{metrics.DEADLINES}{{window="24h",period="current",{_PROMISE}}}': f"5{_FOREVER}",
}
BURN: Final = Story(
    # 1.5 times a tenth are 15 %.
    alert="SupportSLABudgetBurn",
    what="20% of the deadlines of 7d and 24h were missed",
    hold=15,
    shown={**_BURN_FIGURES, **_counted(2700)},
    low={f'{metrics.DEADLINES}{{window="7d",period="current",{_PROMISE}}}': f"19{_FOREVER}"},  # as bad, of 19
    fired=Fired(
        labels={**_LABELS, "severity": "warning", "window": "7d"},
        summary="billing: 20% of first replies late in 7d; the 30-day budget will not last. Find the cause.",
        description=(
            "The last 24h were no better. At this rate the late tickets that the objective allows for 30 "
            "days are used up early. Compare teams, channels and priorities on the board to find the cause."
        ),
        board=_BOARD,
        tickets=_TICKETS,
    ),
)
ALL: Final = (
    *(ENDANGERED, ENDANGERED_NEXT, ENDANGERED_SOLUTIONS),
    *(BELOW, WAITS_LONG, WAITS_LONG_NEXT, LATER, BURN),
)
