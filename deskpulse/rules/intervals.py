"""When a calendar is closed, as time intervals of Alertmanager, which mute what nobody would read then.

Alertmanager knows unions of intervals only. So the week is written as its closed hours; a date on which less is worked adds closed
hours; and a date on which more is worked is left out of the week and written by itself.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from itertools import groupby
from typing import Any, Final

from kpis.calendar import WorkingTime

_DAY: Final = 1_440
_MONTHS: Final = 12
_DAYS: Final = 31
_FIRST_YEAR, _LAST_YEAR = 1970, 2999
_WEEKDAYS: Final = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
Spans = tuple[tuple[int, int], ...]  # minutes of a day, [start, end), ascending and apart
Interval = dict[str, Any]


def closed(time: WorkingTime, years: range) -> list[Interval]:
    """The closed hours of a calendar; dates with hours of their own are told for `years`."""
    week = [_opened(time.week[day], time.week[day - 1]) for day in range(7)]
    special = {day: spans for day, spans in _special(time, years).items() if spans != week[day.weekday()]}
    longer = {day for day, spans in special.items() if not _within(spans, week[day.weekday()])}
    found = [interval for spans, days in _alike(week) for interval in _of_week(spans, days, longer)]
    for day, spans in sorted(special.items()):
        if day in longer:
            found += _of_dates([day], _complement(spans))
    found += _repeated({day: spans for day, spans in special.items() if day not in longer})
    return [{**interval, "location": time.zone} for interval in found]


def _special(time: WorkingTime, years: range) -> dict[date, Spans]:
    """What is worked on the dates with hours of their own, and on the days after them, into which these may reach."""
    found = {}
    for day in time.dates:
        for touched in (day, day + timedelta(days=1)):
            if touched.year in years:
                before = touched - timedelta(days=1)
                found[touched] = _opened(*(time.dates.get(one, time.week[one.weekday()]) for one in (touched, before)))
    return found


def _opened(today: Iterable[tuple[int, int]], yesterday: Iterable[tuple[int, int]]) -> Spans:
    """The minutes of a day that are open: its own hours until midnight, and what is left of those of the day before."""
    spans = [(opens, min(closes, _DAY)) for opens, closes in today]
    spans += [(max(0, opens - _DAY), closes - _DAY) for opens, closes in yesterday if closes > _DAY]
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
    """Weekdays by what is worked on them, ranges of them as Alertmanager writes them."""
    days: dict[Spans, list[int]] = defaultdict(list)
    for day, spans in enumerate(week):
        days[spans].append(day)
    for spans, numbers in days.items():
        # Alertmanager's week begins on Sunday, so no range goes from Saturday to Sunday.
        from_sunday = sorted((day + 1) % 7 for day in numbers)
        yield spans, [_range(_WEEKDAYS[first], _WEEKDAYS[last]) for first, last in _runs(from_sunday)]


def _of_week(spans: Spans, days: list[str], longer: set[date]) -> Iterator[Interval]:
    times = _complement(spans)
    if times:
        for part in _all_but(longer):
            yield {**_times(times), "weekdays": days, **part}


def _of_dates(days: Sequence[date], times: Spans) -> Iterator[Interval]:
    """Closed hours on dates of one month and day, in several years."""
    if times:
        years = [_range(str(first), str(last)) for first, last in _runs([day.year for day in days])]
        yield {**_times(times), "days_of_month": [str(days[0].day)], "months": [str(days[0].month)], "years": years}


def _repeated(special: Mapping[date, Spans]) -> Iterator[Interval]:
    """The same day of several years in one: most holidays come every year."""
    alike: dict[tuple[int, int, Spans], list[date]] = defaultdict(list)
    for day, spans in sorted(special.items()):
        alike[day.month, day.day, spans].append(day)
    for (_, _, spans), days in sorted(alike.items()):
        yield from _of_dates(days, _complement(spans))


def _times(spans: Spans) -> Interval:
    return {} if spans == ((0, _DAY),) else {"times": [{"start_time": _clock(start), "end_time": _clock(end)} for start, end in spans]}


def _all_but(days: set[date]) -> Iterator[Interval]:
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
