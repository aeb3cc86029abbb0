"""The ticket row: all that is known of one ticket, merged from its events in any order."""

from __future__ import annotations

from typing import Final, Protocol

import msgspec
from msgspec import Struct
from xxhash import xxh3_64_intdigest

from kpis.facts import Fact, FactSet
from kpis.promises import Promise
from streams.events import (
    Discarded,
    FirstReply,
    HandleParts,
    Replied,
    Survey,
    TicketChanged,
    TicketCreated,
    Triaged,
)
from streams.events import Resolved as ResolvedEvent

MOST_SEEN: Final = 256  # identities remembered to count duplicates
UNKNOWN: Final = "unknown"
Dims = tuple[str, str, str]  # team, channel, priority
UNKNOWN_DIMS: Final[Dims] = (UNKNOWN, UNKNOWN, UNKNOWN)
TicketEvent = TicketCreated | FirstReply | ResolvedEvent | Survey | TicketChanged


class Creation(Struct, array_like=True, frozen=True, gc=False):
    """The creation of a ticket: the smallest `ticket-created` in the order of competing events."""

    at_ms: int
    event_id: str
    customer_id: str
    team: str
    channel: str
    priority: str
    url: str | None = None

    def precedes(self, other: Creation) -> bool:
        """Whether this creation is smaller in the total order."""
        mine, theirs = (self.at_ms, self.event_id), (other.at_ms, other.event_id)
        return mine < theirs if mine != theirs else self._canonical() < other._canonical()

    def _canonical(self) -> bytes:
        pairs = msgspec.structs.asdict(self).items()
        return msgspec.json.encode({name: value for name, value in pairs if value is not None}, order="sorted")


class Remembering(Protocol):
    """A row that remembers which events it has seen."""

    last_ms: int
    seen: list[int]


class TicketRow(Struct, array_like=True, gc=False):
    """One ticket. Every field merges by minimum, maximum or a bounded set, so the same events in any order give the same row."""

    creation: Creation | None = None
    replied_ms: int | None = None  # first public reply by a human
    discarded: bool = False
    last_ms: int = 0  # greatest event time: rules when the row expires
    seen: list[int] = []  # digests of identities, to count duplicates
    transitions: FactSet | None = None  # resolved, reopened, paused, resumed
    handled: FactSet | None = None
    replies: FactSet | None = None  # later public replies
    triage: list[Fact | None] | None = None  # the latest for team, channel, priority
    surveys: dict[str, Fact] | None = None  # the latest answer by kind
    promise: Promise | None = None  # what the policy makes of all this; derived, and None without a policy

    def dims(self) -> Dims:
        """Team, channel, priority: unknown until the creation is known, then triage before creation."""
        creation = self.creation
        if creation is None:
            return UNKNOWN_DIMS
        if self.triage is None:
            return (creation.team, creation.channel, creation.priority)
        own = (creation.team, creation.channel, creation.priority)
        team, channel, priority = (fact.content[i] if fact else own[i] for i, fact in enumerate(self.triage))
        return (team, channel, priority)


def note(row: Remembering, rank: int, event_id: str, at_ms: int) -> bool:
    """Remember an identity; False when it was known: a duplicate.

    Beyond MOST_SEEN identities nothing more is remembered: such an event merges as any other and is not counted as a duplicate.
    """
    row.last_ms = max(row.last_ms, at_ms)
    seen = row.seen
    digest = xxh3_64_intdigest(event_id.encode(), rank)
    if digest in seen:
        return False
    if len(seen) < MOST_SEEN:
        seen.append(digest)
    return True


def merge(row: TicketRow, event: TicketEvent) -> bool:
    """Merge one event into the row in place; True when the row changed. Commutative, associative, idempotent."""
    kind = type(event)
    if kind is TicketCreated:
        return _merge_creation(row, event)  # type: ignore[arg-type]
    if kind is FirstReply:
        return _merge_first_reply(row, event)  # type: ignore[arg-type]
    if kind is Survey:
        return _merge_survey(row, event)  # type: ignore[arg-type]
    return _merge_changed(row, event)  # type: ignore[arg-type]


def _merge_creation(row: TicketRow, event: TicketCreated) -> bool:
    creation = Creation(event.at_ms, event.event_id, event.customer_id, event.team, event.channel, event.priority, event.url)
    if row.creation is not None and not creation.precedes(row.creation):
        return False
    row.creation = creation
    return True


def _merge_first_reply(row: TicketRow, event: FirstReply) -> bool:
    if event.automated or (row.replied_ms is not None and row.replied_ms <= event.at_ms):
        return False
    row.replied_ms = event.at_ms
    return True


def survey_fact(event: Survey) -> Fact:
    """The answer as a fact; its content is what CONTENT names for surveys."""
    return Fact(event.at_ms, Survey.rank, event.event_id, (event.kind, event.score, event.scale_max, event.customer_id, event.team))


def _merge_survey(row: TicketRow, event: Survey) -> bool:
    if row.surveys is None:
        row.surveys = {}
    return keep_latest(row.surveys, event.kind, survey_fact(event))


def keep_latest(answers: dict[str, Fact], kind: str, fact: Fact) -> bool:
    """Keep the greater of two answers of a kind; True when that is the new one."""
    known = answers.get(kind)
    if known is not None and not fact.follows(known):
        return False
    answers[kind] = fact
    return True


def _merge_changed(row: TicketRow, event: ResolvedEvent | TicketChanged) -> bool:
    kind = type(event)
    if kind is Discarded:
        changed, row.discarded = not row.discarded, True
        return changed
    if kind is Triaged:
        return _merge_triage(row, event)  # type: ignore[arg-type]
    name, fact = _fact(event)
    facts: FactSet | None = getattr(row, name)
    if facts is None:
        facts = FactSet()
        setattr(row, name, facts)
    return facts.insert(fact)


def _fact(event: ResolvedEvent | TicketChanged) -> tuple[str, Fact]:
    kind = type(event)
    if kind is Replied:
        return "replies", Fact(event.at_ms, event.rank, event.event_id, (event.waiting_since_ms,))  # type: ignore[union-attr]
    if not isinstance(event, HandleParts):
        return "transitions", Fact(event.at_ms, event.rank, event.event_id)
    if kind is ResolvedEvent:
        return "transitions", Fact(event.at_ms, event.rank, event.event_id, (*event.parts_ms(), event.outcome or "solved"))  # type: ignore[union-attr]
    return "handled", Fact(event.at_ms, event.rank, event.event_id, event.parts_ms())


def _merge_triage(row: TicketRow, event: Triaged) -> bool:
    values = (event.team, event.channel, event.priority)
    fact = Fact(event.at_ms, event.rank, event.event_id, values)
    latest = row.triage or [None, None, None]
    changed = False
    for i, value in enumerate(values):
        known = latest[i]
        if value is not None and (known is None or fact.follows(known)):
            latest[i], changed = fact, True
    if changed:
        row.triage = latest
    return changed
