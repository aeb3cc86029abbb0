"""The hot path can be swapped: a state with other tables and other notes writes the same ledger."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping
from typing import Any, Generic

from hypothesis import given, settings
from hypothesis import strategies as st

from kpis.state.rules import StateRules
from tests.laws.ledgers import T0, Desk, contents, readable
from windows.cells import Cells, add
from windows.deltas import Booking, Deltas
from windows.keys import level_key, split_level
from windows.panes import DAY_MS, HOUR_MS, MINUTE, MINUTE_MS, QUARTER, RESOLUTIONS, SIX_HOURS, Resolution
from windows.protocols import Admitting, D, LedgerRow, MakeTables, RowCodec
from windows.tables import Tables

QUICK = settings(max_examples=60, deadline=None)
FEW = StateRules(most_names=2, most_combinations=5)
AT_THEIR_END = ("ticket-created", "first-reply", "resolved", "survey", "ticket-changed")


class PlainTables(Generic[D]):
    """Tables without a trick: each change is added at once, to rows under the very keys of the ledger."""

    def __init__(self, admission: Admitting[D], codec: RowCodec[D]) -> None:
        self.deltas = self  # nothing waits to be added
        self._admission = admission
        self._codec = codec
        self._slots: list[D] = []
        self._rows: dict[bytes, Cells] = {}
        self._panes: dict[bytes, tuple[Resolution, int]] = {}
        self._changed: set[bytes] = set()
        self._before: dict[bytes, Cells] = {}
        self._clock_ms: int | None = None

    def book(self, slot: int, bookings: Iterable[Booking]) -> None:
        self._book(slot, bookings, 1)

    def withdraw(self, slot: int, bookings: Iterable[Booking]) -> None:
        self._book(slot, bookings, -1)

    def _book(self, slot: int, bookings: Iterable[Booking], sign: int) -> None:
        for at_ms, counts, amounts in bookings:
            found = [(cell, 1) for cell in counts]
            found += [(amounts[i], amounts[i + 1]) for i in range(0, len(amounts), 2)]
            for resolution in (MINUTE, QUARTER, SIX_HOURS):
                for cell, amount in found:
                    self.add_to(resolution, at_ms, slot, {cell: sign * amount})

    def raise_(self, level: int, at_ms: int, slot: int) -> None:
        self._move(level, at_ms, slot, 1)

    def lower(self, level: int, at_ms: int, slot: int) -> None:
        self._move(level, at_ms, slot, -1)

    def _move(self, level: int, at_ms: int, slot: int, amount: int) -> None:
        key = self._codec.level_key(level, at_ms // HOUR_MS, self._slots[slot])
        self._add(key, {at_ms % HOUR_MS // MINUTE_MS: amount})

    def add_to(self, resolution: Resolution, at_ms: int, slot: int, delta: Mapping[int, int]) -> None:
        pane = resolution.pane(at_ms)
        if self._clock_ms is None or pane >= resolution.oldest_kept(self._clock_ms):
            self._add(self._pane_key(resolution.index, pane, self._slots[slot]), delta)

    def _pane_key(self, resolution: int, pane: int, dims: D) -> bytes:
        key = self._codec.pane_head(resolution) + self._codec.number(pane) + self._codec.names(dims)
        self._panes[key] = (RESOLUTIONS[resolution], pane)
        return key

    def _add(self, key: bytes, delta: Mapping[int, int]) -> None:
        add(self._rows.setdefault(key, {}), delta)
        self._changed.add(key)

    def add(self, *change: Any) -> None:
        """Both of the seam's: any amount in one cell of all resolutions, and cells of one resolution."""
        if isinstance(change[0], Resolution):
            self.add_to(*change)
        else:
            at_ms, slot, cell, amount = change
            self._book(slot, [(at_ms, (), (cell, amount))], 1)

    def number(self, dims: D) -> int:
        if dims not in self._slots:
            dims = self._admission.admit(dims)
        if dims not in self._slots:
            dims = self._admission.room(dims, len(self._slots))
        return self._slot(dims)

    def _slot(self, dims: D) -> int:
        if dims not in self._slots:
            self._slots.append(dims)
        return self._slots.index(dims)

    def dims_of(self, slot: int) -> D:
        return self._slots[slot]

    def settle(self) -> None:
        """Nothing waits."""

    def expire(self, event_clock_ms: int) -> None:
        self._clock_ms = event_clock_ms
        for key, (resolution, pane) in self._panes.items():
            if key in self._rows and pane < resolution.oldest_kept(event_clock_ms):
                del self._rows[key]
                self._changed.add(key)

    def size_of_changes(self) -> int:
        return sum(96 + 14 * len(self._rows.get(key, ())) for key in self._changed)

    def changes(self) -> list[LedgerRow]:
        rows: list[LedgerRow] = []
        for key in self._changed:
            cells = self._rows.get(key)
            rows.append((key, self._codec.encode(cells) if cells else None))
        self._changed = set()
        return rows

    def load_pane(self, resolution: int, pane: int, dims: D, raw: bytes | None) -> None:
        self._slot(dims)
        self._load(self._pane_key(resolution, pane, dims), raw)

    def load_level(self, level: int, hour: int, dims: D, raw: bytes | None) -> None:
        self._slot(dims)
        self._load(self._codec.level_key(level, hour, dims), raw)

    def _load(self, key: bytes, raw: bytes | None) -> None:
        self._rows[key] = {} if raw is None else self._codec.decode(raw)

    def restore_floors(self, event_clock_ms: int | None) -> None:
        if event_clock_ms is not None:
            self.expire(event_clock_ms)
            self._changed = set()

    def begin_anew(self) -> None:
        self._before, self._rows = self._rows, {}

    def differing(self, most_bytes: int) -> Iterator[None]:
        keys = {*self._before, *self._rows}
        self._changed = {key for key in keys if self._before.get(key, {}) != self._rows.get(key, {})}
        assert most_bytes > 0
        yield


def played(make_tables: MakeTables[Any], found: list[tuple[str, dict[str, Any]]]) -> Desk:
    """Events in three units of work, a recovery after the first, rows made anew after the second."""
    desk = Desk(FEW, make_tables)
    for unit in range(3):
        for topic, content in found[unit::3]:
            desk.state.apply(topic, [desk.record(topic, content)])
            desk.state.dirty_bytes()  # adds up what is noted, as after every chunk
        desk.send("customer", T0 + unit * DAY_MS, customer_id="c", status=("joined", "left", "joined")[unit])
        desk.state.advance(AT_THEIR_END)
        desk.write()
        desk.state = desk.recovered()
        if unit == 1:
            for changes in desk.state.rebuild(500):
                if changes is not None:
                    desk.keep(changes)
    desk.send("customer", T0 + 63 * DAY_MS, customer_id="c", status="left")
    desk.state.advance(AT_THEIR_END)
    desk.write()
    return desk


def ledger_of(desk: Desk) -> dict[object, object]:
    """All rows of the view, without the number of transactions: shares of a rebuild may be cut elsewhere."""
    found = readable((key, value) for (name, key), value in desk.rows.items() if name == "view")
    for value in found.values():
        if hasattr(value, "transaction"):
            value.transaction = 0
    return found


@QUICK
@given(st.lists(contents("T1", "T2"), min_size=10, max_size=40))
def test_other_tables_write_the_same_ledger(found: list[tuple[str, dict[str, Any]]]) -> None:
    swapped, own = played(PlainTables, found), played(Tables, found)
    assert isinstance(swapped.state._tables, PlainTables)
    assert ledger_of(own) == ledger_of(swapped)
    assert {key for key in own.rows if key[0] == "tickets"} == {
        key for key in swapped.rows if key[0] == "tickets"
    }


def test_a_compiled_table_gets_integers_and_bytes_alone() -> None:
    """What crosses the seam for an event: no row, no event, no name of a figure."""
    seen: set[type] = set()

    class Watched(PlainTables[D]):
        def _book(self, slot: int, bookings: Iterable[Booking], sign: int) -> None:
            kept = [*bookings]
            seen.update(type(item) for booking in kept for item in (slot, *booking))
            seen.update(type(item) for _, counts, amounts in kept for item in (*counts, *amounts))
            super()._book(slot, kept, sign)

        def number(self, dims: D) -> int:
            assert isinstance(dims, Hashable)
            return super().number(dims)

    desk = Desk(FEW, Watched)
    desk.create("T1", T0)
    desk.send("first-reply", T0 + MINUTE_MS, ticket_id="T1")
    desk.send("survey", T0 + MINUTE_MS, ticket_id="T1", kind="nps", score=10)
    assert {int, tuple} == seen


@given(st.integers(0, 1 << 16), st.integers(-(1 << 45), 1 << 45), st.integers(0, 1 << 19))
def test_notes_of_levels_are_level_keys(level: int, at_ms: int, slot: int) -> None:
    """They are put together where they are noted, since a call would cost as much as the note."""
    deltas = Deltas()
    deltas.raise_(level, at_ms, slot)
    deltas.lower(level, at_ms, slot)
    key = level_key(level, at_ms, slot)
    assert ([key], [key]) == deltas.take_levels()
    assert (at_ms // HOUR_MS, slot, level, at_ms // MINUTE_MS % 60) == split_level(key)
