"""The ticket row: the facts of one ticket in their order, merged from its events as they come."""

from __future__ import annotations

from bisect import insort
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from msgspec import Struct
from xxhash import xxh3_64_intdigest

from kpis.tickets import corrections, facts, factsets
from kpis.tickets.facts import CREATED, RETRACTED, TRANSFERRED, TRIAGED, Fact, FactEvent
from kpis.tickets.manner import AS_USUAL, Manner
from kpis.tickets.promise import Promise
from kpis.tickets.standing import UNKNOWN, Dims, Standing, fresh
from kpis.tickets.steps import Log, Turn
from kpis.tickets.turns import OldTurn
from streams.events import (
    Discarded,
    FirstReply,
    Handled,
    Paused,
    Reopened,
    Replied,
    Resolved,
    Resumed,
    Survey,
    TicketCreated,
    Triaged,
)

MOST_FACTS: Final = 2_500  # a row is exact up to here, in any order
MOST_FACT_BYTES: Final = 160 * 1024  # of them; a row of facts with the longest names reaches it first
ROW_BYTES: Final = 160  # of a row beside its facts and its stub, from above
CUSTOMERS: Final[Dims] = ("", "", "")  # dimensions of the customer figures; no identifier is empty
BookedMinutes = dict[int, dict[int, int]]  # by minute and cell


class Creation(NamedTuple):
    """The creation of a ticket: the smallest `ticket-created` in the order of competing facts, whole."""

    at_ms: int
    customer_id: str
    team: str
    channel: str
    priority: str
    url: str | None = None
    segment: str | None = None
    opened_by: str | None = None  # None: the customer
    with_bot: bool | None = None
    first_reply_due: int | None = None  # ms
    resolution_due: int | None = None
    next_reply_due: int | None = None

    @property
    def dims(self) -> Dims:
        """Team, channel and priority as the creation says."""
        return (self.team, self.channel, self.priority)

    @property
    def labels(self) -> Dims:
        """The same with the segment."""
        return (*self.dims, self.segment or UNKNOWN)


class Stub(Struct, array_like=True, gc=False):
    """The rest of facts that a row keeps no more.

    It is what they came to, and what they contributed to panes.
    """

    standing: Standing
    until_ms: int  # the time of the last of them: nothing before it can be told from a repetition
    booked: BookedMinutes = {}  # in the first stretch
    turns: list[OldTurn] = []  # of the log those that programs before ledger format 7 know
    # Of ledger format 7.
    booked_later: list[BookedMinutes] = []  # in each of the other stretches
    log: list[Turn] = []  # what the clocks of promises ran by

    def by_stretch(self) -> list[BookedMinutes]:
        """What was booked, by the number of the stretch."""
        return [self.booked, *self.booked_later]


class TicketRow(Struct, gc=False):
    """One ticket. The same events in any order give the same row, up to MOST_FACTS."""

    facts: list[Fact] = []  # in their order, one an identity
    last_ms: int = 0  # greatest event time, of repeated events too: rules when the row expires
    overflowed: bool = False  # once it had more facts than it keeps
    stub: Stub | None = None
    # digests of the identities that were merged before ledger format 4 (`kpis.ledger.legacy`)
    seen: list[int] = []
    promise: Promise | None = None  # what the policy makes of all this; derived, and None without a policy
    size: int = ROW_BYTES  # bytes of the row in the ledger without its stub, from above
    stub_size: int = 0
    standing: Standing | None = None  # what the facts come to, where somebody has just asked; in memory only
    # likewise: the turns on the way there, where a clock follows them
    log: Log | None = None
    # likewise: how the clocks of its promise ran, and what that has booked (`kpis.state.sla_clocks`)
    clocks: Any = None
    corrected: bool = False  # some of the facts are retractions; in memory only
    manner: Manner = AS_USUAL  # how it counts; in memory only: the desk's settings say so

    def standing_facts(self) -> list[Fact]:
        """The facts without those that were retracted, and without the retractions."""
        if not self.corrected:
            return self.facts
        return corrections.standing_facts(self.facts, self._begun)

    def refuses(self, retraction: Fact) -> bool:
        """Whether a retraction names something that it cannot take back any more."""
        return corrections.refused(self.facts, self._begun, retraction)

    @property
    def _begun(self) -> Standing | None:
        return None if self.stub is None else self.stub.standing

    def creation_fact(self, facts: Sequence[Fact] | None = None) -> Fact | None:
        """The creation that stands among the facts of the row; None: there is none.

        `facts`: those that stand, where the caller has them.
        """
        for fact in self.standing_facts() if facts is None else facts:
            if fact[1] == CREATED:
                return fact
        return None

    @property
    def creation(self) -> Creation | None:
        """The creation that stands; None: not known yet."""
        stub = self.stub
        if stub is not None and stub.standing.created_ms is not None and stub.standing.creation is not None:
            return Creation(stub.standing.created_ms, *stub.standing.creation)
        found = self.creation_fact()
        return None if found is None else Creation(found[0], *found[3])

    def before_facts(self, manner: Manner | None = None) -> Standing:
        """What the ticket had come to before the facts of the row, to be changed.

        `manner`: to be followed in another one than the desk's.
        """
        wanted = self.manner if manner is None else manner
        return fresh(wanted) if self.stub is None else self.stub.standing.copied(wanted)

    def dims(self) -> Dims:
        """The labels of the present stretch: as creation, triages and transfers say.

        A field that none of them names is unknown.
        """
        if self.standing is not None:
            return self.standing.dims()
        standing = self.before_facts()
        own = self.creation
        if standing.creation is None and own is not None:
            standing.creation = own[1:]
        for _, kind, _, content in self.standing_facts():
            if kind == TRIAGED:
                standing.name(content)
            elif kind == TRANSFERRED:
                standing.hand(content)
        return standing.dims()


NEW: Final = -1  # no fact of the row has that identity
LOST: Final = -2  # it was merged, and the row does not know its content any more


def place_of(row: TicketRow, fact: Fact, event: FactEvent) -> int:
    """Where the row has the identity of a fact; or NEW, or LOST."""
    _, kind, digest, _ = fact
    rank = OLD_RANKS.get(type(event)) if row.seen else None
    if rank is not None and xxh3_64_intdigest(event.event_id.encode(), rank) in row.seen:
        return LOST  # other rules said which content of it stands
    for place, known in enumerate(row.facts):
        if known[2] == digest and known[1] == kind:
            return place
    return LOST if row.stub is not None and fact[0] <= row.stub.until_ms else NEW


def insert(row: TicketRow, fact: Fact) -> None:
    """Insert a fact whose identity the row does not have."""
    insort(row.facts, fact)
    row.size += facts.bytes_of(fact)
    row.corrected = row.corrected or fact[1] == RETRACTED


def is_full(row: TicketRow) -> bool:
    """Whether the row has more facts than it may keep (`kpis.tickets.merging`)."""
    return len(row.facts) > MOST_FACTS or row.size > MOST_FACT_BYTES


OLD_RANKS: Final[dict[type, int]] = {
    TicketCreated: 0,
    Triaged: factsets.TRIAGED,
    FirstReply: factsets.FIRST_REPLY,
    Replied: factsets.REPLIED,
    Handled: factsets.HANDLED,
    Paused: factsets.PAUSED,
    Resumed: factsets.RESUMED,
    Resolved: factsets.RESOLVED,
    Reopened: factsets.REOPENED,
    Discarded: factsets.DISCARDED,
    Survey: factsets.SURVEY,
}
