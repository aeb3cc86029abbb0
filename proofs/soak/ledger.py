"""The ledger as it grows: the position rows that readers of committed records see.

It also says whether a transaction is open right now.
"""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict, deque
from collections.abc import Mapping
from typing import Final, Self

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from kpis.ledger.codec import POSITION_KEY, Position, decode_position
from proofs.stack import COMMITTED, UNCOMMITTED, Stack

Place = tuple[str, int]  # source topic without prefix, partition
_KEPT: Final = 20_000  # moments of progress a partition: an hour and more
_AGAIN_SECONDS: Final = 0.5
_REQUEST_TIMEOUT_MS: Final = 15_000


def view_places(stack: Stack) -> list[TopicPartition]:
    """The partitions of the ledger's view topic."""
    return [TopicPartition(stack.view_topic, number) for number in range(stack.settings.topics.partitions)]


class Tail:
    """Follows the view topic and remembers the last position row of each partition, and when each came."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self.positions: dict[int, Position] = {}
        self._moments: defaultdict[int, deque[float]] = defaultdict(lambda: deque(maxlen=_KEPT))
        self._next: dict[TopicPartition, int] = {}

    @property
    def partitions(self) -> range:
        """All of them, also those that nothing was written to yet."""
        return range(self._stack.settings.topics.partitions)

    def applied(self, topic: str, partition: int) -> int:
        """Offset of a source topic (without prefix) applied last; -1 for none."""
        position = self.positions.get(partition)
        return -1 if position is None else position.offsets.get(topic, -1)

    def counter(self, name: str) -> int:
        """Sum of a counter of the position rows."""
        return sum(position.counters.get(name, 0) for position in self.positions.values())

    def clock_ms(self) -> int:
        """The event clock that is furthest behind; -1 while a partition has none."""
        clocks = [
            clock for position in self.positions.values() if (clock := position.event_clock_ms) is not None
        ]
        return min(clocks) if len(clocks) == len(self.partitions) else -1

    def reached(self, offsets: Mapping[Place, int]) -> bool:
        """Whether all these offsets are applied."""
        return all(self.applied(*place) >= offset for place, offset in offsets.items())

    def standstill(self, since: float) -> float:
        """The longest time, in seconds, for which a partition did not move.

        Only the time between `since` (monotonic) and the partition's last move counts.
        """
        longest = 0.0
        for moments in self._moments.values():
            before = since
            for moment in moments:
                if moment > before:
                    longest, before = max(longest, moment - before), moment
        return longest

    async def run(self) -> None:
        """Until cancelled; brokers may go and come."""
        while True:
            consumer = AIOKafkaConsumer(
                enable_auto_commit=False,
                auto_offset_reset="earliest",
                isolation_level=COMMITTED,
                fetch_max_wait_ms=100,
                request_timeout_ms=_REQUEST_TIMEOUT_MS,
                **self._stack.settings.kafka.client_options(),
            )
            try:
                await consumer.start()
                await self._follow(consumer)
            except (KafkaError, OSError, TimeoutError):
                await asyncio.sleep(_AGAIN_SECONDS)
            finally:
                await consumer.stop()

    async def _follow(self, consumer: AIOKafkaConsumer) -> None:
        consumer.assign(view_places(self._stack))
        for place, offset in self._next.items():
            consumer.seek(place, offset)
        while True:
            for place, records in (await consumer.getmany(timeout_ms=200)).items():
                self._next[place] = records[-1].offset + 1
                rows = [record.value for record in records if record.key == POSITION_KEY]
                if rows and rows[-1] is not None:
                    self.positions[place.partition] = decode_position(rows[-1])
                    self._moments[place.partition].append(time.monotonic())


class OpenTransactions:
    """Looks whether a transaction writes to the ledger right now.

    It looks for records that readers of committed ones do not see yet.
    """

    def __init__(self, stack: Stack) -> None:
        options = stack.settings.kafka.client_options()
        self._places = view_places(stack)
        self._all, self._committed = (
            AIOKafkaConsumer(enable_auto_commit=False, isolation_level=level, **options)
            for level in (UNCOMMITTED, COMMITTED)
        )

    async def __aenter__(self) -> Self:
        await asyncio.gather(self._all.start(), self._committed.start())
        return self

    async def __aexit__(self, *_: object) -> None:
        await asyncio.gather(self._all.stop(), self._committed.stop())

    async def spans(self) -> dict[TopicPartition, tuple[int, int]]:
        """Offsets `[stable, end)` that no reader of committed records sees at this moment.

        Partitions without such offsets are left out.
        """
        ends = await self._all.end_offsets(self._places)
        # asked second: what is still behind now was not committed between
        stable = await self._committed.end_offsets(self._places)
        return {place: (stable[place], ends[place]) for place in self._places if stable[place] < ends[place]}

    async def seen(self) -> bool:
        """Whether one was open at this moment."""
        return bool(await self.spans())
