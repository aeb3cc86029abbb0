"""What a single event uses of the contract: its kind, each value of its closed choices, its optional fields.

The list is made of the event types, so that a kind or a value that is added there is missed here until a
desk says it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, get_args

from deskpulse.ingest.events_io import to_ms
from streams.events import OpenedBy, RetractedKind, SolvedBy, TicketStatus
from streams.sources import BY_TOPIC, SOURCES

_DEADLINES: Final = ("first_reply_due", "resolution_due", "next_reply_due")
_LABELS: Final = ("team", "channel", "priority", "segment")
_PARTS: Final = ("talk_seconds", "hold_seconds", "wrap_up_seconds")
_SINCE: Final = ("stated", "not stated")
_SCALES: Final = ("of two", "of eleven", "of another number", "satisfied stated")
# By group: the name of the field or of what is told, and what may stand there.
_GROUPS: Final[Mapping[str, tuple[str, ...]]] = {
    "topic": tuple(source.topic for source in SOURCES),
    "change": tuple(str(kind.__struct_config__.tag) for kind in BY_TOPIC["ticket-changed"].kinds),
    "customer": tuple(str(kind.__struct_config__.tag) for kind in BY_TOPIC["customer"].kinds),
    "status": get_args(TicketStatus),
    "opened_by": get_args(OpenedBy),
    "with_bot": ("true", "false"),
    "by": get_args(SolvedBy),
    "outcome": ("solved", "abandoned"),
    "assigned": ("true", "false"),
    "comes with the ticket": (*_DEADLINES, "segment", "url"),
    "due sets": _DEADLINES,
    "due withdraws": _DEADLINES,
    "triaged names": _LABELS,
    "transferred names": _LABELS,
    "automated": ("true", "false"),
    "waiting_since of replied": _SINCE,
    "waiting_since of customer_replied": (*_SINCE, "after the message"),
    "parts": (*_PARTS, "none"),
    "merged into": ("a ticket", "not told"),
    "retracts_kind": (*get_args(RetractedKind), "not stated"),
    "survey": ("nps", "csat", "ces"),
    "answer of": ("the ticket's customer", "another respondent", "a customer without ticket"),
    "csat": _SCALES,
}
USES: Final = tuple(f"{group}: {value}" for group, values in _GROUPS.items() for value in values)


def uses_of(topic: str, value: Mapping[str, Any]) -> Iterator[str]:
    """The names, of those in USES, that one event gives examples of.

    >>> list(uses_of("ticket-changed", {"change": "status", "status": "on_hold"}))
    ['topic: ticket-changed', 'change: status', 'status: on_hold']
    """
    yield f"topic: {topic}"
    if topic == "ticket-changed":
        change = value["change"]
        yield f"change: {change}"
        yield from _OF_CHANGES.get(change, _nothing)(value)
    else:
        yield from _OF_TOPICS.get(topic, _nothing)(value)


def _nothing(_: Mapping[str, Any]) -> Iterator[str]:
    yield from ()


def _created(value: Mapping[str, Any]) -> Iterator[str]:
    yield f"opened_by: {value.get('opened_by', 'customer')}"
    yield f"with_bot: {_word(value.get('with_bot'))}"
    for field in _GROUPS["comes with the ticket"]:
        if value.get(field) is not None:
            yield f"comes with the ticket: {field}"


def _reply(value: Mapping[str, Any]) -> Iterator[str]:
    yield f"automated: {_word(value.get('automated'))}"


def _replied(value: Mapping[str, Any]) -> Iterator[str]:
    yield from _reply(value)
    yield f"waiting_since of replied: {_stated(value)}"


def _message(value: Mapping[str, Any]) -> Iterator[str]:
    yield f"waiting_since of customer_replied: {_stated(value)}"
    since = value.get("waiting_since")
    if since is not None and to_ms(since) > to_ms(value["occurred_at"]):
        yield "waiting_since of customer_replied: after the message"


def _resolved(value: Mapping[str, Any]) -> Iterator[str]:
    yield f"by: {value.get('by', 'human')}"
    yield f"outcome: {value.get('outcome', 'solved')}"
    yield from _parts(value)


def _parts(value: Mapping[str, Any]) -> Iterator[str]:
    told = [part for part in _PARTS if value.get(part) is not None]
    for part in told or ["none"]:
        yield f"parts: {part}"


def _status(value: Mapping[str, Any]) -> Iterator[str]:
    yield f"status: {value['status']}"


def _assigned(value: Mapping[str, Any]) -> Iterator[str]:
    yield f"assigned: {_word(value['assigned'])}"


def _labels(value: Mapping[str, Any]) -> Iterator[str]:
    for label in _LABELS:
        if value.get(label) is not None:
            yield f"{value['change']} names: {label}"


def _due(value: Mapping[str, Any]) -> Iterator[str]:
    for deadline in _DEADLINES:
        if deadline in value:
            yield f"due {'withdraws' if value[deadline] is None else 'sets'}: {deadline}"


def _merged(value: Mapping[str, Any]) -> Iterator[str]:
    yield f"merged into: {'not told' if value.get('into') is None else 'a ticket'}"


def _retracted(value: Mapping[str, Any]) -> Iterator[str]:
    yield f"retracts_kind: {value.get('retracts_kind', 'not stated')}"


def _survey(value: Mapping[str, Any]) -> Iterator[str]:
    yield f"survey: {value['kind']}"
    if value.get("ticket_id") is None:
        yield "answer of: a customer without ticket"
    else:
        other = value.get("customer_id") is not None
        yield "answer of: another respondent" if other else "answer of: the ticket's customer"
    if value["kind"] == "csat":
        top, low = value.get("scale_max", 5), value.get("scale_min")
        told = value.get("satisfied") is not None
        scale = "of two" if top == 2 else "of eleven" if low == 0 else "of another number"
        yield f"csat: {'satisfied stated' if told else scale}"


def _customer(value: Mapping[str, Any]) -> Iterator[str]:
    yield f"customer: {value['status']}"


def _stated(value: Mapping[str, Any]) -> str:
    return _SINCE[value.get("waiting_since") is None]


def _word(value: object) -> str:
    return "true" if value else "false"


_OF_TOPICS: Final = {
    "ticket-created": _created,
    "first-reply": _reply,
    "resolved": _resolved,
    "survey": _survey,
    "customer": _customer,
}
_OF_CHANGES: Final = {
    "replied": _replied,
    "customer_replied": _message,
    "handled": _parts,
    "status": _status,
    "assigned": _assigned,
    "triaged": _labels,
    "transferred": _labels,
    "due": _due,
    "merged": _merged,
    "retracted": _retracted,
}
