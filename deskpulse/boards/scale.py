"""Bands and objectives as steps of a scale: what colour and which word a value gets, to the exactness of the edge."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final, NamedTuple

from deskpulse.settings.bands import Band

# Apart in hue and in lightness, also for eyes that confuse red and green. Each colour twice: as ink, light on Grafana's dark panels, and as
# fill, under the text that Grafana chooses for it (dark from a brightness of 180 on, else white): both with a contrast of 7 to 1.
BLUE: Final = "#56B4E9"
GREEN: Final = "#2FC999"
YELLOW: Final = "#F0E442"
RED: Final = "#FF8A5B"
PURPLE: Final = "#DE9FC3"
GREY: Final = "#A8A8A8"
WHITE: Final = "#FFFFFF"
FILLS: Final = {BLUE: "#8CCBF2", GREEN: "#7FE3C0", YELLOW: YELLOW, RED: "#9E2600", GREY: "#545454"}
BAND_COLOURS: Final = {"exceptional": BLUE, "above": GREEN, "typical": YELLOW, "below": RED}
STATUS_COLOURS: Final = {"ok": BLUE, "at_risk": YELLOW, "breach": RED}
SERIES_COLOURS: Final = (BLUE, YELLOW, PURPLE, GREEN, RED, WHITE)
BUDGET_LEFT: Final = 0.25  # of the error budget: with less, attainment is at risk


class Step(NamedTuple):
    """From which value on a word and its colour hold; None is from minus infinity."""

    start: float | None
    word: str
    colour: str  # as ink

    @property
    def fill(self) -> str:
        """The colour under text."""
        return FILLS[self.colour]


def band_steps(band: Band, *, times: float = 1.0) -> list[Step]:
    """The steps of a band, ascending. `times` brings edges to the unit that is shown.

    Grafana's step holds from its value on. An edge that belongs to the lower side (`<= 3h`, `> 90%`) starts the step at the next number
    that a float can be, so that the shared edge is where the settings put it.
    """
    edges = [(name, bound) for name, bound in band.edges]
    if not edges:
        return []
    lower_is_better = edges[0][1].lower_is_better
    words = [*(name for name, _ in edges), "below"]
    starts = [_start(bound.value * times, bound.comparison) for _, bound in edges]
    if not lower_is_better:
        words, starts = words[::-1], starts[::-1]
    return [Step(start, word, BAND_COLOURS[word]) for start, word in zip([None, *starts], words, strict=True)]


def _start(edge: float, comparison: str) -> float:
    rounded = round(edge, 9)  # 0.85 * 100 is 85
    return math.nextafter(rounded, math.inf) if comparison in {"<=", ">"} else rounded


def objective_steps(objective: float) -> list[Step]:
    """The steps of an attainment in per cent: missed, nearly missed (a quarter of what may fail is left), kept."""
    nearly = 1 - (1 - objective) * (1 - BUDGET_LEFT)
    return [
        Step(None, "breach", STATUS_COLOURS["breach"]),
        Step(round(100 * objective, 9), "at_risk", STATUS_COLOURS["at_risk"]),
        Step(round(100 * nearly, 9), "ok", STATUS_COLOURS["ok"]),
    ]


def ranges(steps: Sequence[Step]) -> list[tuple[float | None, float | None, Step]]:
    """(from, to, step), both inclusive, as Grafana's range mappings want them."""
    ends = [*(step.start for step in steps[1:]), None]
    return [(step.start, None if end is None else math.nextafter(end, -math.inf), step) for step, end in zip(steps, ends, strict=True)]
