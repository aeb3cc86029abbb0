"""Faults of producers: they send everything twice, abort transactions, and come days late and backwards.

They also run far ahead in one topic.
"""

from __future__ import annotations

import asyncio
from itertools import islice
from random import Random
from typing import Final

from aiokafka import AIOKafkaProducer

from deskpulse.cluster.read_topics import Ends, read_topics, topic_ends
from proofs.programs import until
from proofs.soak.field import Felt, Field
from proofs.soak.load import SPAN_MS, as_sent, late_desk
from proofs.stack import COMMITTED, UNCOMMITTED, Sent
from streams.topics import SOURCE_TOPICS
from windows.panes import DAY_MS, HOUR_MS

_TWICE_SECONDS: Final = 6.0
_ABORTED: Final = 300
_OPEN_SECONDS: Final = 1.0
_LATE: Final = 1_500
_LATE_DAYS: Final = 3  # at the least
_AHEAD_SECONDS: Final = 12.0  # of the load
_WAIT_SECONDS: Final = 180.0  # whatever else befalls the workers meanwhile


async def sent_twice(field: Field, _: Random) -> Felt:
    """Every record is sent twice for a while."""
    known, sent = field.tail.counter("duplicate"), field.load.sent
    field.load.twice = True
    await asyncio.sleep(_TWICE_SECONDS)
    field.load.twice = False
    wanted = (field.load.sent - sent) // 4  # half of them are second ones; some of those are no events
    await until(
        lambda: field.tail.counter("duplicate") - known >= wanted,
        seconds=_WAIT_SECONDS,
        what=f"{wanted} duplicates",
    )
    return Felt(field.tail.counter("duplicate") - known, "duplicates seen")


async def aborted(field: Field, random: Random) -> Felt:
    """A transaction upstream is aborted, the next one is committed; the first must not count."""
    ends = await topic_ends(field.stack.settings.kafka.client_options(), _topics(field))
    number = random.getrandbits(32)
    producer = AIOKafkaProducer(
        transactional_id=f"{field.stack.name}upstream", **field.stack.settings.kafka.client_options()
    )
    async with producer:
        await producer.begin_transaction()
        await _send(field, producer, _late(field, number, _ABORTED))
        await asyncio.sleep(_OPEN_SECONDS)  # readers of committed records stand before it
        await producer.abort_transaction()
        await producer.begin_transaction()
        await _send(field, producer, _late(field, number + 1, _ABORTED))
        await producer.commit_transaction()
    return Felt(await _hidden(field, ends), "records aborted upstream that nobody reads")


async def _send(field: Field, producer: AIOKafkaProducer, records: list[Sent]) -> None:
    for delivery in [
        await producer.send(field.stack.topic(topic), key=key, value=value) for topic, key, value in records
    ]:
        await delivery


def _topics(field: Field) -> list[str]:
    return [field.stack.topic(topic) for topic in SOURCE_TOPICS]


async def _hidden(field: Field, ends: Ends) -> int:
    """Records behind these ends that readers of committed ones do not see."""
    options, topics = field.stack.settings.kafka.client_options(), _topics(field)
    seen, now = await read_topics(options, topics, isolation=COMMITTED, starts=ends)
    every, _ = await read_topics(options, topics, isolation=UNCOMMITTED, starts=ends)
    return sum(
        len(
            {record.offset for record in records if record.offset < now[place]}
            - {record.offset for record in seen[place]}
        )
        for place, records in every.items()
    )


async def late_in_reverse(field: Field, random: Random) -> Felt:
    """Events of days ago, the last one first: replies before their tickets."""
    await _under_way(field)
    events = _late(field, random.getrandbits(32), _LATE)
    known = field.tail.counter("late")
    count = await field.load.publish(reversed(events))
    wanted = count // 2  # the customers' dates are never late
    await until(
        lambda: field.tail.counter("late") - known >= wanted,
        seconds=_WAIT_SECONDS,
        what=f"{wanted} late events",
    )
    return Felt(field.tail.counter("late") - known, "late events")


async def _under_way(field: Field) -> None:
    """At the start of a run customers with dates of years ago hold the event clock.

    Nothing is late, and everything is ahead.
    """
    wanted = field.load.coming_ms() - _LATE_DAYS * DAY_MS
    await until(
        lambda: field.tail.clock_ms() > wanted,
        seconds=_WAIT_SECONDS,
        what="an event clock that has come to the load",
    )


def _late(field: Field, seed: int, count: int) -> list[Sent]:
    """Events of another desk, three to ten days before what the load is sending now."""
    now_ms = field.load.coming_ms()
    events = late_desk(
        seed, start_ms=now_ms - 10 * DAY_MS, end_ms=now_ms - _LATE_DAYS * DAY_MS, rate_per_hour=count / 4
    )
    return list(as_sent(islice(events, count)))


async def topic_ahead(field: Field, random: Random) -> Felt:
    """One topic is sent long before the others; the event clock must wait for these."""
    await _under_way(field)
    topic = random.choice(("resolved", "first-reply", "survey"))
    count = round(_AHEAD_SECONDS * field.load.rate)
    await field.load.ahead(topic, count)
    wanted = round(_AHEAD_SECONDS / (field.minutes * 60) * SPAN_MS / HOUR_MS / 2)
    hours = 0

    def ahead() -> bool:
        nonlocal hours
        gaps = [
            (position.maxima[topic] - position.event_clock_ms) // HOUR_MS
            for position in field.tail.positions.values()
            if position.event_clock_ms is not None and topic in position.maxima
        ]
        hours = max([hours, *gaps])
        return hours >= wanted

    await until(ahead, seconds=_WAIT_SECONDS, what=f"{topic} {wanted} h ahead of the event clock")
    return Felt(hours, "hours ahead of the event clock")
