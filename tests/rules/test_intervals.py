"""Alertmanager's time intervals say the same as the calendar they were made from.

When it is closed, and when it has just opened.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deskpulse.monitoring.rules.intervals import closed, first_hours
from kpis.sla.calendar import BusinessCalendar, Hours, WorkingTime, hours_of_week

YEARS = range(2026, 2029)
WEEKDAYS = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
OFFICE = hours_of_week({day: [(540, 840), (900, 1110)] for day in range(5)})
# 22:00 to 6:00, from Monday evening to Saturday morning
NIGHTS = hours_of_week({day: [(1320, 1800)] for day in range(5)})
FIRST, LAST = datetime(2026, 1, 1, tzinfo=UTC), datetime(2028, 12, 31, tzinfo=UTC)


def is_muted(intervals: Sequence[Mapping[str, Any]], at: datetime) -> bool:
    """What Alertmanager makes of it: any interval whose every part holds."""
    return any(_holds(interval, at.astimezone(ZoneInfo(interval["location"]))) for interval in intervals)


def _holds(interval: Mapping[str, Any], at: datetime) -> bool:
    minute = at.hour * 60 + at.minute
    number_of_day = at.isoweekday() % 7
    return (
        any(
            _minute(span["start_time"]) <= minute < _minute(span["end_time"])
            for span in interval.get("times", [ALL_DAY])
        )
        and _in(interval.get("weekdays"), number_of_day, WEEKDAYS.index)
        and _in(interval.get("days_of_month"), at.day, int)
        and _in(interval.get("months"), at.month, int)
        and _in(interval.get("years"), at.year, int)
    )


ALL_DAY = {"start_time": "00:00", "end_time": "24:00"}


def _minute(clock: str) -> int:
    hours, _, minutes = clock.partition(":")
    return int(hours) * 60 + int(minutes)


def _in(ranges: Sequence[str] | None, value: int, number: Any) -> bool:
    if ranges is None:
        return True
    for text in ranges:
        first, _, last = text.partition(":")
        start, end = number(first), number(last or first)
        assert start <= end, f"Alertmanager refuses {text}"
        if start <= value <= end:
            return True
    return False


def test_a_week_is_its_closed_hours_and_a_holiday_a_closed_day() -> None:
    christmas = {date(year, 12, 25): () for year in YEARS}
    assert closed(WorkingTime("Europe/Madrid", OFFICE, christmas), YEARS) == [
        {
            "times": [
                {"start_time": "00:00", "end_time": "09:00"},
                {"start_time": "14:00", "end_time": "15:00"},
                {"start_time": "18:30", "end_time": "24:00"},
            ],
            "weekdays": ["monday:friday"],
            "location": "Europe/Madrid",
        },
        {"weekdays": ["sunday", "saturday"], "location": "Europe/Madrid"},
        # In 2027 it is a Saturday.
        {"days_of_month": ["25"], "months": ["12"], "years": ["2026", "2028"], "location": "Europe/Madrid"},
    ]


def test_a_date_on_which_more_is_worked_is_not_muted_by_its_weekday() -> None:
    """Saturday, December 19th 2026, 10:00 to 14:00; the Saturday before is as ever."""
    intervals = closed(WorkingTime("UTC", OFFICE, {date(2026, 12, 19): ((600, 840),)}), YEARS)
    assert not is_muted(intervals, datetime(2026, 12, 19, 11, tzinfo=UTC))
    assert is_muted(intervals, datetime(2026, 12, 19, 14, tzinfo=UTC))
    assert is_muted(intervals, datetime(2026, 12, 12, 11, tzinfo=UTC))
    assert not is_muted(intervals, datetime(2026, 12, 18, 11, tzinfo=UTC))


SPECIAL: list[Mapping[date, Hours]] = [
    {},
    {date(2026, 12, 24): ((540, 780),), date(2026, 12, 25): (), date(2027, 12, 25): ()},
    {date(2026, 5, 2): ((600, 840),), date(2026, 5, 3): ((600, 840),), date(2027, 5, 2): ((0, 1440),)},
    {date(2026, 3, 3): (), date(2026, 3, 6): ((1200, 1900),), date(2028, 2, 29): ((480, 600),)},
]


@pytest.mark.parametrize("zone", ["Europe/Madrid", "America/New_York", "Asia/Kathmandu"])
@pytest.mark.parametrize(
    "week",
    [OFFICE, NIGHTS, hours_of_week({0: [(0, 1440)], 6: [(1380, 2880)]})],
    ids=["office", "nights", "odd"],
)
@pytest.mark.parametrize("dates", SPECIAL, ids=["no dates", "holidays", "longer days", "both"])
def test_muted_is_closed_at_any_moment(
    zone: str, week: tuple[Hours, ...], dates: Mapping[date, Hours]
) -> None:
    time = WorkingTime(zone, week, dates)
    intervals, calendar = closed(time, YEARS), BusinessCalendar(time)

    @given(st.datetimes(min_value=FIRST.replace(tzinfo=None), max_value=LAST.replace(tzinfo=None)))
    @settings(max_examples=30)
    def agree(moment: datetime) -> None:
        at = moment.replace(tzinfo=UTC)
        assert is_muted(intervals, at) is not calendar.is_open(round(at.timestamp() * 1000))

    agree()
    for day in dates:  # and through each special date and the days beside it
        start = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)).astimezone(UTC) - timedelta(
            hours=12
        )
        for hours in range(48):
            at = start + timedelta(minutes=90 * hours)
            assert is_muted(intervals, at) is not calendar.is_open(round(at.timestamp() * 1000)), at


def test_the_first_hour_is_that_of_the_morning_and_not_the_one_after_the_break() -> None:
    """Open 9:00 to 14:00 and 15:00 to 18:30; on January 5th 2026, a Monday, from 10:00.

    The 6th is a holiday.
    """
    dates = {date(2026, 1, 5): ((600, 840),), date(2026, 1, 6): ()}
    at_nine = {"times": [{"start_time": "09:00", "end_time": "10:00"}], "weekdays": ["monday:friday"]}
    assert first_hours(WorkingTime("Europe/Madrid", OFFICE, {}), YEARS) == [
        {**at_nine, "location": "Europe/Madrid"}
    ]
    intervals = first_hours(WorkingTime("Europe/Madrid", OFFICE, dates), YEARS)
    zone = ZoneInfo("Europe/Madrid")
    for day, hour, minute, just_opened in [
        (2, 9, 0, True),
        (2, 9, 59, True),
        (2, 8, 59, False),
        (2, 10, 0, False),
        (2, 15, 10, False),  # after the break
        (3, 9, 30, False),  # a Saturday
        (5, 9, 30, False),
        (5, 10, 30, True),
        (6, 9, 30, False),  # the holiday
        (7, 9, 30, True),
    ]:
        assert is_muted(intervals, datetime(2026, 1, day, hour, minute, tzinfo=zone)) is just_opened, (
            day,
            hour,
            minute,
        )


def test_a_desk_that_never_closes_never_opens() -> None:
    assert [] == first_hours(
        WorkingTime("UTC", hours_of_week({day: [(0, 1440)] for day in range(7)}), {}), YEARS
    )
    # But for an hour at noon: too short a night.
    assert [] == first_hours(
        WorkingTime("UTC", hours_of_week({day: [(0, 720), (780, 1440)] for day in range(7)}), {}), YEARS
    )


@pytest.mark.parametrize(
    "week",
    [OFFICE, NIGHTS, hours_of_week({0: [(0, 1440)], 6: [(1380, 2880)]})],
    ids=["office", "nights", "odd"],
)
@pytest.mark.parametrize("dates", SPECIAL, ids=["no dates", "holidays", "longer days", "both"])
def test_just_opened_is_within_an_hour_after_five_closed_hours(
    week: tuple[Hours, ...], dates: Mapping[date, Hours]
) -> None:
    """Quarter by quarter, through two weeks and around the special dates."""
    time = WorkingTime("UTC", week, dates)
    intervals, calendar = first_hours(time, YEARS), BusinessCalendar(time)
    days = {date(2026, 3, 1) + timedelta(days=day) for day in range(14)}
    days |= {
        day + timedelta(days=beside)
        for day in dates
        for beside in range(-1, 3)
        if (day + timedelta(days=beside)).year in YEARS
    }
    for day in sorted(days):
        for quarter in range(96):
            at = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(minutes=15 * quarter)
            assert is_muted(intervals, at) is _just_opened(calendar, round(at.timestamp() * 1000)), at


def _just_opened(calendar: BusinessCalendar, at_ms: int) -> bool:
    """Whether it opened at one of the last four quarters, after five hours without work.

    This quarter is one of the four.
    """
    quarter_ms = 15 * 60_000
    starts = [at_ms - back * quarter_ms for back in range(4)]
    return any(
        calendar.is_open(start) and 0 == calendar.elapsed_ms(start - 20 * quarter_ms, start)
        for start in starts
    )
