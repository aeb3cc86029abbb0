"""Whether the topics exist and their partition counts fit.

The exporter asks before it reads anything, since a consumer could create a missing topic.
"""

from __future__ import annotations

from collections.abc import Mapping

from aiokafka import AIOKafkaConsumer

from exporters.config import ExporterConfig
from exporters.errors import TopicsError


async def partition_count(consumer: AIOKafkaConsumer, config: ExporterConfig) -> int:
    """Partitions of the ledger. Errors: TopicsError, KafkaError."""
    # The list of all topics: asking for one by name makes some brokers create it.
    cluster = await consumer._client.fetch_all_metadata()  # noqa: SLF001 - `topics()` gives names without partitions
    found = {
        name: len(cluster.partitions_for_topic(name) or ()) for name in (config.view_topic, *config.sources)
    }
    return check_counts(found, config)


def check_counts(found: Mapping[str, int], config: ExporterConfig) -> int:
    """The common partition count of topics that have so many partitions, 0 for a missing topic.

    Errors: TopicsError.
    """
    missing = sorted(name for name, count in found.items() if not count)
    if missing:
        raise TopicsError(
            f"no topic {', '.join(missing)}: create the topics with `deskpulse topics`, or set app_id and "
            "topic_prefix; Kafka hides topics that this user may not see: if they exist, give the user "
            "Describe on them (docs/kafka.md)"
        )
    count = found[config.view_topic]
    odd = {name: other for name, other in found.items() if other != count}
    if odd:
        told = ", ".join(f"{name} {other}" for name, other in sorted(odd.items()))
        raise TopicsError(
            f"the ledger {config.view_topic} has {count} partitions, but {told}: a ticket's events and its "
            "row must have the same partition number; `deskpulse topics --dry-run` shows the fix"
        )
    return count
