"""The load: a simulated desk, generated before the clock starts.

It is sent at a steady rate whatever befalls the brokers.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import chain
from itertools import count as count_from
from pathlib import Path
from typing import Any, Final

import msgspec
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from deskpulse.ingest.events_io import TimedEvent, encode, read_events, record_key, to_ms
from deskpulse.ingest.publisher import write_jsonl
from deskpulse.lab.simulator import DEFAULT_DESK, Kinds, Rough, simulate
from proofs.soak.ledger import Place
from proofs.stack import Sent, Stack
from windows.panes import DAY_MS

BAD_EVERY: Final = 97  # one record of so many is no event
SPAN_MS: Final = 75 * DAY_MS  # simulated time that the load covers, up to the end of the run
ROUGH_SPAN_MS: Final = Rough.history_ms  # tickets come back after months
CALM: Final = "calm"
# of the simulated desks, customers aside; of the hard one some more
_EVENTS_PER_TICKET: Final = 7.4
_TICK_SECONDS: Final = 0.02
_LINGER_MS: Final = 50  # few requests: the brokers share the processors with those who are tested
# longer than any outage: a batch that is given up would be a gap in the producer's sequence
_DELIVERY_TIMEOUT_MS: Final = 300_000
_decode: Final = msgspec.json.decode


def with_bad_records(events: Iterable[Sent]) -> Iterator[Sent]:
    """The events, and behind the first of every BAD_EVERY a record that is none."""
    for number, (topic, key, value) in enumerate(events):
        yield topic, key, value
        if number % BAD_EVERY == 0:
            yield topic, key, b'{"event_id": "bad %d", "occurred_at": ' % number


def as_sent(events: Iterable[TimedEvent]) -> Iterator[Sent]:
    """Simulated events as records."""
    return ((event.topic, event.key, encode(event.value)) for event in events)


def generate(path: Path, *, seed: int, count: int, end_ms: int, scenario: str = CALM) -> Kinds:
    """Write an event file: about `count` events of a desk up to `end_ms`.

    Returns how much of what makes a desk hard is among them.
    """
    span_ms = ROUGH_SPAN_MS if scenario == Rough.name else SPAN_MS
    desk = replace(DEFAULT_DESK, max_customers=max(50, count // 50))
    rate = count / _EVENTS_PER_TICKET / (span_ms / 3_600_000)
    kinds = Kinds()
    events = simulate(
        scenario,
        seed=seed,
        start_ms=end_ms - span_ms,
        end_ms=end_ms,
        rate_per_hour=rate,
        desk=desk,
        presence_ms=end_ms - DAY_MS,
    )
    write_jsonl(kinds.watch(events) if scenario == Rough.name else events, path)
    return kinds


def late_desks(seed: int, end_ms: int) -> Iterator[TimedEvent]:
    """Events of the last days before an end without end, should a run take longer than its events."""
    for number in count_from(1):
        yield from late_desk(
            seed + number, start_ms=end_ms - 10 * DAY_MS, end_ms=end_ms - DAY_MS, rate_per_hour=1_000.0
        )


def late_desk(seed: int, *, start_ms: int, end_ms: int, rate_per_hour: float) -> Iterator[TimedEvent]:
    """Another desk with few customers, for events that come late."""
    few = replace(DEFAULT_DESK, max_customers=50)
    return simulate(
        "calm",
        seed=1_000_003 * (seed + 1),
        start_ms=start_ms,
        end_ms=end_ms,
        rate_per_hour=rate_per_hour,
        desk=few,
    )


def read_sent(path: Path) -> Iterator[Sent]:
    """The events of a file as records."""
    for topic, raw in read_events(path):
        yield topic, record_key(topic, _decode(raw)), raw


class Load:
    """Sends records, `rate` a second by the clock: after an outage it catches up.

    `more` is for a run that takes longer.
    """

    def __init__(
        self, stack: Stack, records: Iterable[Sent], *, rate: float, more: Iterable[Sent] = ()
    ) -> None:
        self._stack = stack
        self.rate = rate
        self._records, self._more = iter(records), iter(more)
        self._next: deque[Sent] = deque()
        self._stopping = False
        self._measures = True  # what is sent now is of the rate
        self._began = 0.0
        self.sent = 0
        self.twice = False  # send everything twice
        self.acked: dict[Place, int] = {}  # greatest offset that the brokers acknowledged
        self.acknowledged = Counter[int]()  # records by second of the run
        self.last_ack = 0.0  # monotonic
        self.slowest_ack = 0.0  # seconds, since it was last set to 0
        self.errors = Counter[str]()

    async def run(self) -> None:
        """Until `stop` or the last record; all that was sent is acknowledged then."""
        self._began = self.last_ack = time.monotonic()
        due = 0
        while self._goes_on():
            try:
                async with self._producer() as producer:
                    while self._goes_on():
                        wanted = round((time.monotonic() - self._began) * self.rate)
                        for record in self._take(wanted - due):
                            due += 1
                            await self._send(producer, record)
                        await asyncio.sleep(_TICK_SECONDS)
                    await producer.flush()
            except KafkaError as error:
                # of the producer as a whole: what it had not sent is gone, and the topics tell
                self.errors[type(error).__name__] += 1

    def stop(self) -> None:
        """Send no more."""
        self._stopping = True

    def _goes_on(self) -> bool:
        return not self._stopping

    @property
    def seconds(self) -> float:
        """Since the load began."""
        return time.monotonic() - self._began

    @property
    def total_acknowledged(self) -> int:
        """Records that the brokers have."""
        return self.acknowledged.total()

    async def publish(self, records: Iterable[Sent]) -> int:
        """Send further records at once, in their order within a partition.

        Returns when the brokers have them.
        """
        count = 0
        async with self._producer() as producer:
            for record in records:
                await self._send(producer, record)
                count += 1
            await producer.flush()
        return count

    async def ahead(self, topic: str, count: int) -> int:
        """Send what the next `count` records hold of one topic now, long before the rest.

        Returns how many those were.
        """
        coming = list(self._take(count))
        early = [record for record in coming if record[0] == topic]
        self._next.extendleft(reversed([record for record in coming if record[0] != topic]))
        return await self.publish(early)

    def coming_ms(self) -> int:
        """Event time, in ms, of the next ticket or survey event: customers join with dates of years ago."""
        for record in self._next:
            if (at_ms := event_ms(record)) is not None:
                return at_ms
        while True:
            drawn = self._draw()
            if drawn is None:
                raise StopIteration
            self._next.append(drawn)
            if (at_ms := event_ms(drawn)) is not None:
                return at_ms

    def _take(self, count: int) -> Iterator[Sent]:
        for _ in range(count):
            record = self._next.popleft() if self._next else self._draw()
            if record is None:
                self._stopping = True
                return
            yield record

    def _draw(self) -> Sent | None:
        return next(self._records, None) or next(self._more, None)

    async def finish(self) -> int:
        """After the run: send the rest of the records at once, so that the desk's story goes on until now.

        Returns how many those were.
        """
        self._measures = False
        coming = list(self._next)
        self._next.clear()
        return await self.publish(chain(coming, self._records))

    def _producer(self) -> AIOKafkaProducer:
        return AIOKafkaProducer(
            acks="all",
            enable_idempotence=True,
            linger_ms=_LINGER_MS,
            request_timeout_ms=_DELIVERY_TIMEOUT_MS,
            **self._stack.settings.kafka.client_options(),
        )

    async def _send(self, producer: AIOKafkaProducer, record: Sent) -> None:
        topic, key, value = record
        for _ in range(2 if self.twice else 1):
            began = time.monotonic()
            future = await producer.send(self._stack.topic(topic), key=key, value=value)
            future.add_done_callback(lambda done, began=began: self._land(done, topic, began))
            self.sent += 1

    def _land(self, done: asyncio.Future[Any], topic: str, began: float) -> None:
        if done.cancelled():
            return
        if (error := done.exception()) is not None:
            self.errors[type(error).__name__] += 1
            return
        metadata = done.result()
        place = (topic, metadata.partition)
        self.acked[place] = max(metadata.offset, self.acked.get(place, -1))
        self.last_ack = time.monotonic()
        self.slowest_ack = max(self.slowest_ack, self.last_ack - began)
        if self._measures:
            self.acknowledged[int(self.last_ack - self._began)] += 1


def event_ms(record: Sent) -> int | None:
    """Event time of a record, None for one that is no event or a customer's."""
    if record[0] == "customer":
        return None
    try:
        return to_ms(_decode(record[2] or b"")["occurred_at"])
    except (msgspec.DecodeError, KeyError, ValueError):
        return None
