"""Quantiles from logarithmic buckets: deterministic, mergeable, subtractable, within 1 %.

Bucket i holds the integers in `(BOUNDS[i - 1], BOUNDS[i]]`. Bounds grow by at most 2 % (and by at least 1),
so the middle of a bucket is within 1 % of everything in it. They are made in integers: no logarithm, so no
difference between machines. Times that people set targets at (15 min, 1 h, ...) are bounds themselves: counts
at or below them are exact.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from math import ceil
from typing import Final

_MINUTE_MS: Final = 60_000
EXACT_MINUTES: Final = (
    1,
    2,
    4,
    5,
    8,
    10,
    15,
    30,
    60,
    120,
    180,
    240,
    480,
    1440,
    2880,
    4320,
    10080,
    20160,
    43200,
)
EXACT_MS: Final = tuple(minutes * _MINUTE_MS for minutes in EXACT_MINUTES)
_LARGEST: Final = 1 << 40  # ms, 34.8 years; larger values share the last bucket


def _bounds() -> tuple[int, ...]:
    targets = iter((*EXACT_MS, _LARGEST))
    target = next(targets)
    bounds = [0]
    while bounds[-1] < _LARGEST:
        bound = max(bounds[-1] + 1, bounds[-1] * 102 // 100)
        if bound >= target:
            bound, target = target, next(targets, _LARGEST)
        bounds.append(bound)
    return tuple(bounds)


BOUNDS: Final = _bounds()


def bucket(value: int) -> int:
    """Number of the bucket of a value >= 0; values beyond the last bound share the last bucket."""
    return min(bisect_left(BOUNDS, value), len(BOUNDS) - 1)


def middle(number: int) -> float:
    """The value that stands for a bucket: within 1 % of everything in it (bucket 0 holds 0 alone)."""
    return (BOUNDS[number - 1] + 1 + BOUNDS[number]) / 2 if number else 0.0


def quantile(buckets: Sequence[tuple[int, int]], q: float) -> float | None:
    """Value of rank ceil(q n), n the total count; `buckets` are (number, count) in ascending order.

    None when n is 0.
    """
    total = sum(count for _, count in buckets)
    rank = max(1, ceil(q * total - 1e-9))
    seen = 0
    for number, count in buckets:
        seen += count
        if seen >= rank:
            return middle(number)
    return None


def at_most(buckets: Iterable[tuple[int, int]], limit_ms: int) -> int:
    """How many values are at or below a limit; exact where the limit is one of EXACT_MS."""
    last = bisect_left(BOUNDS, limit_ms)
    return sum(count for number, count in buckets if number <= last)
