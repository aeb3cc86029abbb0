"""The oracle: every exported figure once more, computed naively from raw records.

It sorts, walks and adds up, keeps every single value and takes quantiles from the
sorted list. It knows nothing of panes that merge, of histograms, of ledgers: tests,
`demo --verify` and the soak hold the stream against it. It imports nothing of `kpis`,
`windows`, `streams`, `agents` or `exporters`, and must never.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from oracle import staffing
from oracle.board import Board, Pick
from oracle.customers import REGISTERS, active_spans
from oracle.events import Facts, Record, read_records
from oracle.spans import HOUR_MS, MINUTE_MS, WINDOWS, Span, spans
from oracle.tickets import COUNTS, LEVELS, SHARES, Start

CALENDAR: Final = (("clock", "calendar"),)
# Per cent as integers: 0.95 * 20 must be rank 19, whatever doubles make of it.
THREE_QUANTILES: Final = {"0.5": 50, "0.9": 90, "0.95": 95}
TWO_QUANTILES: Final = {"0.5": 50, "0.9": 90}
CUSTOMER_WINDOWS: Final = frozenset({"30d", "365d"})
ONLY_CUSTOMERS: Final = frozenset({"365d"})
NORMAL_95: Final = 1.959964  # two-sided 95 % of the normal distribution

Labels = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class OracleFigure:
    """One sample as it should be exported; `n` is the figure's denominator."""

    name: str
    labels: Labels
    value: float
    n: int

    @property
    def key(self) -> tuple[str, frozenset[tuple[str, str]]]:
        """What identifies the sample: its name and its labels, in no order."""
        return (self.name, frozenset(self.labels))


def figures(  # noqa: PLR0913 - each is named
    source: Facts | Iterable[Record],
    *,
    as_of_ms: int,
    time_zone: str = "UTC",
    team_time_zones: Mapping[str, str] | None = None,
    windows: Collection[str] = WINDOWS,
    members: Mapping[str, Sequence[str]] | None = None,
    max_members: int | None = None,
    future_tolerance_ms: int = 300_000,
    written: Mapping[str, Sequence[str]] | None = None,
    named: Mapping[str, Sequence[str]] | None = None,
    segment: bool = False,
    frt_from: Start = "first_contact",
) -> list[OracleFigure]:
    """Compute all final and live figures, each with its observations.

    `written`: names by dimension as policy and settings write them, the first of several spellings is shown.

    `named`: names by dimension that a policy names.

    `segment`: whether the fourth dimension is switched on.

    `frt_from`: whether the first response time begins after a bot, or always when the customer asked.

    `members` names what is exported per dimension, the rest being `other`; for a dimension without a list,
    `max_members` (None: no limit) folds the smallest. Names are those of the window 30d, of the 30 days
    before it and of what is open; with the window `all` those ever observed. What a policy adds is in
    `oracle.promised`.
    """
    facts = facts_of(source, future_tolerance_ms)
    board = Board(
        facts,
        as_of_ms,
        members,
        max_members,
        written=written,
        named=named,
        ever="all" in windows,
        segment=segment,
        frt_from=frt_from,
    )
    has_assigned = any(event.kind == "assigned" for events in facts.tickets.values() for event in events)
    zones = {board.shown(0, team): zone for team, zone in (team_time_zones or {}).items()}
    found: list[OracleFigure] = []
    for by, member in board.members():
        zone = zones.get(member, time_zone) if by == "team" else time_zone
        asked = spans(
            as_of_ms=as_of_ms,
            time_zone=zone,
            windows=windows,
            first_ms=facts.first_ms,
        )
        found.extend(one for one in _final(board, by, member, asked) if _is_exported(one))
        found.extend(_live(board, by, member, has_assigned=has_assigned))
        if by == "all":
            found.extend(_customers(facts, asked))
    found.extend(OracleFigure(*sample) for sample in staffing.samples(board, facts.presence, as_of_ms))
    return found


# These exist for all and by team, and for the current period only.
_FEW: Final = (
    "support_one_touch",
    "support_first_contact",
    "support_full_resolution_time",
    "support_survey_response",
    "support_bot_solved",
)


def _is_exported(figure: OracleFigure) -> bool:
    labels = dict(figure.labels)
    return not figure.name.startswith(_FEW) or (
        labels["period"] == "current" and labels["by"] in {"all", "team"}
    )


def parts(  # noqa: PLR0913 - each is named
    source: Facts | Iterable[Record],
    *,
    as_of_ms: int,
    thresholds_seconds: Mapping[str, Sequence[float]],
    time_zone: str = "UTC",
    windows: Collection[str] = WINDOWS,
    members: Mapping[str, Sequence[str]] | None = None,
    max_members: int | None = None,
    future_tolerance_ms: int = 300_000,
    written: Mapping[str, Sequence[str]] | None = None,
    named: Mapping[str, Sequence[str]] | None = None,
    segment: bool = False,
    frt_from: Start = "first_contact",
) -> list[OracleFigure]:
    """Compute the additive parts of every current window, at full dimensions.

    `thresholds_seconds` are the bucket edges of each gauge histogram, by its name;
    `+Inf` is added. Every combination of the window 30d and of the 30 days before it is there, if with zeros.
    """
    facts = facts_of(source, future_tolerance_ms)
    board = Board(
        facts,
        as_of_ms,
        members,
        max_members,
        written=written,
        named=named,
        segment=segment,
        frt_from=frt_from,
    )
    found: list[OracleFigure] = []
    for span in spans(
        as_of_ms=as_of_ms,
        time_zone=time_zone,
        windows=[name for name in windows if name not in ONLY_CUSTOMERS],
        first_ms=facts.first_ms,
    ):
        if span.period != "current":
            continue
        for combination in board.combinations():
            pick = board.pick("parts", combination, span)
            labels = (
                ("window", span.window),
                *zip(board.dimensions, combination, strict=True),
            )
            found.extend(_parts(pick, labels, thresholds_seconds))
    return found


def nearest_rank(values: Sequence[int], percent: int) -> int:
    """Take the value of rank ceil(percent / 100 x n), at least 1, of sorted values."""
    return values[max(1, -(-percent * len(values) // 100)) - 1]


def estimate_customers(registers_in_use: int) -> int | None:
    """Estimate distinct customers by linear counting; None when saturated."""
    if registers_in_use >= REGISTERS:
        return None
    return round(-REGISTERS * math.log1p(-registers_in_use / REGISTERS))


def nps_interval(promoters: int, detractors: int, n: int) -> tuple[float, float]:
    """Give the 95 % adjusted Wald interval of an NPS, in points."""
    p = (promoters + 0.75) / (n + 3)
    d = (detractors + 0.75) / (n + 3)
    half = NORMAL_95 * math.sqrt((p + d - (p - d) ** 2) / (n + 3))
    return (100 * (p - d - half), 100 * (p - d + half))


def facts_of(source: Facts | Iterable[Record], future_tolerance_ms: int) -> Facts:
    """Read records, unless that was done."""
    if isinstance(source, Facts):
        return source
    return read_records(source, future_tolerance_ms=future_tolerance_ms)


def _final(board: Board, by: str, member: str, asked: Iterable[Span]) -> Iterator[OracleFigure]:
    for span in asked:
        if span.window in ONLY_CUSTOMERS:
            continue
        pick = board.pick(by, member, span)
        for name, extra, value, n in _lines(pick, span, by):
            labels = (*labels_of(span, by, member), *extra)
            yield OracleFigure(name, labels, value, n)


def labels_of(span: Span, by: str, member: str) -> Labels:
    """Label a final figure."""
    return (
        ("window", span.window),
        ("period", span.period),
        ("by", by),
        ("member", member),
    )


_Line = tuple[str, Labels, float, int]  # name, further labels, value, n
_Values = Sequence[tuple[Labels, float | None]]


def _lines(pick: Pick, span: Span, by: str) -> Iterator[_Line]:
    """Every final figure of one span and one member."""
    yield from durations("support_first_response", pick("first_response"), THREE_QUANTILES, CALENDAR)
    yield from durations("support_response", pick("response"), TWO_QUANTILES, CALENDAR)
    yield from durations("support_handle_time", pick("handle_time"), TWO_QUANTILES)
    yield from durations("support_resolution_time", pick("resolution_time"), THREE_QUANTILES, CALENDAR)
    yield from durations("support_full_resolution_time", pick("full_resolution"), TWO_QUANTILES)
    yield from _counted(pick)
    yield from _surveys(pick)
    yield from _volume(pick, span)
    if by in ("all", "team"):
        yield from _tickets_per_customer(pick)


def _figure(name: str, n: int, values: _Values, clock: Labels = ()) -> Iterator[_Line]:
    """Give a figure's observations, and its values as far as there are any."""
    yield (observations_name(name), clock, float(n), n)
    for extra, value in values:
        if value is not None:
            yield (name, (*clock, *extra), value, n)


def observations_name(name: str) -> str:
    """Name the observations of a figure.

    >>> observations_name("support_nps_interval_score")
    'support_nps_interval_observations'
    """
    for unit in ("_seconds", "_ratio", "_score"):
        name = name.removesuffix(unit)
    return f"{name}_observations"


def _over(numerator: int, denominator: int) -> float | None:
    return numerator / denominator if denominator > 0 else None


def durations(
    stem: str, values: list[int], quantiles: Mapping[str, int], clock: Labels = ()
) -> Iterator[_Line]:
    """Give mean and quantiles of durations in ms, each with its observations."""
    n = len(values)
    mean = sum(values) / n / 1000 if n else None
    yield from _figure(f"{stem}_mean_seconds", n, [((), mean)], clock)
    ordered = sorted(values)
    read: list[tuple[Labels, float | None]] = [
        ((("q", q),), nearest_rank(ordered, percent) / 1000 if n else None)
        for q, percent in quantiles.items()
    ]
    yield from _figure(f"{stem}_quantile_seconds", n, read, clock)


def _counted(pick: Pick) -> Iterator[_Line]:
    """Counts, a real 0 among them, and shares, absent where there is nothing to be a part of."""
    for name, series, of in COUNTS:
        yield from _figure(name, sum(pick(of)), [((), float(sum(pick(series))))])
    for name, series, of in SHARES:
        n = sum(pick(of))
        yield from _figure(name, n, [((), _over(sum(pick(series)), n))])
    solved = len(pick("solved"))
    for kind in ("nps", "csat", "ces"):
        share = _over(len(pick(kind)), solved)
        if share is not None:
            yield ("support_survey_response_ratio", (("kind", kind),), share, solved)
    yield ("support_survey_response_observations", (), float(solved), solved)


def _surveys(pick: Pick) -> Iterator[_Line]:
    groups = _nps_groups(pick("nps"))
    n = sum(groups.values())
    promoters, detractors = groups["promoter"], groups["detractor"]
    nps = 100 * (promoters - detractors) / n if n else None
    low, high = nps_interval(promoters, detractors, n) if n else (None, None)
    yield from _figure("support_nps_score", n, [((), nps)])
    bounds: _Values = [((("bound", "low"),), low), ((("bound", "high"),), high)]
    yield from _figure("support_nps_interval_score", n, bounds)
    csat = pick("csat")
    satisfied = _over(sum(csat), len(csat))
    yield from _figure("support_csat_ratio", len(csat), [((), satisfied)])
    yield from _effort(pick("ces"))


def _nps_groups(scores: Iterable[int]) -> dict[str, int]:
    groups = {"promoter": 0, "passive": 0, "detractor": 0}
    for score in scores:
        promoter, passive = score in (9, 10), score in (7, 8)
        group = "promoter" if promoter else "passive" if passive else "detractor"
        groups[group] += 1
    return groups


def _effort(scores: list[int]) -> Iterator[_Line]:
    n = len(scores)
    easy = sum(score in (6, 7) for score in scores)
    hard = sum(score in (1, 2, 3) for score in scores)
    yield from _figure("support_effort_mean_score", n, [((), _over(sum(scores), n))])
    yield from _figure("support_effort_net_ratio", n, [((), _over(easy - hard, n))])


def _volume(pick: Pick, span: Span) -> Iterator[_Line]:
    created = len(pick("created"))
    # Absent when empty, like every figure that is not a count itself.
    hours = span.covered_ms / HOUR_MS
    per_hour = created / hours if created and span.covered_ms > 0 else None
    yield from _figure("support_tickets_per_hour", created, [((), per_hour)])


def _tickets_per_customer(pick: Pick) -> Iterator[_Line]:
    customers = estimate_customers(len(set(pick("customer"))))
    if customers is None:
        return
    ratio = _over(len(pick("created")), customers)
    yield from _figure("support_tickets_per_customer", customers, [((), ratio)])


def _live(board: Board, by: str, member: str, *, has_assigned: bool) -> Iterator[OracleFigure]:
    """What stands now; who is unassigned once the desk has ever said who is assigned."""
    labels = (("by", by), ("member", member))
    counts = {series: len(board.times(series, by, member)) for series in LEVELS}
    counts["unassigned"] = counts["open"] - counts.pop("assigned")
    for level in ("open", "unanswered", "waiting", "with_bot", "unassigned"):
        if level != "unassigned" or has_assigned:
            yield OracleFigure(f"support_{level}_tickets", labels, float(counts[level]), counts[level])
    for level in ("unanswered", "waiting"):
        since = board.times(level, by, member)
        if since:
            oldest_seconds = min(since) // MINUTE_MS * MINUTE_MS / 1000
            name = f"support_oldest_{level}_timestamp_seconds"
            yield OracleFigure(name, labels, oldest_seconds, len(since))


def _customers(facts: Facts, asked: Iterable[Span]) -> Iterator[OracleFigure]:
    """Retention and churn, of all customers together."""
    customers = [active_spans(events) for events in facts.customers.values()]
    for span in asked:
        if span.window not in CUSTOMER_WINDOWS:
            continue
        at_start, joined, at_end = _count_customers(customers, span)
        retention = _over(at_end - joined, at_start)
        churn = None if retention is None else 1 - retention
        for name, value in (
            ("support_customer_retention_ratio", retention),
            ("support_customer_churn_ratio", churn),
        ):
            for line_name, _, amount, n in _figure(name, at_start, [((), value)]):
                yield OracleFigure(line_name, labels_of(span, "all", "all"), amount, n)


def _count_customers(
    customers: Iterable[Sequence[tuple[int, int | None]]], span: Span
) -> tuple[int, int, int]:
    """Count S, N and E: active just before start; new since; active just before end."""
    at_start = joined = at_end = 0
    for stays in customers:
        was_active = _active_before(stays, span.start_ms)
        at_start += was_active
        at_end += _active_before(stays, span.pane_end_ms)
        joined += not was_active and any(
            span.start_ms <= joined_ms < span.pane_end_ms for joined_ms, _ in stays
        )
    return at_start, joined, at_end


def _active_before(stays: Iterable[tuple[int, int | None]], at_ms: int) -> bool:
    return any(joined_ms < at_ms and (left_ms is None or left_ms >= at_ms) for joined_ms, left_ms in stays)


def _parts(
    pick: Pick, labels: Labels, thresholds_seconds: Mapping[str, Sequence[float]]
) -> Iterator[OracleFigure]:
    for series in ("created", "solved", "abandoned"):
        count = len(pick(series))
        yield OracleFigure(f"support_{series}_tickets", labels, float(count), count)
    for group, count in _nps_groups(pick("nps")).items():
        group_labels = (*labels, ("group", group))
        yield OracleFigure("support_nps_answers", group_labels, float(count), count)
    csat = pick("csat")
    for answer, count in (("true", sum(csat)), ("false", len(csat) - sum(csat))):
        answer_labels = (*labels, ("satisfied", answer))
        yield OracleFigure("support_csat_answers", answer_labels, float(count), count)
    for series in ("first_response", "handle_time", "resolution_time"):
        name = f"support_{series}_seconds"
        edges = thresholds_seconds.get(name, ())
        yield from _gauge_histogram(name, pick(series), labels, edges)


def _gauge_histogram(
    name: str, values: list[int], labels: Labels, edges: Iterable[float]
) -> Iterator[OracleFigure]:
    n = len(values)
    for edge in sorted({*edges, math.inf}):
        below = sum(value <= edge * 1000 for value in values)
        le = ("le", le_label(edge))
        yield OracleFigure(f"{name}_bucket", (*labels, le), float(below), n)
    yield OracleFigure(f"{name}_gcount", labels, float(n), n)
    yield OracleFigure(f"{name}_gsum", labels, sum(values) / 1000, n)


def le_label(edge: float) -> str:
    """Write a bucket edge in one way only: samples are compared by their labels.

    >>> le_label(60), le_label(2592000.0), le_label(math.inf)
    ('60.0', '2592000.0', '+Inf')
    """
    return "+Inf" if math.isinf(edge) else repr(float(edge))
