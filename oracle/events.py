"""The oracle's own reading of records: plain `json`, plain dictionaries.

Written from the event contract and ADR 0002 alone, and on purpose without a look at
`streams/`: where the two disagree about a record, one of them is wrong.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import ROUND_FLOOR, Decimal
from typing import Any, Final

import xxhash

# topic, key, value, timestamp of the record in ms (None: not known, not checked)
Record = tuple[str, bytes | None, bytes | None, int | None]

# Where a record has several faults, the first of this list is its reason.
REASONS: Final = (
    "null",
    "oversize",
    "syntax",
    "schema",
    "kind",
    "name",
    "score",
    "time",
    "future",
    "key",
)
# Facts of a ticket that stand at one instant follow one another so; a first reply is a reply.
ORDER: Final = [
    "created",
    "triaged",
    "transferred",
    "due",
    "assigned",
    "customer_replied",
    "replied",
    "no_reply_needed",
    "handled",
    "paused",
    "resumed",
    "handed_over",
    "resolved",
    "reopened",
    "status",
    "merged",
    "discarded",
    "restored",
    "survey",
]
CUSTOMER_ORDER: Final = ("joined", "left", "survey")
DEFAULTS: Final = {"automated": False, "outcome": "solved"}
DROPPED: Final = frozenset({"event_id", "responder_id"})  # identifiers of persons are let go of at the way in
CHANGES: Final = frozenset({"triaged", "replied", "handled", "paused", "resumed", "reopened", "discarded"})
STATUSES: Final = frozenset({"joined", "left"})
EMBEDDINGS: Final = frozenset({"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"})
MARKS: Final = frozenset({"LEFT-TO-RIGHT MARK", "RIGHT-TO-LEFT MARK", "ARABIC LETTER MARK"})
MAX_RECORD_BYTES: Final = 64 * 1024
MAX_IDENTIFIER_CHARACTERS: Final = 128
MAX_SECONDS: Final = 1e9
DEFAULT_SCALE_MAX: Final = 5
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND: Final = timedelta(milliseconds=1)
YEAR_1990_S: Final = int(datetime(1990, 1, 1, tzinfo=UTC).timestamp())
YEAR_2100_S: Final = int(datetime(2100, 1, 1, tzinfo=UTC).timestamp())
YEAR_2200_MS: Final = (datetime(2200, 1, 1, tzinfo=UTC) - EPOCH) // MILLISECOND
RFC_3339: Final = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt ]([0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.([0-9]+))?"
    r"(?:([Zz])|([+-])([01][0-9]|2[0-3]):?([0-5][0-9]))",
)


@dataclass(frozen=True, slots=True)
class Rejected:
    """A record that the contract refuses, and the reason."""

    reason: str


@dataclass(frozen=True, slots=True)
class Event:
    """One accepted event; `content` holds its known fields, times in ms."""

    kind: str
    owner: tuple[str, str]  # ("ticket" or "customer", identifier)
    at_ms: int
    event_id: str
    content: Mapping[str, Any]
    order: tuple[int, int, str, bytes]

    @property
    def identity(self) -> tuple[str, str]:
        """What makes two events of one owner the same.

        The answers of a ticket to surveys of two kinds are not.
        """
        which = (
            f"survey {self.content['kind']}"
            if self.kind == "survey" and self.owner[0] == "ticket"
            else self.kind
        )
        return (which, self.event_id)


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything accepted, by ticket and by customer, and the count of the rest."""

    tickets: Mapping[str, list[Event]]
    customers: Mapping[str, list[Event]]
    accepted: int
    rejected: Mapping[str, int]  # by reason
    first_ms: int | None  # the earliest accepted event
    # by ticket, in ms: how far whoever keeps it has heard; else `as_of`
    clocks: Mapping[str, int] = field(default_factory=dict)


def read_records(
    records: Iterable[Record],
    *,
    future_tolerance_ms: int = 300_000,
    on_reject: Callable[[Record], None] | None = None,
) -> Facts:
    """Read all records, in any order; nothing is raised for bad data.

    `on_reject` is told of each refused one before the next is read.
    """
    owners: dict[str, dict[str, list[Event]]] = {
        "ticket": defaultdict(list),
        "customer": defaultdict(list),
    }
    rejected: Counter[str] = Counter()
    times: list[int] = []
    for record in records:
        event = read_event(record, future_tolerance_ms=future_tolerance_ms)
        if isinstance(event, Rejected):
            rejected[event.reason] += 1
            if on_reject is not None:
                on_reject(record)
            continue
        owner, identifier = event.owner
        owners[owner][identifier].append(event)
        times.append(event.at_ms)
    return Facts(
        tickets=dict(owners["ticket"]),
        customers=dict(owners["customer"]),
        accepted=len(times),
        rejected=dict(rejected),
        first_ms=min(times, default=None),
    )


def read_event(record: Record, *, future_tolerance_ms: int = 300_000) -> Event | Rejected:
    """Read one record: an event, or the first reason of the list to refuse it."""
    topic, key, raw, record_timestamp_ms = record
    if topic not in _KIND_OF_TOPIC:
        message = f"unknown topic {topic!r}: expected one of {sorted(_KIND_OF_TOPIC)}"
        raise ValueError(message)
    document = _parse(raw)
    if isinstance(document, Rejected):
        return document
    fields = _Fields(document)
    kind = _KIND_OF_TOPIC[topic](fields)
    for name, check, required in (*_COMMON, *_FIELDS_OF_KIND[kind]):
        fields.take(name, check, required=required)
    owner = _owner(topic, fields)
    _check_score(kind, fields)
    at_ms = int(fields.content.get("occurred_at", 0))
    latest_ms = _latest_ms(record_timestamp_ms, future_tolerance_ms)
    if at_ms > latest_ms:
        fields.faults.add("future")
    if key is None or key != owner[1].encode():
        fields.faults.add("key")
    if fields.faults:
        return Rejected(min(fields.faults, key=REASONS.index))
    return _event(kind, owner, fields.content)


def canonical_bytes(content: Mapping[str, Any]) -> bytes:
    """Write the known fields with sorted keys: the last word in the order.

    Identifiers of events and persons are left out, and so is what is absent or says
    what its absence says.
    """
    kept = {
        name: value
        for name, value in content.items()
        if name not in DROPPED and DEFAULTS.get(name, ...) != value
    }
    return json.dumps(kept, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def digest(event_id: str) -> str:
    """Give the 128 bits that stand for an identifier, as 32 hexadecimal digits: they sort as the bits do."""
    return xxhash.xxh3_128_hexdigest(event_id.encode("utf-8"), seed=0)


def _event(kind: str, owner: tuple[str, str], content: dict[str, Any]) -> Event:
    at_ms = int(content["occurred_at"])
    event_id = str(content["event_id"])
    if owner[0] == "customer":
        order = (at_ms, CUSTOMER_ORDER.index(kind), event_id, canonical_bytes(content))
        return Event(kind, owner, at_ms, event_id, content, order)
    if kind == "first-reply":
        kind, content = "replied", {**content, "change": "replied"}
    known = dict(content)
    if "satisfied" in known:  # the same as the second or the first of two options, whatever was asked
        known |= {"score": 2 if known.pop("satisfied") else 1, "scale_max": 2}
        known.pop("scale_min", None)
    order = (at_ms, ORDER.index(kind), digest(event_id), canonical_bytes(known))
    return Event(kind, owner, at_ms, event_id, content, order)


def _latest_ms(record_timestamp_ms: int | None, future_tolerance_ms: int) -> int:
    if record_timestamp_ms is None:
        return YEAR_2200_MS
    return record_timestamp_ms + future_tolerance_ms


def _parse(raw: bytes | None) -> dict[str, Any] | Rejected:
    if raw is None:
        return Rejected("null")
    if len(raw) > MAX_RECORD_BYTES:
        return Rejected("oversize")
    try:
        document = json.loads(raw.decode("utf-8"), parse_constant=_refuse_constant)
        if b"\\u" in raw:
            # Half a surrogate pair is no character: UTF-8 cannot write it.
            json.dumps(document, ensure_ascii=False).encode("utf-8")
    except (ValueError, RecursionError):
        return Rejected("syntax")
    return document if isinstance(document, dict) else Rejected("schema")


def _refuse_constant(name: str) -> None:
    """Refuse `NaN` and `Infinity`, which Python reads and JSON does not know."""
    raise ValueError(name)


class _Fields:
    """The fields of one record. Faults are noted, so that the first reason wins."""

    def __init__(self, given: dict[str, Any]) -> None:
        self.given = given
        self.content: dict[str, Any] = {}
        self.faults: set[str] = set()

    def take(self, name: str, check: Callable[[Any], Any], *, required: bool) -> None:
        """Check a field and keep it; null is absent, absent takes its default."""
        value = self.given.get(name)
        if value is None:
            if required:
                self.faults.add("schema")
            elif name in DEFAULTS:
                self.content[name] = DEFAULTS[name]
            return
        found = check(value)
        if isinstance(found, Rejected):
            self.faults.add(found.reason)
        else:
            self.content[_NAME_INSIDE.get(name, name)] = found

    def choose(self, name: str, known: frozenset[str]) -> str | None:
        """Take a name that decides the kind of the event."""
        value = self.given.get(name)
        if not isinstance(value, str):
            self.faults.add("schema")
            return None
        if value not in known:
            self.faults.add("kind")
            return None
        self.content[name] = value
        return value


def _owner(topic: str, fields: _Fields) -> tuple[str, str]:
    """Whose event it is, which is also what the record's key must say."""
    ticket_id = fields.content.get("ticket_id")
    customer_id = fields.content.get("customer_id")
    if topic != "customer" and ticket_id is not None:
        return ("ticket", str(ticket_id))
    if topic in ("customer", "survey") and customer_id is not None:
        return ("customer", str(customer_id))
    fields.faults.add("schema")
    return ("nobody", "")


def _check_score(kind: str, fields: _Fields) -> None:
    """Hold a score against the scale that was stated, and the scale against the kind."""
    content = fields.content
    if kind != "survey" or "score" not in content or "kind" not in content:
        return
    stated = (content.get("scale_min"), content.get("scale_max"))
    if content["kind"] == "csat":
        if "satisfied" in content:
            return
        lowest, highest = (
            (1 if stated[0] is None else stated[0]),
            (DEFAULT_SCALE_MAX if stated[1] is None else stated[1]),
        )
        allowed = [(1, top) for top in range(2, 11)] + [(0, 10)]
    else:
        lowest, highest = {"nps": (0, 10), "ces": (1, 7)}[content["kind"]]
        allowed = [(lowest, highest)]
        if "satisfied" in content or stated[0] not in (None, lowest) or stated[1] not in (None, highest):
            fields.faults.add("score")
    if (lowest, highest) not in allowed or not lowest <= content["score"] <= highest:
        fields.faults.add("score")


def _identifier(value: object) -> str | Rejected:
    text = _text(value)
    if isinstance(text, str) and 1 <= len(text) <= MAX_IDENTIFIER_CHARACTERS:
        return text
    return Rejected("schema")


def one_spelling(name: str) -> str:
    """By what names are compared: composed, without white space around it, and without regard to case."""
    trimmed = re.sub(r"^\s+|\s+$", "", unicodedata.normalize("NFC", name))
    return unicodedata.normalize("NFC", trimmed.casefold())


def _controls(text: str) -> bool:
    """Whether a screen would not show the text as it is."""
    return any(
        unicodedata.category(c) in ("Cc", "Zl", "Zp")
        or unicodedata.bidirectional(c) in EMBEDDINGS
        or unicodedata.name(c, "") in MARKS
        for c in text
    )


def _mark(value: object) -> str | Rejected:
    """An identifier that people may read on a screen."""
    found = _identifier(value)
    return Rejected("name") if isinstance(found, str) and _controls(found) else found


def _name(value: object) -> str | Rejected:
    """A name that people chose, in the one spelling that stands for all."""
    found = _identifier(value)
    if isinstance(found, Rejected):
        return found
    name = one_spelling(found)
    return Rejected("name") if not name or _controls(name) else name


def _text(value: object) -> str | Rejected:
    return value if isinstance(value, str) else Rejected("schema")


def _flag(value: object) -> bool | Rejected:
    return value if isinstance(value, bool) else Rejected("schema")


def _integer(value: object) -> int | Rejected:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    return Rejected("schema")


def _outcome(value: object) -> str | Rejected:
    known = isinstance(value, str) and value in ("solved", "abandoned")
    return str(value) if known else Rejected("schema")


def _whole_ms(value: object) -> int | Rejected:
    """Seconds to whole milliseconds, half up, of the shortest decimal of the double."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return Rejected("schema")
    try:
        seconds = float(value)
    except OverflowError:
        return Rejected("schema")
    if not 0 <= seconds <= MAX_SECONDS:
        return Rejected("schema")
    # 1.0005 * 1000 is 1000.4999... in doubles; in decimals it is what was written.
    milliseconds = Decimal(repr(seconds)) * 1000 + Decimal("0.5")
    return int(milliseconds.to_integral_value(rounding=ROUND_FLOOR))


def _instant(value: object) -> int | Rejected:
    """Epoch milliseconds or RFC 3339 with an offset, from 1970 to the end of 2199.

    Rejects what looks like epoch seconds.
    """
    if isinstance(value, str):
        at_ms = _from_rfc_3339(value)
    elif isinstance(value, int) and not isinstance(value, bool):
        at_ms = value
    else:
        return Rejected("schema")
    if at_ms is None or not 0 <= at_ms < YEAR_2200_MS or YEAR_1990_S <= at_ms < YEAR_2100_S:
        return Rejected("time")
    return at_ms


def _from_rfc_3339(text: str) -> int | None:
    """Milliseconds since the epoch; digits beyond them are cut, so time rounds down."""
    match = RFC_3339.fullmatch(text)
    if match is None:
        return None
    day, clock, fraction, _, sign, hours, minutes = match.groups()
    try:
        local = datetime.fromisoformat(f"{day}T{clock}+00:00")
    except ValueError:  # the 30th of February, hour 24, second 60
        return None
    local_ms = (local - EPOCH) // MILLISECOND + int(((fraction or "") + "000")[:3])
    offset_ms = (int(hours or 0) * 60 + int(minutes or 0)) * 60_000
    return local_ms + offset_ms if sign == "-" else local_ms - offset_ms


def _fixed(kind: str) -> Callable[[_Fields], str]:
    return lambda _fields: kind


def _survey_kind(fields: _Fields) -> str:
    fields.choose("kind", frozenset({"nps", "csat", "ces"}))
    return "survey"


_KIND_OF_TOPIC: Final[Mapping[str, Callable[[_Fields], str]]] = {
    "ticket-created": _fixed("created"),
    "first-reply": _fixed("first-reply"),
    "resolved": _fixed("resolved"),
    "survey": _survey_kind,
    # Of an unknown change or status only the common fields can be judged.
    "ticket-changed": lambda fields: fields.choose("change", CHANGES) or "paused",
    "customer": lambda fields: fields.choose("status", STATUSES) or "left",
}
_NAME_INSIDE: Final = {
    "talk_seconds": "talk_ms",
    "hold_seconds": "hold_ms",
    "wrap_up_seconds": "wrap_up_ms",
}
_Rule = tuple[str, Callable[[Any], Any], bool]  # name, check, required
_COMMON: Final[tuple[_Rule, ...]] = (
    ("event_id", _mark, True),
    ("occurred_at", _instant, True),
)
_TICKET: Final[_Rule] = ("ticket_id", _mark, True)
_CUSTOMER: Final[_Rule] = ("customer_id", _mark, True)
_PARTS: Final[tuple[_Rule, ...]] = (
    ("talk_seconds", _whole_ms, False),
    ("hold_seconds", _whole_ms, False),
    ("wrap_up_seconds", _whole_ms, False),
)
_FIELDS_OF_KIND: Final[Mapping[str, tuple[_Rule, ...]]] = {
    "created": (
        _TICKET,
        _CUSTOMER,
        ("team", _name, True),
        ("channel", _name, True),
        ("priority", _name, True),
        ("url", _text, False),
    ),
    "first-reply": (
        _TICKET,
        ("responder_id", _identifier, False),
        ("automated", _flag, False),
    ),
    "resolved": (_TICKET, ("outcome", _outcome, False), *_PARTS),
    "survey": (
        ("ticket_id", _mark, False),
        ("customer_id", _mark, False),
        ("team", _name, False),
        ("score", _integer, True),
        ("scale_max", _integer, False),
        ("scale_min", _integer, False),
        ("satisfied", _flag, False),
    ),
    "triaged": (
        _TICKET,
        ("team", _name, False),
        ("channel", _name, False),
        ("priority", _name, False),
    ),
    "replied": (_TICKET, ("waiting_since", _instant, True)),
    "handled": (_TICKET, *_PARTS),
    "paused": (_TICKET,),
    "resumed": (_TICKET,),
    "reopened": (_TICKET,),
    "discarded": (_TICKET,),
    "joined": (_CUSTOMER,),
    "left": (_CUSTOMER,),
}
