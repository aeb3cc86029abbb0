"""How Grafana's Prometheus backend chooses steps, and what it puts in the place of its variables."""

from __future__ import annotations

import math
import re
from bisect import bisect_left
from typing import Final, NamedTuple

# (up to so many milliseconds between two points, the step is so many): gtime.RoundInterval of Grafana's
# plugin SDK.
_STEPS: Final = (
    *(
        (10, 1),
        (15, 10),
        (35, 20),
        (75, 50),
        (150, 100),
        (350, 200),
        (750, 500),
        (1_500, 1_000),
        (3_500, 2_000),
        (7_500, 5_000),
    ),
    *(
        (12_500, 10_000),
        (17_500, 15_000),
        (25_000, 20_000),
        (45_000, 30_000),
        (90_000, 60_000),
        (210_000, 120_000),
        (450_000, 300_000),
    ),
    *(
        (750_000, 600_000),
        (1_050_000, 900_000),
        (1_500_000, 1_200_000),
        (2_700_000, 1_800_000),
        (5_400_000, 3_600_000),
    ),
    *(
        (9_000_000, 7_200_000),
        (16_200_000, 10_800_000),
        (32_400_000, 21_600_000),
        (86_400_000, 43_200_000),
        (604_800_000, 86_400_000),
    ),
    (1_814_400_000, 604_800_000),
)
_LARGEST_MS: Final = 2_592_000_000
_MOST_POINTS: Final = 11_000  # that Prometheus answers
_DURATION: Final = re.compile(r"(\d+(?:\.\d+)?)(ms|[smhdwy])")
_UNIT_MS: Final = {
    "ms": 1,
    "s": 1_000,
    "m": 60_000,
    "h": 3_600_000,
    "d": 86_400_000,
    "w": 604_800_000,
    "y": 31_536_000_000,
}
_VARIABLE: Final = re.compile(r"\$(?:\{(__\w+)\}|(__\w+))")


class Range(NamedTuple):
    """A range of time with its step, in milliseconds; the ends are multiples of the step."""

    start: int
    end: int
    step: int


def duration_ms(text: str | None) -> int:
    """A duration as Grafana writes it; 0 for none.

    >>> duration_ms("1m30s"), duration_ms(">10s"), duration_ms(""), duration_ms(None)
    (90000, 10000, 0, 0)
    """
    return round(sum(float(count) * _UNIT_MS[unit] for count, unit in _DURATION.findall(text or "")))


def round_step(between_ms: float) -> int:
    """The step for points that are so far apart.

    >>> [round_step(ms) for ms in (1, 10, 12_000, 24_000, 61_000, 90_001)]
    [1, 1, 10000, 20000, 60000, 120000]
    """
    index = bisect_left([limit for limit, _ in _STEPS], between_ms)
    return _STEPS[index][1] if index < len(_STEPS) else _LARGEST_MS


def stepped(start: int, end: int, *, points: int, least: int, factor: int = 1) -> Range:
    """The range that is asked for.

    About so many points, steps of at least `least`, ends rounded down to the step.

    >>> stepped(10_000, 28_810_000, points=308, least=10_000)
    Range(start=0, end=28800000, step=120000)
    """
    step = max(round_step((end - start) / points), least, round_step((end - start) / _MOST_POINTS)) * factor
    return Range(start // step * step, end // step * step, step)


def filled(expression: str, *, start: int, end: int, step: int, scrape: int) -> str:
    """A query with Grafana's own variables replaced; all times in milliseconds.

    >>> filled("rate(x[$__rate_interval])", start=0, end=60_000, step=15_000, scrape=10_000)
    'rate(x[40s])'
    """
    values = {
        "__interval": _text(step),
        "__interval_ms": str(step),
        "__rate_interval": _text(max(step + scrape, 4 * scrape)),
        "__range": f"{math.ceil((end - start) / 1000)}s",
        "__range_s": str(math.ceil((end - start) / 1000)),
        "__range_ms": str(end - start),
    }
    return _VARIABLE.sub(lambda match: values.get(match[1] or match[2], match[0]), expression)


def _text(ms: int) -> str:
    return f"{ms}ms" if ms % 1000 else f"{ms // 1000}s"
