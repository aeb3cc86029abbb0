"""Each safeguard and how it is switched off, from outside."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from agents.fetching.sequence import Chunk, Verdict
from agents.partitions import recovery, units
from agents.partitions.ledger_io import LedgerWriter
from agents.partitions.ownership import Ownership
from kpis.ledger.codec import POSITION_KEY
from kpis.state.partition import PartitionState
from kpis.state.records import Changes
from kpis.tickets import facts, row, steps
from kpis.tickets.facts import RETRACTABLE, RETRACTED, Fact
from kpis.tickets.row import TicketRow
from kpis.tickets.standing import Filed, Standing
from kpis.tickets.steps import Log
from streams.topics import SOURCE_TOPICS

POSITIONS_KEPT: Final = 2  # transactions that still have their position row


def replace(owner: Any, name: str, by: Any) -> None:
    """Put something in the place of what a class or module has.

    Errors: AttributeError when it has nothing of that name.
    """
    getattr(owner, name)
    setattr(owner, name, by)


def ack_at_once() -> None:
    """A chunk is acked when it arrives, not when it is durable."""
    deliver = Ownership.deliver

    async def acking(self: Ownership, chunk: Chunk, message: Any) -> None:
        self._source().ack(message)
        await deliver(self, chunk, message)

    replace(Ownership, "deliver", acking)


def ack_at_once_in_any_sequence() -> None:
    """As before; and whatever lies behind the position is applied.

    It is applied whether something before it is missing or not.
    """
    ack_at_once()

    def trusting(chunk: Chunk, *, applied: int | None, epoch: int) -> Verdict:
        del epoch
        return Verdict.APPLIED if applied is not None and chunk.last <= applied else Verdict.APPLY

    replace(units, "judge", trusting)


def no_position_row() -> None:
    """After the first transactions rows are written without their position."""
    write, count = LedgerWriter.write, 0

    async def forgetful(self: LedgerWriter, changes: Changes, letters: Sequence[Any]) -> None:
        nonlocal count
        count += 1
        if count > POSITIONS_KEPT:
            changes = Changes(changes.tickets, [row for row in changes.view if row[0] != POSITION_KEY])
        await write(self, changes, letters)

    replace(LedgerWriter, "write", forgetful)


def position_first() -> None:
    """The position row is the first of its transaction."""
    write = LedgerWriter.write

    async def hasty(self: LedgerWriter, changes: Changes, letters: Sequence[Any]) -> None:
        *rows, position = changes.view
        await write(self, Changes(changes.tickets, [position, *rows]), letters)

    replace(LedgerWriter, "write", hasty)


def two_transactions() -> None:
    """Ticket rows in one transaction, panes and position in the next."""
    write = LedgerWriter.write

    async def twofold(self: LedgerWriter, changes: Changes, letters: Sequence[Any]) -> None:
        await write(self, Changes(changes.tickets, []), letters)
        await write(self, Changes([], changes.view), [])

    replace(LedgerWriter, "write", twofold)


def no_fencing() -> None:
    """Every process writes under a transactional id of its own."""
    make = AIOKafkaProducer.__init__

    def anonymous(self: Any, *args: Any, transactional_id: str | None = None, **options: Any) -> None:
        own = None if transactional_id is None else f"{transactional_id}-{os.getpid()}"
        make(self, *args, transactional_id=own, **options)

    replace(AIOKafkaProducer, "__init__", anonymous)


def no_purge() -> None:
    """A partition that the group takes away stays in memory as it was.

    It is used again when it comes back.
    """

    async def hoarding(self: Ownership, mine: Collection[int]) -> None:
        for number in sorted(mine):
            if number not in self.partitions:
                self.partitions[number] = self._new_partition(number)

    replace(Ownership, "keep_only", hoarding)


def no_tie_break() -> None:
    """Of two events with one identity and time but other content the one that came first stands."""

    def precedes(one: Fact, other: Fact) -> bool:
        return one[0] < other[0]

    replace(facts, "precedes", precedes)


def read_uncommitted() -> None:
    """Recovery reads rows of transactions that were never committed."""

    class Credulous(AIOKafkaConsumer):  # type: ignore[misc] # aiokafka has no types
        def __init__(self, *args: Any, **options: Any) -> None:
            super().__init__(*args, **{**options, "isolation_level": "read_uncommitted"})

    replace(recovery, "AIOKafkaConsumer", Credulous)


def greatest_event_clock() -> None:
    """The event clock is the greatest event time of any topic: whoever lags does not hold it back."""
    advance = PartitionState.advance

    def leading(self: PartitionState, drained: Collection[str]) -> None:
        maxima = self.position.maxima
        first = max(maxima, key=lambda topic: maxima[topic], default=None)
        advance(self, {topic for topic in SOURCE_TOPICS if topic != first} if first else drained)

    replace(PartitionState, "advance", leading)


def retraction_of_nothing() -> None:
    """A retraction that comes before its target is kept, and the target stands when it comes."""
    insert = row.insert

    def forgetful(one: TicketRow, fact: Fact) -> None:
        corrected = one.corrected
        insert(one, fact)
        if fact[1] == RETRACTED and not _meets(one, fact):
            one.corrected = corrected

    replace(row, "insert", forgetful)


def _meets(one: TicketRow, retraction: Fact) -> bool:
    """Whether a row has what a retraction retracts."""
    retracts, *kind = retraction[3]
    meant = RETRACTABLE[kind[0]] if kind else facts.STORED.keys() - {RETRACTED}
    return any(fact[1] in meant and fact[2] == facts.digest(retracts) for fact in one.facts)


def a_wait_on_a_closed_ticket() -> None:
    """A message on a closed ticket begins a wait, as on an open one."""
    message = steps._message  # noqa: SLF001 - a switch reaches into what it switches off

    def eager(standing: Standing, fact: Fact, found: Filed | None, log: Log | None, *, early: bool) -> None:
        message(standing, fact, found, log, early=early)
        if not standing.is_open and standing.wait_ms is None:
            standing.wait_ms = fact[0]

    replace(steps, "_message", eager)


SWITCHES: Final[Mapping[str, Callable[[], None]]] = {
    "ack": ack_at_once,
    "ack-and-sequence": ack_at_once_in_any_sequence,
    "position-row": no_position_row,
    "position-last": position_first,
    "single-transaction": two_transactions,
    "fencing": no_fencing,
    "purge": no_purge,
    "tie-break": no_tie_break,
    "read-committed": read_uncommitted,
    "event-clock": greatest_event_clock,
    "retraction": retraction_of_nothing,
    "waits": a_wait_on_a_closed_ticket,
}
