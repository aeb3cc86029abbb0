"""Closed days and half days of a calendar: which dates they are, and how much is worked on them."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from textwrap import dedent, indent

import pytest
import yaml

from deskpulse.policy import PolicyError, build, load_file, load_policy
from deskpulse.policy.days import HolidayPart, half_days_of, holidays_of
from deskpulse.policy.schema import PolicyFile
from kpis.sla.calendar import BusinessCalendar, Hours, WorkingTime
from kpis.sla.policy import Policy, changed_past
from oracle import clock as oracle
from scripts.tidy import ROOT
from tests.docs import pages
from tests.laws.clocks import epoch_ms
from tests.policy.test_policy_file import told

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
PROMISE = "resolution: [{within: 8h, objective: 90%}]"


def document(words: str, *, zone: str = "Europe/Madrid", hours: str = '{mon-fri: "09:00-17:00"}') -> str:
    """A policy with one calendar; `words` are its holidays and dates."""
    return (
        f"versions:\n  - name: v1\n    calendars:\n      office:\n        time_zone: {zone}\n"
        f"        hours: {hours}\n{indent(dedent(words).strip(), ' ' * 8)}\n"
        f"    default_calendar: office\n    {PROMISE}\n"
    )


def policy(text: str) -> Policy:
    return build(PolicyFile.model_validate(yaml.safe_load(text)))


def calendar(
    words: str, *, zone: str = "Europe/Madrid", hours: str = '{mon-fri: "09:00-17:00"}'
) -> WorkingTime:
    """What the words mean to the figures; the oracle must read the same out of them."""
    text = document(words, zone=zone, hours=hours)
    found = policy(text).versions[0].calendars["office"]
    assert isinstance(found, BusinessCalendar)
    told_by_oracle = oracle.read_policy(yaml.safe_load(text))[0].calendars["office"]
    assert told_by_oracle is not None
    days = {*found.time.dates, *(day for day, _ in told_by_oracle.dates)}
    special = dict(told_by_oracle.dates)
    for day in days:
        weekday = found.time.week[day.weekday()]
        assert sorted(special.get(day, weekday)) == sorted(found.time.dates.get(day, weekday)), day
    return found.time


def hours_on(time: WorkingTime, *days: str) -> list[Hours]:
    epoch = date(1970, 1, 1)
    return [time.hours((date.fromisoformat(day) - epoch).days) for day in days]


def worked(time: WorkingTime, start: str, end: str) -> float:
    """Hours of work between two times of the calendar's clock."""
    return BusinessCalendar(time).elapsed_ms(epoch_ms(start, time.zone), epoch_ms(end, time.zone)) / HOUR_MS


OPEN: Hours = ((540, 1020),)
CLOSED: Hours = ()


class TestEveryYear:
    def test_a_day_alone_is_closed_in_every_year(self) -> None:
        """Friday 2027-12-24 10:00 to Monday 9:30: nothing of the Friday, half an hour of the Monday.

        Without the closure it would be 7 h more.
        """
        time = calendar('holidays: {every: "12-24"}')
        assert [CLOSED, CLOSED, OPEN] == hours_on(time, "2027-12-24", "2099-12-24", "2027-12-23")
        assert 0.5 == worked(time, "2027-12-24T10:00", "2027-12-27T09:30")
        assert 7.5 == worked(calendar("dates: {}"), "2027-12-24T10:00", "2027-12-27T09:30")

    def test_from_and_until_are_included(self) -> None:
        time = calendar('holidays: {every: [{day: "12-22", from: 2026, until: 2028}]}')
        found = hours_on(time, "2025-12-22", "2026-12-22", "2028-12-22", "2031-12-22")
        assert [OPEN, CLOSED, CLOSED, OPEN] == found

    def test_a_leap_day_comes_in_leap_years_only(self) -> None:
        """Of 1970 to 2100, 32 years have a February 29th: 1972 to 2096; 2100 has none."""
        found = sorted(holidays_of(HolidayPart.model_validate({"every": ["02-29"]})))
        assert (date(1972, 2, 29), date(2096, 2, 29), 32) == (found[0], found[-1], len(found))

    def test_a_span_until_the_leap_day_ends_the_day_before_in_other_years(self) -> None:
        found = holidays_of(
            HolidayPart.model_validate({"every": [{"day": "02-27", "to": "02-29", "from": 2027}]})
        )
        assert [27, 28] == sorted(day.day for day in found if day.year == 2027)
        assert [27, 28, 29] == sorted(day.day for day in found if day.year == 2028)

    def test_a_span_goes_across_new_year(self) -> None:
        """From Tuesday 2026-12-29 16:00 to Monday 2027-01-04 10:00 the desk works 1 h, then 1 h."""
        time = calendar('holidays: {every: [{day: "12-30", to: "01-02"}]}')
        assert 2 == worked(time, "2026-12-29T16:00", "2027-01-04T10:00")
        # the first day of all years belongs to a span that began before them
        assert [CLOSED, CLOSED] == hours_on(time, "1970-01-01", "2100-12-31")

    def test_of_a_span_across_new_year_the_year_of_its_first_day_counts(self) -> None:
        """It begins in 2026 and in 2027, so it ends in 2028."""
        words = {"every": [{"day": "12-31", "to": "01-01", "from": 2026, "until": 2027}]}
        assert [date(2026, 12, 31), date(2027, 1, 1), date(2027, 12, 31), date(2028, 1, 1)] == sorted(
            holidays_of(HolidayPart.model_validate(words))
        )

    def test_the_day_is_that_of_the_calendars_zone(self) -> None:
        """Auckland is 13 h ahead of London: its December 24th begins at 11:00 UTC of the 23rd.

        Of the 24 h of the 23rd by UTC, 11 are worked in Auckland and all in London.
        """
        start = epoch_ms("2026-12-23T00:00", "UTC")
        for zone, hours in (("Pacific/Auckland", 11), ("Europe/London", 24)):
            time = calendar('holidays: {every: "12-24"}', zone=zone, hours='{mon-sun: "00:00-24:00"}')
            assert hours * HOUR_MS == BusinessCalendar(time).elapsed_ms(start, start + DAY_MS)

    def test_a_closed_day_on_which_clocks_change_misses_its_23_hours(self) -> None:
        """March 29th 2026 has 23 hours in Madrid; of three days around the clock 71 - 23 = 48 remain."""
        time = calendar('holidays: {every: "03-29"}', hours='{mon-sun: "00:00-24:00"}')
        assert 48 == worked(time, "2026-03-28T00:00", "2026-03-31T00:00")

    def test_a_night_shift_that_began_before_a_closed_day_is_worked_to_its_end(self) -> None:
        """22:00 to 6:00 on the 23rd, none on the 24th: until the 25th 22:00 it is 8 h."""
        time = calendar('holidays: {every: "12-24"}', hours='{mon-sun: "22:00-06:00"}')
        assert 8 == worked(time, "2026-12-23T12:00", "2026-12-25T22:00")


class TestHalfDays:
    WORDS = 'holidays: {every: [{day: "12-24", hours: ["09:00-13:00"]}]}'

    def test_its_hours_hold_where_its_weekday_has_hours(self) -> None:
        """2026-12-24 is a Thursday, 2027's a Friday, 2028's a Sunday."""
        half: Hours = ((540, 780),)
        time = calendar(self.WORDS)
        assert [half, half, CLOSED] == hours_on(time, "2026-12-24", "2027-12-24", "2028-12-24")
        assert 3 == worked(time, "2026-12-24T10:00", "2026-12-25T00:00")

    def test_a_holiday_stays_closed(self) -> None:
        """December 24th 2027 is a holiday in the USA, since Christmas is a Saturday."""
        words = self.WORDS.replace("{every", "{country: US, every")
        assert [((540, 780),), CLOSED] == hours_on(calendar(words), "2026-12-24", "2027-12-24")

    def test_a_day_that_was_removed_is_as_its_weekday(self) -> None:
        words = self.WORDS.replace("{every", "{remove: 2026-12-24, every")
        assert [OPEN, ((540, 780),)] == hours_on(calendar(words), "2026-12-24", "2027-12-24")

    def test_a_date_of_its_own_overrules_all(self) -> None:
        words = (
            "holidays: {add: 2026-10-09, remove: 2026-10-12, every: ['12-24']}\n"
            "dates: {2026-12-24: '10:00-11:00', 2026-10-09: '10:00-12:00', 2026-10-12: [], "
            "2026-10-10: '08:00-09:00'}"
        )
        found = hours_on(calendar(words), "2026-12-24", "2026-10-09", "2026-10-12", "2026-10-10")
        assert [((600, 660),), ((600, 720),), CLOSED, ((480, 540),)] == found

    def test_a_half_day_on_which_clocks_change_has_the_hours_of_its_clock(self) -> None:
        """Of 0:00 to 4:00 the hour from 2:00 is passed over on 2026-03-29: three hours."""
        words = 'holidays: {every: [{day: "03-29", hours: "00:00-04:00"}]}'
        time = calendar(words, hours='{mon-sun: "00:00-24:00"}')
        assert 3 == worked(time, "2026-03-29T00:00", "2026-03-30T00:00")

    def test_half_holidays_of_a_country_are_half_days_on_request(self) -> None:
        """Christmas Eve is a half holiday in Greece; 2026-12-24 is a Thursday."""
        ordinary = calendar("holidays: {country: GR}")
        half = calendar('holidays: {country: GR, half_days: "09:00-12:00"}')
        closed = calendar("holidays: {country: GR, half_days: []}")
        found = [hours_on(time, "2026-12-24")[0] for time in (ordinary, half, closed)]
        assert [OPEN, ((540, 720),), CLOSED] == found

    def test_ones_own_half_day_overrules_that_of_the_country(self) -> None:
        words = (
            'holidays: {country: GR, half_days: "09:00-12:00", every: [{day: "12-24", hours: "09:00-11:00"}]}'
        )
        assert [((540, 660),), ((540, 720),)] == hours_on(calendar(words), "2026-12-24", "2026-12-31")

    def test_a_team_with_a_half_day_of_its_own_alone_has_it(self) -> None:
        """Until 14:00 of 2026-12-24, billing has worked 4 h and the others 5 h."""
        text = document("dates: {}").replace(
            "    default_calendar",
            "      short: {time_zone: Europe/Madrid, hours: {mon-fri: '09:00-17:00'}, "
            "holidays: {every: [{day: '12-24', hours: '09:00-13:00'}]}}\n"
            "    team_calendars: {billing: short}\n    default_calendar",
        )
        version = policy(text).versions[0]
        start, end = (epoch_ms(f"2026-12-24T{clock}", "Europe/Madrid") for clock in ("00:00", "14:00"))
        assert [4 * HOUR_MS, 5 * HOUR_MS] == [
            version.calendar(team).elapsed_ms(start, end) for team in ("billing", "sales")
        ]


def test_a_span_of_dates_is_closed_from_the_first_to_the_last() -> None:
    found = holidays_of(
        HolidayPart.model_validate({"add": [{"day": "2026-12-30", "to": "2027-01-01"}, "2026-05-15"]})
    )
    assert [date(2026, 5, 15), *(date(2026, 12, 30) + timedelta(days=n) for n in range(3))] == sorted(found)


def test_the_example_of_the_manual_means_what_its_table_says() -> None:
    _, block = pages.blocks("docs/sla.md", "yaml")
    time = calendar(block)
    expected: dict[str, Hours] = {
        "2026-12-19": ((600, 840),),  # a Saturday with hours of its own
        "2026-10-28": OPEN,  # a public holiday, removed
        "2026-12-25": CLOSED,  # a public holiday
        "2027-12-27": CLOSED,
        "2027-01-01": CLOSED,
        "2026-06-24": ((540, 780),),
        "2031-06-24": OPEN,
        "2026-11-03": CLOSED,
        "2026-12-24": ((540, 780),),  # a half holiday
    }
    assert list(expected.values()) == hours_on(time, *expected)
    assert date(2027, 12, 31) == time.listed_through


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            "{add: ['12-24']}",
            "'12-24' is no date, it has no year\n      fix: write a day that comes every year under",
        ),
        ("{remove: ['12-24']}", "fix: write the date of each year, such as 2026-12-24"),
        ("{every: 2026-12-24}", "2026-12-24 has a year\n      fix: write month and day"),
        ("{every: ['2026-12-24']}", "2026-12-24 has a year"),
        ("{every: [1224]}", "1224 is no day of the year"),
        ("{every: ['24-12']}", "no year has the day '24-12'\n      fix: write the month first"),
        ("{every: ['02-30']}", "no year has the day '02-30'"),
        ("{every: [{on: '12-24'}]}", "no such word: on, which YAML reads as yes\n      fix: write day"),
        ("{every: [{day: '12-24', til: 2027}]}", "til: no such word here"),
        ("{every: [{hours: '09:00-13:00'}]}", "every[0].day: it is missing"),
        ("{every: [{day: '12-24', from: 2028, until: 2027}]}", "until 2027 is before from 2028"),
        ("{every: [{day: '12-24', until: 2027-12-31}]}", "not a whole number"),
        ("{every: [{day: '12-24', hours: ['09:00-12:00', '11:00-13:00']}]}", "overlap"),
        ("{every: [{day: '12-24', to: '12-02'}]}", "from 12-24 to 12-02 are 345 days"),
        (
            "{every: [{day: '02-29', from: 2025, until: 2027}]}",
            "02-29 never comes in the years that are named",
        ),
        ("{every: [{day: '12-24', to: '01-02'}, '01-01']}", "1970-01-01 is named by two entries"),
        (
            "{every: [{day: '12-25', hours: '09:00-13:00'}], country: ES}",
            "the hours of 12-25 under every never hold",
        ),
        ("{add: [{day: 2027-01-02, to: 2026-12-24}]}", "from 2027-01-02 to 2026-12-24 are -8 days"),
        ("{country: ES, half_days: '09:00-13:00'}", "no half holidays are known for ES"),
        ("{half_days: '09:00-13:00'}", "no half holidays are known for a calendar without a country"),
    ],
)
def test_a_fault_names_the_cause_and_the_fix(tmp_path: Path, words: str, said: str) -> None:
    assert said in told(tmp_path, document(f"holidays: {words}"))


def test_years_part_two_entries_of_a_day() -> None:
    words = (
        "holidays: {every: [{day: '12-24', hours: '09:00-13:00', until: 2026}, {day: '12-24', from: 2027}]}"
    )
    assert [((540, 780),), CLOSED] == hours_on(calendar(words), "2026-12-24", "2027-12-24")


OLD = """
    versions:
      - name: v1
        calendars:
          office:
            time_zone: Europe/Madrid
            hours: {mon-thu: ["09:00-14:00", "15:00-18:30"], fri: "09:00-15:00", sat: "22:00-06:00"}
            holidays: {add: [2026-05-15, 2027-05-14], remove: [2027-05-14]}
            dates: {2026-12-24: "09:00-13:00", 2026-12-31: [], 2027-12-24: ["09:00-13:00"]}
        default_calendar: office
        team_calendars: {night: always}
        first_reply: [{priority: high, within: 1h, objective: 95%}, {within: 4h, objective: 90%}]
        resolution: [{team: [a, b], within: 16h, objective: 85%}]
"""


class TestDigest:
    def test_a_file_without_the_new_words_keeps_its_digests(self) -> None:
        """Ledgers hold them: with others, every installation would have to count anew."""
        old = policy(dedent(OLD))
        assert "f2157f5c66e429c1" == old.digest()
        signed = [old.signed(year).versions["v1"].digest for year in (2026, 2027)]
        assert ["c44dff83b2b250c8", "ddf79525ea7683a6"] == signed

    def test_days_of_every_year_may_begin_in_years_to_come(self) -> None:
        """The ledger has reached 2026: what is closed from 2027 on may still be written into the version."""
        old, later, now = (
            policy(document(f"holidays: {words}"))
            for words in (
                "{}",
                "{every: [{day: '12-24', from: 2027}]}",
                "{every: [{day: '12-24', from: 2026}]}",
            )
        )
        signed, newest_ms = old.signed(2026), epoch_ms("2026-12-01T12:00", "UTC")
        assert [] == changed_past(later, signed, newest_ms)
        assert ["version 'v1' was in force and has changed"] == [
            fault.partition(":")[0] for fault in changed_past(now, signed, newest_ms)
        ]

    def test_dates_may_become_a_day_of_every_year(self) -> None:
        dates, every = (
            policy(document(f"holidays: {words}"))
            for words in ("{add: [2025-12-24, 2026-12-24]}", "{every: [{day: '12-24', from: 2025}]}")
        )
        assert dates.signed(2026) == every.signed(2026)
        assert dates.signed(2027) != every.signed(2027)

    def test_words_about_the_end_of_lists_are_no_part_of_it(self) -> None:
        words = "holidays: {add: [2026-12-24]}"
        plain, complete = (policy(document(text)) for text in (words, f"{words}\ncomplete_until: 2027-12-31"))
        assert plain.digest() == complete.digest()


class TestListsThatEnd:
    @pytest.mark.parametrize(
        ("words", "last"),
        [
            ("holidays: {country: ES, every: ['12-24']}", None),
            ("holidays: {add: [2026-05-15, 2025-05-15]}", "2026-05-15"),
            ("holidays: {add: [{day: 2026-12-28, to: 2026-12-31}]}", "2026-12-31"),
            ("holidays: {country: ES, remove: [2026-12-08]}", "2026-12-08"),
            ("dates: {2026-12-24: '09:00-13:00'}", "2026-12-24"),
            ("holidays: {every: [{day: '12-24', until: 2028}]}", "2028-12-24"),
            ("holidays: {every: [{day: '02-29', until: 2030}]}", "2028-02-29"),
            ("holidays: {every: [{day: '12-30', to: '01-02', until: 2028}]}", "2029-01-02"),
            # the list that ends first
            ("holidays: {add: [2026-05-15]}\ndates: {2026-12-24: '09:00-13:00'}", "2026-05-15"),
            # it goes on under `every`
            ("holidays: {add: [2026-12-24], every: [{day: '12-24', from: 2027}]}", None),
            (
                (
                    "holidays: {every: [{day: '12-24', until: 2026}, "
                    "{day: '12-24', from: 2027, hours: '09:00-10:00'}]}"
                ),
                None,
            ),
            # somebody has looked
            ("holidays: {add: [2026-05-15]}\ncomplete_until: 2027-12-31", "2027-12-31"),
            ("holidays: {add: [2028-05-15]}\ncomplete_until: 2027-12-31", "2028-05-15"),
            ("holidays: {every: ['12-24']}\ncomplete_until: 2027-12-31", None),
            # no calendar goes further than 2100
            ("holidays: {add: [2026-05-15]}\ncomplete_until: 9999-12-31", "2100-12-31"),
            ("dates: {9999-12-31: []}", "2100-12-31"),
        ],
    )
    def test_the_end_of_the_list_that_ends_first(self, words: str, last: str | None) -> None:
        assert last == (None if (found := calendar(words).listed_through) is None else found.isoformat())


def test_the_example_of_today_goes_on_with_a_ledger_of_before() -> None:
    """What its first two versions said until 2026 in dates, they now say by `every`.

    Its half days were dates of 2026, and San Isidro one of 2025 and 2026.
    """
    now = load_policy(ROOT / "examples/policy.yaml")
    assert now is not None
    text = (ROOT / "examples/policy.yaml").read_text(encoding="utf-8")
    values = yaml.safe_load(text)
    first, second = (version["calendars"]["madrid"] for version in values["versions"][:2])
    first["holidays"] = second["holidays"] = {
        "country": "ES",
        "region": "MD",
        "add": [date(2025, 5, 15), date(2026, 5, 15)],
    }
    second["dates"] = {date(2026, 12, day): ["09:00-13:00"] for day in (24, 31)}
    before = build(PolicyFile.model_validate(values))
    assert before.signed(2026) == now.signed(2026)
    assert before.digest() != now.digest()


def test_half_days_are_none_where_the_desk_is_closed() -> None:
    part = HolidayPart.model_validate(
        {"add": ["2026-12-24"], "every": [{"day": "12-24", "hours": "09:00-13:00"}]}
    )
    assert (False, True) == tuple(date(year, 12, 24) in half_days_of(part) for year in (2026, 2027))


def test_a_policy_with_a_wrong_day_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "policy.yaml"
    path.write_text(document("complete_until: '12-31'"), encoding="utf-8")
    with pytest.raises(PolicyError, match="complete_until: '12-31' is no date"):
        load_file(path)
