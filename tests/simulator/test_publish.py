"""Publishing: by the pace, in order, with room for so many records, and without a lost error."""

import asyncio
import math
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from deskpulse.clocks import wall_ms
from deskpulse.ingest.events_io import TimedEvent, encode, read_events
from deskpulse.ingest.publisher import Pace, PublishProgress, publish, write_jsonl
from deskpulse.lab.brokers import Broker
from streams.topics import SOURCE_TOPICS

HOUR_MS = 3_600_000


class Clock:
    """A clock that only sleeping moves."""

    def __init__(self, now_ms: float) -> None:
        self.now_ms = now_ms

    def __call__(self) -> float:
        return self.now_ms

    async def sleep(self, seconds: float) -> None:
        self.now_ms += seconds * 1000


class Producer:
    """Notes what is sent and when; acknowledges as soon as it gets a turn, or when it is told to."""

    def __init__(self, clock: Clock, *, by_itself: bool = True) -> None:
        self.clock, self.by_itself = clock, by_itself
        self.sent: list[tuple[float, str, bytes | None, bytes | None]] = []
        self.flying: list[asyncio.Future[object]] = []
        self.most_flying = 0

    async def send(
        self, topic: str, value: bytes | None = None, key: bytes | None = None
    ) -> asyncio.Future[object]:
        self.sent.append((self.clock(), topic, key, value))
        future: asyncio.Future[object] = asyncio.get_running_loop().create_future()
        self.flying.append(future)
        self.most_flying = max(self.most_flying, len(self.flying))
        if self.by_itself and len(self.flying) == 1:
            asyncio.get_running_loop().call_soon(self.land)
        return future

    async def wait_for(self, count: int) -> None:
        """Give the run turns until so many records were sent, and some more turns to do too much."""
        turns = 0
        while len(self.sent) < count or turns < 50:
            await asyncio.sleep(0)
            turns += 1
            assert turns < 10_000, f"{len(self.sent)} of {count} records were sent"

    def land(self, error: Exception | None = None) -> None:
        for future in self.flying:
            future.set_exception(error) if error else future.set_result(None)
        self.flying.clear()


def event(publish_ms: int, topic: str = "first-reply") -> TimedEvent:
    return TimedEvent(
        publish_ms, topic, b"T1", {"event_id": f"e{publish_ms}", "occurred_at": publish_ms, "ticket_id": "T1"}
    )


async def times_of(events: list[TimedEvent], pace: Pace, *, now_ms: int) -> list[float]:
    clock = Clock(now_ms)
    producer = Producer(clock)
    await publish(events, producer, pace=pace, now_ms=clock, sleep=clock.sleep)
    return [when for when, *_ in producer.sent]


class TestPace:
    async def test_in_real_time_every_event_has_its_time(self) -> None:
        assert [1_000, 1_500, 9_000] == await times_of(
            [event(1_000), event(1_500), event(9_000)], Pace(), now_ms=1_000
        )

    async def test_at_speed_60_a_minute_passes_in_a_second(self) -> None:
        """The run starts an hour ago: after 1 s it is a minute on, after 30 s half an hour."""
        hour_ago = [event(0), event(60_000), event(30 * 60_000)]
        assert [HOUR_MS, HOUR_MS + 1_000, HOUR_MS + 30_000] == await times_of(
            hour_ago, Pace(60), now_ms=HOUR_MS
        )

    async def test_what_has_caught_up_with_the_clock_goes_on_in_real_time(self) -> None:
        """No event is sent before its publication: its event time would lie in the future."""
        assert [10_000, 10_100, 10_200] == await times_of(
            [event(9_000), event(10_100), event(10_200)], Pace(1_000), now_ms=10_000
        )

    async def test_flat_out_never_waits_for_the_past(self) -> None:
        assert [HOUR_MS] * 3 == await times_of(
            [event(0), event(60_000), event(HOUR_MS)], Pace.flat_out(), now_ms=HOUR_MS
        )

    @pytest.mark.parametrize("speed", [1.0, 2.0, 60.0, math.inf])
    def test_a_run_started_by_the_pace_catches_up_at_its_end_and_not_before(self, speed: float) -> None:
        """An event that happens last, after the whole span, is due just when it is published."""
        pace, now_ms, span_ms = Pace(speed), 100 * HOUR_MS, 8 * HOUR_MS
        start_ms = pace.start_ms(now_ms, span_ms)
        for part in (0, span_ms // 3, span_ms):
            by_speed = now_ms + part / speed
            assert pace.due_ms(start_ms + part, first_ms=start_ms, began_ms=now_ms) == pytest.approx(
                by_speed, abs=2
            )

    @pytest.mark.parametrize("speed", [0, -1, math.nan])
    def test_a_speed_is_above_0(self, speed: float) -> None:
        with pytest.raises(ValueError, match="it must be above 0"):
            Pace(speed)


class TestDelivery:
    async def test_records_carry_key_value_and_the_prefixed_topic(self) -> None:
        clock = Clock(10)
        producer = Producer(clock)
        await publish(
            [event(5, "survey")], producer, pace=Pace(), topic_prefix="t7-", now_ms=clock, sleep=clock.sleep
        )
        assert [(10, "t7-survey", b"T1", encode(event(5).value))] == producer.sent

    async def test_no_more_than_so_many_records_are_in_flight(self) -> None:
        clock = Clock(HOUR_MS)
        producer = Producer(clock)
        done = await publish(
            map(event, range(0, 1_000, 10)), producer, pace=Pace.flat_out(), max_in_flight=10, now_ms=clock
        )
        assert 10 == producer.most_flying
        assert 100 == done.sent == done.acknowledged

    async def test_the_existing_customers_have_landed_before_the_first_ticket_is_sent(self) -> None:
        clock = Clock(HOUR_MS)
        producer = Producer(clock, by_itself=False)
        history = [event(0, "customer")] * 3
        task = asyncio.create_task(
            publish([*history, event(1)], producer, pace=Pace.flat_out(), max_in_flight=50, now_ms=clock)
        )
        await producer.wait_for(3)
        assert 3 == len(producer.sent)
        producer.land()
        await producer.wait_for(4)
        producer.land()
        assert 4 == (await task).acknowledged

    async def test_an_error_of_a_delivery_ends_the_run(self) -> None:
        clock = Clock(HOUR_MS)
        producer = Producer(clock, by_itself=False)
        task = asyncio.create_task(
            publish(map(event, range(9)), producer, pace=Pace.flat_out(), max_in_flight=5, now_ms=clock)
        )
        await producer.wait_for(1)
        producer.land(ConnectionError("the broker is gone"))
        with pytest.raises(ConnectionError, match="the broker is gone"):
            await task

    async def test_an_error_of_sending_ends_the_run(self) -> None:
        class Broken(Producer):
            async def send(self, *_: Any, **__: Any) -> asyncio.Future[object]:
                raise ConnectionError("no buffer")

        with pytest.raises(ConnectionError, match="no buffer"):
            await publish([event(0)], Broken(Clock(0)), pace=Pace.flat_out(), now_ms=Clock(0))

    async def test_progress_is_told_now_and_then_and_at_the_end(self) -> None:
        clock = Clock(0)
        told: list[PublishProgress] = []
        events = [event(at) for at in range(0, 10_000, 100)]
        done = await publish(
            events, Producer(clock), pace=Pace(), on_progress=told.append, now_ms=clock, sleep=clock.sleep
        )
        assert PublishProgress(100, 100, 9_900) == done == told[-1]
        assert all(one.sent <= other.sent for one, other in pairwise(told))


async def test_a_run_reaches_a_broker_whole(kafka_broker: Broker, topic_prefix: str, run: Any) -> None:
    """Each ticket and customer keeps to one partition number over all topics.

    Its events need no joining elsewhere.
    """
    events = run(rate_per_hour=10, days=0.5)
    names = [topic_prefix + topic for topic in SOURCE_TOPICS]
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka_broker.bootstrap)
    await admin.start()
    await admin.create_topics([NewTopic(name, 3, 1) for name in names])
    await admin.close()
    async with AIOKafkaProducer(
        bootstrap_servers=kafka_broker.bootstrap, enable_idempotence=True
    ) as producer:
        done = await publish(
            events, producer, pace=Pace.flat_out(), topic_prefix=topic_prefix, now_ms=wall_ms
        )
    assert len(events) == done.acknowledged

    partitions: dict[bytes, set[int]] = {}
    read: list[tuple[str, bytes]] = []
    async with AIOKafkaConsumer(
        *names, bootstrap_servers=kafka_broker.bootstrap, auto_offset_reset="earliest"
    ) as consumer:
        while len(read) < len(events):
            for records in (await consumer.getmany(timeout_ms=500)).values():
                read += [(record.topic.removeprefix(topic_prefix), record.value) for record in records]
                for record in records:
                    partitions.setdefault(record.key, set()).add(record.partition)
    assert sorted((event.topic, encode(event.value)) for event in events) == sorted(read)
    assert {1} == {len(numbers) for numbers in partitions.values()}


def test_a_run_written_to_a_file_reads_back_in_its_order(run: Any, tmp_path: Path) -> None:
    events, path = run(rate_per_hour=5), tmp_path / "events.jsonl"
    assert len(events) == write_jsonl(events, path)
    assert [(event.topic, encode({"topic": event.topic, **event.value})) for event in events] == list(
        read_events(path)
    )
