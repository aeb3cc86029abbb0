"""Another version of the program, for tests of upgrades: the next one, whose ticket rows have a field more.

`upgraded` makes it of this process for a while; `python -m tests.next_version worker` runs a command of it.
It keeps the rule that each version has to keep: rows of its own version only where the ledger's format allows
them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

import msgspec

from deskpulse.cli import main
from kpis.ledger import codec, packing
from kpis.ledger.codec import Position
from kpis.tickets.row import TicketRow

THIS: Final = codec.VERSION
NEXT: Final = THIS + 1
_encode: Final = msgspec.msgpack.Encoder().encode
_decode_this: Final = codec.decode_ticket


class NextTicketRow(TicketRow, gc=False):
    """A ticket row with what the next version knows besides."""

    mood: str = "calm"


_decode_next: Final = msgspec.msgpack.Decoder(tuple[bytes, str]).decode


def _as_next(row: TicketRow) -> NextTicketRow:
    return (
        row
        if isinstance(row, NextTicketRow)
        else NextTicketRow(*(getattr(row, name) for name in TicketRow.__struct_fields__))
    )


def _as_this(row: TicketRow) -> TicketRow:
    return TicketRow(*(getattr(row, name) for name in TicketRow.__struct_fields__))


def next_ticket_encoder(format_: int) -> Callable[[TicketRow], bytes]:
    if format_ < NEXT:
        return lambda row: codec.encode_ticket(_as_this(row))
    return lambda row: bytes([NEXT]) + _encode((packing.pack(row)[0], _as_next(row).mood))


def next_decode_ticket(raw: bytes) -> TicketRow:
    if raw[0] != NEXT:
        return _as_next(_decode_this(raw))
    body, mood = _decode_next(memoryview(raw)[1:])
    row = _as_next(packing.unpack(body))
    row.mood = mood
    return row


def next_encode_position(position: Position) -> bytes:
    return bytes([NEXT if position.format >= NEXT else THIS]) + _encode(position)


_PATCHES: Final = {
    "VERSION": NEXT,
    "ticket_encoder": next_ticket_encoder,
    "decode_ticket": next_decode_ticket,
    "encode_position": next_encode_position,
}


@contextmanager
def upgraded() -> Iterator[None]:
    """This process is of the next version within."""
    before = {name: getattr(codec, name) for name in _PATCHES}
    for name, value in _PATCHES.items():
        setattr(codec, name, value)
    try:
        yield
    finally:
        for name, value in before.items():
            setattr(codec, name, value)


if __name__ == "__main__":
    with upgraded():
        main()
