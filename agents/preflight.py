"""What must hold before a worker starts, asked of the brokers once."""

from __future__ import annotations

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from agents.config import WorkerConfig
from agents.exits import Exit, WorkerError
from agents.guards import check_partition_counts

_TIMEOUT_MS = 10_000


async def preflight(config: WorkerConfig) -> int:
    """The partition count of all topics. Errors: WorkerError when no broker answers, a topic is missing, or counts differ."""
    where = ",".join(config.bootstrap)
    admin = AIOKafkaAdminClient(**config.kafka, request_timeout_ms=_TIMEOUT_MS)
    try:
        await admin.start()
        counts = await _partition_counts(admin, [*config.copartitioned_topics, config.dead_letter_topic])
    except KafkaError as error:
        raise WorkerError(
            Exit.UNAVAILABLE,
            f"no Kafka broker at {where} ({error!r}): start one, or check kafka.bootstrap_servers, security_protocol and the login",
            page="brokers-unreachable",
        ) from error
    finally:
        await admin.close()
    letters = counts.pop(config.dead_letter_topic)
    check_partition_counts({config.dead_letter_topic: letters})  # it must exist; its partitions are its own affair
    return check_partition_counts(counts)


async def _partition_counts(admin: AIOKafkaAdminClient, topics: list[str]) -> dict[str, int]:
    """Partition counts, 0 for topics that do not exist."""
    described = await admin.describe_topics(topics)
    found = {topic["topic"]: len(topic["partitions"]) for topic in described if topic["error_code"] == 0}
    return {topic: found.get(topic, 0) for topic in topics}
