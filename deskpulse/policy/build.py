"""From the checked words of a policy file to what the figures are computed with: holidays become dates."""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from typing import Final

from deskpulse.policy.schema import CalendarPart, HolidayPart, PolicyFile, RulePart, VersionPart
from kpis.sla.calendar import BusinessCalendar, Hours, WorkingTime, hours_of_week
from kpis.sla.policy import TARGETS, Policy, Rule, Version

YEARS: Final = range(1970, 2101)  # of which public holidays are asked


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
    teams, channels, priorities = part.matches
    return Rule(
        within_ms=part.within,
        objective=part.objective,
        clock=part.clock,
        teams=teams,
        channels=channels,
        priorities=priorities,
    )


def working_time(part: CalendarPart) -> WorkingTime:
    """Zone, week and dates of a calendar; a day with hours of its own is no holiday."""
    dates: dict[date, Hours] = dict.fromkeys(holidays_of(part.holidays), ())
    dates.update({day: tuple(sorted(spans)) for day, spans in part.dates.items()})
    return WorkingTime(part.time_zone, hours_of_week(part.week()), dict(sorted(dates.items())))


def holidays_of(part: HolidayPart) -> frozenset[date]:
    """The dates of the country and region, with what was added and without what was removed."""
    public = frozenset() if part.country is None else _public(part.country, part.region)
    return (public | frozenset(part.add)) - frozenset(part.remove)


@lru_cache(maxsize=64)
def _public(country: str, region: str | None) -> frozenset[date]:
    import holidays  # noqa: PLC0415 - 60 ms that nobody without a policy should wait for

    return frozenset(holidays.country_holidays(country, subdiv=region, years=YEARS))
