"""Programs whose C differs, for tests of changed definitions.

One adds cells, one removes some, one moves some, one promises otherwise.

`carrying` makes such a program of this process for a while; `python -m tests.other_definitions worker` runs a
command of the one before this. In program 3 the clock of the first reply went on while a ticket was closed,
and a met deadline counted at the deadline.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, Final, NamedTuple
from unittest.mock import patch

import msgspec

from deskpulse.cli import main
from kpis import cell_numbers
from kpis.ledger import definitions
from kpis.sla import commitments
from kpis.sla.policy import Policy
from kpis.state.sla_clocks import NOTHING, SlaClocks
from kpis.tickets import observe
from kpis.tickets.booking import Contribution
from kpis.tickets.facts import FactEvent
from kpis.tickets.observe import Level, Observation
from kpis.tickets.promise import Promise
from kpis.tickets.row import TicketRow
from windows.panes import HOUR_MS, MINUTE_MS

Found = tuple[list[Observation], list[Level]]
NEW_CELL: Final = 900
_contribution: Final = observe.contribution
_promised: Final = commitments.contribution
_derive: Final = commitments.derive


def _adds(row: TicketRow) -> Found:
    found, levels = _contribution(row)
    return [
        *found,
        *((at_ms, NEW_CELL, 2) for at_ms, cell, _ in found if cell == cell_numbers.SOLVED),
    ], levels


def _removes(row: TicketRow) -> Found:
    found, levels = _contribution(row)
    kept = [one for one in found if one[1] not in {cell_numbers.NET, cell_numbers.CREATED}]
    return kept, [one for one in levels if one[0] != cell_numbers.UNANSWERED]


def _moves(row: TicketRow) -> Found:
    """The cohort an hour before, and open tickets at another minute."""
    found, levels = _contribution(row)
    moved = [
        (at_ms - HOUR_MS, cell, amount) if cell == cell_numbers.COHORT else (at_ms, cell, amount)
        for at_ms, cell, amount in found
    ]
    return moved, [(level, at_ms - MINUTE_MS) for level, at_ms in levels]


def _three(row: TicketRow) -> Found:
    """As definitions 3 had it: what is unanswered waits since its creation, also once it was reopened."""
    found, levels = _contribution(row)
    created = [at_ms for level, at_ms in levels if level == cell_numbers.OPEN]
    return found, [
        (level, created[0]) if level == cell_numbers.UNANSWERED else (level, at_ms) for level, at_ms in levels
    ]


def _promised_three(row: TicketRow) -> Found:
    """Likewise: a promise that was met counts at the deadline.

    A ticket that is closed before it without a reply owes none.
    """
    found, levels = _promised(row)
    course, promise = commitments.run(row), row.promise
    if course is None or promise is None:
        return found, levels
    due = {"first_reply": promise.reply_due_ms, "resolution": promise.resolution_due_ms}
    unanswered = course.replied_ms is None and course.closed_ms is not None
    owes_none = (
        unanswered and promise.reply_due_ms is not None and (course.closed_ms or 0) <= promise.reply_due_ms
    )
    kept = []
    for at_ms, cell, amount in found:
        target = _target_of(cell)
        if target == "first_reply" and owes_none:
            continue
        kept.append((at_ms if target is None else due[target] or at_ms, cell, amount))
    return kept, levels


def _target_of(cell: int) -> str | None:
    """The target whose outcome a cell counts."""
    for target, base in cell_numbers.SLA.items():
        if (
            base <= cell < base + cell_numbers.BREACHED + cell_numbers.CLASSES
            or cell >> 15 == cell_numbers.OUTCOME[target] >> 15
        ):
            return target
    return None


def _derive_three(row: TicketRow, policy: Policy) -> Promise | None:
    """Likewise: the first reply's clock runs from the creation, whatever becomes of the ticket."""
    promise, course = _derive(row, policy), commitments.run(row)
    if promise is None or course is None:
        return promise
    creation = course.creation
    terms = policy.terms(creation.at_ms, (creation.team, creation.channel, creation.priority))
    term = None if terms is None else terms.first_reply
    due = None if term is None else term.calendar.after_ms(creation.at_ms, term.within_ms)
    return msgspec.structs.replace(promise, reply_due_ms=due)


def _promises(row: TicketRow) -> Found:
    """Outcomes an hour before."""
    found, levels = _promised(row)
    return [(at_ms - HOUR_MS, cell, amount) for at_ms, cell, amount in found], levels


def _later(row: TicketRow, policy: Policy) -> Promise | None:
    """Deadlines half an hour later."""
    promise = _derive(row, policy)
    if promise is None or promise.reply_due_ms is None:
        return promise
    return msgspec.structs.replace(promise, reply_due_ms=promise.reply_due_ms + 30 * MINUTE_MS)


class Program(NamedTuple):
    """A program with a C of its own: its number, and what it replaces."""

    number: int
    contribution: Callable[[TicketRow], Found] = _contribution
    promised: Callable[[TicketRow], Found] = _promised
    derive: Callable[[TicketRow, Policy], Promise | None] = _derive


THIS: Final = Program(definitions.CURRENT)
_BY_NUMBER: Final = {
    3: Program(3, _three, _promised_three, _derive_three)
}  # changes that were more than a new cell


def earlier(number: int) -> Program:
    """The program of an earlier number: the next one written out here, without cells that came later."""
    later = [own for own in _BY_NUMBER if own >= number]
    program = _BY_NUMBER[min(later)] if later else Program(number)
    unknown = cell_numbers.came_after(number)

    def contribution(row: TicketRow) -> Found:
        found, levels = program.contribution(row)
        return [one for one in found if one[1] not in unknown], levels

    return program._replace(number=number, contribution=contribution)


BEFORE: Final = earlier(definitions.CURRENT - 1)
OTHERS: Final = {
    "before": BEFORE,
    "three": earlier(3),
    "adds": Program(definitions.CURRENT + 1, _adds),
    "removes": Program(definitions.CURRENT + 1, _removes),
    "moves": Program(definitions.CURRENT + 1, _moves),
    "promises otherwise": Program(definitions.CURRENT + 1, promised=_promises, derive=_later),
}


def _booked(row: TicketRow) -> Contribution:
    """What `kpis.tickets.booking` asks for, from what the program says of the row."""
    found, levels = observe.contribution(row)
    return row.dims(), [(at_ms, (), (cell, amount)) for at_ms, cell, amount in found], levels


def _book(self: SlaClocks, ticket_id: str, row: TicketRow, _: FactEvent, merge: Callable[[], None]) -> None:
    """The difference of what the program promises."""
    old = self.before(row) or NOTHING
    merge()
    self.promise_again(row)
    new = self.before(row) or NOTHING
    if old != new:
        self.move(ticket_id, row, old, new)


@contextmanager
def carrying(program: Program) -> Iterator[None]:
    """This process carries the C of a program within; all but this one's book by the difference alone."""
    if program is THIS:
        yield
        return
    patches: dict[str, Any] = {
        "kpis.ledger.definitions.CURRENT": program.number,
        "kpis.tickets.observe.contribution": program.contribution,
        "kpis.sla.commitments.contribution": program.promised,
        "kpis.sla.commitments.derive": program.derive,
        "kpis.tickets.booking.contribution": _booked,
        "kpis.tickets.booking._step": lambda *_: False,
        "kpis.state.sla_clocks.SlaClocks.book": _book,
    }
    with ExitStack() as stack:
        for name, value in patches.items():
            stack.enter_context(patch(name, value))
        yield


if __name__ == "__main__":
    with carrying(BEFORE):
        main()
