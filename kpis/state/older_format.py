"""Events as programs before ledger format 7 read them, for ledgers that these can still read.

What such a ledger has no room for is refused, as it was by those programs, and fields that they did not know
are ignored. Whoever raises the ledger's format (`worker.ledger_format: 7`) ends that.
"""

from __future__ import annotations

from typing import Final

from streams.decode import Reject
from streams.events import (
    AnyEvent,
    Assigned,
    CustomerReplied,
    Due,
    HandedOver,
    Merged,
    NoReplyNeeded,
    Resolved,
    Restored,
    Retracted,
    StatusChanged,
    TicketCreated,
    Transferred,
    Triaged,
)

NEW_KINDS: Final = frozenset(
    {
        Assigned,
        CustomerReplied,
        Due,
        HandedOver,
        Merged,
        NoReplyNeeded,
        Restored,
        Retracted,
        StatusChanged,
        Transferred,
    }
)


def as_before(event: AnyEvent) -> AnyEvent | Reject:
    """The event without what is new, or why it cannot be taken."""
    if type(event) in NEW_KINDS:
        return Reject(
            "format",
            "the ledger has a format before 7, which has no room for this kind of event: once no older "
            "program is left, set worker.ledger_format: 7 (docs/upgrade.md)",
        )
    if isinstance(event, TicketCreated):
        event.segment, event.opened_by, event.with_bot = None, "customer", False
        event.first_reply_due = event.resolution_due = event.next_reply_due = None
    elif isinstance(event, Resolved):
        event.by = "human"
    elif isinstance(event, Triaged):
        event.segment = None
    return event
