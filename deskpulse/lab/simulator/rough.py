"""The hard desk: what foreign data, clocks, names and exports do to a ledger, as a scenario.

Its tickets are those of any desk that says all that the contract knows, often; some are bent afterwards.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from random import Random
from typing import ClassVar, Final

from deskpulse.ingest.events_io import to_ms, to_rfc3339
from deskpulse.lab.simulator.corrections import retold, with_retractions
from deskpulse.lab.simulator.desk import (
    DAY_MS,
    HOUR_MS,
    MINUTE_MS,
    SECOND_MS,
    Rates,
    SimulatedDesk,
    Team,
    Tier,
)
from deskpulse.lab.simulator.happening import EventIds, Happening, SimulatedTicket
from deskpulse.lab.simulator.scenarios import SCENARIOS, Scenario
from deskpulse.lab.simulator.strays import strays

# Twelve teams of very different size, with names that people choose: quotes, signs of other languages,
# formulas, 125 characters.
TEAMS: Final = (
    Team("technical", 0.46, responders=20),
    Team("billing", 0.24, responders=9, tells="both"),
    Team('Tier "gold"', 0.10, responders=5, tells="levels"),
    Team("Top 10% clients", 0.06, responders=4, tells="levels"),
    Team("Atención al cliente", 0.05, responders=4, tells="both"),
    Team("支援", 0.03, responders=3, tells="levels"),
    Team("{{ $labels.team }}", 0.02, responders=2),
    Team("a/b?c#d&e=f", 0.015, responders=2),
    Team("=SUM(A1:A9)", 0.01, responders=1),
    Team("O'Neil \\ Söhne", 0.007, responders=1),
    Team("-no", 0.005, responders=1),
    Team("l" * 125, 0.003, responders=1),
)
_TIERS: Final = (Tier("free", 0.6), Tier("Pro+ (50% off)", 0.3), Tier("企業", 0.1))
_BOTS: Final = 0.2  # of the written tickets, at least
_CHATTY: Final = 0.006  # of the tickets: a machine says "in progress" again and again
_CHANGES: Final = (150, 400)
_COMES_BACK: Final = 0.03  # of the closed tickets, long after
_AWAY_MS: Final = (70 * DAY_MS, 300 * DAY_MS)
_TOO_LATE_A_THOUGHT: Final = 0.4  # of those: something of the time before is retracted
_SENT_TWICE: Final = 0.02  # with other ids, as an export that is read again
_AGAIN_MS: Final = (HOUR_MS, 20 * DAY_MS)
_STRAY: Final = 0.06
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
        "after months, exports sent twice, corrections before and after what they correct"
    )
    history_ms: ClassVar[int] = 400 * DAY_MS

    @classmethod
    def adapt(cls, desk: SimulatedDesk) -> SimulatedDesk:
        """The desk with these teams and tiers, in which what is rare elsewhere is not."""
        channels = [
            channel if channel.live else replace(channel, bot=max(channel.bot, _BOTS))
            for channel in desk.channels
        ]
        return replace(desk, teams=TEAMS, tiers=_TIERS, channels=tuple(channels), rates=_often(desk.rates))

    def bend(self, ticket: SimulatedTicket, rng: Random, ids: EventIds) -> list[Happening]:
        """The events of a ticket, and what the hard world makes of them."""
        events = list(ticket.events)
        if rng.random() < _FORGOTTEN:
            return [_skewed(events[0], _ahead_ms(ticket))]
        if rng.random() < _CHATTY:
            events += _chatter(ticket, rng, ids)
        if rng.random() < _STRAY:
            events += strays(ticket, self.desk, rng, ids)
        if rng.random() < _COMES_BACK and ticket.closes_ms is not None:
            events += _comeback(ticket, max(event.at_ms for event in events), rng, ids)
        events = with_retractions(events, rng, ids)
        skewed = [_skewed(event, _ahead_ms(ticket)) for event in events]
        again = [_again(event, rng, ids) for event in skewed] if rng.random() < _SENT_TWICE else []
        again += retold(skewed, self.desk, rng)
        if rng.random() < _NO_CREATION:
            skewed = skewed[1:]
            again = [event for event in again if event.topic != "ticket-created"]
        return skewed + again


SCENARIOS[Rough.name] = Rough


def _often(rates: Rates) -> Rates:
    """The rates with much of everything that the contract knows."""
    return replace(
        rates,
        triaged=0.15,
        paused=0.15,
        handled=0.15,
        reopened=0.1,
        transferred=0.2,
        merged=0.06,
        restored=0.3,
        own_deadlines=0.15,
        due=0.2,
        opened_by_desk=0.06,
        opened_by_bot=0.04,
        bot_again=0.1,
        mistaken=0.03,
        states_wait=0.4,
        writes_twice=0.25,
        thanks=0.2,
        thanks_when_closed=0.12,
        nps=0.2,
        csat=0.3,
        ces=0.15,
        survey_withdrawn=0.08,
        colleague=0.15,
        csat_of_eleven=0.3,
    )


def _chatter(ticket: SimulatedTicket, rng: Random, ids: EventIds) -> Iterator[Happening]:
    """Changes that mostly change nothing, between the creation and the end."""
    span_ms = max(HOUR_MS, ticket.events[-1].at_ms - ticket.created_ms)
    for _ in range(rng.randint(*_CHANGES)):
        at_ms = ticket.created_ms + rng.randrange(span_ms)
        change = rng.choices(("resumed", "paused", "handled"), (90, 7, 3))[0]
        parts = {"talk_seconds": 12.5} if change == "handled" else {}
        yield ids.event("ticket-changed", at_ms, ticket_id=ticket.ticket_id, change=change, **parts)


def _comeback(ticket: SimulatedTicket, closed_ms: int, rng: Random, ids: EventIds) -> Iterator[Happening]:
    """Reopened months later by a message, answered, and mostly solved again."""
    back_ms = closed_ms + rng.randint(*_AWAY_MS)
    whose = {"ticket_id": ticket.ticket_id}
    if rng.random() < _TOO_LATE_A_THOUGHT:
        target = rng.choice(ticket.events)
        if target.value["ticket_id"] == ticket.ticket_id:
            retracts = target.value["event_id"]
            yield ids.event("ticket-changed", back_ms, **whose, change="retracted", retracts=retracts)
    yield ids.event("ticket-changed", back_ms, **whose, change="customer_replied")
    back = {"change": "status", "status": "open"} if ticket.team.tells == "levels" else {"change": "reopened"}
    yield ids.event("ticket-changed", back_ms, **whose, **back)
    replied_ms = back_ms + rng.randint(MINUTE_MS, 5 * HOUR_MS)
    since = {"waiting_since": to_rfc3339(back_ms)} if rng.random() < 0.5 else {}
    yield ids.event("ticket-changed", replied_ms, **whose, change="replied", **since)
    if rng.random() < 0.8:
        yield ids.event("resolved", replied_ms + rng.randint(MINUTE_MS, 2 * DAY_MS), **whose)


def _ahead_ms(ticket: SimulatedTicket) -> int:
    """How far the clock of what sends the ticket's events is ahead."""
    return _FAST.get(ticket.team.name, 0) - _SLOW.get(ticket.team.name, 0)


def _skewed(event: Happening, ahead_ms: int) -> Happening:
    """The same event from a clock that is ahead; it is published when it happened."""
    if not ahead_ms:
        return event
    shown_ms = to_ms(event.value["occurred_at"]) + ahead_ms
    return event._replace(value={**event.value, "occurred_at": to_rfc3339(shown_ms)})


def _again(event: Happening, rng: Random, ids: EventIds) -> Happening:
    """The same content with another identity, published later."""
    twin = ids.event(event.topic, event.at_ms)
    return Happening(
        event.topic,
        event.at_ms + rng.randint(*_AGAIN_MS),
        {**event.value, "event_id": twin.value["event_id"]},
    )
