"""The catalogue: every final figure, from which cells it is lowered, and its denominator.

The names are those of the KPI contract.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from math import sqrt
from typing import Final, Literal

from kpis import cell_numbers
from windows.distinct import estimate
from windows.histogram import quantile

Sums = Mapping[int, int]  # cells of one group in one window
Point = tuple[tuple[tuple[str, str], ...], float]  # further labels, value
CALENDAR: Final = (("clock", "calendar"),)
Z95: Final = 1.959964  # two-sided 95 % of the normal distribution


@dataclass(frozen=True, slots=True)
class FigureKind:
    """One metric of the final figures.

    `lower` gives its samples from the summed cells, none when empty; `observations` is the denominator, 0
    when nothing was seen.
    """

    name: str
    help: str
    unit: Literal["seconds", "ratio", "score", ""]
    lower: Callable[[Sums], Iterator[Point]]
    observations: Callable[[Sums], int]
    rollups: tuple[str, ...] = ("all", "team", "channel", "priority")
    fixed_labels: tuple[tuple[str, str], ...] = ()  # those that the observations carry too

    @property
    def observations_name(self) -> str:
        """Name of the metric of the denominator: the figure's name without its unit."""
        return self.name.removesuffix(f"_{self.unit}" if self.unit else "") + "_observations"


def _count(cell: int) -> Callable[[Sums], int]:
    return lambda cells: cells.get(cell, 0)


def _total(*cells_: int) -> Callable[[Sums], int]:
    return lambda cells: sum(cells.get(cell, 0) for cell in cells_)


def _mean(base: int, labels: tuple[tuple[str, str], ...] = ()) -> Callable[[Sums], Iterator[Point]]:
    def lower(cells: Sums) -> Iterator[Point]:
        if count := cells.get(base, 0):
            yield labels, cells.get(base + 1, 0) / 1000 / count

    return lower


def _quantiles(
    base: int, qs: tuple[float, ...], labels: tuple[tuple[str, str], ...] = ()
) -> Callable[[Sums], Iterator[Point]]:
    def lower(cells: Sums) -> Iterator[Point]:
        if not cells.get(base, 0):
            return
        histogram = cell_numbers.buckets(cells, base)
        for q in qs:
            value = quantile(histogram, q)
            if value is not None:
                yield (*labels, ("q", str(q))), value / 1000

    return lower


def _ratio(top: int, bottom: int) -> Callable[[Sums], Iterator[Point]]:
    def lower(cells: Sums) -> Iterator[Point]:
        if below := cells.get(bottom, 0):
            yield (), cells.get(top, 0) / below

    return lower


ANSWERS: Final = (cell_numbers.PROMOTERS, cell_numbers.PASSIVES, cell_numbers.DETRACTORS)
CSAT_ANSWERS: Final = (cell_numbers.SATISFIED, cell_numbers.UNSATISFIED)
SCORES: Final = range(1, 8)
EFFORT_ANSWERS: Final = tuple(cell_numbers.EFFORT + score for score in SCORES)


def _nps(cells: Sums) -> Iterator[Point]:
    promoters, passives, detractors = (cells.get(cell, 0) for cell in ANSWERS)
    if n := promoters + passives + detractors:
        yield (), 100 * (promoters - detractors) / n


def _nps_interval(cells: Sums) -> Iterator[Point]:
    promoters, passives, detractors = (cells.get(cell, 0) for cell in ANSWERS)
    if n := promoters + passives + detractors:
        low, high = adjusted_wald(promoters, detractors, n)
        yield (("bound", "low"),), low
        yield (("bound", "high"),), high


def adjusted_wald(promoters: int, detractors: int, n: int) -> tuple[float, float]:
    """95 % interval of the net promoter score in points (adjusted Wald.

    3/4 to promoters and detractors, 3 to n; n >= 1).

    >>> [round(bound, 1) for bound in adjusted_wald(60, 20, 100)]
    [23.4, 54.3]
    """
    p, d = (promoters + 0.75) / (n + 3), (detractors + 0.75) / (n + 3)
    half = Z95 * sqrt((p + d - (p - d) ** 2) / (n + 3))
    return 100 * (p - d - half), 100 * (p - d + half)


def _csat(cells: Sums) -> Iterator[Point]:
    satisfied, unsatisfied = (cells.get(cell, 0) for cell in CSAT_ANSWERS)
    if n := satisfied + unsatisfied:
        yield (), satisfied / n


def _effort_mean(cells: Sums) -> Iterator[Point]:
    if n := _total(*EFFORT_ANSWERS)(cells):
        yield (), sum(score * cells.get(cell_numbers.EFFORT + score, 0) for score in SCORES) / n


def _effort_net(cells: Sums) -> Iterator[Point]:
    if n := _total(*EFFORT_ANSWERS)(cells):
        easy, hard = (
            sum(cells.get(cell_numbers.EFFORT + score, 0) for score in scores)
            for scores in ((6, 7), (1, 2, 3))
        )
        yield (), (easy - hard) / n


def customers(cells: Sums) -> int:
    """Distinct customers of the tickets created; 0 when there were none or the registers are saturated."""
    return estimate(cells.get(cell_numbers.REGISTERS_USED, 0)) or 0


def _tickets_per_customer(cells: Sums) -> Iterator[Point]:
    if n := customers(cells):
        yield (), cells.get(cell_numbers.CREATED, 0) / n


def _created(cells: Sums) -> Iterator[Point]:
    yield (), float(cells.get(cell_numbers.CREATED, 0))


_WITH_CUSTOMERS: Final = ("all", "team")
_P90: Final = (0.5, 0.9)
_P95: Final = (0.5, 0.9, 0.95)
_created_count: Final = _count(cell_numbers.CREATED)

FIGURES: Final = (
    FigureKind(
        "support_first_response_mean_seconds",
        "Mean time from creation to the first public reply by a human.",
        "seconds",
        _mean(cell_numbers.FIRST_RESPONSE, CALENDAR),
        _count(cell_numbers.FIRST_RESPONSE),
        fixed_labels=CALENDAR,
    ),
    FigureKind(
        "support_first_response_quantile_seconds",
        "Quantiles of the first response time, within 1 %.",
        "seconds",
        _quantiles(cell_numbers.FIRST_RESPONSE, _P95, CALENDAR),
        _count(cell_numbers.FIRST_RESPONSE),
        fixed_labels=CALENDAR,
    ),
    FigureKind(
        "support_response_mean_seconds",
        "Mean time a customer waited, over the first and all later public replies.",
        "seconds",
        _mean(cell_numbers.RESPONSE),
        _count(cell_numbers.RESPONSE),
    ),
    FigureKind(
        "support_response_quantile_seconds",
        "Quantiles of the response time, within 1 %.",
        "seconds",
        _quantiles(cell_numbers.RESPONSE, _P90),
        _count(cell_numbers.RESPONSE),
    ),
    FigureKind(
        "support_resolution_ratio",
        "First resolutions with outcome solved, over tickets created; may pass 1.",
        "ratio",
        _ratio(cell_numbers.SOLVED, cell_numbers.CREATED),
        _created_count,
    ),
    FigureKind(
        "support_resolution_cohort_ratio",
        "Of the tickets created in the window, the part that is solved now.",
        "ratio",
        _ratio(cell_numbers.COHORT, cell_numbers.CREATED),
        _created_count,
    ),
    FigureKind(
        "support_resolution_net_ratio",
        "As the resolution ratio, without tickets that were reopened since.",
        "ratio",
        _ratio(cell_numbers.NET, cell_numbers.CREATED),
        _created_count,
    ),
    FigureKind(
        "support_handle_time_mean_seconds",
        "Mean of talk, hold and wrap-up time of an interaction.",
        "seconds",
        _mean(cell_numbers.HANDLE),
        _count(cell_numbers.HANDLE),
    ),
    FigureKind(
        "support_handle_time_quantile_seconds",
        "Quantiles of the handle time, within 1 %.",
        "seconds",
        _quantiles(cell_numbers.HANDLE, _P90),
        _count(cell_numbers.HANDLE),
    ),
    FigureKind("support_nps_score", "Net promoter score, -100 to 100.", "score", _nps, _total(*ANSWERS)),
    FigureKind(
        "support_nps_interval_score",
        "95 % interval of the net promoter score.",
        "score",
        _nps_interval,
        _total(*ANSWERS),
    ),
    FigureKind(
        "support_csat_ratio", "Satisfied answers over answers.", "ratio", _csat, _total(*CSAT_ANSWERS)
    ),
    FigureKind(
        "support_effort_mean_score",
        "Mean customer effort score, 1 to 7.",
        "score",
        _effort_mean,
        _total(*EFFORT_ANSWERS),
    ),
    FigureKind(
        "support_effort_net_ratio",
        "Easy (6-7) minus hard (1-3) answers, over answers.",
        "ratio",
        _effort_net,
        _total(*EFFORT_ANSWERS),
    ),
    FigureKind(
        "support_tickets_per_customer",
        "Tickets created per distinct customer.",
        "",
        _tickets_per_customer,
        customers,
        rollups=_WITH_CUSTOMERS,
    ),
    FigureKind("support_tickets", "Tickets created.", "", _created, _created_count),
    FigureKind(
        "support_resolution_time_mean_seconds",
        "Mean time from creation to the first resolution with outcome solved.",
        "seconds",
        _mean(cell_numbers.RESOLUTION, CALENDAR),
        _count(cell_numbers.RESOLUTION),
        fixed_labels=CALENDAR,
    ),
    FigureKind(
        "support_resolution_time_quantile_seconds",
        "Quantiles of the resolution time, within 1 %.",
        "seconds",
        _quantiles(cell_numbers.RESOLUTION, _P95, CALENDAR),
        _count(cell_numbers.RESOLUTION),
        fixed_labels=CALENDAR,
    ),
    FigureKind(
        "support_abandonment_ratio",
        "Tickets resolved with outcome abandoned, over tickets created.",
        "ratio",
        _ratio(cell_numbers.ABANDONED, cell_numbers.CREATED),
        _created_count,
    ),
    FigureKind(
        "support_reopen_ratio",
        "Tickets reopened, over first resolutions.",
        "ratio",
        _ratio(cell_numbers.REOPENED, cell_numbers.RESOLVED),
        _count(cell_numbers.RESOLVED),
    ),
)
BUSINESS: Final = (("clock", "business"),)
BY_CALENDAR: Final = ("all", "team")  # calendars belong to teams


def _business(kind: FigureKind, base: int, lower: Callable[[Sums], Iterator[Point]]) -> FigureKind:
    return replace(kind, lower=lower, observations=_count(base), rollups=BY_CALENDAR, fixed_labels=BUSINESS)


_NAMED: Final = {kind.name: kind for kind in FIGURES}
# The same figures by the calendars of teams, for all and by team. The second group is not compared with
# earlier periods.
BUSINESS_FIGURES: Final = (
    _business(
        _NAMED["support_first_response_mean_seconds"],
        cell_numbers.FIRST_RESPONSE_BUSINESS,
        _mean(cell_numbers.FIRST_RESPONSE_BUSINESS, BUSINESS),
    ),
    _business(
        _NAMED["support_resolution_time_mean_seconds"],
        cell_numbers.RESOLUTION_BUSINESS,
        _mean(cell_numbers.RESOLUTION_BUSINESS, BUSINESS),
    ),
)
BUSINESS_QUANTILES: Final = (
    _business(
        _NAMED["support_first_response_quantile_seconds"],
        cell_numbers.FIRST_RESPONSE_BUSINESS,
        _quantiles(cell_numbers.FIRST_RESPONSE_BUSINESS, _P95, BUSINESS),
    ),
    _business(
        _NAMED["support_resolution_time_quantile_seconds"],
        cell_numbers.RESOLUTION_BUSINESS,
        _quantiles(cell_numbers.RESOLUTION_BUSINESS, _P95, BUSINESS),
    ),
)
# Observations that the calendar made: all of their time lay in closed hours, so they count as 0 s.
CLOSED_OBSERVATIONS: Final = {
    "support_first_response_closed_observations": cell_numbers.FIRST_RESPONSE_BUSINESS,
    "support_resolution_time_closed_observations": cell_numbers.RESOLUTION_BUSINESS,
}


def _attainment(target: str) -> FigureKind:
    met, missed = cell_numbers.SETTLED[target]

    def lower(cells: Sums) -> Iterator[Point]:
        if n := cells.get(met, 0) + cells.get(missed, 0):
            yield (), cells.get(met, 0) / n

    return FigureKind(
        "support_sla_attainment_ratio",
        "",
        "ratio",
        lower,
        _total(met, missed),
        fixed_labels=(("target", target),),
    )


# Of courses only: what the view exports is lowered by `kpis.sla.figures`.
ATTAINMENTS: Final = tuple(map(_attainment, cell_numbers.SETTLED))
# These two need more than the summed cells of one window: `kpis.figures.view` and `kpis.report` make them.
PER_HOUR: Final = "support_tickets_per_hour"
RETENTION: Final = "support_customer_retention_ratio"
CHURN: Final = "support_customer_churn_ratio"
OTHER_FIGURES: Final = {
    PER_HOUR: "Tickets created per hour of the time that the window covers.",
    RETENTION: "Customers at the end without the new ones, over customers at the start; may be negative.",
    CHURN: "1 minus customer retention.",
}
LIVE_FIGURES: Final = {
    "support_open_tickets": "Tickets created and not resolved or discarded.",
    "support_unanswered_tickets": "Open tickets without a public reply by a human.",
    "support_oldest_unanswered_timestamp_seconds": "Since when the oldest unanswered ticket waits: creation or latest reopening, floored.",
}
# Only with a policy.
SLA_FIGURES: Final = {
    "support_sla_attainment_ratio": "Deadlines met over deadlines met or missed in the window.",
    "support_sla_attainment_observations": "Deadlines met or missed in the window.",
    "support_sla_breached_tickets": "Deadlines missed in the window, booked at the deadline.",
}
SLA_LIVE_FIGURES: Final = {
    "support_sla_objective_ratio": "Share of deadlines to be met by the policy in force, the smallest that applies to the member.",
    "support_sla_waiting_tickets": "Open tickets whose clock runs towards a deadline.",
    "support_sla_overdue_tickets": "Open tickets whose clock runs on past the deadline.",
    "support_sla_due_tickets": "Open tickets whose deadline comes within so much time.",
    "support_sla_next_deadline_timestamp_seconds": "The next deadline of a running clock, floored to the minute.",
    "support_oldest_unanswered_business_seconds": "Age of the oldest unanswered ticket by the calendar of its team.",
    "support_sla_forecast_breaches_tickets": "Deadlines that will be missed within the next hour: expected, and an 80 % interval.",
    "support_business_open": "1 while the team's calendar is open, else 0; for all teams 1 while any of them is open.",
}
CLOSED_FIGURES: Final = {
    "support_first_response_closed_observations": "First replies whose whole wait lay in closed hours, and which count as 0 s.",
    "support_resolution_time_closed_observations": "First resolutions whose whole time lay in closed hours, and which count as 0 s.",
}
# What is named worst now, and what will be: only those members have samples.
WORST_FIGURES: Final = {
    "support_sla_worst_ratio": "Attainment of what is below its objective, by the narrowest member that explains it.",
    "support_sla_worst_objective_ratio": "Share of these deadlines that were promised to be met.",
    "support_sla_worst_observations": "Deadlines behind support_sla_worst_ratio, met or missed.",
    "support_sla_worst_missed_tickets": "How many of these deadlines were missed.",
    "support_sla_worst_excess_tickets": "How many more were missed than the objectives allow.",
    "support_sla_worst_overdue_tickets": "Open tickets of the member whose clock runs on past the deadline now.",
    "support_sla_worst_since_timestamp_seconds": "Since when the member has been below its objective without a break.",
}
ENDANGERED_FIGURES: Final = {
    "support_sla_endangered_tickets": "Not done, of what is due within 15 min, where that is far more than usual.",
    "support_sla_endangered_usual_tickets": "How many would usually not be done so late.",
    "support_sla_endangered_observations": "Deadlines within 15 min, those already met included.",
}
JUDGED_FIGURES: Final = {
    "support_sla_below_objective": "1 while the member or something within it is below its objective (worst now), else 0.",
    "support_sla_kept_since_timestamp_seconds": "Since when neither the member nor anything within it has been below its objective.",
    "support_sla_long_overdue_tickets": "Open tickets of a team that works now, overdue by one more target at least.",
}


def retention(at_start: int, new: int, at_end: int) -> float | None:
    """(E - N) / S; None when nobody was a customer at the start.

    >>> retention(500, 200, 480)
    0.56
    """
    return (at_end - new) / at_start if at_start else None
