"""The oracle's own calendar: which stretch of event time a window covers."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from oracle.fields import EPOCH, MILLISECOND, YEAR_2200_MS

MINUTE_MS: Final = 60_000
QUARTER_MS: Final = 15 * MINUTE_MS
HOUR_MS: Final = 60 * MINUTE_MS
DAY_MS: Final = 24 * HOUR_MS
WEEK_MS: Final = 7 * DAY_MS

# window: (pane, number of panes)
ROLLING: Final = {
    "15m": (MINUTE_MS, 15),
    "1h": (MINUTE_MS, 60),
    "8h": (QUARTER_MS, 32),
    "24h": (QUARTER_MS, 96),
    "7d": (6 * HOUR_MS, 28),
    "30d": (6 * HOUR_MS, 120),
    "365d": (DAY_MS, 365),
}
WINDOWS: Final = (*ROLLING, "today")  # and "all", only when asked for
WITH_WEEK_AGO: Final = frozenset({"8h", "24h"})
# (period, days back) of `today`
TODAYS: Final = (("current", 0), ("previous", 1), ("week_ago", 7))


@dataclass(frozen=True, slots=True)
class Span:
    """A window of event time, `[start_ms, end_ms)`, and how much of it has passed.

    The current one ends with the minute that contains `as_of`: what is dated later has not happened yet.
    Customers are counted in whole panes, up to `pane_end_ms`.
    """

    window: str
    period: str
    start_ms: int
    end_ms: int
    covered_ms: int
    pane_end_ms: int


def spans(
    *,
    as_of_ms: int,
    time_zone: str,
    windows: Collection[str],
    first_ms: int | None = None,
) -> list[Span]:
    """List the spans of the windows asked for, with every period that each has.

    `first_ms` is the earliest event: the start of the window `all`.
    """
    unknown = set(windows) - {*WINDOWS, "all"}
    if unknown:
        message = f"unknown windows {sorted(unknown)}: expected {[*WINDOWS, 'all']}"
        raise ValueError(message)
    found = [span for name in ROLLING if name in windows for span in _rolling(name, as_of_ms)]
    if "today" in windows:
        found.extend(_todays(as_of_ms, ZoneInfo(time_zone)))
    if "all" in windows:
        covered_ms = 0 if first_ms is None else as_of_ms - first_ms
        found.append(Span("all", "current", 0, YEAR_2200_MS, covered_ms, YEAR_2200_MS))
    return found


def _rolling(window: str, as_of_ms: int) -> Iterator[Span]:
    """The last n panes, the one of `as_of` included; the n before; the week before."""
    pane_ms, panes = ROLLING[window]
    length_ms = pane_ms * panes
    end_ms = _floor(as_of_ms, pane_ms) + pane_ms
    start_ms = end_ms - length_ms
    yield Span(window, "current", start_ms, _next_minute(as_of_ms), as_of_ms - start_ms, end_ms)
    yield Span(window, "previous", start_ms - length_ms, start_ms, length_ms, start_ms)
    if window in WITH_WEEK_AGO:
        yield Span(window, "week_ago", start_ms - WEEK_MS, end_ms - WEEK_MS, length_ms, end_ms - WEEK_MS)


def _todays(as_of_ms: int, zone: ZoneInfo) -> Iterator[Span]:
    """From local midnight to the same time of day, in whole panes of 15 min."""
    now = (EPOCH + as_of_ms * MILLISECOND).astimezone(zone).replace(tzinfo=None)
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    for period, days in TODAYS:
        back = timedelta(days=days)
        start_ms = _floor(_instant_ms(midnight - back, zone), QUARTER_MS)
        then_ms = _instant_ms(now - back, zone) if days else as_of_ms
        end_ms = _floor(then_ms, QUARTER_MS) + QUARTER_MS
        covered_ms = end_ms - start_ms if days else as_of_ms - start_ms
        yield Span("today", period, start_ms, end_ms if days else _next_minute(as_of_ms), covered_ms, end_ms)


def _instant_ms(local: datetime, zone: ZoneInfo) -> int:
    """Read a wall clock with fold=0: the first of two, or shifted over a gap."""
    return (local.replace(tzinfo=zone, fold=0) - EPOCH) // MILLISECOND


def _next_minute(at_ms: int) -> int:
    return _floor(at_ms, MINUTE_MS) + MINUTE_MS


def _floor(at_ms: int, pane_ms: int) -> int:
    return at_ms // pane_ms * pane_ms
