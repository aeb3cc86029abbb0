"""The families about the surroundings of the ledger.

They say who works on the partitions, and how far the source topics are applied.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from prometheus_client.metrics_core import Metric

from exporters.metrics.families import Family
from exporters.reading.surroundings import following
from exporters.snapshot import Snapshot

_PARTITION: Final = ("partition",)
_SOURCE: Final = ("topic", "partition")

WORKERS: Final = Family(
    "deskpulse_workers", "Workers in the consumer group; a dead worker counts until its session expires."
)
OWNED: Final = Family("deskpulse_partitions_owned", "Partitions assigned to a worker; 0 during a rebalance.")
RECOVERING: Final = Family(
    "deskpulse_partitions_recovering", "Owned partitions that their worker is still reading from the ledger."
)
PARTITION_OWNED: Final = Family(
    "deskpulse_partition_owned", "1 while the partition is assigned to a worker.", labels=_PARTITION
)
PARTITION_RECOVERING: Final = Family(
    "deskpulse_partition_recovering",
    "1 while the partition's worker is still reading it from the ledger.",
    labels=_PARTITION,
)
POSITION: Final = Family("deskpulse_source_position_offset", "Next source offset to apply.", labels=_SOURCE)
END: Final = Family(
    "deskpulse_source_end_offset",
    "Log end of a source partition, up to the first open transaction.",
    labels=_SOURCE,
)
LAG: Final = Family(
    "deskpulse_source_lag_records",
    "Source offsets not applied yet; until a worker has read to the end, this includes markers of upstream "
    "transactions.",
    labels=_SOURCE,
)
BEHIND: Final = Family(
    "deskpulse_source_behind_seconds",
    "Least time that the oldest record not yet applied has waited.",
    labels=_SOURCE,
)
UNSTABLE: Final = Family(
    "deskpulse_source_unstable_records",
    "High-water mark minus last stable offset of a source partition: records held back by producers' open "
    "transactions.",
    labels=_SOURCE,
)
AROUND: Final = (
    WORKERS,
    OWNED,
    RECOVERING,
    PARTITION_OWNED,
    PARTITION_RECOVERING,
    POSITION,
    END,
    LAG,
    BEHIND,
    UNSTABLE,
)


def collect_workers(snapshot: Snapshot) -> Iterator[Metric]:
    """Who works on what; nothing while that is not known."""
    status = snapshot.status
    workers = status.workers
    if workers is None:
        return
    yield WORKERS.having(({}, workers.members))
    yield OWNED.having(({}, len(workers.owners)))
    yield RECOVERING.having(({}, len(status.recovering)))
    numbers = range(status.expected or 0)
    yield PARTITION_OWNED.having(
        *(({"partition": str(number)}, float(number in workers.owners)) for number in numbers)
    )
    yield PARTITION_RECOVERING.having(
        *(({"partition": str(number)}, float(number in status.recovering)) for number in numbers)
    )


def collect_sources(snapshot: Snapshot) -> Iterator[Metric]:
    """How far the workers are: the log ends are read now and then, so a position may be ahead of them."""
    status, view = snapshot.status, snapshot.view
    known = view.positions if view else {}
    positions, ends, lags, behind, unstable = [], [], [], [], []
    for (topic, number), span in sorted(status.sources.items()):
        labels = {"topic": topic, "partition": str(number)}
        last = known[number].offsets.get(topic) if number in known else None
        positions.append((labels, None if last is None else last + 1))
        ends.append((labels, span.end))
        lags.append((labels, max(0, span.end - following((topic, number), span, known, status.workers))))
        behind.append((labels, span.behind_seconds))
        unstable.append((labels, span.unstable))
    for family, found in (
        (POSITION, positions),
        (END, ends),
        (LAG, lags),
        (BEHIND, behind),
        (UNSTABLE, unstable),
    ):
        yield family.having(*found)
