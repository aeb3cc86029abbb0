"""Trends: how a figure came to its value, one point a pane, from the sums of a course."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final, NamedTuple

from kpis import cell_numbers
from kpis.figure import Group
from kpis.figures.catalogue import ATTAINMENTS, BUSINESS_FIGURES, FIGURES
from kpis.figures.history import TOTAL, PaneHistory
from kpis.figures.kpi.declaration import FigureKind

_LIGHT: Final = cell_numbers.LIGHT.union(*cell_numbers.SETTLED.values())
Which = tuple[str, str | None]  # a figure, and by which clock; of attainment, of which target


def _which(kind: FigureKind) -> Which:
    return kind.name, next((value for _, value in kind.fixed_labels), None)


# Quotients for which light cells suffice: no quantiles (histograms), no distinct customers (registers), no
# counts (bars: `volumes`).
TRENDS: Final = {
    _which(kind): kind
    for kind in (*FIGURES, *BUSINESS_FIGURES, *ATTAINMENTS)
    if kind.how.top is not None and kind.how.cells <= _LIGHT
}


class Trend(NamedTuple):
    """One value for each pane of the window, oldest first; the last pane is partial."""

    start_ms: int  # of the first pane
    step_ms: int
    values: tuple[float | None, ...]  # None: nothing observed


def trends(
    course: PaneHistory, which: Collection[Which] = tuple(TRENDS), group: Group = TOTAL
) -> dict[Which, Trend]:
    """For each figure its value over the window that ends with each pane.

    What stood on the screen then, by what is known now.

    So the last value is the figure itself. Late events have moved the earlier ones to where they belong.
    Units are the figure's.
    """
    values: dict[Which, list[float | None]] = {one: [] for one in which}
    for sums in course.rolled(group):
        for one in which:
            values[one].append(next((value for _, value in TRENDS[one].lower(sums)), None))
    return {one: _trend(course, found) for one, found in values.items()}


def volumes(course: PaneHistory, group: Group = TOTAL) -> Trend:
    """Tickets created in each pane itself; none is a real 0."""
    return _trend(course, [float(cells.get(cell_numbers.CREATED, 0)) for cells in course.by_pane(group)])


def _trend(course: PaneHistory, values: list[float | None]) -> Trend:
    span = course.spans["current"]
    return Trend(span.start_ms, span.resolution.length_ms, tuple(values))
