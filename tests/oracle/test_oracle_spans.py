"""Where windows begin and end, in whole panes, on ordinary days and on the two that have 23 and 25 hours."""

import pytest

from oracle.spans import Span, spans
from tests.oracle.desk import DAY_MS, HOUR_MS, MINUTE_MS, at


def span(as_of: str, window: str, period: str = "current", zone: str = "UTC") -> Span:
    found = {one.period: one for one in spans(as_of_ms=at(as_of), time_zone=zone, windows=[window])}
    return found[period]


def edges(one: Span) -> tuple[int, int]:
    return (one.start_ms, one.end_ms)


def test_a_quarter_hour_is_15_panes_of_a_minute_with_the_running_one() -> None:
    current = span("10:07:30", "15m")
    assert (at("09:53"), at("10:08")) == edges(current)
    assert 14.5 * MINUTE_MS == current.covered_ms
    assert (at("09:38"), at("09:53")) == edges(span("10:07:30", "15m", "previous"))


def test_on_the_edge_of_a_pane_the_new_pane_is_the_running_one() -> None:
    assert (at("09:01"), at("10:01")) == edges(span("10:00", "1h"))
    assert 59 * MINUTE_MS == span("10:00", "1h").covered_ms


@pytest.mark.parametrize(
    ("window", "start", "end"),
    [
        ("8h", "2024-03-04 02:15", "2024-03-04 10:15"),
        ("24h", "2024-03-03 10:15", "2024-03-04 10:15"),
        ("7d", "2024-02-26 12:00", "2024-03-04 12:00"),
        ("30d", "2024-02-03 12:00", "2024-03-04 12:00"),
        ("365d", "2023-03-06 00:00", "2024-03-05 00:00"),
    ],
)
def test_longer_windows_have_coarser_panes_and_end_with_the_minute(window: str, start: str, end: str) -> None:
    """What is dated ahead, within the running pane, has not happened yet."""
    found = span("10:07:30", window)
    assert (at(start), at("10:08"), at(end)) == (*edges(found), found.pane_end_ms)


def test_a_week_ago_is_the_current_span_moved_back() -> None:
    ago = span("10:07:30", "8h", "week_ago")
    assert (at("2024-02-26 02:15"), at("2024-02-26 10:15")) == edges(ago)
    assert at("2024-02-26 10:15") == ago.pane_end_ms
    assert 8 * HOUR_MS == ago.covered_ms
    periods = {one.window: one.period for one in spans(as_of_ms=0, time_zone="UTC", windows=["7d"])}
    assert {"7d": "previous"} == periods


def test_today_runs_from_local_midnight_to_the_running_minute() -> None:
    """At 10:07 UTC it is 15:37 in India: midnight was at 18:30 UTC."""
    today = span("10:07", "today", zone="Asia/Kolkata")
    assert (at("2024-03-03 18:30"), at("10:08")) == edges(today)
    assert 15 * HOUR_MS + 37 * MINUTE_MS == today.covered_ms
    assert (at("2024-03-02 18:30"), at("2024-03-03 10:15")) == edges(
        span("10:07", "today", "previous", "Asia/Kolkata")
    )
    assert (at("2024-02-25 18:30"), at("2024-02-26 10:15")) == edges(
        span("10:07", "today", "week_ago", "Asia/Kolkata")
    )


def test_on_the_day_of_23_hours_the_day_before_is_compared_by_the_clock_on_the_wall() -> None:
    """Berlin, 31 March 2024: at 02:00 the clocks go to 03:00. 10:00 UTC is noon, 11 hours after midnight."""
    today = span("2024-03-31 10:00", "today", zone="Europe/Berlin")
    before = span("2024-03-31 10:00", "today", "previous", "Europe/Berlin")
    assert (at("2024-03-30 23:00"), at("2024-03-31 10:01")) == edges(today)
    assert (at("2024-03-29 23:00"), at("2024-03-30 11:15")) == edges(before)
    assert 11 * HOUR_MS == today.covered_ms
    assert 12 * HOUR_MS + 15 * MINUTE_MS == before.covered_ms


def test_yesterday_s_hour_that_was_skipped_is_shifted_by_the_gap() -> None:
    """1 April, 02:30 Berlin (00:30 UTC): yesterday had no 02:30.

    Read with the old offset it is 01:30 UTC, 03:30 on the wall.
    """
    before = span("2024-04-01 00:30", "today", "previous", "Europe/Berlin")
    assert (at("2024-03-30 23:00"), at("2024-03-31 01:45")) == edges(before)


def test_yesterday_s_hour_that_came_twice_is_its_first() -> None:
    """28 October 2024, 02:30 Berlin (01:30 UTC): the 27th had 02:30 at 00:30 and at 01:30 UTC."""
    before = span("2024-10-28 01:30", "today", "previous", "Europe/Berlin")
    assert (at("2024-10-26 22:00"), at("2024-10-27 00:45")) == edges(before)


def test_within_the_repeated_hour_today_goes_on() -> None:
    """27 October 2024, the second 02:30 (01:30 UTC), 3.5 hours after midnight.

    The 26th has one 02:30, at 00:30 UTC.
    """
    today = span("2024-10-27 01:30", "today", zone="Europe/Berlin")
    assert (at("2024-10-26 22:00"), at("2024-10-27 01:31")) == edges(today)
    assert 3.5 * HOUR_MS == today.covered_ms
    assert at("2024-10-26 00:45") == span("2024-10-27 01:30", "today", "previous", "Europe/Berlin").end_ms


def test_a_midnight_that_does_not_exist_is_the_moment_of_the_change() -> None:
    """Santiago, 8 September 2024: at 24:00 the clocks go to 01:00; the day starts at 04:00 UTC."""
    assert at("2024-09-08 04:00") == span("2024-09-08 12:00", "today", zone="America/Santiago").start_ms


def test_a_zone_off_the_panes_starts_with_the_pane_that_holds_its_midnight() -> None:
    """Liberia was 44 min 30 s behind UTC until 1972: midnight at 00:44:30 lies in the pane of 00:30."""
    assert at("1971-06-01 00:30") == span("1971-06-01 12:00", "today", zone="Africa/Monrovia").start_ms


def test_at_midnight_sharp_nothing_of_today_is_covered() -> None:
    assert 0 == span("2024-03-04 00:00", "today").covered_ms


def test_the_window_all_is_everything_since_the_first_event() -> None:
    found = spans(as_of_ms=at("10:00"), time_zone="UTC", windows=["all"], first_ms=at("10:00") - DAY_MS)
    assert [("all", "current", DAY_MS)] == [(one.window, one.period, one.covered_ms) for one in found]


def test_an_unknown_window_is_named() -> None:
    with pytest.raises(ValueError, match="2h"):
        spans(as_of_ms=0, time_zone="UTC", windows=["2h"])
