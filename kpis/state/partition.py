"""All state of one partition, without I/O: records in, changed ledger rows out.

```
           intake                     tickets, sla_clocks                    windows
record ---> event, admitted ---> row merged ---> C(new) - C(old) ---> deltas ---> tables
   |                |                                                                |
   +---> reject <---+                               take_changes: changed rows <-----+
           |                                        of tickets, customers and the view,
      dead letter                                   and the position row, last
```

Each topic has a greatest event time. The event clock is the smallest of them, of the topics that may still
bring something: one that has been read to its log end holds nothing back. Then what is over leaves the state.

```
ticket-created   ------------------x                     10:20
first-reply      ----------x                             10:05   holds the clock
resolved         ----x  log end                          09:40   drained: holds nothing
event clock                ^                             10:05
```
>>> state = PartitionState(0)
>>> state.position.maxima |= {"ticket-created": 1020, "first-reply": 1005, "resolved": 940}
>>> state.advance(drained=set(SOURCE_TOPICS) - {"ticket-created", "first-reply"})
>>> state.position.event_clock_ms
1005

Once all are drained, the greatest of all is the clock. It never goes back.

>>> state.advance(drained=SOURCE_TOPICS)
>>> state.position.event_clock_ms
1020
>>> state.advance(drained=set(SOURCE_TOPICS) - {"first-reply"})
>>> state.position.event_clock_ms
1020
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any, Final, Literal

from kpis.ledger import codec, definitions, formats
from kpis.ledger.shared import agreed, differing
from kpis.sla import given
from kpis.sla.at_risk import AtRiskKey
from kpis.sla.policy import changed_past, moves_open, year_of
from kpis.state import quality, rebuild
from kpis.state.admission import Admission
from kpis.state.comebacks import TicketRows
from kpis.state.customer_rows import CustomerRows
from kpis.state.intake import DECODERS, KEYS, Intake
from kpis.state.presence_rows import PresenceRows
from kpis.state.records import Changes, DeadLetter, SourceRecord, dead_letter
from kpis.state.rules import DEFAULTS, PolicyChangedError, SettingsChangedError, StateRules
from kpis.state.sla_clocks import UNCONCERNED, SlaClocks
from kpis.tickets import booking, observe
from kpis.tickets.facts import FactEvent, fact_of
from kpis.tickets.row import TicketRow
from kpis.tickets.standing import Dims
from kpis.view_keys import LevelKey, PaneKey
from streams.decode import Reject
from streams.events import (
    Assigned,
    CustomerChanged,
    Due,
    Handled,
    Presence,
    Resolved,
    Retracted,
    Survey,
    TicketCreated,
)
from streams.sources import BY_TOPIC
from streams.topics import SOURCE_TOPICS
from windows.panes import SIX_HOURS
from windows.protocols import DeltaSink, MakeTables
from windows.tables import Tables

INTERACTIONS: Final = frozenset({Resolved, Handled})
_MAY_CREATE: Final = frozenset({TicketCreated, Retracted})


class PartitionState:
    """Ticket rows, customer rows, tables and position of one partition.

    Invariant, after every `take_changes` that was written: panes and levels in the ledger are the sum of what
    the rows there contribute, and the position says which records those were made of.
    """

    def __init__(
        self, partition: int, rules: StateRules = DEFAULTS, make_tables: MakeTables[Dims] = Tables
    ) -> None:
        """An empty state. `make_tables` chooses the windowed tables (`windows.protocols`)."""
        self.partition = partition
        self.rules = rules
        self.position = definitions.begun(formats.of_new_ledger(rules.ledger_format), rules.manner)
        self.clean = True  # the ledger has all of this: no change waits for `take_changes`
        self._admission = Admission(rules.most_names, rules.most_combinations, rules.dimensions)
        self._codec = codec.ViewCodec(segment=rules.segment)
        self._tables = make_tables(self._admission, self._codec)
        self._foreign: set[bytes] = set()  # rows made with, or without, segments: `rebuild` deletes them
        self._tickets = TicketRows(
            codec.ticket_encoder(self.position.format),
            self._ticket_leaves_ms,
            max(SIX_HOURS.retention_ms, min(rules.horizon_ms, rules.open_ms)),
            keeps=self.position.format >= codec.REMAINS_FORMAT,
            manner=rules.manner,
        )
        self._customers = CustomerRows(rules.customer_ms)
        # What to add to the counters of the position; empty right after `take_changes`. To merge a record
        # again changes nothing, to count it again does: counts are written with the position of the record.
        self._counts: Counter[str] = Counter()
        self._presence = PresenceRows(
            self._admission, self._counts, keeps=self.position.format >= codec.PRESENCE_FORMAT
        )
        self._intake = Intake(rules, self._counts)
        # Without a policy only deadlines that come with tickets are promised: others cost nothing more.
        self._book = SlaClocks(rules.policy, self._tables, self._tickets.by_id)
        self._policy_moves = False  # for tickets that are open, too: `rebuild` lets them follow
        self.too_late_names: list[str] = []  # of the policy: in this ledger they count as `other` for ever
        self._reserve()
        self._fit_format()

    def apply(self, topic: str, records: Sequence[SourceRecord]) -> list[DeadLetter]:
        """Decode, merge and book records of one source topic (name without prefix), all beyond the position.

        Returns the rejected ones; none of none. Errors: what a broken invariant raises; the state is then not
        to be used any more.
        """
        if not records:
            return []
        self.clean = False
        decode, key_of = DECODERS[topic], KEYS[topic]
        merge = self._merge_of(topic)
        admitted, clock_ms = (
            self._intake.admitted,
            self.position.event_clock_ms,
        )  # moves between chunks
        deltas = self._tables.deltas
        dead_letters: list[DeadLetter] = []
        greatest, key = self.position.maxima.get(topic, -1), ""
        for record in records:
            event = decode(record.value)
            if not isinstance(event, Reject):
                key = key_of(event)
                event = admitted(event, key, record, clock_ms)
            if isinstance(event, Reject):
                self._counts[f"rejected:{event.reason}"] += 1
                dead_letters.append(dead_letter(topic, record, event))
                continue
            at = event.occurred_at
            if at > greatest:  # noqa: PLR1730 - a call would cost more
                greatest = at
            merge(key, event, deltas)
        if greatest >= 0:
            self.position.maxima[topic] = greatest
        self.position.offsets[topic] = records[-1].offset
        self._counts["accepted"] += len(records) - len(dead_letters)
        return dead_letters

    def _merge_of(self, topic: str) -> Callable[[str, Any, DeltaSink], None]:
        """How the events of a topic are merged: by whose identifier its record key may be."""
        ticket = self._merge_dated if self.rules.policy is None else self._merge_promised
        keys = BY_TOPIC[topic].key
        if "team" in keys:
            return self._merge_presence
        if "customer_id" not in keys:
            return ticket
        if "ticket_id" not in keys:
            return self._merge_customer

        def merge_answer(key: str, event: Survey, deltas: DeltaSink) -> None:
            (self._merge_customer if event.ticket_id is None else ticket)(key, event, deltas)

        return merge_answer

    def _merge_customer(self, customer_id: str, event: CustomerChanged | Survey, _: DeltaSink) -> None:
        if not self._customers.merge(customer_id, event, self._tables):
            self._counts["duplicate"] += 1

    def _merge_presence(self, _team: str, event: Presence, _: DeltaSink) -> None:
        self._presence.merge(event)

    def _merge_ticket(self, ticket_id: str, event: FactEvent, deltas: DeltaSink) -> None:
        """Merge an event into its ticket's row, book what that changes, and count what is worth telling.

        `uncreated` counts the rows without a creation. So a creation that is not the first event of its row
        lowers it, and any other first event raises it.
        """
        row = self._row(ticket_id)
        overflowed, size, is_first = row.overflowed, row.size, not row.facts and row.stub is None
        matters = is_first or row.corrected or type(event) in _MAY_CREATE
        told, stub = given.stated(row) if type(event) in given.STATING else None, row.stub
        without_creation = matters and not is_first and row.creation is None
        if not booking.book(row, event, deltas, self._tables.number):
            self._counts["duplicate"] += 1
        elif type(event) in INTERACTIONS and quality.is_twin(row, fact_of(event)):
            self._counts["twin"] += 1
        elif type(event) is Assigned:
            self._counts["assigned"] += 1
        elif type(event) is Retracted and row.refuses(fact_of(event)):
            self._counts["unretractable"] += 1
        if told is not None:
            self._counts.update((now := given.stated(row)) - told)
            if row.stub is stub:  # else facts that stated a deadline went into it
                self._counts.subtract(told - now)
        if matters:
            self._counts["uncreated"] += (row.creation is None) - without_creation
        self._tickets.grow(row.size - size)
        if row.overflowed and not overflowed:
            self._counts["overflow"] += 1
            self.position.overflowed = [*self.position.overflowed, ticket_id][-quality.MOST_NAMED :]

    def _row(self, ticket_id: str) -> TicketRow:
        """The row of a ticket, to be changed."""
        row = self._tickets.by_id.get(ticket_id) or self._come_back(ticket_id)
        if row is None:
            row = self._tickets.new(ticket_id)
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
        self._book.come_back(ticket_id, row)
        return row

    def _merge_dated(self, ticket_id: str, event: FactEvent, deltas: DeltaSink) -> None:
        """As `_merge_ticket`, without a policy: only of some tickets are there deadlines."""
        is_dated = type(event) is Due or (isinstance(event, TicketCreated) and event.has_deadlines)
        if is_dated or (self._has_given and given.may_state(self._row(ticket_id))):
            self._merge_promised(ticket_id, event, deltas)
        else:
            self._merge_ticket(ticket_id, event, deltas)

    @property
    def _has_given(self) -> bool:
        """Whether any ticket of the partition ever brought a deadline with it."""
        counters = self.position.counters
        return any(counters.get(name) or self._counts.get(name) for name in given.COUNTERS.values())

    def _merge_promised(self, ticket_id: str, event: FactEvent, deltas: DeltaSink) -> None:
        """As `_merge_ticket`, with what it does to the ticket's promise."""
        if type(event) in UNCONCERNED:
            self._merge_ticket(ticket_id, event, deltas)
            return
        self._book.book(
            ticket_id, self._row(ticket_id), event, lambda: self._merge_ticket(ticket_id, event, deltas)
        )

    def _ticket_leaves_ms(self, row: TicketRow) -> int:
        """Event clock beyond which the row leaves.

        Open tickets stay longer, and none is outlived by what it has booked.
        """
        parts, levels, _ = observe.contribution(row)
        booked = [at_ms for _, bookings in parts for at_ms, _, _ in bookings]
        if (promised := self._book.before(row)) is not None:
            booked += [at_ms for _, (at_ms, _, _) in promised.found]
        over_ms = max([row.last_ms, *booked]) + max(SIX_HOURS.retention_ms, self.rules.horizon_ms)
        return max(over_ms, row.last_ms + self.rules.open_ms) if levels else over_ms

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
            self._book.leave(ticket_id, row)
            self._tickets.leave(ticket_id, row)
            self._counts["uncreated"] -= row.creation is None
        self._customers.expire(clock)
        self._presence.expire(clock)

    def pass_over(self, topic: str, offset: int) -> None:
        """Take records of a source topic for applied, up to this offset: they were skipped, or are lost.

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
        """Bytes that the pending change set may take, from above: to write before a limit is reached."""
        return (
            self._tables.size_of_changes()
            + self._book.size_of_changes()
            + self._tickets.size_of_changes()
            + self._customers.size_of_changes()
            + self._presence.size_of_changes()
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
        view = self._tables.changes() + self._admission.changes() + self._presence.changes()
        view += self._book.changes(self._newest_ms or 0)
        view.append(self._position_row())
        self.clean = True
        for row in self._tickets.changed_rows():
            # nobody asks again so soon, and there may be a million rows
            row.standing = row.log = row.clocks = None
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
                self._book.load(typed, value)
            elif isinstance(typed, codec.PresenceKey):
                self._presence.load(typed.team, None if value is None else codec.decode_presence(value))
            elif isinstance(typed, PaneKey | LevelKey) and self._codec.is_foreign(key):
                (self._foreign.discard if value is None else self._foreign.add)(key)
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
        self._intake.takes_all = self.position.format >= codec.TIME_LINE_FORMAT
        self._presence.keeps = self.position.format >= codec.PRESENCE_FORMAT

    @property
    def _newest_ms(self) -> int | None:
        """Greatest event time of any topic."""
        return max(self.position.maxima.values(), default=None)

    def _sign(self) -> None:
        """Note in the position row which policy the rows are made with."""
        if self._policy_moves:
            return  # not before all of them are
        policy, newest = self.rules.policy, self._newest_ms
        self.position.policy = None if policy is None else policy.signed(year_of(newest or 0))

    def loaded(self) -> None:
        """All rows are read: make the indexes that live in memory only.

        Errors: LedgerFormatError, PolicyChangedError.
        """
        formats.settle(self.position, self.rules.ledger_format)
        formats.check_manner(self.position, self.rules.manner)
        self._fit_format()
        if faults := changed_past(self.rules.policy, self.position.policy, self._newest_ms):
            raise PolicyChangedError(self.partition, faults)
        self._policy_moves = moves_open(self.rules.policy, self.position.policy, self._newest_ms)
        settings = self.position.settings
        self._agree()
        self._tables.restore_floors(self.position.event_clock_ms)
        self._admission.close(
            name.removeprefix("folded:") for name in self.position.counters if name.startswith("folded:")
        )
        self._reserve()
        self._tickets.index()
        self._customers.index()
        self._presence.index()
        uncreated = sum(row.creation is None for row in self._tickets.by_id.values())
        if self.position.counters.get("uncreated", 0) != uncreated:  # a ledger from before they were counted
            self.position.counters["uncreated"] = uncreated
        if not self.outdated:
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
        self.position.settings = agreed(self.rules.shared, self.position.settings)

    def _reserve(self) -> None:
        """What the policy names is admitted before any event names it."""
        named = self.rules.names_of_policy()
        self.too_late_names = [
            name for place, names in enumerate(named) for name in self._admission.reserve(place, names)
        ]

    @property
    def outdated(self) -> str | None:
        """What made panes that `rebuild` has to renew before anything is applied. None: they are as new."""
        if not definitions.are_current(self.position, self.rules.manner):
            return rebuild.DEFINITIONS
        return rebuild.POLICY if self._policy_moves else None

    @property
    def rows_held(self) -> int:
        """Ticket and customer rows in the state."""
        return len(self._tickets.by_id) + len(self._customers.by_id)

    def rebuild(self, most_bytes: int) -> Iterator[Changes | None]:
        """Bring panes and levels to this C and this manner, between `loaded` and the first `apply`.

        Each change set is to be written, in order, each in a transaction of its own; None: let others run
        meanwhile.
        """
        if self.outdated == rebuild.POLICY:
            self._book.loaded()
            for _ in rebuild.follow_policy(self._tickets, self._book):
                yield self.take_changes() if self.dirty_bytes() > most_bytes else None
            self._policy_moves = False
            yield self.take_changes()
            return
        self._policy_moves = False  # promises are derived anew below
        self.position.becoming = definitions.CURRENT
        self.position.remaking = self.position.manner != self.rules.manner or bool(self._foreign)
        yield Changes([], [self._position_row()])  # from now on faces hide what the two do not share
        folded = self._admission.folded.copy()
        self._tables.begin_anew()
        for _ in rebuild.book_again(self._tables, self._tickets, self._customers.by_id, self._book):
            # What tickets promise is written meanwhile, but nothing of sums that are not whole.
            full = self._tickets.size_of_changes() > most_bytes
            yield Changes(self._tickets.changes(), [self._position_row()]) if full else None
        self._admission.folded = folded  # they were counted when they came
        self._book.loaded(rebuilt=True)
        for _ in self._tables.differing(most_bytes):
            yield self.take_changes()
        for gone in rebuild.deletions(self._foreign, most_bytes):
            yield Changes([], [*gone, self._position_row()])
        self._foreign.clear()
        self._admission.let_go()
        self.position.definitions, self.position.becoming = definitions.CURRENT, None
        self.position.segment, self.position.frt_from = self.rules.manner
        self.position.remaking = False
        yield self.take_changes()

    @property
    def tickets_held(self) -> int:
        """Ticket rows in the state."""
        return len(self._tickets.by_id)

    @property
    def remains_held(self) -> int:
        """Tickets that are known although their rows have left."""
        return self._tickets.remains_held
