"""Panes and levels made anew from the rows, when they were made by another C than this program's.

Or in another manner than the desk's settings say: with segments or without, first response times from the
first contact or from the creation. Or, in a shorter way, when the policy has a new version that open tickets
follow (`follow_policy`).

```
 rows ---- C(row) of this program ---> sums              turn after turn, so that the process stays alive
 sums - what the ledger has ---------> rows that differ  in transactions of the usual size
 the position row, first: `becoming`     exporters hide what the two definitions do not share, until this ends
 the position row, last:  `definitions`  exporters show it again
```
Rows know the segments that events named whatever the setting is. Keys of panes with and without segments
differ, and those of before are deleted last. `kpis/ledger/definitions.py` numbers the definitions. Sums are
absolute, so a crash anywhere in between loses nothing: the next owner, of this program or another, begins
again. The result is exact because a row outlives whatever it has booked (`PartitionState`). Admitted names
stay admitted. Deadlines are derived anew, since a C may say something new of them; recovery checked that the
policy says of the past what it said before.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from kpis import cell_numbers
from kpis.state.sla_clocks import SlaClocks
from kpis.tickets import booking, customers, observe
from kpis.tickets.customers import CustomerRow
from kpis.tickets.row import CUSTOMERS, TicketRow
from kpis.tickets.standing import Dims
from windows.protocols import WindowedTables
from windows.rows import Rows

ROWS_A_TURN: Final = 1_000  # some tens of milliseconds
DEFINITIONS: Final = "other definitions or settings"
POLICY: Final = "another version of the policy"
_ROW_BYTES: Final = 64  # of a record beside its key, from above


def book_again(
    tables: WindowedTables[Dims],
    tickets: Rows[TicketRow],
    customer_rows: Mapping[str, CustomerRow],
    book: SlaClocks,
) -> Iterator[int]:
    """Book all rows into empty tables; yields after each turn how many are done.

    Tickets with another promise are marked as changed.
    """
    done = 0
    for ticket_id, row in tickets.by_id.items():
        if book.promise_again(row):
            tickets.mark(ticket_id, row.size + row.stub_size)
        _book_ticket(tables, row, book)
        done += 1
        if done % ROWS_A_TURN == 0:
            tables.settle()
            yield done
    for customer in customer_rows.values():
        _book_customer(tables, customer)
        done += 1
        if done % ROWS_A_TURN == 0:
            tables.settle()
            yield done
    tables.settle()
    yield done


def follow_policy(tickets: Rows[TicketRow], book: SlaClocks) -> Iterator[int]:
    """Let open tickets follow a version of the policy that is for them too.

    Each row moves as it would with its next event, so figures are whole after each. Yields how many are done,
    after each that moved and after each turn.
    """
    for done, (ticket_id, row) in enumerate(tickets.by_id.items(), 1):
        moves = book.follow_policy(ticket_id, row)
        if moves:
            tickets.mark(ticket_id, row.size + row.stub_size)
        if moves or done % ROWS_A_TURN == 0:
            yield done


def deletions(keys: Iterable[bytes], most_bytes: int) -> Iterator[list[tuple[bytes, None]]]:
    """Rows of panes and levels that a change of dimensions leaves behind, as deletions, share by share.

    A share has at most `most_bytes`, but one row at the least; none of none.
    """
    share: list[tuple[bytes, None]] = []
    size = 0
    for key in sorted(keys):
        if share and size + len(key) + _ROW_BYTES > most_bytes:
            yield share
            share, size = [], 0
        share.append((key, None))
        size += len(key) + _ROW_BYTES
    if share:
        yield share


def _book_ticket(tables: WindowedTables[Dims], row: TicketRow, book: SlaClocks) -> None:
    deltas, number = tables.deltas, tables.number
    found = observe.contribution(row)
    for dims, bookings in found.parts:
        deltas.book(number(dims), bookings)
    booking.raise_levels(deltas, number, found.dims, found.levels)
    if (promised := book.before(row)) is None:
        return
    for dims, (at_ms, cell, amount) in promised.found:
        deltas.add(at_ms, number(dims), cell, amount)
    for dims, level, due_ms, sign in promised.levels:
        (deltas.raise_ if sign > 0 else deltas.lower)(level, due_ms, number(dims))


def _book_customer(tables: WindowedTables[Dims], row: CustomerRow) -> None:
    """Book what a customer contributes."""
    number = tables.number
    for dims, (at_ms, cell, amount) in observe.observe_answers(row):
        tables.deltas.add(at_ms, number(dims), cell, amount)
    booking.book_spells(tables, observe.observe_spells(row), 1)
    if customers.is_active(row):
        tables.deltas.raise_(cell_numbers.ACTIVE, 0, number(CUSTOMERS))
