"""Sparse vectors of integers: the one kind of state that deskpulse keeps.

A cell is a small integer that names a count, a sum or a bucket; a vector maps cells to integers, and an
absent cell is 0. Adding vectors is exact, associative, commutative and has an inverse, so panes combine in
any order and what was added can be withdrawn.
"""

from __future__ import annotations

from collections import _count_elements  # type: ignore[attr-defined] # what Counter.update calls: three times as fast without its checks
from collections.abc import Iterable, Mapping

Cells = dict[int, int]


def add(into: Cells, delta: Mapping[int, int]) -> None:
    """Add `delta` to `into` in place; cells that become 0 leave, so the empty vector is always `{}`."""
    get = into.get
    for cell, amount in delta.items():
        total = get(cell, 0) + amount
        if total:
            into[cell] = total
        else:
            into.pop(cell, None)


def count(into: Cells, found: Iterable[int]) -> None:
    """Add 1 to `into` for each cell that is found, in place and in C.

    For vectors without negative amounts, so no cell becomes 0.
    """
    _count_elements(into, found)


def subtract(into: Cells, delta: Mapping[int, int]) -> None:
    """Withdraw `delta` from `into` in place; the inverse of `add`."""
    get = into.get
    for cell, amount in delta.items():
        total = get(cell, 0) - amount
        if total:
            into[cell] = total
        else:
            into.pop(cell, None)


def difference(new: Mapping[int, int], old: Mapping[int, int]) -> Cells:
    """What must be added to `old` to give `new`."""
    result = dict(new)
    subtract(result, old)
    return result
