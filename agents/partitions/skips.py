"""Records to be skipped, as operators said.

A small compacted topic keeps them; workers read it when they take partitions over.

A record that crashes the merge ends the worker each time it is read; so a word that is read at the next start
is soon enough, and the running path stays without another consumer.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.structs import TopicPartition

from agents.config import WorkerConfig
from agents.exits import Exit, WorkerError

SKIPPED = "skipped"
Skips = Mapping[tuple[str, int], frozenset[int]]  # (topic as in Kafka, partition) to offsets

_PARTITION = 0  # the topic has one
_KEY = re.compile(r"(?P<topic>.+)-(?P<partition>\d+)-(?P<offset>\d+)")


async def request_skip(config: WorkerConfig, topic: str, partition: int, offset: int) -> None:
    """Ask the workers to dead-letter one record unread.

    Errors: WorkerError for a topic that they do not read.
    """
    name = config.source(topic) if topic not in config.sources else topic
    if name not in config.sources:
        raise WorkerError(
            Exit.CONFIG, f"{topic} is not a source topic: use one of {', '.join(config.sources)}"
        )
    producer = AIOKafkaProducer(**config.kafka, acks="all")
    await producer.start()
    try:
        await producer.send_and_wait(
            config.skips_topic,
            key=f"{name}-{partition}-{offset}".encode(),
            value=b"skip",
            partition=_PARTITION,
        )
    finally:
        await producer.stop()


async def read_skips(config: WorkerConfig) -> Skips:
    """All skips there are; none when the topic does not exist."""
    consumer = AIOKafkaConsumer(**config.kafka, enable_auto_commit=False, auto_offset_reset="earliest")
    await consumer.start()
    try:
        if config.skips_topic not in await consumer.topics():
            return {}
        tp = TopicPartition(config.skips_topic, _PARTITION)
        consumer.assign([tp])
        end = (await consumer.end_offsets([tp]))[tp]
        rows: dict[bytes, bytes | None] = {}
        while await consumer.position(tp) < end:
            for records in (await consumer.getmany(timeout_ms=200)).values():
                rows.update((record.key, record.value) for record in records if record.key)
    finally:
        await consumer.stop()
    return parse_skips(key for key, value in rows.items() if value is not None)


def parse_skips(keys: Iterable[bytes]) -> Skips:
    """Keys as `request_skip` writes them; others mean nothing.

    >>> parse_skips([b"first-reply-3-1017", b"first-reply-3-18", b"?"])
    {('first-reply', 3): frozenset({1017, 18})}
    """
    offsets: defaultdict[tuple[str, int], set[int]] = defaultdict(set)
    for key in keys:
        if found := _KEY.fullmatch(key.decode(errors="replace")):
            offsets[found["topic"], int(found["partition"])].add(int(found["offset"]))
    return {where: frozenset(found) for where, found in offsets.items()}
