"""The oracle's own reading of records: plain `json`, plain dictionaries.

Written from the event contract and ADR 0002 alone, and on purpose without a look at
`streams/`: where the two disagree about a record, one of them is wrong.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import xxhash

from oracle.fields import (
    YEAR_2200_MS,
    Rejected,
    count,
    flag,
    identifier,
    instant,
    integer,
    mark,
    name_of,
    one_of,
    plain_text,
    whole_ms,
)

__all__ = [
    "Event",
    "Facts",
    "Record",
    "Rejected",
    "canonical_bytes",
    "digest",
    "read_event",
    "read_records",
]

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
    "retracted",
]
CUSTOMER_ORDER: Final = ("joined", "left", "survey")
DEFAULTS: Final = {
    "automated": False,
    "outcome": "solved",
    "by": "human",
    "opened_by": "customer",
    "with_bot": False,
}
DROPPED: Final = frozenset({"event_id", "responder_id"})  # identifiers of persons are let go of at the way in
CHANGES: Final = frozenset(ORDER) - {"created", "resolved", "survey"}  # those have topics of their own
STATUSES: Final = frozenset({"joined", "left"})
DEADLINES: Final = ("first_reply_due", "resolution_due", "next_reply_due")
# By the kinds that events name, those that a retraction means.
RETRACTED_KIND: Final = {
    "ticket-created": "created",
    "first-reply": "replied",
    **{kind: kind for kind in ORDER if kind not in ("created", "retracted")},
}
MAX_RECORD_BYTES: Final = 64 * 1024
DEFAULT_SCALE_MAX: Final = 5


@dataclass(frozen=True, slots=True)
class Event:
    """One accepted event; `content` holds its known fields, times in ms."""

    kind: str
    owner: tuple[str, str]  # ("ticket", "customer" or "team", identifier or name)
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
    """Everything accepted, by ticket, by customer and by team, and the count of the rest."""

    tickets: Mapping[str, list[Event]]
    customers: Mapping[str, list[Event]]
    accepted: int
    rejected: Mapping[str, int]  # by reason
    first_ms: int | None  # the earliest accepted event
    # by ticket, in ms: how far whoever keeps it has heard; else `as_of`
    clocks: Mapping[str, int] = field(default_factory=dict)
    presence: Mapping[str, list[Event]] = field(default_factory=dict)  # by team


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
        "team": defaultdict(list),
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
        presence=dict(owners["team"]),
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
    if kind == "due":
        _take_deadlines(fields)
    at_ms = int(fields.content.get("occurred_at", 0))
    latest_ms = _latest_ms(record_timestamp_ms, future_tolerance_ms)
    if at_ms > latest_ms:
        fields.faults.add("future")
    if key is None or not _is_key(key, owner):
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
    if kind == "presence":
        order = (at_ms, 0, digest(event_id), canonical_bytes(content))
        return Event(kind, owner, at_ms, event_id, content, order)
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
    if topic == "presence":
        return ("team", str(fields.content.get("team", "")))
    ticket_id = fields.content.get("ticket_id")
    customer_id = fields.content.get("customer_id")
    if topic != "customer" and ticket_id is not None:
        return ("ticket", str(ticket_id))
    if topic in ("customer", "survey") and customer_id is not None:
        return ("customer", str(customer_id))
    fields.faults.add("schema")
    return ("nobody", "")


def _is_key(key: bytes, owner: tuple[str, str]) -> bool:
    """Whether a record's key is the owner; the name of a team in any spelling."""
    if owner[0] != "team":
        return key == owner[1].encode()
    try:
        return name_of(key.decode("utf-8")) == owner[1]
    except UnicodeDecodeError:
        return False


def _take_deadlines(fields: _Fields) -> None:
    """Take the deadlines of a `due`: null withdraws one, an absent one stays as it is."""
    given = [name for name in DEADLINES if name in fields.given]
    if not given:
        fields.faults.add("schema")
    for name in given:
        if fields.given[name] is None:
            fields.content[name] = None
        else:
            fields.take(name, instant, required=True)


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
    "presence": _fixed("presence"),
}
_NAME_INSIDE: Final = {
    "talk_seconds": "talk_ms",
    "hold_seconds": "hold_ms",
    "wrap_up_seconds": "wrap_up_ms",
}
_Rule = tuple[str, Callable[[Any], Any], bool]  # name, check, required
_COMMON: Final[tuple[_Rule, ...]] = (
    ("event_id", mark, True),
    ("occurred_at", instant, True),
)
_TICKET: Final[_Rule] = ("ticket_id", mark, True)
_CUSTOMER: Final[_Rule] = ("customer_id", mark, True)
_PARTS: Final[tuple[_Rule, ...]] = (
    ("talk_seconds", whole_ms, False),
    ("hold_seconds", whole_ms, False),
    ("wrap_up_seconds", whole_ms, False),
)
_LABELS: Final[tuple[_Rule, ...]] = (
    ("team", name_of, False),
    ("channel", name_of, False),
    ("priority", name_of, False),
    ("segment", name_of, False),
)
_REPLY: Final[tuple[_Rule, ...]] = (
    ("responder_id", identifier, False),
    ("automated", flag, False),
)
_FIELDS_OF_KIND: Final[Mapping[str, tuple[_Rule, ...]]] = {
    "created": (
        _TICKET,
        _CUSTOMER,
        ("team", name_of, True),
        ("channel", name_of, True),
        ("priority", name_of, True),
        ("segment", name_of, False),
        ("url", plain_text, False),
        ("opened_by", one_of("customer", "desk", "bot"), False),
        ("with_bot", flag, False),
        *((name, instant, False) for name in DEADLINES),
    ),
    "first-reply": (_TICKET, *_REPLY),
    "resolved": (
        _TICKET,
        ("outcome", one_of("solved", "abandoned"), False),
        ("by", one_of("human", "bot"), False),
        *_PARTS,
    ),
    "survey": (
        ("ticket_id", mark, False),
        ("customer_id", mark, False),
        ("team", name_of, False),
        ("score", integer, True),
        ("scale_max", integer, False),
        ("scale_min", integer, False),
        ("satisfied", flag, False),
    ),
    **dict.fromkeys(CHANGES, (_TICKET,)),
    "triaged": (_TICKET, *_LABELS),
    "transferred": (_TICKET, *_LABELS),
    "replied": (_TICKET, ("waiting_since", instant, False), *_REPLY),
    "customer_replied": (_TICKET, ("waiting_since", instant, False)),
    "handled": (_TICKET, *_PARTS),
    "status": (
        _TICKET,
        ("status", one_of("bot", "open", "waiting", "on_hold", "solved", "closed", "abandoned"), True),
    ),
    "assigned": (_TICKET, ("assigned", flag, True)),
    "merged": (_TICKET, ("into", mark, False)),
    "retracted": (_TICKET, ("retracts", mark, True), ("retracts_kind", one_of(*RETRACTED_KIND), False)),
    "joined": (_CUSTOMER,),
    "left": (_CUSTOMER,),
    "presence": (
        ("team", name_of, True),
        ("online", count, True),
        ("available", count, True),
        ("busy", count, True),
    ),
}
