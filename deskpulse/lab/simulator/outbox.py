"""From happening to publishing: when each event reaches Kafka, with the disorder of real upstreams."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from random import Random
from typing import Final

from deskpulse.ingest.events_io import TimedEvent, record_key
from deskpulse.lab.simulator.desk import HOUR_MS, MINUTE_MS, SECOND_MS, SimulatedDesk, Spread
from deskpulse.lab.simulator.happening import Happening
from deskpulse.lab.simulator.scenarios import Scenario

_TRANSIT_MS: Final = (30, 1_500)  # from happening to Kafka, usually
_LATE: Final = Spread(3 * HOUR_MS, 0.7)
_AGAIN_MS: Final = (SECOND_MS, 10 * MINUTE_MS)  # until a duplicate follows
_BEHIND_MS: Final = (SECOND_MS, 30 * SECOND_MS)  # of a creation behind its reply


class Outbox:
    """Events that happened or will happen, ordered by publication.

    Holds what is still to come, not what was.
    """

    def __init__(self, desk: SimulatedDesk, scenario: Scenario, rng: Random) -> None:
        self._rates, self._scenario, self._rng = desk.rates, scenario, rng
        self._waiting: list[tuple[int, int, int, TimedEvent]] = []
        self._pushed = 0

    def push(self, events: Sequence[Happening]) -> None:
        """Plan the publication of the events of one ticket or customer.

        A ticket's creation, if it is told at all, comes first in `events`.
        """
        plan = [event.at_ms + self._transit_ms() for event in events]
        if self._chance(self._rates.out_of_order):
            reply = next((index for index, event in enumerate(events) if event.topic == "first-reply"), None)
            if reply is not None and events[0].topic == "ticket-created":
                plan[0] = plan[reply] + self._rng.randint(*_BEHIND_MS)
        for event, publish_ms in zip(events, plan, strict=True):
            self.put(publish_ms, event)
            if self._chance(self._rates.duplicate):
                self.put(publish_ms + self._rng.randint(*_AGAIN_MS), event)

    def release(self, until_ms: int | None) -> Iterator[TimedEvent]:
        """Hand out what is published before `until_ms` (without one: everything), in order."""
        while self._waiting and (until_ms is None or self._waiting[0][0] < until_ms):
            yield heapq.heappop(self._waiting)[-1]

    def put(self, planned_ms: int, event: Happening) -> None:
        """Queue one event by its publication; what an outage holds back keeps its planned order."""
        publish_ms = self._scenario.publish_at(planned_ms)
        self._pushed += 1
        timed = TimedEvent(publish_ms, event.topic, record_key(event.topic, event.value), event.value)
        heapq.heappush(self._waiting, (publish_ms, planned_ms, self._pushed, timed))

    def _transit_ms(self) -> int:
        late_ms = _LATE.draw(self._rng) if self._chance(self._rates.late) else 0
        return late_ms + self._rng.randint(*_TRANSIT_MS)

    def _chance(self, probability: float) -> bool:
        return self._rng.random() < probability
