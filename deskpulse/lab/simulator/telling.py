"""How the system of a team tells what becomes of a ticket: by what changed, by statuses, or by both.

```
             changes            levels                     both
solved       resolved           handled, status solved     resolved, status solved
waits        paused             status waiting, on_hold    paused, status waiting, on_hold
back         reopened           status open                reopened, status open
from a bot   handed_over        status open                handed_over, status open
```
"""

from __future__ import annotations

from random import Random
from typing import Final, Literal

from deskpulse.lab.simulator.desk import SECOND_MS, Rates
from deskpulse.lab.simulator.happening import EventIds, Happening, SimulatedTicket

_ON_HOLD: Final = 0.25  # of the pauses: somebody else than the customer is waited for
_BEHIND_MS: Final = 2 * SECOND_MS  # a status that comes beside a change is told a moment later


class Teller:
    """Adds events to tickets; identifiers and choices are drawn from one stream of random numbers."""

    def __init__(self, rates: Rates, rng: Random) -> None:
        self._rates, self._rng = rates, rng
        self.ids = EventIds(rng)

    def add(self, ticket: SimulatedTicket, topic: str, at_ms: int, **fields: object) -> Happening:
        """An event of the ticket; returns it."""
        event = self.ids.event(topic, at_ms, ticket_id=ticket.ticket_id, **fields)
        ticket.events.append(event)
        return event

    def change(self, ticket: SimulatedTicket, at_ms: int, change: str, **fields: object) -> Happening:
        """A change of the ticket; returns it."""
        return self.add(ticket, "ticket-changed", at_ms, change=change, **fields)

    def solve(
        self,
        ticket: SimulatedTicket,
        at_ms: int,
        parts: dict[str, object],
        *,
        outcome: Literal["solved", "abandoned"] = "solved",
        by_bot: bool = False,
    ) -> None:
        """The end of the ticket, or one of its ends; a bot tells of its own in its own words."""
        fields = dict(parts) if outcome == "solved" else {"outcome": outcome, **parts}
        ticket.closes_ms = at_ms
        if by_bot or ticket.team.tells != "levels":
            self.add(ticket, "resolved", at_ms, **fields, **({"by": "bot"} if by_bot else {}))
        elif parts:
            self.change(ticket, at_ms, "handled", **parts)
        if not by_bot:
            self._level(ticket, at_ms, outcome)

    def reopen(self, ticket: SimulatedTicket, at_ms: int) -> None:
        """The ticket is open again."""
        self._tell(ticket, at_ms, "reopened", "open")

    def pause(self, ticket: SimulatedTicket, at_ms: int) -> None:
        """The desk waits for the customer, or for somebody else."""
        status = "on_hold" if self._rng.random() < _ON_HOLD else "waiting"
        self._tell(ticket, at_ms, "paused", status)

    def resume(self, ticket: SimulatedTicket, at_ms: int) -> None:
        """The desk works again."""
        self._tell(ticket, at_ms, "resumed", "open")

    def hand_over(self, ticket: SimulatedTicket, at_ms: int) -> None:
        """A bot gives the ticket to people: some bots say so, others set the status."""
        as_status = self._rng.random() < self._rates.told_as_status
        if as_status and ticket.team.tells == "changes":
            self.status(ticket, at_ms, "open")
        else:
            self._tell(ticket, at_ms, "handed_over", "open")

    def status(self, ticket: SimulatedTicket, at_ms: int, status: str) -> None:
        """The status as of a time."""
        self.change(ticket, at_ms, "status", status=status)

    def _tell(self, ticket: SimulatedTicket, at_ms: int, change: str, status: str) -> None:
        if ticket.team.tells != "levels":
            self.change(ticket, at_ms, change)
        self._level(ticket, at_ms, status)

    def _level(self, ticket: SimulatedTicket, at_ms: int, status: str) -> None:
        if ticket.team.tells != "changes":
            behind_ms = _BEHIND_MS if ticket.team.tells == "both" else 0
            self.status(ticket, at_ms + behind_ms, status)
