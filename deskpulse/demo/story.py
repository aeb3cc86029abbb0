"""What the demo's desk does: two months of history, then a livelier present, as one stream in the order of publication."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Final

from deskpulse.simulator import TimedEvent, simulate
from windows.panes import DAY_MS, HOUR_MS

HISTORY_MS: Final = 60 * DAY_MS + 6 * HOUR_MS  # the window 30d and the 30 days before it
HISTORY_RATE: Final = 12.0  # tickets an hour
LIVE_MS: Final = 2 * HOUR_MS  # the livelier present begins so long ago, so that the short windows are full at once
LIVE_RATE: Final = 240.0
_SEEDS: Final = (2025, 2026)


def story(scenario: str, *, now_ms: int, rate_per_hour: float) -> Iterator[TimedEvent]:
    """Events without end: a calm history that goes on, and from LIVE_MS ago the scenario at the given rate."""
    start_ms = now_ms - HISTORY_MS
    past = simulate("calm", seed=_SEEDS[0], start_ms=start_ms, rate_per_hour=HISTORY_RATE, moment_ms=now_ms)
    present = simulate(scenario, seed=_SEEDS[1], start_ms=now_ms - LIVE_MS, rate_per_hour=rate_per_hour, moment_ms=now_ms)
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
