"""Since when nothing has been below its objective: plays with the minutes worked by hand."""

from tests.sla.desk import SlaDesk
from tests.sla.desk import at as at_madrid
from tests.sla.test_worst_now import TEAMS

ALL = ("all", "all", "first_reply")


def tickets(desk: SlaDesk, name: str, first: str, count: int, *, late: bool, team: str = "orders") -> None:
    """Tickets a minute apart, promised within 30 minutes.

    The late ones are answered after 45 minutes, the others after half a minute.
    """
    for number in range(count):
        hour, minute = divmod(int(first[:2]) * 60 + int(first[3:]) + number, 60)
        desk.created(f"{name}{number}", f"{hour:02}:{minute:02}", team=team)
        hour, minute = divmod(hour * 60 + minute + 45 * late, 60)
        desk.replied(f"{name}{number}", f"{hour:02}:{minute:02}:30")


def a_bad_half_hour() -> SlaDesk:
    """120 kept, due from 4:30 to 6:29, so that eight hours are never below.

    Then ten of 9:00 to 9:09 are missed at 9:30 to 9:39.
    """
    desk = SlaDesk(TEAMS)
    tickets(desk, "kept", "04:00", 120, late=False)
    tickets(desk, "late", "09:00", 10, late=True)
    return desk


def test_it_is_the_minute_after_the_last_one_that_was_listed() -> None:
    """The hour up to 10:37 holds the misses of 9:37, 9:38 and 9:39: three of three.

    That up to 10:38 holds two.
    """
    desk = a_bad_half_hour()
    assert desk.view("10:37").below[ALL]
    assert ALL not in desk.view("10:37").judgement.kept_since_ms
    for when in ("10:38", "11:00", "11:21"):
        found = desk.view(when).judgement.kept_since_ms
        assert (at_madrid("10:38"), at_madrid("10:38")) == (
            found[ALL],
            found["team", "orders", "first_reply"],
        )


def test_beyond_45_minutes_it_is_a_quarter_hour() -> None:
    """At 12:00 the first single minute looked at is 11:16.

    The hours up to 11:15, 11:00, 10:45 are kept, that up to 10:30 is not.
    """
    assert at_madrid("10:45") == a_bad_half_hour().view("12:00").judgement.kept_since_ms[ALL]


def test_it_goes_back_to_where_deadlines_began_to_fall() -> None:
    """The first is due at 9:30: the hour up to 9:31 holds it.

    From 10:15 on the first single minute is 9:31 or later.
    """
    desk = SlaDesk(TEAMS)
    tickets(desk, "a", "09:00", 20, late=False)
    for when, since in (
        ("10:10", "09:31"),
        ("10:14", "09:31"),
        ("10:15", "09:45"),
        ("10:16", "09:45"),
        ("10:30", "09:45"),
    ):
        assert at_madrid(since) == desk.view(when).judgement.kept_since_ms[ALL]


def test_a_team_that_was_below_when_it_closed_counts_until_then() -> None:
    """The night team works until 6:00.

    Ten of 5:00 to 5:09 are missed from 5:30 on: listed at 5:59, left out at 6:00.
    """
    desk = SlaDesk(TEAMS)
    tickets(desk, "kept", "02:00", 120, late=False)
    tickets(desk, "late", "05:00", 10, late=True, team="night")
    view = desk.view("06:10")
    assert at_madrid("06:00") == view.judgement.kept_since_ms[ALL]
    assert ("team", "night", "first_reply") not in view.judgement.kept_since_ms


def test_news_of_the_past_is_heard_within_the_same_minute() -> None:
    """Replies in time that arrive late.

    Then nothing was ever listed, back to the quarter hour after the first one due, at 4:30.
    """
    desk = a_bad_half_hour()
    assert at_madrid("10:38") == desk.view("11:00").judgement.kept_since_ms[ALL]
    for number in range(10):
        desk.replied(f"late{number}", f"09:1{number}")
    assert at_madrid("04:45") == desk.view("11:00:30").judgement.kept_since_ms[ALL]


def test_a_day_is_as_far_as_it_looks() -> None:
    """One due each hour for 60 hours.

    Single minutes begin at 11:16; the last of 96 quarter hours back from 11:15 is 11:30, a day ago.
    """
    desk = SlaDesk(TEAMS)
    for hour in range(60):
        day, rest = divmod(hour, 24)
        desk.created(f"T{hour}", f"2026-03-0{day + 2}T{rest:02}:00")
        desk.replied(f"T{hour}", f"2026-03-0{day + 2}T{rest:02}:01")
    found = desk.view("2026-03-04T12:00").judgement.kept_since_ms[ALL]
    assert at_madrid("2026-03-03T11:30") == found
