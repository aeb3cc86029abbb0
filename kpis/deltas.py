"""What the events of a unit of work change, noted so that each note costs little.

The tables add it up later, in few steps.

Nearly all of it is +1 in some cells of some minute. So a note is a minute, its cells, and apart from them the
few other amounts.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import Final

from kpis import cell_numbers
from windows.histogram import BOUNDS
from windows.panes import MINUTE_MS

SLOT_BITS: Final = 20  # of the number of a combination of dimensions, within an integer key
SLOT_MASK: Final = (1 << SLOT_BITS) - 1
LEVEL_BITS: Final = 17  # of the number of a level: series.PROMISED of four targets
MINUTE_BITS: Final = 6
_LAST_BUCKET: Final = len(BOUNDS) - 1
_FIRST_RESPONSE: Final = cell_numbers.FIRST_RESPONSE
_RESPONSE: Final = cell_numbers.RESPONSE

Integers = tuple[int, ...]
Note = tuple[
    int, Integers, Integers
]  # minute << SLOT_BITS | slot; cells, each +1; cell, amount, cell, amount, ...: sums, and what is withdrawn


class Deltas:
    """Changes of panes as notes, and of levels by the keys of `level_key`."""

    __slots__ = ("lowered", "notes", "raised")

    def __init__(self) -> None:
        self.notes: list[Note] = []
        self.raised: list[int] = []  # level keys, each +1
        self.lowered: list[int] = []  # level keys, each -1

    def count(self, at_ms: int, slot: int, *cells: int) -> None:
        """+1 in each of the cells."""
        self.notes.append((at_ms // MINUTE_MS << SLOT_BITS | slot, cells, ()))

    def add(self, at_ms: int, slot: int, cell: int, amount: int) -> None:
        """Any amount in one cell."""
        key = at_ms // MINUTE_MS << SLOT_BITS | slot
        self.notes.append((key, (cell,), ()) if amount == 1 else (key, (), (cell, amount)))

    def duration(self, base: int, slot: int, *, end_ms: int, length_ms: int) -> None:
        """One duration, booked at its end; one below 0 counts as 0 and as an anomaly."""
        key = end_ms // MINUTE_MS << SLOT_BITS | slot
        if length_ms > 0:
            bucket = min(bisect_left(BOUNDS, length_ms), _LAST_BUCKET)
            self.notes.append((key, (base, base + 2 + bucket), (base + 1, length_ms)))
        elif length_ms:
            self.notes.append((key, (base, base + 2, cell_numbers.ANOMALY), ()))
        else:
            self.notes.append((key, (base, base + 2), ()))

    def first_response(self, slot: int, *, end_ms: int, length_ms: int) -> None:
        """A first response time, which is a response time too; an anomaly counts once."""
        key = end_ms // MINUTE_MS << SLOT_BITS | slot
        if length_ms > 0:
            bucket = 2 + min(bisect_left(BOUNDS, length_ms), _LAST_BUCKET)
            cells = (_FIRST_RESPONSE, _FIRST_RESPONSE + bucket, _RESPONSE, _RESPONSE + bucket)
            self.notes.append((key, cells, (_FIRST_RESPONSE + 1, length_ms, _RESPONSE + 1, length_ms)))
        elif length_ms:
            self.notes.append(
                (
                    key,
                    (_FIRST_RESPONSE, _FIRST_RESPONSE + 2, _RESPONSE, _RESPONSE + 2, cell_numbers.ANOMALY),
                    (),
                )
            )
        else:
            self.notes.append((key, (_FIRST_RESPONSE, _FIRST_RESPONSE + 2, _RESPONSE, _RESPONSE + 2), ()))


def level_key(level: int, at_ms: int, slot: int) -> int:
    """Level row (hour, slot, level) in the upper bits, minute of the hour in the lower six.

    62 bits for 2,000 years to come.
    """
    hour, minute = divmod(at_ms // MINUTE_MS, 60)
    return ((hour << SLOT_BITS | slot) << LEVEL_BITS | level) << MINUTE_BITS | minute
