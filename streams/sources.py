"""The source topics: everything that one place must say about a topic of events.

A topic of its own for another kind of event is one more entry here; decoder, state, agents, mappings and
schemas follow.
"""

from __future__ import annotations

from collections.abc import Mapping
from operator import attrgetter
from typing import Any, Final, NamedTuple, Union, cast, get_args

from streams.events import (
    AnyEvent,
    Assigned,
    CustomerReplied,
    Discarded,
    Due,
    Event,
    FirstReply,
    HandedOver,
    Handled,
    Instant,
    Joined,
    Left,
    Merged,
    NoReplyNeeded,
    Paused,
    Presence,
    Reopened,
    Replied,
    Resolved,
    Restored,
    Resumed,
    Retracted,
    StatusChanged,
    Survey,
    TicketCreated,
    Transferred,
    Triaged,
)


class SourceTopic(NamedTuple):
    """One source topic, by its name without prefix."""

    topic: str
    kinds: tuple[
        type[Event], ...
    ]  # where there are several, a field of theirs says which (`change`, `status`)
    key: tuple[str, ...]  # fields that may hold the record key: the first one that an event has is it
    turn: (
        int  # a unit of work applies topics in this order: any gives the same rows, this one with least work
    )
    about: str

    @property
    def wire(self) -> Any:
        """What the JSON decoder reads: the event types with the instants of the wire, as a union."""
        kinds = [cast("Any", kind)[Instant] for kind in self.kinds]
        return Union[tuple(kinds)]  # noqa: UP007 - of a number of types that is known here only

    @property
    def key_of(self) -> attrgetter[str]:
        """Reads the identifier that the record key must carry off an event."""
        return attrgetter(self.key[0] if len(self.key) == 1 else "key")

    def key_field(self, event: Mapping[str, object]) -> str:
        """The field that holds the record key of an event before it is decoded.

        The empty case: the last field that may, where the event has none of them.

        >>> survey = BY_TOPIC["survey"]
        >>> (
        ...     survey.key_field({"ticket_id": None, "customer_id": "C-7"}),
        ...     survey.key_field({"ticket_id": "T-1"}),
        ... )
        ('customer_id', 'ticket_id')
        """
        return next((field for field in self.key if event.get(field)), self.key[-1])


_TICKET: Final = ("ticket_id",)
_EITHER: Final = ("ticket_id", "customer_id")
_CUSTOMER: Final = ("customer_id",)
_TEAM: Final = ("team",)
_CHANGES: Final[tuple[type[Event], ...]] = (
    Triaged,
    Transferred,
    Replied,
    CustomerReplied,
    NoReplyNeeded,
    Handled,
    StatusChanged,
    HandedOver,
    Assigned,
    Paused,
    Resumed,
    Reopened,
    Due,
    Merged,
    Discarded,
    Restored,
    Retracted,
)
_CREATED: Final = "The ticket exists from now on: a customer asked, or the desk or a bot opened it."
_REPLIED: Final = "A public reply, the first one or another; automated ones end no wait."
_RESOLVED: Final = "The ticket was closed: solved, or abandoned by the customer."
_ANSWERED: Final = "An answer to a survey, of a ticket or of a customer without one."
_CHANGED: Final = "Whatever else happens to a ticket; `change` says what."
_JOINED: Final = "Somebody became a customer, or ceased to be one."
_PRESENT: Final = "How many responders of a team are online, available and busy; the latest stands."
SOURCES: Final = (  # in the order in which people read of them
    SourceTopic("ticket-created", (TicketCreated,), _TICKET, 0, _CREATED),
    SourceTopic("first-reply", (FirstReply,), _TICKET, 2, _REPLIED),
    SourceTopic("resolved", (Resolved,), _TICKET, 3, _RESOLVED),
    SourceTopic("survey", (Survey,), _EITHER, 4, _ANSWERED),
    SourceTopic("ticket-changed", _CHANGES, _TICKET, 1, _CHANGED),
    SourceTopic("customer", (Joined, Left), _CUSTOMER, 5, _JOINED),
    SourceTopic("presence", (Presence,), _TEAM, 6, _PRESENT),
)
BY_TOPIC: Final = {source.topic: source for source in SOURCES}
_TURNS: Final = sorted(source.turn for source in SOURCES)
assert all(turn == place for place, turn in enumerate(_TURNS)), "every source topic has its turn"
_KINDS: Final = {kind for source in SOURCES for kind in source.kinds}
assert not _KINDS.symmetric_difference(get_args(AnyEvent)), "every event type has its topic"
