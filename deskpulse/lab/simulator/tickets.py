"""The life of one ticket, from its creation to the last answer to a survey.

It comes as events in the contract's words.
"""

from __future__ import annotations

from random import Random
from typing import Final

from deskpulse.ingest.events_io import to_rfc3339
from deskpulse.lab.simulator.desk import HOUR_MS, MINUTE_MS, SECOND_MS, Channel, SimulatedDesk, Spread
from deskpulse.lab.simulator.happening import EventIds, SimulatedTicket, pick
from deskpulse.lab.simulator.scenarios import Scenario
from deskpulse.lab.simulator.surveys import survey_answers

_MAX_REPLIES: Final = 8  # after the first
_PICK_UP: Final = Spread(16 * SECOND_MS, 0.55)  # a person on the line is answered
_PATIENCE: Final = Spread(35 * SECOND_MS, 0.5)  # a person on the line gives up
_CUSTOMER_WRITES: Final = Spread(HOUR_MS, 0.8)
_PAUSE: Final = Spread(5 * HOUR_MS, 0.8)
_HOLD: Final = Spread(35 * SECOND_MS, 0.8)
_WRAP_UP: Final = Spread(70 * SECOND_MS, 0.5)
_COMES_BACK: Final = Spread(20 * HOUR_MS, 0.9)
_HELD_SHARE: Final = 0.3  # of the interactions on a talking channel
_MEASURED_SHARE: Final = 0.5  # of the tickets without talk: the responder's work is on record


class TicketWriter:
    """Writes whole tickets, one after the other, from one stream of random numbers."""

    def __init__(self, desk: SimulatedDesk, scenario: Scenario, rng: Random) -> None:
        self._desk, self._rates, self._scenario, self._rng = desk, desk.rates, scenario, rng
        self._ids = EventIds(rng)

    def write(self, ticket_id: str, customer_id: str, created_ms: int) -> SimulatedTicket:
        """All events of one ticket; the first is its creation, the others in the order of its story."""
        desk, rng = self._desk, self._rng
        ticket = SimulatedTicket(
            ticket_id,
            customer_id,
            pick(rng, desk.teams),
            pick(rng, desk.channels),
            pick(rng, desk.priorities),
            created_ms,
        )
        self._create(ticket)
        if self._chance(self._rates.triaged):
            self._triage(ticket)
        if ticket.channel.live:
            self._call(ticket)
        elif self._chance(ticket.channel.spam):
            self._change(ticket, created_ms + rng.randint(MINUTE_MS, HOUR_MS), "discarded")
        else:
            self._correspond(ticket)
        return ticket

    def _create(self, ticket: SimulatedTicket) -> None:
        self._add(
            ticket,
            "ticket-created",
            ticket.created_ms,
            customer_id=ticket.customer_id,
            team=ticket.team.name,
            channel=ticket.channel.name,
            priority=ticket.priority.name,
            url=self._desk.url + ticket.ticket_id,
        )

    def _triage(self, ticket: SimulatedTicket) -> None:
        """Team or priority are corrected minutes later; who answers, and how fast, stays as it was."""
        field, now, known = (
            ("team", ticket.team.name, [team.name for team in self._desk.teams])
            if self._chance(0.5)
            else ("priority", ticket.priority.name, [priority.name for priority in self._desk.priorities])
        )
        at_ms = ticket.created_ms + self._rng.randint(10 * SECOND_MS, 15 * MINUTE_MS)
        others = [name for name in known if name != now]
        if others:
            self._change(ticket, at_ms, "triaged", **{field: self._rng.choice(others)})

    def _call(self, ticket: SimulatedTicket) -> None:
        """A customer on the line, who gives up or is answered.

        An answered one is solved on the line or followed up in writing.
        """
        if self._chance(self._rates.abandoned):
            self._add(ticket, "resolved", ticket.created_ms + _PATIENCE.draw(self._rng), outcome="abandoned")
            return
        replied_ms = self._first_reply(ticket, _PICK_UP.draw(self._rng))
        parts, lasted_ms = self._parts(ticket.channel)
        if self._chance(self._rates.solved_on_the_line):
            self._resolve(ticket, replied_ms + lasted_ms, parts)
            return
        self._change(ticket, replied_ms + lasted_ms, "handled", **parts)
        self._finish(ticket, replied_ms + lasted_ms)

    def _correspond(self, ticket: SimulatedTicket) -> None:
        """A written ticket: perhaps an automated acknowledgement, then people."""
        if self._chance(self._rates.automated):
            self._add(
                ticket,
                "first-reply",
                ticket.created_ms + self._rng.randint(SECOND_MS, 8 * SECOND_MS),
                automated=True,
            )
        if self._chance(self._rates.resolved_unanswered):
            self._resolve(ticket, ticket.created_ms + ticket.priority.resolution.draw(self._rng), {})
            return
        wait_ms = round(ticket.priority.first_reply.draw(self._rng) * ticket.channel.wait_factor)
        last_ms = self._first_reply(ticket, max(SECOND_MS, wait_ms))
        if self._chance(self._rates.handled):
            parts, lasted_ms = self._parts(ticket.channel)
            last_ms += lasted_ms
            self._change(ticket, last_ms, "handled", **parts)
        if self._chance(self._rates.paused):
            paused_ms = last_ms + self._rng.randint(SECOND_MS, 5 * MINUTE_MS)
            self._change(ticket, paused_ms, "paused")
            last_ms = paused_ms + _PAUSE.draw(self._rng)
            self._change(ticket, last_ms, "resumed")
        self._finish(ticket, last_ms)

    def _finish(self, ticket: SimulatedTicket, last_ms: int) -> None:
        """Further replies, then the resolution, unless the ticket stays open for good."""
        for _ in range(_MAX_REPLIES):
            if not self._chance(self._rates.another_reply):
                break
            wrote_ms = last_ms + round(_CUSTOMER_WRITES.draw(self._rng) * ticket.channel.wait_factor)
            last_ms = self._later_reply(ticket, wrote_ms)
        if self._chance(self._rates.never_resolved):
            return
        due_ms = ticket.created_ms + round(
            ticket.priority.resolution.draw(self._rng) * ticket.channel.wait_factor
        )
        resolved_ms = self._scenario.resolve_at(max(due_ms, last_ms + MINUTE_MS))
        measured = ticket.channel.talk is not None or self._chance(_MEASURED_SHARE)
        self._resolve(
            ticket,
            resolved_ms,
            self._parts(ticket.channel)[0] if measured and not ticket.channel.live else {},
        )

    def _resolve(self, ticket: SimulatedTicket, at_ms: int, parts: dict[str, object]) -> None:
        """Solved; the customer may answer surveys, and may come back, once."""
        self._add(ticket, "resolved", at_ms, **parts)
        ticket.events += survey_answers(ticket, at_ms, self._desk, self._rng, self._ids)
        if self._chance(self._rates.reopened):
            reopened_ms = at_ms + _COMES_BACK.draw(self._rng)
            self._change(ticket, reopened_ms, "reopened")
            replied_ms = self._later_reply(ticket, reopened_ms)
            if not self._chance(self._rates.never_resolved):
                again_ms = self._scenario.resolve_at(replied_ms + self._rng.randint(MINUTE_MS, 4 * HOUR_MS))
                self._add(ticket, "resolved", again_ms, **self._parts(ticket.channel)[0])

    def _first_reply(self, ticket: SimulatedTicket, wait_ms: int) -> int:
        at_ms = self._reply_at(ticket, ticket.created_ms, wait_ms)
        ticket.first_wait_ms = at_ms - ticket.created_ms
        self._add(
            ticket,
            "first-reply",
            at_ms,
            responder_id=f"{ticket.team.name}-{self._rng.randint(1, ticket.team.responders):02}",
        )
        return at_ms

    def _later_reply(self, ticket: SimulatedTicket, waiting_since_ms: int) -> int:
        wait_ms = round(ticket.priority.later_reply.draw(self._rng) * ticket.channel.wait_factor)
        at_ms = self._reply_at(ticket, waiting_since_ms, max(SECOND_MS, wait_ms))
        self._change(ticket, at_ms, "replied", waiting_since=to_rfc3339(waiting_since_ms))
        return at_ms

    def _reply_at(self, ticket: SimulatedTicket, asked_ms: int, wait_ms: int) -> int:
        return self._scenario.reply_at(
            asked_ms, asked_ms + wait_ms, team=ticket.team.name, priority=ticket.priority.name
        )

    def _parts(self, channel: Channel) -> tuple[dict[str, object], int]:
        """Handle-time parts in seconds with one decimal, and their sum in milliseconds."""
        parts_ms = {"wrap_up_seconds": _WRAP_UP.draw(self._rng)}
        if channel.talk is not None:
            held = {"hold_seconds": _HOLD.draw(self._rng)} if self._chance(_HELD_SHARE) else {}
            parts_ms = {"talk_seconds": channel.talk.draw(self._rng), **held, **parts_ms}
        return {name: round(part_ms / 1000, 1) for name, part_ms in parts_ms.items()}, sum(parts_ms.values())

    def _add(self, ticket: SimulatedTicket, topic: str, at_ms: int, **fields: object) -> None:
        ticket.events.append(self._ids.event(topic, at_ms, ticket_id=ticket.ticket_id, **fields))

    def _change(self, ticket: SimulatedTicket, at_ms: int, change: str, **fields: object) -> None:
        self._add(ticket, "ticket-changed", at_ms, change=change, **fields)

    def _chance(self, probability: float) -> bool:
        return self._rng.random() < probability
