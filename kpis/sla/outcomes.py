"""What became of deadlines, by combination of dimensions and by minute and quarter hour.

What `kpis.sla.worst` judges.

Only outcomes of promises that know what they allow are here (ledger format 3): counts, misses and allowances
always fit together.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Hashable, Iterator, Mapping
from typing import Final, NamedTuple

from kpis import cell_numbers
from kpis.sla.calendar import Calendar
from kpis.sla.deadlines import MINUTES_AN_HOUR, RunningClocks, Timeline
from kpis.tickets.standing import Dims
from kpis.view_keys import LevelKey
from windows.cells import Cells
from windows.panes import MINUTE, MINUTE_MS, QUARTER, Resolution

_TARGETS: Final = {base >> 15: target for target, base in cell_numbers.OUTCOME.items()}
_WITHIN_TARGET: Final = (1 << 15) - 1
_MINUTES: Final = {MINUTE.index: 1, QUARTER.index: QUARTER.length_ms // MINUTE_MS}
_OF_NO_ALLOWANCE: Final = frozenset(cell_numbers.HANDED_GIVEN.values())  # nor are their clocks here
OutcomePlace = tuple[str, Dims]  # target, dimensions
MemberNames = tuple[str | None, ...]  # by dimension of the desk: the one name, None: any


class Tally(NamedTuple):
    """Deadlines that fell: how many, and how many of them were missed.

    It also says how many might have been missed, in `cell_numbers.ALLOWANCES` of a deadline.
    """

    n: int = 0
    missed: int = 0
    allowance: int = 0

    @property
    def excess(self) -> int:
        """Missed beyond what is allowed, in `cell_numbers.ALLOWANCES`; below 0 when fewer were missed."""
        return self.missed * cell_numbers.ALLOWANCES - self.allowance

    def plus(self, other: Tally) -> Tally:
        """Both together.

        >>> Tally(10, 3, 10_000).plus(Tally(1, 1, 500))
        Tally(n=11, missed=4, allowance=10500)
        """
        return Tally(self.n + other.n, self.missed + other.missed, self.allowance + other.allowance)


NOTHING: Final = Tally()


class Outcomes:
    """Takes differences of panes and levels, and answers for any span of full minutes or quarter hours.

    Panes must be kept for the span.
    """

    def __init__(self) -> None:
        self._settled: dict[int, dict[OutcomePlace, dict[int, Tally]]] = {index: {} for index in _MINUTES}
        self._clocks: RunningClocks[OutcomePlace] = RunningClocks()
        self._running = self._clocks.due
        self._allowed: dict[OutcomePlace, Timeline] = defaultdict(Timeline)  # the allowances of what runs
        # by target; `kpis.sla.kept` need not look at what is over twice
        self.kept: dict[str, tuple[Hashable, dict[MemberNames, int]]] = {}
        self._edge = 0  # minutes before it are over
        self._revision = 0  # of what is over

    def over(self, minute: int) -> tuple[int, int]:
        """Where two of these answers are the same, what fell before the minute is the same."""
        self._edge = max(self._edge, minute)
        return minute, self._revision

    def pane(self, resolution: int, pane: int, dims: Dims, delta: Mapping[int, int]) -> None:
        """Take over a difference of one pane."""
        if resolution not in _MINUTES:
            return
        over = (pane + 1) * _MINUTES[resolution] <= self._edge
        for cell, count in delta.items():
            if cell in cell_numbers.OUTCOMES:
                self._revision += over
                allowance, missed = divmod(cell & _WITHIN_TARGET, 2)
                self._settle(
                    self._settled[resolution],
                    (_TARGETS[cell >> 15], dims),
                    pane,
                    Tally(count, missed * count, allowance * count),
                )

    @staticmethod
    def _settle(
        places: dict[OutcomePlace, dict[int, Tally]], place: OutcomePlace, pane: int, more: Tally
    ) -> None:
        panes = places.setdefault(place, {})
        found = panes.get(pane, NOTHING).plus(more)
        if found != NOTHING:
            panes[pane] = found
            return
        panes.pop(pane, None)
        if not panes:
            del places[place]

    def level(self, key: LevelKey, delta: Mapping[int, int]) -> None:
        """Take over a difference of one level row."""
        target, allowance = cell_numbers.target_of(key.series), cell_numbers.allowance_of(key.series)
        shifted = {key.hour * MINUTES_AN_HOUR + minute: count for minute, count in delta.items()}
        handed = cell_numbers.handed_target(key.series)
        if handed is not None and key.series not in _OF_NO_ALLOWANCE:
            self._clocks.hand((handed, key.dims), shifted)
        if target is None or allowance is None:
            return
        self._revision += any(minute < self._edge for minute in shifted)
        self._clocks.change((target, key.dims), shifted)
        if allowance:
            self._allowed[target, key.dims].change(
                {minute: count * allowance for minute, count in shifted.items()}
            )

    def combinations(self, target: str) -> set[Dims]:
        """The dimensions under which anything is known of a target."""
        places = {place for places in self._settled.values() for place in places}
        places |= self._clocks.places()
        return {dims for known, dims in places if known == target}

    def fallen(self, place: OutcomePlace, resolution: Resolution, first: int, end: int) -> Tally:
        """Deadlines in the panes `[first, end)`, all of them over.

        They are settled ones, and those whose ticket still waits.
        """
        panes = self._settled[resolution.index].get(place, {})
        minutes = _MINUTES[resolution.index]
        late = self._between(place, first * minutes, end * minutes)
        n, missed, allowance = late.n, late.n, late.allowance
        for pane in (
            range(first, end) if len(panes) > end - first else [pane for pane in panes if first <= pane < end]
        ):
            if (found := panes.get(pane)) is not None:
                n, missed, allowance = n + found.n, missed + found.missed, allowance + found.allowance
        return Tally(n, missed, allowance)

    def panes(
        self, place: OutcomePlace, resolution: Resolution, first: int, end: int
    ) -> Iterator[tuple[int, Tally]]:
        """The same by pane; a pane may come more than once."""
        for pane, tally in self._settled[resolution.index].get(place, {}).items():
            if first <= pane < end:
                yield pane, tally
        running = self._running.get(place)
        if running is not None:
            minutes, allowed = _MINUTES[resolution.index], self._allowed.get(place)
            for minute, count in running.counts.items():
                if first * minutes <= minute < end * minutes:
                    yield (
                        minute // minutes,
                        Tally(count, count, allowed.counts.get(minute, 0) if allowed is not None else 0),
                    )

    def coming(self, place: OutcomePlace, first: int, end: int) -> Tally:
        """Deadlines in the minutes `[first, end)` to come.

        `missed` stands for those that are not done yet.
        """
        late = self._between(place, first, end)
        done = self._settled[MINUTE.index].get(place, {})
        found = Tally(late.n, late.n, late.allowance)
        for minute in range(first, end):
            if (settled := done.get(minute)) is not None:
                found = found.plus(Tally(settled.n, 0, settled.allowance))
        return found

    def _between(self, place: OutcomePlace, first: int, end: int) -> Tally:
        running = self._running.get(place)
        if running is None or not (count := running.between(first, end)):
            return NOTHING
        allowed = self._allowed.get(place)
        return Tally(count, 0, allowed.between(first, end) if allowed is not None else 0)

    def overdue(self, place: OutcomePlace, minute: int) -> int:
        """Clocks that run on past a deadline before a minute, of tickets that are here now."""
        held = self._clocks.held(place)
        return held.before(minute) if held is not None else 0

    def overdue_by(self, place: OutcomePlace, as_of_ms: int, more_ms: int, calendar: Calendar) -> int:
        """Of these, how many by so much more open time at least."""
        held = self._clocks.held(place)
        late: Cells = (
            {} if held is None else {m: n for m, n in held.counts.items() if m < as_of_ms // MINUTE_MS}
        )
        minutes = sorted(late)
        old = bisect_right(
            minutes, -more_ms, key=lambda minute: -calendar.elapsed_ms(minute * MINUTE_MS, as_of_ms)
        )
        return sum(late[minute] for minute in minutes[:old])
