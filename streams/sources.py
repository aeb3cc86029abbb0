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
    Discarded,
    Event,
    FirstReply,
    Handled,
    Instant,
    Joined,
    Left,
    Paused,
    Reopened,
    Replied,
    Resolved,
    Resumed,
    Survey,
    TicketCreated,
    Triaged,
)


class Source(NamedTuple):
    """One source topic, by its name without prefix."""

    topic: str
    # its event types; where there are several, a field of theirs says which (`change`, `status`)
    kinds: tuple[type[Event], ...]
    # the fields that may hold the identifier that is the record key: the first one that an event has
    key: tuple[str, ...]
    # a unit of work applies the topics in this order: any order gives the same rows, this one with the least
    # work
    turn: int
    about: str

    @property
    def wire(self) -> Any:
        """What the JSON decoder reads.

        The event types with the instants of the wire, as a union where there are several.
        """
        kinds = [cast("Any", kind)[Instant] for kind in self.kinds]
        return Union[tuple(kinds)]  # noqa: UP007 - of a number of types that is known here only

    @property
    def key_of(self) -> attrgetter[str]:
        """Reads the identifier that the record key must carry off an event."""
        return attrgetter(self.key[0] if len(self.key) == 1 else "key")

    def key_field(self, event: Mapping[str, object]) -> str:
        """The field that holds the record key of an event that is not decoded.

        The last one that may, where it has none of them.

        >>> (
        ...     BY_TOPIC["survey"].key_field({"ticket_id": None, "customer_id": "C-7"}),
        ...     BY_TOPIC["survey"].key_field({"ticket_id": "T-1"}),
        ... )
        ('customer_id', 'ticket_id')
        """
        return next((field for field in self.key if event.get(field)), self.key[-1])


_TICKET: Final = ("ticket_id",)
SOURCES: Final = (  # the order in which topics are listed for people
    Source(
        "ticket-created", (TicketCreated,), _TICKET, 0, "A customer asked: the ticket exists from now on."
    ),
    Source(
        "first-reply",
        (FirstReply,),
        _TICKET,
        2,
        "The first public reply; automated ones never end the first response time.",
    ),
    Source(
        "resolved", (Resolved,), _TICKET, 3, "The ticket was closed: solved, or abandoned by the customer."
    ),
    Source(
        "survey",
        (Survey,),
        ("ticket_id", "customer_id"),
        4,
        "An answer to a survey, of a ticket or of a customer without one.",
    ),
    Source(
        "ticket-changed",
        (Triaged, Replied, Handled, Paused, Resumed, Reopened, Discarded),
        _TICKET,
        1,
        "Whatever else happens to a ticket; `change` says what.",
    ),
    Source(
        "customer", (Joined, Left), ("customer_id",), 5, "Somebody became a customer, or ceased to be one."
    ),
)
BY_TOPIC: Final = {source.topic: source for source in SOURCES}
assert sorted(source.turn for source in SOURCES) == list(range(len(SOURCES))), (
    "every source topic has its turn"
)
assert {kind for source in SOURCES for kind in source.kinds} == set(get_args(AnyEvent)), (
    "every event type has its topic"
)
