"""C(row): what a ticket or a customer contributes to panes and levels.

A ticket's is the sum of the steps of its time line (`kpis.tickets.steps`), each under the labels of the
stretch in which it falls. What a fact adds when it comes last is its step alone, and so is what one adds that
leaves the others' steps as they are.

It is a pure function of the row, so a change is C(new) - C(old).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from kpis import cell_numbers
from kpis.tickets.additions import restart_first_response
from kpis.tickets.answers import score_cell
from kpis.tickets.customers import CustomerRow, intervals
from kpis.tickets.facts import Fact
from kpis.tickets.factsets import SetFact
from kpis.tickets.manner import Manner
from kpis.tickets.row import TicketRow
from kpis.tickets.standing import UNKNOWN, Dims, Filed, Standing
from kpis.tickets.steps import Log, create, step
from windows.deltas import Booking
from windows.panes import MINUTE_MS

Observation = tuple[int, int, int]  # (event time ms, cell, amount)
# event time ms; JOINED or LEFT; of a join the time of the leave before it
Spell = tuple[int, int, int | None]
# series, ms: of what is open and of what is assigned the creation, of what waits the start of its wait, of
# what is with a bot the start of that
Level = tuple[int, int]
OfStretch = tuple[Dims, list[Booking]]


class Contribution(NamedTuple):
    """What a ticket adds: to panes by the labels of its stretches, to levels by `dims`, those of the last."""

    parts: list[OfStretch]
    levels: list[Level]
    dims: Dims


# What a ticket that was merged into another one counts no more: it was no request of its own.
OF_ITS_OWN: Final = frozenset(
    {
        cell_numbers.CREATED,
        cell_numbers.RECEIVED,
        cell_numbers.COHORT,
        cell_numbers.RESOLVED,
        cell_numbers.SOLVED,
        cell_numbers.NET,
        cell_numbers.ABANDONED,
        cell_numbers.REOPENED,
        cell_numbers.SOLVED_UNANSWERED,
        cell_numbers.BOT_SOLVED,
        cell_numbers.ONE_TOUCH,
        cell_numbers.TOUCHED,
        cell_numbers.FIRST_CONTACT,
        cell_numbers.FIRST_CONTACT_OF,
    }
)
_DURATIONS_OF_ITS_OWN: Final = frozenset(
    {cell_numbers.RESOLUTION, cell_numbers.FULL_RESOLUTION, cell_numbers.RESOLUTION_BUSINESS}
)


def contribution(row: TicketRow) -> Contribution:
    """C(row): nothing of a ticket that is discarded."""
    found: Filed = []
    standing = walk(row, found)
    return contribution_of(standing, found)


def contribution_of(standing: Standing, found: Filed) -> Contribution:
    """C(row) of what a walk came to and found."""
    dims = standing.dims()
    if standing.is_withdrawn:
        return Contribution([], [], dims)
    if standing.is_merged:
        found = [not_of_its_own(here) for here in found]
    if len(found) == 1:
        return Contribution([(dims, found[0])] if found[0] else [], levels_of(standing), dims)
    parts: dict[Dims, list[Booking]] = {}
    for number, here in enumerate(found):
        if here:
            parts.setdefault(standing.dims_of(number), []).extend(here)
    return Contribution(list(parts.items()), levels_of(standing), dims)


def not_of_its_own(bookings: list[Booking]) -> list[Booking]:
    """Bookings without what a merged ticket counts no more."""
    kept: list[Booking] = []
    for at_ms, counts, amounts in bookings:
        pairs = zip(amounts[::2], amounts[1::2], strict=True)
        kept.append(
            (
                at_ms,
                tuple([cell for cell in counts if not _is_its_own(cell)]),
                tuple([number for pair in pairs if not _is_its_own(pair[0]) for number in pair]),
            )
        )
    return [one for one in kept if one[1] or one[2]]


def _is_its_own(cell: int) -> bool:
    return (
        cell in OF_ITS_OWN
        or cell // cell_numbers.BLOCK * cell_numbers.BLOCK in _DURATIONS_OF_ITS_OWN
        or cell_numbers.REGISTER <= cell < cell_numbers.REJOINED
    )


def observe(row: TicketRow) -> list[tuple[Dims, Observation]]:
    """All observations of a ticket, with their labels; empty when it is discarded.

    Amounts are those of the cells: mostly +1, or a duration in ms.
    """
    return [(dims, one) for dims, bookings in contribution(row).parts for one in observations(bookings)]


def observations(bookings: list[Booking]) -> Iterator[Observation]:
    """Bookings, cell by cell."""
    for at_ms, counts, amounts in bookings:
        for cell in counts:
            yield at_ms, cell, 1
        for place in range(0, len(amounts), 2):
            yield at_ms, amounts[place], amounts[place + 1]


def levels(row: TicketRow) -> list[Level]:
    """The live levels that a ticket stands in."""
    return levels_of(walk(row, None))


def levels_of(standing: Standing) -> list[Level]:
    """The levels of what a ticket has come to: none, while its creation is not known."""
    at = standing.created_ms
    if at is None or standing.outcome is not None or standing.gone:
        return []
    found = [(cell_numbers.OPEN, at)]
    if (wait := standing.wait_ms) is not None:
        found.append((cell_numbers.WAITING, wait))
        if standing.replied_ms is None:
            found.append((cell_numbers.UNANSWERED, wait))
    elif standing.bot_ms is not None:
        found.append((cell_numbers.WITH_BOT, standing.bot_ms))
    if standing.assigned:
        found.append((cell_numbers.ASSIGNED, at))
    return found


def walk(row: TicketRow, found: Filed | None, log: Log | None = None) -> Standing:
    """What a ticket has come to by all its facts.

    `found`, which is empty, takes what they add to panes; with None nobody asks for it. `log` takes the turns
    that clocks follow.
    """
    facts = row.standing_facts()
    standing = begin(row, found, log, facts=facts)
    for fact in facts:
        step(standing, fact, found, log)
    return standing


def begin(
    row: TicketRow,
    found: Filed | None,
    log: Log | None = None,
    manner: Manner | None = None,
    facts: list[Fact] | None = None,
) -> Standing:
    """What a ticket has come to before the facts that its row keeps.

    Its creation is part of that, wherever it stands. `manner`: to be followed in another one than the desk's.
    `facts`: those that stand, where the caller has them.
    """
    stub = row.stub
    standing = row.before_facts(manner)
    if found is not None:
        found += [[] for _ in range(standing.stretch + 1)]
        if stub is not None:
            for here, booked in zip(found, stub.by_stretch(), strict=False):
                here += [
                    (minute * MINUTE_MS, (), tuple(number for pair in cells.items() for number in pair))
                    for minute, cells in booked.items()
                ]
            if standing.from_creation:
                restart_first_response(standing, found)
    if log is not None and stub is not None:
        log += stub.log
    if standing.created_ms is None:
        creation = row.creation_fact(facts)
        if creation is not None:
            create(standing, creation[0], creation[3], found)
    return standing


def answer(fact: SetFact) -> Observation:
    """The observation of an answer that came without a ticket."""
    return (fact.at_ms, score_cell(*fact.content[:3]), 1)


def observe_answers(row: CustomerRow) -> list[tuple[Dims, Observation]]:
    """Survey answers that came without a ticket, with their dimensions.

    These are the answer's own team, and unknown for the rest.
    """
    return [
        ((fact.content[4] or UNKNOWN, UNKNOWN, UNKNOWN), answer(fact))
        for fact in (row.surveys or {}).values()
    ]


def observe_spells(row: CustomerRow) -> list[Spell]:
    """Joins and leaves of a customer, in their order."""
    found: list[Spell] = []
    for spell in intervals(row):
        found.append((spell.joined_ms, cell_numbers.JOINED, spell.previous_left_ms))
        if spell.left_ms is not None:
            found.append((spell.left_ms, cell_numbers.LEFT, None))
    return found
