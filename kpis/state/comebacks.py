"""Ticket rows, and what stays of those that have left.

A ticket that comes back is known for 400 days after its last event.

A row leaves when nothing that it has booked is in any pane (61 days; 365 while it is open). What is left is
small and stays as it is in the ledger, as bytes: its creation, labels, state, first reply, first solution and
reopening, and the changes of state that clocks ran by. It contributes nothing to panes or levels. With the
ticket's next event the row is back, with its facts folded into a stub (`kpis.tickets.row`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from kpis.ledger import codec, packing
from kpis.tickets.manner import AS_USUAL, Manner
from kpis.tickets.row import TicketRow
from windows.panes import DAY_MS
from windows.rows import Rows

KNOWN_MS: Final = 400 * DAY_MS  # after its last event


class TicketRows(Rows[TicketRow]):
    """Rows by ticket, and the remains of rows that have left.

    Without `keeps` (older formats of the ledger) nothing remains. `manner`: how they count.
    """

    def __init__(
        self,
        encode: Callable[[TicketRow], bytes],
        leaves_ms: Callable[[TicketRow], int | None],
        least_ms: int,
        *,
        keeps: bool,
        manner: Manner = AS_USUAL,
    ) -> None:
        super().__init__(codec.ticket_key, encode, leaves_ms, least_ms)
        self._manner = manner
        self.keeps = keeps
        self._remains: dict[str, bytes] = {}
        self._forgotten: dict[int, list[str]] = {}  # by number of the day

    @property
    def remains_held(self) -> int:
        """Tickets that are known although their rows have left."""
        return len(self._remains)

    def leave(self, ticket_id: str, row: TicketRow) -> None:
        """A row has left, and its levels are withdrawn: keep what remains of it."""
        if not self.keeps:
            return
        raw = self._remains[ticket_id] = codec.encode_remains(row)
        self.grow(len(raw))
        self._remember(ticket_id, row.last_ms)

    def back(self, ticket_id: str) -> TicketRow | None:
        """The row of a ticket whose row had left, to be changed by its next event; None: it is not known."""
        raw = self._remains.pop(ticket_id, None)
        if raw is None:
            return None
        return self.put(ticket_id, self._counted(codec.decode_remains(raw)))

    def new(self, ticket_id: str) -> TicketRow:
        """A row without any fact yet."""
        return self.put(ticket_id, self._counted(TicketRow()))

    def _counted(self, row: TicketRow) -> TicketRow:
        row.manner = self._manner
        return row

    def _remember(self, ticket_id: str, last_ms: int) -> None:
        self._forgotten.setdefault((last_ms + KNOWN_MS) // DAY_MS, []).append(ticket_id)

    def expire(self, event_clock_ms: int) -> list[tuple[str, TicketRow]]:
        """As of all rows; and forget the tickets whose last event is too long ago."""
        today = event_clock_ms // DAY_MS
        for day in sorted(day for day in self._forgotten if day < today):
            for ticket_id in self._forgotten.pop(day):
                raw = self._remains.get(ticket_id)
                if raw is not None and (packing.last_ms_of(memoryview(raw)[1:]) + KNOWN_MS) // DAY_MS == day:
                    del self._remains[ticket_id]
                    self.mark(ticket_id, 0)
        return super().expire(event_clock_ms)

    def left(self, identifier: str) -> bytes | None:
        """What the ledger has in place of a row that has left."""
        return self._remains.get(identifier)

    def take(self, ticket_id: str, raw: bytes | None) -> None:
        """Take over a row of the ledger, or what remains of one; None: neither.

        `index` must follow the last. Errors: NewerRowError.
        """
        remains = raw is not None and codec.are_remains(raw)
        self.load(ticket_id, None if raw is None or remains else self._counted(codec.decode_ticket(raw)))
        if raw is not None and remains:
            self._remains[ticket_id] = raw
        else:
            self._remains.pop(ticket_id, None)

    def index(self) -> None:
        """List every loaded row, and what remains of others."""
        super().index()
        for ticket_id, raw in self._remains.items():
            self._remember(ticket_id, packing.last_ms_of(memoryview(raw)[1:]))
