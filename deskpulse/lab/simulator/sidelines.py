"""What happens to a ticket beside its conversation: whose it is, when it is due, and what was a mistake."""

from __future__ import annotations

from collections import deque
from random import Random
from typing import Final

from deskpulse.ingest.events_io import to_rfc3339
from deskpulse.lab.simulator.desk import HOUR_MS, MINUTE_MS, SECOND_MS, SimulatedDesk
from deskpulse.lab.simulator.happening import SimulatedTicket
from deskpulse.lab.simulator.telling import Teller

_NEARBY: Final = 6  # the tickets before it into which a ticket may be merged
_TRIAGED: Final = {"team": 0.45, "priority": 0.35, "channel": 0.1, "segment": 0.1}
_TRANSFERRED: Final = {"team": 0.7, "channel": 0.15, "priority": 0.1, "segment": 0.05}
# Deadlines of a desk's own system, in usual times: they are kept as often as a policy's.
_FIRST_TIMES, _NEXT_TIMES, _RESOLVED_TIMES = 4, 4, 5
_LONGER_MS: Final = 48 * HOUR_MS
_DEADLINES: Final = ("first_reply_due", "resolution_due", "next_reply_due")
_MISTAKES: Final = ("replied", "resolved", "no_reply_needed", "assigned", "handled", "transferred", "status")


class Sidelines:
    """Adds to tickets what is no part of their conversation.

    Which numbers are drawn depends on no time, so that a scenario that moves times keeps the tickets that it
    does not touch as they are.
    """

    def __init__(self, desk: SimulatedDesk, teller: Teller, rng: Random) -> None:
        self._desk, self._rates, self._tell, self._rng = desk, desk.rates, teller, rng
        self._nearby: deque[SimulatedTicket] = deque(maxlen=_NEARBY)

    def deadlines(self, ticket: SimulatedTicket) -> dict[str, object]:
        """Fields of a creation: deadlines of the desk's own system; mostly none."""
        if not self._chance(self._rates.own_deadlines):
            return {}
        priority, factor = ticket.priority, ticket.channel.wait_factor
        usual_ms = {
            "first_reply_due": priority.first_reply.median_ms * factor * _FIRST_TIMES,
            "resolution_due": priority.resolution.median_ms * factor * _RESOLVED_TIMES,
            "next_reply_due": priority.later_reply.median_ms * factor * _NEXT_TIMES + HOUR_MS,
        }
        named = [name for name in _DEADLINES if self._chance(0.7)] or ["resolution_due"]
        return {name: _minute(ticket.created_ms + usual_ms[name] + MINUTE_MS) for name in named}

    def triage(self, ticket: SimulatedTicket) -> None:
        """A label is corrected minutes later; who answers, and how fast, stays as it was."""
        at_ms = ticket.created_ms + self._rng.randint(10 * SECOND_MS, 15 * MINUTE_MS)
        self._name(ticket, at_ms, "triaged", _TRIAGED)

    def transfer(self, ticket: SimulatedTicket, at_ms: int) -> None:
        """Handed to another team mostly; nobody may have the ticket there for some time."""
        named = self._name(ticket, at_ms, "transferred", _TRANSFERRED)
        again_ms = at_ms + self._span(MINUTE_MS, HOUR_MS)
        put_back = self._chance(self._rates.put_back)
        if "team" in named:
            ticket.team = next(team for team in self._desk.teams if team.name == named["team"])
            if put_back:
                self._tell.change(ticket, at_ms + SECOND_MS, "assigned", assigned=False)
                self._tell.change(ticket, again_ms, "assigned", assigned=True)

    def assign(self, ticket: SimulatedTicket, asked_ms: int, replied_ms: int) -> None:
        """Somebody takes the ticket before the first reply."""
        waited = self._rng.random()
        if self._chance(self._rates.assigned):
            at_ms = asked_ms + int((replied_ms - asked_ms) * waited)
            self._tell.change(ticket, at_ms, "assigned", assigned=True)

    def set_due(self, ticket: SimulatedTicket, at_ms: int) -> None:
        """A deadline is set or moved, another one may be withdrawn; a customer's message may have its own."""
        if not self._chance(self._rates.due):
            return
        name = self._rng.choice(_DEADLINES)
        other = self._rng.choice(_DEADLINES)
        later: dict[str, object] = {name: _minute(at_ms + self._span(2 * HOUR_MS, _LONGER_MS))}
        self._tell.change(
            ticket, at_ms, "due", **(later | {other: None} if self._chance(0.6) else {other: None} | later)
        )

    def merge(self, ticket: SimulatedTicket) -> int | None:
        """The customer had asked already: the ticket becomes part of another one, which goes on waiting.

        Returns when the ticket is restored, since it was another question after all; None: it is not.

        Invariant: `merges` has said so.
        """
        place, late, back = self._rng.random(), self._rng.random(), self._span(HOUR_MS, 12 * HOUR_MS)
        restored = self._chance(self._rates.restored)
        into = self._nearby[int(place * len(self._nearby))]
        at_ms = ticket.created_ms + MINUTE_MS + int(late * 20 * MINUTE_MS)
        self._tell.change(ticket, at_ms, "merged", into=into.ticket_id)
        merged, answer = len(ticket.events), self._span(MINUTE_MS, HOUR_MS)
        since = to_rfc3339(ticket.created_ms)
        carried = self._tell.ids.event(
            "ticket-changed",
            at_ms,
            ticket_id=into.ticket_id,
            change="customer_replied",
            waiting_since=since,
        )
        answered = self._tell.ids.event(
            "ticket-changed", at_ms + answer, ticket_id=into.ticket_id, change="replied"
        )
        closes_ms = into.closes_ms
        ticket.events[merged:] = [
            carried,
            *([answered] if closes_ms is None or at_ms + answer < closes_ms else []),
        ]
        if not restored:
            return None
        self._tell.change(ticket, at_ms + back, "restored")
        return at_ms + back

    def merges(self) -> bool:
        """Whether the next ticket becomes part of another one; never, while there is none before it."""
        return self._chance(self._rates.merged) and bool(self._nearby)

    def keep_in_mind(self, ticket: SimulatedTicket) -> None:
        """A ticket into which a later one may be merged."""
        self._nearby.append(ticket)

    def err(self, ticket: SimulatedTicket) -> None:
        """An event of another ticket was sent for this one, and is retracted minutes later."""
        change, named, waited = self._rng.choice(_MISTAKES), self._rng.random() < 0.5, self._rng.random()
        at_ms = ticket.created_ms + MINUTE_MS + int(waited * 2 * HOUR_MS)
        if change == "resolved":
            wrong = self._tell.add(ticket, "resolved", at_ms)
        elif change == "transferred":
            team = self._desk.teams[int(self._rng.random() * len(self._desk.teams))].name
            wrong = self._tell.change(ticket, at_ms, change, team=team)
        else:
            fields: dict[str, dict[str, object]] = {
                "assigned": {"assigned": False},
                "handled": {"talk_seconds": 60.0},
                "status": {"status": "on_hold"},
            }
            wrong = self._tell.change(ticket, at_ms, change, **fields.get(change, {}))
        kind = {"retracts_kind": change} if named else {}
        retracted_ms = at_ms + self._span(SECOND_MS, 10 * MINUTE_MS)
        self._tell.change(ticket, retracted_ms, "retracted", retracts=wrong.value["event_id"], **kind)

    def _name(
        self, ticket: SimulatedTicket, at_ms: int, change: str, fields: dict[str, float]
    ) -> dict[str, object]:
        """Name one label of the ticket anew; returns it, and nothing where the desk has no other name."""
        known = {
            "team": (ticket.team.name, [team.name for team in self._desk.teams]),
            "channel": (ticket.channel.name, [channel.name for channel in self._desk.channels]),
            "priority": (ticket.priority.name, [priority.name for priority in self._desk.priorities]),
            "segment": (ticket.segment, [tier.name for tier in self._desk.tiers]),
        }
        field = self._rng.choices(list(fields), list(fields.values()))[0]
        now, names = known[field]
        others = [name for name in names if name != now]
        if not others:
            return {}
        named: dict[str, object] = {field: self._rng.choice(others)}
        self._tell.change(ticket, at_ms, change, **named)
        return named

    def _span(self, least_ms: int, most_ms: int) -> int:
        return self._rng.randint(least_ms, most_ms)

    def _chance(self, probability: float) -> bool:
        return self._rng.random() < probability


def _minute(at_ms: float) -> str:
    """The full minute at or before an instant, as the events write it."""
    return to_rfc3339(int(at_ms) // MINUTE_MS * MINUTE_MS)
