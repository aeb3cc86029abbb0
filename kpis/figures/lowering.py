"""Lowering: the summed cells of one member in one window become figures."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from kpis import cell_numbers
from kpis.figure import Figure, Labels
from kpis.figures import catalogue
from windows.panes import HOUR_MS


def lower(cells: Mapping[int, int], labels: Labels, by: str) -> list[Figure]:
    """All final figures of the catalogue of one member, each with its observations.

    The observations are there even when they are 0.
    """
    return _lower(catalogue.FIGURES, cells, labels, by)


def lower_business(cells: Mapping[int, int], labels: Labels, by: str, *, current: bool) -> list[Figure]:
    """Durations by the calendars of teams; quantiles of the current period only."""
    kinds = (
        (*catalogue.BUSINESS_FIGURES, *catalogue.BUSINESS_QUANTILES)
        if current
        else catalogue.BUSINESS_FIGURES
    )
    found = _lower(kinds, cells, labels, by)
    if by in catalogue.BY_CALENDAR:
        for name, base in catalogue.CLOSED_OBSERVATIONS.items():
            count = cells.get(base + cell_numbers.NO_TIME, 0)
            found.append(Figure(name, labels, float(count), cells.get(base, 0)))
    return found


def _lower(
    kinds: Iterable[catalogue.FigureKind], cells: Mapping[int, int], labels: Labels, by: str
) -> list[Figure]:
    found: list[Figure] = []
    for kind in kinds:
        if by not in kind.rollups:
            continue
        n = kind.observations(cells)
        for more, value in kind.lower(cells):
            found.append(Figure(kind.name, labels + more, value, n))
        found.append(Figure(kind.observations_name, labels + kind.fixed_labels, float(n), n))
    return found


def per_hour(cells: Mapping[int, int], labels: Labels, covered_ms: int) -> Iterator[Figure]:
    """Tickets per hour of the span covered, absent when there were none, and its observations."""
    n = cells.get(cell_numbers.CREATED, 0)
    if n and covered_ms > 0:
        yield Figure(catalogue.PER_HOUR, labels, n * HOUR_MS / covered_ms, n)
    yield Figure(catalogue.PER_HOUR + "_observations", labels, float(n), n)


def customers(at_start: int, new: int, at_end: int, labels: Labels) -> Iterator[Figure]:
    """Retention and churn, absent when nobody was a customer at the start, and their observations."""
    kept = catalogue.retention(at_start, new, at_end)
    for name, value in ((catalogue.RETENTION, kept), (catalogue.CHURN, None if kept is None else 1 - kept)):
        if value is not None:
            yield Figure(name, labels, value, at_start)
        yield Figure(name.removesuffix("_ratio") + "_observations", labels, float(at_start), at_start)
