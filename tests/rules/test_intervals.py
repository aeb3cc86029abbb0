"""Alertmanager's time intervals say the same as the calendar they were made from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deskpulse.rules.intervals import closed
from kpis.calendar import BusinessCalendar, Hours, WorkingTime, hours_of_week

YEARS = range(2026, 2029)
WEEKDAYS = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
OFFICE = hours_of_week({day: [(540, 840), (900, 1110)] for day in range(5)})
NIGHTS = hours_of_week({day: [(1320, 1800)] for day in range(5)})  # 22:00 to 6:00, from Monday evening to Saturday morning
FIRST, LAST = datetime(2026, 1, 1, tzinfo=UTC), datetime(2028, 12, 31, tzinfo=UTC)


def is_muted(intervals: Sequence[Mapping[str, Any]], at: datetime) -> bool:
    """What Alertmanager makes of it: any interval whose every part holds."""
    return any(_holds(interval, at.astimezone(ZoneInfo(interval["location"]))) for interval in intervals)


def _holds(interval: Mapping[str, Any], at: datetime) -> bool:
    minute = at.hour * 60 + at.minute
    number_of_day = at.isoweekday() % 7
    return (
        any(_minute(span["start_time"]) <= minute < _minute(span["end_time"]) for span in interval.get("times", [ALL_DAY]))
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
@pytest.mark.parametrize("week", [OFFICE, NIGHTS, hours_of_week({0: [(0, 1440)], 6: [(1380, 2880)]})], ids=["office", "nights", "odd"])
@pytest.mark.parametrize("dates", SPECIAL, ids=["no dates", "holidays", "longer days", "both"])
def test_muted_is_closed_at_any_moment(zone: str, week: tuple[Hours, ...], dates: Mapping[date, Hours]) -> None:
    time = WorkingTime(zone, week, dates)
    intervals, calendar = closed(time, YEARS), BusinessCalendar(time)

    @given(st.datetimes(min_value=FIRST.replace(tzinfo=None), max_value=LAST.replace(tzinfo=None)))
    @settings(max_examples=30)
    def agree(moment: datetime) -> None:
        at = moment.replace(tzinfo=UTC)
        assert is_muted(intervals, at) is not calendar.is_open(round(at.timestamp() * 1000))

    agree()
    for day in dates:  # and through each special date and the days beside it
        start = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)).astimezone(UTC) - timedelta(hours=12)
        for hours in range(48):
            at = start + timedelta(minutes=90 * hours)
            assert is_muted(intervals, at) is not calendar.is_open(round(at.timestamp() * 1000)), at
