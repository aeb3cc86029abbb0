"""Figures of a finished history in one go.

Merge all events into rows, then sum what the rows contribute to each span.

It shares the rows and C(row) with the stream, but no panes, no ledger and no rolling sums: a replay must
agree with it all the same.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from kpis import cell_numbers
from kpis.figure import Figure, Group, Labels
from kpis.figures import lowering, staffing
from kpis.figures.levels import Levels
from kpis.figures.view import ALL, ViewRules
from kpis.members import OTHER
from kpis.presence import LatestPresence
from kpis.sla import commitments, given
from kpis.sla.batch import SlaBatch
from kpis.sla.figures import FORECAST_WINDOWS
from kpis.state.quality import Quality, of_rows
from kpis.tickets import customers, merging, observe
from kpis.tickets.customers import CustomerRow, Interval
from kpis.tickets.row import TicketRow
from kpis.tickets.standing import Dims
from kpis.view_keys import LevelKey
from streams.decode import Reject, decoder
from streams.events import AnyEvent, Assigned, Joined, Left, Presence, Survey
from streams.topics import SOURCE_TOPICS
from windows.cells import Cells, add
from windows.deltas import Booking
from windows.offered import RANKING
from windows.panes import DAY_MS, HOUR_MS, MINUTE_MS
from windows.spans import CUSTOMER_WINDOWS, WINDOWS, Period, Window, covered_ms, span

_DECODERS: Final = {topic: decoder(topic) for topic in SOURCE_TOPICS}


@dataclass(frozen=True, slots=True)
class Stretch:
    """A span to report: `[start_ms, end_ms)` under its labels.

    `covered_ms` is the time that really passed in it.
    """

    window: str
    period: Period
    start_ms: int
    end_ms: int
    covered_ms: int


@dataclass(slots=True)
class History:
    """Rows merged from events, in any order. `rejected` counts by reason."""

    tickets: dict[str, TicketRow] = field(default_factory=dict)
    customers: dict[str, CustomerRow] = field(default_factory=dict)
    presence: LatestPresence = field(default_factory=LatestPresence)
    rejected: Counter[str] = field(default_factory=Counter)
    duplicates: int = 0
    topics: Counter[str] = field(default_factory=Counter)  # accepted events
    first_ms: int | None = None
    last_ms: int | None = None
    events: int = 0
    assigns: bool = False  # whether any event told of an assignment

    def add(
        self, topic: str, raw: bytes | None, *, until_ms: int | None = None, latest_ms: int | None = None
    ) -> Reject | None:
        """Merge one event; return why it was rejected, or None.

        An event after `until_ms` is not part of the history; one after `latest_ms` cannot have happened.
        """
        decode = _DECODERS.get(topic)
        event = Reject("kind", f"unknown topic {topic!r}") if decode is None else decode(raw)
        if latest_ms is not None and not isinstance(event, Reject) and event.occurred_at > latest_ms:
            event = Reject(
                "future",
                f"occurred_at {event.occurred_at} ms is later than now plus the tolerance, {latest_ms} ms",
            )
        if type(event) is Reject:
            self.rejected[event.reason] += 1
            return event
        assert not isinstance(event, Reject)
        at = event.occurred_at
        if until_ms is not None and at > until_ms:
            return None
        self.events += 1
        self.topics[topic] += 1
        self.first_ms = at if self.first_ms is None else min(self.first_ms, at)
        self.last_ms = at if self.last_ms is None else max(self.last_ms, at)
        self._merge(event)
        return None

    def _merge(self, event: AnyEvent) -> None:
        if isinstance(event, Joined | Left) or (isinstance(event, Survey) and event.ticket_id is None):
            row = self.customers.setdefault(event.key, CustomerRow())
            self.duplicates += not customers.note(row, event)
            customers.merge(row, event)
        elif isinstance(event, Presence):
            self.duplicates += not self.presence.merge(event)
        else:
            self.assigns = self.assigns or type(event) is Assigned
            self.duplicates += not merging.merge(self.tickets.setdefault(event.key, TicketRow()), event)

    def quality(self) -> Quality:
        """The quality of its data, without anomalies and names that are not shown.

        `Batch.quality` knows these.
        """
        return of_rows(self.tickets, accepted=self.events, rejected=self.rejected, duplicates=self.duplicates)


class Batch:
    """The observations of a history, ready to be summed over any span.

    As of `as_of_ms` it knows which open tickets were given up.

    `by_created`: what a ticket has contributed by `as_of_ms` counts at its creation, under the same labels,
    and nothing else of it is told: no levels, no deadlines, and nothing of a ticket without a known creation.
    What belongs to no ticket stays where it happened.
    """

    def __init__(
        self, history: History, rules: ViewRules, as_of_ms: int, *, by_created: bool = False
    ) -> None:
        self._today = as_of_ms // DAY_MS
        self._over_ms = (as_of_ms // MINUTE_MS + 1) * MINUTE_MS  # what ripens later has not happened yet
        self._by_created = by_created
        self._rules = rules
        self._history = history
        self._found: dict[Dims, list[observe.Observation]] = defaultdict(list)
        self._levels = Levels()
        told = sum(map(given.stated, history.tickets.values()), Counter())
        self._sla = SlaBatch(rules.policy, given.targets_of([told]))
        self._spells: list[Interval] = [
            spell for row in history.customers.values() for spell in customers.intervals(row)
        ]
        for ticket in history.tickets.values():
            ticket.manner = rules.manner
            if by_created:
                self._take_at_creation(ticket)
            else:
                self._take(ticket)
        for customer in history.customers.values():
            for dims, observation in observe.observe_answers(customer):
                self._found[self._rules.spell(dims)].append(observation)
        for found in self._found.values():
            found.sort()
        self._times = {dims: [at for at, _, _ in found] for dims, found in self._found.items()}

    def _take(self, ticket: TicketRow) -> None:
        given_up = (ticket.last_ms + self._rules.open_ms) // DAY_MS < self._today
        contributed = observe.contribution(ticket)
        for dims, bookings in contributed.parts:
            ripe = [booking for booking in bookings if booking[0] < self._over_ms or not _ripens(booking)]
            self._found[self._rules.spell(dims)].extend(observe.observations(ripe))
        now = self._rules.spell(contributed.dims)
        levels = [(now, level, at_ms, 1) for level, at_ms in contributed.levels]
        ticket.promise = commitments.derive(ticket, self._rules.policy)
        promised = commitments.contribution(ticket)
        found = promised.found
        if given_up:
            found = [*found, *commitments.missed(ticket)]
        for dims, one in found:
            spelled = self._rules.spell(dims)
            self._found[spelled].append(one)
            if (
                one[1] in commitments.SETTLED_CELLS
                or one[1] in cell_numbers.OUTCOMES
                or one[1] in cell_numbers.MARKS
            ):
                self._sla.settle(spelled, [one])
        levels += [(self._rules.spell(dims), level, due, n) for dims, level, due, n in promised.levels]
        for dims, level, at_ms, n in () if given_up else levels:
            hour, within = divmod(at_ms, HOUR_MS)
            key, delta = LevelKey(level, hour, dims), {within // MINUTE_MS: n}
            self._levels.change(key, delta)
            self._sla.level(key, delta)

    def _take_at_creation(self, ticket: TicketRow) -> None:
        """All of a ticket at the instant of its creation, but for what ripens after `as_of_ms`.

        Anomalies stay where they are: they tell of the data, not of the ticket.
        """
        creation = ticket.creation_fact()
        ticket.promise = commitments.derive(ticket, self._rules.policy)
        found = [*observe.observe(ticket), *commitments.contribution(ticket).found]
        for dims, (at_ms, cell, amount) in found:
            if cell == cell_numbers.ANOMALY:
                self._found[self._rules.spell(dims)].append((at_ms, cell, amount))
            elif creation is not None and at_ms < self._over_ms:
                self._found[self._rules.spell(dims)].append((creation[0], cell, amount))

    def quality(self, as_of_ms: int, stretches: Sequence[Stretch] = ()) -> Quality:
        """The quality of the history's data.

        It includes how many names are shown as `other` in these stretches.
        """
        found = self._history.quality()
        found.anomalies = sum(
            amount for own in self._found.values() for _, cell, amount in own if cell == cell_numbers.ANOMALY
        )
        found.folded = {
            dimension: len(names) for dimension, names in self.folded(stretches, as_of_ms).items()
        }
        return found

    def stretches(self, as_of_ms: int, windows: Iterable[str]) -> list[Stretch]:
        """Every period of the named rolling windows at `as_of`, in the default zone."""
        chosen = [w for w in _distinct(WINDOWS, CUSTOMER_WINDOWS) if w.name in set(windows)]
        return [self._stretch(w, period, as_of_ms) for w in chosen for period in w.periods]

    def _stretch(self, window: Window, period: Period, as_of_ms: int, team: str | None = None) -> Stretch:
        zone = self._rules.team_zones.get(team, self._rules.zone) if team else self._rules.zone
        part = span(window, period, as_of_ms, zone)
        return Stretch(window.name, period, part.start_ms, part.end_ms, covered_ms(part, period, as_of_ms))

    def whole(self, as_of_ms: int) -> Stretch:
        """The window `all`: every event; the time covered runs from the first one to `as_of`."""
        first = self._history.first_ms or 0
        return Stretch(
            "all", "current", first, max(as_of_ms, self._history.last_ms or 0) + 1, as_of_ms - first
        )

    def figures(self, stretches: Iterable[Stretch], as_of_ms: int) -> list[Figure]:
        """Final figures of every shown member in every stretch, then the live ones (not by creation).

        Names are ranked as `folded` says.
        """
        stretches = list(stretches)
        shown, folded = self._members(stretches, as_of_ms)
        found: list[Figure] = []
        for stretch in stretches:
            if stretch.window != "365d":
                found.extend(self._roll_ups(stretch, shown, folded, as_of_ms))
            if stretch.window in _CUSTOMER_STRETCHES:
                found.extend(self._retention(stretch))
        if not self._by_created:
            found.extend(self._live(shown, folded, as_of_ms))
            found.extend(self._staffing(shown["team"], as_of_ms))
        return found

    def _roll_ups(
        self, stretch: Stretch, shown: Mapping[str, list[str]], folded: Mapping[str, list[str]], as_of_ms: int
    ) -> Iterator[Figure]:
        sums = self._sums(stretch)
        yield from self._lower(stretch, ALL, ["all"], sums.get(ALL, {}), as_of_ms)
        for dimension in self._rules.dimensions:
            for member in shown[dimension]:
                own = self._own(stretch, dimension, member, as_of_ms)
                mine = sums if own == stretch else self._sums(own)
                yield from self._lower(
                    own, (dimension, member), [member], mine.get((dimension, member), {}), as_of_ms
                )
            if folded[dimension]:
                together: Cells = {}
                for name in folded[dimension]:
                    add(together, sums.get((dimension, name), {}))
                together[cell_numbers.REGISTERS_USED] = sum(
                    cell >= cell_numbers.REGISTER for cell in together
                )
                yield from self._lower(stretch, (dimension, OTHER), folded[dimension], together, as_of_ms)

    def _lower(
        self, stretch: Stretch, group: Group, names: Sequence[str], cells: Cells, as_of_ms: int
    ) -> Iterator[Figure]:
        labels = _labels(stretch, group)
        yield from lowering.lower(cells, labels, group[0], current=stretch.period == "current")
        if self._rules.policy is not None and self._rules.policy.has_calendars:
            yield from lowering.lower_business(cells, labels, group[0], current=stretch.period == "current")
        yield from lowering.per_hour(cells, labels, stretch.covered_ms)
        if not self._by_created:
            yield from self._sla.windowed(stretch, group[0], names, as_of_ms, labels)

    def _own(self, stretch: Stretch, dimension: str, member: str, as_of_ms: int) -> Stretch:
        """A team with a zone of its own has its own `today`."""
        if stretch.window != "today" or dimension != "team" or member not in self._rules.team_zones:
            return stretch
        window = next(w for w in WINDOWS if w.name == "today")
        return self._stretch(window, stretch.period, as_of_ms, member)

    def _sums(self, stretch: Stretch) -> dict[Group, Cells]:
        sums: dict[Group, Cells] = {}
        for dims, found in self._found.items():
            times = self._times[dims]
            cells: Cells = {}
            for _, cell, amount in found[
                bisect_left(times, stretch.start_ms) : bisect_left(times, stretch.end_ms)
            ]:
                cells[cell] = cells.get(cell, 0) + amount
            for group in (ALL, *zip(self._rules.dimensions, dims, strict=True)):
                add(sums.setdefault(group, {}), cells)
        for cells in sums.values():
            cells[cell_numbers.REGISTERS_USED] = sum(cell >= cell_numbers.REGISTER for cell in cells)
        return sums

    def _retention(self, stretch: Stretch) -> Iterator[Figure]:
        start, end = stretch.start_ms, stretch.end_ms
        at_start = sum(
            s.joined_ms < start and (s.left_ms is None or s.left_ms >= start) for s in self._spells
        )
        at_end = sum(s.joined_ms < end and (s.left_ms is None or s.left_ms >= end) for s in self._spells)
        new = sum(
            start <= s.joined_ms < end and (s.previous_left_ms is None or s.previous_left_ms < start)
            for s in self._spells
        )
        yield from lowering.customers(at_start, new, at_end, _labels(stretch, ALL))

    def folded(self, stretches: Sequence[Stretch], as_of_ms: int) -> dict[str, list[str]]:
        """By dimension, the names that are shown as `other`.

        Those with the fewest tickets created in the one window that is shown.

        Where several are, the window 30d decides, as in a view. Dimensions of which all names are shown are
        left out.
        """
        _, folded = self._members(stretches, as_of_ms)
        return {dimension: names for dimension, names in folded.items() if names}

    def _members(
        self, stretches: Sequence[Stretch], as_of_ms: int
    ) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
        """The names shown and folded, of those that were observed in what ranks them, or stand in a level."""
        ranking = self._ranking(stretches, as_of_ms)
        ranked = self._sums(ranking[0])
        names: dict[str, set[str]] = {dimension: set() for dimension in self._rules.dimensions}
        for by, member in [
            *_seen(ranked),
            *(group for more in ranking[1:] for group in _seen(self._sums(more))),
            *self._levels.groups(),
        ]:
            if by in names:
                names[by].add(member)
        chosen = {}
        for dimension in self._rules.dimensions:
            volumes = {
                name: ranked.get((dimension, name), {}).get(cell_numbers.CREATED, 0)
                for name in names[dimension]
            }
            chosen[dimension] = self._rules.members.choose(dimension, volumes)
        return {d: shown for d, (shown, _) in chosen.items()}, {
            d: folded for d, (_, folded) in chosen.items()
        }

    def _ranking(self, stretches: Sequence[Stretch], as_of_ms: int) -> list[Stretch]:
        """What decides which names there are; the first one ranks them."""
        if stretches and len({stretch.window for stretch in stretches}) == 1:
            return sorted(stretches, key=lambda stretch: stretch.period != "current")
        month = next(w for w in WINDOWS if w.name == RANKING)
        return [self._stretch(month, period, as_of_ms) for period in ("current", "previous")]

    def _staffing(self, teams: Sequence[str], as_of_ms: int) -> Iterator[Figure]:
        rows = self._history.presence.by_team.items()
        told = ((self._rules.name("team", team), row) for team, row in rows)
        there = staffing.standing(told, teams, as_of_ms)
        return staffing.figures(there, partial(self._levels.standing, cell_numbers.WAITING, "team"))

    def _live(
        self, shown: Mapping[str, list[str]], folded: Mapping[str, list[str]], as_of_ms: int
    ) -> Iterator[Figure]:
        for by, member, names in [
            ("all", "all", ["all"]),
            *((d, member, [member]) for d in self._rules.dimensions for member in shown[d]),
            *((d, OTHER, folded[d]) for d in self._rules.dimensions if folded[d]),
        ]:
            labels = (("by", by), ("member", member))
            yield from self._levels.figures(by, names, labels, assigns=self._history.assigns)
            hour, day, week = self._current(FORECAST_WINDOWS, as_of_ms)
            yield from self._sla.live(by, names, as_of_ms, labels, (hour, day, week))
        yield from self._sla.judged(as_of_ms, shown)

    def _current(self, windows: Iterable[str], as_of_ms: int) -> list[Stretch]:
        """The current stretch of each of the named windows, in the default zone."""
        named = {w.name: w for w in WINDOWS}
        return [self._stretch(named[name], "current", as_of_ms) for name in windows]


_CUSTOMER_STRETCHES: Final = frozenset({"30d", "365d", "all", "custom"})


def _distinct(*groups: Iterable[Window]) -> list[Window]:
    return list({w.name: w for group in groups for w in group}.values())


def _seen(sums: Mapping[Group, Cells]) -> list[Group]:
    return [group for group, cells in sums.items() if cell_numbers.is_observed(cells)]


def _labels(stretch: Stretch, group: Group) -> Labels:
    return (("window", stretch.window), ("period", stretch.period), ("by", group[0]), ("member", group[1]))


def _ripens(booking: Booking) -> bool:
    """Whether it is booked later than what it tells of: solutions at first contact are."""
    _, counts, amounts = booking
    return cell_numbers.FIRST_CONTACT_OF in counts or cell_numbers.FIRST_CONTACT in amounts[::2]
