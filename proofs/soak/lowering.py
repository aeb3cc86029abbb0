"""Figures from summed cells, worked out again from docs/ledger.md.

Nothing here is shared with the programs that are judged.

Cells are integers by number. All that a figure needs is a count, a sum in milliseconds, or a histogram of
logarithmic buckets. Which figures are a count or a share of two says the table of that page, which is made
from the declarations of the KPIs: that these declare the right cells, the oracle shows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from math import ceil, log1p, sqrt
from pathlib import Path
from typing import Final, NamedTuple

Cells = Mapping[int, int]
Labels = tuple[tuple[str, str], ...]

CREATED, COHORT, RESOLVED, SOLVED, NET, ABANDONED, REOPENED = range(1, 8)
PROMOTERS, PASSIVES, DETRACTORS, SATISFIED, UNSATISFIED = range(8, 13)
EFFORT: Final = 12  # and the score
JOINED, LEFT = 21, 22
DURATIONS: Final = {
    "first_response": 1 << 12,
    "response": 2 << 12,
    "handle_time": 3 << 12,
    "resolution_time": 4 << 12,
    "full_resolution_time": 11 << 12,
}
_BLOCK: Final = 1 << 12
REGISTER: Final = 1 << 24  # and the register
REJOINED: Final = 1 << 25  # and the pane of the leave before
OPEN, UNANSWERED, ACTIVE, WAITING, WITH_BOT, ASSIGNED = 0, 1, 2, 9, 10, 11  # levels
_CLOCKED: Final = ("first_response", "response", "resolution_time")
_QUANTILES: Final = {"first_response": (0.5, 0.9, 0.95), "resolution_time": (0.5, 0.9, 0.95)}
_Z: Final = 1.959964  # of 95 %
_HOUR_MS: Final = 3_600_000
_PER_CUSTOMER: Final = ("all", "team")
_LARGEST_MS: Final = 1 << 40
_STOPS_MIN: Final = (1, 2, 4, 5, 8, 10, 15, 30, 60, 120, 180, 240, 480, 1440, 2880, 4320, 10080, 20160, 43200)


class Sample(NamedTuple):
    """One sample of an exposition."""

    name: str
    labels: Labels
    value: float


class Counted(NamedTuple):
    """A figure that is one cell, or that cell over the one of its observations."""

    name: str
    what: str  # count or share
    cell: int
    of: int
    observed: str


def _counted_figures(page: str) -> tuple[Counted, ...]:
    """The table of docs/ledger.md. Errors: ValueError where the page has lost it."""
    found = tuple(
        Counted(name, what, int(cell), int(of), observed)
        for name, what, cell, of, observed in _ROW.findall(page)
    )
    if not found:
        raise ValueError(f"{_PAGE} has no table of figures that are one cell or a share of two")
    return found


_PAGE: Final = Path(__file__).resolve().parents[2] / "docs/ledger.md"
_ROW: Final = re.compile(r"^\| `(\w+)` \| (count|share) \| (\d+) \| (\d+) \| `(\w+)` \|$", re.MULTILINE)
_COUNTED: Final = _counted_figures(_PAGE.read_text(encoding="utf-8"))


def _upper_bounds() -> list[int]:
    """Upper bounds of the buckets in ms: each 2 % above the one before, and every stop is one."""
    stops = [minutes * 60_000 for minutes in _STOPS_MIN] + [_LARGEST_MS]
    found = [0]
    while found[-1] != _LARGEST_MS:
        stop = next(stop for stop in stops if stop > found[-1])
        found.append(min(stop, max(found[-1] + 1, found[-1] * 102 // 100)))
    return found


_UPPER: Final = _upper_bounds()


def _histogram(cells: Cells, base: int) -> list[tuple[float, int]]:
    """(middle of the bucket in ms, count), ascending."""
    numbers = sorted(cell - base - 2 for cell in cells if base + 2 <= cell < base + _BLOCK)
    return [((_UPPER[i - 1] + 1 + _UPPER[i]) / 2 if i else 0.0, cells[base + 2 + i]) for i in numbers]


def _at_rank(histogram: list[tuple[float, int]], q: float) -> float:
    wanted = max(1, ceil(q * sum(count for _, count in histogram) - 1e-9))
    for middle, count in histogram:
        wanted -= count
        if wanted <= 0:
            return middle
    raise ValueError("a histogram with fewer observations than its count")


def final(cells: Cells, labels: Labels, by: str, covered_ms: int, registers: int) -> Iterator[Sample]:
    """The figures of one member in one window; observations are there even when 0.

    Some exist for all and by team, and for the current period only. `registers`: of distinct customers, in
    use.
    """
    is_exported = by in _PER_CUSTOMER and dict(labels).get("period") == "current"
    for one in _every(cells, labels, by, covered_ms, registers):
        if is_exported or not one.name.startswith(_FEW):
            yield one


_FEW: Final = (
    "support_one_touch",
    "support_first_contact",
    "support_full_resolution_time",
    "support_survey_response",
    "support_bot_solved",
)


def _every(cells: Cells, labels: Labels, by: str, covered_ms: int, registers: int) -> Iterator[Sample]:
    for name, base in DURATIONS.items():
        yield from _duration(cells, labels, name, base)
    yield from _counted(cells, labels)
    yield from _answers(cells, labels)
    created = cells.get(CREATED, 0)
    if created and covered_ms > 0:
        yield Sample("support_tickets_per_hour", labels, created * _HOUR_MS / covered_ms)
    yield Sample("support_tickets_per_hour_observations", labels, float(created))
    if by in _PER_CUSTOMER:
        customers = round(-REGISTER * log1p(-registers / REGISTER)) if registers < REGISTER else 0
        yield from _shown("support_tickets_per_customer", "", labels, customers, created)


def _counted(cells: Cells, labels: Labels) -> Iterator[Sample]:
    """Counts, there even when 0, and shares of two counts, each with its observations."""
    for one in _COUNTED:
        n, count = cells.get(one.of, 0), cells.get(one.cell, 0)
        if one.what == "count" or n > 0:  # tickets received may be fewer than those transferred away
            yield Sample(one.name, labels, count / n if one.what == "share" else float(count))
        yield Sample(one.observed, labels, float(n))


def _duration(cells: Cells, labels: Labels, name: str, base: int) -> Iterator[Sample]:
    more = (("clock", "calendar"),) if name in _CLOCKED else ()
    count = cells.get(base, 0)
    for kind in ("mean", "quantile"):
        yield Sample(f"support_{name}_{kind}_observations", labels + more, float(count))
    if count:
        yield Sample(f"support_{name}_mean_seconds", labels + more, cells.get(base + 1, 0) / 1000 / count)
        histogram = _histogram(cells, base)
        for q in _QUANTILES.get(name, (0.5, 0.9)):
            yield Sample(
                f"support_{name}_quantile_seconds",
                (*labels, *more, ("q", str(q))),
                _at_rank(histogram, q) / 1000,
            )


def _answers(cells: Cells, labels: Labels) -> Iterator[Sample]:
    promoters, passives, detractors = (cells.get(cell, 0) for cell in (PROMOTERS, PASSIVES, DETRACTORS))
    n = promoters + passives + detractors
    yield from _shown("support_nps", "_score", labels, n, 100 * (promoters - detractors))
    yield Sample("support_nps_interval_observations", labels, float(n))
    if n:
        p, d = (promoters + 0.75) / (n + 3), (detractors + 0.75) / (n + 3)
        half = _Z * sqrt((p + d - (p - d) ** 2) / (n + 3))
        for bound, value in (("low", p - d - half), ("high", p - d + half)):
            yield Sample("support_nps_interval_score", (*labels, ("bound", bound)), 100 * value)
    solved = cells.get(SOLVED, 0)
    satisfied, unsatisfied = cells.get(SATISFIED, 0), cells.get(UNSATISFIED, 0)
    yield from _shown("support_csat", "_ratio", labels, satisfied + unsatisfied, satisfied)
    scores = {score: cells.get(EFFORT + score, 0) for score in range(1, 8)}
    given = sum(scores.values())
    yield from _shown(
        "support_effort_mean", "_score", labels, given, sum(score * count for score, count in scores.items())
    )
    for kind, answers in (("nps", n), ("csat", satisfied + unsatisfied), ("ces", given)):
        if solved:
            asked = (*labels, ("kind", kind))
            yield Sample("support_survey_response_ratio", asked, answers / solved)
    yield Sample("support_survey_response_observations", labels, float(solved))
    easy, hard = scores[6] + scores[7], scores[1] + scores[2] + scores[3]
    yield from _shown("support_effort_net", "_ratio", labels, given, easy - hard)


def _shown(name: str, unit: str, labels: Labels, n: int, total: int) -> Iterator[Sample]:
    """total / n, absent where n is 0, and its observations."""
    if n:
        yield Sample(f"{name}{unit}", labels, total / n)
    yield Sample(f"{name}_observations", labels, float(n))


def retention(at_start: int, new: int, at_end: int, labels: Labels) -> Iterator[Sample]:
    """Customers kept and lost, absent where nobody was one at the start."""
    for name, lost in (("retention", False), ("churn", True)):
        if at_start:
            kept = (at_end - new) / at_start
            yield Sample(f"support_customer_{name}_ratio", labels, 1 - kept if lost else kept)
        yield Sample(f"support_customer_{name}_observations", labels, float(at_start))
