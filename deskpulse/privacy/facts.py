"""The one table of facts beside the event types: who a field identifies, and where it is kept in which form.

`inventory.py` fails at import when a field of the contract is not in it, or an entry belongs to no field.
"""

from __future__ import annotations

from enum import Enum
from typing import Final, NamedTuple

from deskpulse.privacy.places import Place


class Person(Enum):
    """Whom a field may identify."""

    NOBODY = "nobody"
    CUSTOMER = "the customer"
    RESPONDER = "the responder"
    BY_SYSTEM = "customer and responders, by way of your own system"
    FEW = "a responder, where a team has few"


class Kept(NamedTuple):
    """A place that keeps a field, and in which form."""

    place: Place
    form: str


class Entry(NamedTuple):
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
AS_SENT: Final = (Kept(Place.TOPIC, "as sent"), Kept(Place.DEAD_LETTER, "as sent, if refused"))
_CUSTOMERS: Final = ("joined", "left")
_LABEL: Final = (
    Kept(Place.TICKET, CLEAR),
    Kept(Place.REMAINS, CLEAR),
    Kept(Place.COUNTS, "group"),
    Kept(Place.NAMES, CLEAR),
    Kept(Place.LABEL, CLEAR),
    Kept(Place.AT_RISK, CLEAR),
)
_IDENTITY: Final = (
    Kept(Place.TICKET, CLEAR),
    Kept(Place.REMAINS, CLEAR),
    Kept(Place.AT_RISK, CLEAR),
    Kept(Place.QUALITY, CLEAR),
    Kept(Place.WALL, CLEAR),
    Kept(Place.LOG, CLEAR),
)
_STATE: Final = (Kept(Place.TICKET, VALUE), Kept(Place.REMAINS, VALUE))
_PART: Final = (Kept(Place.TICKET, VALUE), Kept(Place.COUNTS, _SUMS))
_ANSWER: Final = (Kept(Place.TICKET, VALUE), Kept(Place.CUSTOMER, VALUE))
_HEADS: Final = (Kept(Place.STAFFING, VALUE), Kept(Place.LABEL, "figure, from 5 online on"))


def _of(field: str, person: Person, *kept: Kept, events: tuple[str, ...] = ()) -> Entry:
    return Entry(field, events, person, (*AS_SENT, *kept))


FACTS: Final = (
    # Identities and times.
    _of("event_id", Person.BY_SYSTEM, Kept(Place.TICKET, HASH)),
    _of(
        "event_id",
        Person.BY_SYSTEM,
        Kept(Place.TICKET, HASH),
        Kept(Place.CUSTOMER, CLEAR),
        events=("survey",),
    ),
    _of("event_id", Person.BY_SYSTEM, Kept(Place.CUSTOMER, CLEAR), events=_CUSTOMERS),
    _of(
        "occurred_at",
        Person.FEW,
        Kept(Place.TICKET, INSTANT),
        Kept(Place.REMAINS, INSTANT),
        Kept(Place.COUNTS, "the pane that it falls in"),
    ),
    _of(
        "occurred_at",
        Person.CUSTOMER,
        Kept(Place.TICKET, INSTANT),
        Kept(Place.CUSTOMER, INSTANT),
        Kept(Place.COUNTS, "the pane that it falls in"),
        events=("survey",),
    ),
    _of(
        "occurred_at",
        Person.CUSTOMER,
        Kept(Place.CUSTOMER, INSTANT),
        Kept(Place.COUNTS, "the pane that it falls in"),
        events=_CUSTOMERS,
    ),
    _of("ticket_id", Person.BY_SYSTEM, *_IDENTITY),
    _of("change", Person.NOBODY, *_STATE),
    # Who.
    _of(
        "customer_id",
        Person.CUSTOMER,
        Kept(Place.TICKET, CLEAR),
        Kept(Place.REMAINS, CLEAR),
        Kept(Place.COUNTS, REGISTER),
        events=("ticket-created",),
    ),
    _of(
        "customer_id",
        Person.CUSTOMER,
        Kept(Place.TICKET, CLEAR),
        Kept(Place.CUSTOMER, CLEAR),
        Kept(Place.LOG, CLEAR),
        events=("survey",),
    ),
    _of(
        "customer_id",
        Person.CUSTOMER,
        Kept(Place.CUSTOMER, CLEAR),
        Kept(Place.LOG, CLEAR),
        events=_CUSTOMERS,
    ),
    _of("status", Person.CUSTOMER, Kept(Place.CUSTOMER, VALUE), events=_CUSTOMERS),
    Entry("responder_id", (), Person.RESPONDER, (Kept(Place.TOPIC, DROPPED), AS_SENT[1])),
    # Labels.
    _of("team", Person.FEW, *_LABEL),
    _of(
        "team",
        Person.FEW,
        Kept(Place.TICKET, CLEAR),
        Kept(Place.CUSTOMER, CLEAR),
        Kept(Place.COUNTS, "group"),
        Kept(Place.NAMES, CLEAR),
        Kept(Place.LABEL, CLEAR),
        events=("survey",),
    ),
    _of("channel", Person.NOBODY, *_LABEL),
    _of("priority", Person.NOBODY, *_LABEL),
    _of("segment", Person.NOBODY, *_LABEL),
    # Of a creation.
    _of(
        "url",
        Person.BY_SYSTEM,
        *(Kept(place, CLEAR) for place in (Place.TICKET, Place.REMAINS, Place.AT_RISK, Place.WALL)),
    ),
    _of("opened_by", Person.NOBODY, *_STATE),
    _of("with_bot", Person.NOBODY, *_STATE),
    *(
        _of(due, Person.NOBODY, *_STATE, Kept(Place.AT_RISK, INSTANT))
        for due in ("first_reply_due", "resolution_due", "next_reply_due")
    ),
    # Messages and interactions.
    _of("waiting_since", Person.NOBODY, Kept(Place.TICKET, "duration"), Kept(Place.COUNTS, _SUMS)),
    _of("automated", Person.NOBODY, Kept(Place.TICKET, VALUE)),
    _of("talk_seconds", Person.FEW, *_PART),
    _of("hold_seconds", Person.FEW, *_PART),
    _of("wrap_up_seconds", Person.FEW, *_PART),
    # Changes of state.
    _of("outcome", Person.NOBODY, *_STATE, Kept(Place.COUNTS, "count")),
    _of("by", Person.NOBODY, *_STATE, Kept(Place.COUNTS, "count")),
    _of("status", Person.NOBODY, *_STATE),
    _of("assigned", Person.NOBODY, *_STATE, Kept(Place.COUNTS, "count")),
    _of("into", Person.BY_SYSTEM, Kept(Place.TICKET, CLEAR)),
    _of("retracts", Person.BY_SYSTEM, Kept(Place.TICKET, CLEAR)),
    _of("retracts_kind", Person.NOBODY, Kept(Place.TICKET, VALUE)),
    # Answers.
    _of("kind", Person.NOBODY, *_ANSWER),
    _of("score", Person.CUSTOMER, *_ANSWER, Kept(Place.COUNTS, "count")),
    _of("scale_max", Person.NOBODY, *_ANSWER),
    _of("scale_min", Person.NOBODY, Kept(Place.TICKET, VALUE)),
    _of("satisfied", Person.CUSTOMER, Kept(Place.TICKET, "score"), Kept(Place.CUSTOMER, "score")),
)
