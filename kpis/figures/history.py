"""How the sums of one choice went pane by pane, and of which parts they are made.

What a wall's trends and explanations rest on.

A view holds sums of whole windows. A person who looks at a screen also asks how it came to that, and where.
Both are answered from the same panes, so a trend needs no memory of its own: an exporter that has just
started shows it whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final, NamedTuple

from kpis import cell_numbers
from kpis.figure import Group
from kpis.members import EVERY_DIMENSION, OTHER, SEGMENT
from kpis.sla import deadlines
from windows.cells import Cells, add, subtract
from windows.rolling import RollingSums, Slot
from windows.spans import Period, Span

PaneParts = Mapping[Group, Mapping[int, int]]
TOTAL: Final[Group] = ("all", "all")


class Choice(NamedTuple):
    """What a person looks at: one window, of everything, of one team or of one segment."""

    window: str
    team: str | None = None
    segment: str | None = None  # where the desk has switched them on; without a team

    @property
    def group(self) -> Group:
        """As (by, member)."""
        if self.team is not None:
            return "team", self.team
        return TOTAL if self.segment is None else (SEGMENT, self.segment)


@dataclass(frozen=True)
class PaneHistory:
    """Immutable.

    `panes` holds the light cells (`series.LIGHT`) of each pane of the spans, by part; TOTAL is the choice
    itself.

    TOTAL has the deadlines too (`series.SETTLED`). A pane in which nothing was observed is absent. The
    current span's last pane is partial.
    """

    choice: Choice
    spans: Mapping[Period, Span]
    panes: Mapping[int, PaneParts]
    cumulative: bool = False  # the window has a fixed start (today), so it grows instead of rolling
    waiting: Sequence[int] = ()  # unanswered tickets by age, see `kpis.figures.levels.AGE_EDGES_MS`

    @cached_property
    def totals(self) -> Mapping[Period, Mapping[Group, Mapping[int, int]]]:
        """Sums of each period by part."""
        return {period: self._total(span) for period, span in self.spans.items()}

    @cached_property
    def dimensions(self) -> tuple[str, ...]:
        """What it can be taken apart by; nothing where nothing was observed."""
        found = {by for sums in self.totals.values() for by, _ in sums}
        return tuple(dimension for dimension in EVERY_DIMENSION if dimension in found)

    def _total(self, span: Span) -> dict[Group, Cells]:
        sums: dict[Group, Cells] = {}
        for pane in range(span.first, span.last + 1):
            for group, cells in self.panes.get(pane, {}).items():
                add(sums.setdefault(group, {}), cells)
        return sums

    def by_pane(self, group: Group = TOTAL) -> Iterator[Mapping[int, int]]:
        """The sums of each pane of the current span, oldest first."""
        span = self.spans["current"]
        for pane in range(span.first, span.last + 1):
            yield self.panes.get(pane, {}).get(group, {})

    def rolled(self, group: Group = TOTAL) -> Iterator[Cells]:
        """For each pane of the current span the sums of the window that ends with it.

        The last ones are those of the window itself.

        The mapping is reused from step to step. A cumulative window is summed from its start instead.
        """
        span = self.spans["current"]
        length = span.last + 1 - span.first
        sums: Cells = {}
        if not self.cumulative:
            for pane in range(span.first - length + 1, span.first):
                add(sums, self._cells(pane, group))
        for pane in range(span.first, span.last + 1):
            add(sums, self._cells(pane, group))
            yield sums
            if not self.cumulative:
                subtract(sums, self._cells(pane - length + 1, group))

    def _cells(self, pane: int, group: Group) -> Mapping[int, int]:
        return self.panes.get(pane, {}).get(group, {})


@dataclass(slots=True)
class CourseKeeper:
    """Makes the courses of one choice, view after view; a pane is summed again only when it changed."""

    choice: Choice
    slots: Mapping[Period, Slot]
    _shown: Mapping[str, Sequence[str]] = field(default_factory=dict)
    _panes: dict[int, PaneParts] = field(default_factory=dict)

    def spans(self, as_of_ms: int) -> dict[Period, Span]:
        """The panes of each period."""
        return {period: slot.span(as_of_ms) for period, slot in self.slots.items()}

    def course(
        self,
        sums: RollingSums[Slot],
        shown: Mapping[str, Sequence[str]],
        waiting: Sequence[int],
        more: Mapping[int, Cells],
    ) -> PaneHistory:
        """The course as of the instant that the sums stand at.

        `forget` must have been told of every pane that changed.

        `more`: what is added to panes of the choice itself, and is not in the sums.
        """
        assert sums.as_of_ms is not None
        if shown != self._shown:  # a name moved into or out of `other`
            self._shown = {dimension: tuple(names) for dimension, names in shown.items()}
            self._panes = {}
        spans = self.spans(sums.as_of_ms)
        present = {pane for span in spans.values() for pane in sums.present_panes(span)}
        resolution = spans["current"].resolution.index
        self._panes = {pane: self._panes.get(pane) or self._parts(sums, resolution, pane) for pane in present}
        cumulative = self.slots["current"].window.panes is None
        panes = self._come(sums, dict(self._panes))
        for pane, cells in more.items():
            total = dict(panes.get(pane, {}).get(TOTAL, {}))
            add(total, cells)
            panes[pane] = {**panes.get(pane, {}), TOTAL: total}
        return PaneHistory(self.choice, spans, panes, cumulative, waiting)

    def _come(self, sums: RollingSums[Slot], panes: dict[int, PaneParts]) -> dict[int, PaneParts]:
        """The same without what is dated ahead of `as_of`.

        It is in the current pane, and counts from its minute on.
        """
        assert sums.as_of_ms is not None
        slot = self.slots["current"]
        coming = slot.ahead(sums.as_of_ms)
        if coming is not None and (minutes := sums.present_panes(coming)):
            current = slot.window.resolution.pane(sums.as_of_ms)
            left = {group: dict(cells) for group, cells in panes.get(current, {}).items()}
            for minute in minutes:
                for group, cells in self._parts(sums, coming.resolution.index, minute).items():
                    subtract(left.setdefault(group, {}), cells)
            panes[current] = left
        return panes

    def forget(self, changed: Iterable[tuple[int, int]]) -> None:
        """These panes, as (resolution, number), are not what they were."""
        own = self.slots["current"].window.resolution.index
        for resolution, pane in changed:
            if resolution == own:
                self._panes.pop(pane, None)

    def _parts(self, sums: RollingSums[Slot], resolution: int, pane: int) -> PaneParts:
        by, chosen = self.choice.group
        parts: dict[Group, Cells] = {}
        for key, cells in sums.pane(resolution, pane).items():
            assert isinstance(key, tuple)
            names = dict(zip(EVERY_DIMENSION, key, strict=False))
            if self.choice.group != TOTAL and names.pop(by, None) != chosen:
                continue
            light = {cell: cells[cell] for cell in cell_numbers.LIGHT & cells.keys()}
            if found := {**light, **deadlines.light(cells)}:
                add(parts.setdefault(TOTAL, {}), found)
            for dimension, name in names.items():
                member = name if name in self._shown.get(dimension, ()) else OTHER
                add(parts.setdefault((dimension, member), {}), light)
        return parts
