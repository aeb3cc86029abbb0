"""The one table of facts beside the event types: who a field identifies, and where it is kept in which form.

`inventory.py` fails at import when a field of the contract is not in it, or an entry belongs to no field.
"""

from __future__ import annotations

from enum import Enum
from typing import Final, NamedTuple

from deskpulse.privacy.places import KeptAt


class Person(Enum):
    """Whom a field may identify."""

    NOBODY = "nobody"
    CUSTOMER = "the customer"
    RESPONDER = "the responder"
    BY_SYSTEM = "customer and responders, by way of your own system"
    FEW = "a responder, where a team has few"


class Kept(NamedTuple):
    """A place that keeps a field, and in which form."""

    place: KeptAt
    form: str


class FieldFacts(NamedTuple):
    """What is said of a field. `events` without a name: of every event that no other entry names."""

    field: str
    events: tuple[str, ...]
    person: Person
    kept: tuple[Kept, ...]


CLEAR: Final = "clear text"
INSTANT: Final = "instant"
VALUE: Final = "value"
HASH: Final = "128-bit hash without a key (XXH3)"
REGISTER: Final = "one of 2^24 registers, by a hash without a key"
DROPPED: Final = "see `Who replied`"
_SUMS: Final = "sum and histogram"
AS_SENT: Final = (Kept(KeptAt.TOPIC, "as sent"), Kept(KeptAt.DEAD_LETTER, "as sent, if refused"))
_CUSTOMERS: Final = ("joined", "left")
_LABEL: Final = (
    Kept(KeptAt.TICKET, CLEAR),
    Kept(KeptAt.REMAINS, CLEAR),
    Kept(KeptAt.COUNTS, "group"),
    Kept(KeptAt.NAMES, CLEAR),
    Kept(KeptAt.LABEL, CLEAR),
    Kept(KeptAt.AT_RISK, CLEAR),
)
_IDENTITY: Final = (
    Kept(KeptAt.TICKET, CLEAR),
    Kept(KeptAt.REMAINS, CLEAR),
    Kept(KeptAt.AT_RISK, CLEAR),
    Kept(KeptAt.QUALITY, CLEAR),
    Kept(KeptAt.WALL, CLEAR),
    Kept(KeptAt.LOG, CLEAR),
)
_STATE: Final = (Kept(KeptAt.TICKET, VALUE), Kept(KeptAt.REMAINS, VALUE))
_PART: Final = (Kept(KeptAt.TICKET, VALUE), Kept(KeptAt.COUNTS, _SUMS))
_ANSWER: Final = (Kept(KeptAt.TICKET, VALUE), Kept(KeptAt.CUSTOMER, VALUE))
_HEADS: Final = (Kept(KeptAt.STAFFING, VALUE), Kept(KeptAt.LABEL, "figure, from 5 online on"))


def _of(field: str, person: Person, *kept: Kept, events: tuple[str, ...] = ()) -> FieldFacts:
    return FieldFacts(field, events, person, (*AS_SENT, *kept))


FACTS: Final = (
    # Identities and times.
    _of("event_id", Person.BY_SYSTEM, Kept(KeptAt.TICKET, HASH)),
    _of(
        "event_id",
        Person.BY_SYSTEM,
        Kept(KeptAt.TICKET, HASH),
        Kept(KeptAt.CUSTOMER, CLEAR),
        events=("survey",),
    ),
    _of("event_id", Person.BY_SYSTEM, Kept(KeptAt.CUSTOMER, CLEAR), events=_CUSTOMERS),
    _of(
        "occurred_at",
        Person.FEW,
        Kept(KeptAt.TICKET, INSTANT),
        Kept(KeptAt.REMAINS, INSTANT),
        Kept(KeptAt.COUNTS, "the pane that it falls in"),
    ),
    _of(
        "occurred_at",
        Person.CUSTOMER,
        Kept(KeptAt.TICKET, INSTANT),
        Kept(KeptAt.CUSTOMER, INSTANT),
        Kept(KeptAt.COUNTS, "the pane that it falls in"),
        events=("survey",),
    ),
    _of(
        "occurred_at",
        Person.CUSTOMER,
        Kept(KeptAt.CUSTOMER, INSTANT),
        Kept(KeptAt.COUNTS, "the pane that it falls in"),
        events=_CUSTOMERS,
    ),
    _of("ticket_id", Person.BY_SYSTEM, *_IDENTITY),
    _of("change", Person.NOBODY, *_STATE),
    # Who.
    _of(
        "customer_id",
        Person.CUSTOMER,
        Kept(KeptAt.TICKET, CLEAR),
        Kept(KeptAt.REMAINS, CLEAR),
        Kept(KeptAt.COUNTS, REGISTER),
        events=("ticket-created",),
    ),
    _of(
        "customer_id",
        Person.CUSTOMER,
        Kept(KeptAt.TICKET, CLEAR),
        Kept(KeptAt.CUSTOMER, CLEAR),
        Kept(KeptAt.LOG, CLEAR),
        events=("survey",),
    ),
    _of(
        "customer_id",
        Person.CUSTOMER,
        Kept(KeptAt.CUSTOMER, CLEAR),
        Kept(KeptAt.LOG, CLEAR),
        events=_CUSTOMERS,
    ),
    _of("status", Person.CUSTOMER, Kept(KeptAt.CUSTOMER, VALUE), events=_CUSTOMERS),
    FieldFacts("responder_id", (), Person.RESPONDER, (Kept(KeptAt.TOPIC, DROPPED), AS_SENT[1])),
    # Labels.
    _of("team", Person.FEW, *_LABEL),
    _of(
        "team",
        Person.FEW,
        Kept(KeptAt.TICKET, CLEAR),
        Kept(KeptAt.CUSTOMER, CLEAR),
        Kept(KeptAt.COUNTS, "group"),
        Kept(KeptAt.NAMES, CLEAR),
        Kept(KeptAt.LABEL, CLEAR),
        events=("survey",),
    ),
    _of("channel", Person.NOBODY, *_LABEL),
    _of("priority", Person.NOBODY, *_LABEL),
    _of("segment", Person.NOBODY, *_LABEL),
    # Of a creation.
    _of(
        "url",
        Person.BY_SYSTEM,
        *(Kept(place, CLEAR) for place in (KeptAt.TICKET, KeptAt.REMAINS, KeptAt.AT_RISK, KeptAt.WALL)),
    ),
    _of("opened_by", Person.NOBODY, *_STATE),
    _of("with_bot", Person.NOBODY, *_STATE),
    *(
        _of(due, Person.NOBODY, *_STATE, Kept(KeptAt.AT_RISK, INSTANT))
        for due in ("first_reply_due", "resolution_due", "next_reply_due")
    ),
    # Messages and interactions.
    _of("waiting_since", Person.NOBODY, Kept(KeptAt.TICKET, "duration"), Kept(KeptAt.COUNTS, _SUMS)),
    _of("automated", Person.NOBODY, Kept(KeptAt.TICKET, VALUE)),
    _of("talk_seconds", Person.FEW, *_PART),
    _of("hold_seconds", Person.FEW, *_PART),
    _of("wrap_up_seconds", Person.FEW, *_PART),
    # Changes of state.
    _of("outcome", Person.NOBODY, *_STATE, Kept(KeptAt.COUNTS, "count")),
    _of("by", Person.NOBODY, *_STATE, Kept(KeptAt.COUNTS, "count")),
    _of("status", Person.NOBODY, *_STATE),
    _of("assigned", Person.NOBODY, *_STATE, Kept(KeptAt.COUNTS, "count")),
    _of("into", Person.BY_SYSTEM, Kept(KeptAt.TICKET, CLEAR)),
    _of("retracts", Person.BY_SYSTEM, Kept(KeptAt.TICKET, CLEAR)),
    _of("retracts_kind", Person.NOBODY, Kept(KeptAt.TICKET, VALUE)),
    # Answers.
    _of("kind", Person.NOBODY, *_ANSWER),
    _of("score", Person.CUSTOMER, *_ANSWER, Kept(KeptAt.COUNTS, "count")),
    _of("scale_max", Person.NOBODY, *_ANSWER),
    _of("scale_min", Person.NOBODY, Kept(KeptAt.TICKET, VALUE)),
    _of("satisfied", Person.CUSTOMER, Kept(KeptAt.TICKET, "score"), Kept(KeptAt.CUSTOMER, "score")),
    # Staffing: counts of a team, never persons.
    _of("event_id", Person.NOBODY, Kept(KeptAt.STAFFING, HASH), events=("presence",)),
    _of("occurred_at", Person.NOBODY, Kept(KeptAt.STAFFING, INSTANT), events=("presence",)),
    _of(
        "team",
        Person.FEW,
        *(Kept(place, CLEAR) for place in (KeptAt.STAFFING, KeptAt.NAMES, KeptAt.LABEL, KeptAt.LOG)),
        events=("presence",),
    ),
    *(_of(name, Person.FEW, *_HEADS) for name in ("online", "available", "busy")),
)
