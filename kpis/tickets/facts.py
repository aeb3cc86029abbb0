"""The facts of a ticket: what happened, when, under which identity, in the one order in which they stand.

A fact is a tuple, since there are millions of them and tuples compare as the order asks: `(at_ms, kind,
digest, content)`. The numbers of kinds are their order at one instant; what the ledger stores are other
numbers (`STORED`), so that a kind may be put between two. Identity is (kind, digest): `first-reply` and
`replied` are one kind, answers to surveys one for each kind of survey.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import msgspec
from xxhash import xxh3_128_digest

from streams.events import (
    Discarded,
    FirstReply,
    Handled,
    HandleParts,
    Paused,
    Reopened,
    Replied,
    Resolved,
    Resumed,
    Survey,
    TicketChanged,
    TicketCreated,
    Triaged,
)

Content = tuple[Any, ...]  # without the absent values at its end
Fact = tuple[int, int, bytes, Content]
FactEvent = TicketCreated | FirstReply | Resolved | Survey | TicketChanged

# In this order facts of one instant stand. The gaps are kinds that the contract names and no event says yet:
# transferred, due, assigned, customer_replied (2 to 5), no_reply_needed (7), handed_over (11), status, merged
# (14, 15), restored (17).
CREATED: Final = 0  # (customer_id, team, channel, priority, url)
TRIAGED: Final = 1  # (team, channel, priority)
REPLIED: Final = 6  # (waited_ms, automated); waited_ms: occurred_at - waiting_since, where it is stated
HANDLED: Final = 8  # (talk_ms, hold_ms, wrap_up_ms)
PAUSED: Final = 9
RESUMED: Final = 10
RESOLVED: Final = 12  # (abandoned, talk_ms, hold_ms, wrap_up_ms)
REOPENED: Final = 13
DISCARDED: Final = 16
NPS: Final = 18  # answers: (score, scale_max, customer_id, team, scale_min)
CSAT: Final = 19
CES: Final = 20
ANSWERS: Final = {"nps": NPS, "csat": CSAT, "ces": CES}

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
}
KIND_OF_STORED: Final = {stored: kind for kind, stored in STORED.items()}

_NOTHING: Final[Content] = ()
_NO_PARTS: Final = (None, None, None)
_NAMES: Final[dict[int, tuple[str, ...]]] = {  # of the content, for the canonical bytes
    CREATED: ("customer_id", "team", "channel", "priority", "url"),
    TRIAGED: ("team", "channel", "priority"),
    HANDLED: ("talk_ms", "hold_ms", "wrap_up_ms"),
    **dict.fromkeys(ANSWERS.values(), ("score", "scale_max", "customer_id", "team", "scale_min")),
}
_KIND_NAMES: Final = {kind: name for name, kind in ANSWERS.items()}


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
    if kind == REPLIED:
        waited, automated = (*content, None, None)[:2]
        fields |= {"waiting_since": None if waited is None else at - waited, "automated": automated or None}
    elif kind == RESOLVED:
        abandoned, talk, hold, wrap_up = (*content, *(None,) * 4)[:4]
        fields |= {
            "outcome": "abandoned" if abandoned else None,
            "talk_ms": talk,
            "hold_ms": hold,
            "wrap_up_ms": wrap_up,
        }
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
    content = (event.customer_id, event.team, event.channel, event.priority)
    return CREATED, content if event.url is None else (*content, event.url)


def _first_reply(event: FirstReply) -> tuple[int, Content]:
    return REPLIED, (None, True) if event.automated else _NOTHING


def _replied(event: Replied) -> tuple[int, Content]:
    return REPLIED, (event.occurred_at - event.waiting_since,)


def _resolved(event: Resolved) -> tuple[int, Content]:
    parts = event.parts_ms()
    abandoned = event.outcome == "abandoned"
    return RESOLVED, trimmed(abandoned or (None if parts == _NO_PARTS else False), *parts)


def _handled(event: HandleParts) -> tuple[int, Content]:
    return HANDLED, trimmed(*event.parts_ms())


def _triaged(event: Triaged) -> tuple[int, Content]:
    return TRIAGED, trimmed(event.team, event.channel, event.priority)


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
    Triaged: _triaged,
    Survey: _answer,
    Paused: _plain(PAUSED),
    Resumed: _plain(RESUMED),
    Reopened: _plain(REOPENED),
    Discarded: _plain(DISCARDED),
}
