"""What must hold before a worker starts, asked of the brokers once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError, TopicAuthorizationFailedError

from agents.config import WorkerConfig
from agents.exits import Exit, WorkerError
from agents.partitions.guards import HIDDEN, check_existence, check_partition_counts
from streams.unreached import complaints, in_a_line

_TIMEOUT_MS = 10_000


async def preflight(config: WorkerConfig) -> int:
    """The partition count of all topics.

    Errors: WorkerError when no broker answers, a topic is missing, or counts differ.
    """
    admin = AIOKafkaAdminClient(**config.kafka, request_timeout_ms=_TIMEOUT_MS)
    with complaints() as said:
        try:
            await admin.start()
            counts = await _partition_counts(admin, [*config.copartitioned_topics, config.dead_letter_topic])
        except KafkaError as error:
            message = in_a_line(",".join(config.bootstrap), said or [repr(error)])
            raise WorkerError(Exit.UNAVAILABLE, message, page="brokers-unreachable") from error
        finally:
            await admin.close()
    check_existence(counts)
    del counts[config.dead_letter_topic]  # it must exist; its partitions are its own affair
    return check_partition_counts(counts)


async def _partition_counts(admin: AIOKafkaAdminClient, topics: list[str]) -> dict[str, int]:
    """Partition counts: 0 for topics that do not exist, `HIDDEN` for those that this user may not see."""
    described = {topic["topic"]: topic for topic in await admin.describe_topics(topics)}
    return {topic: _partition_count(described.get(topic)) for topic in topics}


def _partition_count(described: Mapping[str, Any] | None) -> int:
    if described is None:
        return 0
    if described["error_code"] == TopicAuthorizationFailedError.errno:
        return HIDDEN
    return 0 if described["error_code"] else len(described["partitions"])
