"""Business calendars: when a team works, and how much of its working time lies between two instants.

**An instant is open when the wall clock of the calendar's zone reads a time within the hours of its day.**
Everything follows from this one sentence, also on the days on which clocks change: the hour that is passed
over is not worked, the hour that comes twice is worked twice if it lies within the hours. Spans are
half-open, `[opens, closes)`.

Open spans are made once for a block of about 13 months and then only searched, so a question costs two
bisections.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import accumulate
from typing import Final, NamedTuple, Protocol
from zoneinfo import ZoneInfo

# (opens, closes) in minutes since midnight; closes may be up to 2880: past the next midnight
Hours = tuple[tuple[int, int], ...]
_MINUTE_MS: Final = 60_000
_DAY_MS: Final = 86_400_000
_BLOCK_BITS: Final = 35  # 2^35 ms are 397.7 days
_MOST_BLOCKS: Final = 12  # about 13 years: a deadline that is further off never comes
_STEP_MS: Final = 6 * 3_600_000  # no zone has changed its clocks twice within so little time
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_DAY: Final = date(1970, 1, 1).toordinal()
_MILLISECOND: Final = timedelta(milliseconds=1)
_THURSDAY: Final = 3  # the weekday of 1970-01-01, Monday being 0


class Calendar(Protocol):
    """What a clock needs of a calendar. Instants are epoch milliseconds."""

    def is_open(self, at_ms: int) -> bool:
        """Whether work goes on at an instant."""

    def elapsed_ms(self, start_ms: int, end_ms: int) -> int:
        """Open time within `[start, end)`; 0 when it ends before it starts."""

    def after_ms(self, start_ms: int, open_ms: int) -> int | None:
        """First instant by which `open_ms` of open time have elapsed since the start.

        None when that takes more than 13 years.
        """


class AlwaysOpen:
    """Calendar time: nights, weekends and holidays count.

    >>> AlwaysOpen().elapsed_ms(1_000, 4_000), AlwaysOpen().after_ms(1_000, 3_000)
    (3000, 4000)
    """

    def is_open(self, at_ms: int) -> bool:  # noqa: ARG002 - the protocol's signature
        return True

    def elapsed_ms(self, start_ms: int, end_ms: int) -> int:
        return max(0, end_ms - start_ms)

    def after_ms(self, start_ms: int, open_ms: int) -> int | None:
        return start_ms + open_ms


ALWAYS: Final = AlwaysOpen()


@dataclass(frozen=True, slots=True)
class WorkingTime:
    """The definition of a calendar, as plain values.

    It has its zone, its week, the dates that are other than their weekday, and the day with which lists of
    such dates end.
    """

    zone: str  # IANA name
    week: tuple[Hours, ...]  # seven, Monday first
    dates: Mapping[date, Hours]  # no hours: a holiday
    # the last day of the list that ends first; None: none ends. No figure reads it, and no digest.
    listed_through: date | None = None

    def hours(self, day: int) -> Hours:
        """The hours of a day, counted in days since 1970-01-01."""
        special = self.dates.get(date.fromordinal(_EPOCH_DAY + day))
        return self.week[(day + _THURSDAY) % 7] if special is None else special


class _Block(NamedTuple):
    """The open spans of 2^35 ms."""

    starts: list[int]
    ends: list[int]
    # open time of the block before span i; one entry more than spans: the last is that of all
    before: list[int]

    def passed_ms(self, at_ms: int) -> int:
        """Open time from the start of the block to an instant within it."""
        i = bisect_right(self.starts, at_ms) - 1
        if i < 0:
            return 0
        return self.before[i] + min(at_ms, self.ends[i]) - self.starts[i]

    def at_passed_ms(self, passed: int) -> int:
        """First instant by which `passed` ms of open time have elapsed.

        Requires 0 < passed <= the open time of the block.
        """
        i = bisect_right(self.before, passed - 1) - 1
        return self.starts[i] + passed - self.before[i]


class BusinessCalendar:
    """The open spans of a `WorkingTime`.

    >>> weekdays = (((540, 1020),),) * 5 + ((), ())
    >>> office = BusinessCalendar(WorkingTime("Europe/Madrid", weekdays, {}))
    >>> monday_9_30 = 1_772_440_200_000  # 2026-03-02 09:30 in Madrid
    >>> office.elapsed_ms(
    ...     monday_9_30 - 3 * 86_400_000, monday_9_30
    ... ) // 60_000  # since Friday 9:30: 7 h 30 min and 30 min
    480
    """

    def __init__(self, time: WorkingTime) -> None:
        assert len(time.week) == 7, "a week has seven days"
        self.time = time
        self._zone = ZoneInfo(time.zone)
        self._blocks: dict[int, _Block] = {}

    def is_open(self, at_ms: int) -> bool:
        block = self._block(at_ms >> _BLOCK_BITS)
        i = bisect_right(block.starts, at_ms) - 1
        return i >= 0 and at_ms < block.ends[i]

    def elapsed_ms(self, start_ms: int, end_ms: int) -> int:
        if end_ms <= start_ms:
            return 0
        first, last = start_ms >> _BLOCK_BITS, end_ms >> _BLOCK_BITS
        passed = self._block(last).passed_ms(end_ms) - self._block(first).passed_ms(start_ms)
        for number in range(first, last):
            passed += self._block(number).before[-1]
        return passed

    def after_ms(self, start_ms: int, open_ms: int) -> int | None:
        if open_ms <= 0:
            return start_ms
        first = start_ms >> _BLOCK_BITS
        left = open_ms + self._block(first).passed_ms(start_ms)
        for number in range(first, first + _MOST_BLOCKS):
            block = self._block(number)
            if left <= block.before[-1]:
                return block.at_passed_ms(left)
            left -= block.before[-1]
        return None

    def _block(self, number: int) -> _Block:
        found = self._blocks.get(number)
        if found is None:
            found = self._blocks[number] = self._make_block(
                number << _BLOCK_BITS, (number + 1) << _BLOCK_BITS
            )
        return found

    def _make_block(self, start_ms: int, end_ms: int) -> _Block:
        spans = [span for part in _offsets(self._zone, start_ms, end_ms) for span in self._spans(*part)]
        lengths = [end - start for start, end in spans]
        return _Block(
            [start for start, _ in spans], [end for _, end in spans], list(accumulate(lengths, initial=0))
        )

    def _spans(self, start_ms: int, end_ms: int, offset_ms: int) -> Iterator[tuple[int, int]]:
        """Open spans of a stretch in which the zone keeps one offset, ascending, apart from each other."""
        open_from: int | None = None
        open_to = start_ms
        # From the day before: its hours may go on past midnight.
        for day in range((start_ms + offset_ms) // _DAY_MS - 1, (end_ms + offset_ms) // _DAY_MS + 1):
            midnight = day * _DAY_MS - offset_ms
            for opens, closes in sorted(self.time.hours(day)):
                start, end = (
                    max(start_ms, midnight + opens * _MINUTE_MS),
                    min(end_ms, midnight + closes * _MINUTE_MS),
                )
                if start >= end:
                    continue
                if open_from is not None and start <= open_to:
                    open_to = max(open_to, end)
                    continue
                if open_from is not None:
                    yield open_from, open_to
                open_from, open_to = start, end
        if open_from is not None:
            yield open_from, open_to


def _offsets(zone: ZoneInfo, start_ms: int, end_ms: int) -> Iterator[tuple[int, int, int]]:
    """(start, end, offset from UTC in ms) of the stretches in which a zone keeps its offset."""
    since, offset = start_ms, _offset_ms(zone, start_ms)
    for at in range(start_ms + _STEP_MS, end_ms + _STEP_MS, _STEP_MS):
        later = min(at, end_ms - 1)
        if _offset_ms(zone, later) == offset:
            continue
        low, high = max(since, at - _STEP_MS), later
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if _offset_ms(zone, middle) == offset else (low, middle)
        yield since, high, offset
        since, offset = high, _offset_ms(zone, high)
    yield since, end_ms, offset


def _offset_ms(zone: ZoneInfo, at_ms: int) -> int:
    offset = (_EPOCH + timedelta(milliseconds=at_ms)).astimezone(zone).utcoffset()
    assert offset is not None
    return offset // _MILLISECOND


def time_of(calendar: Calendar) -> WorkingTime | None:
    """What defines a calendar; None for calendar time."""
    return calendar.time if isinstance(calendar, BusinessCalendar) else None


def hours_of_week(spans: Mapping[int, Sequence[tuple[int, int]]]) -> tuple[Hours, ...]:
    """A week from the hours of some weekdays (Monday is 0).

    >>> hours_of_week({0: [(540, 1020)]})[:2]
    (((540, 1020),), ())
    """
    return tuple(tuple(sorted(spans.get(weekday, ()))) for weekday in range(7))
