"""`--verify`: every exported figure against the independent oracle, at the `as_of` of the same scrape."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.request import urlopen

from aiokafka import AIOKafkaConsumer, TopicPartition

from deskpulse import oracle, verify
from deskpulse.oracle_events import Record, read_records
from deskpulse.settings import Settings
from streams.topics import SOURCE_TOPICS

Samples = Mapping[verify.Key, float]
AS_OF: Final = "deskpulse_view_as_of_timestamp_seconds"
POSITION: Final = "deskpulse_source_position_offset"
HISTOGRAMS: Final = ("support_first_response_seconds", "support_handle_time_seconds", "support_resolution_time_seconds")


@dataclass(frozen=True, slots=True)
class Verdict:
    """How many figures were compared at which moment, and what differed."""

    compared: int
    differences: list[verify.Difference]
    as_of_ms: int

    def __str__(self) -> str:
        """Read as the demo's last line."""
        return f"{self.compared} figures compared, {len(self.differences)} differences"


def scrape(url: str) -> Samples:
    """The samples of an exporter. Errors: OSError when it does not answer."""
    with urlopen(f"{url}/metrics", timeout=30) as response:  # noqa: S310 - http on loopback, from our own hand
        return verify.parse_exposition(response.read().decode())


async def read_source(settings: Settings) -> tuple[list[Record], dict[tuple[str, int], int]]:
    """Every record of the source topics up to their ends as they are now, and these ends by (topic without prefix, partition)."""
    topics = [settings.topic_prefix + topic for topic in SOURCE_TOPICS]
    consumer = AIOKafkaConsumer(
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        isolation_level="read_committed",
        max_partition_fetch_bytes=4 << 20,
        **settings.kafka.client_options(),
    )
    await consumer.start()
    try:
        await consumer._client.force_metadata_update()  # noqa: SLF001 - partitions_for_topic knows nothing before
        places = [TopicPartition(topic, p) for topic in topics for p in await _partitions(consumer, topic)]
        consumer.assign(places)
        ends = await consumer.end_offsets(places)
        prefix = len(settings.topic_prefix)
        return await _read(consumer, ends, prefix), {(place.topic[prefix:], place.partition): end for place, end in ends.items()}
    finally:
        await consumer.stop()


async def _partitions(consumer: AIOKafkaConsumer, topic: str) -> list[int]:
    await consumer._client._wait_on_metadata(topic)  # noqa: SLF001
    return sorted(consumer.partitions_for_topic(topic) or ())


async def _read(consumer: AIOKafkaConsumer, ends: dict[TopicPartition, int], prefix: int) -> list[Record]:
    records: list[Record] = []
    left = {place for place, end in ends.items() if await consumer.position(place) < end}
    while left:
        for place, batch in (await consumer.getmany(timeout_ms=200, max_records=20_000)).items():
            topic = place.topic[prefix:]
            records.extend((topic, record.key, record.value, record.timestamp) for record in batch if record.offset < ends[place])
        left = {place for place in left if await consumer.position(place) < ends[place]}
    return records


def behind(samples: Samples, ends: Mapping[tuple[str, int], int]) -> int:
    """Records that are in the source topics and not yet in the figures of a scrape."""
    positions = {
        (dict(labels)["topic"], int(dict(labels)["partition"])): int(value) for (name, labels), value in samples.items() if name == POSITION
    }
    return sum(max(0, end - positions.get(place, 0)) for place, end in ends.items())


def judge(settings: Settings, records: list[Record], samples: Samples) -> Verdict:
    """Compare a scrape with the oracle's reading of the same records."""
    as_of_ms = round(samples[AS_OF, frozenset()] * 1000)
    desk = settings.desk
    facts = read_records(records, future_tolerance_ms=desk.future_tolerance_seconds * 1000)
    lists = {name: list(names) for name, names in desk.members.model_dump().items() if names is not None}
    expected = oracle.figures(
        facts,
        as_of_ms=as_of_ms,
        time_zone=desk.time_zone,
        team_time_zones=desk.team_time_zones,
        members=lists,
        max_members=desk.max_members,
    )
    compared = settings.exporter.compared_rollups
    expected = [
        figure for figure in expected if dict(figure.labels).get("period", "current") == "current" or dict(figure.labels)["by"] in compared
    ]
    expected += oracle.parts(
        facts,
        as_of_ms=as_of_ms,
        thresholds_seconds=dict.fromkeys(HISTOGRAMS, settings.exporter.buckets_seconds),
        time_zone=desk.time_zone,
        windows=settings.exporter.parts_windows,
        members=lists,
        max_members=desk.max_members,
    )
    return Verdict(len(expected), verify.compare(expected, samples), as_of_ms)
