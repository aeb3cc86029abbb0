"""The windowed tables of one partition: panes and levels by dimensions, and which of their rows changed.

They know neither tickets nor Kafka: dimensions are anything that can be hashed, and a codec writes the rows.

The way of a note. The later it is added, the less it costs, since notes of one pane are then added together:

```
book, withdraw --> notes ---- fold ------> panes of 15 minutes and of 6 hours   when the size is asked for
                     |
                     +---- _minutes ---- settle ----> panes of 1 minute        when rows are written
raise_, lower ---> _raised, _lowered --- settle ----> levels                   when rows are written
```
In a catch-up, most panes of a minute are over by the time that rows are written, and are never made. What was
raised and lowered in one unit of work cancels out, and its level row is not written.

What is kept, on the line of event time:

```
        floor of 6 hours     floor of 15 minutes    floor of 1 minute    event clock
   ------------|----------------------|---------------------|-----------------|-------->
     nothing   |   6-hour panes       |  and 15-minute panes | and 1-minute panes
```
A note below the floor of a resolution is dropped there and still counts in the longer panes.

>>> class Names:  # everything is admitted
...     def admit(self, dims):
...         return dims
...
...     def room(self, dims, combinations):
...         return dims
>>> class Text:  # rows to read
...     def pane_head(self, resolution):
...         return RESOLUTIONS[resolution].name.encode() + b" pane "
...
...     def number(self, value):
...         return b"%d" % value
...
...     def names(self, dims):
...         return b" of " + dims.encode()
...
...     def level_key(self, level, hour, dims):
...         return b"level %d hour %d of " % (level, hour) + dims.encode()
...
...     def encode(self, cells):
...         return repr(cells).encode()
...
...     def decode(self, raw):
...         raise NotImplementedError
>>> tables = Tables(Names(), Text())
>>> billing = tables.number("billing")
>>> tables.deltas.book(billing, [(20 * 60_000, (3, 4), ()), (21 * 60_000, (3,), ())])
>>> tables.deltas.raise_(0, 20 * 60_000, billing)
>>> for key, value in sorted(tables.changes()):
...     print(key.decode(), value.decode())
15m pane 1 of billing {3: 2, 4: 1}
1m pane 20 of billing {3: 1, 4: 1}
1m pane 21 of billing {3: 1}
6h pane 0 of billing {3: 2, 4: 1}
level 0 hour 0 of billing {20: 1}

The empty case: what comes to nothing becomes a tombstone, and what did not change is not written.

>>> tables.deltas.withdraw(billing, [(21 * 60_000, (3,), ())])
>>> for key, value in sorted(tables.changes()):
...     print(key.decode(), value)
15m pane 1 of billing b'{3: 1, 4: 1}'
1m pane 21 of billing None
6h pane 0 of billing b'{3: 1, 4: 1}'
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, Generic

from windows.cells import Cells, add, count
from windows.deltas import Deltas, Note
from windows.keys import (
    MINUTE_BITS,
    MINUTE_MASK,
    RESOLUTION_BITS,
    RESOLUTION_MASK,
    SLOT_BITS,
    SLOT_MASK,
    level_row,
    pane_key,
    split_level_row,
)
from windows.panes import MINUTE, QUARTER, RESOLUTIONS, SIX_HOURS, Resolution
from windows.protocols import Admitting, D, LedgerRow, RowCodec

_MINUTES_A_QUARTER: Final = QUARTER.length_ms // MINUTE.length_ms
_QUARTERS_IN_SIX_HOURS: Final = SIX_HOURS.length_ms // QUARTER.length_ms
_CELL_BYTES: Final = 14  # a cell number and an amount in MessagePack, estimated from above
_KEY_BYTES: Final = 96
_LEVEL_BYTES: Final = 160
PaneGroup = tuple[list[int], list[int]]  # counts and amounts of a pane, as in `Note`


class Tables(Generic[D]):
    """Panes and levels, keyed by integers for speed (`windows.keys`)."""

    def __init__(self, admission: Admitting[D], codec: RowCodec[D]) -> None:
        self.deltas = Deltas()
        self._admission = admission
        self._codec = codec
        self._heads = tuple(codec.pane_head(resolution.index) for resolution in RESOLUTIONS)
        # The slot of each combination as it was asked for, where that is the one that it counts under. A name
        # that is folded is not remembered: of those there may be any number. `_dims[slot]` and `_tails[slot]`
        # belong to it.
        self._numbers: dict[D, int] = {}
        self._dims: list[D] = []
        self._tails: list[bytes] = []  # the names of each combination, as in the keys of panes
        # By pane key. Invariant: no pane is below the floor of its resolution.
        self._panes: dict[int, Cells] = {}
        # Pane keys by resolution and pane, for `expire`. Invariant: every key of `_panes` is listed. A pane
        # that came to nothing stays listed, and is listed again when it comes back: `expire` minds neither.
        self._by_time: tuple[dict[int, list[int]], ...] = tuple({} for _ in RESOLUTIONS)
        self._levels: dict[int, Cells] = {}  # by level row; cells are minutes of the hour
        self._floors = [-(1 << 62)] * len(RESOLUTIONS)  # smallest pane that is kept; `expire` alone raises it
        # Rows of the ledger that may be unlike the tables; a key without cells there is a tombstone to be
        # written.
        self._changed_panes: set[int] = set()
        self._changed_levels: set[int] = set()
        # What waits for `settle`. Invariant: all five are empty after it, and `fold` alone adds to them.
        self._minutes: list[Note] = []  # in the longer panes already, and not yet in those of a minute
        self._waiting_minutes: set[int] = set()  # the 1-minute panes that they are for, as note keys
        self._raised: list[int] = []  # level keys
        self._lowered: list[int] = []
        self._waiting_levels: set[int] = set()  # the level rows that they are for
        # Bytes that the changed panes and what waits for them may take, from above. Each step adds to it, and
        # `changes` alone takes it back to 0: so it can be asked for after every chunk.
        self._size = 0
        # Panes and levels as they were. Invariant: empty but between `begin_anew` and `differing`.
        self._before: tuple[dict[int, Cells], dict[int, Cells]] = ({}, {})

    def number(self, dims: D) -> int:
        """The slot of a combination of dimensions: a small integer, valid within this object only."""
        found = self._numbers.get(dims)
        if found is None:
            admitted = self._admission.admit(dims)
            found = self._numbers.get(admitted)
            if found is None:
                found = self._number_of(self._admission.room(admitted, len(self._dims)))
        return found

    def dims_of(self, slot: int) -> D:
        """The combination that a slot counts under: the one that was admitted."""
        return self._dims[slot]

    def _number_of(self, dims: D) -> int:
        """The slot of an admitted combination, such as that of a row that was written."""
        found = self._numbers.get(dims)
        if found is None:
            found = self._numbers[dims] = len(self._dims)
            self._dims.append(dims)
            self._tails.append(self._codec.names(dims))
            assert found < SLOT_MASK, "combinations of dimensions exceed the key space"
        return found

    def fold(self) -> None:
        """Add what was noted to the panes of 15 minutes and of 6 hours; those of a minute wait for `settle`.

        Each length divides the next, so six hours get the sums of their quarters, with no look at minutes.
        """
        notes = self.deltas.take_notes()
        quarters: dict[int, PaneGroup] = {}
        for key, counts, amounts in notes:
            quarter = (key >> SLOT_BITS) // _MINUTES_A_QUARTER << SLOT_BITS | key & SLOT_MASK
            found = quarters.get(quarter)
            if found is None:
                found = quarters[quarter] = ([], [])
            found[0].extend(counts)
            if amounts:
                found[1].extend(amounts)
        sixes: dict[int, PaneGroup] = {}
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
        self._reckon(notes)

    def _reckon(self, notes: Sequence[Note]) -> None:
        """Take what waits into the estimate of the size: 1-minute panes that are not over, and level rows."""
        floor, panes = self._floors[MINUTE.index] << SLOT_BITS, self._panes
        lasting = [note for note in notes if note[0] >= floor]
        fresh = {key for key, _, _ in lasting} - self._waiting_minutes
        self._waiting_minutes |= fresh
        self._size += sum(
            [_KEY_BYTES + _CELL_BYTES * len(panes.get(key << RESOLUTION_BITS, ())) for key in fresh]
        )
        self._size += sum([_CELL_BYTES * (len(counts) + len(amounts)) for _, counts, amounts in lasting])
        raised, lowered = self.deltas.take_levels()
        self._waiting_levels.update([key >> MINUTE_BITS for key in (*raised, *lowered)])
        self._raised += raised
        self._lowered += lowered

    def _add(self, resolution: int, key: int, counts: Sequence[int], amounts: Sequence[int]) -> None:
        cells = self._pane(resolution, key)
        if cells is None:
            return
        self._size += _CELL_BYTES * (len(counts) + len(amounts))
        # Counts first: what is withdrawn was there before, or came with these, so no cell comes to 0 by
        # counting, which `count` would not notice.
        count(cells, counts)
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
        number = key << RESOLUTION_BITS | resolution
        cells = self._panes.get(number)
        if cells is None:
            cells = self._panes[number] = {}
            self._by_time[resolution].setdefault(key >> SLOT_BITS, []).append(number)
        if number not in self._changed_panes:
            self._changed_panes.add(number)
            self._size += _KEY_BYTES + _CELL_BYTES * len(cells)
        return cells

    def settle(self) -> None:
        """Add what waits to the panes of a minute and to the levels."""
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
                add(self._levels.setdefault(row, {}), {key & MINUTE_MASK: amount})
                self._changed_levels.add(row)

    def add(self, resolution: Resolution, at_ms: int, slot: int, delta: Mapping[int, int]) -> None:
        """Add cells to the pane of an instant in one resolution; nothing where its retention is over."""
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

    def changes(self) -> list[LedgerRow]:
        """The rows that changed since the last call, in no order; an empty row is a tombstone."""
        self.settle()
        self._size = 0
        rows = [(self._pane_key(key), self._value(self._panes, key)) for key in self._changed_panes]
        rows += [(self._level_key(key), self._value(self._levels, key)) for key in self._changed_levels]
        self._changed_panes, self._changed_levels = set(), set()
        return rows

    def _value(self, table: dict[int, Cells], key: int) -> bytes | None:
        cells = table.get(key)
        if not cells:
            table.pop(key, None)
            return None
        return self._codec.encode(cells)

    def _pane_key(self, key: int) -> bytes:
        """The key of a row, put together of parts of which the first and the last are kept."""
        number = self._codec.number(key >> (SLOT_BITS + RESOLUTION_BITS))
        return self._heads[key & RESOLUTION_MASK] + number + self._tails[key >> RESOLUTION_BITS & SLOT_MASK]

    def _level_key(self, row: int) -> bytes:
        hour, slot, level = split_level_row(row)
        return self._codec.level_key(level, hour, self._dims[slot])

    def size_of_changes(self) -> int:
        """Bytes that the changed rows may take, estimated from above for any but giant numbers."""
        self.fold()
        return self._size + _LEVEL_BYTES * len(self._waiting_levels)

    def begin_anew(self) -> None:
        """Empty panes and levels, under the slots that there are, and remember what was there."""
        self.settle()
        self._before = (self._panes, self._levels)
        self._panes, self._levels = {}, {}
        self._by_time = tuple({} for _ in RESOLUTIONS)

    def differing(self, most_bytes: int) -> Iterator[None]:
        """Mark as changed what is not as it was before `begin_anew`, share by share.

        A share has at most `most_bytes`, but one row at the least. After each the caller takes the changes.
        """
        self.settle()
        (panes, levels), self._before = self._before, ({}, {})
        self._changed_panes, self._changed_levels, self._size = set(), set(), 0
        share = 0
        for is_pane, old, new in ((True, panes, self._panes), (False, levels, self._levels)):
            for key in sorted(key for key in {**old, **new} if old.get(key, {}) != new.get(key, {})):
                size = _KEY_BYTES + _CELL_BYTES * len(new.get(key, ()))
                if share and share + size > most_bytes:
                    yield
                    share = 0
                share += size
                # Looked up for each key, since `changes` puts new sets there.
                (self._changed_panes if is_pane else self._changed_levels).add(key)
        if share:
            yield

    def load_pane(self, resolution: int, pane: int, dims: D, raw: bytes | None) -> None:
        """Take over one pane row of the ledger."""
        number = pane_key(pane=pane, slot=self._number_of(dims), resolution=resolution)
        if raw is None:
            self._panes.pop(number, None)
            return
        if number not in self._panes:
            self._by_time[resolution].setdefault(pane, []).append(number)
        self._panes[number] = self._codec.decode(raw)

    def load_level(self, level: int, hour: int, dims: D, raw: bytes | None) -> None:
        """Take over one level row of the ledger."""
        row = level_row(level=level, hour=hour, slot=self._number_of(dims))
        if raw is None:
            self._levels.pop(row, None)
        else:
            self._levels[row] = self._codec.decode(raw)

    def restore_floors(self, event_clock_ms: int | None) -> None:
        """After loading: what was expired stays expired."""
        if event_clock_ms is not None:
            self.expire(event_clock_ms)
            self._changed_panes.clear()
