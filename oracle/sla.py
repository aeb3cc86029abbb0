"""The oracle's own SLA figures: all deadlines, filed under every member, and what is asked of them.

A deadline takes effect when its minute is over.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from itertools import product
from typing import Final

from oracle.clock import MINUTE_MS, TARGETS, Edition, elapsed_ms, in_force, is_open
from oracle.deadlines import Deadline, SlaFacts, look
from oracle.labels import FIELDS, LabelNames
from oracle.spans import Span, spans

__all__ = ["Deadline", "Sample", "SlaBoard", "SlaFacts", "look", "predict"]

Labels = tuple[tuple[str, str], ...]
Sample = tuple[str, Labels, float, int]  # name, labels, value, n
WITHIN_MINUTES: Final = {"15m": 15, "1h": 60, "4h": 240}
EDGES: Final = (0, 5, 10, 15, 20, 30, 45, 60)  # minutes of remaining time


Fold = Callable[[LabelNames], LabelNames]


class SlaBoard:
    """The deadlines as they are exported: filed under every member, and asked for spans."""

    def __init__(self, found: SlaFacts, editions: Sequence[Edition], fold: Fold, as_of_ms: int) -> None:
        self._found = found
        self._editions = editions
        self._fold = fold
        self._as_of_ms = as_of_ms
        self._now = as_of_ms // MINUTE_MS
        # A running deadline stands in two levels: it falls due for one team, and another may have it now.
        self._filed: dict[tuple[str, str, str], list[Deadline]] = {}
        self._held: dict[tuple[str, str, str], list[Deadline]] = {}
        for deadline in found.deadlines:
            for by, member in _members(fold(deadline.dimensions)):
                self._filed.setdefault((deadline.target, by, member), []).append(deadline)
            for by, member in _members(fold(deadline.now)):
                self._held.setdefault((deadline.target, by, member), []).append(deadline)
        self._extended: dict[tuple[str, str, str], list[int]] = {}
        for one in found.extended:
            for by, member in _members(fold(one.dimensions)):
                self._extended.setdefault((one.target, by, member), []).append(one.at_ms)
        self.targets = [
            target
            for target in TARGETS
            if target in found.given or any(edition.lines[target] for edition in editions)
        ]

    def windowed(self, by: str, member: str, span: Span) -> Iterator[Sample]:
        """Attainment and breaches, and what became of lines; earlier periods for all tickets together only.

        A deadline is foreign if it has ended under labels that another line is for.
        """
        if span.period != "current" and by != "all":
            return
        labels = (("window", span.window), ("period", span.period), ("by", by), ("member", member))
        for target in self.targets:
            fallen = self._fallen(target, by, member, span)
            met = sum(deadline.outcome == "met" for deadline in fallen)
            own = (*labels, ("target", target))
            if fallen:
                yield ("support_sla_attainment_ratio", own, met / len(fallen), len(fallen))
            yield ("support_sla_attainment_observations", own, float(len(fallen)), len(fallen))
            yield ("support_sla_breached_tickets", own, float(len(fallen) - met), len(fallen))
            foreign = sum(deadline.is_foreign for deadline in fallen)
            yield ("support_sla_foreign_observations", own, float(foreign), len(fallen))
            times = self._extended.get((target, by, member), [])
            extended = sum(span.start_ms <= at_ms < span.end_ms for at_ms in times)
            yield ("support_sla_extended_tickets", own, float(extended), len(fallen))

    def _fallen(self, target: str, by: str, member: str, span: Span) -> list[Deadline]:
        """What was met within a span, and the deadlines missed in it whose minute is over."""
        filed = self._filed.get((target, by, member), [])
        return [
            one
            for one in filed
            if span.start_ms <= one.at_ms < span.end_ms
            and (one.outcome == "met" or one.at_ms // MINUTE_MS < self._now)
        ]

    def live(self, by: str, member: str, names: Collection[str]) -> Iterator[Sample]:
        """What stands now. `names` are the members' own names, of which several may be folded into one."""
        labels = (("by", by), ("member", member))
        yield from self._terms(by, member, names, labels)
        for target in self.targets:
            own = (*labels, ("target", target))
            running = [
                one.at_ms // MINUTE_MS
                for one in self._held.get((target, by, member), [])
                if one.outcome == "running"
            ]
            ahead = [minute for minute in running if minute >= self._now]
            late = len(running) - len(ahead)
            yield ("support_sla_waiting_tickets", own, float(len(ahead)), len(ahead))
            yield ("support_sla_overdue_tickets", own, float(late), late)
            for name, minutes in WITHIN_MINUTES.items():
                soon = sum(minute <= self._now + minutes for minute in ahead)
                yield ("support_sla_due_tickets", (*own, ("within", name)), float(soon), soon)
            if ahead:
                yield ("support_sla_next_deadline_timestamp_seconds", own, min(ahead) * 60.0, len(ahead))
            if by in ("all", "team"):
                yield from self._forecast(target, by, member, ahead, own)

    def _terms(self, by: str, member: str, names: Collection[str], labels: Labels) -> Iterator[Sample]:
        edition = in_force(self._editions, self._as_of_ms)
        if edition is not None:
            for target in self.targets:
                objective = _objective(edition, target, by, names)
                if objective is not None:
                    yield ("support_sla_objective_ratio", (*labels, ("target", target)), objective, 1)
            if by in ("all", "team"):
                used = {edition.default, *edition.teams.values()}
                clocks = (
                    [edition.calendars[name] for name in used]
                    if by == "all"
                    else [edition.hours(name) for name in names]
                )
                yield (
                    "support_business_open",
                    labels,
                    float(any(is_open(clock, self._as_of_ms) for clock in clocks)),
                    1,
                )
        ages = list(self._ages(by, member))
        if ages:
            yield ("support_oldest_unanswered_business_seconds", labels, max(ages) / 1000, 1)

    def _ages(self, by: str, member: str) -> Iterator[int]:
        """Business ages of the oldest unanswered ticket of each combination of labels."""
        oldest: dict[LabelNames, int] = {}
        for ticket in self._found.unanswered:
            folded = self._fold(ticket.dimensions)
            if (by, member) in _members(folded):
                minute, own = ticket.since_ms // MINUTE_MS, ticket.dimensions[: len(folded)]
                oldest[own] = min(minute, oldest.get(own, minute))
        for (team, *_), minute in oldest.items():
            edition = in_force(self._editions, minute * MINUTE_MS)
            if edition is not None:
                yield elapsed_ms(edition.hours(team), minute * MINUTE_MS, self._as_of_ms)

    def _forecast(
        self, target: str, by: str, member: str, ahead: Iterable[int], labels: Labels
    ) -> Iterator[Sample]:
        asked = {
            s.window: s
            for s in spans(as_of_ms=self._as_of_ms, time_zone="UTC", windows=("1h", "24h", "7d"))
            if s.period == "current"
        }
        hour, day, week = (self._fallen(target, by, member, asked[name]) for name in ("1h", "24h", "7d"))
        expected, low, high = predict([minute - self._now for minute in ahead], hour, day, week)
        for bound, value in (("expected", expected), ("low", low), ("high", high)):
            yield ("support_sla_forecast_breaches_tickets", (*labels, ("bound", bound)), float(value), 0)


def _members(folded: LabelNames) -> list[tuple[str, str]]:
    return [("all", "all"), *zip(FIELDS, folded, strict=False)]


def _objective(edition: Edition, target: str, by: str, names: Collection[str]) -> float | None:
    """The smallest objective of any ticket that the members may have.

    It looks at all names that the policy knows, and at one that it does not.
    """
    lines = edition.lines[target]
    choices = []
    for position, dimension in enumerate(FIELDS):
        named = {name for line in lines for name in line.names[position] or ()}
        choices.append(set(names) if dimension == by else {*named, "(any other)"})
    found = [
        line.objective for named in product(*choices) if (line := edition.line(target, named)) is not None
    ]
    return min(found, default=None)


def predict(
    due_in: Sequence[int], hour: Sequence[Deadline], day: Sequence[Deadline], week: Sequence[Deadline]
) -> tuple[float, int, int]:
    """The forecast of docs/sla.md.

    Expected breaches of the next hour, and the bounds of the 80 % interval.
    """
    shares = [1.0, *(_share(edge, day, week) for edge in EDGES[1:])]
    chances = [_chance(minutes, shares) for minutes in due_in if minutes < EDGES[-1]]
    known = sum(chances)
    fresh = (_fresh(hour) + _fresh(day) / 24) / 2
    variance = sum(chance * (1 - chance) for chance in chances) + 2 * fresh
    return (known + fresh, *_bounds(known + fresh, variance))


def _long_enough(deadline: Deadline, minutes: int) -> bool:
    """Whether the promise was at least as long; of one that still waits that is taken for granted."""
    return deadline.outcome == "running" or deadline.life_ms >= minutes * MINUTE_MS


def _share(edge: int, day: Sequence[Deadline], week: Sequence[Deadline]) -> float:
    def count(deadlines: Sequence[Deadline]) -> tuple[int, int]:
        ran = [
            one
            for one in deadlines
            if _long_enough(one, edge) and (one.outcome != "met" or one.spare_ms < edge * MINUTE_MS)
        ]
        return sum(one.outcome != "met" for one in ran), len(ran)

    (missed, ran), (long_missed, long_ran) = count(day), count(week)
    return (missed + 10 * (long_missed + 0.5) / (long_ran + 1)) / (ran + 10)


def _chance(minutes: int, shares: Sequence[float]) -> float:
    upper = next(i for i in range(1, len(EDGES)) if minutes <= EDGES[i])
    part = (minutes - EDGES[upper - 1]) / (EDGES[upper] - EDGES[upper - 1])
    return shares[upper - 1] * (1 - part) + shares[upper] * part


def _fresh(deadlines: Iterable[Deadline]) -> float:
    """Breaches of promises shorter than an hour, weighted.

    The weight is the chance that the ticket was created in the hour of its deadline.
    """
    total = 0.0
    for one in deadlines:
        minutes = max(0, one.life_ms) / MINUTE_MS  # a stated deadline may lie before the creation
        if one.outcome == "breached" and minutes < EDGES[-1]:
            upper = next(i for i, edge in enumerate(EDGES) if minutes < edge)
            total += 1 - (EDGES[upper - 1] + EDGES[upper]) / 2 / 60
    return total


def _bounds(mean: float, variance: float) -> tuple[int, int]:
    """The interval around the most probable number.

    It grows to the more probable side while that brings it nearer to 80 %.
    """
    if mean < 1e-6:
        return (0, 0)
    if mean > 400:
        reach = 1.281552 * math.sqrt(variance)
        return (max(0, round(mean - reach)), round(mean + reach))
    most = int(mean + 12 * math.sqrt(max(variance, mean)) + 12)
    chances = [_probability(k, mean, variance) for k in range(most)]
    low = next(k for k in range(most) if chances[k] > max(chances) - 1e-9)
    high = low
    while True:
        wider = [(chances[high + 1], high + 1)] if high + 1 < most else []
        if low and (not wider or chances[low - 1] > wider[0][0] + 1e-9):
            wider = [(chances[low - 1], low - 1)]
        inside = sum(chances[low : high + 1])
        if not wider or wider[0][0] <= 0 or abs(inside + wider[0][0] - 0.8) > abs(inside - 0.8) - 1e-9:
            return (low, high)
        low, high = min(low, wider[0][1]), max(high, wider[0][1])


def _probability(k: int, mean: float, variance: float) -> float:
    if variance < mean:
        clocks = max(1, math.ceil(mean**2 / (mean - min(variance, 0.999 * mean)) - 1e-9))
        share = min(1.0, mean / clocks)
        if share == 1 or k > clocks:
            return float(k == clocks)
        ways = math.lgamma(clocks + 1) - math.lgamma(k + 1) - math.lgamma(clocks - k + 1)
        return math.exp(ways + k * math.log(share) + (clocks - k) * math.log(1 - share))
    variance = max(variance, 1.001 * mean)
    size = mean**2 / (variance - mean)
    chosen = math.lgamma(k + size) - math.lgamma(size) - math.lgamma(k + 1)
    return math.exp(chosen + size * math.log(mean / variance) + k * math.log(1 - mean / variance))
