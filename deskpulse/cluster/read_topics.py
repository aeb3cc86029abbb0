"""Whole topics read once, up to their ends of now, by a consumer that is in no group."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, TopicPartition

_FETCH_BYTES: Final = 4 << 20
_RECORDS_A_TURN: Final = 20_000

Logs = dict[TopicPartition, list[Any]]  # records by topic-partition, in the order of their offsets
Ends = dict[TopicPartition, int]


async def read_topics(
    options: Mapping[str, Any],
    topics: Collection[str],
    *,
    isolation: str = "read_committed",
    starts: Mapping[TopicPartition, int] | None = None,
) -> tuple[Logs, Ends]:
    """All records of the topics, and where each partition ended when reading began.

    `starts` names first offsets other than the log's.

    With `read_committed` the end is the last stable offset: an open transaction is not waited for. A
    topic-partition without records has an empty list.
    """
    async with _reader(options, isolation) as consumer:
        ends = await _assign(consumer, topics)
        for place, start in (starts or {}).items():
            if place in ends:
                consumer.seek(place, start)
        return await _read(consumer, ends), ends


async def topic_ends(
    options: Mapping[str, Any], topics: Collection[str], *, isolation: str = "read_committed"
) -> Ends:
    """Where each partition of the topics ends now."""
    async with _reader(options, isolation) as consumer:
        return await _assign(consumer, topics)


def _reader(options: Mapping[str, Any], isolation: str) -> AIOKafkaConsumer:
    return AIOKafkaConsumer(
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        isolation_level=isolation,
        max_partition_fetch_bytes=_FETCH_BYTES,
        **options,
    )


async def _assign(consumer: AIOKafkaConsumer, topics: Collection[str]) -> Ends:
    await consumer._client.force_metadata_update()  # noqa: SLF001 - partitions_for_topic knows nothing before
    places = [
        TopicPartition(topic, number) for topic in topics for number in await _partitions(consumer, topic)
    ]
    consumer.assign(places)
    ends: Ends = await consumer.end_offsets(places)
    return ends


async def _partitions(consumer: AIOKafkaConsumer, topic: str) -> list[int]:
    await consumer._client._wait_on_metadata(topic)  # noqa: SLF001
    return sorted(consumer.partitions_for_topic(topic) or ())


async def _read(consumer: AIOKafkaConsumer, ends: Ends) -> Logs:
    found: Logs = {place: [] for place in ends}
    left = {place for place, end in ends.items() if await consumer.position(place) < end}
    while left:
        for place, batch in (await consumer.getmany(timeout_ms=200, max_records=_RECORDS_A_TURN)).items():
            found[place].extend(record for record in batch if record.offset < ends[place])
        left = {place for place in left if await consumer.position(place) < ends[place]}
    return found
