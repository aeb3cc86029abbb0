"""What became durable, and when.

It reads the log ends that readers of committed records see, and the position rows below them.
"""

from __future__ import annotations

import asyncio
import time
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from aiokafka import AIOKafkaConsumer, TopicPartition

from kpis.ledger.codec import POSITION_KEY, Position, decode_position
from proofs.benchmarks.site import PARTITIONS, Site
from streams.topics import ledger_topics

_SAMPLE_SECONDS: Final = 0.05


class Sample(NamedTuple):
    """Where the committed log of each partition of `-view` ended at a moment."""

    seconds: float
    ends: tuple[int, ...]


class Moment(NamedTuple):
    """Events that were durably applied at a moment."""

    seconds: float
    applied: int


@dataclass(slots=True)
class Contents:
    """What a reader of committed records finds in the ledger."""

    rows: int = 0
    bytes: int = 0  # of keys and values
    # by partition: (offset of the row, row)
    positions: dict[int, list[tuple[int, Position]]] = field(default_factory=dict)

    def total(self, what: Callable[[Position], int]) -> int:
        """A sum over the last position of each partition."""
        return sum(what(found[-1][1]) for found in self.positions.values())


def applied(position: Position) -> int:
    """Records of all source topics in a position; the topics are plain, so their offsets have no gaps."""
    return sum(offset + 1 for offset in position.offsets.values())


def curve(samples: list[Sample], contents: Contents) -> Iterator[Moment]:
    """How many events were durable at each sample: those of the last position row that a reader could see."""
    offsets = {number: [offset for offset, _ in found] for number, found in contents.positions.items()}
    counts = {
        number: [applied(position) for _, position in found] for number, found in contents.positions.items()
    }
    for sample in samples:
        seen = ((number, bisect_left(offsets[number], sample.ends[number])) for number in offsets)
        yield Moment(sample.seconds, sum(counts[number][rows - 1] for number, rows in seen if rows))


def finished(moments: Iterable[Moment], total: int) -> float | None:
    """When the last of `total` events was durable; None when that was not seen.

    >>> finished([Moment(0.0, 0), Moment(1.0, 100), Moment(2.0, 400), Moment(3.0, 400)], 400)
    2.0
    """
    return next((moment.seconds for moment in moments if moment.applied >= total), None)


@asynccontextmanager
async def sampling(site: Site, app_id: str) -> Any:
    """Samples of the committed ends of `-view` while the block runs.

    Unlike reading, asking for ends costs the broker next to nothing.
    """
    samples: list[Sample] = []
    async with _reader(site) as consumer:
        task = asyncio.create_task(_sample(consumer, _partitions(ledger_topics(app_id).view), samples))
        try:
            yield samples
        finally:
            task.cancel()
            await asyncio.wait([task])


async def _sample(consumer: Any, tps: list[TopicPartition], samples: list[Sample]) -> None:
    while True:
        ends = await consumer.end_offsets(tps)
        samples.append(Sample(time.perf_counter(), tuple(ends[tp] for tp in tps)))
        await asyncio.sleep(_SAMPLE_SECONDS)


async def read(site: Site, app_id: str, on_progress: Callable[[float], None]) -> Contents:
    """The whole ledger; progress as a share."""
    contents = Contents()
    tps = [tp for topic in ledger_topics(app_id) for tp in _partitions(topic)]
    async with _reader(site) as consumer:
        consumer.assign(tps)
        ends = await consumer.end_offsets(tps)
        while True:
            at = [await consumer.position(tp) for tp in tps]
            on_progress(sum(at) / max(1, sum(ends.values())))
            if all(position >= ends[tp] for position, tp in zip(at, tps, strict=True)):
                return contents
            for tp, records in (await consumer.getmany(timeout_ms=200)).items():
                _note(contents, tp, records)


def _note(contents: Contents, tp: TopicPartition, records: list[Any]) -> None:
    contents.rows += len(records)
    for record in records:
        contents.bytes += len(record.key) + len(record.value or b"")
        if record.key == POSITION_KEY:
            contents.positions.setdefault(tp.partition, []).append(
                (record.offset, decode_position(record.value))
            )


@asynccontextmanager
async def _reader(site: Site) -> Any:
    consumer = AIOKafkaConsumer(
        bootstrap_servers=site.bootstrap,
        isolation_level="read_committed",
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        max_partition_fetch_bytes=4 << 20,
    )
    await consumer.start()
    try:
        yield consumer
    finally:
        await consumer.stop()


def _partitions(topic: str) -> list[TopicPartition]:
    return [TopicPartition(topic, number) for number in range(PARTITIONS)]
