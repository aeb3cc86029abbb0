"""The integer keys of the windowed tables: each costs a third of a tuple, and keys of a kind sort by time.

```
note key   | minute since 1970 ........ | slot (20 bits) |
pane key   | pane since 1970 .......... | slot (20) | resolution (2) |
level key  | hour since 1970 .... | slot (20) | level (17) | minute of the hour (6) |
level row  | hour since 1970 .... | slot (20) | level (17) |   the key without its minute
```
A *slot* is the number of one combination of dimensions. It is valid within one object of tables only: no
ledger row has one. A *level* is the number of something that stands at the moment, such as open tickets.
Every key of the next 2,000 years fits into 63 bits, so a compiled table can hold keys in machine words. Time
before 1970 gives a negative key, which splits in the same way.

>>> split_pane(pane_key(pane=7, slot=3, resolution=2))
(7, 3, 2)
>>> split_level(level_key(level=1, at_ms=2 * 3_600_000 + 5 * 60_000, slot=3))
(2, 3, 1, 5)
"""

from __future__ import annotations

from typing import Final

from windows.panes import MINUTE_MS

SLOT_BITS: Final = 20
SLOT_MASK: Final = (1 << SLOT_BITS) - 1
RESOLUTION_BITS: Final = 2
RESOLUTION_MASK: Final = (1 << RESOLUTION_BITS) - 1
LEVEL_BITS: Final = 17
LEVEL_MASK: Final = (1 << LEVEL_BITS) - 1
MINUTE_BITS: Final = 6
MINUTE_MASK: Final = (1 << MINUTE_BITS) - 1
_MINUTES_AN_HOUR: Final = 60


def note_key(at_ms: int, slot: int) -> int:
    """The minute of an instant, of one combination."""
    return at_ms // MINUTE_MS << SLOT_BITS | slot


def pane_key(*, pane: int, slot: int, resolution: int) -> int:
    """A pane of the resolution with this index, of one combination."""
    return (pane << SLOT_BITS | slot) << RESOLUTION_BITS | resolution


def split_pane(key: int) -> tuple[int, int, int]:
    """Pane, slot and resolution of a pane key."""
    return key >> (SLOT_BITS + RESOLUTION_BITS), key >> RESOLUTION_BITS & SLOT_MASK, key & RESOLUTION_MASK


def level_key(level: int, at_ms: int, slot: int) -> int:
    """The minute of an instant in a level, of one combination."""
    hour, minute = divmod(at_ms // MINUTE_MS, _MINUTES_AN_HOUR)
    return ((hour << SLOT_BITS | slot) << LEVEL_BITS | level) << MINUTE_BITS | minute


def level_row(*, level: int, hour: int, slot: int) -> int:
    """The row that holds the sixty minutes of an hour of a level."""
    return (hour << SLOT_BITS | slot) << LEVEL_BITS | level


def split_level_row(row: int) -> tuple[int, int, int]:
    """Hour, slot and level of a level row."""
    return row >> (SLOT_BITS + LEVEL_BITS), row >> LEVEL_BITS & SLOT_MASK, row & LEVEL_MASK


def split_level(key: int) -> tuple[int, int, int, int]:
    """Hour, slot, level and minute of the hour of a level key."""
    return *split_level_row(key >> MINUTE_BITS), key & MINUTE_MASK
