"""The windowed tables of one partition: panes and levels by dimensions, with the rows that changed since they were last written."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec

from kpis import ledger
from kpis.deltas import SLOT_BITS, SLOT_MASK, Deltas, Group, Groups
from kpis.ledger import LevelKey, PaneKey
from kpis.tickets import Dims
from windows.cells import Cells, add, count
from windows.panes import DAY, MINUTE, QUARTER, RESOLUTIONS, SIX_HOURS

CUSTOMERS: Final[Dims] = ("", "", "")  # dimensions of the customer figures; no identifier is empty
OTHER: Final = "other"
_CUSTOMER_RESOLUTIONS: Final = (SIX_HOURS, DAY)
_MINUTES_A_QUARTER: Final = QUARTER.length_ms // MINUTE.length_ms
_QUARTERS_IN_SIX_HOURS: Final = SIX_HOURS.length_ms // QUARTER.length_ms
_HEAD_BYTES: Final = 3  # array header, kind, resolution
_PANE_HEADS: Final = tuple(ledger.pane_key(PaneKey(r.index, 0, CUSTOMERS))[:_HEAD_BYTES] for r in RESOLUTIONS)
_encode: Final = msgspec.msgpack.Encoder().encode
_CELL_BYTES: Final = 14  # a cell number and an amount in MessagePack, estimated from above
_KEY_BYTES: Final = 96
_LEVEL_BYTES: Final = 160


class Tables:
    """Panes and levels, keyed by integers for speed; a name beyond the limit of its dimension counts as `other`."""

    def __init__(self, most_names: int) -> None:
        self._most_names = most_names
        self.names: ledger.Names = ([], [], [])
        self.names_changed = False
        self._numbers: dict[Dims, int] = {}
        self._dims: list[Dims] = []
        self._tails: list[bytes] = []  # the names of each combination, as in the keys of panes
        self._panes: dict[int, Cells] = {}
        self._by_time: tuple[dict[int, list[int]], ...] = tuple({} for _ in RESOLUTIONS)
        self._levels: dict[int, Cells] = {}
        self._floors = [-(1 << 62)] * len(RESOLUTIONS)
        self.changed_panes: set[int] = set()
        self.changed_levels: set[int] = set()  # or only touched, until `changes`
        self._pending = Deltas()
        self._size = 0  # bytes that the changed panes and what waits may take

    def number(self, dims: Dims) -> int:
        """A small integer for a combination of dimensions, valid within this object only."""
        found = self._numbers.get(dims)
        if found is None:
            found = self._numbers[dims] = self._number_of(self._admitted(dims))
        return found

    def _number_of(self, dims: Dims) -> int:
        if dims in self._numbers:
            return self._numbers[dims]
        self._dims.append(dims)
        self._tails.append(ledger.pane_key(PaneKey(0, 0, dims))[_HEAD_BYTES + 1 :])
        assert len(self._dims) <= SLOT_MASK, "combinations of dimensions exceed the key space"
        return len(self._dims) - 1

    def _admitted(self, dims: Dims) -> Dims:
        if dims == CUSTOMERS:
            return dims
        # A name is admitted at first sight or never, so what was booked under a name can always be withdrawn from it.
        team, channel, priority = (self._admit(known, name) for known, name in zip(self.names, dims, strict=True))
        admitted = (team, channel, priority)
        if admitted != dims and admitted not in self._numbers:
            self._numbers[admitted] = self._number_of(admitted)
        return admitted

    def _admit(self, known: list[str], name: str) -> str:
        if name in known:
            return name
        if len(known) >= self._most_names:
            return OTHER
        known.append(name)
        self.names_changed = True
        return name

    def fold(self, deltas: Deltas) -> None:
        """Add what a chunk changed. 1-minute panes and levels wait for `changes`: by then many are over, or are as they were."""
        pending, panes, size = self._pending.groups, self._panes, 0
        quarters: Groups = {}
        for key, found in deltas.groups.items():
            counts, amounts = found
            known = pending.get(key)
            if known is None:
                pending[key] = found
                size += _KEY_BYTES + _CELL_BYTES * len(panes.get(key << 2, ()))
            else:
                _join(known, counts, amounts)
            size += _CELL_BYTES * (len(counts) + len(amounts))
            quarter = (key >> SLOT_BITS) // _MINUTES_A_QUARTER << SLOT_BITS | key & SLOT_MASK
            known = quarters.get(quarter)
            if known is None:
                quarters[quarter] = (counts[:], amounts[:])
            else:
                _join(known, counts, amounts)
        self._size += size
        sixes: Groups = {}
        for key, found in quarters.items():
            self._add(QUARTER.index, key, found)
            six = (key >> SLOT_BITS) // _QUARTERS_IN_SIX_HOURS << SLOT_BITS | key & SLOT_MASK
            known = sixes.get(six)
            if known is None:
                sixes[six] = found
            else:
                _join(known, *found)
        for key, found in sixes.items():
            self._add(SIX_HOURS.index, key, found)
        self._pending.raised += deltas.raised
        self._pending.lowered += deltas.lowered
        self.changed_levels.update([key >> 6 for key in deltas.raised], [key >> 6 for key in deltas.lowered])

    def _add(self, resolution: int, key: int, group: Group) -> None:
        cells = self._pane(resolution, key)
        if cells is None:
            return
        counts, amounts = group
        self._size += _CELL_BYTES * (len(counts) + len(amounts))
        count(cells, counts)  # first: what is withdrawn was there, or came with these
        if amounts:
            get = cells.get
            pairs = iter(amounts)
            for cell, amount in zip(pairs, pairs, strict=True):
                total = get(cell, 0) + amount
                if total:
                    cells[cell] = total
                else:
                    cells.pop(cell, None)

    def _pane(self, resolution: int, key: int) -> Cells | None:
        """The pane of `pane << SLOT_BITS | slot`, to be changed; None when its retention is over."""
        if key >> SLOT_BITS < self._floors[resolution]:
            return None
        number = key << 2 | resolution
        cells = self._panes.get(number)
        if cells is None:
            cells = self._panes[number] = {}
            self._by_time[resolution].setdefault(key >> SLOT_BITS, []).append(number)
        if number not in self.changed_panes:
            self.changed_panes.add(number)
            self._size += _KEY_BYTES + _CELL_BYTES * len(cells)
        return cells

    def _settle(self) -> None:
        """Add what waited."""
        pending, self._pending = self._pending, Deltas()
        floor = self._floors[MINUTE.index] << SLOT_BITS
        for key, group in pending.groups.items():
            if key >= floor:
                self._add(MINUTE.index, key, group)
        self._settle_levels(pending)

    def _settle_levels(self, pending: Deltas) -> None:
        balance: Cells = {}
        count(balance, pending.raised)
        get = balance.get
        for key in pending.lowered:
            balance[key] = get(key, 0) - 1
        self.changed_levels.clear()
        for key, amount in balance.items():
            if amount:
                row = key >> 6
                add(self._levels.setdefault(row, {}), {key & 63: amount})
                self.changed_levels.add(row)

    def fold_customers(self, changes: Iterable[tuple[int, int, int | None, int]], rejoined: int) -> None:
        """Add (event time ms, cell, leave before or None, amount) to the panes of each customer resolution.

        `rejoined` is the base of the cells that count joins by the pane of the leave before them.
        """
        slot = self.number(CUSTOMERS)
        for at_ms, cell, previous_left_ms, amount in changes:
            for resolution in _CUSTOMER_RESOLUTIONS:
                delta = {cell: amount}
                if previous_left_ms is not None:
                    delta[rejoined + resolution.pane(previous_left_ms)] = amount
                cells = self._pane(resolution.index, resolution.pane(at_ms) << SLOT_BITS | slot)
                if cells is not None:
                    add(cells, delta)

    def expire(self, event_clock_ms: int) -> None:
        """Drop the panes whose retention is over at the event clock; their rows become tombstones."""
        for resolution in RESOLUTIONS:
            floor = resolution.oldest_kept(event_clock_ms)
            if floor <= self._floors[resolution.index]:
                continue
            self._floors[resolution.index] = floor
            index = self._by_time[resolution.index]
            for pane in [pane for pane in index if pane < floor]:
                for key in index.pop(pane):
                    if self._panes.pop(key, None) is not None:
                        self.changed_panes.add(key)
                        self._size += _KEY_BYTES

    def changes(self) -> list[tuple[bytes, bytes | None]]:
        """The rows that changed since the last call; an empty row is a tombstone."""
        self._settle()
        self._size = 0
        rows = [(self._pane_key(key), self._value(self._panes, key)) for key in self.changed_panes]
        rows += [(ledger.level_key(self._level_key(key)), self._value(self._levels, key)) for key in self.changed_levels]
        if self.names_changed:
            rows.append((ledger.NAMES_KEY, ledger.encode_value(self.names)))
        self.changed_panes, self.changed_levels, self.names_changed = set(), set(), False
        return rows

    def _value(self, table: dict[int, Cells], key: int) -> bytes | None:
        cells = table.get(key)
        if not cells:
            table.pop(key, None)
            return None
        return ledger.encode_value(cells)

    def _pane_key(self, key: int) -> bytes:
        """As `ledger.pane_key` has it: an array of kind, resolution, pane and names, of which the first and the last repeat a lot."""
        return _PANE_HEADS[key & 3] + _encode(key >> (SLOT_BITS + 2)) + self._tails[key >> 2 & SLOT_MASK]

    def _level_key(self, key: int) -> LevelKey:
        return LevelKey(key & 15, key >> (SLOT_BITS + 4), self._dims[key >> 4 & SLOT_MASK])

    def size_of_changes(self) -> int:
        """Bytes that the changed rows may take, estimated from above for any but giant numbers."""
        return self._size + _LEVEL_BYTES * len(self.changed_levels)

    def load(self, key: ledger.ViewKey, value: bytes | None) -> None:
        """Take over one pane, level or names row of the ledger."""
        if isinstance(key, PaneKey):
            self._load_pane(key, value)
        elif isinstance(key, LevelKey):
            number = (key.hour << SLOT_BITS | self._loaded(key.dims)) << 4 | key.series
            if value is None:
                self._levels.pop(number, None)
            else:
                self._levels[number] = ledger.decode_cells(value)
        elif isinstance(key, ledger.NamesKey) and value is not None:
            self.names = ledger.decode_names(value)

    def _load_pane(self, key: PaneKey, value: bytes | None) -> None:
        number = (key.pane << SLOT_BITS | self._loaded(key.dims)) << 2 | key.resolution
        if value is None:
            self._panes.pop(number, None)
            return
        if number not in self._panes:
            self._by_time[key.resolution].setdefault(key.pane, []).append(number)
        self._panes[number] = ledger.decode_cells(value)

    def _loaded(self, dims: Dims) -> int:
        """The number of dimensions found in a row: they were admitted when the row was written."""
        found = self._numbers.get(dims)
        if found is None:
            found = self._numbers[dims] = self._number_of(dims)
        return found

    def restore_floors(self, event_clock_ms: int | None) -> None:
        """After loading: what was expired stays expired."""
        if event_clock_ms is not None:
            self.expire(event_clock_ms)
            self.changed_panes.clear()


def _join(known: Group, counts: list[int], amounts: list[int]) -> None:
    known[0].extend(counts)
    known[1].extend(amounts)
