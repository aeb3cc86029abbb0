"""The windowed tables of one partition: panes and levels by dimensions, with the rows that changed since they were last written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from kpis import ledger
from kpis.ledger import LevelKey, PaneKey
from kpis.tickets import Dims
from windows.cells import Cells, add
from windows.panes import DAY, HOUR_MS, MINUTE, MINUTE_MS, QUARTER, RESOLUTIONS, SIX_HOURS

CUSTOMERS: Final[Dims] = ("", "", "")  # dimensions of the customer figures; no identifier is empty
OTHER: Final = "other"
_TICKET_RESOLUTIONS: Final = (MINUTE, QUARTER, SIX_HOURS)
_CUSTOMER_RESOLUTIONS: Final = (SIX_HOURS, DAY)
_SLOTS: Final = 20  # bits of a dimensions number inside an integer key
_MASK: Final = (1 << _SLOTS) - 1


class Tables:
    """Panes and levels, keyed by integers for speed; a name beyond the limit of its dimension counts as `other`."""

    def __init__(self, most_names: int) -> None:
        self._most_names = most_names
        self.names: ledger.Names = ([], [], [])
        self.names_changed = False
        self._numbers: dict[Dims, int] = {}
        self._dims: list[Dims] = []
        self._panes: dict[int, Cells] = {}
        self._by_time: tuple[dict[int, list[int]], ...] = tuple({} for _ in RESOLUTIONS)
        self._levels: dict[int, Cells] = {}
        self._floors = [-(1 << 62)] * len(RESOLUTIONS)
        self.changed_panes: set[int] = set()
        self.changed_levels: set[int] = set()

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
        assert len(self._dims) <= _MASK, "combinations of dimensions exceed the key space"
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

    def fold(self, deltas: Mapping[int, Cells]) -> None:
        """Add differences by `minute << 20 | dimensions number` to the panes of each ticket resolution."""
        for key, delta in deltas.items():
            minute, slot = key >> _SLOTS, key & _MASK
            for resolution in _TICKET_RESOLUTIONS:
                self._add(resolution.index, minute * MINUTE_MS // resolution.length_ms, slot, delta)

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
                self._add(resolution.index, resolution.pane(at_ms), slot, delta)

    def _add(self, resolution: int, pane: int, slot: int, delta: Mapping[int, int]) -> None:
        if pane < self._floors[resolution]:
            return  # its retention is over
        key = (pane << _SLOTS | slot) << 2 | resolution
        cells = self._panes.get(key)
        if cells is None:
            cells = self._panes[key] = {}
            self._by_time[resolution].setdefault(pane, []).append(key)
        add(cells, delta)
        self.changed_panes.add(key)

    def level(self, series: int, at_ms: int, slot: int, amount: int) -> None:
        """Add to a level in the minute of an instant."""
        hour, within = divmod(at_ms, HOUR_MS)
        key = (hour << _SLOTS | slot) << 4 | series
        add(self._levels.setdefault(key, {}), {within // MINUTE_MS: amount})
        self.changed_levels.add(key)

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

    def changes(self) -> list[tuple[bytes, bytes | None]]:
        """The rows that changed since the last call; an empty row is a tombstone."""
        rows = [(ledger.pane_key(self._pane_key(key)), self._value(self._panes, key)) for key in self.changed_panes]
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

    def _pane_key(self, key: int) -> PaneKey:
        return PaneKey(key & 3, key >> (_SLOTS + 2), self._dims[key >> 2 & _MASK])

    def _level_key(self, key: int) -> LevelKey:
        return LevelKey(key & 15, key >> (_SLOTS + 4), self._dims[key >> 4 & _MASK])

    def size_of_changes(self) -> int:
        """Bytes that the changed rows may take, estimated from above for any but giant numbers."""
        panes = sum(len(self._panes.get(key, ())) for key in self.changed_panes)
        return 14 * panes + 96 * len(self.changed_panes) + 160 * len(self.changed_levels)

    def load(self, key: ledger.ViewKey, value: bytes | None) -> None:
        """Take over one pane, level or names row of the ledger."""
        if isinstance(key, PaneKey):
            self._load_pane(key, value)
        elif isinstance(key, LevelKey):
            number = (key.hour << _SLOTS | self._loaded(key.dims)) << 4 | key.series
            if value is None:
                self._levels.pop(number, None)
            else:
                self._levels[number] = ledger.decode_cells(value)
        elif isinstance(key, ledger.NamesKey) and value is not None:
            self.names = ledger.decode_names(value)

    def _load_pane(self, key: PaneKey, value: bytes | None) -> None:
        number = (key.pane << _SLOTS | self._loaded(key.dims)) << 2 | key.resolution
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
