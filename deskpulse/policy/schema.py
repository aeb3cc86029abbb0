"""The words of a policy file, as pydantic models.

The order of fields matters: a check across fields sits on the later one.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable
from datetime import date, datetime
from itertools import pairwise
from typing import Annotated, Final, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    StringConstraints,
    ValidationInfo,
    field_validator,
)

from deskpulse.policy.alerts import AlertsPart
from deskpulse.policy.days import DatedDay, HolidayPart, half_days_of, years_known
from deskpulse.policy.hours import DAY_MINUTES, HoursOfDay, StatedHours, StatedSpan, as_list, check_order
from deskpulse.settings.base import Section, check_name, wrong
from deskpulse.settings.sections import known_zone
from deskpulse.times import parse_duration_ms, parse_time_ms
from kpis.sla.policy import FIRST_REPLY, NEXT_REPLY, RESOLUTION, TARGETS, AfterTriage

WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
ALWAYS: Final = "always"
LONGEST_MS: Final = 366 * DAY_MINUTES * 60_000
_PERCENT: Final = re.compile(r"(\d{1,2}(?:\.\d+)?)\s*%")
_DURATION_FIX: Final = "write hours (h), minutes (m) and seconds (s), such as 45s, 30m or 1h30m"


def _weekdays(key: object) -> object:
    weekdays(str(key))
    return str(key)


def _instant_ms(value: object) -> object:
    if value is None:
        return None
    return _parsed(parse_time_ms, value.isoformat() if isinstance(value, (date, datetime)) else str(value))


def _duration_ms(value: object) -> object:
    text = str(value)
    if isinstance(value, int | float):  # YAML reads 1:30 as 90, the sixties of old
        raise wrong(f"{text} has no unit", _DURATION_FIX)
    if "d" in text:
        raise wrong(
            f"{text!r} counts days",
            "write hours, such as 16h: a working day is not 24 hours, so days are ambiguous",
        )
    try:
        length = parse_duration_ms(text)
    except ValueError as error:
        raise wrong(str(error).partition(": ")[0], _DURATION_FIX) from None
    if length > LONGEST_MS:
        raise wrong(f"{text!r} is longer than a year", "write a time that you would promise to a customer")
    return length


def _parsed(parse: Callable[[str], int], text: str) -> int:
    try:
        return parse(text)
    except ValueError as error:
        what, _, fix = str(error).partition(": ")
        raise wrong(what, fix) from None


def _share(value: object) -> object:
    match = _PERCENT.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        raise wrong(
            f"{value!r} is not an objective",
            "write a percentage, such as 95%; 100% would not allow a single late ticket",
        )
    share = float(match[1]) / 100
    if not 0.5 <= share < 1:
        raise wrong(f"{value!r} is not an objective", "write at least 50% and less than 100%")
    return share


Weekdays = Annotated[str, BeforeValidator(_weekdays)]
Member = Annotated[
    str, StringConstraints(strict=True, min_length=1, max_length=128), AfterValidator(check_name)
]
StatedNames = Annotated[tuple[Member, ...] | None, BeforeValidator(as_list)]
StatedDuration = Annotated[int, BeforeValidator(_duration_ms)]
Share = Annotated[float, BeforeValidator(_share)]
StatedInstant = Annotated[int | None, BeforeValidator(_instant_ms)]
Statuses = Annotated[tuple[Literal["open", "waiting", "on_hold"], ...], BeforeValidator(as_list)]
Name = Annotated[
    str,
    StringConstraints(strict=True, min_length=1, max_length=64, pattern=r"^[^\s\"\\]+$"),
    AfterValidator(check_name),
]


class CalendarPart(Section):
    """When a team works."""

    time_zone: str
    hours: dict[Weekdays, StatedHours]
    holidays: HolidayPart = Field(default_factory=HolidayPart)
    dates: dict[DatedDay, HoursOfDay] = Field(default_factory=dict)  # days with hours of their own
    complete_until: DatedDay | None = None  # until then nothing is missing in lists that end

    @field_validator("time_zone")
    @classmethod
    def _check_zone(cls, zone: str) -> str:
        known_zone(zone)
        return zone

    @field_validator("hours")
    @classmethod
    def _check_hours(cls, hours: dict[str, tuple[StatedSpan, ...]]) -> dict[str, tuple[StatedSpan, ...]]:
        days = [(day, spans) for key, spans in hours.items() for day in weekdays(key)]
        taken = [day for day, _ in days]
        if twice := sorted({day for day in taken if taken.count(day) > 1}):
            raise wrong(f"{', '.join(WEEKDAYS[day] for day in twice)} appear twice", "give each weekday once")
        if not any(spans for _, spans in days):
            raise wrong(
                "never open, so no deadline would ever be reached",
                'write such as {mon-fri: ["09:00-14:00", "15:00-18:00"]}',
            )
        for _, spans in days:
            check_order(spans)
        return hours

    @field_validator("holidays")
    @classmethod
    def _check_half_days(cls, part: HolidayPart, info: ValidationInfo) -> HolidayPart:
        half, known = half_days_of(part), years_known(part)
        working = {day for key in info.data.get("hours", {}) for day in weekdays(key)}
        for entry in part.every if working else ():
            days = [day for day in entry.dates() if day.year in known]
            if entry.hours and days and not any(day in half and day.weekday() in working for day in days):
                raise wrong(
                    f"the hours of {entry} under every never hold: the desk is closed each time",
                    "leave the entry out, or write each date with its hours under dates, which overrule all",
                )
        return part

    def week(self) -> dict[int, tuple[StatedSpan, ...]]:
        """Hours by weekday, Monday being 0."""
        return {day: spans for key, spans in self.hours.items() for day in weekdays(key)}


class RulePart(Section):
    """One line of a target."""

    team: StatedNames = None
    channel: StatedNames = None
    priority: StatedNames = None
    segment: StatedNames = None  # of a desk that has switched segments on (desk.segment)
    within: StatedDuration
    objective: Share
    clock: Literal["business", "calendar"] = "business"

    @property
    def matches(self) -> tuple[frozenset[str] | None, ...]:
        """The names that match by dimension, None for all."""
        return tuple(
            None if names is None else frozenset(names)
            for names in (self.team, self.channel, self.priority, self.segment)
        )

    @field_validator("team", "channel", "priority", "segment")
    @classmethod
    def _check_names(cls, names: tuple[str, ...] | None) -> tuple[str, ...] | None:
        if names is not None and not names:
            raise wrong(
                "an empty list, which matches nothing", "name at least one, or leave it out to match all"
            )
        return names


Rules = tuple[RulePart, ...]


class VersionPart(Section):
    """One version of the policy."""

    name: Name
    effective_from: StatedInstant = None
    effective_for: Literal["new", "open"] = "new"  # tickets from then on, or those that are open then, too
    after_triage: AfterTriage = "keep"
    pausing_statuses: Statuses = ("waiting", "on_hold")
    calendars: dict[Name, CalendarPart] = Field(default_factory=dict)
    default_calendar: str = ALWAYS
    team_calendars: dict[Member, str] = Field(default_factory=dict)
    first_reply: Rules = ()
    next_reply: Rules = ()
    resolution: Rules = ()

    def lines(self, target: str) -> Rules:
        """The lines of a target."""
        return {FIRST_REPLY: self.first_reply, NEXT_REPLY: self.next_reply, RESOLUTION: self.resolution}[
            target
        ]

    @field_validator("effective_for")
    @classmethod
    def _check_open(cls, effective_for: str, info: ValidationInfo) -> str:
        if effective_for == "open" and info.data.get("effective_from", 0) is None:
            raise wrong(
                "a version that has always been in force finds no open tickets",
                "leave effective_for out, or give the version an effective_from",
            )
        return effective_for

    @field_validator("pausing_statuses")
    @classmethod
    def _check_statuses(cls, statuses: tuple[str, ...]) -> tuple[str, ...]:
        if twice := sorted({status for status in statuses if statuses.count(status) > 1}):
            raise wrong(f"{', '.join(twice)} appears twice", "name each status once")
        return statuses

    @field_validator("calendars")
    @classmethod
    def _check_names(cls, calendars: dict[str, CalendarPart]) -> dict[str, CalendarPart]:
        if ALWAYS in calendars:
            raise wrong(
                f"{ALWAYS!r} is calendar time and needs no description", "give the calendar another name"
            )
        return calendars

    @field_validator("default_calendar")
    @classmethod
    def _check_default(cls, name: str, info: ValidationInfo) -> str:
        _check_calendar(name, info)
        return name

    @field_validator("team_calendars")
    @classmethod
    def _check_teams(cls, names: dict[str, str], info: ValidationInfo) -> dict[str, str]:
        for name in names.values():
            _check_calendar(name, info)
        return names

    @field_validator(*TARGETS)
    @classmethod
    def _check_reach(cls, rules: Rules) -> Rules:
        for number, rule in enumerate(rules):
            if any(_covers(earlier, rule) for earlier in rules[:number]):
                raise wrong(
                    f"line {number + 1} is never reached: an earlier line takes all its tickets",
                    "put the narrower line first",
                )
        return rules

    @field_validator("resolution")
    @classmethod
    def _check_any(cls, rules: Rules, info: ValidationInfo) -> Rules:
        # a target with a fault is missing here, and its fault is told instead
        if not rules and not any(info.data.get(target, True) for target in TARGETS if target != RESOLUTION):
            raise wrong(f"none of {', '.join(TARGETS)} has a target", "give at least one of them a line")
        return rules


class PolicyFile(Section):
    """A whole policy file."""

    versions: tuple[VersionPart, ...]
    alerts: AlertsPart = Field(default_factory=AlertsPart)

    @field_validator("versions")
    @classmethod
    def _check_versions(cls, versions: tuple[VersionPart, ...]) -> tuple[VersionPart, ...]:
        if not versions:
            raise wrong("an empty list", "write at least one version")
        names = [version.name for version in versions]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise wrong(f"{', '.join(twice)} is the name of two versions", "give each version its own name")
        for before, version in pairwise(versions):
            if version.effective_from is None:
                raise wrong(
                    f"version {version.name} has no effective_from",
                    "only the first version may lack effective_from",
                )
            if before.effective_from is not None and before.effective_from >= version.effective_from:
                raise wrong(
                    f"version {version.name} does not take effect after {before.name}",
                    "order versions by effective_from",
                )
        return versions


def weekdays(key: str) -> list[int]:
    """The weekdays of a key such as `mon` or `mon-fri`, Monday being 0. Errors: the fault of a setting.

    >>> weekdays("mon-wed"), weekdays("sun")
    ([0, 1, 2], [6])
    """
    first, dash, last = key.strip().lower().partition("-")
    if (
        first not in WEEKDAYS
        or (dash and last not in WEEKDAYS)
        or (dash and WEEKDAYS.index(first) > WEEKDAYS.index(last))
    ):
        raise wrong(
            f"{key!r} does not name weekdays", f"use {', '.join(WEEKDAYS)}, or a range such as mon-fri"
        )
    start = WEEKDAYS.index(first)
    return list(range(start, (WEEKDAYS.index(last) if dash else start) + 1))


def _check_calendar(name: str, info: ValidationInfo) -> None:
    known = [ALWAYS, *info.data.get("calendars", {})]
    if "calendars" in info.data and name not in known:
        close = difflib.get_close_matches(name, known, n=1)
        hint = f"did you mean {close[0]}?" if close else f"use one of {', '.join(known)}"
        raise wrong(f"there is no calendar {name!r}", hint)


def _covers(wide: RulePart, narrow: RulePart) -> bool:
    """Whether every ticket that matches one line matches the other."""
    return all(
        w is None or (n is not None and n <= w) for w, n in zip(wide.matches, narrow.matches, strict=True)
    )
