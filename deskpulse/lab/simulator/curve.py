"""When customers write: a Poisson process that follows the hours of the day and the days of the week."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from random import Random
from typing import Final
from zoneinfo import ZoneInfo

from deskpulse.lab.simulator.desk import HOUR_MS

# Shares by local hour and by weekday (Monday first); only their proportions count.
_HOURS: Final = (3, 2, 2, 2, 2, 3, 6, 11, 17, 21, 22, 20, 16, 17, 20, 20, 18, 15, 12, 10, 8, 7, 5, 4)
_WEEKDAYS: Final = (27, 25, 24, 23, 21, 11, 9)
_MEAN: Final = sum(_HOURS) / len(_HOURS) * sum(_WEEKDAYS) / len(_WEEKDAYS)
PEAK: Final = max(_HOURS) * max(_WEEKDAYS) / _MEAN


def weekly_factor(local: datetime) -> float:
    """Volume of this hour against the mean of the whole week, which is 1."""
    return _HOURS[local.hour] * _WEEKDAYS[local.weekday()] / _MEAN


def local_time(at_ms: int, zone: ZoneInfo) -> datetime:
    """Local time of an instant in epoch milliseconds."""
    return datetime.fromtimestamp(at_ms / 1000, zone)


def arrivals(
    rng: Random,
    start_ms: int,
    end_ms: int | None,
    *,
    rate_per_hour: float,
    factor: Callable[[int], float],
    peak: float,
) -> Iterator[int]:
    """Instants in `[start_ms, end_ms)` of a Poisson process with rate `rate_per_hour * factor(at_ms)`.

    Endless without an end.

    By thinning: candidates come at the rate of the `peak`, and each is kept with probability factor / peak.
    """
    at = float(start_ms)
    while rate_per_hour > 0:
        at += rng.expovariate(rate_per_hour * peak) * HOUR_MS
        if end_ms is not None and at >= end_ms:
            return
        if rng.random() * peak < factor(int(at)):
            yield int(at)
