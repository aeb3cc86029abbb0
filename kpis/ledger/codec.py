"""The rows of the ledger as bytes: keys, values, versions.

What is written here is read by other versions of the program.

A value is one version byte and a MessagePack body. A key of the `-view` topic is a MessagePack array; its
first item names the kind of row.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple

import msgspec
from msgspec import Struct

from kpis.ledger import legacy, packing
from kpis.members import dimensions
from kpis.presence import PresenceRow
from kpis.sla.at_risk import AtRiskKey, AtRiskRow, ToldAtRiskRow
from kpis.sla.policy import Signed
from kpis.tickets.customers import CustomerRow
from kpis.tickets.manner import FIRST_CONTACT, Manner
from kpis.tickets.row import CUSTOMERS, TicketRow
from kpis.tickets.standing import Dims
from kpis.view_keys import LevelKey, PaneKey
from windows.cells import Cells

# read up to here; a row is written as the oldest version that has what it needs, so that a way back stays
# open
VERSION: Final = 7
_PREFIX: Final = bytes([1])
_PROMISED: Final = bytes([2])
_OF_FACTS: Final = bytes([4])
_REMAINS: Final = bytes([5])
_OF_TIME_LINES: Final = bytes([7])
_DEFINED: Final = bytes([4])
FACTS_FORMAT: Final = 4
REMAINS_FORMAT: Final = 5  # from here on something remains of ticket rows that have left
# from here on transactions have ids that no other app_id's begin with; rows are those of 5
OWN_IDS_FORMAT: Final = 6
# from here on ticket rows hold messages, statuses, transfers, bots, corrections and deadlines of their own
TIME_LINE_FORMAT: Final = 7
PRESENCE_FORMAT: Final = 7  # from here on the view has rows of presence; who reads up to 6 refuses them
_PRESENT: Final = bytes([PRESENCE_FORMAT])
SEGMENT_FORMAT: Final = 7  # from here on panes may distinguish segments; who reads up to 6 refuses them
MANNER_FORMAT: Final = 7  # from here on panes may be made in another manner; who writes up to 6 stops
_OF_SEGMENTS: Final = bytes([SEGMENT_FORMAT])
_PANE: Final = 0
_LEVEL: Final = 1
_NAMES: Final = 2
_POSITION: Final = 3
_AT_RISK: Final = 4
_PRESENCE: Final = 5
_TICKET: Final = b"t"
_CUSTOMER: Final = b"c"


class NewerRowError(Exception):
    """A row was written by a newer version of the program: upgrade this one before it may read the ledger."""

    def __init__(self, version: int) -> None:
        super().__init__(
            f"a ledger row has version {version}, this program reads up to {VERSION}: upgrade it; if you "
            "are going back, the ledger has been raised since; docs/upgrade.md lists the remaining steps"
        )


class NamesKey(NamedTuple):
    """The row of admitted names of each dimension."""


class PositionKey(NamedTuple):
    """The position row: the last row of every transaction."""


class PresenceKey(NamedTuple):
    """The row of the latest presence of a team."""

    team: str


ViewKey = PaneKey | LevelKey | NamesKey | PositionKey | AtRiskKey | PresenceKey
AdmittedNames = list[list[str]]  # teams, channels, priorities; segments where they are switched on


class Position(Struct, gc=False, omit_defaults=True):
    """How far a partition is, and everything that is not idempotent.

    Written last in each transaction, so that it vouches for the rest.
    """

    partitions: int = 0  # partitions of every topic when the ledger was begun; they must never change
    offsets: dict[str, int] = {}  # last applied offset by source topic
    maxima: dict[str, int] = {}  # greatest accepted event time by source topic, ms
    event_clock_ms: int | None = None  # E; None: no topic has told its time yet
    transaction: int = 0  # transactions written
    # accepted, duplicate, twin, late, overflow, ..., rejected:<reason>, folded:<kind>; uncreated
    counters: dict[str, int] = {}
    # the worker that wrote this row, by its client id; so a partition whose owner has changed is being
    # recovered
    owner: str = ""
    policy: Signed | None = None  # the versions that the rows were made with
    format: int = 1  # rows may be written up to this version (`formats.py`)
    definitions: int = 1  # which C the panes and levels were made by (`definitions.py`)
    becoming: int | None = None  # they are being made anew by this one; until then they may be of either
    # those that workers and exporters must share (`shared.py`); None: of an older worker
    settings: dict[str, str] | None = None
    overflowed: list[str] = []  # tickets that had more facts than a row keeps exactly, the latest ones
    segment: bool = False  # the panes and levels distinguish segments
    # the panes and levels are being made anew in another manner (`kpis.tickets.manner`)
    remaking: bool = False
    frt_from: str = FIRST_CONTACT  # where their first response times begin

    @property
    def manner(self) -> Manner:
        """How the panes and levels were made."""
        return Manner(self.segment, self.frt_from)


POSITION_KEY: Final = msgspec.msgpack.encode([_POSITION])
NAMES_KEY: Final = msgspec.msgpack.encode([_NAMES])
_encode: Final = msgspec.msgpack.Encoder().encode
_decode_key: Final[Callable[[bytes], list[Any]]] = msgspec.msgpack.Decoder(list[int | str]).decode
_decode_cells: Final = msgspec.msgpack.Decoder(dict[int, int]).decode
_decode_names: Final = msgspec.msgpack.Decoder(AdmittedNames).decode
_decode_position: Final = msgspec.msgpack.Decoder(Position).decode
_decode_presence: Final = msgspec.msgpack.Decoder(PresenceRow).decode
_decode_at_risk: Final = msgspec.msgpack.Decoder(ToldAtRiskRow).decode
_decode_customer: Final = msgspec.msgpack.Decoder(CustomerRow).decode


def pane_key(key: PaneKey) -> bytes:
    """Key bytes of a pane row."""
    return _encode((_PANE, key.resolution, key.pane, *key.dims))


def level_key(key: LevelKey) -> bytes:
    """Key bytes of a level row."""
    return _encode((_LEVEL, key.series, key.hour, *key.dims))


_BEFORE_NAMES: Final = 3  # items of a key: kind, resolution or level, pane or hour
_HEAD_BYTES: Final = 3  # of a pane's key: array header, kind, resolution; the number of the pane follows


class ViewCodec:
    """Rows of panes and levels as the windowed tables write them (`windows.protocols.RowCodec`).

    With segments, keys have one name more, and values the version of the first programs that know of that.
    """

    def __init__(self, *, segment: bool = False) -> None:
        self._prefix = _OF_SEGMENTS if segment else _PREFIX
        self._width = len(dimensions(segment=segment))

    def is_foreign(self, key: bytes) -> bool:
        """Whether the key of a pane or level has another number of names: the setting was another one."""
        return key[:1] != _encode((None,) * (_BEFORE_NAMES + self._width))[:1]

    def pane_head(self, resolution: int) -> bytes:
        """The first bytes of every pane key of a resolution."""
        return pane_key(PaneKey(resolution, 0, self._names(CUSTOMERS)))[:_HEAD_BYTES]

    number = staticmethod(_encode)

    def names(self, dims: Dims) -> bytes:
        """The last bytes of every pane key of a combination."""
        return pane_key(PaneKey(0, 0, self._names(dims)))[_HEAD_BYTES + 1 :]

    def level_key(self, level: int, hour: int, dims: Dims) -> bytes:
        """The key of a level row."""
        return level_key(LevelKey(level, hour, self._names(dims)))

    def _names(self, dims: Dims) -> Dims:
        return (*dims, *[""] * (self._width - len(dims)))  # of the customer figures, which have none

    def encode(self, cells: Cells) -> bytes:
        """The value of a row."""
        return self._prefix + _encode(cells)

    def decode(self, raw: bytes) -> Cells:
        """Cells of a value. Errors: NewerRowError."""
        return decode_cells(raw)


def decode_view_key(raw: bytes) -> ViewKey:
    """The typed key of a row of the `-view` topic."""
    kind, *rest = _decode_key(raw)
    if kind == _PANE:
        return PaneKey(rest[0], rest[1], tuple(rest[2:]) if rest[2] else CUSTOMERS)
    if kind == _LEVEL:
        return LevelKey(rest[0], rest[1], tuple(rest[2:]) if rest[2] else CUSTOMERS)
    if kind == _NAMES:
        return NamesKey()
    if kind == _POSITION:
        return PositionKey()
    if kind == _AT_RISK:
        return AtRiskKey(rest[0], rest[1])
    if kind == _PRESENCE:
        return PresenceKey(rest[0])
    raise NewerRowError(VERSION + 1)


def at_risk_key(key: AtRiskKey) -> bytes:
    """Key bytes of a row of tickets at risk."""
    return _encode((_AT_RISK, *key))


def presence_key(team: str) -> bytes:
    """Key bytes of a row of presence."""
    return _encode((_PRESENCE, team))


def encode_presence(row: PresenceRow) -> bytes:
    """A row of presence."""
    return _PRESENT + _encode(row)


def decode_presence(raw: bytes) -> PresenceRow:
    """A row of presence. Errors: NewerRowError."""
    return _decode_presence(_body(raw))


def encode_value(body: object) -> bytes:
    """A row's value: version byte and body."""
    return _PREFIX + _encode(body)


def encode_ticket(row: TicketRow) -> bytes:
    """A ticket row, as the oldest version that has what it needs."""
    body, is_new = packing.pack(row)
    return (_OF_TIME_LINES if is_new else _OF_FACTS) + body


def encode_remains(row: TicketRow) -> bytes:
    """What remains of a ticket row that has left: its value from then on.

    Its version is that of the first programs that wrote it: they read it without what they do not know.
    """
    return _REMAINS + packing.pack_remains(row)


def are_remains(raw: bytes) -> bool:
    """Whether a value of the `-tickets` topic is not a row but what remains of one."""
    return raw[:1] == _REMAINS


def decode_remains(raw: bytes) -> TicketRow:
    """The row that a ticket comes back with. Errors: NewerRowError."""
    return packing.unpack_remains(_body(raw))


def ticket_encoder(format_: int) -> Callable[[TicketRow], bytes]:
    """How ticket rows are written into a ledger of a format.

    A newer program goes on writing what older ones read.
    """
    assert FACTS_FORMAT <= format_ <= VERSION, f"ticket rows of format {format_} are not written any more"
    return encode_ticket


def encode_position(position: Position) -> bytes:
    """The position row.

    Its version is 4: a program that does not know of definitions must neither book into the partition nor
    show it.
    """
    return _DEFINED + _encode(position)


def encode_at_risk(row: AtRiskRow) -> bytes:
    """A row of tickets at risk."""
    return _PROMISED + _encode(row)


def decode_at_risk(raw: bytes) -> ToldAtRiskRow:
    """A row of tickets at risk. Errors: NewerRowError."""
    return _decode_at_risk(_body(raw))


def decode_cells(raw: bytes) -> Cells:
    """Cells of a pane or level row. Errors: NewerRowError."""
    return _decode_cells(_body(raw))


def decode_names(raw: bytes) -> AdmittedNames:
    """Admitted names. Errors: NewerRowError."""
    names: AdmittedNames = _decode_names(_body(raw))
    return names


def decode_position(raw: bytes) -> Position:
    """The position row. Errors: NewerRowError."""
    return _decode_position(_body(raw))


def ticket_key(ticket_id: str) -> bytes:
    """Key bytes of a ticket row."""
    return _TICKET + ticket_id.encode()


def customer_key(customer_id: str) -> bytes:
    """Key bytes of a customer row."""
    return _CUSTOMER + customer_id.encode()


def decode_ticket(raw: bytes) -> TicketRow:
    """A ticket row of any version. Errors: NewerRowError."""
    body = _body(raw)
    return packing.unpack(body) if raw[0] >= FACTS_FORMAT else legacy.decode(body)


def decode_customer(raw: bytes) -> CustomerRow:
    """A customer row. Errors: NewerRowError."""
    return _decode_customer(_body(raw))


def is_ticket_key(raw: bytes) -> bool:
    """Whether a key of the `-tickets` topic is a ticket's; else it is a customer's."""
    return raw[:1] == _TICKET


def _body(raw: bytes) -> memoryview:
    if raw[0] > VERSION:
        raise NewerRowError(raw[0])
    return memoryview(raw)[1:]
