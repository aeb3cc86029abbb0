"""All state of one partition, without I/O: records in, changed ledger rows out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple, Protocol

from kpis import customers, ledger, observe, series, tickets
from kpis.customers import CustomerRow
from kpis.ledger import Position
from kpis.rows import Rows
from kpis.tables import CUSTOMERS, Tables
from kpis.tickets import Dims, TicketRow
from streams.decode import Reject, decoder
from streams.events import AnyEvent, Joined, Left, Survey
from streams.topics import SOURCE_TOPICS
from windows.cells import Cells
from windows.panes import DAY_MS, MINUTE_MS

_DECODERS: Final = {topic: decoder(topic) for topic in SOURCE_TOPICS}
_SLOTS: Final = 20


class SourceRecord(Protocol):
    """What is needed of a Kafka record; aiokafka's ConsumerRecord is one."""

    @property
    def partition(self) -> int: ...
    @property
    def offset(self) -> int: ...
    @property
    def timestamp(self) -> int: ...
    @property
    def key(self) -> bytes | None: ...
    @property
    def value(self) -> bytes | None: ...


class DeadLetter(NamedTuple):
    """A rejected record, whole: where it came from, why it was refused, and its original bytes."""

    topic: str
    partition: int
    offset: int
    timestamp_ms: int
    reason: str
    detail: str
    key: bytes | None
    value: bytes | None


class Changes(NamedTuple):
    """Ledger rows to write in one transaction; None is a tombstone; the last row of `view` is the position row."""

    tickets: list[tuple[bytes, bytes | None]]
    view: list[tuple[bytes, bytes | None]]


@dataclass(frozen=True, slots=True)
class StateRules:
    """Limits that rule the state of a partition."""

    horizon_ms: int = 61 * DAY_MS  # H: older events are rejected, closed rows leave
    open_ms: int = 365 * DAY_MS  # open tickets leave after so long without an event
    future_tolerance_ms: int = 5 * MINUTE_MS  # an event may be so much later than its record's timestamp
    most_names: int = 1000  # names of a dimension; later ones count as `other`


class PartitionState:
    """Ticket rows, customer rows, tables and position of one partition."""

    def __init__(self, partition: int, rules: StateRules = StateRules()) -> None:
        self.partition = partition
        self.rules = rules
        self.position = Position()
        self.clean = True
        self._tables = Tables(rules.most_names)
        self._tickets: Rows[TicketRow] = Rows(ledger.ticket_key)
        self._customers: Rows[CustomerRow] = Rows(ledger.customer_key)
        self._counts: Counter[str] = Counter()

    def apply(self, topic: str, records: Sequence[SourceRecord]) -> list[DeadLetter]:
        """Decode, merge and book records of one source topic (name without prefix), all beyond the position.

        Returns the rejected ones. Errors: what a broken invariant raises; the state is then not to be used any more.
        """
        if not records:
            return []
        self.clean = False
        decode = _DECODERS[topic]
        letters: list[DeadLetter] = []
        deltas: dict[int, Cells] = {}
        greatest = self.position.maxima.get(topic, -1)
        accepted = 0
        for record in records:
            event = decode(record.value)
            if not isinstance(event, Reject):
                event = self._admit(event, record)
            if isinstance(event, Reject):
                self._counts[f"rejected:{event.reason}"] += 1
                letters.append(_letter(topic, record, event))
                continue
            accepted += 1
            greatest = max(greatest, event.at_ms)
            self._merge(event, deltas)
        self._tables.fold(deltas)
        if greatest >= 0:
            self.position.maxima[topic] = greatest
        self.position.offsets[topic] = records[-1].offset
        self._counts["accepted"] += accepted
        return letters

    def _admit(self, event: AnyEvent, record: SourceRecord) -> AnyEvent | Reject:
        at = event.at_ms
        if record.key is None or record.key != event.key.encode():
            return Reject("key", f"the record key {record.key!r} is not the identifier {event.key!r}: another partition owns it")
        if at > record.timestamp + self.rules.future_tolerance_ms:
            return Reject("future", f"occurred_at {at} ms is later than the record's timestamp {record.timestamp} ms plus the tolerance")
        clock = self.position.event_clock_ms
        if clock is not None and at < clock:
            if at < clock - self.rules.horizon_ms:
                return Reject("too_late", f"occurred_at {at} ms is more than {self.rules.horizon_ms} ms before the event clock {clock} ms")
            self._counts["late"] += 1
        return event

    def _merge(self, event: AnyEvent, deltas: dict[int, Cells]) -> None:
        if isinstance(event, Joined | Left) or (isinstance(event, Survey) and event.ticket_id is None):
            self._merge_customer(event, deltas)
        else:
            self._merge_ticket(event, deltas)

    def _merge_ticket(self, event: tickets.TicketEvent, deltas: dict[int, Cells]) -> None:
        rows = self._tickets.by_id
        ticket_id = event.key
        row = rows.get(ticket_id)
        if row is None:
            row = rows[ticket_id] = TicketRow()
        before, before_levels, before_dims = observe.observe(row), observe.levels(row), row.dims()
        overflow = _overflows(row)
        if not tickets.note(row, event.rank, event.event_id, event.at_ms):
            self._counts["duplicate"] += 1
        if tickets.merge(row, event):
            after, dims = observe.observe(row), row.dims()
            self._book(deltas, (before_dims, before), (dims, after))
            self._book_levels((before_dims, before_levels), (dims, observe.levels(row)))
        if _overflows(row) and not overflow:
            self._counts["overflow"] += 1
        self._tickets.touch(ticket_id, row, self._leaves_ms(row))

    def _book(
        self, deltas: dict[int, Cells], old: tuple[Dims, list[observe.Observation]], new: tuple[Dims, list[observe.Observation]]
    ) -> None:
        (old_dims, before), (new_dims, after) = old, new
        same = 0
        if old_dims == new_dims:
            shared = min(len(before), len(after))
            while same < shared and before[same] == after[same]:
                same += 1
        for dims, found, start, sign in ((old_dims, before, same, -1), (new_dims, after, same, 1)):
            if len(found) == start:
                continue
            slot = self._tables.number(dims)
            for at_ms, cell, amount in found[start:] if start else found:
                key = at_ms // MINUTE_MS << _SLOTS | slot
                cells = deltas.get(key)
                if cells is None:
                    deltas[key] = {cell: sign * amount}
                else:
                    cells[cell] = cells.get(cell, 0) + sign * amount

    def _book_levels(self, old: tuple[Dims, list[tuple[int, int]]], new: tuple[Dims, list[tuple[int, int]]]) -> None:
        if old == new:
            return
        for (dims, found), sign in ((old, -1), (new, 1)):
            for level, at_ms in found:
                self._tables.level(level, at_ms, self._tables.number(dims), sign)

    def _merge_customer(self, event: Joined | Left | Survey, deltas: dict[int, Cells]) -> None:
        customer_id: str = event.customer_id  # type: ignore[assignment]
        row = self._customers.by_id.get(customer_id)
        if row is None:
            row = self._customers.by_id[customer_id] = CustomerRow()
        spells, answers, active = observe.observe_spells(row), observe.observe_answers(row), customers.is_active(row)
        if not tickets.note(row, event.rank, event.event_id, event.at_ms):
            self._counts["duplicate"] += 1
        if customers.merge(row, event):
            for found, sign in ((answers, -1), (observe.observe_answers(row), 1)):
                for dims, observation in found:
                    nothing: tuple[Dims, list[observe.Observation]] = (dims, [])
                    one = (dims, [observation])
                    self._book(deltas, *((one, nothing) if sign < 0 else (nothing, one)))
            self._book_spells(spells, observe.observe_spells(row))
            if change := customers.is_active(row) - active:
                self._tables.level(series.ACTIVE, 0, self._tables.number(CUSTOMERS), change)
        self._customers.touch(customer_id, row, None if customers.is_active(row) else row.last_ms + self.rules.horizon_ms)

    def _book_spells(self, before: list[tuple[int, int, int | None]], after: list[tuple[int, int, int | None]]) -> None:
        if before != after:
            changes = [(*spell, -1) for spell in before] + [(*spell, 1) for spell in after]
            self._tables.fold_customers(changes, series.REJOINED)

    def _leaves_ms(self, row: TicketRow) -> int:
        """Event clock beyond which the row leaves: open tickets stay longer."""
        return row.last_ms + (self.rules.open_ms if observe.levels(row) else self.rules.horizon_ms)

    def advance(self, drained: Collection[str]) -> None:
        """Move the event clock and expire what is over. `drained`: source topics read to their log end, which do not hold it back."""
        holding = [self.position.maxima.get(topic) for topic in SOURCE_TOPICS if topic not in drained]
        known = list(self.position.maxima.values())
        if not known or None in holding:
            return
        # A drained topic does not hold the clock back: then the others decide, or all of them when every topic is drained.
        clock = min(value for value in holding if value is not None) if holding else max(known)
        if self.position.event_clock_ms is not None and clock <= self.position.event_clock_ms:
            return
        self.clean = False
        self.position.event_clock_ms = clock
        self._tables.expire(clock)
        for row in self._tickets.expire(clock):
            self._book_levels((row.dims(), observe.levels(row)), (row.dims(), []))
        self._customers.expire(clock)

    def count(self, name: str, amount: int = 1) -> None:
        """Add to a counter that the worker keeps in the position row (gap, lost)."""
        self.clean = False
        self._counts[name] += amount

    def dirty_bytes(self) -> int:
        """Bytes that the pending change set may take, estimated from above: to write before a batch limit is reached."""
        return self._tables.size_of_changes() + 512 * (len(self._tickets.changed) + len(self._customers.changed)) + 4096

    def take_changes(self) -> Changes:
        """The rows that changed since the last call. The caller writes them durably or ends the process."""
        counters = self.position.counters
        for name, amount in self._counts.items():
            counters[name] = counters.get(name, 0) + amount
        self._counts.clear()
        self.position.transaction += 1
        view = self._tables.changes()
        view.append((ledger.POSITION_KEY, ledger.encode_value(self.position)))
        self.clean = True
        return Changes(self._tickets.changes() + self._customers.changes(), view)

    def load(self, topic: Literal["tickets", "view"], key: bytes, value: bytes | None) -> None:
        """Take over one row of the ledger, in log order; call `loaded` after the last. Errors: NewerRowError."""
        if topic == "view":
            typed = ledger.decode_view_key(key)
            if not isinstance(typed, ledger.PositionKey):
                self._tables.load(typed, value)
            elif value is not None:
                self.position = ledger.decode_position(value)
        elif ledger.is_ticket_key(key):
            self._tickets.load(key[1:].decode(), None if value is None else ledger.decode_ticket(value))
        else:
            self._customers.load(key[1:].decode(), None if value is None else ledger.decode_customer(value))

    def loaded(self) -> None:
        """All rows are read: make the indexes that live in memory only."""
        self._tables.restore_floors(self.position.event_clock_ms)
        self._tickets.index(self._leaves_ms)
        self._customers.index(lambda row: None if customers.is_active(row) else row.last_ms + self.rules.horizon_ms)
        self.clean = True

    @property
    def tickets_held(self) -> int:
        """Ticket rows in the state."""
        return len(self._tickets.by_id)


def _letter(topic: str, record: SourceRecord, reject: Reject) -> DeadLetter:
    return DeadLetter(topic, record.partition, record.offset, record.timestamp, reject.reason, reject.detail, record.key, record.value)


def _overflows(row: TicketRow) -> bool:
    return any(facts is not None and facts.overflow for facts in (row.transitions, row.handled, row.replies))
