"""What a policy leaves out, perhaps on purpose.

These are tickets that no line fits, names that differ in spelling only, lists of days that end, and minutes
that are missing between hours.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from deskpulse.policy.hours import DAY_MINUTES, span_text
from deskpulse.settings import Settings
from kpis.members import EVERY_DIMENSION
from kpis.sla.calendar import Hours, WorkingTime, time_of
from kpis.sla.endings import list_ends
from kpis.sla.policy import Policy, Version, year_of
from streams.names import fold


class Remark(NamedTuple):
    """What was found, and what would change it."""

    found: str
    fix: str

    def __str__(self) -> str:
        """Both in a line."""
        return f"{self.found}; {self.fix}"


def remarks(policy: Policy, now_ms: int, written: Mapping[str, Iterable[str]] | None = None) -> list[Remark]:
    """Of the version in force and those to come.

    `written`: names by dimension that the settings write beside the policy.
    """
    current = policy.at(now_ms)
    versions = [
        one
        for one in policy.versions
        if one is current or (one.effective_ms is not None and one.effective_ms > now_ms)
    ]
    found = [remark for version in versions for remark in (*_unfit(version), *_missing_minutes(version))]
    return found + list(_ends(policy, now_ms)) + list(_spellings(policy, written or {}))


def remarks_of(settings: Settings, policy: Policy, now_ms: int) -> list[Remark]:
    """The same of a policy beside the settings that it is used with."""
    desk = settings.desk
    teams = [*(desk.members.team or ()), *desk.team_time_zones]
    written = {
        "team": teams,
        "channel": desk.members.channel or (),
        "priority": desk.members.priority or (),
        "segment": desk.members.segment or (),
    }
    return remarks(policy, now_ms, written)


def _unfit(version: Version) -> Iterator[Remark]:
    """Targets whose lines leave tickets over."""
    for target, rules in version.rules.items():
        if rules and not any(all(names is None for names in rule.names) for rule in rules):
            yield Remark(
                f"version {version.name}: tickets that fit none of the {len(rules)} lines of {target} have "
                f"no {target.replace('_', ' ')} target, so no alert reports them however long they wait",
                "add a last line with only `within` and `objective`: it matches all of them",
            )


def _missing_minutes(version: Version) -> Iterator[Remark]:
    """Remarks on hours that end one minute before midnight, or before the next hours."""
    for name, calendar in version.calendars.items():
        time = time_of(calendar)
        if time is None:
            continue
        days = dict.fromkeys((*zip(time.week, (*time.week[1:], time.week[0]), strict=True), *_alone(time)))
        spans = dict.fromkeys(
            (span, begins) for today, tomorrow in days for span, begins in _short(today, tomorrow)
        )
        for (opens, closes), begins in spans:
            whole, written = (span_text((opens, end)) for end in (closes + 1, closes))
            until = "midnight" if begins % DAY_MINUTES == 0 else f"{begins // 60 % 24:02}:{begins % 60:02}"
            yield Remark(
                f"version {version.name}, calendar {name}: {written} leaves out the last minute before "
                f"{until}, in which no clock runs",
                f"write {whole} if that minute is worked",
            )


def _alone(time: WorkingTime) -> Iterator[tuple[Hours, Hours]]:
    """The hours of each date that is other than its weekday; what follows such a date is not looked at."""
    yield from ((hours, ()) for hours in time.dates.values())


def _short(today: Hours, tomorrow: Hours) -> Iterator[tuple[tuple[int, int], int]]:
    """The spans of a day that lack a last minute, and when that minute is over."""
    begins = {opens for opens, _ in today} | {opens + DAY_MINUTES for opens, _ in tomorrow}
    for opens, closes in today:
        if closes + 1 in begins or (closes + 1) % DAY_MINUTES == 0:
            yield (opens, closes), closes + 1


def _ends(policy: Policy, now_ms: int) -> Iterator[Remark]:
    """Remarks on lists of days that end within a quarter, or have ended."""
    for end in list_ends(policy, now_ms):
        if end.is_near(now_ms):
            is_over = end.end_ms <= now_ms
            yield Remark(
                f"version {end.version}, calendar {end.calendar}: a list of its own days "
                f"{'ended' if is_over else 'ends'} with {end.last}; later days like these count as their "
                "weekday",
                "write days that come every year under `every`, add the dates of the next years, or write "
                f"complete_until: {max(end.last.year, year_of(now_ms)) + 1}-12-31 in the calendar if none "
                "are missing until then; workers take days of years to come in the version in force",
            )


def _spellings(policy: Policy, written: Mapping[str, Iterable[str]]) -> Iterator[Remark]:
    """Remarks on spellings that are one name.

    Case, composition of accents and spaces around a name make no other name of it.
    """
    for place, dimension in enumerate(EVERY_DIMENSION):
        found: dict[str, list[str]] = {}
        for name in dict.fromkeys((*policy.names(place), *written.get(dimension, ()))):
            found.setdefault(fold(name), []).append(name)
        for shown, *others in found.values():
            if others:
                found_twice = (
                    f"{dimension} {shown!r} is also written {', '.join(map(repr, others))}: these are "
                    f"one name, shown as {shown!r}"
                )
                yield Remark(found_twice, "write it the same way everywhere, also in events")
