"""Names of Faust and aiokafka that carry no promise.

Each has its reason and a test, so that an upgrade fails loudly.

The classes of `consumer.py` override more of them; `tests/agents/test_semi_private.py` names them all.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from typing import Any

import faust
from aiokafka import AIOKafkaConsumer
from aiokafka.structs import TopicPartition

from agents.fetching.sequence import LogEnd


def generation(app: faust.App) -> int:
    """Number of the group's assignment, set as soon as a new one is known.

    What we did under an older one is void.
    """
    number: int = app.consumer_generation_id
    return number


def own_partitions(app: faust.App, topic: str) -> set[int]:
    """Partition numbers of a topic that the group assigned to us."""
    return {tp.partition for tp in app.assignor.assigned_actives() if tp.topic == topic}


def without_acks(stream: Any) -> Any:
    """Events of a stream that does not ack by itself.

    A chunk is done when its transaction is, not when the next one is asked for.
    """
    stream.enable_acks = False
    return stream.events()


def log_ends(consumer: AIOKafkaConsumer) -> dict[TopicPartition, LogEnd]:
    """Where a consumer stands, without waiting: its public `position` blocks while a position is unknown."""
    subscription = consumer._subscription.subscription  # noqa: SLF001
    assignment = None if subscription is None else subscription.assignment
    if assignment is None:
        return {}
    states = ((tp, assignment.state_value(tp)) for tp in assignment.tps)
    asked = consumer.asked_at if isinstance(consumer, PacedConsumer) else {}
    return {
        tp: LogEnd(state.position, state.lso, asked.get(tp, -math.inf))
        for tp, state in states
        if state is not None and state.has_valid_position and state.lso is not None
    }


class NoReadOffsets(dict[TopicPartition, int]):
    """Faust's memory of what it read, switched off.

    Faust drops a record below the greatest offset that it saw: after a seek, one chunk from before it makes
    Faust drop all chunks that the seek was meant to bring. It also fills the offsets between two chunks into
    an interval tree, one by one.
    """

    def __getitem__(self, _: TopicPartition) -> None:  # type: ignore[override]
        return None

    def __setitem__(self, _: TopicPartition, __: int | None) -> None:
        pass

    def update(self, *_: Any, **__: Any) -> None:
        pass


class PacedConsumer(AIOKafkaConsumer):  # type: ignore[misc] # untyped
    """Waits after an answer with records before it asks that broker again, so that one answer brings many.

    aiokafka asks again at once. Where an event comes every millisecond that is a fetch for nearly every
    event, and fetches were two thirds of what a live worker cost. Kafka's own means (`fetch.min.bytes`,
    `fetch.max.wait.ms`) bound them too, but they ask an idle broker as often as a busy one and hold back the
    event that comes alone. Who is behind does not wait at all.
    """

    def __init__(self, *args: Any, pace_seconds: float, elapsed: Callable[[], float], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._pace_seconds = pace_seconds
        self._elapsed = elapsed
        self._not_before: dict[int, float] = {}  # by broker, by the stopwatch
        self.asked_at: dict[TopicPartition, float] = {}  # for what has been answered, by the stopwatch

    async def start(self) -> None:
        """As aiokafka does; the first fetches may be on their way before they are paced."""
        await super().start()
        self._fetch = self._fetcher._proc_fetch_request  # noqa: SLF001
        self._fetcher._proc_fetch_request = self._paced  # noqa: SLF001

    async def _paced(self, assignment: Any, node_id: int, request: Any) -> bool:
        wait_seconds = self._not_before.get(node_id, 0.0) - self._elapsed()
        if wait_seconds > 0 and all(end.is_reached for end in log_ends(self).values()):
            try:
                await asyncio.sleep(wait_seconds)
            except asyncio.CancelledError:
                # answered as the fetch itself does: the fetcher would end by an error
                return False
        states = {
            tp: state
            for topic, partitions in request.topics
            for partition, *_ in partitions
            if (state := assignment.state_value(tp := TopicPartition(topic, partition))) is not None
        }
        asked_at, before = self._elapsed(), {tp: state.timestamp for tp, state in states.items()}
        has_records: bool = await self._fetch(assignment, node_id, request)
        self.asked_at |= {tp: asked_at for tp, state in states.items() if state.timestamp != before[tp]}
        if has_records:
            self._not_before[node_id] = self._elapsed() + self._pace_seconds
        return has_records
