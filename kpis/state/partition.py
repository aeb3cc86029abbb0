"""All state of one partition, without I/O: records in, changed ledger rows out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, NamedTuple, Protocol, get_args

from kpis import cell_numbers
from kpis.ledger import codec, definitions, formats
from kpis.ledger.codec import Position
from kpis.ledger.shared import Differing, differing
from kpis.members import DIMENSIONS
from kpis.sla.at_risk import AtRiskKey
from kpis.sla.policy import Policy, changed_past, year_of
from kpis.state import quality, rebuild
from kpis.state.admission import Admission
from kpis.state.comebacks import TicketRows
from kpis.state.sla_clocks import CONCERNED, PromiseBook
from kpis.tickets import booking, customers, observe
from kpis.tickets.customers import CustomerRow
from kpis.tickets.facts import TicketEvent, fact_of
from kpis.tickets.row import CUSTOMERS, Dims, TicketRow
from kpis.view_keys import LevelKey, PaneKey
from streams.decode import Reject, decoder
from streams.events import AnyEvent, CustomerChanged, CustomerEvent, Handled, Resolved, Survey, TicketCreated
from streams.names import fold
from streams.sources import SOURCES
from streams.topics import SOURCE_TOPICS
from windows.panes import DAY, DAY_MS, MINUTE_MS, SIX_HOURS
from windows.protocols import DeltaSink, MakeTables
from windows.rows import Rows
from windows.tables import Tables

_DECODERS: Final = {topic: decoder(topic) for topic in SOURCE_TOPICS}
_KEY_OF: Final = {source.topic: source.key_of for source in SOURCES}

# Customers of many years are loaded into a running desk, as `joined` with their dates: no date of theirs is
# too late.
CUSTOMER_KINDS: Final = frozenset(get_args(CustomerChanged))
INTERACTIONS: Final = frozenset({Resolved, Handled})


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
    """Ledger rows to write in one transaction; None is a tombstone.

    The last row of `view` is the position row.
    """

    tickets: list[tuple[bytes, bytes | None]]
    view: list[tuple[bytes, bytes | None]]


@dataclass(frozen=True, slots=True)
class StateRules:
    """Limits that rule the state of a partition."""

    # H: older events are rejected; closed rows leave, but never before the panes that they have booked
    horizon_ms: int = SIX_HOURS.retention_ms
    # former customers are known as long as any window may ask whether they were customers before
    customer_ms: int = DAY.retention_ms
    open_ms: int = 365 * DAY_MS  # open tickets leave after so long without an event
    future_tolerance_ms: int = 5 * MINUTE_MS  # an event may be so much later than its record's timestamp
    most_names: int = 1000  # names of a dimension; later ones count as `other`
    most_combinations: int = 5_000  # of names, in a partition; each has panes of its own
    policy: Policy | None = None  # what is promised to tickets; None: nothing
    # settings that all workers and exporters must share (`shared.py`)
    shared: Mapping[str, str] = field(default_factory=dict)
    adopt: bool = False  # the ledger is to take these over where it has others
    ledger_format: int | None = None  # raise the ledger's format to this; None: leave it


class PolicyChangedError(Exception):
    """The policy is not the one that the ledger was built with.

    Its deadlines would be withdrawn from where they never stood.
    """

    def __init__(self, partition: int, faults: Sequence[str]) -> None:
        lines = "\n".join(f"  {fault}" for fault in faults)
        super().__init__(
            f"partition {partition}: the SLA policy (desk.policy) is not the one that the ledger was built "
            f"with:\n{lines}\n"
            "  or start a new ledger with another app_id (DESKPULSE_APP_ID): it is rebuilt from the source "
            "topics"
        )


class SettingsChangedError(Exception):
    """Settings that all must share are not those of the ledger."""

    def __init__(self, partition: int, found: Sequence[Differing]) -> None:
        lines = "\n".join(f"  {one}" for one in found)
        super().__init__(
            f"partition {partition}: settings that all workers of a ledger must share differ from those it "
            f"was made with:\n{lines}\n"
            "  set them back; or, if you mean to change them, start every worker with --adopt-settings once "
            "(docs/upgrade.md)"
        )


class PartitionState:
    """Ticket rows, customer rows, tables and position of one partition."""

    def __init__(
        self, partition: int, rules: StateRules = StateRules(), make_tables: MakeTables[Dims] = Tables
    ) -> None:
        self.partition = partition
        self.rules = rules
        self.position = Position(
            format=formats.of_new_ledger(rules.ledger_format), definitions=definitions.CURRENT
        )
        self.clean = True
        self._admission = Admission(rules.most_names, rules.most_combinations)
        self._tables = make_tables(self._admission, codec.ViewCodec())
        self._tickets = TicketRows(
            codec.ticket_encoder(self.position.format),
            self._ticket_leaves_ms,
            max(SIX_HOURS.retention_ms, min(rules.horizon_ms, rules.open_ms)),
            keeps=self.position.format >= codec.REMAINS_FORMAT,
        )
        self._customers: Rows[CustomerRow] = Rows(
            codec.customer_key, codec.encode_value, self._customer_leaves_ms, rules.customer_ms
        )
        self._counts: Counter[str] = Counter()
        self._book = (
            None if rules.policy is None else PromiseBook(rules.policy, self._tables, self._tickets.by_id)
        )
        # of the policy, that count as `other` here for the life of the ledger
        self.too_late_names: list[str] = []
        self._reserve()
        self._fit_format()

    def apply(self, topic: str, records: Sequence[SourceRecord]) -> list[DeadLetter]:
        """Decode, merge and book records of one source topic (name without prefix), all beyond the position.

        Returns the rejected ones. Errors: what a broken invariant raises; the state is then not to be used
        any more.
        """
        if not records:
            return []
        self.clean = False
        decode, key_of = _DECODERS[topic], _KEY_OF[topic]
        merge = self._merge_ticket if self._book is None else self._merge_promised
        deltas = self._tables.deltas
        letters: list[DeadLetter] = []
        greatest, key = self.position.maxima.get(topic, -1), ""
        for record in records:
            event = decode(record.value)
            if not isinstance(event, Reject):
                key = key_of(event)
                event = self._admitted(event, key, record)
            if isinstance(event, Reject):
                self._counts[f"rejected:{event.reason}"] += 1
                letters.append(_letter(topic, record, event))
                continue
            at = event.occurred_at
            if at > greatest:  # noqa: PLR1730 - a call would cost more
                greatest = at
            if isinstance(event, CustomerEvent) or (isinstance(event, Survey) and event.ticket_id is None):
                self._merge_customer(key, event, deltas)
            else:
                merge(key, event, deltas)
        if greatest >= 0:
            self.position.maxima[topic] = greatest
        self.position.offsets[topic] = records[-1].offset
        self._counts["accepted"] += len(records) - len(letters)
        return letters

    def _admitted(self, event: AnyEvent, key: str, record: SourceRecord) -> AnyEvent | Reject:
        """The event, or why it must not be merged."""
        at = event.occurred_at
        if record.key != key.encode():
            return Reject(
                "key",
                f"the record key {record.key!r} is not the identifier {key!r}: another partition owns it",
            )
        if at > record.timestamp + self.rules.future_tolerance_ms:
            return Reject(
                "future",
                f"occurred_at {at} ms is later than the record's timestamp {record.timestamp} ms plus the "
                "tolerance",
            )
        clock = self.position.event_clock_ms
        if clock is not None and at < clock and type(event) not in CUSTOMER_KINDS:
            if at < clock - self.rules.horizon_ms:
                return Reject(
                    "too_late",
                    f"occurred_at {at} ms is more than {self.rules.horizon_ms} ms before the event clock "
                    f"{clock} ms",
                )
            self._counts["late"] += 1
        return event

    def _merge_ticket(self, ticket_id: str, event: TicketEvent, deltas: DeltaSink) -> None:
        row = self._row(ticket_id)
        overflowed, size, is_first = row.overflowed, row.size, not row.facts and row.stub is None
        if type(event) is TicketCreated:
            if not is_first and row.creation is None:
                self._counts["uncreated"] -= 1
        elif is_first:
            self._counts["uncreated"] += 1
        if not booking.book(row, event, deltas, self._tables.number):
            self._counts["duplicate"] += 1
        elif type(event) in INTERACTIONS and quality.is_twin(row, fact_of(event)):
            self._counts["twin"] += 1
        self._tickets.grow(row.size - size)
        if row.overflowed and not overflowed:
            self._counts["overflow"] += 1
            self.position.overflowed = [*self.position.overflowed, ticket_id][-quality.MOST_NAMED :]

    def _row(self, ticket_id: str) -> TicketRow:
        """The row of a ticket, to be changed."""
        row = self._tickets.by_id.get(ticket_id) or self._come_back(ticket_id)
        if row is None:
            row = self._tickets.put(ticket_id, TicketRow())
        self._tickets.mark(ticket_id, row.size + row.stub_size)
        return row

    def _come_back(self, ticket_id: str) -> TicketRow | None:
        """The row of a ticket that had left: if it was open, it stands in the levels again."""
        row = self._tickets.back(ticket_id)
        if row is None:
            return None
        self._counts["comeback"] += 1
        self._counts["uncreated"] += row.creation is None
        booking.raise_levels(self._tables.deltas, self._tables.number, row.dims(), observe.levels(row))
        if self._book is not None:
            self._book.come_back(ticket_id, row)
        return row

    def _merge_promised(self, ticket_id: str, event: TicketEvent, deltas: DeltaSink) -> None:
        """As `_merge_ticket`, with what it does to the ticket's promise."""
        assert self._book is not None
        if type(event) not in CONCERNED:
            self._merge_ticket(ticket_id, event, deltas)
            return
        self._book.book(
            ticket_id, self._row(ticket_id), event, lambda: self._merge_ticket(ticket_id, event, deltas)
        )

    def _merge_customer(self, customer_id: str, event: CustomerChanged | Survey, deltas: DeltaSink) -> None:
        row = self._customers.by_id.get(customer_id)
        if row is None:
            row = self._customers.put(customer_id, CustomerRow())
        self._customers.mark(customer_id, customers.bytes_of(row))
        self._customers.grow(customers.growth_of(event))
        spells, answers, active = (
            observe.observe_spells(row),
            observe.observe_answers(row),
            customers.is_active(row),
        )
        if not customers.note(row, event):
            self._counts["duplicate"] += 1
        if not customers.merge(row, event):
            return
        number = self._tables.number
        for found, sign in ((answers, -1), (observe.observe_answers(row), 1)):
            for dims, (at_ms, cell, amount) in found:
                deltas.add(at_ms, number(dims), cell, sign * amount)
        after = observe.observe_spells(row)
        if spells != after:
            booking.book_spells(self._tables, spells, -1)
            booking.book_spells(self._tables, after, 1)
        if change := customers.is_active(row) - active:
            (deltas.raise_ if change > 0 else deltas.lower)(cell_numbers.ACTIVE, 0, number(CUSTOMERS))

    def _ticket_leaves_ms(self, row: TicketRow) -> int:
        """Event clock beyond which the row leaves.

        Open tickets stay longer, and none is outlived by what it has booked.
        """
        found, levels = observe.contribution(row)
        if self._book is not None and (promised := self._book.before(row)) is not None:
            found = [*found, *promised[1]]
        booked_ms = max((at_ms for at_ms, _, _ in found), default=row.last_ms)
        over_ms = max(row.last_ms, booked_ms) + max(SIX_HOURS.retention_ms, self.rules.horizon_ms)
        return max(over_ms, row.last_ms + self.rules.open_ms) if levels else over_ms

    def _customer_leaves_ms(self, row: CustomerRow) -> int | None:
        """Event clock beyond which the row leaves; None while it is a customer's."""
        return None if customers.is_active(row) else row.last_ms + self.rules.customer_ms

    def advance(self, drained: Collection[str]) -> None:
        """Move the event clock and expire what is over.

        `drained`: source topics read to their log end, which do not hold it back.
        """
        holding = [self.position.maxima.get(topic) for topic in SOURCE_TOPICS if topic not in drained]
        known = list(self.position.maxima.values())
        if not known or None in holding:
            return
        # A drained topic does not hold the clock back: then the others decide, or all of them when every
        # topic is drained.
        clock = min(value for value in holding if value is not None) if holding else max(known)
        if self.position.event_clock_ms is not None and clock <= self.position.event_clock_ms:
            return
        self.clean = False
        self.position.event_clock_ms = clock
        self._tables.expire(clock)
        for ticket_id, row in self._tickets.expire(clock):
            booking.withdraw_levels(self._tables.deltas, self._tables.number, row.dims(), observe.levels(row))
            if self._book is not None:
                self._book.leave(ticket_id, row)
            self._tickets.leave(ticket_id, row)
            self._counts["uncreated"] -= row.creation is None
        self._customers.expire(clock)

    def pass_over(self, topic: str, offset: int) -> None:
        """Take records of a source topic for applied, up to this offset, without reading them (skipped, or lost).

        Errors: AssertionError where the position is beyond it: it never goes back.
        """
        assert offset >= self.position.offsets.get(topic, -1), (
            f"{topic}: the position would go back to {offset}"
        )
        self.clean = False
        self.position.offsets[topic] = offset

    def sign(self, owner: str) -> None:
        """Name who works on this partition from now on."""
        self.clean = False
        self.position.owner = owner

    def count(self, name: str, amount: int = 1) -> None:
        """Add to a counter that the worker keeps in the position row (gap, lost)."""
        self.clean = False
        self._counts[name] += amount

    def dirty_bytes(self) -> int:
        """Bytes that the pending change set may take, estimated from above.

        To write before a batch limit is reached.
        """
        listed = 0 if self._book is None else self._book.size_of_changes()
        return (
            self._tables.size_of_changes()
            + listed
            + self._tickets.size_of_changes()
            + self._customers.size_of_changes()
            + 4096
        )

    def take_changes(self) -> Changes:
        """The rows that changed since the last call. The caller writes them durably or ends the process."""
        counters, folded = self.position.counters, self._admission.folded
        self._counts.update({f"folded:{kind}": amount for kind, amount in folded.items()})
        folded.clear()
        for name, amount in self._counts.items():
            counters[name] = counters.get(name, 0) + amount
        self._counts.clear()
        view = self._tables.changes() + self._admission.changes()
        if self._book is not None:
            view += self._book.changes(self._newest_ms or 0)
        view.append(self._position_row())
        self.clean = True
        for row in self._tickets.changed_rows():
            row.standing = row.clocks = None  # nobody asks again so soon, and there may be a million of them
        return Changes(self._tickets.changes() + self._customers.changes(), view)

    def _position_row(self) -> tuple[bytes, bytes]:
        """The last row of one more transaction."""
        self.position.transaction += 1
        self._sign()
        return codec.POSITION_KEY, codec.encode_position(self.position)

    def load(self, topic: Literal["tickets", "view"], key: bytes, value: bytes | None) -> None:
        """Take over one row of the ledger, in log order; call `loaded` after the last.

        Errors: NewerRowError.
        """
        if topic == "view":
            typed = codec.decode_view_key(key)
            if isinstance(typed, AtRiskKey):
                if self._book is not None:
                    self._book.load(typed, value)
            elif isinstance(typed, PaneKey):
                self._tables.load_pane(*typed, value)
            elif isinstance(typed, LevelKey):
                self._tables.load_level(*typed, value)
            elif value is not None and isinstance(typed, codec.NamesKey):
                self._admission.load(codec.decode_names(value))
            elif value is not None:
                self.position = codec.decode_position(value)
        elif codec.is_ticket_key(key):
            self._tickets.take(key[1:].decode(), value)
        else:
            self._customers.load(key[1:].decode(), None if value is None else codec.decode_customer(value))

    def _fit_format(self) -> None:
        """Write rows as the ledger's format allows."""
        self._tickets.write_with(codec.ticket_encoder(self.position.format))
        self._tickets.keeps = self.position.format >= codec.REMAINS_FORMAT

    @property
    def _newest_ms(self) -> int | None:
        """Greatest event time of any topic."""
        return max(self.position.maxima.values(), default=None)

    def _sign(self) -> None:
        """Note in the position row which policy the rows are made with."""
        policy, newest = self.rules.policy, self._newest_ms
        self.position.policy = None if policy is None else policy.signed(year_of(newest or 0))

    def loaded(self) -> None:
        """All rows are read: make the indexes that live in memory only.

        Errors: LedgerFormatError, PolicyChangedError.
        """
        formats.settle(self.position, self.rules.ledger_format)
        self._fit_format()
        if faults := changed_past(self.rules.policy, self.position.policy, self._newest_ms):
            raise PolicyChangedError(self.partition, faults)
        settings = self.position.settings
        self._agree()
        self._tables.restore_floors(self.position.event_clock_ms)
        self._admission.close(
            name.removeprefix("folded:") for name in self.position.counters if name.startswith("folded:")
        )
        self._reserve()
        self._tickets.index()
        self._customers.index()
        uncreated = sum(row.creation is None for row in self._tickets.by_id.values())
        # of a ledger from before they were counted
        if self.position.counters.get("uncreated", 0) != uncreated:
            self.position.counters["uncreated"] = uncreated
        if self._book is not None and not self.outdated:
            self._book.loaded()
        known = self.position.policy
        self._sign()
        # A policy with more versions and settings are told at once: an exporter compares them with its own,
        # and the next event may be far.
        told = self.position.policy == known and self.position.settings == settings
        self.clean = told or self._newest_ms is None

    def _agree(self) -> None:
        """Hold the shared settings against the ledger's, or give it ours. Errors: SettingsChangedError."""
        if not self.rules.adopt and (found := differing(self.rules.shared, self.position.settings)):
            raise SettingsChangedError(self.partition, found)
        self.position.settings = {**(self.position.settings or {}), **self.rules.shared} or None

    def _reserve(self) -> None:
        """What the policy names is admitted before any event names it."""
        named = (
            []
            if self.rules.policy is None
            else [
                dict.fromkeys(map(fold, self.rules.policy.names(place))) for place in range(len(DIMENSIONS))
            ]
        )
        self.too_late_names = [
            name for place, names in enumerate(named) for name in self._admission.reserve(place, names)
        ]

    @property
    def outdated(self) -> bool:
        """Whether another C made the panes: then `rebuild` comes before anything is applied."""
        return not definitions.are_current(self.position)

    @property
    def rows_held(self) -> int:
        """Ticket and customer rows in the state."""
        return len(self._tickets.by_id) + len(self._customers.by_id)

    def rebuild(self, most_bytes: int) -> Iterator[Changes | None]:
        """Bring panes and levels to this program's C, after `loaded` and before anything is applied (`rebuild.py`).

        Each change set is to be written, in order, each in a transaction of its own; None: let others run
        meanwhile.
        """
        self.position.becoming = definitions.CURRENT
        yield Changes([], [self._position_row()])  # from now on faces hide what the two do not share
        folded = self._admission.folded.copy()
        self._tables.begin_anew()
        for _ in rebuild.book_again(self._tables, self._tickets, self._customers.by_id, self._book):
            # What tickets promise is written meanwhile, but nothing of sums that are not whole.
            full = self._tickets.size_of_changes() > most_bytes
            yield Changes(self._tickets.changes(), [self._position_row()]) if full else None
        self._admission.folded = folded  # they were counted when they came
        if self._book is not None:
            self._book.loaded(rebuilt=True)
        for _ in self._tables.differing(most_bytes):
            yield self.take_changes()
        self.position.definitions, self.position.becoming = definitions.CURRENT, None
        yield self.take_changes()

    @property
    def tickets_held(self) -> int:
        """Ticket rows in the state."""
        return len(self._tickets.by_id)

    @property
    def remains_held(self) -> int:
        """Tickets that are known although their rows have left."""
        return self._tickets.remains_held


def _letter(topic: str, record: SourceRecord, reject: Reject) -> DeadLetter:
    return DeadLetter(
        topic,
        record.partition,
        record.offset,
        record.timestamp,
        reject.reason,
        reject.detail,
        record.key,
        record.value,
    )
