"""Lowering: the summed cells of one member in one window become the figures that the catalogue declares."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final, NamedTuple

from kpis import cell_numbers
from kpis.figure import Figure, Labels
from kpis.figures import catalogue
from kpis.figures.kpi.declaration import BY_CALENDAR, FigureKind
from kpis.figures.kpi.how import How
from kpis.figures.kpi.retention import CHURN, RETENTION, retention
from kpis.figures.kpi.volume import PER_HOUR
from windows.panes import HOUR_MS


class _Ready(NamedTuple):
    """A figure with what is asked of it for every member of every window, looked up once."""

    name: str
    observations_name: str
    how: How
    rollups: tuple[str, ...]


def _ready(kinds: Iterable[FigureKind]) -> tuple[_Ready, ...]:
    return tuple(_Ready(kind.name, kind.observations_name, kind.how, kind.rollups) for kind in kinds)


_FINAL: Final = _ready(catalogue.FIGURES)
_EARLIER: Final = _ready(kind for kind in catalogue.FIGURES if kind.compared)
_COMPARED: Final = _ready(catalogue.BUSINESS_FIGURES)
_CURRENT: Final = _ready((*catalogue.BUSINESS_FIGURES, *catalogue.BUSINESS_QUANTILES))


def lower(cells: Mapping[int, int], labels: Labels, by: str, *, current: bool) -> list[Figure]:
    """All final figures of the catalogue of one member, each with its observations.

    The observations are there even when they are 0. Some figures have a current period only.
    """
    return _lower(_FINAL if current else _EARLIER, cells, labels, by)


def lower_business(cells: Mapping[int, int], labels: Labels, by: str, *, current: bool) -> list[Figure]:
    """Durations by the calendars of teams; quantiles of the current period only."""
    found = _lower(_CURRENT if current else _COMPARED, cells, labels, by)
    if by in BY_CALENDAR:
        for name, base in catalogue.CLOSED_OBSERVATIONS.items():
            count = cells.get(base + cell_numbers.NO_TIME, 0)
            found.append(Figure(name, labels, float(count), cells.get(base, 0)))
    return found


def _lower(kinds: Iterable[_Ready], cells: Mapping[int, int], labels: Labels, by: str) -> list[Figure]:
    found: list[Figure] = []
    for name, observations_name, how, rollups in kinds:
        if by not in rollups:
            continue
        n = how.observations(cells)
        for more, value in how.lower(cells):
            found.append(Figure(name, labels + more, value, n))
        found.append(Figure(observations_name, labels + how.fixed, float(n), n))
    return found


def per_hour(cells: Mapping[int, int], labels: Labels, covered_ms: int) -> Iterator[Figure]:
    """Tickets per hour of the span covered, absent when there were none, and its observations."""
    n = cells.get(cell_numbers.CREATED, 0)
    if n and covered_ms > 0:
        yield Figure(PER_HOUR.name, labels, n * HOUR_MS / covered_ms, n)
    yield Figure(PER_HOUR.observations_name, labels, float(n), n)


def customers(at_start: int, new: int, at_end: int, labels: Labels) -> Iterator[Figure]:
    """Retention and churn, absent when nobody was a customer at the start, and their observations."""
    kept = retention(at_start, new, at_end)
    for shown, value in ((RETENTION, kept), (CHURN, None if kept is None else 1 - kept)):
        if value is not None:
            yield Figure(shown.name, labels, value, at_start)
        yield Figure(shown.observations_name, labels, float(at_start), at_start)
