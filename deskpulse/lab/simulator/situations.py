"""What several events of one ticket come to, found in the order in which they are published.

A rough look, for counting only: what a ticket has really come to is the work of those who are tested.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final

from deskpulse.ingest.events_io import TimedEvent, to_ms
from deskpulse.lab.simulator.desk import DAY_MS

_LONG_MS: Final = 70 * DAY_MS  # longer than a row stays
_MANY: Final = 3
SITUATIONS: Final = (
    "messages while the customer waits already",
    "messages on a closed ticket",
    "messages while a bot has the ticket",
    "conversations of three messages of the customer or more",
    "replies that end a wait and do not say since when it ran",
    "bots that come back after a human reply",
    "tickets that a bot and later people solved",
    "waits that a merge carries over",
    "restorations of a merged ticket",
    "restorations of a discarded ticket",
    "changes of a ticket while it is merged or discarded",
    "transfers of an open ticket",
    "transfers of a closed ticket",
    "tickets closed by a status alone",
    "tickets closed by a change and a status",
    "tickets with several creations",
    "retractions before what they retract",
    "retractions after what they retract",
    "retractions of what happened more than 70 days before",
    "known identities with another content",
)


@dataclass(slots=True)
class Told:
    """What was told of a ticket so far."""

    closed: bool = False
    gone: str | None = None  # merged or discarded
    with_bot: bool = False
    waits: bool = False
    replied: bool = False
    solved_by_bot: bool = False
    creations: int = 0
    messages: int = 0
    ends: set[str] = field(default_factory=set)  # the kinds of events that closed it
    known: dict[str, tuple[int, int]] = field(default_factory=dict)  # event id: hash of content, time ms
    retracted: set[str] = field(default_factory=set)  # event ids that have not come yet


class Situations:
    """Counts situations. Memory grows with events."""

    def __init__(self) -> None:
        self._found: Counter[str] = Counter()
        self._tickets: dict[str, Told] = {}
        self._targets: set[str] = set()  # tickets into which others were merged

    def note(self, event: TimedEvent) -> None:
        """One event more; those without a ticket say nothing here."""
        ticket = event.value.get("ticket_id")
        if not isinstance(ticket, str):
            return
        told = self._tickets.setdefault(ticket, Told())
        if not self._is_new(told, event):
            return
        kind = str(event.value.get("change", event.topic))
        note = self._NOTES.get(kind)
        if note is not None:
            note(self, told, event.value)

    def counts(self) -> Mapping[str, int]:
        """By situation; 0 where one was not there."""
        found = self._found.copy()
        tickets = self._tickets.values()
        found["tickets closed by a status alone"] = sum(told.ends == {"status"} for told in tickets)
        found["tickets closed by a change and a status"] = sum(len(told.ends) > 1 for told in tickets)
        found["tickets with several creations"] = sum(told.creations > 1 for told in tickets)
        return {name: found[name] for name in SITUATIONS}

    def _is_new(self, told: Told, event: TimedEvent) -> bool:
        """Whether the identity is a new one; and whether it was retracted before it came."""
        event_id = f"{event.topic}/{event.value['event_id']}"
        content, at_ms = hash(repr(event.value)), to_ms(event.value["occurred_at"])
        if event_id in told.known:
            self._count("known identities with another content", told.known[event_id][0] != content)
            return False
        told.known[event_id] = content, at_ms
        self._count("retractions before what they retract", event.value["event_id"] in told.retracted)
        return True

    def _count(self, name: str, *there: object) -> None:
        """Count a situation, if all of it is there."""
        self._found[name] += all(there)

    def _created(self, told: Told, value: Mapping[str, Any]) -> None:
        told.creations += 1
        told.with_bot = bool(value.get("with_bot"))
        told.waits = not told.with_bot and value.get("opened_by", "customer") == "customer"

    def _message(self, told: Told, value: Mapping[str, Any]) -> None:
        told.messages += 1
        self._count("conversations of three messages of the customer or more", told.messages == _MANY)
        self._count("messages while the customer waits already", told.waits)
        self._count("messages on a closed ticket", told.closed)
        self._count("messages while a bot has the ticket", told.with_bot)
        carried = value.get("waiting_since") is not None and value["ticket_id"] in self._targets
        self._count("waits that a merge carries over", carried)
        told.waits = not told.closed and not told.with_bot

    def _reply(self, told: Told, value: Mapping[str, Any]) -> None:
        if value.get("automated"):
            return
        ends = told.waits and value.get("waiting_since") is None
        self._count("replies that end a wait and do not say since when it ran", ends)
        told.waits, told.replied, told.with_bot = False, True, False

    def _resolved(self, told: Told, value: Mapping[str, Any]) -> None:
        by_bot = value.get("by") == "bot"
        self._count("tickets that a bot and later people solved", told.solved_by_bot and not by_bot)
        told.solved_by_bot = by_bot
        self._close(told, "resolved")

    def _close(self, told: Told, kind: str) -> None:
        told.ends.add(kind)
        told.closed, told.waits, told.with_bot = True, False, False

    def _status(self, told: Told, value: Mapping[str, Any]) -> None:
        self._change(told, value)
        status = value["status"]
        if status in {"solved", "closed", "abandoned"}:
            self._close(told, "status")
            return
        self._count("bots that come back after a human reply", status == "bot" and told.replied)
        told.closed, told.with_bot = False, status == "bot"

    def _change(self, told: Told, value: Mapping[str, Any]) -> None:
        self._count("changes of a ticket while it is merged or discarded", told.gone is not None)
        told.closed = told.closed and value["change"] != "reopened"
        told.with_bot = told.with_bot and value["change"] != "handed_over"

    def _needs_no_reply(self, told: Told, _: Mapping[str, Any]) -> None:
        told.waits = False

    def _transferred(self, told: Told, _: Mapping[str, Any]) -> None:
        self._count("transfers of a closed ticket" if told.closed else "transfers of an open ticket")

    def _merged(self, told: Told, value: Mapping[str, Any]) -> None:
        self._go(told, value)
        if value.get("into") is not None:
            self._targets.add(value["into"])

    def _go(self, told: Told, value: Mapping[str, Any]) -> None:
        told.gone, told.closed, told.waits = value["change"], True, False

    def _restored(self, told: Told, _: Mapping[str, Any]) -> None:
        if told.gone is not None:
            self._count(f"restorations of a {told.gone} ticket")
            told.gone, told.closed = None, False

    def _retracted(self, told: Told, value: Mapping[str, Any]) -> None:
        retracts, at_ms = value["retracts"], to_ms(value["occurred_at"])
        met = [told.known[key][1] for key in told.known if key.endswith(f"/{retracts}")]
        if not met:
            told.retracted.add(retracts)
            return
        self._count("retractions after what they retract")
        self._count("retractions of what happened more than 70 days before", at_ms - min(met) > _LONG_MS)

    _NOTES: ClassVar[Mapping[str, Callable[[Situations, Told, Mapping[str, Any]], None]]] = {
        "ticket-created": _created,
        "first-reply": _reply,
        "replied": _reply,
        "customer_replied": _message,
        "no_reply_needed": _needs_no_reply,
        "resolved": _resolved,
        "status": _status,
        "reopened": _change,
        "paused": _change,
        "resumed": _change,
        "handed_over": _change,
        "transferred": _transferred,
        "merged": _merged,
        "discarded": _go,
        "restored": _restored,
        "retracted": _retracted,
    }
