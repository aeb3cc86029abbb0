"""A happening before it is published: an event with its time.

It also knows the ticket whose life is being written.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from typing import NamedTuple, Protocol, TypeVar

from deskpulse.ingest.events_io import to_rfc3339
from deskpulse.lab.simulator.desk import Channel, Priority, Team


class Happening(NamedTuple):
    """An event before it is published: its topic, its event time (epoch milliseconds), its value."""

    topic: str
    at_ms: int
    value: dict[str, object]


class EventIds:
    """Identifiers from the seed alone, so that a run can be repeated byte for byte."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng

    def event(self, topic: str, at_ms: int, **fields: object) -> Happening:
        """An event with a fresh `event_id`; the fields follow in their given order."""
        return Happening(
            topic,
            at_ms,
            {"event_id": f"{self._rng.getrandbits(64):016x}", "occurred_at": to_rfc3339(at_ms), **fields},
        )


@dataclass(slots=True)
class SimulatedTicket:
    """A ticket while its life is written."""

    ticket_id: str
    customer_id: str
    team: Team
    channel: Channel
    priority: Priority
    created_ms: int
    segment: str | None = None
    asked_ms: int | None = None  # since when the first answer of people is awaited, None before that
    first_wait_ms: int | None = None
    closes_ms: int | None = None  # the last time; None: never
    events: list[Happening] = field(default_factory=list)


class Shared(Protocol):
    """Anything with a share of the tickets."""

    @property
    def share(self) -> float:
        """Weight against its peers."""


S = TypeVar("S", bound=Shared)


def pick(rng: Random, choices: Sequence[S]) -> S:
    """One of the choices, by share."""
    return rng.choices(choices, [choice.share for choice in choices])[0]
