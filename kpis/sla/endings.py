"""Lists of a policy's calendars that come to an end: after it, days like theirs count as working days."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from kpis.sla.calendar import WorkingTime, time_of
from kpis.sla.policy import ALWAYS_NAME, Policy, Version

QUARTER: Final = timedelta(days=92)  # so long before it ends, an end is told
_YEAR: Final = timedelta(days=366)


class ListEnd(NamedTuple):
    """The end of the lists of a calendar."""

    version: str
    calendar: str
    last: date  # the last day that is listed
    end_ms: int  # the midnight after it, in the calendar's zone

    def is_near(self, now_ms: int) -> bool:
        """Whether less than a quarter is left, or nothing."""
        return self.end_ms - now_ms < QUARTER // timedelta(milliseconds=1)


def list_ends(policy: Policy, now_ms: int) -> list[ListEnd]:
    """Of the version in force and those to come, the calendars that some team works by and whose lists end.

    A list is not told of where the next version has begun before one of its days could come again.
    """
    current = policy.at(now_ms)
    found = []
    for version, later in zip(policy.versions, (*policy.versions[1:], None), strict=True):
        if version is current or (version.effective_ms is not None and version.effective_ms > now_ms):
            next_ms = None if later is None else later.effective_ms
            found += [
                end
                for end in _of_version(version)
                if next_ms is None or next_ms > end.end_ms + _YEAR // timedelta(milliseconds=1)
            ]
    return found


def _of_version(version: Version) -> Iterator[ListEnd]:
    for name in dict.fromkeys((version.default_calendar, *version.team_calendars.values())):
        found = None if name == ALWAYS_NAME else time_of(version.calendars[name])
        if found is not None and found.listed_through is not None:
            yield ListEnd(version.name, name, found.listed_through, _midnight_ms(found, found.listed_through))


def _midnight_ms(calendar: WorkingTime, day: date) -> int:
    """The end of a day."""
    return int(datetime.combine(day + timedelta(days=1), time(), ZoneInfo(calendar.zone)).timestamp()) * 1_000
