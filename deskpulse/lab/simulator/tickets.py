"""The life of one ticket, from its creation to the last answer to a survey.

It comes as events in the contract's words.
"""

from __future__ import annotations

import zlib
from random import Random
from typing import Final

from deskpulse.ingest.events_io import to_rfc3339
from deskpulse.lab.simulator.desk import (
    DAY_MS,
    HOUR_MS,
    MINUTE_MS,
    SECOND_MS,
    Channel,
    SimulatedDesk,
    Spread,
)
from deskpulse.lab.simulator.happening import SimulatedTicket, pick
from deskpulse.lab.simulator.scenarios import Scenario
from deskpulse.lab.simulator.sidelines import Sidelines
from deskpulse.lab.simulator.surveys import survey_answers
from deskpulse.lab.simulator.telling import Teller

_MAX_REPLIES: Final = 8  # after the first
_PICK_UP: Final = Spread(16 * SECOND_MS, 0.55)  # a person on the line is answered
_PATIENCE: Final = Spread(35 * SECOND_MS, 0.5)  # a person on the line gives up
_CUSTOMER_WRITES: Final = Spread(HOUR_MS, 0.8)
_PAUSE: Final = Spread(5 * HOUR_MS, 0.8)
_HOLD: Final = Spread(35 * SECOND_MS, 0.8)
_WRAP_UP: Final = Spread(70 * SECOND_MS, 0.5)
_COMES_BACK: Final = Spread(20 * HOUR_MS, 0.9)
_BOT_TALK: Final = Spread(3 * MINUTE_MS, 0.5)
_BOT_SAYS_MS: Final = 3 * SECOND_MS
_BOT_ASKS: Final = 0.5  # of the tickets that a bot has: the customer says more to it
_THANKS: Final = Spread(20 * MINUTE_MS, 0.8)
_SEEN: Final = Spread(10 * MINUTE_MS, 0.6)  # until somebody says that a message needs no answer
_CLOSED_FOR_GOOD_MS: Final = 4 * DAY_MS
_HELD_SHARE: Final = 0.3  # of the interactions on a talking channel
_MEASURED_SHARE: Final = 0.5  # of the tickets without talk: the responder's work is on record
_KNOWN_SEGMENT: Final = 0.97  # of the tickets: the desk knows the customer's tier


class TicketWriter:
    """Writes whole tickets, one after the other, from one stream of random numbers."""

    def __init__(self, desk: SimulatedDesk, scenario: Scenario, rng: Random) -> None:
        self._desk, self._rates, self._scenario, self._rng = desk, desk.rates, scenario, rng
        self._tell = Teller(desk.rates, rng)
        self._beside = Sidelines(desk, self._tell, rng)

    def write(self, ticket_id: str, customer_id: str, created_ms: int) -> SimulatedTicket:
        """All events of one ticket; the first is its creation, the others in the order of its story.

        Where it is merged into another ticket, some events of that one are among them.
        """
        desk, rng = self._desk, self._rng
        ticket = SimulatedTicket(
            ticket_id,
            customer_id,
            pick(rng, desk.teams),
            pick(rng, desk.channels),
            pick(rng, desk.priorities),
            created_ms,
            self._segment(customer_id),
        )
        opened_by = self._opened_by(ticket.channel)
        with_bot = self._chance(ticket.channel.bot) and opened_by == "customer"
        self._create(ticket, opened_by, with_bot=with_bot)
        if self._chance(self._rates.triaged):
            self._beside.triage(ticket)
        if self._chance(self._rates.mistaken):
            self._beside.err(ticket)
        if ticket.channel.live:
            self._call(ticket)
        elif opened_by == "desk":
            self._outbound(ticket)
        elif opened_by == "bot":
            self._solve(ticket, created_ms + ticket.priority.resolution.draw(rng), self._measured(ticket))
        else:
            self._written(ticket, with_bot=with_bot)
        return ticket

    def _segment(self, customer_id: str) -> str | None:
        """The tier of a customer, the same for all their tickets; None where the desk has none or forgot."""
        known = self._chance(_KNOWN_SEGMENT)
        tiers = self._desk.tiers
        if not tiers or not known:
            return None
        place = zlib.crc32(customer_id.encode()) / 2**32 * sum(tier.share for tier in tiers)
        for tier in tiers:
            place -= tier.share
            if place < 0:
                return tier.name
        return tiers[-1].name

    def _opened_by(self, channel: Channel) -> str:
        drawn = self._rng.random()
        if channel.live:
            return "customer"
        by_desk = self._rates.opened_by_desk
        by_bot = by_desk + self._rates.opened_by_bot
        return "desk" if drawn < by_desk else "bot" if drawn < by_bot else "customer"

    def _create(self, ticket: SimulatedTicket, opened_by: str, *, with_bot: bool) -> None:
        fields: dict[str, object] = {} if ticket.segment is None else {"segment": ticket.segment}
        if opened_by != "customer":
            fields["opened_by"] = opened_by
        if with_bot:
            fields["with_bot"] = True
        self._tell.add(
            ticket,
            "ticket-created",
            ticket.created_ms,
            customer_id=ticket.customer_id,
            team=ticket.team.name,
            channel=ticket.channel.name,
            priority=ticket.priority.name,
            url=self._desk.url + ticket.ticket_id,
            **fields,
            **self._beside.deadlines(ticket),
        )

    def _call(self, ticket: SimulatedTicket) -> None:
        """A customer on the line, who gives up or is answered.

        An answered one is solved on the line or followed up in writing.
        """
        if self._chance(self._rates.abandoned):
            given_up_ms = ticket.created_ms + _PATIENCE.draw(self._rng)
            self._tell.solve(ticket, given_up_ms, {}, outcome="abandoned")
            return
        replied_ms = self._first_reply(ticket, ticket.created_ms, _PICK_UP.draw(self._rng))
        parts, lasted_ms = self._parts(ticket.channel)
        if self._chance(self._rates.solved_on_the_line):
            self._solve(ticket, replied_ms + lasted_ms, parts)
            return
        self._tell.change(ticket, replied_ms + lasted_ms, "handled", **parts)
        self._finish(ticket, replied_ms + lasted_ms)

    def _outbound(self, ticket: SimulatedTicket) -> None:
        """The desk writes first; what the customer answers begins a wait like any."""
        wrote_ms = ticket.created_ms + self._rng.randint(SECOND_MS, 2 * MINUTE_MS)
        self._tell.change(ticket, wrote_ms, "replied")
        if self._chance(self._rates.answers_the_desk):
            asked_ms = wrote_ms + _CUSTOMER_WRITES.draw(self._rng)
            self._tell.change(ticket, asked_ms, "customer_replied")
            wrote_ms = self._later_reply(ticket, asked_ms)
        self._finish(ticket, wrote_ms)

    def _written(self, ticket: SimulatedTicket, *, with_bot: bool) -> None:
        """A customer's written ticket: spam, a question that was asked before, or one to answer."""
        asked_ms = ticket.created_ms
        if self._chance(ticket.channel.spam):
            discarded_ms = asked_ms + self._rng.randint(MINUTE_MS, HOUR_MS)
            self._tell.change(ticket, discarded_ms, "discarded")
            asked_ms = discarded_ms + self._rng.randint(HOUR_MS, 24 * HOUR_MS)
            if not self._chance(self._rates.restored):
                return
            self._tell.change(ticket, asked_ms, "restored")
        elif self._beside.merges():
            restored_ms = self._beside.merge(ticket)
            if restored_ms is None:
                return
            asked_ms = restored_ms
        elif with_bot:
            handed_over_ms = self._with_bot(ticket)
            if handed_over_ms is None:
                return
            asked_ms = handed_over_ms
        self._correspond(ticket, asked_ms)
        self._beside.keep_in_mind(ticket)

    def _with_bot(self, ticket: SimulatedTicket) -> int | None:
        """A bot answers first. When it hands over to people; None: it has solved the ticket."""
        self._tell.add(ticket, "first-reply", ticket.created_ms + _BOT_SAYS_MS, automated=True)
        lasted_ms = _BOT_TALK.draw(self._rng)
        over_ms = ticket.created_ms + 3 * _BOT_SAYS_MS + lasted_ms
        if self._chance(_BOT_ASKS):
            asked_ms = over_ms - 2 * _BOT_SAYS_MS - lasted_ms // 2
            self._tell.change(ticket, asked_ms, "customer_replied")
            self._tell.change(ticket, asked_ms + _BOT_SAYS_MS, "replied", automated=True)
        if not self._chance(self._rates.solved_by_bot):
            self._tell.hand_over(ticket, over_ms)
            return over_ms
        self._solve(ticket, over_ms, {}, by_bot=True)
        return None

    def _correspond(self, ticket: SimulatedTicket, asked_ms: int) -> None:
        """People have a written ticket that waits since `asked_ms`; an automated word may come first."""
        if self._chance(self._rates.automated) and asked_ms == ticket.created_ms:
            acknowledged_ms = asked_ms + self._rng.randint(SECOND_MS, 8 * SECOND_MS)
            self._tell.add(ticket, "first-reply", acknowledged_ms, automated=True)
        if self._chance(self._rates.resolved_unanswered):
            self._solve(ticket, asked_ms + ticket.priority.resolution.draw(self._rng), {})
            return
        wait_ms = round(ticket.priority.first_reply.draw(self._rng) * ticket.channel.wait_factor)
        last_ms = self._first_reply(ticket, asked_ms, max(SECOND_MS, wait_ms))
        self._beside.set_due(ticket, last_ms + SECOND_MS)
        if self._chance(self._rates.transferred):
            last_ms += self._rng.randint(SECOND_MS, 10 * MINUTE_MS)
            self._beside.transfer(ticket, last_ms)
        if self._chance(self._rates.handled):
            parts, lasted_ms = self._parts(ticket.channel)
            last_ms += lasted_ms
            self._tell.change(ticket, last_ms, "handled", **parts)
        if self._chance(self._rates.paused):
            paused_ms = last_ms + self._rng.randint(SECOND_MS, 5 * MINUTE_MS)
            self._tell.pause(ticket, paused_ms)
            last_ms = paused_ms + _PAUSE.draw(self._rng)
            self._tell.resume(ticket, last_ms)
        self._finish(ticket, last_ms)

    def _finish(self, ticket: SimulatedTicket, last_ms: int) -> None:
        """Further rounds of the conversation, then the resolution, unless the ticket stays open for good."""
        for _ in range(_MAX_REPLIES):
            if not self._chance(self._rates.another_reply):
                break
            wrote_ms = last_ms + round(_CUSTOMER_WRITES.draw(self._rng) * ticket.channel.wait_factor)
            last_ms = self._round(ticket, wrote_ms)
        if self._chance(self._rates.thanks):
            last_ms = self._thank(ticket, last_ms)
        if self._chance(self._rates.never_resolved):
            return
        due_ms = ticket.created_ms + round(
            ticket.priority.resolution.draw(self._rng) * ticket.channel.wait_factor
        )
        resolved_ms = self._scenario.resolve_at(max(due_ms, last_ms + MINUTE_MS))
        self._solve(ticket, resolved_ms, self._measured(ticket))

    def _round(self, ticket: SimulatedTicket, wrote_ms: int) -> int:
        """The customer writes, perhaps twice, perhaps to a bot at first, and is answered. When."""
        self._tell.change(ticket, wrote_ms, "customer_replied")
        if self._chance(self._rates.bot_again) and ticket.channel.bot:
            self._tell.status(ticket, wrote_ms + SECOND_MS, "bot")
            wrote_ms += 2 * SECOND_MS + _BOT_TALK.draw(self._rng)
            self._tell.hand_over(ticket, wrote_ms)
        again, later = self._chance(self._rates.writes_twice), self._rng.random()
        replied_ms = self._later_reply(ticket, wrote_ms)
        if again:
            more_ms = wrote_ms + int((replied_ms - wrote_ms) * later)
            self._tell.change(ticket, more_ms, "customer_replied")
        return replied_ms

    def _thank(self, ticket: SimulatedTicket, last_ms: int) -> int:
        """A word of thanks, and somebody says that it needs no answer. When."""
        thanked_ms = last_ms + _THANKS.draw(self._rng)
        seen_ms = thanked_ms + _SEEN.draw(self._rng)
        self._tell.change(ticket, thanked_ms, "customer_replied")
        self._tell.change(ticket, seen_ms, "no_reply_needed")
        return seen_ms

    def _solve(
        self, ticket: SimulatedTicket, at_ms: int, parts: dict[str, object], *, by_bot: bool = False
    ) -> None:
        """Solved; the customer may thank, answer surveys, and come back, once."""
        self._tell.solve(ticket, at_ms, parts, by_bot=by_bot)
        ticket.events += survey_answers(ticket, at_ms, self._desk, self._rng, self._tell.ids)
        if self._chance(self._rates.thanks_when_closed) and not ticket.channel.live:
            self._thank(ticket, at_ms)
        if self._chance(self._rates.reopened):
            self._come_back(ticket, at_ms + _COMES_BACK.draw(self._rng))
        elif self._chance(self._rates.closed_for_good) and ticket.team.tells != "changes":
            self._tell.status(ticket, at_ms + _CLOSED_FOR_GOOD_MS, "closed")

    def _come_back(self, ticket: SimulatedTicket, reopened_ms: int) -> None:
        """The customer's message reopens the ticket; it is answered, and mostly solved again."""
        self._tell.change(ticket, reopened_ms, "customer_replied")
        self._tell.reopen(ticket, reopened_ms)
        replied_ms = self._later_reply(ticket, reopened_ms)
        if self._chance(self._rates.never_resolved):
            ticket.closes_ms = None
            return
        again_ms = self._scenario.resolve_at(replied_ms + self._rng.randint(MINUTE_MS, 4 * HOUR_MS))
        self._tell.solve(ticket, again_ms, self._parts(ticket.channel)[0])

    def _first_reply(self, ticket: SimulatedTicket, asked_ms: int, wait_ms: int) -> int:
        at_ms = self._reply_at(ticket, asked_ms, wait_ms)
        self._beside.assign(ticket, asked_ms, at_ms)
        ticket.first_wait_ms = at_ms - asked_ms
        self._tell.add(
            ticket,
            "first-reply",
            at_ms,
            responder_id=f"{ticket.team.name}-{self._rng.randint(1, ticket.team.responders):02}",
        )
        return at_ms

    def _later_reply(self, ticket: SimulatedTicket, waiting_since_ms: int) -> int:
        """A reply to a message; few say themselves since when the customer waited. When."""
        wait_ms = round(ticket.priority.later_reply.draw(self._rng) * ticket.channel.wait_factor)
        at_ms = self._reply_at(ticket, waiting_since_ms, max(SECOND_MS, wait_ms))
        stated = self._chance(self._rates.states_wait)
        since = {"waiting_since": to_rfc3339(waiting_since_ms)} if stated else {}
        self._tell.change(ticket, at_ms, "replied", **since)
        return at_ms

    def _reply_at(self, ticket: SimulatedTicket, asked_ms: int, wait_ms: int) -> int:
        return self._scenario.reply_at(
            asked_ms, asked_ms + wait_ms, team=ticket.team.name, priority=ticket.priority.name
        )

    def _measured(self, ticket: SimulatedTicket) -> dict[str, object]:
        """The responder's work on a written ticket, where it is on record."""
        measured = ticket.channel.talk is not None or self._chance(_MEASURED_SHARE)
        return self._parts(ticket.channel)[0] if measured and not ticket.channel.live else {}

    def _parts(self, channel: Channel) -> tuple[dict[str, object], int]:
        """Handle-time parts in seconds with one decimal, and their sum in milliseconds."""
        parts_ms = {"wrap_up_seconds": _WRAP_UP.draw(self._rng)}
        if channel.talk is not None:
            held = {"hold_seconds": _HOLD.draw(self._rng)} if self._chance(_HELD_SHARE) else {}
            parts_ms = {"talk_seconds": channel.talk.draw(self._rng), **held, **parts_ms}
        return {name: round(part_ms / 1000, 1) for name, part_ms in parts_ms.items()}, sum(parts_ms.values())

    def _chance(self, probability: float) -> bool:
        return self._rng.random() < probability
