"""Ticket rows of ledger formats 1 to 3, read into rows of facts so that nothing booked changes.

Those rows kept the identities of some facts and of others only what came of them: the time of the first
reply, the latest triage of each field, that the ticket was discarded. What came of them becomes a fact
without an identity. That of all that was merged is known by 64 bits (`seen`): it comes again as a duplicate,
and cannot be retracted.
"""

from __future__ import annotations

from typing import Final

import msgspec
from msgspec import Struct

from kpis.tickets import facts, factsets
from kpis.tickets.facts import (
    ANSWERS,
    CREATED,
    DISCARDED,
    HANDLED,
    PAUSED,
    REOPENED,
    REPLIED,
    RESOLVED,
    RESUMED,
    TRIAGED,
    Fact,
    digest,
    trimmed,
)
from kpis.tickets.factsets import FactSet, SetFact
from kpis.tickets.promise import Promise
from kpis.tickets.row import ROW_BYTES, TicketRow

_KINDS: Final = {
    factsets.TRIAGED: TRIAGED,
    factsets.REPLIED: REPLIED,
    factsets.HANDLED: HANDLED,
    factsets.PAUSED: PAUSED,
    factsets.RESUMED: RESUMED,
    factsets.RESOLVED: RESOLVED,
    factsets.REOPENED: REOPENED,
}
NO_IDENTITY: Final = b""


class OldCreation(Struct, array_like=True, frozen=True, gc=False):
    """The creation of a ticket."""

    at_ms: int
    event_id: str
    customer_id: str
    team: str
    channel: str
    priority: str
    url: str | None = None


class OldTicketRow(Struct, array_like=True, gc=False):
    """One ticket, as formats 1 to 3 have it."""

    creation: OldCreation | None = None
    replied_ms: int | None = None
    discarded: bool = False
    last_ms: int = 0
    seen: list[int] = []
    transitions: FactSet | None = None
    handled: FactSet | None = None
    replies: FactSet | None = None
    triage: list[SetFact | None] | None = None
    surveys: dict[str, SetFact] | None = None
    promise: Promise | None = None


_decode: Final = msgspec.msgpack.Decoder(OldTicketRow).decode


def decode(raw: bytes | memoryview) -> TicketRow:
    """The row of a body."""
    return read(_decode(raw))


def read(old: OldTicketRow) -> TicketRow:
    """The row of facts."""
    found: list[Fact] = []
    if old.creation is not None:
        created = old.creation
        names = (created.customer_id, created.team, created.channel, created.priority, created.url)
        found.append((created.at_ms, CREATED, digest(created.event_id), trimmed(*names)))
    if old.replied_ms is not None:
        found.append((old.replied_ms, REPLIED, NO_IDENTITY, ()))
    if old.discarded:
        found.append((old.last_ms, DISCARDED, NO_IDENTITY, ()))
    sets = [one.facts() for one in (old.transitions, old.handled, old.replies) if one is not None]
    found += [
        (fact.at_ms, _KINDS[fact.rank], digest(fact.event_id), _content(fact))
        for kept in sets
        for fact in kept
    ]
    found += _triages(old.triage or [])
    for kind, fact in (old.surveys or {}).items():
        found.append((fact.at_ms, ANSWERS[kind], digest(fact.event_id), trimmed(*fact.content[1:])))
    found.sort()
    overflowed = any(one is not None and one.overflow for one in (old.transitions, old.handled, old.replies))
    size = ROW_BYTES + sum(map(facts.bytes_of, found))
    return TicketRow(found, old.last_ms, overflowed, None, old.seen, old.promise, size + 9 * len(old.seen))


def _triages(latest: list[SetFact | None]) -> list[Fact]:
    """The latest triage of each field.

    Two contents of one identity may each be the latest of some field: then the second has none.
    """
    found: list[Fact] = []
    for fact in {
        (fact.at_ms, fact.event_id, fact.content): fact for fact in latest if fact is not None
    }.values():
        identity = digest(fact.event_id)
        if any(one[2] == identity for one in found):
            identity = identity[:-1] + bytes([identity[-1] ^ 1 << len(found)])
        found.append((fact.at_ms, TRIAGED, identity, trimmed(*fact.content)))
    return found


def _content(fact: SetFact) -> facts.Content:
    if fact.rank == factsets.REPLIED:
        return (fact.at_ms - fact.content[0],)
    if fact.rank == factsets.RESOLVED:
        abandoned = fact.content[3] == "abandoned"
        parts = fact.content[:3]
        return trimmed(abandoned or (None if parts == (None, None, None) else False), *parts)
    return trimmed(*fact.content)
