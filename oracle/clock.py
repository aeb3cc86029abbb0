"""The oracle's own business clock and its own reading of a policy.

Minutes that are open or not, counted one by one.

Written from the policy's manual alone. It imports nothing of the product, and must never.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any, Final
from zoneinfo import ZoneInfo

import holidays

from oracle.course import PAUSING
from oracle.fields import EPOCH, MILLISECOND, one_spelling

MINUTE_MS: Final = 60_000
DAY_MS: Final = 1_440 * MINUTE_MS
WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
TARGETS: Final = ("first_reply", "next_reply", "resolution")
MOST_DAYS: Final = 4_700  # of looking for a deadline
FIRST_YEAR, LAST_YEAR = 1970, 2100  # of which closed days are known
_SPAN: Final = re.compile(r"(\d+):(\d+)\s*-\s*(\d+):(\d+)")
_UNITS_MS: Final = {"ms": 1, "s": 1_000, "m": MINUTE_MS, "h": 60 * MINUTE_MS, "d": DAY_MS}
_PART_OF_DURATION: Final = re.compile(r"([\d.]+)(ms|s|m|h|d)")
Hours = tuple[tuple[int, int], ...]


@dataclass(frozen=True, eq=False)
class OpenHours:
    """A calendar as the policy describes it.

    Each is itself alone, so that its days are looked at once and found quickly.
    """

    zone: str
    week: tuple[Hours, ...]
    dates: tuple[tuple[date, Hours], ...]

    def on(self, day: date) -> Hours:
        """The hours that begin on a day."""
        return dict(self.dates).get(day, self.week[day.weekday()])


@lru_cache(maxsize=20_000)
def day_of_minutes(hours: OpenHours, day: int) -> tuple[bool, ...]:
    """The open ones of the 1,440 minutes of a UTC day.

    At these the wall clock reads a time within the hours.
    """
    zone, found = ZoneInfo(hours.zone), []
    known: dict[date, Hours] = {}
    for minute in range(1_440):
        wall = (EPOCH + (day * 1_440 + minute) * timedelta(minutes=1)).astimezone(zone)
        today = wall.date()
        for one in (today, today - timedelta(days=1)):
            if one not in known:
                known[one] = hours.on(one)
        clock = wall.hour * 60 + wall.minute
        begun_today = any(opens <= clock < closes for opens, closes in known[today])
        begun_before = any(
            opens <= clock + 1_440 < closes for opens, closes in known[today - timedelta(days=1)]
        )
        found.append(begun_today or begun_before)
    return tuple(found)


@lru_cache(maxsize=20_000)
def opened_before(hours: OpenHours, day: int) -> tuple[int, ...]:
    """How many minutes of a day were open before each minute of it, and all of them at the end."""
    counts = [0]
    for is_open in day_of_minutes(hours, day):
        counts.append(counts[-1] + is_open)
    return tuple(counts)


def elapsed_ms(hours: OpenHours | None, start_ms: int, end_ms: int) -> int:
    """Open time between two instants; None stands for calendar time."""
    if end_ms <= start_ms:
        return 0
    if hours is None:
        return end_ms - start_ms
    whole_days = sum(opened_before(hours, day)[-1] for day in range(start_ms // DAY_MS, end_ms // DAY_MS))
    return whole_days * MINUTE_MS + _since_midnight(hours, end_ms) - _since_midnight(hours, start_ms)


def _since_midnight(hours: OpenHours, at_ms: int) -> int:
    day, within_ms = divmod(at_ms, DAY_MS)
    minute, rest_ms = divmod(within_ms, MINUTE_MS)
    return opened_before(hours, day)[minute] * MINUTE_MS + rest_ms * day_of_minutes(hours, day)[minute]


def after_ms(hours: OpenHours | None, start_ms: int, open_ms: int) -> int | None:
    """The first instant by which so much open time has passed."""
    if hours is None:
        return start_ms + open_ms
    left = open_ms + _since_midnight(hours, start_ms)
    for day in range(start_ms // DAY_MS, start_ms // DAY_MS + MOST_DAYS):
        whole_day_ms = opened_before(hours, day)[-1] * MINUTE_MS
        if left > whole_day_ms:
            left -= whole_day_ms
            continue
        for minute, is_open in enumerate(day_of_minutes(hours, day)):
            if is_open and left <= MINUTE_MS:
                return day * DAY_MS + minute * MINUTE_MS + left
            left -= MINUTE_MS * is_open
    return None


def is_open(hours: OpenHours | None, at_ms: int) -> bool:
    """Whether the minute of an instant is open."""
    return hours is None or day_of_minutes(hours, at_ms // DAY_MS)[at_ms % DAY_MS // MINUTE_MS]


@dataclass(frozen=True)
class Line:
    """One promise and for whom; None matches all."""

    names: tuple[frozenset[str] | None, ...]  # team, channel, priority, segment
    within_ms: int
    objective: float
    all_the_time: bool

    def matches(self, dimensions: Sequence[str]) -> bool:
        """Whether the line is for tickets of these dimensions; of a desk without segments there are three."""
        return all(
            names is None or one_spelling(value) in {one_spelling(name) for name in names}
            for names, value in zip(self.names, dimensions, strict=False)
        )


@dataclass(frozen=True)
class Edition:
    """One version of the policy."""

    since_ms: int | None
    lines: Mapping[str, tuple[Line, ...]]
    calendars: Mapping[str, OpenHours | None]  # by name; `always` is None
    default: str
    teams: Mapping[str, str]
    retargets: bool = False  # whether a triage sets the promise anew
    pausing: frozenset[str] = PAUSING  # the statuses that pause the clock of the resolution
    for_open: bool = False  # whether it is also for tickets that are open when it begins

    def hours(self, team: str) -> OpenHours | None:
        """The calendar of a team."""
        own = {one_spelling(name): calendar for name, calendar in self.teams.items()}
        return self.calendars[own.get(one_spelling(team), self.default)]

    def line(self, target: str, dimensions: Sequence[str]) -> Line | None:
        """The first line that matches."""
        place = self.place(target, dimensions)
        return None if place is None else self.lines[target][place]

    def place(self, target: str, dimensions: Sequence[str]) -> int | None:
        """The place of the first line that matches among those of its target."""
        return next(
            (place for place, line in enumerate(self.lines[target]) if line.matches(dimensions)), None
        )


def read_policy(document: Mapping[str, Any]) -> list[Edition]:
    """The versions of a policy file that is known to be right, as YAML gives it."""
    return [_edition(version) for version in document["versions"]]


def names_written(editions: Sequence[Edition], place: int) -> list[str]:
    """The names of a dimension as the policy writes them, those of the newest edition first.

    The dimension is its place among team, channel, priority and segment.
    """
    found: list[str] = []
    for edition in reversed(editions):
        for target in TARGETS:
            for line in edition.lines[target]:
                found.extend(sorted(line.names[place] or ()))
        found.extend(edition.teams if place == 0 else ())
    return found


def in_force(editions: Sequence[Edition], at_ms: int) -> Edition | None:
    """The last version that had begun at an instant."""
    begun = [edition for edition in editions if edition.since_ms is None or edition.since_ms <= at_ms]
    return begun[-1] if begun else None


def has_hours(editions: Sequence[Edition]) -> bool:
    """Whether any team has ever had a calendar of hours."""
    return any(
        edition.calendars[name] is not None
        for edition in editions
        for name in (edition.default, *edition.teams.values())
    )


def desk_zone(editions: Sequence[Edition]) -> str | None:
    """The zone of the default calendars, where they have one in common."""
    zones = {hours.zone for edition in editions if (hours := edition.calendars[edition.default]) is not None}
    return zones.pop() if len(zones) == 1 else None


def _edition(version: Mapping[str, Any]) -> Edition:
    since = version.get("effective_from")
    text = since.isoformat() if isinstance(since, datetime) else str(since)
    calendars = {name: _open_hours(calendar) for name, calendar in version.get("calendars", {}).items()}
    return Edition(
        None if since is None else _instant_ms(text),
        {target: tuple(_line(line) for line in version.get(target, ())) for target in TARGETS},
        {"always": None, **calendars},
        version.get("default_calendar", "always"),
        version.get("team_calendars", {}),
        version.get("after_triage") == "retarget",
        frozenset(version.get("pausing_statuses", PAUSING)),
        version.get("effective_for") == "open",
    )


def _line(line: Mapping[str, Any]) -> Line:
    names = tuple(
        None if line.get(word) is None else frozenset(_many(line[word]))
        for word in ("team", "channel", "priority", "segment")
    )
    objective = float(line["objective"].strip().removesuffix("%")) / 100
    return Line(names, _duration_ms(line["within"]), objective, line.get("clock") == "calendar")


def _instant_ms(text: str) -> int:
    return int(text) if text.isdecimal() else (datetime.fromisoformat(text) - EPOCH) // MILLISECOND


def _duration_ms(text: str) -> int:
    """Milliseconds of a duration such as 4h, 1h30m or 0.5s."""
    return round(sum(float(number) * _UNITS_MS[unit] for number, unit in _PART_OF_DURATION.findall(text)))


def _open_hours(calendar: Mapping[str, Any]) -> OpenHours:
    week: list[Hours] = [()] * 7
    for key, spans in calendar["hours"].items():
        first, _, last = key.lower().partition("-")
        for weekday in range(WEEKDAYS.index(first), WEEKDAYS.index(last or first) + 1):
            week[weekday] = _spans(spans)
    free = calendar.get("holidays", {})
    special = {_date(day): _spans(spans) for day, spans in calendar.get("dates", {}).items()}
    kept = set(map(_date, _many(free.get("remove", ()))))
    closed = _of_country(free, "public") | {
        day for entry in _many(free.get("add", ())) for day in _from_to(entry)
    }
    halves: dict[date, Hours] = {}
    if "half_days" in free:
        halves.update(dict.fromkeys(_of_country(free, "half_day"), _spans(free["half_days"])))
    for entry in _many(free.get("every", ())):
        hours = _spans(entry.get("hours", ())) if isinstance(entry, Mapping) else ()
        if hours:
            halves.update(dict.fromkeys(_every_year(entry), hours))
        else:
            closed |= set(_every_year(entry))
    dates: dict[date, Hours] = {}
    for day in {*special, *closed, *halves}:
        if day in special:
            dates[day] = special[day]
        elif day in kept:
            continue
        elif day in closed:
            dates[day] = ()
        else:
            dates[day] = halves[day] if week[day.weekday()] else ()
    return OpenHours(calendar["time_zone"], tuple(week), tuple(sorted(dates.items())))


def _of_country(free: Mapping[str, Any], category: str) -> set[date]:
    """The days of a country and region that the library knows; none without a country."""
    if not free.get("country"):
        return set()
    region = free.get("region")
    years = range(FIRST_YEAR, LAST_YEAR + 1)
    return set(holidays.country_holidays(free["country"], subdiv=region, years=years, categories=(category,)))


def _from_to(entry: Any) -> list[date]:
    """The dates of one entry of `add`."""
    if not isinstance(entry, Mapping):
        return [_date(entry)]
    first = _date(entry["day"])
    last = _date(entry.get("to", first))
    return [first + timedelta(days=later) for later in range((last - first).days + 1)]


def _every_year(entry: Any) -> list[date]:
    """The dates of one entry of `every`, found by looking at each day of each year."""
    words: Mapping[str, Any] = entry if isinstance(entry, Mapping) else {"day": entry}
    first: str = words["day"]
    last: str = words.get("to", first)
    found = []
    day = date(FIRST_YEAR, 1, 1)
    while day.year <= LAST_YEAR:
        begun = _begun(day, first, last)
        if begun is not None and words.get("from", begun) <= begun <= words.get("until", begun):
            found.append(day)
        day += timedelta(days=1)
    return found


def _begun(day: date, first: str, last: str) -> int | None:
    """The year in which the span began that a day lies in; None where it lies in none.

    Month and day of four digits compare as texts.
    """
    today = day.strftime("%m-%d")
    begun = day.year if first <= last or today >= first else day.year - 1
    inside = first <= today <= last if first <= last else today >= first or today <= last
    is_leap = begun % 4 == 0 and (begun % 100 != 0 or begun % 400 == 0)
    return begun if inside and (first != "02-29" or is_leap) else None


def _date(value: Any) -> date:
    return value if isinstance(value, date) else date.fromisoformat(value)


def _spans(spans: Any) -> Hours:
    found = []
    for span in _many(spans):
        match = _SPAN.fullmatch(span)
        assert match is not None
        a, b, c, d = map(int, match.groups())
        opens, closes = a * 60 + b, c * 60 + d
        found.append((opens, closes if closes > opens else closes + 1_440))
    return tuple(found)


def _many(value: Any) -> Any:
    return value if isinstance(value, (list, tuple)) else [value]
