"""What befalls records before they are read: compaction leaves gaps, retention removes them.

Both are accounted for exactly.

All workers are ended first, so that what they have read is known to the offset; what a topic holds of it is
saved for the oracle.
"""

from __future__ import annotations

import asyncio
import re
import time
from random import Random
from typing import Final

from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete

from proofs.programs import until
from proofs.soak.archive import Kept
from proofs.soak.errors import SoakError
from proofs.soak.field import Felt, Field
from proofs.stack import START_SECONDS

_COMPACTED: Final = "ticket-changed"
# first unread records of each partition that are sent once more, so that compaction removes them
_COPIED: Final = 20
_COMPACT: Final = {
    "cleanup.policy": "compact,delete",
    "segment.ms": "1000",
    "min.cleanable.dirty.ratio": "0.01",
    "max.compaction.lag.ms": "1000",
}
_PLAIN: Final = {"cleanup.policy": "delete", "segment.ms": "604800000"}
_STABLE_SECONDS: Final = 2.0  # several rounds of the cleaner
_REMOVED: Final = (50, 150)
_WAIT_SECONDS: Final = 60.0


async def compaction_gap(field: Field, _: Random) -> Felt:
    """A source topic is compacted while nobody reads it.

    The records right after the position are gone, later copies remain.
    """
    workers = len(field.team.members)
    topic, name = _COMPACTED, field.stack.topic(_COMPACTED)
    applied = {
        number: position.offsets.get(topic, -1) for number, position in (await field.stop_workers()).items()
    }
    gaps = field.tail.counter("gap")
    await field.archive.save(topic, applied)
    first = await _unread(field, topic)
    async with field.cluster() as cluster:
        await cluster.alter({name: _COMPACT})
    await field.load.publish(
        (topic, record.key, record.value) for records in first.values() for record in records
    )
    await until(
        lambda: _gone(field, topic, first), seconds=_WAIT_SECONDS, what="compaction", poll_seconds=0.5
    )
    async with field.cluster() as cluster:
        await cluster.alter({name: _PLAIN})
    left = await _stable(field, topic)
    upto = {place.partition: records[-1].offset for place, records in left.items()}
    await field.archive.save(topic, upto)
    since = await _start(field, workers)
    await field.works_again(since)
    reached = {(topic, number): offset for number, offset in upto.items()}
    await until(
        lambda: field.tail.reached(reached), seconds=field.limit_seconds, what="the end of what was compacted"
    )
    return Felt(field.tail.counter("gap") - gaps, "gaps in offsets passed over", since)


async def _unread(field: Field, topic: str) -> dict[TopicPartition, list[Kept]]:
    """The first records of each partition that no worker has read; waits until there are enough."""
    held: dict[TopicPartition, list[Kept]] = {}

    async def enough() -> bool:
        held.update(await field.archive.held(topic))
        return all(len(records) > _COPIED for records in held.values())

    await until(enough, seconds=_WAIT_SECONDS, what=f"unread records of {topic}")
    return {place: records[:_COPIED] for place, records in held.items()}


async def _gone(field: Field, topic: str, first: dict[TopicPartition, list[Kept]]) -> bool:
    """Whether no partition begins as before."""
    held = await field.archive.held(topic)
    return all(held[place] and held[place][0].offset > records[0].offset for place, records in first.items())


async def _stable(field: Field, topic: str) -> dict[TopicPartition, list[Kept]]:
    """What the topic holds, once nothing is removed from it any more."""
    before = await field.archive.held(topic)
    for _ in range(20):
        await asyncio.sleep(_STABLE_SECONDS)
        now = await field.archive.held(topic)
        if all(
            _offsets(records) == _offsets(now[place])[: len(records)] for place, records in before.items()
        ):
            return before
        before = now
    raise SoakError(f"{topic} is still being compacted")


def _offsets(records: list[Kept]) -> list[int]:
    return [record.offset for record in records]


async def retention_loss(field: Field, random: Random) -> Felt:
    """Retention removes records that nobody has read: a loss, told with its range and counted."""
    workers = len(field.team.members)
    topic, number, count = (
        random.choice(("first-reply", "ticket-changed", "resolved")),
        random.choice(list(field.tail.partitions)),
        random.randint(*_REMOVED),
    )
    # Whoever has never read of a topic cannot know what is missing at its beginning.
    await until(
        lambda: field.tail.applied(topic, number) >= 0,
        seconds=_WAIT_SECONDS,
        what=f"the first record of {topic}/{number}",
    )
    applied = (await field.stop_workers())[number].offsets[topic]
    lost = field.tail.counter("lost")
    await field.archive.save(topic, {number: applied})
    last = applied + count
    await until(
        lambda: field.load.acked.get((topic, number), -1) > last,
        seconds=_WAIT_SECONDS,
        what=f"unread records of {topic}/{number}",
    )
    await _delete_upto(field, TopicPartition(field.stack.topic(topic), number), last)
    field.lost += count
    since = await _start(field, workers)
    await field.works_again(since)
    told = (
        rf"{re.escape(field.stack.topic(topic))}/{number}: retention removed offsets {applied + 1} to "
        rf"{last} before they were read"
    )
    if not any(program.has_said(told) for program in field.stack.programs):
        raise SoakError(f"nobody said: {told}")
    counted = field.tail.counter("lost") - lost
    if counted != count:
        raise SoakError(
            f"retention removed {count} records of {topic}/{number} unread, {counted} were counted as lost"
        )
    return Felt(count, "records lost, reported with their range", since)


async def _delete_upto(field: Field, place: TopicPartition, offset: int) -> None:
    admin = AIOKafkaAdminClient(**field.stack.settings.kafka.client_options())
    await admin.start()
    try:
        await admin.delete_records({place: RecordsToDelete(offset + 1)})
    finally:
        await admin.close()


async def _start(field: Field, workers: int) -> float:
    """Start workers again; the moment (monotonic) at which the first of them begins.

    What Python needs to load it is no recovery.
    """
    fresh = [field.team.start() for _ in range(workers)]
    await until(
        lambda: any(program.has_said("start app_id=") for program in fresh),
        seconds=START_SECONDS,
        what="a worker's first word",
    )
    return time.monotonic()
