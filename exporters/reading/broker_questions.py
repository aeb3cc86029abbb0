"""Questions to the brokers that aiokafka's consumer has no method for.

They go over the connections that it has anyway. An admin client of its own would be one more set of
connections and log-ins, and leaves one open when it is cancelled while it starts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.client import CoordinationType
from aiokafka.errors import LeaderNotAvailableError, for_code
from aiokafka.protocol.admin import DescribeGroupsRequest
from aiokafka.protocol.commit import OffsetFetchRequest
from aiokafka.protocol.offset import OffsetRequest

_LATEST: Final = -1
_UNCOMMITTED: Final = 0
_NO_SUCH_GROUP: Final = 69


class Questions:
    """Asks over a started consumer. Errors: KafkaError, also what the answer says by an error code."""

    def __init__(self, consumer: AIOKafkaConsumer) -> None:
        self._client = consumer._client  # noqa: SLF001 - see the module

    async def members(self, group: str) -> dict[str, bytes]:
        """Assignments by client id of the members of a consumer group, empty when nobody is in it."""
        answer = await self._client.send(await self._coordinator(group), DescribeGroupsRequest([group]))
        [described] = answer.to_object()["groups"]
        _check(0 if described["error_code"] == _NO_SUCH_GROUP else described["error_code"])
        return {member["client_id"]: member["member_assignment"] for member in described["members"]}

    async def committed(self, group: str) -> dict[TopicPartition, int]:
        """Next offsets that the group has committed."""
        answer = await self._client.send(await self._coordinator(group), OffsetFetchRequest(group, None))
        found = {}
        for topic, partitions in answer.topics:
            for partition, offset, _, code in partitions:
                _check(code)
                found[TopicPartition(topic, partition)] = offset
        return found

    async def high_watermarks(self, places: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        """Log ends, open transactions among them.

        A reader of committed records learns the last stable offset only.
        """
        wanted: defaultdict[int, defaultdict[str, list[tuple[int, int]]]] = defaultdict(
            lambda: defaultdict(list)
        )
        for place in places:
            leader = self._client.cluster.leader_for_partition(place)
            if leader is None or leader < 0:
                raise LeaderNotAvailableError(place)
            wanted[leader][place.topic].append((place.partition, _LATEST))
        found = {}
        for node, topics in wanted.items():
            answer = await self._client.send(node, OffsetRequest(-1, _UNCOMMITTED, list(topics.items())))
            for topic, partitions in answer.topics:
                for partition, code, *values in partitions:
                    _check(code)
                    found[TopicPartition(topic, partition)] = values[-1]
        return found

    async def _coordinator(self, group: str) -> Any:
        return await self._client.coordinator_lookup(CoordinationType.GROUP, group)


def _check(code: int) -> None:
    if code:
        raise for_code(code)
