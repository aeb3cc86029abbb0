"""How many deadlines will be missed within the next hour, with an 80 % interval.

docs/sla.md explains the method. Known deadlines: each clock that runs out within the hour is missed with the
share that was missed, lately, of those that still ran with so much time left. Unknown ones, of tickets that
will be created within the hour: the rate of the last hour, drawn towards that of the last day. Both come from
exact counters kept by classes of remaining time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import ceil, exp, lgamma, log, sqrt
from typing import Final, NamedTuple

from kpis import cell_numbers

HORIZON_MINUTES: Final = 60
EDGE_MINUTES: Final = (0, 5, 10, 15, 20, 30, 45, 60)  # of kpis.sla.commitments.EDGES_MS
_PRIOR: Final = 10.0  # observations that the longer window counts for in the share of the recent one
_INSIDE: Final = 0.8
_LEAST: Final = 1e-6  # less is none
# numbers that differ by less are equal: two ways of adding up must not give two intervals
_NOISE: Final = 1e-9
_EXACT: Final = 400  # beyond this expectation the normal distribution is good enough
_Z80: Final = 1.281552  # two-sided 80 % of the normal distribution
SettledCounts = Mapping[int, int]  # counts by cell - SLA[target]: met and breached by class


class Forecast(NamedTuple):
    """Expected number of breaches and the bounds of the interval."""

    expected: float
    low: int
    high: int


def breaches(due: Sequence[int], *, hour: SettledCounts, day: SettledCounts, week: SettledCounts) -> Forecast:
    """The forecast from the clocks that run and from what was settled lately.

    `due` has 60 numbers: the running clocks by minutes until their deadline.
    """
    shares = _shares(day, week)
    expected = variance = 0.0
    for minute, count in enumerate(due):
        share = _at(shares, minute)
        expected += count * share
        variance += count * share * (1 - share)
    fresh = (_fresh(hour) + _fresh(day) / 24) / 2
    # Twice: once since breaches come by chance, once since the rate of an hour is itself a number that came
    # by chance.
    return _interval(expected + fresh, variance + 2 * fresh)


def _shares(day: SettledCounts, week: SettledCounts) -> list[float]:
    """Of the clocks that still ran at each edge, the share that was missed."""
    shares = [1.0]
    for edge in range(1, cell_numbers.CLASSES):
        (missed, ran), (long_missed, long_ran) = _still_running(day, edge), _still_running(week, edge)
        prior = (long_missed + 0.5) / (long_ran + 1)
        shares.append((missed + _PRIOR * prior) / (ran + _PRIOR))
    return shares


def _still_running(settled: SettledCounts, edge: int) -> tuple[int, int]:
    """(missed, all) of the promises that were at least as long and were not kept before the edge."""
    missed = sum(settled.get(cell_numbers.BREACHED + life, 0) for life in range(edge, cell_numbers.CLASSES))
    kept = sum(
        settled.get(cell_numbers.CLASSES * life + left, 0)
        for life in range(edge, cell_numbers.CLASSES)
        for left in range(edge)
    )
    return missed, missed + kept


def _at(shares: Sequence[float], minute: int) -> float:
    """The share at a number of minutes, on the line between two edges."""
    for i in range(1, len(EDGE_MINUTES)):
        low, high = EDGE_MINUTES[i - 1], EDGE_MINUTES[i]
        if minute <= high:
            return shares[i - 1] + (shares[i] - shares[i - 1]) * (minute - low) / (high - low)
    return shares[-1]


def _fresh(settled: SettledCounts) -> float:
    """Missed promises shorter than an hour, weighted.

    The weight is the chance that the ticket was created within the hour of its deadline.
    """
    return sum(
        settled.get(cell_numbers.BREACHED + life, 0)
        * (1 - (EDGE_MINUTES[life] + EDGE_MINUTES[life + 1]) / 2 / HORIZON_MINUTES)
        for life in range(cell_numbers.CLASSES - 1)
    )


def _interval(mean: float, variance: float) -> Forecast:
    """The most probable numbers of breaches, as many of them as come nearest to 80 %.

    No selection of few numbers has exactly that.
    """
    if mean < _LEAST:
        return Forecast(mean, 0, 0)
    if mean > _EXACT:
        half = _Z80 * sqrt(variance)
        return Forecast(mean, max(0, round(mean - half)), round(mean + half))
    chances = list(_probabilities(mean, variance))
    greatest = max(chances) - _NOISE
    low = high = next(k for k, chance in enumerate(chances) if chance >= greatest)
    inside = chances[low]
    while True:
        below = chances[low - 1] if low else 0.0
        above = chances[high + 1] if high + 1 < len(chances) else 0.0
        more = max(below, above)
        if more <= 0 or abs(inside + more - _INSIDE) >= abs(inside - _INSIDE) - _NOISE:
            return Forecast(mean, low, high)
        inside += more
        if below > above + _NOISE:
            low -= 1
        else:
            high += 1


def _probabilities(mean: float, variance: float) -> Iterator[float]:
    """The probabilities of 0, 1, 2, ... breaches.

    They are negative binomial or, where breaches vary less than by pure chance, binomial: so many clocks, one
    share.
    """
    most = int(mean + 12 * sqrt(max(variance, mean)) + 12)
    if variance >= mean:
        # closer to chance alone the logarithms of factorials lose all their digits
        variance = max(variance, mean * 1.001)
        r, p = mean * mean / (variance - mean), mean / variance
        for k in range(most):
            yield exp(lgamma(k + r) - lgamma(r) - lgamma(k + 1) + r * log(p) + k * log(1 - p))
        return
    variance = min(variance, mean * 0.999)  # for the same reason
    clocks = max(1, ceil(mean * mean / (mean - variance) - _NOISE))
    share = min(mean / clocks, 1.0)
    for k in range(min(clocks, most) + 1):
        if share == 1:
            yield float(k == clocks)
        else:
            yield exp(
                lgamma(clocks + 1)
                - lgamma(k + 1)
                - lgamma(clocks - k + 1)
                + k * log(share)
                + (clocks - k) * log(1 - share)
            )
