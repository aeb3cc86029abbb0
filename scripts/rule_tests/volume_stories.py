"""Stories of the alerts about volume, all of team billing. The margin is 4 standard errors."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kpis.figures.kpi import volume
from scripts.rule_tests.kpi import Story
from scripts.rule_tests.model import INSTANCES, Case, Exporter, Fired, Look, Series, figures
from scripts.rule_tests.score_stories import STEP

_STEPS: Final = 45
_LABELS: Final = {"by": "team", "member": "billing", "team": "billing", "kind": "kpi", "severity": "warning"}


def _tickets(counts: dict[str, int]) -> dict[str, str]:
    """Series of tickets created, by window and period: `8h week_ago`."""
    found = {}
    for span, count in counts.items():
        window, period = span.split()
        found[f'{volume.TICKETS.name}{{window="{window}",period="{period}",by="team",member="billing"}}'] = (
            f"{count}x{_STEPS}"
        )
    return found


def _day(now: int, week_ago: int) -> dict[str, str]:
    """The eight hours, and a day a week ago of which they were half."""
    return _tickets({"8h current": now, "8h week_ago": week_ago, "24h week_ago": 2 * week_ago})


def _volume(name: str, now: int, before: int, *, low: tuple[int, int], says: str, description: str) -> Story:
    fired = Fired(
        labels=_LABELS,
        summary=f"billing: {now} new tickets in 8 h, {says}",
        description=description,
        board="deskpulse-team?var-team=billing",
    )
    what = f"{now} tickets after {before} a week ago"
    return Story(
        alert=name, what=what, hold=15, step=STEP, shown=_day(now, before), low=_day(*low), fired=fired
    )


# 140 more; 4 x sqrt(240 + 100) = 74. 24 after 10 may be chance.
HIGH: Final = _volume(
    "SupportVolumeHigh",
    240,
    100,
    low=(24, 10),
    says="over 2 times last week's. Read what they are about.",
    description=(
        "More tickets than in the same hours a week ago, and more than chance explains. Find out what "
        "customers write about before the queue grows: an outage, a mailing, an invoice run."
    ),
)
# 80 fewer; 4 x sqrt(40 + 120) = 51. 4 after 12 may be chance.
LOW: Final = _volume(
    "SupportVolumeLow",
    40,
    120,
    low=(4, 12),
    says="less than 1/2 of last week's. Can customers reach you?",
    description=(
        "Fewer tickets than in the same hours a week ago, and fewer than chance explains. Check that "
        "customers can reach you and that the ticket system sends all of its events."
    ),
)
ALL: Final = (HIGH, LOW)


def cases() -> Iterator[Case]:
    """What is known of the week before."""
    week = {"8h current": 240, "7d current": 900, "7d previous": 0, "30d current": 900}
    silent = (Look("40m", HIGH.alert),)
    yield _case(
        "240 tickets in the first week of an installation: a week ago nothing was counted, so nothing is "
        "told",
        week,
        silent,
    )
    yield _case(
        "240 tickets, and the installation began a week and three hours ago: the 20 of those hours are not "
        "all that came",
        {**week, "8h week_ago": 20, "24h week_ago": 20, "7d previous": 20, "30d current": 920},
        silent,
    )
    yield _case(
        "240 tickets after 100, which were all of that day since nobody writes at night, as in the weeks "
        "before: told",
        {**week, "8h week_ago": 100, "24h week_ago": 100, "7d previous": 700, "30d current": 2900},
        (Look(f"{HIGH.hold - STEP}m", HIGH.alert), Look(f"{HIGH.hold}m", HIGH.alert, (HIGH.fired,))),
    )


def _case(name: str, counts: dict[str, int], looks: tuple[Look, ...]) -> Case:
    a = INSTANCES["a"]
    shown: Series = _tickets({"8h week_ago": 0, "24h week_ago": 0, **counts})
    return Case(name, {**Exporter(a, _STEPS, {}, STEP).series(), **figures(a, shown)}, looks)
