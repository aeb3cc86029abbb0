"""The oracle's own SLA figures.

Every ticket's deadlines, one by one, and what had become of them at an instant.

A deadline takes effect when its minute is over. It looks at whole tickets once all their events are known, as
the rest of the oracle does.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from oracle.clock import MINUTE_MS, TARGETS, Edition, OpenHours, after_ms, elapsed_ms, in_force, is_open
from oracle.events import Event, Facts
from oracle.spans import Span, spans
from oracle.tickets import (
    Dimensions,
    Observation,
    by_kinds,
    creation_of,
    dimensions_of,
    first_human_reply,
    is_given_up,
    standing,
)

Labels = tuple[tuple[str, str], ...]
Sample = tuple[str, Labels, float, int]  # name, labels, value, n
WITHIN_MINUTES: Final = {"15m": 15, "1h": 60, "4h": 240}
EDGES: Final = (0, 5, 10, 15, 20, 30, 45, 60)  # minutes of remaining time


@dataclass(frozen=True, slots=True)
class Deadline:
    """One promise about one ticket, and what came of it."""

    target: str
    at_ms: int  # when it counts: what met it, or the deadline
    dimensions: Dimensions  # under which the ticket counts now
    outcome: str  # met, breached, running
    due_ms: int = 0
    life_ms: int = 0  # from creation to deadline
    spare_ms: int = 0  # from what met it to the deadline
    allowance: int = 0  # share of such promises that may be missed, in 1/10,000


@dataclass(frozen=True, slots=True)
class Unanswered:
    """A ticket that nobody has answered: since when it has been open, and who has it now."""

    since_ms: int
    dimensions: Dimensions


@dataclass(frozen=True, slots=True)
class Clock:
    """How the resolution clock of a ticket ran."""

    ran: Sequence[tuple[int, int]]
    since_ms: int | None  # it runs on since then
    closed_ms: int | None
    outcome: str | None
    solved_ms: int | None
    # from each closing to the reopening; the last one may last
    closures: Sequence[tuple[int, int | None]] = ()


@dataclass(slots=True)
class SlaFacts:
    """Everything that a policy says about all tickets."""

    deadlines: list[Deadline]
    measured: list[Observation]  # durations by the calendar of the team that a ticket was created for
    unanswered: list[Unanswered]


def look(facts: Facts, editions: Sequence[Edition], as_of_ms: int) -> SlaFacts:
    """Look at every ticket.

    Of one that nothing has been heard of for a year no clock runs any more: what it missed it missed.
    """
    found = SlaFacts([], [], [])
    for ticket, events in facts.tickets.items():
        own = SlaFacts([], [], [])
        _look_at(events, editions, own)
        if is_given_up(events, facts.clocks.get(ticket, as_of_ms)):
            passed = [one for one in own.deadlines if one.outcome != "running" or one.due_ms < as_of_ms]
            own = SlaFacts(
                [replace(one, outcome="breached") if one.outcome == "running" else one for one in passed],
                own.measured,
                [],
            )
        found.deadlines += own.deadlines
        found.measured += own.measured
        found.unanswered += own.unanswered
    return found


def _look_at(events: Iterable[Event], editions: Sequence[Edition], found: SlaFacts) -> None:
    by_kind = by_kinds(standing(events))
    created = creation_of(by_kind)
    if created is None or by_kind.get("discarded"):
        return
    dimensions = dimensions_of(by_kind)
    reply = first_human_reply(by_kind)
    clock = _wind(created.at_ms, by_kind.get("transition", []))
    if clock.closed_ms is None and reply is None:
        opened_ms = clock.closures[-1][1] if clock.closures else None
        found.unanswered.append(Unanswered(created.at_ms if opened_ms is None else opened_ms, dimensions))
    edition = in_force(editions, created.at_ms)
    if edition is None:
        return
    promised = tuple(created.content[name] for name in ("team", "channel", "priority"))
    hours = edition.hours(promised[0])
    replied_ms = None if reply is None else reply.at_ms
    if hours is not None:
        for series, end_ms in (
            ("first_response_business", replied_ms),
            ("resolution_time_business", clock.solved_ms),
        ):
            if end_ms is not None:
                found.measured.append(
                    Observation(series, end_ms, dimensions, elapsed_ms(hours, created.at_ms, end_ms))
                )
    for target, judge in (("first_reply", _first_reply), ("resolution", _resolution)):
        line = edition.line(target, promised)
        if line is not None:
            own = None if line.all_the_time else hours
            run = _Run(own, line.within_ms, created.at_ms)
            deadline = judge(run, clock, replied_ms)
            if deadline is not None:
                at_ms, outcome, kept_ms = deadline
                spare_ms = 0 if kept_ms is None else at_ms - kept_ms
                allowance = round(10_000 * (1 - line.objective))
                when_ms = at_ms if kept_ms is None else kept_ms
                found.deadlines.append(
                    Deadline(
                        target,
                        when_ms,
                        dimensions,
                        outcome,
                        at_ms,
                        at_ms - created.at_ms,
                        spare_ms,
                        allowance,
                    )
                )


@dataclass(frozen=True, slots=True)
class _Run:
    """What a deadline is computed from."""

    hours: OpenHours | None
    within_ms: int
    created_ms: int


_Judged = tuple[int, str, int | None] | None  # deadline, outcome, what met it


def _first_reply(run: _Run, clock: Clock, replied_ms: int | None) -> _Judged:
    """Time passes from opening to closing, until a deadline or the reply is reached.

    A reply in between has what is left from then on.
    """
    left, opened_ms = run.within_ms, run.created_ms
    for closed_ms, reopened_ms in clock.closures:
        if replied_ms is not None and replied_ms <= closed_ms:
            break
        due = after_ms(run.hours, opened_ms, left)
        if due is not None and due < closed_ms:
            return (
                due,
                "breached" if replied_ms is not None or clock.closed_ms is not None else "running",
                None,
            )
        left -= elapsed_ms(run.hours, opened_ms, closed_ms)
        if replied_ms is not None and (reopened_ms is None or replied_ms <= reopened_ms):
            opened_ms = replied_ms
            break
        if reopened_ms is None:
            return None
        opened_ms = reopened_ms
    due = after_ms(run.hours, opened_ms, left)
    if due is None:
        return None
    if replied_ms is None:
        return (due, "running", None)
    return (due, "met", replied_ms) if replied_ms <= due else (due, "breached", None)


def _resolution(run: _Run, clock: Clock, _: int | None) -> _Judged:
    """The clock is wound minute by stretch.

    What ran before counts, and it goes on from the close as if it had not been closed.
    """
    left = run.within_ms
    due: int | None = None
    for start, end in clock.ran:
        reached = after_ms(run.hours, start, left)
        if reached is not None and reached < end:
            due = reached
            break
        left -= elapsed_ms(run.hours, start, end)
    else:
        start_again = clock.since_ms if clock.closed_ms is None else clock.closed_ms
        if start_again is not None:
            due = after_ms(run.hours, start_again, left)
    if due is None:
        return None
    if clock.closed_ms is None:
        return (due, "running" if clock.since_ms is not None else "breached", None)
    if clock.outcome == "solved" and clock.closed_ms <= due:
        return (due, "met", clock.closed_ms)
    return (due, "breached", None) if clock.closed_ms > due else None


def _wind(created_ms: int, transitions: Iterable[Event]) -> Clock:
    """Run over the transitions, open and running from the creation."""
    ran: list[tuple[int, int]] = []
    running_since: int | None = created_ms
    closed: Event | None = None
    solved_ms: int | None = None
    closures: list[tuple[int, int | None]] = []
    for event in transitions:
        at_ms = event.at_ms
        if closed is not None:
            if event.kind == "reopened":
                closures.append((closed.at_ms, at_ms))
                closed, running_since = None, at_ms
        elif event.kind in ("paused", "resolved"):
            if running_since is not None:
                ran.append((running_since, at_ms))
            running_since = None
            if event.kind == "resolved":
                closed = event
                if event.content["outcome"] == "solved" and solved_ms is None:
                    solved_ms = event.at_ms
        elif event.kind == "resumed" and running_since is None:
            running_since = at_ms
    if closed is None:
        return Clock(ran, running_since, None, None, solved_ms, closures)
    return Clock(
        ran, None, closed.at_ms, str(closed.content["outcome"]), solved_ms, [*closures, (closed.at_ms, None)]
    )


Fold = Callable[[Dimensions], Dimensions]


class SlaBoard:
    """The deadlines as they are exported: filed under every member, and asked for spans."""

    def __init__(self, found: SlaFacts, editions: Sequence[Edition], fold: Fold, as_of_ms: int) -> None:
        self._found = found
        self._editions = editions
        self._fold = fold
        self._as_of_ms = as_of_ms
        self._now = as_of_ms // MINUTE_MS
        self._filed: dict[tuple[str, str, str], list[Deadline]] = {}
        for deadline in found.deadlines:
            for by, member in _members(fold(deadline.dimensions)):
                self._filed.setdefault((deadline.target, by, member), []).append(deadline)
        self.targets = [target for target in TARGETS if any(edition.lines[target] for edition in editions)]

    def windowed(self, by: str, member: str, span: Span) -> Iterator[Sample]:
        """Attainment and breaches; earlier periods for all tickets together only."""
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
                for one in self._filed.get((target, by, member), [])
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
        """Business ages of the oldest unanswered ticket of each team, channel and priority."""
        oldest: dict[Dimensions, int] = {}
        for ticket in self._found.unanswered:
            if (by, member) in _members(self._fold(ticket.dimensions)):
                minute = ticket.since_ms // MINUTE_MS
                oldest[ticket.dimensions] = min(minute, oldest.get(ticket.dimensions, minute))
        for (team, _, _), minute in oldest.items():
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


def _members(dimensions: Dimensions) -> list[tuple[str, str]]:
    team, channel, priority = dimensions
    return [("all", "all"), ("team", team), ("channel", channel), ("priority", priority)]


def _objective(edition: Edition, target: str, by: str, names: Collection[str]) -> float | None:
    """The smallest objective of any ticket that the members may have.

    It looks at all names that the policy knows, and at one that it does not.
    """
    lines = edition.lines[target]
    choices = []
    for position, dimension in enumerate(("team", "channel", "priority")):
        named = {name for line in lines for name in line.names[position] or ()}
        choices.append(set(names) if dimension == by else {*named, "(any other)"})
    found = [
        line.objective
        for team in choices[0]
        for channel in choices[1]
        for priority in choices[2]
        if (line := edition.line(target, (team, channel, priority))) is not None
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
        minutes = one.life_ms / MINUTE_MS
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
