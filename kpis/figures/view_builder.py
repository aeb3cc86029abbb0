"""The builder of views: it takes ledger rows of all partitions and keeps their sums up to date, row by row.

The sums are lowered to figures at an `as_of`.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Final, TypeVar

from kpis import cell_numbers
from kpis.figure import Figure, Group, Labels
from kpis.figures import lowering, staffing
from kpis.figures.history import Choice, CourseKeeper, PaneHistory
from kpis.figures.levels import Levels
from kpis.figures.view import ALL, Part, View, ViewRules
from kpis.ledger import codec, definitions
from kpis.ledger.codec import Position
from kpis.members import OTHER, SEGMENT
from kpis.presence import PresenceRow
from kpis.sla.at_risk import AtRiskKey
from kpis.sla.figures import FORECAST_ROLLUPS, FORECAST_WINDOWS, SlaBoard
from kpis.sla.given import targets_of
from kpis.sla.judgement import Judgement
from kpis.sla.outcomes import Outcomes
from kpis.sla.worst import figures as judged
from kpis.sla.worst import judge
from kpis.state.names_held import NamesHeld
from kpis.tickets.row import CUSTOMERS
from kpis.tickets.standing import Dims
from kpis.view_keys import LevelKey, PaneKey
from windows.cells import Cells, add, difference
from windows.offered import RANKING
from windows.rolling import RollingSums, Slot
from windows.spans import CUSTOMER_WINDOWS, PERIODS, WINDOWS, Period, covered_ms

PARTS: Final = "parts"
REGISTERS: Final = "registers"
SMALL_STEP_MS: Final = 1000
_Key = TypeVar("_Key")
_Row = TypeVar("_Row")


class ViewBuilder:
    """Takes ledger rows of partitions in; gives views out. One thread only."""

    def __init__(self, rules: ViewRules) -> None:
        self._rules = rules
        self._dimensions = rules.dimensions
        zones = {rules.zone, *rules.team_zones.values()}
        self._slots = {
            (w.name, period, zone): Slot(w, period, zone)
            for w in WINDOWS
            for period in w.periods
            for zone in (zones if w.panes is None else {rules.zone})
        }
        self._months = [self._slots[RANKING, period, rules.zone] for period in ("current", "previous")]
        self._parts_slots = {
            *self._months,
            *(self._slots[window, "current", rules.zone] for window in rules.parts_windows),
        }
        self._customer_slots = [Slot(w, period, rules.zone) for w in CUSTOMER_WINDOWS for period in w.periods]
        self._business = rules.policy is not None and rules.policy.has_calendars
        self._empty()
        self._spelled: dict[Dims, Dims] = {}  # what the ledger holds, and how it is shown
        self._rows: dict[int, dict[bytes, bytes]] = {}
        self._held = NamesHeld(rules.policy, self._dimensions)
        self._at_risk: dict[tuple[int, AtRiskKey], bytes] = {}
        self._presence: dict[tuple[int, str], PresenceRow] = {}  # by partition and team as it was merged
        self._positions: dict[int, Position] = {}
        self._watermark_ms: int | None = None

    def _empty(self) -> None:
        """Sums of nothing, at no instant yet."""
        self._sums = RollingSums(self._slots.values(), self._split)
        self._customer_sums = RollingSums(self._customer_slots, lambda _, key, cells: ((key, cells),))
        self._levels = Levels()
        self._sla = SlaBoard(self._rules.policy)
        self._outcomes = Outcomes()
        self._lowered: dict[tuple[Slot, Hashable], list[Figure]] = {}
        self._keepers: dict[Choice, CourseKeeper] = {}

    def _turn_back(self) -> None:
        """Make the sums anew from the rows, since rolling sums only roll forward.

        This is needed when a clock that was fast has been set right.
        """
        self._empty()
        for rows in self._rows.values():
            for key, value in rows.items():
                self._book(key, _cells(value))

    def _split(
        self, slot: Slot, key: Hashable, cells: Mapping[int, int]
    ) -> Iterator[tuple[Hashable, Mapping[int, int]]]:
        assert isinstance(key, tuple)
        team, channel, priority, *segment = key
        # outcomes by allowance are for `kpis.sla.worst`
        counts = {cell: n for cell, n in cells.items() if cell < cell_numbers.OUTCOMES.start}
        yield ALL, counts
        yield ("team", team), counts
        yield ("channel", channel), counts
        yield ("priority", priority), counts
        if segment:
            yield (SEGMENT, segment[0]), counts
        # registers apart: there are as many as customers, and the rest shall not wade through them
        if len(counts) < len(cells):
            registers = {cell: n for cell, n in cells.items() if cell >= cell_numbers.REGISTER}
            yield (REGISTERS, ALL), registers
            yield (REGISTERS, ("team", team)), registers
        if slot in self._parts_slots:
            yield (PARTS, key), counts

    def apply(self, partition: int, rows: Iterable[tuple[bytes, bytes | None]]) -> None:
        """Take over rows of one partition, of which the last is a position row.

        So a view never shows half a transaction.
        """
        kept = self._rows.setdefault(partition, {})
        for key, value in rows:
            old = kept.get(key)
            typed = codec.decode_view_key(key)
            if isinstance(typed, codec.PositionKey):
                if value is not None:
                    self._take_position(partition, codec.decode_position(value))
                continue
            if isinstance(typed, codec.NamesKey):
                self._held.take_names(partition, value)
                continue
            if isinstance(typed, AtRiskKey):
                _put(self._at_risk, (partition, typed), value)
                continue
            if isinstance(typed, codec.PresenceKey):
                told = None if value is None else codec.decode_presence(value)
                _put(self._presence, (partition, typed.team), told)
                continue
            self._change(typed, _cells(value) if old is None else difference(_cells(value), _cells(old)))
            if (old is None) != (value is None):
                self._held.take_row(partition, typed.dims, 1 if old is None else -1)
            _put(kept, key, value)

    def reset(self, partition: int) -> None:
        """Forget a partition: its ledger will be read again from the start."""
        self._at_risk = {place: raw for place, raw in self._at_risk.items() if place[0] != partition}
        self._presence = {place: row for place, row in self._presence.items() if place[0] != partition}
        rows = self._rows.pop(partition, {})
        self._held.forget(partition)
        self._positions.pop(partition, None)
        self._watermark_ms = max(
            (newest for p in self._positions.values() for newest in p.maxima.values()), default=None
        )
        for key, value in rows.items():
            self._book(key, difference({}, _cells(value)))

    def _book(self, key: bytes, delta: Cells) -> None:
        typed = codec.decode_view_key(key)
        if isinstance(typed, PaneKey | LevelKey):
            self._change(typed, delta)

    def _change(self, key: PaneKey | LevelKey, delta: Cells) -> None:
        if not delta:
            return
        dims = self._spelled.get(key.dims)
        if dims is None:
            dims = self._spelled[key.dims] = self._rules.spell(key.dims)
        if dims != key.dims:
            key = key._replace(dims=dims)
        if isinstance(key, LevelKey):
            self._levels.change(key, delta)
            self._sla.level(key, delta)
            if self._rules.policy is not None:
                self._outcomes.level(key, delta)
        elif key.dims == CUSTOMERS:
            self._customer_sums.change(key.resolution, key.pane, CUSTOMERS, delta)
        else:
            self._sums.change(key.resolution, key.pane, key.dims, delta)
            self._sla.pane(key.resolution, key.pane, key.dims, delta)
            if self._rules.policy is not None:
                self._outcomes.pane(key.resolution, key.pane, key.dims, delta)

    def _take_position(self, partition: int, position: Position) -> None:
        self._positions[partition] = position
        newest = max(position.maxima.values(), default=None)
        if newest is not None and (self._watermark_ms is None or newest > self._watermark_ms):
            self._watermark_ms = newest

    @property
    def watermark_ms(self) -> int | None:
        """Greatest event time that any partition accepted; None before the first event."""
        return self._watermark_ms

    @property
    def positions(self) -> Mapping[int, Position]:
        """The last position row of each partition."""
        return self._positions

    def build(self, as_of_ms: int, choices: Collection[Choice] = ()) -> View:
        """The view at an instant.

        No event moves it: what is dated later counts in the levels at once, in a window from its minute on.

        An instant up to a second before the last one is moved up to it (a clock is set back by so little now
        and then). It comes with the courses of these choices; a choice of no window that there is, or of a
        team or segment that is not shown, has none.
        """
        last_ms = self._sums.as_of_ms
        if last_ms is not None and as_of_ms < last_ms - SMALL_STEP_MS:
            self._turn_back()
            last_ms = None
        as_of = max(as_of_ms, last_ms or 0)
        self._sums.advance(as_of)
        self._customer_sums.advance(as_of)
        self._sla.advance(as_of, targets_of(position.counters for position in self._positions.values()))
        for slot, group in self._sums.touched:
            assert isinstance(group, tuple)
            self._lowered.pop((slot, group[1] if group[0] == REGISTERS else group), None)
        self._sums.touched.clear()
        self._customer_sums.touched.clear()
        shown, folded = self._members()
        policy, hidden = self._rules.policy, self._hidden()
        visible = hidden != definitions.EVERY
        judgement = (
            judge(self._outcomes, policy, as_of, shown) if policy is not None and visible else Judgement()
        )
        found = [*self._final(shown, folded, as_of), *self._retention(as_of)] if visible else []
        live = (
            [*self._live(shown, folded), *self._staffing(shown["team"], as_of), *judged(judgement)]
            if visible
            else []
        )
        return View(
            as_of_ms=as_of,
            figures=tuple(one for one in found if one.name not in hidden),
            live=tuple(one for one in live if one.name not in hidden),
            parts=tuple(self._parts(shown)) if visible else (),
            spans=self._spans(as_of),
            positions=dict(self._positions),
            watermark_ms=self._watermark_ms,
            anomalies=self._sums.cells(self._slots["24h", "current", self._rules.zone], ALL).get(
                cell_numbers.ANOMALY, 0
            ),
            folded={dimension: len(names) for dimension, names in folded.items()},
            rooms=self._held.rooms(self._positions),
            at_risk=tuple(self._listed()) if visible else (),
            policy=policy,
            targets=self._sla.targets,
            shown=shown,
            courses=self._courses(choices, shown, as_of) if visible else {},
            judgement=judgement,
            hidden=hidden,
            spelled=self._rules.spelled,
        )

    def _hidden(self) -> frozenset[str]:
        return definitions.hidden(self._positions.values(), self._rules.manner)

    def _listed(self) -> Iterator[tuple[AtRiskKey, bytes]]:
        for (_, key), raw in self._at_risk.items():
            yield key._replace(team=self._rules.name("team", key.team)), raw

    def _courses(
        self, choices: Collection[Choice], shown: Mapping[str, list[str]], as_of: int
    ) -> dict[Choice, PaneHistory]:
        known, self._keepers = self._keepers, {}
        for choice in choices:
            if slots := self._periods(choice):
                self._keepers[choice] = known.get(choice) or CourseKeeper(choice, slots)
        found = {}
        for choice, keeper in self._keepers.items():
            keeper.forget(self._sums.changed)
            by, member = choice.group
            if choice.group == ALL or member in shown.get(by, ()):
                more = self._sla.course(keeper.spans(as_of), by, member)
                found[choice] = keeper.course(
                    self._sums, shown, self._levels.waiting(by, member, as_of), more
                )
        self._sums.changed.clear()
        return found

    def _periods(self, choice: Choice) -> dict[Period, Slot]:
        return {
            slot.period: slot
            for slot in self._group_slots(choice.group, PERIODS)
            if slot.window.name == choice.window
        }

    def _members(self) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
        volumes: dict[str, dict[str, int]] = {dimension: {} for dimension in self._dimensions}
        for dims in self._combinations():
            for by, member in zip(self._dimensions, dims, strict=True):
                volumes[by][member] = self._sums.cells(self._months[0], (by, member)).get(
                    cell_numbers.CREATED, 0
                )
        for by, member in self._levels.groups():
            if by in volumes:
                volumes[by].setdefault(member, 0)
        chosen = {
            dimension: self._rules.members.choose(dimension, volumes[dimension])
            for dimension in self._dimensions
        }
        return {d: shown for d, (shown, _) in chosen.items()}, {
            d: folded for d, (_, folded) in chosen.items()
        }

    def _final(
        self, shown: Mapping[str, list[str]], folded: Mapping[str, list[str]], as_of: int
    ) -> Iterator[Figure]:
        yield from self._member(("all", "all"), as_of)
        for dimension in self._dimensions:
            for member in shown[dimension]:
                yield from self._member((dimension, member), as_of)
            if folded[dimension]:
                yield from self._others(dimension, folded[dimension], as_of)

    def _member(self, group: Group, as_of: int) -> Iterator[Figure]:
        for slot in self._compared_slots(group):
            cells = self._sums.cells(slot, group)
            labels = _labels(slot, group)
            lowered = self._lowered.get((slot, group))
            if lowered is None:
                used = len(self._sums.cells(slot, (REGISTERS, group)))
                lowered = self._lowered[slot, group] = self._lower(
                    slot, group, {**cells, cell_numbers.REGISTERS_USED: used}, labels
                )
            yield from lowered
            yield from lowering.per_hour(cells, labels, covered_ms(slot.span(as_of), slot.period, as_of))
            yield from self._sla.windowed(slot, group[0], [group[1]], cells, labels)

    def _lower(self, slot: Slot, group: Group, cells: Cells, labels: Labels) -> list[Figure]:
        lowered = lowering.lower(cells, labels, group[0], current=slot.period == "current")
        if self._business:
            lowered += lowering.lower_business(cells, labels, group[0], current=slot.period == "current")
        return lowered

    def _others(self, dimension: str, names: Sequence[str], as_of: int) -> Iterator[Figure]:
        group = (dimension, OTHER)
        for slot in self._compared_slots(group):
            cells: Cells = {}
            registers: Cells = {}
            for name in names:
                add(cells, self._sums.cells(slot, (dimension, name)))
                add(registers, self._sums.cells(slot, (REGISTERS, (dimension, name))))
            cells[cell_numbers.REGISTERS_USED] = len(registers)
            labels = _labels(slot, group)
            yield from self._lower(slot, group, cells, labels)
            yield from lowering.per_hour(cells, labels, covered_ms(slot.span(as_of), slot.period, as_of))
            yield from self._sla.windowed(slot, dimension, names, cells, labels)

    def _compared_slots(self, group: Group) -> Iterator[Slot]:
        return self._group_slots(group, PERIODS if group[0] in self._rules.compared else ("current",))

    def _group_slots(self, group: Group, periods: Collection[Period]) -> Iterator[Slot]:
        by, member = group
        zone = self._rules.team_zones.get(member, self._rules.zone) if by == "team" else self._rules.zone
        for w in WINDOWS:
            for period in w.periods:
                if period in periods:
                    yield self._slots[w.name, period, zone if w.panes is None else self._rules.zone]

    def _retention(self, as_of: int) -> Iterator[Figure]:
        active = self._levels.total(cell_numbers.ACTIVE)
        for slot in self._customer_slots:
            span = slot.span(as_of)
            later = self._customer_sums.after(span.resolution.index, span.last, CUSTOMERS)
            at_end = active - _net(later)
            cells = self._customer_sums.cells(slot, CUSTOMERS)
            at_start = at_end - _net(cells)
            yield from lowering.customers(
                at_start, _new_customers(cells, span.first), at_end, _labels(slot, ALL)
            )

    def _live(self, shown: Mapping[str, list[str]], folded: Mapping[str, list[str]]) -> Iterator[Figure]:
        assigns = any(position.counters.get("assigned") for position in self._positions.values())
        for by, member, names in [
            ("all", "all", ["all"]),
            *((d, member, [member]) for d in self._dimensions for member in shown[d]),
            *((d, OTHER, folded[d]) for d in self._dimensions if folded[d]),
        ]:
            labels = (("by", by), ("member", member))
            yield from self._levels.figures(by, names, labels, assigns=assigns)
            yield from self._sla.live(by, names, labels, self._looked_back(by, names))

    def _staffing(self, teams: Sequence[str], as_of: int) -> Iterator[Figure]:
        told = ((self._rules.name("team", team), row) for (_, team), row in self._presence.items())
        there = staffing.standing(told, teams, as_of)
        return staffing.figures(there, partial(self._levels.standing, cell_numbers.WAITING, "team"))

    def _looked_back(self, by: str, names: Sequence[str]) -> dict[str, tuple[Slot, Mapping[int, int]]]:
        """The sums that the forecast needs."""
        found: dict[str, tuple[Slot, Mapping[int, int]]] = {}
        for window in FORECAST_WINDOWS if by in FORECAST_ROLLUPS else ():
            slot = self._slots[window, "current", self._rules.zone]
            cells = self._sums.cells(slot, (by, names[0]))
            if len(names) > 1:
                cells = dict(cells)
                for name in names[1:]:
                    add(cells, self._sums.cells(slot, (by, name)))
            found[window] = (slot, cells)
        return found

    def _parts(self, shown: Mapping[str, list[str]]) -> Iterator[Part]:
        lists = [shown[dimension] for dimension in self._dimensions]
        for window in self._rules.parts_windows:
            slot = self._slots[window, "current", self._rules.zone]
            sums: dict[Dims, Cells] = {}
            for dims in self._combinations():
                add(sums.setdefault(_folded(dims, lists), {}), self._sums.cells(slot, (PARTS, dims)))
            for dims in sorted(sums):
                yield Part(window, dims, sums[dims])

    def _combinations(self) -> list[Dims]:
        """Dimensions under which anything was observed in the window 30d or in the 30 days before it."""
        groups = {
            group
            for slot in self._months
            for group in self._sums.groups(slot)
            if isinstance(group, tuple) and group[0] == PARTS
        }
        return [
            group[1]
            for group in groups
            if any(cell_numbers.is_observed(self._sums.cells(slot, group)) for slot in self._months)
        ]

    def _spans(self, as_of: int) -> dict[tuple[str, str], tuple[int, int]]:
        spans: dict[tuple[str, str], tuple[int, int]] = {}
        for slot in (*self._slots.values(), *self._customer_slots):
            if slot.zone == self._rules.zone:
                part = slot.span(as_of)
                spans[slot.window.name, slot.period] = (
                    part.start_ms,
                    as_of if slot.period == "current" else part.end_ms,
                )
        return spans


def _folded(dims: Dims, shown: Sequence[Sequence[str]]) -> Dims:
    return tuple([name if name in names else OTHER for name, names in zip(dims, shown, strict=True)])


def _labels(slot: Slot, group: Group) -> Labels:
    return (("window", slot.window.name), ("period", slot.period), ("by", group[0]), ("member", group[1]))


def _put(rows: dict[_Key, _Row], key: _Key, value: _Row | None) -> None:
    """A row of a ledger; None deletes it."""
    if value is None:
        rows.pop(key, None)
    else:
        rows[key] = value


def _cells(value: bytes | None) -> Cells:
    return {} if value is None else codec.decode_cells(value)


def _net(cells: Mapping[int, int]) -> int:
    return cells.get(cell_numbers.JOINED, 0) - cells.get(cell_numbers.LEFT, 0)


def _new_customers(cells: Mapping[int, int], first_pane: int) -> int:
    """Joins, without those of customers who had left within the span.

    Such a customer was there at its start, or is counted already.
    """
    again = sum(n for cell, n in cells.items() if cell >= cell_numbers.REJOINED + first_pane)
    return cells.get(cell_numbers.JOINED, 0) - again
