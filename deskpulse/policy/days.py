"""Days of a calendar that are other than their weekday, and the dates that they stand for.

There are public holidays of a country and days of one's own, which are dates or come every year.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from functools import lru_cache
from itertools import accumulate
from typing import Annotated, Final

from pydantic import BeforeValidator, Field, ValidationInfo, field_validator

from deskpulse.policy.hours import HoursOfDay, StatedSpan, as_list
from deskpulse.settings.base import Section, wrong

YEARS: Final = range(1970, 2101)  # for which holidays and days of every year become dates
HALF_DAY: Final = "half_day"  # the library's word for half holidays
LONGEST_SPAN: Final = 184  # days: half a year; a longer span has its ends exchanged
_LENGTHS: Final = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)  # of the months of a leap year
_BEFORE: Final = tuple(accumulate(_LENGTHS, initial=0))
_MONTH_DAY: Final = re.compile(r"(\d\d)-(\d\d)")
_WITH_YEAR: Final = re.compile(r"\d{4}-\d\d-\d\d")
_EVERY_YEAR: Final = "write a day that comes every year under holidays.every, a day of one year as 2026-12-24"
MonthDay = tuple[int, int]


def _month_day(value: object) -> object:
    if isinstance(value, tuple):
        return value
    if isinstance(value, date) or (isinstance(value, str) and _WITH_YEAR.fullmatch(value.strip())):
        raise wrong(f"{value} has a year", 'write month and day, such as "12-24"; dates go under add')
    match = _MONTH_DAY.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        raise wrong(f"{value!r} is no day of the year", 'write month and day, such as "12-24", in quotes')
    month, day = int(match[1]), int(match[2])
    if not (1 <= month <= len(_LENGTHS) and 1 <= day <= _LENGTHS[month - 1]):
        raise wrong(f"no year has the day {value!r}", 'write the month first, such as "12-24"')
    return month, day


def _with_year(value: object) -> object:
    if isinstance(value, str) and _MONTH_DAY.fullmatch(value.strip()):
        raise wrong(f"{value!r} is no date, it has no year", _EVERY_YEAR)
    return value


def _removed(value: object) -> object:
    if isinstance(value, str) and _MONTH_DAY.fullmatch(value.strip()):
        raise wrong(
            f"{value!r} is no date, it has no year", "write the date of each year, such as 2026-12-24"
        )
    return value


def _entry(value: object) -> object:
    """A day alone is an entry that says no more."""
    if isinstance(value, dict):
        if True in value or "on" in value:
            raise wrong("no such word: on, which YAML reads as yes", "write day")
        return value
    return value if isinstance(value, Section) else {"day": value}


DatedDay = Annotated[date, BeforeValidator(_with_year)]
DayOfYear = Annotated[MonthDay, BeforeValidator(_month_day)]
CalendarYear = Annotated[int, Field(ge=YEARS[0], le=YEARS[-1])]


class DatedDays(Section):
    """A closed day, or the days from one to another."""

    day: DatedDay
    to: DatedDay | None = None  # the last of them; without it there is one

    @field_validator("to")
    @classmethod
    def _check_to(cls, to: date | None, info: ValidationInfo) -> date | None:
        day = info.data.get("day")
        if to is not None and day is not None and not 0 <= (to - day).days < LONGEST_SPAN:
            raise wrong(
                f"from {day} to {to} are {(to - day).days + 1} days",
                "write the first day as day and the last as to, half a year apart at most",
            )
        return to

    def dates(self) -> Iterator[date]:
        """Every day of it, ascending."""
        for later in range(((self.to or self.day) - self.day).days + 1):
            yield self.day + timedelta(days=later)


class YearlyDays(Section):
    """A day, or the days from one to another, that come every year: closed, or with hours of their own."""

    day: DayOfYear
    to: DayOfYear | None = None  # the last of them; before `day` in the year: of the next year
    hours: HoursOfDay = ()  # none: closed
    from_: Annotated[CalendarYear | None, Field(alias="from")] = None  # the first year
    until: CalendarYear | None = None  # the last year; of a span, that of its first day

    @field_validator("to")
    @classmethod
    def _check_to(cls, to: MonthDay | None, info: ValidationInfo) -> MonthDay | None:
        day = info.data.get("day")
        if to is not None and day is not None and (days := _length(day, to)) > LONGEST_SPAN:
            raise wrong(
                f"from {_text(day)} to {_text(to)} are {days} days",
                "write the first day as day and the last as to, half a year apart at most",
            )
        return to

    @field_validator("until")
    @classmethod
    def _check_until(cls, until: int | None, info: ValidationInfo) -> int | None:
        first = info.data.get("from_")
        if until is not None and first is not None and until < first:
            raise wrong(f"until {until} is before from {first}", "write the later year as until")
        return until

    def __str__(self) -> str:
        """As it is written, without hours and years."""
        return _text(self.day) if self.to is None else f"{_text(self.day)} to {_text(self.to)}"

    def dates(self) -> Iterator[date]:
        """Every day of it within `YEARS`, ascending."""
        # A span that began in the last December before them reaches into their first year.
        start = YEARS[0] - 1 if self.from_ is None else self.from_
        for year in range(start, min(self.until or YEARS[-1], YEARS[-1]) + 1):
            yield from (one for one in self._of_year(year) if one.year in YEARS)

    def _of_year(self, year: int) -> Iterator[date]:
        first = dated(year, self.day)
        if first is None:
            return
        last = self.to or self.day
        # Where a year has no February 29th, a span until that day ends on the 28th.
        ends = year + (last < self.day)
        until = dated(ends, last) or date(ends, 2, 28)
        for later in range((until - first).days + 1):
            yield first + timedelta(days=later)


class HolidayPart(Section):
    """Days on which nobody works: those of a country, and days of one's own."""

    country: str | None = None  # ISO 3166-1
    region: str | None = None  # ISO 3166-2 without the country
    # hours on the country's half holidays; without the word these are ordinary days
    half_days: HoursOfDay | None = None
    add: Annotated[
        tuple[Annotated[DatedDays, BeforeValidator(_entry)], ...], BeforeValidator(as_list)
    ] = ()  # fmt: skip
    every: Annotated[
        tuple[Annotated[YearlyDays, BeforeValidator(_entry)], ...], BeforeValidator(as_list)
    ] = ()  # fmt: skip
    # days of all these lists on which work goes on
    remove: Annotated[
        tuple[Annotated[date, BeforeValidator(_removed)], ...], BeforeValidator(as_list)
    ] = ()  # fmt: skip

    @field_validator("country")
    @classmethod
    def _check_country(cls, country: str | None) -> str | None:
        if country is not None and regions_of(country) is None:
            raise wrong(
                f"no holidays are known for {country!r}",
                "write the two letters of ISO 3166-1, such as ES, or list the days under every and add",
            )
        return country

    @field_validator("region")
    @classmethod
    def _check_region(cls, region: str | None, info: ValidationInfo) -> str | None:
        country = info.data.get("country")
        if region is None:
            return None
        if country is None:
            raise wrong("a region without a country", "set country, or leave region out")
        known = regions_of(country) or ()
        if region not in known:
            fix = f"use one of {', '.join(known)}" if known else "leave it out"
            raise wrong(f"{country} has no region {region!r} with holidays of its own", fix)
        return region

    @field_validator("half_days")
    @classmethod
    def _check_half_days(
        cls, hours: tuple[StatedSpan, ...] | None, info: ValidationInfo
    ) -> tuple[StatedSpan, ...] | None:
        country, region = info.data.get("country"), info.data.get("region")
        if hours is not None and "region" in info.data and not _half(country, region):
            where = " ".join(filter(None, (country, region))) or "a calendar without a country"
            raise wrong(
                f"no half holidays are known for {where}", "write the days with their hours under every"
            )
        return hours

    @field_validator("every")
    @classmethod
    def _check_every(cls, every: tuple[YearlyDays, ...]) -> tuple[YearlyDays, ...]:
        for entry in every:
            if not any(entry.dates()):
                raise wrong(f"{entry} never comes in the years that are named", "leave the entry out")
        counts = Counter(day for entry in every for day in entry.dates())
        if twice := [day for day, count in counts.items() if count > 1]:
            raise wrong(
                f"{min(twice)} is named by two entries",
                "keep one of them, or part their years by from and until",
            )
        return every


def holidays_of(part: HolidayPart) -> frozenset[date]:
    """The closed dates: those of country and region and one's own, without what was removed."""
    own = {day for entry in part.add for day in entry.dates()}
    own.update(day for entry in part.every if not entry.hours for day in entry.dates())
    half = _half(part.country, part.region) if part.half_days == () else frozenset()
    return (_public(part.country, part.region) | half | own) - frozenset(part.remove)


def years_known(part: HolidayPart) -> frozenset[int]:
    """The years whose public holidays are known; all of them without a country."""
    return frozenset(day.year for day in _public(part.country, part.region)) or frozenset(YEARS)


def half_days_of(part: HolidayPart) -> Mapping[date, tuple[StatedSpan, ...]]:
    """The dates with fewer hours, and these hours; a closed or removed date is none of them.

    They hold on weekdays that have hours.
    """
    half = dict.fromkeys(_half(part.country, part.region), part.half_days or ()) if part.half_days else {}
    half |= {day: entry.hours for entry in part.every if entry.hours for day in entry.dates()}
    none = holidays_of(part) | frozenset(part.remove)
    return {day: hours for day, hours in half.items() if day not in none}


def regions_of(country: str) -> tuple[str, ...] | None:
    """Regions of a country that have holidays of their own; None when nothing is known of the country."""
    import holidays  # noqa: PLC0415 - 60 ms that nobody without a policy should wait for

    try:
        return tuple(holidays.country_holidays(country, years=2025).subdivisions)
    except NotImplementedError:
        return None


@lru_cache(maxsize=64)
def _public(country: str | None, region: str | None) -> frozenset[date]:
    import holidays  # noqa: PLC0415 - 60 ms that nobody without a policy should wait for

    if country is None:
        return frozenset()
    return frozenset(holidays.country_holidays(country, subdiv=region, years=YEARS))


@lru_cache(maxsize=64)
def _half(country: str | None, region: str | None) -> frozenset[date]:
    import holidays  # noqa: PLC0415 - 60 ms that nobody without a policy should wait for

    if country is None or HALF_DAY not in holidays.country_holidays(country).supported_categories:
        return frozenset()
    return frozenset(holidays.country_holidays(country, subdiv=region, years=YEARS, categories=(HALF_DAY,)))


def dated(year: int, day: MonthDay) -> date | None:
    """The day in a year; None where the year has no such day."""
    try:
        return date(year, *day)
    except ValueError:
        return None


def _length(day: MonthDay, to: MonthDay) -> int:
    """Days from one to the other in a leap year, both included; across new year where `to` is earlier."""
    first, last = (_BEFORE[month - 1] + number for month, number in (day, to))
    return (last - first) % _BEFORE[-1] + 1


def _text(day: MonthDay) -> str:
    return f"{day[0]:02}-{day[1]:02}"
