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

Groups = dict[int, list[int]]


class Deltas:
    """Changes of panes by `minute << SLOT_BITS | slot`, and of levels by the keys of `level_key`."""

    __slots__ = ("amounts", "counts", "lowered", "raised")

    def __init__(self) -> None:
        self.counts: Groups = {}  # cells, each +1
        self.amounts: Groups = {}  # cell, amount, cell, amount, ...: sums, and whatever is withdrawn
        self.raised: list[int] = []  # level keys, each +1
        self.lowered: list[int] = []  # level keys, each -1

    def count(self, at_ms: int, slot: int, *cells: int) -> None:
        """+1 in each of the cells."""
        key = at_ms // MINUTE_MS << SLOT_BITS | slot
        known = self.counts.get(key)
        if known is None:
            self.counts[key] = list(cells)
        else:
            known += cells

    def amount(self, at_ms: int, slot: int, *pairs: int) -> None:
        """Add amounts, given as cell, amount, cell, amount, ..."""
        key = at_ms // MINUTE_MS << SLOT_BITS | slot
        known = self.amounts.get(key)
        if known is None:
            self.amounts[key] = list(pairs)
        else:
            known += pairs

    def duration(self, base: int, slot: int, *, end_ms: int, length_ms: int) -> None:
        """One duration, booked at its end; one below 0 counts as 0 and as an anomaly."""
        if length_ms <= 0:
            self.count(end_ms, slot, base, base + 2, *((series.ANOMALY,) if length_ms < 0 else ()))
            return
        self.count(end_ms, slot, base, base + 2 + min(bisect_left(BOUNDS, length_ms), _LAST_BUCKET))
        self.amount(end_ms, slot, base + 1, length_ms)

    def first_response(self, slot: int, *, end_ms: int, length_ms: int) -> None:
        """A first response time, which is a response time too; an anomaly counts once."""
        if length_ms <= 0:
            anomaly = (series.ANOMALY,) if length_ms < 0 else ()
            self.count(end_ms, slot, _FIRST_RESPONSE, _FIRST_RESPONSE + 2, _RESPONSE, _RESPONSE + 2, *anomaly)
            return
        bucket = 2 + min(bisect_left(BOUNDS, length_ms), _LAST_BUCKET)
        self.count(end_ms, slot, _FIRST_RESPONSE, _FIRST_RESPONSE + bucket, _RESPONSE, _RESPONSE + bucket)
        self.amount(end_ms, slot, _FIRST_RESPONSE + 1, length_ms, _RESPONSE + 1, length_ms)


def level_key(level: int, at_ms: int, slot: int) -> int:
    """Level row (hour, slot, level) in the upper bits, minute of the hour in the lower six."""
    hour, minute = divmod(at_ms // MINUTE_MS, 60)
    return (hour << SLOT_BITS | slot) << 10 | level << 6 | minute
