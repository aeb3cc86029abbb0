"""What the events of a chunk change, gathered so that adding it to the tables is done in few and cheap steps.

Nearly all of it is +1 in some cell of some minute. So these are kept as lists of cells, which join by `+=` and are counted in C.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import Final

from kpis import series
from windows.histogram import BOUNDS
from windows.panes import MINUTE_MS

SLOT_BITS: Final = 20  # of the number of a combination of dimensions, within an integer key
SLOT_MASK: Final = (1 << SLOT_BITS) - 1
_LAST_BUCKET: Final = len(BOUNDS) - 1
_FIRST_RESPONSE: Final = series.FIRST_RESPONSE
_RESPONSE: Final = series.RESPONSE

Group = tuple[list[int], list[int]]  # cells, each +1; and cell, amount, cell, amount, ...: sums, and whatever is withdrawn
Groups = dict[int, Group]


class Deltas:
    """Changes of panes by `minute << SLOT_BITS | slot`, and of levels by the keys of `level_key`."""

    __slots__ = ("groups", "lowered", "raised")

    def __init__(self) -> None:
        self.groups: Groups = {}
        self.raised: list[int] = []  # level keys, each +1
        self.lowered: list[int] = []  # level keys, each -1

    def group(self, at_ms: int, slot: int) -> Group:
        """Where the changes of a minute are gathered."""
        key = at_ms // MINUTE_MS << SLOT_BITS | slot
        found = self.groups.get(key)
        if found is None:
            found = self.groups[key] = ([], [])
        return found

    def count(self, at_ms: int, slot: int, *cells: int) -> None:
        """+1 in each of the cells."""
        counts, _ = self.group(at_ms, slot)
        counts += cells

    def add(self, at_ms: int, slot: int, cell: int, amount: int) -> None:
        """Any amount in one cell."""
        counts, amounts = self.group(at_ms, slot)
        if amount == 1:
            counts.append(cell)
        else:
            amounts += (cell, amount)

    def duration(self, base: int, slot: int, *, end_ms: int, length_ms: int) -> None:
        """One duration, booked at its end; one below 0 counts as 0 and as an anomaly."""
        counts, amounts = self.group(end_ms, slot)
        if length_ms > 0:
            counts += (base, base + 2 + min(bisect_left(BOUNDS, length_ms), _LAST_BUCKET))
            amounts += (base + 1, length_ms)
            return
        counts += (base, base + 2)
        if length_ms < 0:
            counts.append(series.ANOMALY)

    def first_response(self, slot: int, *, end_ms: int, length_ms: int) -> None:
        """A first response time, which is a response time too; an anomaly counts once."""
        counts, amounts = self.group(end_ms, slot)
        if length_ms > 0:
            bucket = 2 + min(bisect_left(BOUNDS, length_ms), _LAST_BUCKET)
            counts += (_FIRST_RESPONSE, _FIRST_RESPONSE + bucket, _RESPONSE, _RESPONSE + bucket)
            amounts += (_FIRST_RESPONSE + 1, length_ms, _RESPONSE + 1, length_ms)
            return
        counts += (_FIRST_RESPONSE, _FIRST_RESPONSE + 2, _RESPONSE, _RESPONSE + 2)
        if length_ms < 0:
            counts.append(series.ANOMALY)


def level_key(level: int, at_ms: int, slot: int) -> int:
    """Level row (hour, slot, level) in the upper bits, minute of the hour in the lower six."""
    hour, minute = divmod(at_ms // MINUTE_MS, 60)
    return (hour << SLOT_BITS | slot) << 10 | level << 6 | minute
