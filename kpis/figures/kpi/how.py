"""How figures are lowered from summed cells: means, quantiles, ratios, scores, counts.

What a KPI needs beyond these stands in its file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from kpis import cell_numbers
from kpis.figure import Labels
from windows.histogram import quantile

Sums = Mapping[int, int]  # cells of one group in one window
Point = tuple[Labels, float]  # further labels, value
Amount = Callable[[Sums], int]
CALENDAR: Final = (("clock", "calendar"),)
BUSINESS: Final = (("clock", "business"),)
HALF_AND_NINE_IN_TEN: Final = (0.5, 0.9)
TO_NINETEEN_IN_TWENTY: Final = (0.5, 0.9, 0.95)
MS: Final = 1000  # in a second


@dataclass(frozen=True, slots=True, kw_only=True)
class How:
    """How a figure is lowered.

    `lower` gives its samples from the summed cells, none when empty; `observations` is the denominator, 0
    when nothing was seen. A figure with one sample that is a quotient A / (unit * observations) has `top`,
    which is A: only such a figure has a history and can move.
    """

    lower: Callable[[Sums], Iterator[Point]]
    observations: Amount
    cells: frozenset[int]  # all that it is lowered from; of a histogram the first bucket stands for all
    labels: tuple[str, ...] = ()  # names of further labels of its samples
    fixed: Labels = ()  # those that the observations carry too
    top: Amount | None = None
    unit: int = 1
    pair: tuple[int, int] | None = None  # of one cell, or a cell over another: these two


def total(*cells: int) -> Amount:
    """The sum of some cells."""
    if len(cells) == 1:
        (only,) = cells
        return lambda sums: sums.get(only, 0)
    return lambda sums: sum(sums.get(cell, 0) for cell in cells)


def weighted(weights: Mapping[int, int]) -> Amount:
    """The sum of some cells, each times its weight."""
    return lambda sums: sum(weight * sums.get(cell, 0) for cell, weight in weights.items())


def mean(base: int, clock: Labels = ()) -> How:
    """The mean of durations in seconds."""

    def lower(sums: Sums) -> Iterator[Point]:
        if count := sums.get(base, 0):
            yield clock, sums.get(base + 1, 0) / MS / count

    return How(
        lower=lower,
        observations=total(base),
        cells=frozenset({base, base + 1}),
        labels=_names(clock),
        fixed=clock,
        top=total(base + 1),
        unit=MS,
    )


def quantiles(base: int, qs: tuple[float, ...], clock: Labels = ()) -> How:
    """Quantiles of durations in seconds, within 1 %."""

    def lower(sums: Sums) -> Iterator[Point]:
        if not sums.get(base, 0):
            return
        histogram = cell_numbers.buckets(sums, base)
        for q in qs:
            value = quantile(histogram, q)
            if value is not None:
                yield (*clock, ("q", str(q))), value / MS

    cells = frozenset({base, base + cell_numbers.NO_TIME})
    return How(lower=lower, observations=total(base), cells=cells, labels=(*_names(clock), "q"), fixed=clock)


def ratio(top: int, *bottom: int) -> How:
    """A cell over the sum of others, 0..1 where it is one of these."""
    return quotient({top: 1}, *bottom)


def quotient(weights: Mapping[int, int], *bottom: int) -> How:
    """Cells times their weights over the sum of others; absent where that is 0 or less."""
    above, below = total(*weights) if set(weights.values()) == {1} else weighted(weights), total(*bottom)

    def lower(sums: Sums) -> Iterator[Point]:
        if (n := below(sums)) > 0:
            yield (), above(sums) / n

    (top, weight), *more = weights.items()
    pair = (top, bottom[0]) if (weight, len(bottom), len(more)) == (1, 1, 0) else None
    return How(lower=lower, observations=below, cells=frozenset({*weights, *bottom}), top=above, pair=pair)


def count(cell: int, of: int | None = None) -> How:
    """A cell itself; 0 is a real 0. `of`: the cell of which it is a part, else it is its own observations."""

    def lower(sums: Sums) -> Iterator[Point]:
        yield (), float(sums.get(cell, 0))

    behind = cell if of is None else of
    cells = frozenset({cell, behind})
    return How(lower=lower, observations=total(behind), cells=cells, pair=(cell, behind))


def _names(labels: Labels) -> tuple[str, ...]:
    return tuple(name for name, _ in labels)
