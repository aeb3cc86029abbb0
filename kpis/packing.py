"""Ticket rows as MessagePack, small: times as differences, kinds by the numbers of the ledger, nothing that follows from the facts.

[facts, beyond, promise, overflowed, stub, seen]      what is empty at the end is left out
facts = [kind, milliseconds since the fact before (the first: since 1970), digest, content, kind, ...]
beyond = last_ms less the time of the last fact
"""

from __future__ import annotations

from typing import Any, Final

import msgspec
from msgspec import Struct

from kpis.facts import KIND_OF_STORED, STORED, Fact
from kpis.promises import Promise
from kpis.tickets import ROW_BYTES, Stub, TicketRow

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
    items = iter(packed.facts)
    for kind, since, digest, content in zip(items, items, items, items, strict=True):
        before += since  # type: ignore[operator]
        found.append((before, KIND_OF_STORED[kind], digest, content))  # type: ignore[arg-type, index]
    stub = packed.stub
    stub_size = 0 if stub is None else len(_encode(stub))
    size = ROW_BYTES + len(raw) - stub_size
    return TicketRow(found, before + packed.beyond_ms, packed.overflowed, stub, packed.seen, packed.promise, size, stub_size)
