"""The event contract as types: one struct a topic, one a change where a topic carries several.

Each struct exists in two forms, which differ only in what its instants are:

```
TicketCreated[Instant]   on the wire: RFC 3339 text or a number, as the JSON decoder reads it
TicketCreated            an event: integer milliseconds since the epoch (UTC)
```
`streams.decode` makes an event of the first.
At run time both are the class `TicketCreated`, so it copies nothing.
"""

from __future__ import annotations

from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Annotated, Generic, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

if TYPE_CHECKING:
    from typing_extensions import TypeVar  # Python 3.13 has the default in `typing`

    At = TypeVar("At", default=int)
else:
    from typing import TypeVar

    At = TypeVar("At")

Identifier = Annotated[str, Meta(min_length=1, max_length=128)]
Instant = Annotated[datetime, Meta(tz=True)] | int  # an instant on the wire; of an event it is an int
Seconds = Annotated[float, Meta(ge=0, le=1e9)]
Heads = Annotated[int, Meta(ge=0, le=1_000_000)]  # a number of people
_NEAR_A_TIE = 0.001  # fractions of a millisecond so close to a half are rounded as decimal numbers
Url = Annotated[str, Meta(max_length=2048)]
OpenedBy = Literal["customer", "desk", "bot"]
SolvedBy = Literal["human", "bot"]
TicketStatus = Literal["bot", "open", "waiting", "on_hold", "solved", "closed", "abandoned"]
RetractedKind = Literal[
    "ticket-created",
    "first-reply",
    "resolved",
    "survey",
    "triaged",
    "transferred",
    "replied",
    "customer_replied",
    "no_reply_needed",
    "handled",
    "status",
    "handed_over",
    "assigned",
    "paused",
    "resumed",
    "reopened",
    "due",
    "merged",
    "discarded",
    "restored",
]


class Event(Struct, Generic[At], gc=False, kw_only=True):
    """What all events carry."""

    event_id: Identifier
    occurred_at: At  # of an event: milliseconds since the epoch


class TicketEvent(Event[At], Generic[At], gc=False, kw_only=True):
    """An event of one ticket; its record key is `ticket_id`."""

    ticket_id: Identifier

    @property
    def key(self) -> str:
        """The identifier that the record key must carry."""
        return self.ticket_id


class TicketCreated(TicketEvent[At], Generic[At], gc=False, kw_only=True):
    """The ticket exists from now on: a customer asked, or the desk or a bot opened it.

    The deadlines, where they come with the ticket, overrule the policy.
    """

    customer_id: Identifier
    team: Identifier
    channel: Identifier
    priority: Identifier
    segment: Identifier | None = None
    url: Url | None = None
    opened_by: OpenedBy | None = "customer"
    with_bot: bool | None = False  # a bot has it until it is handed over
    first_reply_due: At | None = None  # of an event: milliseconds since the epoch, as the next two
    resolution_due: At | None = None
    next_reply_due: At | None = None

    @property
    def has_deadlines(self) -> bool:
        """Whether any deadline came with the ticket."""
        return not (
            self.first_reply_due is None and self.resolution_due is None and self.next_reply_due is None
        )


class FirstReply(TicketEvent[At], Generic[At], gc=False, kw_only=True):
    """A public reply, the first one or another; `automated` ones end no wait."""

    responder_id: Identifier | None = None
    automated: bool | None = False  # null counts as absent, as everywhere


class HandleParts(TicketEvent[At], Generic[At], gc=False, kw_only=True):
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


class Resolved(HandleParts[At], Generic[At], gc=False, kw_only=True):
    """The ticket was closed: solved, or abandoned by the customer."""

    outcome: Literal["solved", "abandoned"] | None = "solved"
    by: SolvedBy | None = "human"


class Labelled(TicketEvent[At], Generic[At], gc=False, kw_only=True):
    """Names for the labels of a ticket; absent ones stay as they are."""

    team: Identifier | None = None
    channel: Identifier | None = None
    priority: Identifier | None = None
    segment: Identifier | None = None


class Triaged(Labelled[At], Generic[At], gc=False, tag="triaged", tag_field="change", kw_only=True):
    """Labels were wrong, and are corrected."""


class Transferred(Labelled[At], Generic[At], gc=False, tag="transferred", tag_field="change", kw_only=True):
    """The ticket was handed to another team, channel, priority or segment: what was before stays there."""


class Replied(TicketEvent[At], Generic[At], gc=False, tag="replied", tag_field="change", kw_only=True):
    """A public reply; `waiting_since` overrules the start of the wait that it ends."""

    waiting_since: At | None = None  # of an event: milliseconds since the epoch
    automated: bool | None = False
    responder_id: Identifier | None = None


class CustomerReplied(
    TicketEvent[At], Generic[At], gc=False, tag="customer_replied", tag_field="change", kw_only=True
):
    """The customer wrote; a wait begins unless one runs. `waiting_since`: it had begun before, elsewhere."""

    waiting_since: At | None = None  # of an event: milliseconds since the epoch


class NoReplyNeeded(
    TicketEvent[At], Generic[At], gc=False, tag="no_reply_needed", tag_field="change", kw_only=True
):
    """The customer waits for no answer any more: a word of thanks, say."""


class Handled(HandleParts[At], Generic[At], gc=False, tag="handled", tag_field="change", kw_only=True):
    """An interaction ended (end of wrap-up) without closing the ticket."""


class Paused(TicketEvent[At], Generic[At], gc=False, tag="paused", tag_field="change", kw_only=True):
    """The desk waits for the customer."""


class Resumed(TicketEvent[At], Generic[At], gc=False, tag="resumed", tag_field="change", kw_only=True):
    """The desk works again."""


class Reopened(TicketEvent[At], Generic[At], gc=False, tag="reopened", tag_field="change", kw_only=True):
    """A resolved ticket came back."""


class StatusChanged(TicketEvent[At], Generic[At], gc=False, tag="status", tag_field="change", kw_only=True):
    """The status of the ticket as of a time, for desks that tell levels and no changes."""

    status: TicketStatus


class HandedOver(TicketEvent[At], Generic[At], gc=False, tag="handed_over", tag_field="change", kw_only=True):
    """The bot handed the ticket to people."""


class Assigned(TicketEvent[At], Generic[At], gc=False, tag="assigned", tag_field="change", kw_only=True):
    """Somebody has the ticket, or nobody any more; who it is is not told."""

    assigned: bool


class Due(TicketEvent[At], Generic[At], gc=False, tag="due", tag_field="change", kw_only=True):
    """The deadlines that the desk's own system set; null withdraws one, an absent one stays."""

    # Of an event they are milliseconds since the epoch.
    first_reply_due: At | UnsetType | None = UNSET
    resolution_due: At | UnsetType | None = UNSET
    next_reply_due: At | UnsetType | None = UNSET


class Merged(TicketEvent[At], Generic[At], gc=False, tag="merged", tag_field="change", kw_only=True):
    """The ticket became part of another one: it was no request of its own."""

    into: Identifier | None = None


class Discarded(TicketEvent[At], Generic[At], gc=False, tag="discarded", tag_field="change", kw_only=True):
    """Spam, or a test: withdrawn from every figure."""


class Restored(TicketEvent[At], Generic[At], gc=False, tag="restored", tag_field="change", kw_only=True):
    """Discarded or merged by mistake: the ticket is what it was."""


class Retracted(TicketEvent[At], Generic[At], gc=False, tag="retracted", tag_field="change", kw_only=True):
    """An event of the ticket was wrong: the row is as if it had never come.

    `retracts` is its `event_id`; without `retracts_kind` all events of the ticket with that id are meant.
    """

    retracts: Identifier
    retracts_kind: RetractedKind | None = None


class Survey(Event[At], Generic[At], gc=False, kw_only=True):
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


class CustomerEvent(Event[At], Generic[At], gc=False, kw_only=True):
    """A customer became one, or ceased to be one; the record key is `customer_id`."""

    customer_id: Identifier

    @property
    def key(self) -> str:
        """The identifier that the record key must carry."""
        return self.customer_id


class Joined(CustomerEvent[At], Generic[At], gc=False, tag="joined", tag_field="status", kw_only=True):
    """A customer from now on; existing ones are loaded as dated `joined`."""


class Left(CustomerEvent[At], Generic[At], gc=False, tag="left", tag_field="status", kw_only=True):
    """No customer any more."""


class Presence(Event[At], Generic[At], gc=False, kw_only=True):
    """How many responders of a team are there, as of `occurred_at`: counts, never persons."""

    team: Identifier  # as it was written, like every record key; `kpis` folds it
    online: Heads
    available: Heads
    busy: Heads

    @property
    def key(self) -> str:
        """The identifier that the record key must carry."""
        return self.team


TicketChanged = (
    Triaged
    | Transferred
    | Replied
    | CustomerReplied
    | NoReplyNeeded
    | Handled
    | StatusChanged
    | HandedOver
    | Assigned
    | Paused
    | Resumed
    | Reopened
    | Due
    | Merged
    | Discarded
    | Restored
    | Retracted
)
CustomerChanged = Joined | Left
AnyEvent = TicketCreated | FirstReply | Resolved | Survey | TicketChanged | CustomerChanged | Presence


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
