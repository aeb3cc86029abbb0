"""Ticket rows as programs of ledger formats 1 to 3 kept and booked them.

For the law that loading such a row books nothing anew.

A frozen copy of what they did, kept short: only what the law sends.
"""

from __future__ import annotations

import msgspec
from xxhash import xxh3_64_intdigest

from kpis import cell_numbers
from kpis.ledger.legacy import OldCreation, OldTicketRow
from kpis.tickets import factsets
from kpis.tickets.factsets import FactSet, SetFact
from kpis.tickets.row import OLD_RANKS
from streams.events import (
    AnyEvent,
    Discarded,
    FirstReply,
    HandleParts,
    Replied,
    Resolved,
    Survey,
    TicketCreated,
    Triaged,
)
from windows.histogram import bucket

Observation = tuple[int, int, int]


def merge(row: OldTicketRow, event: AnyEvent) -> None:  # noqa: C901 - a frozen copy
    """Remember the identity, then take over what is kept of it."""
    rank = OLD_RANKS[type(event)]
    row.last_ms = max(row.last_ms, event.occurred_at)
    identity = xxh3_64_intdigest(event.event_id.encode(), rank)
    if identity not in row.seen and len(row.seen) < 256:
        row.seen.append(identity)
    if isinstance(event, TicketCreated):
        made = OldCreation(
            event.occurred_at,
            event.event_id,
            event.customer_id,
            event.team,
            event.channel,
            event.priority,
            event.url,
        )
        if row.creation is None or (made.at_ms, made.event_id) < (row.creation.at_ms, row.creation.event_id):
            row.creation = made
    elif isinstance(event, FirstReply):
        if not event.automated:
            row.replied_ms = (
                event.occurred_at if row.replied_ms is None else min(row.replied_ms, event.occurred_at)
            )
    elif isinstance(event, Discarded):
        row.discarded = True
    elif isinstance(event, Survey):
        content = (event.kind, event.score, event.scale_max, event.customer_id, event.team)
        row.surveys = row.surveys or {}
        _keep(row.surveys, event.kind, SetFact(event.occurred_at, rank, event.event_id, content))
    elif isinstance(event, Triaged):
        values = (event.team, event.channel, event.priority)
        row.triage = row.triage or [None, None, None]
        for i, value in enumerate(values):
            fact, known = SetFact(event.occurred_at, rank, event.event_id, values), row.triage[i]
            if value is not None and (known is None or fact.follows(known)):
                row.triage[i] = fact
    else:
        _merge_set(row, event, rank)


def _merge_set(row: OldTicketRow, event: AnyEvent, rank: int) -> None:
    content: tuple[object, ...] = ()
    name = "transitions"
    if isinstance(event, Replied):
        name, content = "replies", (event.waiting_since,)
    elif isinstance(event, Resolved):
        content = (*event.parts_ms(), event.outcome or "solved")
    elif isinstance(event, HandleParts):
        name, content = "handled", event.parts_ms()
    kept: FactSet = getattr(row, name) or FactSet()
    kept.insert(SetFact(event.occurred_at, rank, event.event_id, content))
    setattr(row, name, kept)


def _keep(answers: dict[str, SetFact], kind: str, fact: SetFact) -> None:
    if kind not in answers or fact.follows(answers[kind]):
        answers[kind] = fact


def encode(row: OldTicketRow) -> bytes:
    """The row as such a program wrote it."""
    return bytes([1]) + msgspec.msgpack.encode(row)


def dims(row: OldTicketRow) -> tuple[str, ...]:
    """Team, channel, priority."""
    assert row.creation is not None
    own = (row.creation.team, row.creation.channel, row.creation.priority)
    return tuple(
        fact.content[i] if fact else own[i] for i, fact in enumerate(row.triage or [None, None, None])
    )


def observe(row: OldTicketRow) -> list[Observation]:  # noqa: C901, PLR0912 - a frozen copy
    """What such a program booked of a ticket whose creation is known (definitions 1)."""
    if row.discarded:
        return []
    assert row.creation is not None
    created = row.creation.at_ms
    found: list[Observation] = [(created, cell_numbers.CREATED, 1)]
    if row.replied_ms is not None:
        for base in (cell_numbers.FIRST_RESPONSE, cell_numbers.RESPONSE):
            _duration(found, base, row.replied_ms, row.replied_ms - created)
    for fact in row.replies.facts() if row.replies else ():
        _duration(found, cell_numbers.RESPONSE, fact.at_ms, fact.at_ms - fact.content[0])
    state: str | None = None
    first = solved = reopened = None
    for fact in row.transitions.facts() if row.transitions else ():
        if fact.rank == factsets.RESOLVED and state is None:
            state = fact.content[3]
            first = fact.at_ms if first is None else first
            solved = fact.at_ms if solved is None and state == "solved" else solved
        elif fact.rank == factsets.REOPENED and state is not None:
            state, reopened = None, fact.at_ms if reopened is None else reopened
    if solved is not None:
        _duration(found, cell_numbers.RESOLUTION, solved, solved - created)
    counts = (
        (first, cell_numbers.RESOLVED),
        (solved, cell_numbers.SOLVED),
        (reopened, cell_numbers.REOPENED),
    )
    found += [(at_ms, cell, 1) for at_ms, cell in counts if at_ms is not None]
    if state == "solved":
        found += [(created, cell_numbers.COHORT, 1), (solved or 0, cell_numbers.NET, 1)]
    for facts in (row.transitions, row.handled):
        for fact in facts.facts() if facts else ():
            parts = [part for part in fact.content[:3] if part is not None]
            if parts:
                _duration(found, cell_numbers.HANDLE, fact.at_ms, sum(parts))
    for fact in (row.surveys or {}).values():
        score, scale = fact.content[1], 5 if fact.content[2] is None else fact.content[2]
        satisfied = score == scale if scale <= 4 else score >= scale - 1
        nps = (
            cell_numbers.PROMOTERS
            if score >= 9
            else cell_numbers.PASSIVES
            if score >= 7
            else cell_numbers.DETRACTORS
        )
        csat = cell_numbers.SATISFIED if satisfied else cell_numbers.UNSATISFIED
        found.append(
            (fact.at_ms, {"nps": nps, "csat": csat, "ces": cell_numbers.EFFORT + score}[fact.content[0]], 1)
        )
    return found


def _duration(found: list[Observation], base: int, at_ms: int, length: int) -> None:
    if length < 0:
        found.append((at_ms, cell_numbers.ANOMALY, 1))
        length = 0
    found += [(at_ms, base, 1), (at_ms, base + 1, length), (at_ms, base + 2 + bucket(length), 1)]
