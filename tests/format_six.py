"""What programs of ledger format 6 read: the shapes of their rows, written out.

They ignore what an array has beyond its end, and fail on a kind, a type or a version that they do not know.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import msgspec
from msgspec import Struct

VERSION: Final = 6
KINDS: Final = range(12)  # created, triaged, replied, handled, paused, ... three surveys
LONGEST: Final = {0: 5, 1: 3, 2: 2, 6: 4}  # values of a content that they make something of
_REMAINS: Final = 5
Content = tuple[Any, ...]


class Standing(Struct, array_like=True):
    """What facts came to that a row keeps no more."""

    created_ms: int | None = None
    creation: Content | None = None
    team: str | None = None
    channel: str | None = None
    priority: str | None = None
    replied_ms: int | None = None
    outcome: str | None = None
    paused: bool = False
    first_ms: int | None = None
    solved_ms: int | None = None
    reopened_ms: int | None = None
    discarded: bool = False
    answers: list[tuple[int, str | None, int, int]] | None = None
    reopened_last_ms: int | None = None


class Stub(Struct, array_like=True):
    """The rest of such facts."""

    standing: Standing
    until_ms: int
    booked: dict[int, dict[int, int]] = {}
    turns: list[tuple[int, int, bool]] = []


class Promise(Struct, array_like=True):
    """What a policy says of a ticket."""

    reply_due_ms: int | None = None
    resolution_due_ms: int | None = None
    reply_ms: int | None = None
    resolution_ms: int | None = None
    reply_allowance: int | None = None
    resolution_allowance: int | None = None


class Row(Struct, array_like=True):
    """The body of a ticket row."""

    facts: list[int | bytes | tuple[int | str | bool | None, ...]]
    beyond_ms: int = 0
    promise: Promise | None = None
    overflowed: bool = False
    stub: Stub | None = None
    seen: list[int] = []


class Remains(Struct, array_like=True):
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


class Entry(Struct, array_like=True):
    """One running clock of the tickets at risk."""

    due_ms: int
    ticket_id: str
    created_ms: int
    channel: str
    priority: str
    url: str | None = None


class AtRisk(Struct, array_like=True):
    """A row of tickets at risk."""

    stale_ms: int
    left_out_behind: int
    left_out_ahead: int
    entries: list[Entry]


class Position(Struct):
    """How far a partition is."""

    partitions: int = 0
    offsets: dict[str, int] = {}
    maxima: dict[str, int] = {}
    event_clock_ms: int | None = None
    transaction: int = 0
    counters: dict[str, int] = {}
    owner: str = ""
    policy: tuple[int, dict[str, Any]] | None = None
    format: int = 1
    definitions: int = 1
    becoming: int | None = None
    settings: dict[str, str] | None = None
    overflowed: list[str] = []


class Fact(NamedTuple):
    """A fact as such a program has it, with the ledger's number of the kind."""

    at_ms: int
    kind: int
    digest: bytes
    content: Content


def ticket(raw: bytes) -> tuple[Row, list[Fact]] | Remains:
    """The value of a ticket. Errors: AssertionError, msgspec.ValidationError where they would fail."""
    assert raw[0] <= VERSION, f"a row of version {raw[0]}"
    if raw[0] == _REMAINS:
        remains = msgspec.msgpack.decode(raw[1:], type=Remains)
        assert set(map(abs, remains.turns[::2])) <= set(KINDS)
        return remains
    row = msgspec.msgpack.decode(raw[1:], type=Row)
    found, before, items = [], 0, iter(row.facts)
    for kind, since, digest, content in zip(items, items, items, items, strict=True):
        assert isinstance(kind, int)
        assert isinstance(since, int)
        assert isinstance(digest, bytes)
        assert isinstance(content, tuple)
        assert kind in KINDS, f"a fact of kind {kind}"
        assert len(content) <= LONGEST.get(kind, len(content)), f"{content} of kind {kind}"
        before += since
        found.append(Fact(before, kind, digest, content))
    return row, found


def view(raw: bytes, shape: type) -> Any:
    """The value of a row of the view. Errors: as `ticket`."""
    assert raw[0] <= VERSION, f"a row of version {raw[0]}"
    return msgspec.msgpack.decode(raw[1:], type=shape)
