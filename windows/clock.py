"""The clock of a program, as two functions.

It is passed in, since nothing below the composition root reads a clock. Then a test can stand at any instant,
and no wall clock decides about a state by accident.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple


class Clock(NamedTuple):
    """The wall and a stopwatch."""

    now_ms: Callable[[], int]  # milliseconds since the epoch; it may be set, and step
    elapsed: Callable[[], float]  # seconds since some instant; it only moves on
