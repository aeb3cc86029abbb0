"""The differences of two policy files in words, and whether a ledger takes the new file.

The ledger is one that was built with the old file.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import date
from typing import Final, NamedTuple

from deskpulse.policy.days import half_days_of, holidays_of
from deskpulse.policy.hours import StatedSpan, span_text
from deskpulse.policy.schema import CalendarPart, PolicyFile, RulePart, VersionPart
from deskpulse.times import format_duration, format_time
from kpis.members import EVERY_DIMENSION
from kpis.sla.policy import TARGETS

_MOST_DAYS: Final = 6  # dates named one by one; more are counted


class PolicyDifference(NamedTuple):
    """What became of one version."""

    name: str
    effective_ms: int | None
    kind: str  # unchanged, changed, new, gone
    lines: tuple[str, ...] = ()

    def since(self) -> str:
        """When the version takes effect, in words."""
        return "always" if self.effective_ms is None else f"from {format_time(self.effective_ms)}"


def compare(old: PolicyFile, new: PolicyFile, *, years: Collection[int]) -> list[PolicyDifference]:
    """Every version of both files, in the order of the new one; those that are gone come first.

    Holidays are named for some years.
    """
    before = {version.name: version for version in old.versions}
    after = {version.name: version for version in new.versions}
    found = [
        PolicyDifference(name, version.effective_from, "gone")
        for name, version in before.items()
        if name not in after
    ]
    for name, version in after.items():
        known = before.get(name)
        if known is None:
            found.append(PolicyDifference(name, version.effective_from, "new", tuple(describe(version))))
        else:
            lines = tuple(_version(known, version, years))
            found.append(
                PolicyDifference(name, version.effective_from, "changed" if lines else "unchanged", lines)
            )
    return found


def describe(version: VersionPart) -> Iterator[str]:
    """A version in a few lines."""
    for target in TARGETS:
        for number, rule in enumerate(version.lines(target), start=1):
            yield f"{target} line {number}: {_rule(rule)}"
    yield from (f"{word}: {choice}" for word, choice in _choices(version).items())
    for name, calendar in version.calendars.items():
        days, half = len(holidays_of(calendar.holidays)), len(_half_days(calendar))
        halves = f" and {half} half days" if half else ""
        listed = f"{days} holidays{halves} from 1970 to 2100"
        yield f"calendar {name}: {calendar.time_zone}, {_week(calendar)}, {listed}"
    teams = ", ".join(f"{team} {name}" for team, name in version.team_calendars.items())
    yield f"calendars of teams: {teams + ', ' if teams else ''}all others {version.default_calendar}"


def _version(old: VersionPart, new: VersionPart, years: Collection[int]) -> Iterator[str]:
    if old.effective_from != new.effective_from:
        yield f"effective_from: {_instant(old.effective_from)} -> {_instant(new.effective_from)}"
    before, after = _choices(old), _choices(new)
    yield from (f"{word}: {before[word]} -> {after[word]}" for word in before if before[word] != after[word])
    for target in TARGETS:
        yield from _rules(target, old.lines(target), new.lines(target))
    for name in dict.fromkeys((*old.calendars, *new.calendars)):
        was, is_ = old.calendars.get(name), new.calendars.get(name)
        if was is None or is_ is None:
            yield f"calendar {name}: {'new' if was is None else 'gone'}"
        else:
            yield from (f"calendar {name}: {line}" for line in _calendar(was, is_, years))
    if old.default_calendar != new.default_calendar:
        yield f"default_calendar: {old.default_calendar} -> {new.default_calendar}"
    yield from _teams(old.team_calendars, new.team_calendars)


def _choices(version: VersionPart) -> dict[str, str]:
    """What a version chooses with one word, by the word of the file."""
    return {
        "effective_for": version.effective_for,
        "after_triage": version.after_triage,
        "pausing_statuses": ", ".join(sorted(set(version.pausing_statuses))) or "none",
    }


def _rules(target: str, old: tuple[RulePart, ...], new: tuple[RulePart, ...]) -> Iterator[str]:
    for number in range(max(len(old), len(new))):
        before = _rule(old[number]) if number < len(old) else "none"
        after = _rule(new[number]) if number < len(new) else "none"
        if before != after:
            yield f"{target} line {number + 1}: {before} -> {after}"


def _calendar(old: CalendarPart, new: CalendarPart, years: Collection[int]) -> Iterator[str]:
    if old.time_zone != new.time_zone:
        yield f"time_zone {old.time_zone} -> {new.time_zone}"
    if old.week() != new.week():
        yield f"hours {_week(old)} -> {_week(new)}"
    before, after = holidays_of(old.holidays), holidays_of(new.holidays)
    for word, days in (("more", after - before), ("less", before - after)):
        if days:
            yield f"{len(days)} holidays {word}{_among(days, years)}"
    yield from _special(old, new, years)


def _special(old: CalendarPart, new: CalendarPart, years: Collection[int]) -> Iterator[str]:
    """Half days that come every year, and dates with hours of their own."""
    was, is_ = _half_days(old), _half_days(new)
    dates = {*old.dates, *new.dates}
    if others := {day for day in {*was, *is_} - dates if was.get(day) != is_.get(day)}:
        word = "more" if not others & {*was} else "less" if not others & {*is_} else "other"
        yield f"{len(others)} half days {word}{_among(others, years)}"
    for day in sorted(dates):
        before, after = old.dates.get(day, was.get(day)), new.dates.get(day, is_.get(day))
        if before != after:
            yield f"{day.isoformat()}: {_hours(before)} -> {_hours(after)}"


def _half_days(calendar: CalendarPart) -> dict[date, tuple[StatedSpan, ...]]:
    week = calendar.week()
    return {day: hours for day, hours in half_days_of(calendar.holidays).items() if week.get(day.weekday())}


def _teams(old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[str]:
    for team in sorted({*old, *new}):
        before, after = old.get(team, "the default"), new.get(team, "the default")
        if before != after:
            yield f"team {team}: calendar {before} -> {after}"


def _among(days: Collection[date], years: Collection[int]) -> str:
    """Some of the days that lie in these years."""
    shown = sorted(day for day in days if day.year in years)
    if not shown:
        return ""
    more = ", ..." if len(shown) > _MOST_DAYS else ""
    return f", among them {', '.join(day.isoformat() for day in shown[:_MOST_DAYS])}{more}"


def _rule(rule: RulePart) -> str:
    names = [
        f"{word} {' or '.join(sorted(names))}"
        for word, names in zip(EVERY_DIMENSION, rule.matches, strict=True)
        if names
    ]
    clock = " of all the time" if rule.clock == "calendar" else ""
    return (
        f"{', '.join(names) or 'all'} within {format_duration(rule.within)}{clock}, objective "
        f"{100 * rule.objective:g}%"
    )


def _week(calendar: CalendarPart) -> str:
    return "; ".join(f"{key} {_hours(spans)}" for key, spans in calendar.hours.items())


def _hours(spans: tuple[StatedSpan, ...] | None) -> str:
    if spans is None:
        return "as its weekday"
    return " ".join(map(span_text, spans)) if spans else "closed"


def _instant(at_ms: int | None) -> str:
    return "always" if at_ms is None else format_time(at_ms)
