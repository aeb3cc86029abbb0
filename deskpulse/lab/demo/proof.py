"""`--verify`: every exported figure against the independent oracle, at the `as_of` of the same scrape."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Final
from urllib.request import urlopen

import yaml

from deskpulse.cluster.read_topics import read_topics
from deskpulse.lab.simulator.backlog import partition_of
from deskpulse.settings import Settings
from oracle import figures as oracle
from oracle import promised, verify
from oracle.board import DIMENSIONS, SEGMENT
from oracle.clock import Edition, desk_zone, names_written, read_policy
from oracle.events import Facts, Record, read_records
from streams.topics import SOURCE_TOPICS

Samples = Mapping[verify.Key, float]
AS_OF: Final = "deskpulse_view_as_of_timestamp_seconds"
EVENT_CLOCK: Final = "deskpulse_event_clock_timestamp_seconds"
POSITION: Final = "deskpulse_source_position_offset"
HISTOGRAMS: Final = (
    "support_first_response_seconds",
    "support_handle_time_seconds",
    "support_resolution_time_seconds",
)


@dataclass(frozen=True, slots=True)
class ProofVerdict:
    """How many figures were compared at which moment, and what differed."""

    compared: int
    differences: list[verify.Difference]
    as_of_ms: int
    by_segment: int = 0  # of the compared ones; 0 where the desk has not switched segments on

    def __str__(self) -> str:
        """Read as the demo's last line."""
        return f"{self.compared} figures compared, {len(self.differences)} differences"


def scrape(url: str) -> Samples:
    """The samples of an exporter. Errors: OSError when it does not answer."""
    with urlopen(f"{url}/metrics", timeout=30) as response:  # noqa: S310 - http on loopback, from our own hand
        return verify.parse_exposition(response.read().decode())


async def read_source(settings: Settings) -> tuple[list[Record], dict[tuple[str, int], int]]:
    """Every record of the source topics up to their present ends, and these ends.

    The ends are by (topic without prefix, partition).
    """
    prefix = len(settings.topic_prefix)
    logs, ends = await read_topics(
        settings.kafka.client_options(), [settings.topic_prefix + topic for topic in SOURCE_TOPICS]
    )
    records = [
        (place.topic[prefix:], record.key, record.value, record.timestamp)
        for place, found in logs.items()
        for record in found
    ]
    return records, {(place.topic[prefix:], place.partition): end for place, end in ends.items()}


def behind(samples: Samples, ends: Mapping[tuple[str, int], int]) -> int:
    """Records that are in the source topics and not yet in the figures of a scrape."""
    positions = {
        (dict(labels)["topic"], int(dict(labels)["partition"])): int(value)
        for (name, labels), value in samples.items()
        if name == POSITION
    }
    return sum(max(0, end - positions.get(place, 0)) for place, end in ends.items())


def judge(settings: Settings, records: list[Record], samples: Samples) -> ProofVerdict:
    """Compare a scrape with the oracle's reading of the same records."""
    as_of_ms = as_of(samples)
    wanted = expected_figures(settings, heard(read(settings, records), samples), as_of_ms)
    by_segment = sum(SEGMENT in dict(figure.labels).get("by", "").split("_") for figure in wanted)
    return ProofVerdict(len(wanted), verify.compare(wanted, samples), as_of_ms, by_segment)


def read(settings: Settings, records: Iterable[Record]) -> Facts:
    """The oracle's reading of records, under these settings."""
    return read_records(records, future_tolerance_ms=settings.desk.future_tolerance_seconds * 1000)


def heard(facts: Facts, samples: Samples) -> Facts:
    """The facts, with the event clock of each ticket's partition as a scrape has it.

    A ticket is given up by that clock, not by the wall's. The partition is that of Kafka's own partitioner.
    """
    clocks = {
        int(dict(labels)["partition"]): round(value * 1000)
        for (name, labels), value in samples.items()
        if name == EVENT_CLOCK
    }
    partitions = len({dict(labels)["partition"] for name, labels in samples if name == POSITION})
    return replace(
        facts,
        clocks={ticket: clocks.get(partition_of(ticket.encode(), partitions), 0) for ticket in facts.tickets},
    )


def expected(settings: Settings, records: list[Record], as_of_ms: int) -> list[oracle.OracleFigure]:
    """Every sample that an exporter with these settings should show of the records at an instant."""
    return expected_figures(settings, read(settings, records), as_of_ms)


def as_of(samples: Samples) -> int:
    """The instant, in ms, that the figures of a scrape are for."""
    return round(samples[AS_OF, frozenset()] * 1000)


def expected_figures(
    settings: Settings, facts: Facts, as_of_ms: int, *, with_parts: bool = True
) -> list[oracle.OracleFigure]:
    """What an exporter with these settings should show at an instant, by the oracle; without parts.

    Only final and live figures.
    """
    desk = settings.desk
    editions = [] if desk.policy is None else _editions(desk.policy.read_text(encoding="utf-8"))
    zone = desk.time_zone or desk_zone(editions) or "UTC"
    lists = {name: list(names) for name, names in desk.members.model_dump().items() if names is not None}
    segment = desk.segment is not None
    dimensions = (*DIMENSIONS, SEGMENT) if segment else DIMENSIONS
    named = {name: names_written(editions, place) for place, name in enumerate(dimensions)}
    written = {name: [*named[name], *lists.get(name, ())] for name in dimensions}
    written["team"] += desk.team_time_zones
    asked: dict[str, Any] = {
        "as_of_ms": as_of_ms,
        "time_zone": zone,
        "team_time_zones": desk.team_time_zones,
        "members": lists,
        "max_members": desk.max_members,
        "written": written,
        "named": named,
        "segment": segment,
        "frt_from": desk.frt_from,
    }
    # without a policy, too, there are deadlines that came with tickets
    found = [*oracle.figures(facts, **asked), *promised.figures(facts, policy=editions, **asked)]
    compared = settings.exporter.compared_rollups
    found = [
        figure
        for figure in found
        if dict(figure.labels).get("period", "current") == "current" or dict(figure.labels)["by"] in compared
    ]
    if not with_parts:
        return found
    return found + oracle.parts(
        facts,
        as_of_ms=as_of_ms,
        thresholds_seconds=dict.fromkeys(HISTOGRAMS, settings.exporter.buckets_seconds),
        time_zone=zone,
        windows=settings.exporter.parts_windows,
        members=lists,
        max_members=desk.max_members,
        written=written,
        named=named,
        segment=segment,
        frt_from=desk.frt_from,
    )


@lru_cache(maxsize=4)
def _editions(text: str) -> list[Edition]:
    """The versions of a policy; they remember which minutes of their calendars are open."""
    return read_policy(yaml.safe_load(text))
