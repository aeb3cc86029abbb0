"""The collector: one immutable snapshot becomes metric families.

It computes nothing, and no failure of a part reaches the scraper.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Final

from prometheus_client import CollectorRegistry
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from prometheus_client.samples import Sample

from exporters.metrics.families import Family, metric_families
from exporters.metrics.kpi_families import kpi_parts
from exporters.metrics.name_families import NAMES, collect_desk
from exporters.metrics.program_families import PROGRAM, PROGRAM_PARTS
from exporters.snapshot import Snapshot

log: Final = logging.getLogger(__name__)
UP: Final = Family("deskpulse_exporter_up", "1 when the exporter could collect every part of this scrape.")
SERIES: Final = Family("deskpulse_series", "Samples of this scrape.")
FAMILIES: Final = (*metric_families(), *NAMES, *PROGRAM, SERIES, UP)
Collect = Callable[[], Iterable[Metric]]


class DeskpulseCollector(Collector):
    """All families of the exporter.

    `read` gives the snapshot of this scrape; `desk` is the name of the desk.
    """

    def __init__(
        self, read: Callable[[], Snapshot], buckets_seconds: Sequence[int], desk: str = "deskpulse"
    ) -> None:
        self._read = read
        self._desk = desk
        self._kpi_parts = kpi_parts(buckets_seconds)

    def describe(self) -> Iterable[Metric]:
        """Every family without samples; reads no state."""
        return [family.new() for family in FAMILIES]

    def collect(self) -> Iterator[Metric]:
        """Families that have samples.

        A part that fails is left out as a whole and turns `deskpulse_exporter_up` to 0.
        """
        snapshot = self._read()
        parts: list[Collect] = [
            partial(collect_desk, self._desk),
            *(partial(part, snapshot) for part in PROGRAM_PARTS),
        ]
        if snapshot.view is not None:
            parts += [partial(part, snapshot.view) for part in self._kpi_parts]
        up, count = not snapshot.failed, 2
        for part in parts:
            try:
                found = [metric for metric in part() if metric.samples]
            except Exception:
                log.exception("a part of the metrics could not be collected")
                up = False
                continue
            count += sum(len(metric.samples) for metric in found)
            yield from found
        yield _one(SERIES, count)
        yield _one(UP, float(up))


def _one(family: Family, value: float) -> Metric:
    metric = family.new()
    metric.samples.append(Sample(family.name, {}, value))
    return metric


def new_registry(
    read: Callable[[], Snapshot], buckets_seconds: Sequence[int], desk: str = "deskpulse"
) -> CollectorRegistry:
    """A registry of this exporter alone: nothing that other libraries registered is served."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(DeskpulseCollector(read, buckets_seconds, desk))
    return registry
