"""A busy present over a thin past.

It is for checks that need every window filled and an oracle that is soon done.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from itertools import chain
from typing import Final

from deskpulse.ingest.events_io import TimedEvent
from deskpulse.lab.demo.story import HISTORY_MS, demo_desk, story
from deskpulse.lab.simulator import simulate
from windows.panes import HOUR_MS

_PRESENT_MS: Final = 2 * HOUR_MS
_SEED: Final = 2025


def thin_story(
    scenario: str, *, now_ms: int, rate_per_hour: float, history_rate: float
) -> Iterator[TimedEvent]:
    """A story like `story`, with a calm desk before its last two hours.

    The calm desk has `history_rate` tickets an hour in the mean of its week.
    """
    start_ms = now_ms - HISTORY_MS
    past = simulate(
        "calm", seed=_SEED, start_ms=start_ms, rate_per_hour=history_rate, desk=demo_desk(scenario, now_ms)
    )
    present = story(scenario, now_ms=now_ms, rate_per_hour=rate_per_hour, history_ms=_PRESENT_MS)
    customers: list[TimedEvent] = []
    for event in present:
        if event.publish_ms > now_ms - _PRESENT_MS:
            # The customers of the present were there before the history began: later they would be too late
            # for the event clock.
            known = (one._replace(publish_ms=start_ms) for one in customers)
            return heapq.merge(chain(known, past), chain([event], present), key=lambda one: one.publish_ms)
        customers.append(event)
    return past
