"""Hours of a calendar as time intervals of Alertmanager, which mute what nobody would read then.

Closed hours, and the first hour of a day.

Alertmanager knows unions of intervals only. So a week is written as its muted hours; a date on which more is
muted than on its weekday adds hours; and a date on which less is muted is left out of the week and written by
itself.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from itertools import groupby
from typing import Any, Final

from kpis.sla.calendar import Hours, WorkingTime

_DAY: Final = 1_440
_HOUR: Final = 60
# minutes; the longest siesta is shorter, and a night in which tickets pile up is longer
_CLOSED_OVERNIGHT: Final = 300
# days, the last included: hours may go on past midnight, and a gap begins on the day before
_REMEMBERED: Final = 3
_MONTHS: Final = 12
_DAYS: Final = 31
_FIRST_YEAR, _LAST_YEAR = 1970, 2999
_WEEKDAYS: Final = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
Spans = tuple[tuple[int, int], ...]  # minutes of a day, [start, end), ascending and apart
TimeInterval = dict[str, Any]


def closed(time: WorkingTime, years: range) -> list[TimeInterval]:
    """The closed hours of a calendar; dates with hours of their own are named for `years`."""
    return _written(time, years, lambda hours: _complement(_opened(hours[-1], hours[-2])))


def first_hours(time: WorkingTime, years: range) -> list[TimeInterval]:
    """The first hour after each opening of a calendar, but not after a break.

    Dates with hours of their own are named for `years`.
    """
    return _written(time, years, _opening)


# the hours of successive days to what is muted on the last of them
Muted = Callable[[Sequence[Hours]], Spans]


def _written(time: WorkingTime, years: range, muted: Muted) -> list[TimeInterval]:
    week = [muted([time.week[(day - back) % 7] for back in reversed(range(_REMEMBERED))]) for day in range(7)]
    special = {
        day: spans for day, spans in _special(time, years, muted).items() if spans != week[day.weekday()]
    }
    less = {day for day, spans in special.items() if not _within(week[day.weekday()], spans)}
    found = [interval for spans, days in _alike(week) for interval in _of_week(spans, days, less)]
    for day, spans in sorted(special.items()):
        if day in less:
            found += _of_dates([day], spans)
    found += _repeated({day: spans for day, spans in special.items() if day not in less})
    return [{**interval, "location": time.zone} for interval in found]


def _special(time: WorkingTime, years: range, muted: Muted) -> dict[date, Spans]:
    """The muted spans of the dates with hours of their own, and of the days after them.

    For the day after such a date, the date is its past.
    """
    found = {}
    for day in time.dates:
        for touched in (day + timedelta(days=later) for later in range(_REMEMBERED)):
            if touched.year in years:
                past = [touched - timedelta(days=back) for back in reversed(range(_REMEMBERED))]
                found[touched] = muted([time.dates.get(one, time.week[one.weekday()]) for one in past])
    return found


def _opening(hours: Sequence[Hours]) -> Spans:
    """The minutes of the last day that lie in the first hour after an opening.

    Only closed hours that are longer than any break come before an opening.
    """
    spans = _joined(
        (opens + (number - len(hours) + 1) * _DAY, closes + (number - len(hours) + 1) * _DAY)
        for number, day in enumerate(hours)
        for opens, closes in day
    )
    ends = [-len(hours) * _DAY, *(end for _, end in spans)]
    opened = [
        start for (start, _), before in zip(spans, ends, strict=False) if start - before >= _CLOSED_OVERNIGHT
    ]
    return tuple((max(0, at), min(_DAY, at + _HOUR)) for at in opened if -_HOUR < at < _DAY)


def _opened(today: Hours, yesterday: Hours) -> Spans:
    """The minutes of a day that are open.

    They are its own hours until midnight, and what is left of those of the day before.
    """
    return _joined(
        [
            *((opens, min(closes, _DAY)) for opens, closes in today),
            *((max(0, opens - _DAY), closes - _DAY) for opens, closes in yesterday if closes > _DAY),
        ]
    )


def _joined(spans: Iterable[tuple[int, int]]) -> Spans:
    """Spans without overlaps, ascending."""
    merged: list[tuple[int, int]] = []
    for opens, closes in sorted(spans):
        if merged and opens <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], closes))
        else:
            merged.append((opens, closes))
    return tuple(merged)


def _complement(spans: Spans) -> Spans:
    edges = [0, *(edge for span in spans for edge in span), _DAY]
    return tuple((start, end) for start, end in zip(edges[::2], edges[1::2], strict=True) if start < end)


def _within(inner: Spans, outer: Spans) -> bool:
    return all(any(start <= opens and closes <= end for start, end in outer) for opens, closes in inner)


def _alike(week: Sequence[Spans]) -> Iterator[tuple[Spans, list[str]]]:
    """Weekdays by what is muted on them, ranges of them as Alertmanager writes them."""
    days: dict[Spans, list[int]] = defaultdict(list)
    for day, spans in enumerate(week):
        days[spans].append(day)
    for spans, numbers in days.items():
        # Alertmanager's week begins on Sunday, so no range goes from Saturday to Sunday.
        from_sunday = sorted((day + 1) % 7 for day in numbers)
        yield spans, [_range(_WEEKDAYS[first], _WEEKDAYS[last]) for first, last in _runs(from_sunday)]


def _of_week(spans: Spans, days: list[str], less: set[date]) -> Iterator[TimeInterval]:
    if spans:
        for part in _all_but(less):
            yield {**_times(spans), "weekdays": days, **part}


def _of_dates(days: Sequence[date], times: Spans) -> Iterator[TimeInterval]:
    """Muted hours on dates of one month and day, in several years."""
    if times:
        years = [_range(str(first), str(last)) for first, last in _runs([day.year for day in days])]
        yield {
            **_times(times),
            "days_of_month": [str(days[0].day)],
            "months": [str(days[0].month)],
            "years": years,
        }


def _repeated(special: Mapping[date, Spans]) -> Iterator[TimeInterval]:
    """The same day of several years in one: most holidays come every year."""
    alike: dict[tuple[int, int, Spans], list[date]] = defaultdict(list)
    for day, spans in sorted(special.items()):
        alike[day.month, day.day, spans].append(day)
    for (_, _, spans), days in sorted(alike.items()):
        yield from _of_dates(days, spans)


def _times(spans: Spans) -> TimeInterval:
    return (
        {}
        if spans == ((0, _DAY),)
        else {"times": [{"start_time": _clock(start), "end_time": _clock(end)} for start, end in spans]}
    )


def _all_but(days: set[date]) -> Iterator[TimeInterval]:
    """Every date but some: other years, other months of their years, other days of their months."""
    if not days:
        yield {}
        return
    years = sorted({day.year for day in days})
    yield {"years": _gaps(years, _FIRST_YEAR, _LAST_YEAR)}
    for year in years:
        months = sorted({day.month for day in days if day.year == year})
        if others := _gaps(months, 1, _MONTHS):
            yield {"months": others, "years": [str(year)]}
        for month in months:
            taken = sorted(day.day for day in days if (day.year, day.month) == (year, month))
            if others := _gaps(taken, 1, _DAYS):
                yield {"days_of_month": others, "months": [str(month)], "years": [str(year)]}


def _gaps(taken: Sequence[int], first: int, last: int) -> list[str]:
    left = [number for number in range(first, last + 1) if number not in set(taken)]
    return [_range(str(start), str(end)) for start, end in _runs(left)]


def _runs(numbers: Sequence[int]) -> Iterator[tuple[int, int]]:
    """First and last of each run of successive numbers, which ascend.

    >>> list(_runs([1, 2, 3, 5]))
    [(1, 3), (5, 5)]
    """
    for _, run in groupby(enumerate(numbers), key=lambda pair: pair[1] - pair[0]):
        members = [number for _, number in run]
        yield members[0], members[-1]


def _range(first: str, last: str) -> str:
    return first if first == last else f"{first}:{last}"


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"
