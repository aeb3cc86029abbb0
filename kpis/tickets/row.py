"""The ticket row: the facts of one ticket in their order, merged from its events as they come."""

from __future__ import annotations

from bisect import insort
from typing import Any, Final, NamedTuple

from msgspec import Struct
from xxhash import xxh3_64_intdigest

from kpis.tickets import facts, factsets
from kpis.tickets.facts import CREATED, TRIAGED, Content, Fact, FactEvent
from kpis.tickets.promise import Promise
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
UNKNOWN: Final = "unknown"
Dims = tuple[str, str, str]  # team, channel, priority
CUSTOMERS: Final[Dims] = ("", "", "")  # dimensions of the customer figures; no identifier is empty
Turn = tuple[int, int, bool]  # event time ms, kind, abandoned: a change of state without its identity


class Creation(NamedTuple):
    """The creation of a ticket: the smallest `ticket-created` in the order of competing facts, whole."""

    at_ms: int
    customer_id: str
    team: str
    channel: str
    priority: str
    url: str | None = None


class Standing(Struct, array_like=True, gc=False):
    """What a ticket has come to after some of its facts (`observe.step`)."""

    created_ms: int | None = None
    creation: Content | None = None  # customer, team, channel, priority, url
    team: str | None = None  # as the latest triage says
    channel: str | None = None
    priority: str | None = None
    replied_ms: int | None = None  # first public reply by a human
    outcome: str | None = None  # of the resolution that holds now; None: open
    paused: bool = False
    first_ms: int | None = None  # first resolution
    solved_ms: int | None = None
    reopened_ms: int | None = None  # first reopening
    discarded: bool = False
    # the latest of a kind and a respondent: at which time, in which cell
    answers: list[tuple[int, str | None, int, int]] | None = None
    # latest reopening: since then an open ticket waits for its first reply
    reopened_last_ms: int | None = None

    def dims(self) -> Dims:
        """Team, channel, priority: as a triage says, else as the creation says, else unknown."""
        own = self.creation
        _, team, channel, priority = (None, UNKNOWN, UNKNOWN, UNKNOWN) if own is None else own[:4]
        return (self.team or team, self.channel or channel, self.priority or priority)


class Stub(Struct, array_like=True, gc=False):
    """The rest of facts that a row keeps no more.

    It is what they came to, and what they contributed to panes.
    """

    standing: Standing
    until_ms: int  # the time of the last of them: nothing before it can be told from a repetition
    booked: dict[int, dict[int, int]] = {}  # by minute
    turns: list[Turn] = []  # what the clocks of promises ran by


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
    # likewise: how the clocks of its promise ran, and what that has booked (`kpis.state.sla_clocks`)
    clocks: Any = None

    @property
    def creation(self) -> Creation | None:
        """The creation that stands; None: not known yet."""
        stub = self.stub
        if stub is not None and stub.standing.created_ms is not None and stub.standing.creation is not None:
            return Creation(stub.standing.created_ms, *stub.standing.creation)
        for at_ms, kind, _, content in self.facts:
            if kind == CREATED:
                return Creation(at_ms, *content)
        return None

    @property
    def discarded(self) -> bool:
        """Whether the ticket is withdrawn from every figure."""
        return (self.stub is not None and self.stub.standing.discarded) or any(
            fact[1] == facts.DISCARDED for fact in self.facts
        )

    def dims(self) -> Dims:
        """Team, channel, priority: as the greatest triage of each field says, else as the creation says.

        A field that neither says is unknown.
        """
        own = team = channel = priority = None
        if self.stub is not None:
            known = self.stub.standing
            own, team, channel, priority = known.creation, known.team, known.channel, known.priority
        for _, kind, _, content in self.facts:
            if kind == CREATED:
                own = own or content
            elif kind == TRIAGED:
                named_team, named_channel, named_priority = (*content, None, None, None)[:3]
                team, channel, priority = (
                    named_team or team,
                    named_channel or channel,
                    named_priority or priority,
                )
        _, own_team, own_channel, own_priority = (None, UNKNOWN, UNKNOWN, UNKNOWN) if own is None else own[:4]
        return (team or own_team, channel or own_channel, priority or own_priority)


NEW: Final = -1  # no fact of the row has that identity
LOST: Final = -2  # it was merged, and the row does not know its content any more


def place_of(row: TicketRow, fact: Fact, event: FactEvent) -> int:
    """Where the row has the identity of a fact; or NEW, or LOST."""
    _, kind, digest, _ = fact
    if row.seen and xxh3_64_intdigest(event.event_id.encode(), OLD_RANKS[type(event)]) in row.seen:
        return LOST  # other rules said which content of it stands
    for place, known in enumerate(row.facts):
        if known[2] == digest and known[1] == kind:
            return place
    return LOST if row.stub is not None and fact[0] <= row.stub.until_ms else NEW


def insert(row: TicketRow, fact: Fact) -> None:
    """Insert a fact whose identity the row does not have."""
    insort(row.facts, fact)
    row.size += facts.bytes_of(fact)


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
