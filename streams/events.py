"""The event contract as types: one struct a topic, one a change where a topic carries several.

Every event has `event_id` and `occurred_at`; after `streams.decode` the latter is always integer epoch
milliseconds (UTC).
"""

from __future__ import annotations

from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Annotated, Literal

from msgspec import Meta, Struct

Identifier = Annotated[str, Meta(min_length=1, max_length=128)]
Instant = Annotated[datetime, Meta(tz=True)] | int  # int only, once decoded
Seconds = Annotated[float, Meta(ge=0, le=1e9)]
_NEAR_A_TIE = 0.001  # fractions of a millisecond so close to a half are rounded as decimal numbers
Url = Annotated[str, Meta(max_length=2048)]


class Event(Struct, gc=False, kw_only=True):
    """What all events carry."""

    event_id: Identifier
    occurred_at: Instant

    @property
    def at_ms(self) -> int:
        """Event time in integer milliseconds since the epoch."""
        at = self.occurred_at
        assert type(at) is int, "not decoded by streams.decode"
        return at


class TicketEvent(Event, gc=False, kw_only=True):
    """An event of one ticket; its record key is `ticket_id`."""

    ticket_id: Identifier

    @property
    def key(self) -> str:
        """The identifier that the record key must carry."""
        return self.ticket_id


class TicketCreated(TicketEvent, gc=False, kw_only=True):
    """A customer asked: the ticket exists from now on."""

    customer_id: Identifier
    team: Identifier
    channel: Identifier
    priority: Identifier
    url: Url | None = None


class FirstReply(TicketEvent, gc=False, kw_only=True):
    """The first public reply; `automated` ones never end the first response time."""

    responder_id: Identifier | None = None
    automated: bool | None = False  # null counts as absent, as everywhere


class HandleParts(TicketEvent, gc=False, kw_only=True):
    """Parts of a handle time in seconds; absent parts are 0, no part at all means no interaction."""

    talk_seconds: Seconds | None = None
    hold_seconds: Seconds | None = None
    wrap_up_seconds: Seconds | None = None

    def parts_ms(self) -> tuple[int | None, int | None, int | None]:
        """Talk, hold and wrap-up in whole milliseconds (half up), None where absent."""
        return (
            _milliseconds(self.talk_seconds),
            _milliseconds(self.hold_seconds),
            _milliseconds(self.wrap_up_seconds),
        )


class Resolved(HandleParts, gc=False, kw_only=True):
    """The ticket was closed: solved, or abandoned by the customer."""

    outcome: Literal["solved", "abandoned"] | None = "solved"


class Triaged(TicketEvent, gc=False, tag="triaged", tag_field="change", kw_only=True):
    """Team, channel or priority were corrected; absent fields stay."""

    team: Identifier | None = None
    channel: Identifier | None = None
    priority: Identifier | None = None


class Replied(TicketEvent, gc=False, tag="replied", tag_field="change", kw_only=True):
    """A later public reply to a customer who was waiting since `waiting_since`."""

    waiting_since: Instant

    @property
    def waiting_since_ms(self) -> int:
        """Start of the wait in integer milliseconds since the epoch."""
        since = self.waiting_since
        assert type(since) is int, "not decoded by streams.decode"
        return since


class Handled(HandleParts, gc=False, tag="handled", tag_field="change", kw_only=True):
    """An interaction ended (end of wrap-up) without closing the ticket."""


class Paused(TicketEvent, gc=False, tag="paused", tag_field="change", kw_only=True):
    """The desk waits for the customer."""


class Resumed(TicketEvent, gc=False, tag="resumed", tag_field="change", kw_only=True):
    """The desk works again."""


class Reopened(TicketEvent, gc=False, tag="reopened", tag_field="change", kw_only=True):
    """A resolved ticket came back."""


class Discarded(TicketEvent, gc=False, tag="discarded", tag_field="change", kw_only=True):
    """Spam or merged: withdrawn from every figure."""


class Survey(Event, gc=False, kw_only=True):
    """An answer to a survey, of a ticket or of a customer without one."""

    kind: Literal["nps", "csat", "ces"]
    score: int
    ticket_id: Identifier | None = None
    customer_id: Identifier | None = None
    team: Identifier | None = None
    scale_max: int | None = None
    scale_min: int | None = None
    satisfied: bool | None = None

    @property
    def key(self) -> str:
        """The ticket, else the customer. The decoder makes sure that one is there."""
        return self.ticket_id or self.customer_id or ""


class CustomerEvent(Event, gc=False, kw_only=True):
    """A customer became one, or ceased to be one; the record key is `customer_id`."""

    customer_id: Identifier

    @property
    def key(self) -> str:
        """The identifier that the record key must carry."""
        return self.customer_id


class Joined(CustomerEvent, gc=False, tag="joined", tag_field="status", kw_only=True):
    """A customer from now on; existing ones are loaded as dated `joined`."""


class Left(CustomerEvent, gc=False, tag="left", tag_field="status", kw_only=True):
    """No customer any more."""


TicketChanged = Triaged | Replied | Handled | Paused | Resumed | Reopened | Discarded
CustomerChanged = Joined | Left
AnyEvent = TicketCreated | FirstReply | Resolved | Survey | TicketChanged | CustomerChanged


def _milliseconds(seconds: float | None) -> int | None:
    """Whole milliseconds, half up, of the decimal number as it was written (1.0005 s is 1001 ms)."""
    if seconds is None:
        return None
    if seconds.is_integer():
        return int(seconds) * 1000
    product = seconds * 1000  # within 0.0002 of the decimal one, since seconds are at most 1e9
    if abs(product % 1 - 0.5) > _NEAR_A_TIE:
        return int(product + 0.5)
    return int((Decimal(repr(seconds)) * 1000).to_integral_value(ROUND_HALF_UP))
