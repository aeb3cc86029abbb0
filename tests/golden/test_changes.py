"""What changed and where: the decomposition worked by hand, and when it says nothing."""

from fractions import Fraction

import pytest

from kpis.figures.changes import MOVING, MovedFigure, changes, contributions
from kpis.figures.history import Choice, PaneHistory
from kpis.figures.view_builder import ViewBuilder
from tests.golden.desk import NOON_MS, GoldenDesk, ago
from windows.panes import MINUTE_MS

NOW, BEFORE = ago(minutes=30), ago(minutes=90)  # inside the last hour, and inside the hour before
FRT = next(moving for moving in MOVING if moving.name == "support_first_response_mean_seconds")


def waits(
    desk: GoldenDesk, at_ms: int, n: int, minutes: float, *, team: str = "billing", channel: str = "phone"
) -> None:
    """So many tickets that were answered at an instant, after so long."""
    for _ in range(n):
        ticket = f"T{len(desk.events)}"
        desk.created(ticket, at_ms - round(minutes * MINUTE_MS), team=team, channel=channel)
        desk.first_reply(ticket, at_ms)


def course(desk: GoldenDesk, team: str | None = None) -> PaneHistory:
    choice, builder = Choice("1h", team), ViewBuilder(desk.rules)
    for state in desk.states():
        builder.apply(state.partition, state.take_changes().view)
    return builder.build(NOON_MS, [choice]).courses[choice]


def told(desk: GoldenDesk, name: str = FRT.name, minimum: int = 10) -> MovedFigure | None:
    found = changes(course(desk), "previous", as_of_ms=NOON_MS, minimum=minimum)
    return next((change for change in found if change.name == name), None)


def test_the_team_that_became_slow_is_named() -> None:
    """Before: 10 of billing and 10 of sales, all after 4 min: F0 = 4.

    Now: sales answers 10 after 10 min, billing 30 after 4 min.

    F1 = (30 x 4 + 10 x 10) / 40 = 5.5, a move of 1.5 min (38 %). c(sales) = (100 - 4 x 10) / 40 - 0 = 1.5:
    all of it, by a quarter of the replies. c(billing) = (120 - 4 x 30) / 40 = 0.
    """
    desk = GoldenDesk()
    waits(desk, BEFORE, 10, 4)
    waits(desk, BEFORE, 10, 4, team="sales")
    waits(desk, NOW, 30, 4)
    waits(desk, NOW, 10, 10, team="sales")
    assert {"billing": 0, "sales": 90} == contributions(
        course(desk), FRT, "previous", "team", as_of_ms=NOON_MS
    )
    change = told(desk)
    assert change is not None
    assert (FRT.name, 330.0, 240.0, 40, 20, "worse") == change[:6]
    assert ("team", "sales", 1.0, 0.25) == change.where


def test_a_slow_team_that_only_grew_is_named_too() -> None:
    """Nobody changed pace: billing answers after 2 min, sales after 8. Before 15 and 5, now 5 and 15.

    F0 = (30 + 40) / 20 = 3.5, F1 = (10 + 120) / 20 = 6.5. c(sales) = (120 - 3.5 x 15) / 20 - (40 - 3.5 x 5) /
    20 = 3.375 - 1.125 = 2.25, c(billing) = (10 - 17.5) / 20 - (30 - 52.5) / 20 = -0.375 + 1.125 = 0.75;
    together 3. Sales: three quarters of the move by three quarters of the replies is what its size alone
    would give, so nobody is named.
    """
    desk = GoldenDesk()
    for at_ms, billing, sales in ((BEFORE, 15, 5), (NOW, 5, 15)):
        waits(desk, at_ms, billing, 2)
        waits(desk, at_ms, sales, 8, team="sales")
    parts = contributions(course(desk), FRT, "previous", "team", as_of_ms=NOON_MS)
    assert {"billing": Fraction(45), "sales": Fraction(135)} == parts
    change = told(desk)
    assert change is not None
    assert change.where is None


def test_the_dimension_that_shows_it_best_is_chosen() -> None:
    """The phone became slow in both teams: all of the move by 2 x 5 of 40 replies.

    Each team: half of the move by half of the replies.
    """
    desk = GoldenDesk()
    for team in ("billing", "sales"):
        waits(desk, BEFORE, 15, 4, team=team, channel="email")
        waits(desk, BEFORE, 5, 4, team=team)
        waits(desk, NOW, 15, 4, team=team, channel="email")
        waits(desk, NOW, 5, 12, team=team)
    change = told(desk)
    assert change is not None
    assert ("channel", "phone", 1.0, 0.25) == change.where


def test_of_one_team_only_its_own_tickets_count() -> None:
    desk = GoldenDesk()
    for channel, minutes in (("email", 4.0), ("phone", 8.0)):
        waits(desk, BEFORE, 10, 4, channel=channel)
        waits(desk, NOW, 10, minutes, channel=channel)
        waits(desk, NOW, 50, 100, team="sales", channel=channel)
    (change,) = [
        one
        for one in changes(course(desk, "billing"), "previous", as_of_ms=NOON_MS, minimum=10)
        if one.name == FRT.name
    ]
    assert (360.0, 240.0, ("channel", "phone", 1.0, 0.5)) == (change.value, change.before, change.where)


@pytest.mark.parametrize(
    ("minutes", "verdict"), [(4.79, None), (4.8, "worse"), (3.2, "better"), (3.21, None)]
)
def test_a_fifth_is_worth_telling(minutes: float, verdict: str | None) -> None:
    """4 min before: told from 4.8 min on, and from 3.2 min down."""
    desk = GoldenDesk()
    waits(desk, BEFORE, 10, 4)
    waits(desk, NOW, 10, minutes)
    change = told(desk)
    assert verdict == (change and change.verdict)


@pytest.mark.parametrize(("before", "now"), [(9, 10), (10, 9)])
def test_of_few_tickets_nothing_is_told(before: int, now: int) -> None:
    desk = GoldenDesk()
    waits(desk, BEFORE, before, 4)
    waits(desk, NOW, now, 40)
    assert told(desk) is None
    assert told(desk, minimum=9) is not None


def test_volume_is_compared_by_the_hour_and_is_neither_good_nor_bad() -> None:
    """At noon sharp the hour covers the 59 minutes since 11:01, and a sixtieth that has just begun.

    59 tickets are 60 an hour.

    Before: 20 and 20. Now 39 of billing and 20 of sales, 60 an hour: 20 more, of which c(billing) = 39 x 60 /
    59 - 20 = 19.66.
    """
    desk = GoldenDesk()
    for team, n in (("billing", 39), ("sales", 20)):
        waits(desk, BEFORE, 20, 0, team=team)
        waits(desk, NOW, n, 0, team=team)
    change = told(desk, "support_tickets_per_hour")
    assert change is not None
    assert (60.0, 40.0, 59, 40, "other") == change[1:6]
    assert change.where is not None
    assert ("team", "billing", 0.5) == (change.where.dimension, change.where.member, change.where.weight)
    assert pytest.approx((39 * 60 / 59 - 20) / 20) == change.where.share


def test_the_worst_comes_first() -> None:
    """FRT 4 to 40 min is 9 fold of 20 %; CSAT falls from 100 to 90 %, five times 2 points.

    Volume is no slip.
    """
    desk = GoldenDesk()
    for at_ms, minutes, unhappy in ((BEFORE, 4, 0), (NOW, 40, 1)):
        waits(desk, at_ms, 10, minutes)
        for number in range(10):
            desk.answered(f"T{at_ms}-{number}", at_ms, "csat", 1 if number < unhappy else 5)
    found = [
        one.name
        for one in changes(course(desk), "previous", as_of_ms=NOON_MS, minimum=10)
        if one.verdict == "worse"
    ]
    assert [FRT.name, "support_response_mean_seconds", "support_csat_ratio"] == found


def test_a_window_without_the_period_has_no_changes() -> None:
    assert [] == changes(course(GoldenDesk()), "week_ago", as_of_ms=NOON_MS, minimum=10)
