"""Ticket rows as MessagePack, small.

Times as differences, kinds by the numbers of the ledger, nothing that follows from the facts.

[facts, beyond, promise, overflowed, stub, seen]      what is empty at the end is left out
facts = [kind, milliseconds since the fact before (the first: since 1970), digest, content, kind, ...]
beyond = last_ms less the time of the last fact

What remains of a row that has left (`kpis.state.comebacks`), with times as milliseconds before its last
event: [last_ms, state, creation, created, replied, first resolution, solution, reopening, latest reopening,
turns, labels of triages] turns = [kind, before, kind, before, ...]              an abandoned resolution has
the number below 0 of its kind
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import msgspec
from msgspec import Struct

from kpis.tickets import merging, observe
from kpis.tickets.facts import KIND_OF_STORED, STORED, Content, Fact
from kpis.tickets.promise import Promise
from kpis.tickets.row import ROW_BYTES, Standing, Stub, TicketRow, Turn

Item = int | bytes | tuple[int | str | bool | None, ...]
_encode: Final = msgspec.msgpack.Encoder().encode


class Packed(Struct, array_like=True, gc=False):
    """The body of a row."""

    facts: list[Item]
    beyond_ms: int = 0
    promise: Promise | None = None
    overflowed: bool = False
    stub: Stub | None = None
    seen: list[int] = []


_decode: Final = msgspec.msgpack.Decoder(Packed).decode


def pack(row: TicketRow) -> bytes:
    """The body of a row."""
    items: list[Any] = []
    before = 0
    for at, kind, digest, content in row.facts:
        items += (STORED[kind], at - before, digest, content)
        before = at
    beyond = row.last_ms - before
    if row.overflowed or row.stub is not None or row.seen:
        return _encode((items, beyond, row.promise, row.overflowed, row.stub, row.seen))
    if row.promise is not None:
        return _encode((items, beyond, row.promise))
    return _encode((items, beyond) if beyond else (items,))


def unpack(raw: bytes | memoryview) -> TicketRow:
    """The row of a body."""
    packed = _decode(raw)
    found: list[Fact] = []
    before = 0
    items: Iterator[Any] = iter(packed.facts)  # by turns a kind, a difference of time, a digest, a content
    for kind, since, digest, content in zip(items, items, items, items, strict=True):
        before += since
        found.append((before, KIND_OF_STORED[kind], digest, content))
    stub = packed.stub
    stub_size = 0 if stub is None else len(_encode(stub))
    size = ROW_BYTES + len(raw) - stub_size
    return TicketRow(
        found,
        before + packed.beyond_ms,
        packed.overflowed,
        stub,
        packed.seen,
        packed.promise,
        size,
        stub_size,
    )


class Remains(Struct, array_like=True, gc=False):
    """What remains of a row that has left."""

    last_ms: int
    state: int = 0
    creation: Content | None = None
    created: int | None = None
    replied: int | None = None
    first: int | None = None
    solved: int | None = None
    reopened: int | None = None
    reopened_last: int | None = None
    turns: list[int] = []
    named: tuple[str | None, str | None, str | None] | None = None


_OUTCOMES: Final = (None, "solved", "abandoned")
_PAUSED, _DISCARDED, _OVERFLOWED = 4, 8, 16  # of the state, beside the place of the outcome
_decode_remains: Final = msgspec.msgpack.Decoder(Remains).decode


def pack_remains(row: TicketRow) -> bytes:
    """The body of what remains of a row."""
    standing, last = observe.walk(row, None), row.last_ms

    def before(at_ms: int | None) -> int | None:
        return None if at_ms is None else last - at_ms

    state = _OUTCOMES.index(standing.outcome)
    state += _PAUSED * standing.paused + _DISCARDED * standing.discarded + _OVERFLOWED * row.overflowed
    turns: list[int] = []
    for at_ms, kind, abandoned in merging.turns_of(row, len(row.facts)):
        turns += (-STORED[kind] if abandoned else STORED[kind], last - at_ms)
    named = (standing.team, standing.channel, standing.priority)
    times = (standing.created_ms, standing.replied_ms, standing.first_ms, standing.solved_ms)
    reopened = (standing.reopened_ms, standing.reopened_last_ms)
    items = [
        last,
        state,
        standing.creation,
        *map(before, times),
        *map(before, reopened),
        turns,
        None if named == (None,) * 3 else named,
    ]
    while items[-1] is None or items[-1] == []:
        items.pop()
    return _encode(items)


def last_ms_of(raw: bytes | memoryview) -> int:
    """The last event of what remains of a row."""
    return _decode_remains(raw).last_ms


def unpack_remains(raw: bytes | memoryview) -> TicketRow:
    """A row whose facts are all folded: what it comes to, and no promise yet."""
    found = _decode_remains(raw)
    last = found.last_ms

    def at(before: int | None) -> int | None:
        return None if before is None else last - before

    team, channel, priority = found.named or (None, None, None)
    standing = Standing(
        created_ms=at(found.created),
        creation=found.creation,
        team=team,
        channel=channel,
        priority=priority,
        replied_ms=at(found.replied),
        outcome=_OUTCOMES[found.state % _PAUSED],
        paused=bool(found.state & _PAUSED),
        first_ms=at(found.first),
        solved_ms=at(found.solved),
        reopened_ms=at(found.reopened),
        discarded=bool(found.state & _DISCARDED),
        reopened_last_ms=at(found.reopened_last),
    )
    pairs = iter(found.turns)
    turns: list[Turn] = [
        (last - before, KIND_OF_STORED[abs(kind)], kind < 0)
        for kind, before in zip(pairs, pairs, strict=True)
    ]
    stub = Stub(standing, last, {}, turns)
    return TicketRow(
        [], last, bool(found.state & _OVERFLOWED), stub, size=ROW_BYTES, stub_size=len(_encode(stub))
    )
