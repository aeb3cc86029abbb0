"""Sends simulated events to Kafka, in real time, faster, or flat out; or writes them to a file."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from deskpulse.ingest.events_io import TimedEvent, encode, write_events

MAX_IN_FLIGHT: Final = 10_000  # records handed to the producer and not yet acknowledged
_PROGRESS_EVERY_SECONDS: Final = 0.5
_BREATH: Final = 500  # events after which other tasks get a turn


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast simulated time passes: 1 is real time, 60 a minute a second; infinite is flat out.

    Whatever the speed, nothing is sent before its publication time: a simulation runs fast by starting in the
    past, and runs on in real time when it has caught up with the clock.
    """

    speed: float = 1.0

    def __post_init__(self) -> None:
        """Errors: ValueError for a speed that is not above 0."""
        if not self.speed > 0:
            message = f"speed is {self.speed}; it must be above 0 (1 is real time)"
            raise ValueError(message)

    @classmethod
    def flat_out(cls) -> Pace:
        """As fast as Kafka takes it."""
        return cls(math.inf)

    def start_ms(self, now_ms: int, span_ms: int) -> int:
        """The start of a simulation of `span_ms` that begins now.

        It ends when it has caught up with the clock.
        """
        return now_ms - span_ms + math.ceil(span_ms / self.speed) if self.speed > 1 else now_ms

    def due_ms(self, publish_ms: int, *, first_ms: int, began_ms: float) -> float:
        """Wall time at which an event is sent.

        `first_ms` is the first event's publication, sent at wall time `began_ms`.
        """
        return max(publish_ms, began_ms + (publish_ms - first_ms) / self.speed)


@dataclass(frozen=True, slots=True)
class PublishProgress:
    """How far a run has come."""

    sent: int
    acknowledged: int
    publish_ms: int  # simulated time


class Producer(Protocol):
    """What is used of `aiokafka.AIOKafkaProducer`."""

    async def send(
        self, topic: str, value: bytes | None = None, key: bytes | None = None
    ) -> asyncio.Future[object]:
        """Hand a record over; the future completes when the broker has it."""


async def publish(
    events: Iterable[TimedEvent],
    producer: Producer,
    *,
    pace: Pace,
    topic_prefix: str = "",
    on_progress: Callable[[PublishProgress], None] | None = None,
    max_in_flight: int = MAX_IN_FLIGHT,
    now_ms: Callable[[], float],
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> PublishProgress:
    """Send all events, in order, by the pace; return when the broker has acknowledged every one.

    Record timestamps are left to Kafka. The producer is started and stopped by the caller, and should be
    idempotent, so that order holds within a partition. The existing customers are on the broker before the
    first ticket is sent: their events are hundreds of days older, and would be too late behind others.
    Errors: the first error of a delivery ends the run.
    """
    flight = _Flight(producer, topic_prefix, max_in_flight)
    report = _Reports(on_progress, flight)
    first_ms: int | None = None
    began_ms = now_ms()
    history = True
    try:
        for event in events:
            first_ms = event.publish_ms if first_ms is None else first_ms
            if history and event.publish_ms > first_ms:
                history = False
                await flight.landed()
            wait_ms = pace.due_ms(event.publish_ms, first_ms=first_ms, began_ms=began_ms) - now_ms()
            if wait_ms > 0:
                report.now(event.publish_ms)
                await sleep(wait_ms / 1000)
            elif flight.sent % _BREATH == 0:
                await asyncio.sleep(0)
            await flight.send(event)
            report.sometimes(event.publish_ms, now_ms())
    finally:
        await flight.landed()
    return report.now()


def write_jsonl(events: Iterable[TimedEvent], path: Path) -> int:
    """Write an event file in the order of publication; return the number of events."""
    return write_events(path, with_topic(events))


def with_topic(events: Iterable[TimedEvent]) -> Iterator[dict[str, object]]:
    """Events as the lines of an event file."""
    return ({"topic": event.topic, **event.value} for event in events)


class _Flight:
    """Records on their way to the broker: at most so many, and no error goes unseen."""

    def __init__(self, producer: Producer, topic_prefix: str, max_in_flight: int) -> None:
        self._producer, self._prefix, self._limit = producer, topic_prefix, max_in_flight
        self._room = asyncio.Semaphore(max_in_flight)
        self._error: BaseException | None = None
        self.sent = 0
        self.acknowledged = 0

    async def send(self, event: TimedEvent) -> None:
        await self._room.acquire()
        try:
            self._raise_error()
            future = await self._producer.send(
                self._prefix + event.topic, value=encode(event.value), key=event.key
            )
        except BaseException:
            self._room.release()  # nothing took off: `landed` must not wait for it
            raise
        self.sent += 1
        future.add_done_callback(self._land)

    async def landed(self) -> None:
        """Wait until nothing is in flight."""
        for _ in range(self._limit):
            await self._room.acquire()
        for _ in range(self._limit):
            self._room.release()
        self._raise_error()

    def _land(self, future: asyncio.Future[object]) -> None:
        self._room.release()
        error = asyncio.CancelledError() if future.cancelled() else future.exception()
        if error is None:
            self.acknowledged += 1
        elif self._error is None:
            self._error = error

    def _raise_error(self) -> None:
        if self._error is not None:
            raise self._error


class _Reports:
    """Progress, reported now and then: a bar redrawn for each event would cost more than the event."""

    def __init__(self, on_progress: Callable[[PublishProgress], None] | None, flight: _Flight) -> None:
        self._tell, self._flight = on_progress, flight
        self._publish_ms = 0
        self._next_ms = 0.0

    def sometimes(self, publish_ms: int, wall_ms: float) -> None:
        self._publish_ms = publish_ms
        if wall_ms >= self._next_ms:
            self._next_ms = wall_ms + _PROGRESS_EVERY_SECONDS * 1000
            self.now(publish_ms)

    def now(self, publish_ms: int | None = None) -> PublishProgress:
        self._publish_ms = self._publish_ms if publish_ms is None else publish_ms
        progress = PublishProgress(self._flight.sent, self._flight.acknowledged, self._publish_ms)
        if self._tell is not None:
            self._tell(progress)
        return progress
