"""The windowed tables of one partition.

Panes and levels by dimensions, with the rows that changed since they were last written.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

import msgspec

from kpis.deltas import LEVEL_BITS, MINUTE_BITS, SLOT_BITS, SLOT_MASK, Deltas, Note
from kpis.ledger import codec
from kpis.ledger.codec import LevelKey, PaneKey
from kpis.state.admission import FOLDED, Admission
from kpis.tickets.row import Dims
from windows.cells import Cells, add, count
from windows.panes import DAY, MINUTE, QUARTER, RESOLUTIONS, SIX_HOURS

CUSTOMERS: Final[Dims] = ("", "", "")  # dimensions of the customer figures; no identifier is empty
_CUSTOMER_RESOLUTIONS: Final = (SIX_HOURS, DAY)
_MINUTES_A_QUARTER: Final = QUARTER.length_ms // MINUTE.length_ms
_QUARTERS_IN_SIX_HOURS: Final = SIX_HOURS.length_ms // QUARTER.length_ms
_HEAD_BYTES: Final = 3  # array header, kind, resolution
_PANE_HEADS: Final = tuple(codec.pane_key(PaneKey(r.index, 0, CUSTOMERS))[:_HEAD_BYTES] for r in RESOLUTIONS)
_encode: Final = msgspec.msgpack.Encoder().encode
_CELL_BYTES: Final = 14  # a cell number and an amount in MessagePack, estimated from above
_KEY_BYTES: Final = 96
_LEVEL_BYTES: Final = 160
_LEVEL_MASK: Final = (1 << LEVEL_BITS) - 1
_MINUTE_MASK: Final = (1 << MINUTE_BITS) - 1
Group = tuple[list[int], list[int]]  # counts and amounts of a pane, as in `Note`


class Written(NamedTuple):
    """The panes and levels of tables, by the keys that they have there."""

    panes: dict[int, Cells]
    levels: dict[int, Cells]


class Tables:
    """Panes and levels, keyed by integers for speed.

    Names beyond the limits count as `other` (`admission.py`).
    """

    def __init__(self, most_names: int, most_combinations: int) -> None:
        self.admission = Admission(most_names, most_combinations)
        self._numbers: dict[Dims, int] = {}
        self._dims: list[Dims] = []
        self._tails: list[bytes] = []  # the names of each combination, as in the keys of panes
        self._panes: dict[int, Cells] = {}
        self._by_time: tuple[dict[int, list[int]], ...] = tuple({} for _ in RESOLUTIONS)
        self._levels: dict[int, Cells] = {}
        self._floors = [-(1 << 62)] * len(RESOLUTIONS)
        self._changed_panes: set[int] = set()
        self._changed_levels: set[int] = set()
        self.deltas = Deltas()  # where changes are noted
        self._minutes: list[Note] = []  # folded, and not yet in 1-minute panes
        self._waiting_minutes: set[int] = set()  # the panes that they are for
        self._raised: list[int] = []  # of levels, likewise
        self._lowered: list[int] = []
        self._waiting_levels: set[int] = set()  # level rows that they are for
        self._size = 0  # bytes that the changed panes and what waits may take

    def number(self, dims: Dims) -> int:
        """A small integer for a combination of dimensions, valid within this object only."""
        found = self._numbers.get(dims)
        # and is not remembered under a name that is folded: of these there may be any number
        if found is None:
            admitted = dims if dims == CUSTOMERS else self.admission.admit(dims)
            found = self._numbers.get(admitted)
            if found is None:
                found = self._number_of(
                    admitted if dims == CUSTOMERS or self.admission.has_room(len(self._dims)) else FOLDED
                )
        return found

    def names_of(self, number: int) -> Dims:
        """The names that a combination counts under: `other` for those beyond the limit."""
        return self._dims[number]

    def _number_of(self, dims: Dims) -> int:
        """The number of admitted dimensions, such as those of a row that was written."""
        found = self._numbers.get(dims)
        if found is None:
            found = self._numbers[dims] = len(self._dims)
            self._dims.append(dims)
            self._tails.append(codec.pane_key(PaneKey(0, 0, dims))[_HEAD_BYTES + 1 :])
            assert found < SLOT_MASK, "combinations of dimensions exceed the key space"
        return found

    def fold(self) -> None:
        """Add what was noted to panes of a quarter and of six hours. 1-minute panes wait for `changes`.

        By then many are over.
        """
        notes = self.deltas.notes
        quarters: dict[int, Group] = {}
        for key, counts, amounts in notes:
            quarter = (key >> SLOT_BITS) // _MINUTES_A_QUARTER << SLOT_BITS | key & SLOT_MASK
            found = quarters.get(quarter)
            if found is None:
                found = quarters[quarter] = ([], [])
            found[0].extend(counts)
            if amounts:
                found[1].extend(amounts)
        sixes: dict[int, Group] = {}
        for key, (cells, sums) in quarters.items():
            self._add(QUARTER.index, key, cells, sums)
            six = (key >> SLOT_BITS) // _QUARTERS_IN_SIX_HOURS << SLOT_BITS | key & SLOT_MASK
            found = sixes.get(six)
            if found is None:
                sixes[six] = (cells, sums)
            else:
                found[0].extend(cells)
                found[1].extend(sums)
        for key, (cells, sums) in sixes.items():
            self._add(SIX_HOURS.index, key, cells, sums)
        self._minutes += notes
        self.deltas.notes = []
        self._reckon(notes)

    def _reckon(self, notes: Sequence[Note]) -> None:
        """Take what waits into the estimate of the size: 1-minute panes that are not over, and level rows."""
        floor, panes = self._floors[MINUTE.index] << SLOT_BITS, self._panes
        lasting = [note for note in notes if note[0] >= floor]
        fresh = {key for key, _, _ in lasting} - self._waiting_minutes
        self._waiting_minutes |= fresh
        self._size += sum([_KEY_BYTES + _CELL_BYTES * len(panes.get(key << 2, ())) for key in fresh])
        self._size += sum([_CELL_BYTES * (len(counts) + len(amounts)) for _, counts, amounts in lasting])
        deltas = self.deltas
        self._waiting_levels.update([key >> MINUTE_BITS for key in (*deltas.raised, *deltas.lowered)])
        self._raised += deltas.raised
        self._lowered += deltas.lowered
        deltas.raised, deltas.lowered = [], []

    def _add(self, resolution: int, key: int, counts: Sequence[int], amounts: Sequence[int]) -> None:
        cells = self._pane(resolution, key)
        if cells is None:
            return
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
        if number not in self._changed_panes:
            self._changed_panes.add(number)
            self._size += _KEY_BYTES + _CELL_BYTES * len(cells)
        return cells

    def settle(self) -> None:
        """Add what waited."""
        self.fold()
        minutes, self._minutes = self._minutes, []
        self._waiting_minutes.clear()
        floor = self._floors[MINUTE.index] << SLOT_BITS
        for key, counts, amounts in minutes:
            if key >= floor:
                self._add(MINUTE.index, key, counts, amounts)
        self._settle_levels()

    def _settle_levels(self) -> None:
        balance: Cells = {}
        count(balance, self._raised)
        get = balance.get
        for key in self._lowered:
            balance[key] = get(key, 0) - 1
        self._raised, self._lowered = [], []
        self._waiting_levels.clear()
        for key, amount in balance.items():
            if amount:
                row = key >> MINUTE_BITS
                add(self._levels.setdefault(row, {}), {key & _MINUTE_MASK: amount})
                self._changed_levels.add(row)

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
                        self._changed_panes.add(key)
                        self._size += _KEY_BYTES

    def changes(self) -> list[tuple[bytes, bytes | None]]:
        """The rows that changed since the last call; an empty row is a tombstone."""
        self.settle()
        self._size = 0
        rows = [(self._pane_key(key), self._value(self._panes, key)) for key in self._changed_panes]
        rows += [
            (codec.level_key(self._level_key(key)), self._value(self._levels, key))
            for key in self._changed_levels
        ]
        if self.admission.changed:
            rows.append((codec.NAMES_KEY, codec.encode_value(self.admission.names)))
        self._changed_panes, self._changed_levels, self.admission.changed = set(), set(), False
        return rows

    def _value(self, table: dict[int, Cells], key: int) -> bytes | None:
        cells = table.get(key)
        if not cells:
            table.pop(key, None)
            return None
        return codec.encode_value(cells)

    def _pane_key(self, key: int) -> bytes:
        """As `ledger.pane_key` has it.

        An array of kind, resolution, pane and names, of which the first and the last repeat a lot.
        """
        return _PANE_HEADS[key & 3] + _encode(key >> (SLOT_BITS + 2)) + self._tails[key >> 2 & SLOT_MASK]

    def _level_key(self, key: int) -> LevelKey:
        return LevelKey(
            key & _LEVEL_MASK, key >> (SLOT_BITS + LEVEL_BITS), self._dims[key >> LEVEL_BITS & SLOT_MASK]
        )

    def size_of_changes(self) -> int:
        """Bytes that the changed rows may take, estimated from above for any but giant numbers."""
        self.fold()
        return self._size + _LEVEL_BYTES * len(self._waiting_levels)

    def begin_anew(self) -> Written:
        """Empty panes and levels, under the numbers and names that there are; returns what was there."""
        self.settle()
        before = Written(self._panes, self._levels)
        self._panes, self._levels = {}, {}
        self._by_time = tuple({} for _ in RESOLUTIONS)
        return before

    def differing(self, before: Written, most_bytes: int) -> Iterator[None]:
        """Mark as changed what is not as it was before, one share of at most so many bytes (one row at the least) after the other.

        After each share the caller takes the changes.
        """
        self.settle()
        self._changed_panes, self._changed_levels, self._size = set(), set(), 0
        share = 0
        for is_pane, old, new in ((True, before.panes, self._panes), (False, before.levels, self._levels)):
            for key in sorted(key for key in {**old, **new} if old.get(key, {}) != new.get(key, {})):
                size = _KEY_BYTES + _CELL_BYTES * len(new.get(key, ()))
                if share and share + size > most_bytes:
                    yield
                    share = 0
                share += size
                # not bound before: `changes` puts new sets there
                (self._changed_panes if is_pane else self._changed_levels).add(key)
        if share:
            yield

    def load(self, key: codec.ViewKey, value: bytes | None) -> None:
        """Take over one pane, level or names row of the ledger."""
        if isinstance(key, PaneKey):
            self._load_pane(key, value)
        elif isinstance(key, LevelKey):
            number = (key.hour << SLOT_BITS | self._number_of(key.dims)) << LEVEL_BITS | key.series
            if value is None:
                self._levels.pop(number, None)
            else:
                self._levels[number] = codec.decode_cells(value)
        elif isinstance(key, codec.NamesKey) and value is not None:
            self.admission.load(codec.decode_names(value))

    def _load_pane(self, key: PaneKey, value: bytes | None) -> None:
        number = (key.pane << SLOT_BITS | self._number_of(key.dims)) << 2 | key.resolution
        if value is None:
            self._panes.pop(number, None)
            return
        if number not in self._panes:
            self._by_time[key.resolution].setdefault(key.pane, []).append(number)
        self._panes[number] = codec.decode_cells(value)

    def restore_floors(self, event_clock_ms: int | None) -> None:
        """After loading: what was expired stays expired."""
        if event_clock_ms is not None:
            self.expire(event_clock_ms)
            self._changed_panes.clear()
