"""What upstream takes back, or tells again in another way."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from random import Random
from typing import Any, Final, get_args

from deskpulse.ingest.events_io import to_ms, to_rfc3339
from deskpulse.lab.simulator.desk import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS, SimulatedDesk
from deskpulse.lab.simulator.happening import EventIds, Happening
from streams.events import RetractedKind

_RETRACTED: Final = 0.012  # of the events; of those that are rare more, so that each kind is among them
_RETRACTED_OF: Final = {
    "ticket-created": 0.02,
    "survey": 0.05,
    "triaged": 0.06,
    "transferred": 0.06,
    "no_reply_needed": 0.06,
    "handed_over": 0.08,
    "paused": 0.06,
    "resumed": 0.06,
    "reopened": 0.12,
    "due": 0.1,
    "merged": 0.15,
    "discarded": 0.12,
    "restored": 0.3,
}
_BEFORE: Final = 0.4  # of the retractions: published before what they retract
_KIND_NAMED: Final = 0.6
_ANOTHER_KIND: Final = 0.05  # of those: one that fits no event, mostly
_THINKS_MS: Final = (SECOND_MS, 5 * DAY_MS)
_KINDS: Final[tuple[str, ...]] = get_args(RetractedKind)
_RETOLD: Final = 0.01  # of the events: known identities with another content
_RETOLD_MS: Final = (HOUR_MS, 10 * DAY_MS)
_MOVES_MS: Final = (-HOUR_MS, -SECOND_MS, -1, 1, SECOND_MS, 30 * MINUTE_MS)


def with_retractions(events: Sequence[Happening], rng: Random, ids: EventIds) -> list[Happening]:
    """The events, and retractions of some; what is retracted before it came is published later than that.

    A retraction is not retracted; the first event stays the first.
    """
    found: list[Happening] = []
    retractions: list[Happening] = []
    for event in events:
        kind = str(event.value.get("change", event.topic))
        if kind == "retracted" or rng.random() >= _RETRACTED_OF.get(kind, _RETRACTED):
            found.append(event)
            continue
        at_ms = event.at_ms + rng.randint(*_THINKS_MS)
        named = {"retracts_kind": _named(kind, rng)} if rng.random() < _KIND_NAMED else {}
        retractions.append(
            ids.event(
                "ticket-changed",
                at_ms,
                ticket_id=event.value["ticket_id"],
                change="retracted",
                retracts=event.value["event_id"],
                **named,
            )
        )
        late = rng.random() < _BEFORE
        found.append(event._replace(at_ms=at_ms + rng.randint(MINUTE_MS, DAY_MS)) if late else event)
    return found + retractions


def retold(events: Sequence[Happening], desk: SimulatedDesk, rng: Random) -> Iterator[Happening]:
    """Some of the events again, later, under the same identity and with another content."""
    for event in events:
        if rng.random() < _RETOLD:
            at_ms = event.at_ms + rng.randint(*_RETOLD_MS)
            yield Happening(event.topic, at_ms, _otherwise(event.value, desk, rng))


def _named(kind: str, rng: Random) -> str:
    """How a retraction names a kind: replies have two names that mean the same."""
    if rng.random() < _ANOTHER_KIND:
        return rng.choice(_KINDS)
    return rng.choice(("first-reply", "replied")) if kind in {"first-reply", "replied"} else kind


def _otherwise(value: dict[str, object], desk: SimulatedDesk, rng: Random) -> dict[str, object]:
    """A content with another time, or another value of one of its fields."""
    choices: dict[str, tuple[Any, ...]] = {
        "team": tuple(team.name for team in desk.teams),
        "priority": tuple(priority.name for priority in desk.priorities),
        "status": ("open", "waiting", "solved"),
        "assigned": (True, False),
        "score": (1, 2),  # on every scale
        "automated": (True, False),
        "talk_seconds": (30.0, 400.0),
    }
    named = [field for field in choices if field in value]
    if named and rng.random() < 0.5:
        field = rng.choice(named)
        return {**value, field: rng.choice(choices[field])}
    at_ms = to_ms(value["occurred_at"]) + rng.choice(_MOVES_MS)
    return {**value, "occurred_at": to_rfc3339(at_ms)}
