"""The facts of a ticket: what happened, when, under which identity, in the one order in which they stand.

A fact is a tuple, since there are millions of them and tuples compare as the order asks: `(at_ms, kind,
digest, content)`. The numbers of kinds are their order at one instant; what the ledger stores are other
numbers (`STORED`), so that a kind may be put between two. Identity is (kind, digest): `first-reply` and
`replied` are one kind, answers to surveys one for each kind of survey.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, get_args

import msgspec
from msgspec import UNSET
from xxhash import xxh3_128_digest

from streams.events import (
    Assigned,
    CustomerReplied,
    Discarded,
    Due,
    FirstReply,
    HandedOver,
    Handled,
    HandleParts,
    Labelled,
    Merged,
    NoReplyNeeded,
    Paused,
    Reopened,
    Replied,
    Resolved,
    Restored,
    Resumed,
    Retracted,
    RetractedKind,
    StatusChanged,
    Survey,
    TicketChanged,
    TicketCreated,
    TicketStatus,
    Transferred,
    Triaged,
)

Content = tuple[Any, ...]  # without the absent values at its end
Fact = tuple[int, int, bytes, Content]
FactEvent = TicketCreated | FirstReply | Resolved | Survey | TicketChanged

# In this order facts of one instant stand.
# (customer_id, team, channel, priority, url, segment, opened_by, with_bot, three deadlines)
CREATED: Final = 0
TRIAGED: Final = 1  # (team, channel, priority, segment)
TRANSFERRED: Final = 2  # the same
DUE: Final = 3  # (first_reply, resolution, next_reply): ms, False where it is withdrawn, None where not named
ASSIGNED: Final = 4  # (whether somebody has it,)
CUSTOMER_REPLIED: Final = 5  # (waited_ms,)
REPLIED: Final = 6  # (waited_ms, automated); waited_ms: occurred_at - waiting_since, where it is stated
NO_REPLY_NEEDED: Final = 7
HANDLED: Final = 8  # (talk_ms, hold_ms, wrap_up_ms)
PAUSED: Final = 9
RESUMED: Final = 10
HANDED_OVER: Final = 11
RESOLVED: Final = 12  # (abandoned, talk_ms, hold_ms, wrap_up_ms, by_bot)
REOPENED: Final = 13
STATUS: Final = 14  # (place in STATUSES,)
MERGED: Final = 15  # (into,)
DISCARDED: Final = 16
RESTORED: Final = 17
NPS: Final = 18  # answers: (score, scale_max, customer_id, team, scale_min)
CSAT: Final = 19
CES: Final = 20
RETRACTED: Final = 21  # (retracts, name of the kind); no step of the time line
ANSWERS: Final = {"nps": NPS, "csat": CSAT, "ces": CES}
STATUSES: Final = get_args(TicketStatus)  # their places stand in the ledger: only add at the end

# What stands in the ledger for a kind: never change a number, only add.
STORED: Final = {
    CREATED: 0,
    TRIAGED: 1,
    REPLIED: 2,
    HANDLED: 3,
    PAUSED: 4,
    RESUMED: 5,
    RESOLVED: 6,
    REOPENED: 7,
    DISCARDED: 8,
    NPS: 9,
    CSAT: 10,
    CES: 11,
    TRANSFERRED: 12,
    DUE: 13,
    ASSIGNED: 14,
    CUSTOMER_REPLIED: 15,
    NO_REPLY_NEEDED: 16,
    HANDED_OVER: 17,
    STATUS: 18,
    MERGED: 19,
    RESTORED: 20,
    RETRACTED: 21,
}
KIND_OF_STORED: Final = {stored: kind for kind, stored in STORED.items()}

_NOTHING: Final[Content] = ()
_NO_PARTS: Final = (None, None, None)
_LABELS: Final = ("team", "channel", "priority", "segment")
_DUES: Final = ("first_reply_due", "resolution_due", "next_reply_due")
_NAMES: Final[dict[int, tuple[str, ...]]] = {  # of the content, for the canonical bytes
    CREATED: (
        *("customer_id", "team", "channel", "priority", "url", "segment", "opened_by", "with_bot"),
        *("first_reply_due", "resolution_due", "next_reply_due"),
    ),
    TRIAGED: _LABELS,
    TRANSFERRED: _LABELS,
    ASSIGNED: ("assigned",),
    MERGED: ("into",),
    RETRACTED: ("retracts", "retracts_kind"),
    HANDLED: ("talk_ms", "hold_ms", "wrap_up_ms"),
    **dict.fromkeys(ANSWERS.values(), ("score", "scale_max", "customer_id", "team", "scale_min")),
}
_KIND_NAMES: Final = {kind: name for name, kind in ANSWERS.items()}
# Which kinds a retraction means, by the name that events have for it.
RETRACTABLE: Final[dict[str, frozenset[int]]] = {
    "ticket-created": frozenset({CREATED}),
    "first-reply": frozenset({REPLIED}),
    "resolved": frozenset({RESOLVED}),
    "survey": frozenset(ANSWERS.values()),
    "triaged": frozenset({TRIAGED}),
    "transferred": frozenset({TRANSFERRED}),
    "replied": frozenset({REPLIED}),
    "customer_replied": frozenset({CUSTOMER_REPLIED}),
    "no_reply_needed": frozenset({NO_REPLY_NEEDED}),
    "handled": frozenset({HANDLED}),
    "status": frozenset({STATUS}),
    "handed_over": frozenset({HANDED_OVER}),
    "assigned": frozenset({ASSIGNED}),
    "paused": frozenset({PAUSED}),
    "resumed": frozenset({RESUMED}),
    "reopened": frozenset({REOPENED}),
    "due": frozenset({DUE}),
    "merged": frozenset({MERGED}),
    "discarded": frozenset({DISCARDED}),
    "restored": frozenset({RESTORED}),
}
assert RETRACTABLE.keys() == set(get_args(RetractedKind)), "every name of the contract means some kind"


def digest(event_id: str) -> bytes:
    """128 bits that stand for an event's identifier: XXH3-128 of its UTF-8 bytes, most significant first.

    >>> digest("").hex()
    '99aa06d3014798d86001c324468d497f'
    """
    return xxh3_128_digest(event_id.encode())


def fact_of(event: FactEvent) -> Fact:
    """The fact that an event states."""
    kind, content = _CONTENTS[type(event)](event)
    return (event.occurred_at, kind, xxh3_128_digest(event.event_id.encode()), content)


def trimmed(*values: Any) -> Content:
    """A content without what is absent at its end.

    >>> trimmed("a", None, "b", None, None)
    ('a', None, 'b')
    """
    length = len(values)
    while length and values[length - 1] is None:
        length -= 1
    return values[:length]


def canonical(fact: Fact) -> bytes:
    """The last word in the order.

    JSON of the known fields without `event_id`, keys sorted, absent and default ones left out.

    `ticket_id` is empty here: it is the same for all that compete.

    >>> canonical((1000, REPLIED, b"", (250,)))
    b'{"occurred_at":1000,"ticket_id":"","waiting_since":750}'
    """
    at, kind, _, content = fact
    fields: dict[str, Any] = {"occurred_at": at, "ticket_id": ""}
    if kind in (REPLIED, CUSTOMER_REPLIED):
        waited, automated = (*content, None, None)[:2]
        fields |= {"waiting_since": None if waited is None else at - waited, "automated": automated or None}
    elif kind == RESOLVED:
        abandoned, talk, hold, wrap_up, by_bot = (*content, *(None,) * 5)[:5]
        fields |= {
            "outcome": "abandoned" if abandoned else None,
            "talk_ms": talk,
            "hold_ms": hold,
            "wrap_up_ms": wrap_up,
            "by": "bot" if by_bot else None,
        }
    elif kind == STATUS:
        fields["status"] = STATUSES[content[0]]
    elif kind == DUE:  # of its fields null is not absent: it withdraws
        named = [(name, due) for name, due in zip(_DUES, content, strict=False) if due is not None]
        fields = {name: value for name, value in fields.items() if value is not None}
        fields |= {name: None if due is False else due for name, due in named}
        return msgspec.json.encode(fields, order="sorted")
    else:
        fields |= zip(_NAMES.get(kind, ()), content, strict=False)
        fields["kind"] = _KIND_NAMES.get(kind)
    return msgspec.json.encode(
        {name: value for name, value in fields.items() if value is not None}, order="sorted"
    )


def precedes(one: Fact, other: Fact) -> bool:
    """Whether of two contents of one identity the first one stands: it is the smaller in the order."""
    return one[0] < other[0] if one[0] != other[0] else canonical(one) < canonical(other)


def bytes_of(fact: Fact) -> int:
    """Bytes of a fact in the ledger, estimated from above."""
    size = 32  # kind, digest, the difference of its time, a header
    for value in fact[3]:
        size += 9 if type(value) is not str else 5 + (len(value) if value.isascii() else 4 * len(value))
    return size


def _created(event: TicketCreated) -> tuple[int, Content]:
    plain = (event.customer_id, event.team, event.channel, event.priority)
    opened_by = None if event.opened_by == "customer" else event.opened_by
    if event.segment is None and opened_by is None and not event.with_bot and not event.has_deadlines:
        return CREATED, plain if event.url is None else (*plain, event.url)
    dues = (event.first_reply_due, event.resolution_due, event.next_reply_due)
    return CREATED, trimmed(*plain, event.url, event.segment, opened_by, event.with_bot or None, *dues)


def _first_reply(event: FirstReply) -> tuple[int, Content]:
    return REPLIED, (None, True) if event.automated else _NOTHING


def _waited(event: Replied | CustomerReplied) -> int | None:
    return None if event.waiting_since is None else event.occurred_at - event.waiting_since


def _replied(event: Replied) -> tuple[int, Content]:
    return REPLIED, trimmed(_waited(event), event.automated or None)


def _customer_replied(event: CustomerReplied) -> tuple[int, Content]:
    return CUSTOMER_REPLIED, trimmed(_waited(event))


def _resolved(event: Resolved) -> tuple[int, Content]:
    parts, by_bot = event.parts_ms(), event.by == "bot" or None
    abandoned = event.outcome == "abandoned"
    plain = parts == _NO_PARTS and by_bot is None
    return RESOLVED, trimmed(abandoned or (None if plain else False), *parts, by_bot)


def _handled(event: HandleParts) -> tuple[int, Content]:
    return HANDLED, trimmed(*event.parts_ms())


def _labelled(kind: int) -> Callable[[Labelled], tuple[int, Content]]:
    return lambda event: (kind, trimmed(event.team, event.channel, event.priority, event.segment))


def _status(event: StatusChanged) -> tuple[int, Content]:
    return STATUS, (STATUSES.index(event.status),)


def _assigned(event: Assigned) -> tuple[int, Content]:
    return ASSIGNED, (event.assigned,)


def _due(event: Due) -> tuple[int, Content]:
    stated = (event.first_reply_due, event.resolution_due, event.next_reply_due)
    return DUE, trimmed(*[None if due is UNSET else False if due is None else due for due in stated])


def _merged(event: Merged) -> tuple[int, Content]:
    return MERGED, trimmed(event.into)


def _retracted(event: Retracted) -> tuple[int, Content]:
    return RETRACTED, trimmed(event.retracts, event.retracts_kind)


def _answer(event: Survey) -> tuple[int, Content]:
    return ANSWERS[event.kind], trimmed(
        event.score, event.scale_max, event.customer_id, event.team, event.scale_min
    )


def _plain(kind: int) -> Callable[[Any], tuple[int, Content]]:
    found = (kind, _NOTHING)
    return lambda _: found


_CONTENTS: Final[dict[type, Callable[[Any], tuple[int, Content]]]] = {
    TicketCreated: _created,
    FirstReply: _first_reply,
    Replied: _replied,
    Resolved: _resolved,
    Handled: _handled,
    Triaged: _labelled(TRIAGED),
    Transferred: _labelled(TRANSFERRED),
    Survey: _answer,
    CustomerReplied: _customer_replied,
    NoReplyNeeded: _plain(NO_REPLY_NEEDED),
    StatusChanged: _status,
    HandedOver: _plain(HANDED_OVER),
    Assigned: _assigned,
    Due: _due,
    Paused: _plain(PAUSED),
    Resumed: _plain(RESUMED),
    Reopened: _plain(REOPENED),
    Merged: _merged,
    Discarded: _plain(DISCARDED),
    Restored: _plain(RESTORED),
    Retracted: _retracted,
}
