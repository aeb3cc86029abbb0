"""The business clock agrees with one that looks at every minute, wherever clocks change.

It also gives the examples that people ask about.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from kpis.sla.calendar import ALWAYS, BusinessCalendar, Hours, WorkingTime
from tests.examples import examples
from tests.laws.clocks import epoch_ms, reads_open, slow_after_ms, slow_elapsed_ms

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
# Half-hour and quarter-hour offsets, clocks that change by half an hour, at midnight and at one minute past
# it, a day that never was.
ZONES = (
    *(
        "UTC",
        "Europe/Madrid",
        "America/New_York",
        "Asia/Kolkata",
        "Asia/Kathmandu",
        "Australia/Lord_Howe",
        "Pacific/Chatham",
    ),
    *("America/St_Johns", "America/Sao_Paulo", "Africa/Casablanca", "Pacific/Apia"),
)
# Instants near which something happens: clocks change both ways, leap days, new years, the day that Samoa
# left out.
MOMENTS = tuple(
    int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)
    for text in (
        *(
            "2026-03-29T01:00",
            "2026-10-25T01:00",
            "2026-03-08T07:00",
            "2026-11-01T06:00",
            "2026-04-04T15:00",
            "2026-10-03T15:30",
        ),
        *(
            "2024-02-29T12:00",
            "2027-01-01T00:00",
            "2011-12-30T10:00",
            "2010-11-07T02:31",
            "2018-11-04T03:00",
            "2026-02-15T02:00",
        ),
    )
)
minutes = st.integers(0, 1440)
span = st.tuples(st.integers(0, 1439), st.integers(1, 1440)).map(
    lambda found: (found[0], found[0] + found[1])
)
hours = st.lists(span, max_size=3).map(lambda found: tuple(sorted(found)))
weeks = st.one_of(
    st.tuples(*[hours] * 7),
    st.just((((540, 840), (900, 1080)),) * 5 + ((), ())),
    st.just(((),) * 7),
    st.just((((1320, 1800),),) * 7),
)


@st.composite
def clocks(draw: st.DrawFn) -> tuple[WorkingTime, int]:
    """A calendar and an instant near which something happens, with some dates of its own around it."""
    moment = draw(st.sampled_from(MOMENTS))
    around = datetime.fromtimestamp(moment / 1000, UTC).date()
    dates = draw(
        st.dictionaries(st.integers(-2, 2).map(lambda days: around + timedelta(days=days)), hours, max_size=2)
    )
    return WorkingTime(draw(st.sampled_from(ZONES)), draw(weeks), dates), moment + draw(
        st.integers(-DAY_MS, DAY_MS)
    )


@settings(deadline=None, max_examples=examples(80))
@given(clocks(), st.integers(0, 2 * DAY_MS))
def test_open_time_between_two_instants_is_the_sum_of_open_minutes(
    clock: tuple[WorkingTime, int], length: int
) -> None:
    time, start = clock
    assert slow_elapsed_ms(time, start, start + length) == BusinessCalendar(time).elapsed_ms(
        start, start + length
    )


@settings(deadline=None, max_examples=examples(80))
@given(clocks(), st.integers(1, DAY_MS))
def test_a_deadline_is_the_first_instant_by_which_so_many_minutes_were_open(
    clock: tuple[WorkingTime, int], open_ms: int
) -> None:
    time, start = clock
    limit = start + 3 * DAY_MS
    found = BusinessCalendar(time).after_ms(start, open_ms)
    assert slow_after_ms(time, start, open_ms, limit) == (None if found is None or found > limit else found)


@settings(deadline=None, max_examples=examples(60))
@given(clocks())
def test_it_is_open_when_the_wall_clock_reads_a_time_within_the_hours(clock: tuple[WorkingTime, int]) -> None:
    time, at = clock
    calendar = BusinessCalendar(time)
    for offset in range(0, 6 * HOUR_MS, 61_000):
        assert reads_open(time, at + offset) == calendar.is_open(at + offset)


@settings(deadline=None, max_examples=examples(60))
@given(clocks(), st.lists(st.integers(0, 3_000 * DAY_MS), min_size=3, max_size=3).map(sorted))
@example((WorkingTime("Europe/Madrid", (((0, 1440),),) * 7, {}), 5 << 35), [0, 1 << 35, 2 << 35])
def test_open_time_adds_up_over_years(clock: tuple[WorkingTime, int], lengths: list[int]) -> None:
    """However tables are cut inside: from a to c it is as from a to b and from b to c."""
    time, start = clock
    calendar = BusinessCalendar(time)
    a, b, c = (start - 1_500 * DAY_MS + length for length in lengths)
    assert calendar.elapsed_ms(a, c) == calendar.elapsed_ms(a, b) + calendar.elapsed_ms(b, c)


@settings(deadline=None, max_examples=examples(60))
@given(clocks(), st.integers(1, 2_000 * HOUR_MS))
def test_when_a_deadline_comes_its_time_has_just_passed(clock: tuple[WorkingTime, int], open_ms: int) -> None:
    time, start = clock
    calendar = BusinessCalendar(time)
    at = calendar.after_ms(start, open_ms)
    if at is not None:
        assert open_ms == calendar.elapsed_ms(start, at)
        assert open_ms - 1 == calendar.elapsed_ms(start, at - 1)
    else:
        assert calendar.elapsed_ms(start, start + 4_000 * DAY_MS) < open_ms


def office(zone: str = "Europe/Madrid", dates: dict[date, Hours] | None = None) -> BusinessCalendar:
    """Monday to Friday, 9 to 14 and 15 to 18."""
    return BusinessCalendar(WorkingTime(zone, (((540, 840), (900, 1080)),) * 5 + ((), ()), dates or {}))


def madrid(text: str) -> int:
    return epoch_ms(text, "Europe/Madrid")


def test_opened_and_answered_out_of_hours_is_no_time_at_all() -> None:
    """Saturday 22:00 to Sunday 8:00; and within the break of a Monday."""
    assert 0 == office().elapsed_ms(madrid("2026-03-07T22:00"), madrid("2026-03-08T08:00"))
    assert 0 == office().elapsed_ms(madrid("2026-03-09T14:00"), madrid("2026-03-09T15:00"))


def test_a_break_does_not_count() -> None:
    """13:30 to 15:30: half an hour before the break and half an hour after it."""
    assert HOUR_MS == office().elapsed_ms(madrid("2026-03-09T13:30"), madrid("2026-03-09T15:30"))


def test_two_hours_from_friday_evening_end_on_monday_morning() -> None:
    """Friday 17:30: half an hour is left, so an hour and a half of Monday."""
    assert madrid("2026-03-09T10:30") == office().after_ms(madrid("2026-03-06T17:30"), 2 * HOUR_MS)


def test_a_holiday_is_passed_over() -> None:
    """Friday 2026-05-01: from Thursday 17:00, two hours end on Monday at 10."""
    calendar = office(dates={date(2026, 5, 1): ()})
    assert madrid("2026-05-04T10:00") == calendar.after_ms(madrid("2026-04-30T17:00"), 2 * HOUR_MS)


def test_a_day_with_hours_of_its_own_has_those() -> None:
    """Christmas Eve closes at 13: Thursday 12:00 plus two hours is Friday 10:00."""
    calendar = office(dates={date(2026, 12, 24): ((540, 780),)})
    assert madrid("2026-12-25T10:00") == calendar.after_ms(madrid("2026-12-24T12:00"), 2 * HOUR_MS)


@pytest.mark.parametrize(
    ("night", "hours"),
    [
        ("2026-03-29", 7),  # the hour from 2 to 3 does not exist
        ("2026-10-25", 9),  # it comes twice
        ("2026-06-14", 8),
    ],
)
def test_a_night_shift_is_as_long_as_it_really_is(night: str, hours: int) -> None:
    """Open from 22:00 to 6:00, on the Sunday mornings on which Madrid's clocks change."""
    calendar = BusinessCalendar(WorkingTime("Europe/Madrid", (((1320, 1800),),) * 7, {}))
    noon = madrid(f"{night}T12:00")
    assert hours * HOUR_MS == calendar.elapsed_ms(noon - 20 * HOUR_MS, noon)


def test_an_office_day_keeps_its_hours_when_clocks_change() -> None:
    """Friday 17:00 (16:00 UTC) plus two hours is Monday 10:00, which is 8:00 UTC: 64 hours later, not 65."""
    start = madrid("2026-03-27T17:00")
    due = office().after_ms(start, 2 * HOUR_MS)
    assert madrid("2026-03-30T10:00") == due
    assert 64 * HOUR_MS == (due or 0) - start


def test_a_leap_day_is_a_day() -> None:
    """Wednesday 2024-02-28 17:00 plus two hours is Thursday the 29th, 10:00; the day has its eight hours."""
    assert madrid("2024-02-29T10:00") == office().after_ms(madrid("2024-02-28T17:00"), 2 * HOUR_MS)
    assert 8 * HOUR_MS == office().elapsed_ms(madrid("2024-02-29T00:00"), madrid("2024-03-01T00:00"))


def test_two_zones_read_the_same_instant_by_their_own_clocks() -> None:
    """Monday 16:00 in Madrid is 10:00 in New York.

    Two hours end at 18:00 there, and at 12:00 here, the same instant.
    """
    start = madrid("2026-06-15T16:00")
    new_york = office("America/New_York")
    assert (
        madrid("2026-06-15T18:00")
        == office().after_ms(start, 2 * HOUR_MS)
        == new_york.after_ms(start, 2 * HOUR_MS)
    )
    assert madrid("2026-06-16T11:00") == office().after_ms(start, 4 * HOUR_MS)
    assert epoch_ms("2026-06-15T15:30", "America/New_York") == new_york.after_ms(
        start, 4 * HOUR_MS + HOUR_MS // 2
    )


def test_a_deadline_may_fall_on_the_closing_hour() -> None:
    """Ten past eight is before opening.

    Eight hours of a day of eight hours end when it closes, not when the next one begins.
    """
    assert madrid("2026-03-09T18:00") == office().after_ms(madrid("2026-03-09T08:10"), 8 * HOUR_MS)


def test_a_calendar_that_never_opens_has_no_deadlines() -> None:
    never = BusinessCalendar(WorkingTime("UTC", ((),) * 7, {}))
    assert never.after_ms(0, 1) is None
    assert 0 == never.elapsed_ms(0, 1 << 42)
    assert not never.is_open(0)


def test_calendar_time_is_always_open() -> None:
    assert ALWAYS.is_open(0)
    assert DAY_MS == ALWAYS.elapsed_ms(HOUR_MS, HOUR_MS + DAY_MS)
    assert 0 == ALWAYS.elapsed_ms(HOUR_MS, 0)
    assert 7 == ALWAYS.after_ms(3, 4)
