"""The hard desk: what foreign data, clocks, names and exports do to a ledger, as a scenario.

And a count of how often each kind came.

Its tickets are those of any desk; some are bent afterwards. The kinds are counted from the events alone, so
that a run can show that each was there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from random import Random
from typing import ClassVar, Final

from deskpulse.ingest.events_io import TimedEvent, to_ms, to_rfc3339
from deskpulse.lab.simulator.desk import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS, SimulatedDesk, Team
from deskpulse.lab.simulator.happening import EventIds, Happening, SimulatedTicket
from deskpulse.lab.simulator.scenarios import SCENARIOS, Scenario

# Twelve teams of very different size, with names that people choose: quotes, signs of other languages,
# formulas, 125 characters.
TEAMS: Final = (
    Team("technical", 0.46, responders=20),
    Team("billing", 0.24, responders=9),
    Team('Tier "gold"', 0.10, responders=5),
    Team("Top 10% clients", 0.06, responders=4),
    Team("Atención al cliente", 0.05, responders=4),
    Team("支援", 0.03, responders=3),
    Team("{{ $labels.team }}", 0.02, responders=2),
    Team("a/b?c#d&e=f", 0.015, responders=2),
    Team("=SUM(A1:A9)", 0.01, responders=1),
    Team("O'Neil \\ Söhne", 0.007, responders=1),
    Team("-no", 0.005, responders=1),
    Team("l" * 125, 0.003, responders=1),
)
_CHATTY: Final = 0.004  # of the tickets: a machine says "in progress" again and again
_CHANGES: Final = (150, 400)
_COMES_BACK: Final = 0.03  # of the closed tickets, long after
_AWAY_MS: Final = (70 * DAY_MS, 300 * DAY_MS)
_SENT_TWICE: Final = 0.02  # with other ids, as an export that is read again
_AGAIN_MS: Final = (HOUR_MS, 20 * DAY_MS)
_NO_CREATION: Final = 0.02
_FORGOTTEN: Final = 0.004  # nobody ever answers, or says anything else
# clocks of what sends a team's events
_FAST: Final = {"Top 10% clients": 4 * MINUTE_MS + 30 * SECOND_MS, "支援": 90 * SECOND_MS}
_SLOW: Final = {"billing": 45 * SECOND_MS, "Atención al cliente": 25 * MINUTE_MS}


class Rough(Scenario):
    """An ordinary desk in a hard world."""

    name = "rough"
    description = (
        "twelve teams, odd names, fast and slow clocks, tickets with hundreds of changes, comebacks "
        "after months, exports sent twice"
    )
    history_ms: ClassVar[int] = 400 * DAY_MS

    @classmethod
    def adapt(cls, desk: SimulatedDesk) -> SimulatedDesk:
        """The desk with these teams."""
        return replace(desk, teams=TEAMS)

    def bend(self, ticket: SimulatedTicket, rng: Random, ids: EventIds) -> list[Happening]:
        """The events of a ticket, and what the hard world makes of them."""
        events = list(ticket.events)
        if rng.random() < _FORGOTTEN:
            return [_skewed(events[0], _ahead_ms(ticket))]
        if rng.random() < _CHATTY:
            events += _chatter(ticket, rng, ids)
        if rng.random() < _COMES_BACK and events[-1].topic in {"resolved", "survey"}:
            events += _comeback(ticket, events[-1].at_ms, rng, ids)
        skewed = [_skewed(event, _ahead_ms(ticket)) for event in events]
        again = [_again(event, rng, ids) for event in skewed] if rng.random() < _SENT_TWICE else []
        if rng.random() < _NO_CREATION:
            skewed = skewed[1:]
            again = again[1:]
        return skewed + again


SCENARIOS[Rough.name] = Rough


def _chatter(ticket: SimulatedTicket, rng: Random, ids: EventIds) -> Iterator[Happening]:
    """Changes that mostly change nothing, between the creation and the end."""
    span_ms = max(HOUR_MS, ticket.events[-1].at_ms - ticket.created_ms)
    for _ in range(rng.randint(*_CHANGES)):
        at_ms = ticket.created_ms + rng.randrange(span_ms)
        change = rng.choices(("resumed", "paused", "handled"), (90, 7, 3))[0]
        parts = {"talk_seconds": 12.5} if change == "handled" else {}
        yield ids.event("ticket-changed", at_ms, ticket_id=ticket.ticket_id, change=change, **parts)


def _comeback(ticket: SimulatedTicket, closed_ms: int, rng: Random, ids: EventIds) -> Iterator[Happening]:
    """Reopened months later, answered, and mostly solved again."""
    back_ms = closed_ms + rng.randint(*_AWAY_MS)
    yield ids.event("ticket-changed", back_ms, ticket_id=ticket.ticket_id, change="reopened")
    replied_ms = back_ms + rng.randint(MINUTE_MS, 5 * HOUR_MS)
    since = to_rfc3339(back_ms)
    yield ids.event(
        "ticket-changed", replied_ms, ticket_id=ticket.ticket_id, change="replied", waiting_since=since
    )
    if rng.random() < 0.8:
        yield ids.event(
            "resolved", replied_ms + rng.randint(MINUTE_MS, 2 * DAY_MS), ticket_id=ticket.ticket_id
        )


def _ahead_ms(ticket: SimulatedTicket) -> int:
    """How far the clock of what sends the ticket's events is ahead."""
    return _FAST.get(ticket.team.name, 0) - _SLOW.get(ticket.team.name, 0)


def _skewed(event: Happening, ahead_ms: int) -> Happening:
    """The same event from a clock that is ahead; it is published when it happened."""
    if not ahead_ms:
        return event
    return event._replace(value={**event.value, "occurred_at": to_rfc3339(event.at_ms + ahead_ms)})


def _again(event: Happening, rng: Random, ids: EventIds) -> Happening:
    """The same content with another identity, published later."""
    twin = ids.event(event.topic, event.at_ms)
    return Happening(
        event.topic,
        event.at_ms + rng.randint(*_AGAIN_MS),
        {**event.value, "event_id": twin.value["event_id"]},
    )


@dataclass
class Kinds:
    """How often each kind of hardship was among the events of a run. Memory grows with tickets."""

    found: Counter[str] = field(default_factory=Counter)
    _changes: Counter[str] = field(default_factory=Counter)
    _last_ms: dict[str, int] = field(default_factory=dict)
    _contents: set[int] = field(default_factory=set)
    _ids: set[int] = field(default_factory=set)
    _created: dict[str, int] = field(default_factory=dict)  # publication, ms
    _newest_ms: int = 0
    _met: Counter[str] = field(default_factory=Counter)  # events by ticket
    _teams: set[str] = field(default_factory=set)

    NAMES: ClassVar[tuple[str, ...]] = (
        "tickets with more than 100 changes",
        "comebacks after 70 to 300 days",
        "events ahead of their publication",
        "events more than 10 min behind their publication",
        "events sent again with another id",
        "tickets without a creation",
        "tickets of which nothing but the creation is known, a week later",
        "teams with an odd name",
        "events of a known identity",
    )

    def watch(self, events: Iterable[TimedEvent]) -> Iterator[TimedEvent]:
        """Let events through, and count."""
        for event in events:
            self.note(event)
            yield event

    def note(self, event: TimedEvent) -> None:
        """Count one event."""
        many, back, ahead, behind, twins, _, _, odd, known = self.NAMES
        value = event.value
        at_ms = to_ms(value["occurred_at"])
        self._newest_ms = max(self._newest_ms, event.publish_ms)
        self.found[ahead] += at_ms > event.publish_ms
        self.found[behind] += event.publish_ms - at_ms > 10 * MINUTE_MS and event.topic != "customer"
        ticket = value.get("ticket_id")
        identity = hash((event.topic, value["event_id"], event.key))
        if identity in self._ids:
            self.found[known] += 1
        elif isinstance(ticket, str):
            content = hash(
                (event.topic, repr({name: field for name, field in value.items() if name != "event_id"}))
            )
            self.found[twins] += content in self._contents
            self._contents.add(content)
        self._ids.add(identity)
        if not isinstance(ticket, str):
            return
        self._met[ticket] += 1
        if event.topic == "ticket-created":
            self._created.setdefault(ticket, event.publish_ms)
            team = str(value["team"])
            self.found[odd] += not _is_plain(team) and team not in self._teams
            self._teams.add(team)
        if event.topic == "ticket-changed":
            self._changes[ticket] += 1
            self.found[many] += self._changes[ticket] == 101
        gone_ms = at_ms - self._last_ms.get(ticket, at_ms)
        self.found[back] += 70 * DAY_MS <= gone_ms <= 300 * DAY_MS
        self._last_ms[ticket] = max(at_ms, self._last_ms.get(ticket, at_ms))

    def counts(self) -> Mapping[str, int]:
        """By kind; 0 where one did not come."""
        self.found["tickets without a creation"] = len(self._met.keys() - self._created.keys())
        old = [
            ticket
            for ticket, published_ms in self._created.items()
            if published_ms < self._newest_ms - 7 * DAY_MS
        ]
        self.found["tickets of which nothing but the creation is known, a week later"] = sum(
            self._met[ticket] == 1 for ticket in old
        )
        return {name: self.found[name] for name in self.NAMES}


def _is_plain(name: str) -> bool:
    return name.isascii() and name.isalnum() and len(name) <= 30
