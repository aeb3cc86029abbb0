"""The KPI families of a scrape, read from one immutable view.

A group of families that share their source has one `collect_*` function.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final

from prometheus_client.metrics_core import Metric
from prometheus_client.samples import Sample

from exporters.metrics import families
from exporters.metrics.exposition import LabelSet, label_set
from exporters.metrics.families import Family
from exporters.metrics.name_families import collect_teams
from kpis import cell_numbers
from kpis.figure import Figure
from kpis.figures.view import Part, View
from kpis.members import EVERY_DIMENSION
from windows.histogram import at_most


def collect_final(view: View) -> Iterator[Metric]:
    """Final figures and their observations."""
    yield from _by_name((*families.FINAL, *families.SLA_FINAL, *families.CLOSED_FINAL), view.figures)


def collect_live(view: View) -> Iterator[Metric]:
    """Open, unanswered, oldest unanswered; with a policy what its clocks say."""
    yield from _by_name((*families.LIVE, *families.SLA_LIVE, *families.SLA_WORST), view.live)


def _by_name(known: Iterable[Family], figures: Iterable[Figure]) -> Iterator[Metric]:
    found = {family.name: family.new() for family in known}
    for name, labels, value, _ in figures:
        found[name].samples.append(Sample(name, label_set(labels), value))
    yield from found.values()


def collect_counts(view: View) -> Iterator[Metric]:
    """Additive parts: created, solved, abandoned."""
    yield _counts(families.CREATED, view, cell_numbers.CREATED)
    yield _counts(families.SOLVED, view, cell_numbers.SOLVED)
    yield _counts(families.ABANDONED, view, cell_numbers.ABANDONED)


def _counts(family: Family, view: View, cell: int) -> Metric:
    metric = family.new()
    for part in view.parts:
        metric.samples.append(Sample(family.name, _labels(part), part.cells.get(cell, 0)))
    return metric


def collect_durations(view: View, buckets_seconds: Sequence[int]) -> Iterator[Metric]:
    """Additive parts: histograms of durations with buckets exactly on the given edges."""
    yield _durations(families.FIRST_RESPONSE, view, cell_numbers.FIRST_RESPONSE, buckets_seconds)
    yield _durations(families.HANDLE_TIME, view, cell_numbers.HANDLE, buckets_seconds)
    yield _durations(families.RESOLUTION_TIME, view, cell_numbers.RESOLUTION, buckets_seconds)


def _durations(family: Family, view: View, base: int, buckets_seconds: Sequence[int]) -> Metric:
    metric = family.new()
    for part in view.parts:
        count = part.cells.get(base, 0)
        histogram = cell_numbers.buckets(part.cells, base) if count else []
        for edge in buckets_seconds:
            labels = _labels(part, ("le", repr(float(edge))))
            metric.samples.append(Sample(f"{family.name}_bucket", labels, at_most(histogram, edge * 1000)))
        metric.samples.append(Sample(f"{family.name}_bucket", _labels(part, ("le", "+Inf")), count))
        metric.samples.append(Sample(f"{family.name}_gcount", _labels(part), count))
        metric.samples.append(
            Sample(f"{family.name}_gsum", _labels(part), part.cells.get(base + 1, 0) / 1000)
        )
    return metric


_NPS: Final = {
    "promoter": cell_numbers.PROMOTERS,
    "passive": cell_numbers.PASSIVES,
    "detractor": cell_numbers.DETRACTORS,
}
_CSAT: Final = {"true": cell_numbers.SATISFIED, "false": cell_numbers.UNSATISFIED}


def collect_answers(view: View) -> Iterator[Metric]:
    """Additive parts: answers of surveys."""
    yield _answers(families.NPS_ANSWERS, view, "group", _NPS)
    yield _answers(families.CSAT_ANSWERS, view, "satisfied", _CSAT)


def _answers(family: Family, view: View, label: str, cells: Mapping[str, int]) -> Metric:
    metric = family.new()
    for part in view.parts:
        for value, cell in cells.items():
            metric.samples.append(Sample(family.name, _labels(part, (label, value)), part.cells.get(cell, 0)))
    return metric


def _labels(part: Part, *more: tuple[str, str]) -> LabelSet:
    return label_set((("window", part.window), *zip(EVERY_DIMENSION, part.dims, strict=False), *more))


def kpi_parts(buckets_seconds: Sequence[int]) -> tuple[Callable[[View], Iterator[Metric]], ...]:
    """Every group of KPI families, each of which may fail by itself."""

    def collect_histograms(view: View) -> Iterator[Metric]:
        return collect_durations(view, buckets_seconds)

    return (collect_final, collect_live, collect_counts, collect_histograms, collect_answers, collect_teams)
