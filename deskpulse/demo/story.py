"""What the demo's desk does: two months of history, then a livelier present, as one stream in the order of publication."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Final
from zoneinfo import ZoneInfo

from deskpulse.simulator import DEFAULT_DESK, TimedEvent, simulate
from deskpulse.simulator.curve import local_time, weekly_factor
from windows.panes import DAY_MS, HOUR_MS

HISTORY_MS: Final = 60 * DAY_MS + 6 * HOUR_MS  # the window 30d and the 30 days before it
HISTORY_RATE: Final = 12.0  # tickets an hour
LIVE_MS: Final = 2 * HOUR_MS  # the livelier present begins so long ago, so that the short windows are full at once
LIVE_RATE: Final = 240.0
_LEAST_FACTOR: Final = 0.02
_SEEDS: Final = (2025, 2026)


def story(scenario: str, *, now_ms: int, rate_per_hour: float, history_rate: float = HISTORY_RATE) -> Iterator[TimedEvent]:
    """Events without end: a calm history that goes on, and from LIVE_MS ago the scenario, at `rate_per_hour` new tickets about now.

    A simulation's rate is the mean of its week; a demo at night or on a Sunday shall not look asleep.
    """
    start_ms = now_ms - HISTORY_MS
    busy = max(weekly_factor(local_time(now_ms, ZoneInfo(DEFAULT_DESK.zone))), _LEAST_FACTOR)
    past = simulate("calm", seed=_SEEDS[0], start_ms=start_ms, rate_per_hour=history_rate, moment_ms=now_ms)
    present = simulate(scenario, seed=_SEEDS[1], start_ms=now_ms - LIVE_MS, rate_per_hour=rate_per_hour / busy, moment_ms=now_ms)
    customers, rest = _customers_first(present, now_ms - LIVE_MS)
    # The customers of the present were there before the history began: later they would be too late for the event clock.
    known = (event._replace(publish_ms=start_ms) for event in customers)
    return heapq.merge(chain(known, past), rest, key=lambda event: event.publish_ms)


def _customers_first(events: Iterator[TimedEvent], start_ms: int) -> tuple[list[TimedEvent], Iterable[TimedEvent]]:
    customers: list[TimedEvent] = []
    for event in events:
        if event.publish_ms > start_ms:
            return customers, chain([event], events)
        customers.append(event)
    return customers, ()
