"""Programs whose C differs, for tests of changed definitions.

One adds cells, one removes some, one moves some, one promises otherwise.

`carrying` makes such a program of this process for a while; `python -m tests.other_definitions worker` runs a
command of the one before this, which knows the kinds of events that ledger format 6 has. In program 3 the
clock of the first reply went on while a ticket was closed, and a met deadline counted at the deadline.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, Final, NamedTuple
from unittest.mock import patch

from msgspec.structs import replace

from deskpulse.cli import main
from kpis import cell_numbers
from kpis.ledger import codec, definitions
from kpis.sla import commitments
from kpis.sla.commitments import NOTHING, Promised
from kpis.sla.policy import Policy
from kpis.state.sla_clocks import SlaClocks
from kpis.tickets import booking, observe
from kpis.tickets.facts import Fact, FactEvent
from kpis.tickets.observe import Contribution, Level, Observation, OfStretch
from kpis.tickets.promise import Promise
from kpis.tickets.row import NEW, TicketRow
from tests import definitions_five as five
from windows.deltas import Booking
from windows.panes import HOUR_MS, MINUTE_MS
from windows.protocols import DeltaSink

NEW_CELL: Final = 900
_contribution: Final = observe.contribution
_promised: Final = commitments.contribution
_derive: Final = commitments.derive


def _each(found: Contribution, change: Callable[[Observation], Iterable[Observation]]) -> Contribution:
    """A contribution with each observation replaced by some others."""
    parts: list[OfStretch] = []
    for dims, bookings in found.parts:
        changed = [other for one in observe.observations(bookings) for other in change(one)]
        booked: list[Booking] = [(at_ms, (), (cell, amount)) for at_ms, cell, amount in changed]
        if booked:
            parts.append((dims, booked))
    return found._replace(parts=parts)


def _adds(row: TicketRow) -> Contribution:
    def change(one: Observation) -> list[Observation]:
        return [one, (one[0], NEW_CELL, 2 * one[2])] if one[1] == cell_numbers.SOLVED else [one]

    return _each(_contribution(row), change)


def _removes(row: TicketRow) -> Contribution:
    gone = {cell_numbers.NET, cell_numbers.CREATED}
    found = _each(_contribution(row), lambda one: [] if one[1] in gone else [one])
    return found._replace(levels=[one for one in found.levels if one[0] != cell_numbers.UNANSWERED])


def _moves(row: TicketRow) -> Contribution:
    """The cohort an hour before, and what stands in levels at another minute."""

    def change(one: Observation) -> list[Observation]:
        at_ms, cell, amount = one
        return [(at_ms - HOUR_MS, cell, amount) if cell == cell_numbers.COHORT else one]

    found = _each(_contribution(row), change)
    return found._replace(levels=[(level, at_ms - MINUTE_MS) for level, at_ms in found.levels])


def _three(row: TicketRow) -> Contribution:
    """As definitions 3 had it: what is unanswered waits since its creation, also once it was reopened."""
    found = five.contribution(row)
    created = [at_ms for level, at_ms in found.levels if level == cell_numbers.OPEN]
    levels = [(level, created[0]) for level, _ in found.levels]
    return found._replace(levels=levels)


def _promised_three(row: TicketRow) -> Promised:
    """Likewise: a promise that was met counts at the deadline.

    A ticket that is closed before it without a reply owes none.
    """
    found, course, promise = five.promised(row), five.run(row), row.promise
    if course is None or promise is None:
        return found
    due = {"first_reply": promise.reply_due_ms, "resolution": promise.resolution_due_ms}
    unanswered = course.replied_ms is None and course.closed_ms is not None
    owes_none = (
        unanswered and promise.reply_due_ms is not None and (course.closed_ms or 0) <= promise.reply_due_ms
    )
    kept = []
    for dims, (at_ms, cell, amount) in found.found:
        target = _target_of(cell)
        if target == "first_reply" and owes_none:
            continue
        kept.append((dims, (at_ms if target is None else due[target] or at_ms, cell, amount)))
    return found._replace(found=kept)


def _target_of(cell: int) -> str | None:
    """The target whose outcome a cell counts."""
    for target, base in cell_numbers.SLA.items():
        if (
            base <= cell < base + cell_numbers.BREACHED + cell_numbers.CLASSES
            or cell >> 15 == cell_numbers.OUTCOME[target] >> 15
        ):
            return target
    return None


def _derive_three(row: TicketRow, policy: Policy | None) -> Promise | None:
    """Likewise: the first reply's clock runs from the creation, whatever becomes of the ticket."""
    promise, course = five.derive(row, policy), five.run(row)
    if promise is None or course is None:
        return promise
    creation = course.creation
    terms = five.terms_of(creation, policy)
    term = None if terms is None else terms.first_reply
    return replace(
        promise, reply_due_ms=None if term is None else term.calendar.after_ms(creation.at_ms, term.within_ms)
    )


def _promises(row: TicketRow) -> Promised:
    """Outcomes an hour before."""
    found = _promised(row)
    return found._replace(
        found=[(dims, (at_ms - HOUR_MS, cell, amount)) for dims, (at_ms, cell, amount) in found.found]
    )


def _later(row: TicketRow, policy: Policy | None) -> Promise | None:
    """Deadlines half an hour later."""
    promise = _derive(row, policy)
    if promise is None or promise.reply_due_ms is None:
        return promise
    return replace(promise, reply_due_ms=promise.reply_due_ms + 30 * MINUTE_MS)


class Program(NamedTuple):
    """A program with a C of its own: its number, what it replaces, and the format it writes up to."""

    number: int
    contribution: Callable[[TicketRow], Contribution] = _contribution
    promised: Callable[[TicketRow], Promised] = _promised
    derive: Callable[[TicketRow, Policy | None], Promise | None] = _derive
    format: int = codec.VERSION


THIS: Final = Program(definitions.CURRENT)
# Changes that were more than a new cell.
_BY_NUMBER: Final = {
    3: Program(3, _three, _promised_three, _derive_three, codec.OWN_IDS_FORMAT),
    5: Program(5, five.contribution, five.promised, five.derive, codec.OWN_IDS_FORMAT),
}


def earlier(number: int) -> Program:
    """The program of an earlier number: the next one written out here, without cells that came later."""
    later = [own for own in _BY_NUMBER if own >= number]
    program = _BY_NUMBER[min(later)] if later else Program(number)
    unknown = cell_numbers.came_after(number)

    def contribution(row: TicketRow) -> Contribution:
        return _each(program.contribution(row), lambda one: [] if one[1] in unknown else [one])

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


def _levels(row: TicketRow) -> list[Level]:
    return observe.contribution(row).levels


def _book(self: SlaClocks, ticket_id: str, row: TicketRow, _: FactEvent, merge: Callable[[], None]) -> None:
    """The difference of what the program promises."""
    before, old = row.dims(), self.before(row) or NOTHING
    merge()
    self.promise_again(row)
    self.move(ticket_id, row, (before, old), (row.dims(), self.before(row) or NOTHING))


def _begin(row: TicketRow, fact: Fact, deltas: DeltaSink, number: booking.NumberOf) -> None:
    """The first creation, too, by the difference of what the program says."""
    booking.difference(row, fact, deltas, number, NEW)


@contextmanager
def carrying(program: Program) -> Iterator[None]:
    """This process carries the C of a program within; all but this one's book by the difference alone."""
    if program is THIS:
        yield
        return
    patches: dict[str, Any] = {
        "kpis.ledger.codec.VERSION": program.format,
        "kpis.ledger.definitions.CURRENT": program.number,
        "kpis.tickets.observe.contribution": program.contribution,
        "kpis.tickets.observe.levels": _levels,
        "kpis.sla.commitments.contribution": program.promised,
        "kpis.sla.commitments.derive": program.derive,
        "kpis.tickets.booking._step": lambda *_: False,
        "kpis.tickets.booking._begin": _begin,
        "kpis.state.sla_clocks.SlaClocks.book": _book,
    }
    with ExitStack() as stack:
        for name, value in patches.items():
            stack.enter_context(patch(name, value))
        yield


if __name__ == "__main__":
    with carrying(BEFORE):
        main()
