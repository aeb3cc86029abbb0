"""The changes of one unit of work, noted so that each note costs little; the tables add them up in few steps.

Nearly every change is +1 in some cells of some minute. So a note is a minute, the cells that gain 1, and,
apart from them, the few other amounts. Three changes of one minute, and what the tables make of them:

```
10:04:07  reply after 240 s   note 10:04  +1 in 4096, 4110    4097: +240000
10:04:31  resolution          note 10:04  +1 in 3, 4
10:04:58  resolution undone   note 10:04                      3: -1, 4: -1
          ------------------------------------------------------------------
          pane 10:04          {4096: 1, 4110: 1, 4097: 240000}      a cell that comes to 0 is gone
```
The panes of a quarter of an hour and of six hours get the same, beside what their other minutes have.

>>> deltas = Deltas()
>>> deltas.book(5, [(60_000, (3, 4), ()), (60_000, (4096, 4110), (4097, 240_000))])
>>> deltas.withdraw(5, [(60_000, (3, 4), ())])
>>> [(key >> SLOT_BITS, key & 0xFFFFF, counts, amounts) for key, counts, amounts in deltas.take_notes()]
[(1, 5, (3, 4), ()), (1, 5, (4096, 4110), (4097, 240000)), (1, 5, (), (3, -1, 4, -1))]
>>> deltas.take_notes()
[]
"""

from __future__ import annotations

from collections.abc import Iterable

from windows.keys import LEVEL_BITS, MINUTE_BITS, SLOT_BITS, note_key
from windows.panes import MINUTE_MS

Integers = tuple[int, ...]
# event time ms; cells, each +1; cell, amount, cell, amount, ...: whatever is not +1
Booking = tuple[int, Integers, Integers]
Note = tuple[int, Integers, Integers]  # the same by note key (`windows.keys`)


class Deltas:
    """Notes of what to add to panes, and to levels.

    Nothing of them can be read but by taking them, so they are counted once.
    """

    __slots__ = ("_lowered", "_notes", "_raised")

    def __init__(self) -> None:
        self._notes: list[Note] = []
        self._raised: list[int] = []  # level keys, each +1
        self._lowered: list[int] = []  # level keys, each -1

    def book(self, slot: int, bookings: Iterable[Booking]) -> None:
        """Add what was found at some instants, of one combination."""
        note = self._notes.append
        for at_ms, counts, amounts in bookings:
            note((at_ms // MINUTE_MS << SLOT_BITS | slot, counts, amounts))

    def withdraw(self, slot: int, bookings: Iterable[Booking]) -> None:
        """Take back what was booked."""
        self._notes += [
            (at_ms // MINUTE_MS << SLOT_BITS | slot, (), _negative(counts, amounts))
            for at_ms, counts, amounts in bookings
        ]

    def add(self, at_ms: int, slot: int, cell: int, amount: int) -> None:
        """Add any amount to one cell."""
        self._notes.append(
            (note_key(at_ms, slot), (cell,), ())
            if amount == 1
            else (note_key(at_ms, slot), (), (cell, amount))
        )

    def raise_(self, level: int, at_ms: int, slot: int) -> None:
        """One more stands in a level since an instant."""
        minute = at_ms // MINUTE_MS  # as `level_key`, without the call
        self._raised.append(
            ((minute // 60 << SLOT_BITS | slot) << LEVEL_BITS | level) << MINUTE_BITS | minute % 60
        )

    def lower(self, level: int, at_ms: int, slot: int) -> None:
        """One that has stood in a level since an instant stands there no more."""
        minute = at_ms // MINUTE_MS
        self._lowered.append(
            ((minute // 60 << SLOT_BITS | slot) << LEVEL_BITS | level) << MINUTE_BITS | minute % 60
        )

    def take_notes(self) -> list[Note]:
        """The notes since the last call; they are then the caller's alone."""
        notes, self._notes = self._notes, []
        return notes

    def take_levels(self) -> tuple[list[int], list[int]]:
        """Level keys raised and level keys lowered since the last call."""
        raised, self._raised = self._raised, []
        lowered, self._lowered = self._lowered, []
        return raised, lowered


def _negative(counts: Integers, amounts: Integers) -> Integers:
    """A booking taken back, as amounts.

    >>> _negative((3, 4), (4097, 240))
    (3, -1, 4, -1, 4097, -240)
    """
    found: list[int] = []
    for cell in counts:
        found += (cell, -1)
    for i in range(0, len(amounts), 2):
        found += (amounts[i], -amounts[i + 1])
    return tuple(found)
