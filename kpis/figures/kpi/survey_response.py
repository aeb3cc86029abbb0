"""Survey response rate: how many answers there are for each solved ticket."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kpis import cell_numbers
from kpis.cell_numbers import EFFORT
from kpis.figures.kpi.declaration import BY_TEAM, FigureKind, Kpi
from kpis.figures.kpi.how import How, Point, Sums, total

ANSWERS: Final = {
    "nps": (cell_numbers.PROMOTERS, cell_numbers.PASSIVES, cell_numbers.DETRACTORS),
    "csat": (cell_numbers.SATISFIED, cell_numbers.UNSATISFIED),
    "ces": tuple(EFFORT + score for score in range(1, 8)),
}
_COUNTS: Final = {kind: total(*cells) for kind, cells in ANSWERS.items()}


def _lower(sums: Sums) -> Iterator[Point]:
    if n := sums.get(cell_numbers.SOLVED, 0):
        for kind, count in _COUNTS.items():
            yield (("kind", kind),), count(sums) / n


RATIO: Final = FigureKind(
    name="support_survey_response_ratio",
    rollups=BY_TEAM,
    compared=False,
    help="Answers to surveys of a kind, over first resolutions with outcome solved; may exceed 1.",
    unit="ratio",
    how=How(
        lower=_lower,
        observations=total(cell_numbers.SOLVED),
        cells=frozenset({cell_numbers.SOLVED, *[cell for cells in ANSWERS.values() for cell in cells]}),
        labels=("kind",),
    ),
)
KPI: Final = Kpi(id="survey_response", page="survey-response", figures=(RATIO,), observed="solved")
