"""The SLA figures of a finished history: the same sums as a view's, taken over spans directly."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

from kpis.figure import Figure, Labels
from kpis.members import EVERY_DIMENSION
from kpis.sla import deadlines, forecast, worst
from kpis.sla import figures as sla
from kpis.sla.deadlines import Deadlines, Settled, minute_of
from kpis.sla.given import in_order
from kpis.sla.outcomes import Outcomes
from kpis.sla.policy import Policy
from kpis.tickets.observe import Observation
from kpis.tickets.standing import Dims
from kpis.view_keys import LevelKey
from windows.cells import Cells
from windows.panes import DAY_MS, MINUTE, MINUTE_MS, QUARTER


class Stretched(Protocol):
    """A span, as in kpis.figures.batch."""

    @property
    def period(self) -> str: ...
    @property
    def start_ms(self) -> int: ...
    @property
    def end_ms(self) -> int: ...


class SlaBatch:
    """Deadlines of a history. Add all of them, then ask."""

    def __init__(self, policy: Policy | None, given: Iterable[str] = ()) -> None:
        """`given`: the targets of which a deadline came with any ticket."""
        self._policy = policy
        self.targets = in_order(policy.targets if policy is not None else (), given)
        self._deadlines = Deadlines()
        self._settled: dict[Dims, list[tuple[int, int]]] = defaultdict(list)
        self._levels: list[tuple[LevelKey, Cells]] = []
        self._sorted = True

    def settle(self, dims: Dims, found: Sequence[Observation]) -> None:
        """Add what a ticket's promises came to."""
        self._settled[dims] += [(at_ms, cell) for at_ms, cell, _ in found]
        self._sorted = False

    def level(self, key: LevelKey, delta: Cells) -> None:
        """Add a difference of one level row."""
        self._deadlines.change(key, delta)
        self._levels.append((key, delta))

    def windowed(
        self, stretch: Stretched, by: str, names: Sequence[str], as_of_ms: int, labels: Labels
    ) -> Iterator[Figure]:
        """Attainment and breaches of some members in a stretch."""
        if not self.targets or (stretch.period != "current" and by not in sla.COMPARED):
            return
        cells = self._cells(stretch, by, names, as_of_ms)
        for target in self.targets:
            met, breached = deadlines.settled(cells, target)
            late = self._late(stretch, target, by, names, as_of_ms)
            yield from deadlines.attainment(target, Settled(met, breached + late), labels)
            yield from deadlines.marks(target, cells, met + breached, labels)

    def live(
        self,
        by: str,
        names: Sequence[str],
        as_of_ms: int,
        labels: Labels,
        looked_back: tuple[Stretched, Stretched, Stretched],
    ) -> Iterator[Figure]:
        """What stands at an instant; the forecast looks back on an hour, a day and a week."""
        now = minute_of(as_of_ms)
        yield from sla.PolicyAt(self._policy, as_of_ms).figures(by, names, labels, self._deadlines.unanswered)
        for target in self.targets:
            held = self._deadlines.held(target, by, names)
            yield from deadlines.standing(target, held, now, labels)
            if by in sla.FORECAST_ROLLUPS:
                hour, day, week = (
                    self._history(stretch, target, by, names, as_of_ms) for stretch in looked_back
                )
                found = forecast.breaches(deadlines.ahead(held, now), hour=hour, day=day, week=week)
                yield from deadlines.forecasted(target, found, labels)

    def judged(self, as_of_ms: int, shown: worst.ShownMembers) -> Iterator[Figure]:
        """What is worst at an instant, and what will be; nothing without a policy."""
        if self._policy is None:
            return
        outcomes = Outcomes()
        for key, delta in self._levels:
            outcomes.level(key, delta)
        for dims, found in self._settled.items():
            for at_ms, cell in found:
                if as_of_ms - QUARTER.retention_ms <= at_ms < as_of_ms + DAY_MS:
                    for resolution in (MINUTE, QUARTER):
                        outcomes.pane(resolution.index, resolution.pane(at_ms), dims, {cell: 1})
        yield from worst.figures(worst.judge(outcomes, self._policy, as_of_ms, shown))

    def _cells(self, stretch: Stretched, by: str, names: Sequence[str], as_of_ms: int) -> Cells:
        """What was met in a stretch, and the deadlines missed in it whose minute is over."""
        if not self._sorted:
            for found in self._settled.values():
                found.sort()
            self._sorted = True
        start, end, now = stretch.start_ms, stretch.end_ms, minute_of(as_of_ms) * MINUTE_MS
        cells: Cells = {}
        for dims, found in self._settled.items():
            if by != "all" and dims[EVERY_DIMENSION.index(by)] not in names:
                continue
            for at_ms, cell in found[bisect_left(found, (start,)) : bisect_left(found, (end,))]:
                if at_ms < now or cell not in sla.MISSED:
                    cells[cell] = cells.get(cell, 0) + 1
        return cells

    def _late(self, stretch: Stretched, target: str, by: str, names: Sequence[str], as_of_ms: int) -> int:
        """Deadlines of a stretch that have passed while the ticket still waits."""
        first, end = (
            -(-stretch.start_ms // MINUTE_MS),
            min(-(-stretch.end_ms // MINUTE_MS), minute_of(as_of_ms)),
        )
        return sum(timeline.between(first, end) for timeline in self._deadlines.due(target, by, names))

    def _history(
        self, stretch: Stretched, target: str, by: str, names: Sequence[str], as_of_ms: int
    ) -> Cells:
        found = deadlines.of_target(self._cells(stretch, by, names, as_of_ms), target)
        return sla.with_late(found, self._late(stretch, target, by, names, as_of_ms))
