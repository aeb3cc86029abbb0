"""Events that fit nothing: what a broken integration sends of a ticket, whatever has become of it."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any, Final, get_args

from deskpulse.ingest.events_io import to_rfc3339
from deskpulse.lab.simulator.desk import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS, SimulatedDesk
from deskpulse.lab.simulator.happening import EventIds, Happening, SimulatedTicket
from streams.events import TicketStatus

_COUNT: Final = (3, 12)
_AFTER_MS: Final = 3 * DAY_MS  # the last of them, after what is known of the ticket
_STATUSES: Final = get_args(TicketStatus)
_DEADLINES: Final = ("first_reply_due", "resolution_due", "next_reply_due")
_CHANGES: Final = (
    *("triaged", "transferred", "replied", "customer_replied", "no_reply_needed", "handled", "status"),
    *("status", "handed_over", "assigned", "paused", "resumed", "reopened", "due", "merged", "discarded"),
    *("restored", "restored", "resolved", "resolved", "survey"),
)


def strays(ticket: SimulatedTicket, desk: SimulatedDesk, rng: Random, ids: EventIds) -> Iterator[Happening]:
    """Some changes of any kind, at any time from the creation on; some at one instant."""
    span_ms = max(event.at_ms for event in ticket.events) - ticket.created_ms + _AFTER_MS
    at_ms = ticket.created_ms
    for _ in range(rng.randint(*_COUNT)):
        if rng.random() < 0.8:
            at_ms = ticket.created_ms + rng.randrange(span_ms)
        change = rng.choice(_CHANGES)
        if change == "resolved":
            fields = {"outcome": rng.choice(("solved", "abandoned")), "by": rng.choice(("human", "bot"))}
            yield ids.event("resolved", at_ms, ticket_id=ticket.ticket_id, **fields)
        elif change == "survey":
            yield ids.event("survey", at_ms, ticket_id=ticket.ticket_id, kind="csat", **_answer(rng))
        else:
            more = _fields(change, at_ms, desk, rng)
            yield ids.event("ticket-changed", at_ms, ticket_id=ticket.ticket_id, change=change, **more)


def _answer(rng: Random) -> dict[str, Any]:
    """An answer on a scale that few use, or with its meaning beside it."""
    if rng.random() < 0.3:
        return {"score": rng.randint(0, 100), "satisfied": rng.random() < 0.7}
    top = rng.choice((2, 2, 3, 4, 7, 10))
    return {"score": rng.randint(1, top), "scale_max": top}


def _fields(change: str, at_ms: int, desk: SimulatedDesk, rng: Random) -> dict[str, Any]:
    """What a change says beside its name."""
    if change in {"triaged", "transferred"}:
        return _labels(desk, rng)
    if change in {"replied", "customer_replied"}:
        since_ms = at_ms - rng.choice((-MINUTE_MS, 0, SECOND_MS, HOUR_MS, DAY_MS))
        since = {"waiting_since": to_rfc3339(since_ms)} if rng.random() < 0.5 else {}
        return {**since, "automated": True} if change == "replied" and rng.random() < 0.2 else since
    if change == "due":
        named = rng.sample(_DEADLINES, rng.randint(1, 3))
        later = (MINUTE_MS, HOUR_MS, DAY_MS)
        return {name: None if rng.random() < 0.4 else to_rfc3339(at_ms + rng.choice(later)) for name in named}
    plain: dict[str, tuple[dict[str, Any], ...]] = {
        "status": tuple({"status": status} for status in _STATUSES),
        "assigned": ({"assigned": True}, {"assigned": False}),
        "merged": ({"into": "T-of-another-desk"}, {}, {}),
        "handled": ({"hold_seconds": 20.0}, {}),
    }
    return rng.choice(plain.get(change, ({},)))


def _labels(desk: SimulatedDesk, rng: Random) -> dict[str, Any]:
    """Names of any labels; none at all, now and then."""
    names: dict[str, list[str]] = {
        "team": [team.name for team in desk.teams],
        "channel": [channel.name for channel in desk.channels],
        "priority": [priority.name for priority in desk.priorities],
        "segment": [tier.name for tier in desk.tiers],
    }
    return {field: rng.choice(known) for field, known in names.items() if known and rng.random() < 0.35}
