"""Bands: how good a figure is, said only where a band is stated for it and enough was observed."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

from kpis.figures.catalogue import KPIS

BELOW: Final = "below"  # what no edge holds for
NoBandReason = Literal["window", "channel", "few"]
_HOLDS: Final[Mapping[str, Callable[[float, float], bool]]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


class Edge(NamedTuple):
    """A figure lies in `band` when the comparison with `value` holds.

    `value` is in seconds, a ratio 0..1, or points, as the figure has it.
    """

    band: str
    comparison: str
    value: float

    def holds(self, figure: float) -> bool:
        """Whether the figure lies in the band or in a better one."""
        return _HOLDS[self.comparison](figure, self.value)


@dataclass(frozen=True, slots=True)
class BandRule:
    """Edges from the best band on, and what they are stated for; None is everything."""

    edges: tuple[Edge, ...]
    windows: tuple[str, ...] | None = None
    channels: tuple[str, ...] | None = None


class Grade(NamedTuple):
    """A band, or the reason why there is none.

    It is not stated for this window, not for these channels, or there are too few observations.
    """

    band: str | None
    why: NoBandReason | None = None


# The section of the settings of each banded figure.
BANDED: Final[Mapping[str, str]] = {one.main: one.band for one in KPIS if one.band is not None}


def grade(rule: BandRule, value: float, n: int, *, window: str, by: str, member: str, minimum: int) -> Grade:
    """The band of a figure.

    A value on a shared edge takes the better band, since edges are asked from the best on.

    >>> rule = BandRule(
    ...     (Edge("exceptional", ">=", 0.95), Edge("above", ">=", 0.9), Edge("typical", ">=", 0.85))
    ... )
    >>> grade(rule, 0.8125, 80, window="24h", by="all", member="all", minimum=10)
    Grade(band='below', why=None)
    >>> grade(rule, 1.0, 9, window="24h", by="all", member="all", minimum=10)
    Grade(band=None, why='few')
    """
    if rule.windows is not None and window not in rule.windows:
        return Grade(None, "window")
    if rule.channels is not None and not (by == "channel" and member in rule.channels):
        return Grade(None, "channel")
    if n < minimum:
        return Grade(None, "few")
    return Grade(next((edge.band for edge in rule.edges if edge.holds(value)), BELOW))
