"""Rolling sums: for every (window, period) the sum of its panes.

They are kept up to date as panes change and as time passes. A change of a pane is added to the sums whose
span holds it; when `as_of` moves on, the panes that enter are added and those that leave are subtracted.
Nothing is ever summed again from the start, and no pane is looked at unless it enters, leaves or changes.

A pane may be longer than a minute, and an event dated ahead of `as_of`. It counts from its minute on:

```
quarter hour        10:00                      10:15
as_of 10:04:30      |----- in the sum ---|......|      10:05 to 10:14 lie ahead
```
The sum is the quarter less the minutes that lie ahead.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar
from zoneinfo import ZoneInfo

from windows.cells import Cells, add, subtract
from windows.panes import RESOLUTIONS
from windows.spans import Period, Span, Window, minutes_ahead, span


class Spanning(Hashable, Protocol):
    """Something that has a span of panes at every instant; spans of later instants do not end earlier."""

    def span(self, as_of_ms: int, /) -> Span:
        """Its panes at an instant."""

    def ahead(self, as_of_ms: int, /) -> Span | None:
        """Panes of one minute that its last pane holds and that have not begun: they are left out of its sum.

        None: there are none.
        """


S = TypeVar("S", bound=Spanning)
Split = Callable[[S, Hashable, Mapping[int, int]], Iterable[tuple[Hashable, Mapping[int, int]]]]
Operation = Callable[[Cells, Mapping[int, int]], None]


@dataclass(frozen=True, slots=True)
class Slot:
    """One sum to keep: a window and a period, in a zone (which matters for `today` only)."""

    window: Window
    period: Period
    zone: ZoneInfo

    def span(self, as_of_ms: int) -> Span:
        """The slot's panes at an instant."""
        return span(self.window, self.period, as_of_ms, self.zone)

    def ahead(self, as_of_ms: int) -> Span | None:
        """The minutes after that of the instant, up to the end of its pane.

        What is dated there has not happened yet.
        """
        return minutes_ahead(self.window.resolution, as_of_ms) if self.period == "current" else None


class RollingSums(Generic[S]):
    """Sums of panes by slot and group.

    `split(slot, key, cells)` names the groups that a pane's cells count for in a slot, each with the cells
    that it wants of them.
    """

    def __init__(self, slots: Iterable[S], split: Split[S]) -> None:
        self._split = split
        self._panes: dict[int, dict[int, dict[Hashable, Cells]]] = {r.index: {} for r in RESOLUTIONS}
        self._slots = tuple(slots)
        self._spans: dict[S, Span] = {}
        self._ahead: dict[S, Span | None] = {}
        self._sums: dict[S, dict[Hashable, Cells]] = {slot: defaultdict(dict) for slot in self._slots}
        self.touched: set[tuple[S, Hashable]] = set()  # what changed since the reader last emptied it
        self.changed: set[tuple[int, int]] = set()  # (resolution, pane), likewise
        self.as_of_ms: int | None = None

    def change(self, resolution: int, pane: int, key: Hashable, delta: Mapping[int, int]) -> None:
        """Add a difference to one pane of one key, and to every sum that holds the pane."""
        self.changed.add((resolution, pane))
        keys = self._panes[resolution].setdefault(pane, {})
        cells = keys.get(key)
        if cells is None:
            cells = keys[key] = {}
        add(cells, delta)
        if not cells:
            del keys[key]
            if not keys:
                del self._panes[resolution][pane]
        for slot, part in self._spans.items():
            if part.resolution.index == resolution and part.first <= pane <= part.last:
                self._book(slot, key, delta, add)
            coming = self._ahead[slot]
            if (
                coming is not None
                and coming.resolution.index == resolution
                and coming.first <= pane <= coming.last
            ):
                self._book(slot, key, delta, subtract)

    def advance(self, as_of_ms: int) -> None:
        """Move every span to the instant. Errors: ValueError when time would run backwards."""
        if self.as_of_ms is not None and as_of_ms < self.as_of_ms:
            message = f"as_of {as_of_ms} is before {self.as_of_ms}"
            raise ValueError(message)
        self.as_of_ms = as_of_ms
        for slot in self._slots:
            new = slot.span(as_of_ms)
            old = self._spans.get(slot)
            if old != new:
                self._spans[slot] = new
                self._slide(slot, old, new, subtract, add)
            coming, known = slot.ahead(as_of_ms), self._ahead.get(slot)
            if known != coming or slot not in self._ahead:
                self._ahead[slot] = coming
                self._slide(slot, known, coming, add, subtract)

    def _slide(self, slot: S, old: Span | None, new: Span | None, leave: Operation, enter: Operation) -> None:
        """Book the panes that left and those that entered."""
        for part, other, operation in ((old, new, leave), (new, old, enter)):
            if part is None:
                continue
            panes = self._panes[part.resolution.index]
            for numbers in _outside(part, other):
                for pane in _present(panes, numbers):
                    for key, cells in panes[pane].items():
                        self._book(slot, key, cells, operation)

    def _book(self, slot: S, key: Hashable, cells: Mapping[int, int], operation: Operation) -> None:
        sums = self._sums[slot]
        for group, wanted in self._split(slot, key, cells):
            if wanted:
                operation(sums[group], wanted)
                self.touched.add((slot, group))

    def cells(self, slot: S, group: Hashable) -> Mapping[int, int]:
        """The sum of a group in a slot; empty when nothing was observed."""
        return self._sums[slot].get(group, {})

    def pane(self, resolution: int, pane: int) -> Mapping[Hashable, Mapping[int, int]]:
        """The cells of one pane by key; empty when nothing was observed."""
        return self._panes[resolution].get(pane, {})

    def present_panes(self, part: Span) -> list[int]:
        """The panes of a span that hold something, in no order."""
        return _present(self._panes[part.resolution.index], range(part.first, part.last + 1))

    def groups(self, slot: S) -> Iterable[Hashable]:
        """All groups that ever had a sum in the slot."""
        return self._sums[slot].keys()

    def after(self, resolution: int, pane: int, key: Hashable) -> Cells:
        """The sum of one key's panes later than a pane (what lies ahead of `as_of`)."""
        total: Cells = {}
        for number, keys in self._panes[resolution].items():
            if number > pane and key in keys:
                add(total, keys[key])
        return total


def _outside(one: Span, other: Span | None) -> list[range]:
    """The panes of `one` that `other` does not hold, as at most two ranges."""
    if other is None:
        return [range(one.first, one.last + 1)]
    before = range(one.first, min(one.last, other.first - 1) + 1)
    behind = range(max(one.first, other.last + 1), one.last + 1)
    return [part for part in (before, behind) if part]


def _present(panes: Mapping[int, object], part: range) -> list[int]:
    """The numbers of a range that have a pane; walks whichever is shorter."""
    if len(part) <= len(panes):
        return [pane for pane in part if pane in panes]
    return [pane for pane in panes if pane in part]
