"""Bands and objectives as steps of a scale.

They say which colour and which word a value gets, to the exactness of the edge.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from deskpulse.settings.bands import Band

# A state is a fill under text, never coloured text: Grafana writes on a fill in white or black, whichever can
# be read (dark from a brightness of 180 on), so the contrast is the same in both themes: 7 to 1. Apart in hue
# and in lightness, also for eyes that confuse red and green.
RED: Final = "#9E2600"  # below objective, and nothing else but what must be repaired at once
AMBER: Final = "#F0E442"  # at risk
PAST: Final = "#FFA94D"  # waits longer than the policy allows anybody
KEPT: Final = "#34536E"  # kept, in a time line; in a tile it has no colour at all
CLOSED: Final = "#545454"
UNKNOWN: Final = "#4B3A70"  # no data, or figures that cannot be trusted: neither good nor bad, and seen
NO_ALERTING: Final = "#E3A6CB"  # nobody would be told
BLUE: Final = "#8CCBF2"
GREEN: Final = "#7FE3C0"
SAND: Final = "#C9B79C"
# Lines of teams: visible on black and on white (3 to 1), and as far apart as five colours can be there for
# eyes that confuse red and green.
LINES: Final = ("#0055FF", "#AD9000", "#2498AE", "#6A6A44", "#2F95FA")
# of the first five lines, of the sixth one on, and of the eleventh one on
STYLES: Final = ({"fill": "solid"}, {"fill": "dash", "dash": [20, 6]}, {"fill": "dot", "dash": [2, 6]})
PLAIN: Final = "transparent"  # what is as it should be has no colour
TEXT: Final = "text"  # of the theme
FILLS: Final = (RED, AMBER, PAST, KEPT, CLOSED, UNKNOWN, NO_ALERTING, BLUE, GREEN, SAND)
BAND_COLOURS: Final = {"exceptional": BLUE, "above": GREEN, "typical": PLAIN, "below": SAND}
STATE_COLOURS: Final = {"below_objective": RED, "kept": KEPT, "closed": CLOSED, "not_due": PLAIN}


class Step(NamedTuple):
    """From which value on a word and its colour hold; None is from minus infinity."""

    start: float | None
    word: str
    colour: str


def line_of(index: int) -> tuple[str, dict[str, Any]]:
    """Colour and style of a team's line, by the place of its name among all; fifteen differ."""
    return LINES[index % len(LINES)], STYLES[index // len(LINES) % len(STYLES)]


def band_steps(band: Band, *, times: float = 1.0) -> list[Step]:
    """The steps of a band, ascending. `times` brings edges to the unit that is shown.

    Grafana's step holds from its value on. An edge that belongs to the lower side (`<= 3h`, `> 90%`) starts
    the step at the next number that a float can be, so that the shared edge is where the settings put it.
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


def ranges(steps: Sequence[Step]) -> list[tuple[float | None, float | None, Step]]:
    """(from, to, step), both inclusive, as Grafana's range mappings want them."""
    ends = [*(step.start for step in steps[1:]), None]
    return [
        (step.start, None if end is None else math.nextafter(end, -math.inf), step)
        for step, end in zip(steps, ends, strict=True)
    ]
