"""The simulation as a whole: arrivals of all kinds, merged in time.

It writes the events out in the order of publication.
"""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Callable, Iterator
from functools import partial
from operator import itemgetter
from random import Random
from typing import Final

from deskpulse.ingest.events_io import TimedEvent, record_key
from deskpulse.lab.simulator.curve import PEAK, arrivals, weekly_factor
from deskpulse.lab.simulator.customers import CustomerBase
from deskpulse.lab.simulator.desk import DEFAULT_DESK, MINUTE_MS, SimulatedDesk
from deskpulse.lab.simulator.happening import EventIds
from deskpulse.lab.simulator.outbox import Outbox
from deskpulse.lab.simulator.presence import Attendance
from deskpulse.lab.simulator.scenarios import SCENARIOS, Scenario
from deskpulse.lab.simulator.surveys import answer_without_ticket
from deskpulse.lab.simulator.tickets import TicketWriter

_LIVE_MOMENT_MS: Final = 10 * MINUTE_MS  # of a scenario, when the simulation has no end

Occur = Callable[[int], None]


def simulate(
    scenario: str = "calm",
    *,
    seed: int,
    start_ms: int,
    end_ms: int | None = None,
    rate_per_hour: float = 60.0,
    desk: SimulatedDesk = DEFAULT_DESK,
    moment_ms: int | None = None,
    presence_ms: int | None = None,
) -> Iterator[TimedEvent]:
    """Yield the events published in `[start_ms, end_ms)`, in that order; endless without an end.

    Times are epoch milliseconds. `rate_per_hour` is the mean of new tickets over a week. `moment_ms` is when
    the scenario begins to bite: without one in the middle of the span, or ten minutes after the start of an
    endless run. Teams of five or more tell their presence from `presence_ms` on; without one none does. The
    existing customers come first, dated up to 400 days before the start. The same arguments give the same
    events, byte for byte; identifiers differ between runs with other arguments, so that runs can share
    topics. Errors: ValueError for an unknown scenario, a rate below 0, an end that is not after the start.
    """
    if scenario not in SCENARIOS:
        message = f"scenario is {scenario!r}; it must be one of {', '.join(SCENARIOS)}"
        raise ValueError(message)
    if rate_per_hour < 0:
        message = f"rate_per_hour is {rate_per_hour}; it must be 0 or more"
        raise ValueError(message)
    if end_ms is not None and end_ms <= start_ms:
        message = f"end_ms {end_ms} is not after start_ms {start_ms}"
        raise ValueError(message)
    if moment_ms is None:
        moment_ms = start_ms + (_LIVE_MOMENT_MS if end_ms is None else (end_ms - start_ms) // 2)
    tag = hashlib.sha256(f"{scenario}/{seed}/{start_ms}/{rate_per_hour}".encode()).hexdigest()[:6]
    kind = SCENARIOS[scenario]
    desk = kind.adapt(desk)
    run = _Run(desk, kind(desk, moment_ms), seed=seed, tag=tag, rate_per_hour=rate_per_hour)
    return run.events(start_ms, end_ms, presence_ms=presence_ms)


class _Run:
    """One run; each part of it draws from a random stream of its own.

    So the draws of one part do not move those of another.
    """

    def __init__(
        self, desk: SimulatedDesk, scenario: Scenario, *, seed: int, tag: str, rate_per_hour: float
    ) -> None:
        self._desk, self._scenario, self._seed, self._tag, self._rate = (
            desk,
            scenario,
            seed,
            tag,
            rate_per_hour,
        )
        self._outbox = Outbox(desk, scenario, self._stream("outbox"))
        self._writer = TicketWriter(desk, scenario, self._stream("tickets"))
        self._customers = CustomerBase(
            desk, self._stream("customers"), tag=tag, size=desk.customers(rate_per_hour)
        )
        self._mailing = self._stream("mailing")
        self._mailing_ids = EventIds(self._mailing)
        self._attendance = Attendance(desk, scenario, self._stream("presence"))
        self._bent = self._stream("bent")
        self._bent_ids = EventIds(self._bent)
        self._tickets = 0

    def events(self, start_ms: int, end_ms: int | None, *, presence_ms: int | None) -> Iterator[TimedEvent]:
        """All events of the run, by publication.

        What can still come before the next occurrence is held back until then.
        """
        for event in self._customers.history(start_ms):
            yield TimedEvent(start_ms, event.topic, record_key(event.topic, event.value), event.value)
        span = (start_ms, end_ms)
        calm = Scenario(self._desk, start_ms)
        mailings_per_hour = self._rate * self._desk.rates.survey_without_ticket
        occurrences = heapq.merge(
            self._occurrences(self._new_ticket, span, per_hour=self._rate, scenario=self._scenario),
            self._occurrences(
                self._customer_moves, span, per_hour=self._customers.moves_per_hour, scenario=calm
            ),
            self._occurrences(self._customer_answers, span, per_hour=mailings_per_hour, scenario=calm),
            () if presence_ms is None else self._shifts(max(start_ms, presence_ms), end_ms),
            key=itemgetter(0),
        )
        for at_ms, occur in occurrences:
            yield from self._outbox.release(at_ms)
            occur(at_ms)
        yield from self._outbox.release(end_ms)

    def _occurrences(
        self, occur: Occur, span: tuple[int, int | None], *, per_hour: float, scenario: Scenario
    ) -> Iterator[tuple[int, Occur]]:
        """When something of one sort occurs, and what writes its events."""
        rng, factor = self._stream(f"when/{occur.__name__}"), partial(self._volume, scenario)
        for at_ms in arrivals(rng, *span, rate_per_hour=per_hour, factor=factor, peak=PEAK * scenario.peak):
            yield at_ms, occur

    def _shifts(self, presence_ms: int, end_ms: int | None) -> Iterator[tuple[int, Occur]]:
        """When teams tell their presence; never where nobody writes."""
        if self._rate > 0:
            for at_ms in self._attendance.instants(presence_ms, end_ms):
                yield at_ms, self._tell_presence

    def _volume(self, scenario: Scenario, at_ms: int) -> float:
        return weekly_factor(scenario.local(at_ms)) * scenario.volume(at_ms)

    def _new_ticket(self, at_ms: int) -> None:
        self._tickets += 1
        ticket = self._writer.write(f"T-{self._tag}-{self._tickets:07}", self._customers.writer(), at_ms)
        self._outbox.push(self._scenario.bend(ticket, self._bent, self._bent_ids))

    def _customer_moves(self, at_ms: int) -> None:
        self._outbox.push([self._customers.move(at_ms)])

    def _customer_answers(self, at_ms: int) -> None:
        writer = self._customers.writer()
        self._outbox.push(
            [answer_without_ticket(at_ms, writer, self._desk, self._mailing, self._mailing_ids)]
        )

    def _tell_presence(self, at_ms: int) -> None:
        for publish_ms, event in self._attendance.told(at_ms):
            self._outbox.put(publish_ms, event)

    def _stream(self, name: str) -> Random:
        return Random(f"{self._seed}/{name}")  # a text: hashed by SHA-512, so independent of PYTHONHASHSEED
