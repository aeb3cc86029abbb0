"""Customer rows of a partition: an event is merged, and what it changes is booked as a difference."""

from __future__ import annotations

from kpis import cell_numbers
from kpis.ledger import codec
from kpis.tickets import booking, customers, observe
from kpis.tickets.customers import CustomerRow
from kpis.tickets.row import CUSTOMERS
from kpis.tickets.standing import Dims
from streams.events import CustomerChanged, Survey
from windows.protocols import WindowedTables
from windows.rows import Rows


class CustomerRows(Rows[CustomerRow]):
    """Rows by customer. The row of a former customer leaves `customer_ms` after its last event."""

    def __init__(self, customer_ms: int) -> None:
        super().__init__(codec.customer_key, codec.encode_value, self._leave_ms, customer_ms)
        self._customer_ms = customer_ms

    def _leave_ms(self, row: CustomerRow) -> int | None:
        """Event clock beyond which the row leaves; None while it is a customer's."""
        return None if customers.is_active(row) else row.last_ms + self._customer_ms

    def merge(self, customer_id: str, event: CustomerChanged | Survey, tables: WindowedTables[Dims]) -> bool:
        """Merge an event and book what that changes; False when its identity was known: a duplicate."""
        row = self.by_id.get(customer_id)
        if row is None:
            row = self.put(customer_id, CustomerRow())
        self.mark(customer_id, customers.bytes_of(row))
        self.grow(customers.growth_of(event))
        spells, answers = observe.observe_spells(row), observe.observe_answers(row)
        was_active = customers.is_active(row)
        is_new = customers.note(row, event)
        if customers.merge(row, event):
            deltas, number = tables.deltas, tables.number
            for found, sign in ((answers, -1), (observe.observe_answers(row), 1)):
                for dims, (at_ms, cell, amount) in found:
                    deltas.add(at_ms, number(dims), cell, sign * amount)
            after = observe.observe_spells(row)
            if spells != after:
                booking.book_spells(tables, spells, -1)
                booking.book_spells(tables, after, 1)
            if change := customers.is_active(row) - was_active:
                (deltas.raise_ if change > 0 else deltas.lower)(cell_numbers.ACTIVE, 0, number(CUSTOMERS))
        return is_new
