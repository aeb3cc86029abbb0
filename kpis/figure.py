"""A figure: a value with its labels, as every part that makes or shows figures hands it on."""

from __future__ import annotations

from typing import NamedTuple

Labels = tuple[tuple[str, str], ...]
Group = tuple[str, str]  # whose figure it is: by and member


class Figure(NamedTuple):
    """One sample. `n` is the number of observations behind it."""

    name: str
    labels: Labels  # window, period, by, member, then clock, q, bound where they apply
    value: float
    n: int
