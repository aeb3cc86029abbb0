"""From the checked words of a policy file to what the figures are computed with: holidays become dates."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from deskpulse.policy.days import YEARS, dated, half_days_of, holidays_of
from deskpulse.policy.schema import CalendarPart, PolicyFile, RulePart, VersionPart
from kpis.sla.calendar import BusinessCalendar, Hours, WorkingTime, hours_of_week
from kpis.sla.policy import TARGETS, Policy, Rule, Version


def build(file: PolicyFile) -> Policy:
    """The policy of a file."""
    return Policy([_version(version) for version in file.versions])


def _version(part: VersionPart) -> Version:
    return Version(
        name=part.name,
        effective_ms=part.effective_from,
        rules={target: tuple(map(_rule, part.lines(target))) for target in TARGETS},
        calendars={
            name: BusinessCalendar(working_time(calendar)) for name, calendar in part.calendars.items()
        },
        default_calendar=part.default_calendar,
        team_calendars=part.team_calendars,
        after_triage=part.after_triage,
        pausing=frozenset(part.pausing_statuses),
        effective_for_open=part.effective_for == "open",
    )


def _rule(part: RulePart) -> Rule:
    teams, channels, priorities, segments = part.matches
    return Rule(
        within_ms=part.within,
        objective=part.objective,
        clock=part.clock,
        teams=teams,
        channels=channels,
        priorities=priorities,
        segments=segments,
    )


def working_time(part: CalendarPart) -> WorkingTime:
    """Zone, week and dates of a calendar.

    A day with hours of its own is no holiday; a half day is one only where its weekday has hours.
    """
    week = hours_of_week(part.week())
    dates: dict[date, Hours] = dict.fromkeys(holidays_of(part.holidays), ())
    half = half_days_of(part.holidays)
    dates.update({day: tuple(sorted(spans)) for day, spans in half.items() if week[day.weekday()]})
    dates.update({day: tuple(sorted(spans)) for day, spans in part.dates.items()})
    return WorkingTime(part.time_zone, week, dict(sorted(dates.items())), listed_through(part))


def listed_through(part: CalendarPart) -> date | None:
    """The last day of the list that ends first; None where no list ends.

    Lists are `add`, `remove`, `dates`, and each entry of `every` with `until`. What `every` names in the year
    after goes on and ends nowhere. No list has ended before `complete_until`, and all have with 2100.
    """
    holidays = part.holidays
    yearly = {day for entry in holidays.every for day in entry.dates()}
    lists: list[Iterable[date]] = [
        (day for entry in holidays.add for day in entry.dates()),
        holidays.remove,
        part.dates,
        *(entry.dates() for entry in holidays.every if entry.until not in (None, YEARS[-1])),
    ]
    ends = [max(days) for one in lists if (days := [day for day in one if _anniversary(day) not in yearly])]
    if not ends:
        return None
    return min(max(min(ends), part.complete_until or min(ends)), date(YEARS[-1], 12, 31))


def _anniversary(day: date) -> date:
    """The same day of the next year; of a February 29th that of the next leap year."""
    years = range(day.year + 1, day.year + 9)  # 2096 and 2104 are leap years, 2100 is none
    found = (dated(year, (day.month, day.day)) for year in years)
    return next((one for one in found if one is not None), day)  # after 9999 there is none
