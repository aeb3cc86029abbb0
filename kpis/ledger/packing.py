"""Ticket rows as MessagePack, small.

Times as differences, kinds by the numbers of the ledger, nothing that follows from the facts.

[facts, beyond, promise, overflowed, stub, seen]      what is empty at the end is left out
facts = [kind, milliseconds since the fact before (the first: since 1970), digest, content, kind, ...]
beyond = last_ms less the time of the last fact

What remains of a row that has left (`kpis.state.comebacks`), with times as milliseconds before its last
event: [last_ms, state, creation, created, replied, first resolution, solution, reopening, latest reopening,
turns, labels of triages, more, log, labels of the resolution]
turns = [kind, before, kind, before, ...]   an abandoned resolution has the number below 0 of its kind
more = [messaged, human solution, wait, stretch of a bot, latest of these, hand-over, replies]
log = [[what, before, more], ...]           left out where it follows from the turns
labels of the resolution: those that a reopening counts under, where they are others than those of now
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest
from typing import Any, Final

import msgspec
from msgspec import Struct

from kpis.tickets import merging, observe
from kpis.tickets.facts import (
    CES,
    CREATED,
    DISCARDED,
    KIND_OF_STORED,
    MERGED,
    PAUSED,
    REPLIED,
    RESOLVED,
    RETRACTED,
    STORED,
    TRANSFERRED,
    TRIAGED,
    Content,
    Fact,
)
from kpis.tickets.promise import Promise
from kpis.tickets.row import ROW_BYTES, Stub, TicketRow
from kpis.tickets.standing import FORMAT, Dims, NamedLabels, Standing, of_old_row
from kpis.tickets.steps import GONE, WAIT, Log, More
from kpis.tickets.turns import OldTurn, log_of, old_turns

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


_LAST_OLD: Final = STORED[CES]
_OLD_LENGTHS: Final = {CREATED: 5, TRIAGED: 3, RESOLVED: 4}
_ANY_LENGTH: Final = 1 << 16


def pack(row: TicketRow) -> tuple[bytes, bool]:
    """The body of a row, and whether programs before ledger format 7 cannot read it."""
    items: list[Any] = []
    before, is_new = 0, False
    for at, kind, digest, content in row.facts:
        stored = STORED[kind]
        items += (stored, at - before, digest, content)
        before = at
        if stored > _LAST_OLD or len(content) > _OLD_LENGTHS.get(kind, _ANY_LENGTH):
            is_new = True
    beyond, stub = row.last_ms - before, row.stub
    if stub is not None:
        is_new = is_new or stub.standing.gone == MERGED or bool(stub.booked_later)
    if row.overflowed or stub is not None or row.seen:
        return _encode((items, beyond, row.promise, row.overflowed, stub, row.seen)), is_new
    if row.promise is not None:
        return _encode((items, beyond, row.promise)), is_new
    return _encode((items, beyond) if beyond else (items,)), is_new


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
    if stub is not None and not stub.standing.format:
        of_old_row(stub.standing)
        stub.log = log_of(stub.standing, stub.turns)
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
        corrected=any(fact[1] == RETRACTED for fact in found),
    )


class Remains(Struct, array_like=True, gc=False):
    """What remains of a row that has left. From `more` on of ledger format 7."""

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
    named: NamedLabels | None = None
    more: list[int | None] = []
    log: list[tuple[int, int, More]] = []
    resolved_as: NamedLabels | None = None


_OUTCOMES: Final = (None, "solved", "abandoned")
# Of the state, beside the place of the outcome.
_PAUSED, _DISCARDED, _OVERFLOWED, _MERGED, _PENDING, _ASSIGNED = 4, 8, 16, 32, 64, 128
_BY_BOT, _TODAY, _MESSAGED_SINCE = 256, 512, 1024
_decode_remains: Final = msgspec.msgpack.Decoder(Remains).decode


def pack_remains(row: TicketRow) -> bytes:
    """The body of what remains of a row."""
    log: Log = []
    standing, last = observe.walk(row, None, log), row.last_ms
    log = [turn for turn in log if turn[1] != TRANSFERRED][-merging.MOST_TURNS :]

    def before(at_ms: int | None) -> int | None:
        return None if at_ms is None else last - at_ms

    turns: list[int] = []
    for at_ms, kind, abandoned in old_turns(log):
        turns += (-STORED[kind] if abandoned else STORED[kind], last - at_ms)
    named = _named_last(standing)
    times = (standing.created_ms, standing.replied_ms, standing.first_ms, standing.solved_ms)
    reopened = (standing.reopened_ms, standing.reopened_last_ms)
    since = (standing.messaged_ms, standing.human_ms, standing.wait_ms)
    bots = (standing.bot_ms, standing.bot_last_ms, standing.handed_over_ms)
    told = log == log_of(standing, old_turns(log))
    items = [
        last,
        _state_of(row, standing),
        standing.creation,
        *map(before, times),
        *map(before, reopened),
        turns,
        None if not any(named) else named,
        [*map(before, since), *map(before, bots), standing.replies],
        [] if told else [(what, last - at, _since(what, more, last)) for at, what, more in log],
        _ended_as(standing),
    ]
    while items[-1] is None or items[-1] == []:
        items.pop()
    return _encode(items)


def _state_of(row: TicketRow, standing: Standing) -> int:
    bits = (
        (standing.paused, _PAUSED),
        (standing.gone == DISCARDED, _DISCARDED),
        (row.overflowed, _OVERFLOWED),
        (standing.gone == MERGED, _MERGED),
        (standing.pending, _PENDING),
        (standing.assigned, _ASSIGNED),
        (standing.ended_by_bot, _BY_BOT),
        (True, _TODAY),
        (standing.messaged_since, _MESSAGED_SINCE),
    )
    return _OUTCOMES.index(standing.outcome) + sum(bit for is_set, bit in bits if is_set)


def _named_last(standing: Standing) -> NamedLabels:
    """What triages and transfers have named, as it stands in the last stretch."""
    found: NamedLabels = (standing.team, standing.channel, standing.priority, standing.segment)
    for named in standing.handed or ():
        found = tuple([new or old for new, old in zip_longest(named, found)])
    return found if found[3] is not None else found[:3]


def _ended_as(standing: Standing) -> NamedLabels | None:
    """The labels of the resolution that holds, where a transfer named others after it."""
    later = [] if standing.outcome is None else (standing.handed or [])[standing.ended_stretch :]
    found = [
        label if any(len(named) > place and named[place] is not None for named in later) else None
        for place, label in enumerate(_labels_of(standing, standing.ended_stretch))
    ]
    return tuple(found if found[3] is not None else found[:3]) if any(found) else None


def _labels_of(standing: Standing, stretch: int) -> Dims:
    """The labels of a stretch with its segment, whether or not the desk counts by segment."""
    return (*Standing.dims_of(standing, stretch), standing.segment_of(stretch))


def _since(what: int, more: More, last: int) -> More:
    """What is more of a turn, with its instants turned round: before the last event, or the way back."""
    if what == WAIT:
        assert isinstance(more, int)
        return last - more
    if what == REPLIED:
        assert isinstance(more, tuple)
        *instants, _ = more  # the number of the stretch: of what remains there is one
        return (*[last - instant if isinstance(instant, int) else None for instant in instants], 0)
    return more


def last_ms_of(raw: bytes | memoryview) -> int:
    """The last event of what remains of a row."""
    return _decode_remains(raw).last_ms


def unpack_remains(raw: bytes | memoryview) -> TicketRow:
    """A row whose facts are all folded: what it comes to, and no promise yet."""
    found = _decode_remains(raw)
    last, standing = found.last_ms, _standing_of(found)
    pairs = iter(found.turns)
    turns: list[OldTurn] = [
        (last - before, KIND_OF_STORED[abs(kind)], kind < 0)
        for kind, before in zip(pairs, pairs, strict=True)
    ]
    log: Log = [(last - before, what, _since(what, rest, last)) for what, before, rest in found.log]
    log = log or log_of(standing, turns)
    ended = [at_ms for at_ms, what, more in log if what == RESOLVED and more != GONE]
    standing.ended_ms = ended[-1] if ended else None
    stub = Stub(standing, last, {}, turns, [], log)
    return TicketRow(
        [], last, bool(found.state & _OVERFLOWED), stub, size=ROW_BYTES, stub_size=len(_encode(stub))
    )


def _standing_of(found: Remains) -> Standing:
    """What a ticket had come to when its row left."""
    state = found.state

    def at(before: int | None) -> int | None:
        return None if before is None else found.last_ms - before

    team, channel, priority, segment = (*(found.named or ()), *(None,) * 4)[:4]
    more = [*found.more, *(None,) * 7]
    standing = Standing(
        created_ms=at(found.created),
        creation=found.creation,
        team=team,
        channel=channel,
        priority=priority,
        replied_ms=at(found.replied),
        outcome=_OUTCOMES[state % _PAUSED],
        paused=bool(state & _PAUSED),
        first_ms=at(found.first),
        solved_ms=at(found.solved),
        reopened_ms=at(found.reopened),
        discarded=bool(state & _DISCARDED),
        reopened_last_ms=at(found.reopened_last),
        gone=DISCARDED if state & _DISCARDED else MERGED if state & _MERGED else 0,
        pending=bool(state & _PENDING),
        messaged_ms=at(more[0]),
        human_ms=at(more[1]),
        wait_ms=at(more[2]),
        bot_ms=at(more[3]),
        bot_last_ms=at(more[4]),
        handed_over_ms=at(more[5]),
        replies=more[6] or 0,
        ended_by_bot=bool(state & _BY_BOT),
        messaged_since=bool(state & _MESSAGED_SINCE),
        assigned=bool(state & _ASSIGNED) or None,
        word=(PAUSED, None) if state & _PAUSED else None,
        format=FORMAT if state & _TODAY else 0,
        segment=segment,
    )
    of_old_row(standing)
    if (ended := found.resolved_as) is not None:
        now = _labels_of(standing, 0)
        labels = [old or new for old, new in zip(ended, now, strict=False)]
        standing.team, standing.channel, standing.priority, *named = labels
        standing.segment = named[0] if named else standing.segment
        standing.handed = [tuple([new if old else None for old, new in zip(ended, now, strict=False)])]
    return standing
