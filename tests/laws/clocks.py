"""A slow business clock that looks at every minute: what the quick one is held against."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from kpis.sla.calendar import WorkingTime

MINUTE_MS = 60_000


def epoch_ms(text: str, zone: str) -> int:
    """An instant as a wall clock of a zone shows it, the first of two where it shows it twice."""
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp() * 1000)


def reads_open(time: WorkingTime, at_ms: int) -> bool:
    """Whether the wall clock reads a time within the hours of its day.

    The hours of the day before that go past midnight count too.
    """
    local = datetime.fromtimestamp(at_ms // 1000, UTC).astimezone(ZoneInfo(time.zone))
    minute = local.hour * 60 + local.minute
    today, yesterday = local.date(), local.date() - timedelta(days=1)
    hours = time.dates.get(today, time.week[today.weekday()])
    before = time.dates.get(yesterday, time.week[yesterday.weekday()])
    return any(opens <= minute < closes for opens, closes in hours) or any(
        opens <= minute + 1440 < closes for opens, closes in before
    )


def open_parts(time: WorkingTime, start_ms: int, end_ms: int) -> Iterator[tuple[int, int]]:
    """The open part of every minute between two instants.

    Within a minute nothing changes: offsets and hours are whole minutes.
    """
    for minute in range(start_ms // MINUTE_MS, -(-end_ms // MINUTE_MS)):
        if reads_open(time, minute * MINUTE_MS):
            yield max(start_ms, minute * MINUTE_MS), min(end_ms, (minute + 1) * MINUTE_MS)


def slow_elapsed_ms(time: WorkingTime, start_ms: int, end_ms: int) -> int:
    return sum(end - start for start, end in open_parts(time, start_ms, end_ms))


def slow_after_ms(time: WorkingTime, start_ms: int, open_ms: int, limit_ms: int) -> int | None:
    """The first instant by which so much open time has passed; None when that is beyond the limit."""
    for start, end in open_parts(time, start_ms, limit_ms):
        if open_ms <= end - start:
            return start + open_ms
        open_ms -= end - start
    return None
