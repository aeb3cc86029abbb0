"""The SLA figures of a view: what was settled in each window, and what runs now.

They include what will probably be missed within the hour.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from kpis import cell_numbers
from kpis.figure import Figure, Group, Labels
from kpis.members import EVERY_DIMENSION
from kpis.sla import deadlines, forecast, metrics
from kpis.sla.calendar import Calendar
from kpis.sla.deadlines import Deadlines, Settled, Timeline, minute_of
from kpis.sla.given import in_order
from kpis.sla.policy import Policy
from kpis.tickets.standing import Dims
from kpis.view_keys import LevelKey
from windows.cells import Cells, add, subtract
from windows.panes import MINUTE, MINUTE_MS
from windows.rolling import RollingSums, Slot
from windows.spans import Period, Span

FORECAST_WINDOWS: Final = ("1h", "24h", "7d")  # hour, day, week of the forecast
FORECAST_ROLLUPS: Final = ("all", "team")
COMPARED: Final = ("all",)  # roll-ups whose SLA figures also come for earlier periods
_CELLS: Final = tuple(
    base + cell
    for base in cell_numbers.SLA.values()
    for cell in range(cell_numbers.BREACHED + cell_numbers.CLASSES)
)
_COUNTED: Final = (*_CELLS, *sorted(cell_numbers.MARKS))
MISSED: Final = frozenset(
    {
        *(cell for cell in _CELLS if cell % cell_numbers.BLOCK >= cell_numbers.BREACHED),
        *(base + 1 for base in cell_numbers.FOREIGN.values()),
    }
)


@dataclass(frozen=True, slots=True)
class ThisMinute:
    """The minute that contains `as_of`.

    What happens in it has happened, but its deadlines have not fallen yet.
    """

    def span(self, as_of_ms: int) -> Span:
        """One pane of one minute."""
        return Span(MINUTE, minute_of(as_of_ms), minute_of(as_of_ms))

    def ahead(self, _: int) -> None:
        """Nothing."""


THIS_MINUTE: Final = ThisMinute()


class SlaBoard:
    """Takes what the panes and levels of a view say about deadlines, and gives figures.

    They are those at the instant to which it was moved.
    """

    def __init__(self, policy: Policy | None) -> None:
        self._policy = policy
        self.targets = in_order(policy.targets if policy is not None else (), ())
        self._deadlines = Deadlines()
        self._unfallen = RollingSums([THIS_MINUTE], _split)
        self._as_of_ms = 0

    def level(self, key: LevelKey, delta: Mapping[int, int]) -> None:
        """Take over a difference of one level row."""
        self._deadlines.change(key, delta)

    def pane(self, resolution: int, pane: int, dims: Dims, delta: Mapping[int, int]) -> None:
        """Take over a difference of one pane, of minutes, as far as it is about missed deadlines."""
        if resolution == MINUTE.index and (found := {cell: n for cell, n in delta.items() if cell in MISSED}):
            self._unfallen.change(resolution, pane, dims, found)

    def advance(self, as_of_ms: int, given: Iterable[str] = ()) -> None:
        """Move to an instant. `given`: the targets of which a deadline ever came with a ticket."""
        self._as_of_ms = as_of_ms
        self.targets = in_order(self._policy.targets if self._policy is not None else (), given)
        self._unfallen.advance(as_of_ms)
        self._unfallen.touched.clear()

    def windowed(
        self, slot: Slot, by: str, names: Sequence[str], cells: Mapping[int, int], labels: Labels
    ) -> Iterator[Figure]:
        """Attainment and breaches of some members in a window. `cells` are the sums of its panes."""
        if not self.targets or (slot.period != "current" and by not in COMPARED):
            return
        fallen = self._fallen(slot, by, names, cells)
        for target in self.targets:
            met, breached = deadlines.settled(fallen, target)
            yield from deadlines.attainment(
                target, Settled(met, breached + self._late(slot, target, by, names)), labels
            )
            yield from deadlines.marks(target, fallen, met + breached, labels)

    def _fallen(
        self, slot: Slot, by: str, names: Sequence[str], cells: Mapping[int, int]
    ) -> Mapping[int, int]:
        """The sums without deadlines missed in this minute, which is not over.

        Later ones are not in the sums.
        """
        if slot.period != "current":
            return cells
        found = {
            cell: n for cell in _COUNTED if (n := cells.get(cell, 0))
        }  # few, while a window has thousands
        for name in names:
            subtract(found, self._unfallen.cells(THIS_MINUTE, (by, name)))
        return found

    def _late(self, slot: Slot, target: str, by: str, names: Iterable[str]) -> int:
        """Deadlines within a window that have passed while the ticket still waits."""
        span = slot.span(self._as_of_ms)
        first, end = span.start_ms // MINUTE_MS, min(span.end_ms // MINUTE_MS, minute_of(self._as_of_ms))
        return sum(timeline.between(first, end) for timeline in self._deadlines.due(target, by, names))

    def course(self, spans: Mapping[Period, Span], by: str, name: str) -> dict[int, Cells]:
        """What the sums of a course's panes lack, as `series.SETTLED`.

        Missed deadlines of tickets that still wait.

        Of the pane that is not over it takes away the deadlines missed in this minute.
        """
        if not self.targets:
            return {}
        now, resolution = minute_of(self._as_of_ms), spans["current"].resolution
        panes = {pane for span in spans.values() for pane in range(span.first, span.last + 1)}
        coming = deadlines.light(self._unfallen.cells(THIS_MINUTE, (by, name)))
        found: dict[int, Cells] = {resolution.pane(self._as_of_ms): {cell: -n for cell, n in coming.items()}}
        for target in self.targets:
            for timeline in self._deadlines.due(target, by, [name]):
                for pane in panes:
                    first, end = (resolution.start_ms(edge) // MINUTE_MS for edge in (pane, pane + 1))
                    if late := timeline.between(first, min(end, now)):
                        add(found.setdefault(pane, {}), {cell_numbers.SETTLED[target][1]: late})
        return found

    def live(
        self,
        by: str,
        names: Sequence[str],
        labels: Labels,
        windows: Mapping[str, tuple[Slot, Mapping[int, int]]],
    ) -> Iterator[Figure]:
        """What stands now.

        `windows` are the slots and sums that the forecast looks back on, by name of the window.
        """
        now = minute_of(self._as_of_ms)
        yield from PolicyAt(self._policy, self._as_of_ms).figures(
            by, names, labels, self._deadlines.unanswered
        )
        for target in self.targets:
            held = self._deadlines.held(target, by, names)
            yield from deadlines.standing(target, held, now, labels)
            if by in FORECAST_ROLLUPS:
                hour, day, week = (
                    self._history(*windows[name], target, by, names) for name in FORECAST_WINDOWS
                )
                found = forecast.breaches(deadlines.ahead(held, now), hour=hour, day=day, week=week)
                yield from deadlines.forecasted(target, found, labels)

    def _history(
        self, slot: Slot, cells: Mapping[int, int], target: str, by: str, names: Sequence[str]
    ) -> Cells:
        found = deadlines.of_target(self._fallen(slot, by, names, cells), target)
        return with_late(found, self._late(slot, target, by, names))


def with_late(found: Cells, late: int) -> Cells:
    """Missed promises whose ticket still waits belong to what was missed.

    How long they were is not known, so they count as long.
    """
    add(found, {cell_numbers.BREACHED + cell_numbers.CLASSES - 1: late} if late else {})
    return found


class PolicyAt:
    """What the policy itself says at an instant: objectives, open hours, and ages by its calendars.

    Without one it says nothing.
    """

    def __init__(self, policy: Policy | None, as_of_ms: int) -> None:
        self._policy = policy
        self._as_of_ms = as_of_ms
        self._version = policy.at(as_of_ms) if policy is not None else None

    def figures(
        self, by: str, names: Sequence[str], labels: Labels, unanswered: Mapping[Dims, Timeline]
    ) -> Iterator[Figure]:
        """Objectives, the business age of the oldest unanswered ticket and, of teams, whether they work."""
        if self._policy is None:
            return
        for target in self._policy.targets:
            objective = self._objective(target, by, names)
            if objective is not None:
                yield Figure(metrics.OBJECTIVE, (*labels, ("target", target)), objective, 1)
        age = self._oldest_ms(self._policy, by, names, unanswered)
        if age is not None:
            yield Figure(metrics.OLDEST_AGE, labels, age / 1000, 1)
        if by in FORECAST_ROLLUPS and self._version is not None:
            calendars = (
                self._version.used_calendars()
                if by == "all"
                else [self._version.calendar(name) for name in names]
            )
            yield Figure(metrics.BUSINESS_OPEN, labels, float(_any_open(calendars, self._as_of_ms)), 1)

    def _objective(self, target: str, by: str, names: Iterable[str]) -> float | None:
        if self._version is None:
            return None
        dimension = None if by == "all" else EVERY_DIMENSION.index(by)
        found = (self._version.objective(target, dimension, name) for name in names)
        return min((objective for objective in found if objective is not None), default=None)

    def _oldest_ms(
        self, policy: Policy, by: str, names: Iterable[str], unanswered: Mapping[Dims, Timeline]
    ) -> int | None:
        """The largest age of an oldest ticket, over the combinations of dimensions.

        Each age is by the calendar of the team that has the ticket now.
        """
        wanted = set(names)
        ages = []
        for dims, timeline in unanswered.items():
            if by != "all" and dims[EVERY_DIMENSION.index(by)] not in wanted:
                continue
            minute = timeline.following(-1)
            version = None if minute is None else policy.at(minute * MINUTE_MS)
            if minute is not None and version is not None:
                ages.append(version.calendar(dims[0]).elapsed_ms(minute * MINUTE_MS, self._as_of_ms))
        return max(ages, default=None)


def _any_open(calendars: Iterable[Calendar], at_ms: int) -> bool:
    return any(calendar.is_open(at_ms) for calendar in calendars)


def _split(
    _: ThisMinute, key: Hashable, cells: Mapping[int, int]
) -> Iterator[tuple[Group, Mapping[int, int]]]:
    assert isinstance(key, tuple)
    for group in deadlines.groups_of(key):
        yield group, cells
