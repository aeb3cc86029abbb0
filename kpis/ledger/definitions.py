"""Which definitions the panes of a ledger were made by.

The number of C(row), apart from the format of its bytes.

A program carries one C. What it subtracts from a pane is what its own C says of a row; on a pane that another
C has made that would leave a false figure, without any error. So the position row names the C of its
partition, a worker that takes a partition over brings it to its own C from the rows (`rebuild.py`), upwards
and downwards, and a face shows a figure only where all partitions have one that means the same.

A change of what a row contributes adds a line to HISTORY: here where the meaning of a figure changes, in
`kpis.cell_numbers.CAME` where a new cell comes. tests/laws/test_definition_version.py is red until then.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

from kpis.cell_numbers import CAME
from kpis.ledger.codec import Position
from kpis.tickets.manner import AS_USUAL, Manner

EVERY: Final = frozenset({"*"})


class Definitions(NamedTuple):
    """One C: its number, what came with it in words, and the figures that it gives another value.

    EVERY stands for all figures.
    """

    number: int
    change: str
    figures: frozenset[str]
    digest: str = ""  # of what it makes of a fixed history; the program that has it is held to that


_PROMISES: Final = (
    *(
        "attainment_ratio",
        "attainment_observations",
        "breached_tickets",
        "waiting_tickets",
        "overdue_tickets",
        "due_tickets",
    ),
    *(
        "next_deadline_timestamp_seconds",
        "forecast_breaches_tickets",
        "below_objective",
        "long_overdue_tickets",
    ),
    *(
        "kept_since_timestamp_seconds",
        "endangered_tickets",
        "endangered_usual_tickets",
        "endangered_observations",
    ),
    *(
        "worst_ratio",
        "worst_objective_ratio",
        "worst_observations",
        "worst_missed_tickets",
        "worst_excess_tickets",
    ),
    *("worst_overdue_tickets", "worst_since_timestamp_seconds"),
)
_MEANINGS: Final = (
    Definitions(1, "before definitions had a version", EVERY),
    Definitions(
        2,
        "the first reply may come by any topic; what is stamped before the creation happens at it, one "
        "anomaly each; a ticket is abandoned "
        "by its first resolution or never; two respondents give two answers; a triage counts before the "
        "creation is known",
        EVERY,
    ),
    Definitions(
        3,
        "a ticket that was reopened and solved again counts in the net resolution rate again",
        frozenset({"support_resolution_net_ratio"}),
        digest="68bdc6260f3b7866",
    ),
    Definitions(
        4,
        "the clock of the first reply pauses while the ticket is closed; a met deadline counts at what met "
        "it, not at the deadline; what ends at the very deadline has not passed it; an unanswered ticket "
        "that was reopened waits since then",
        frozenset(
            {
                "support_oldest_unanswered_timestamp_seconds",
                "support_oldest_unanswered_business_seconds",
                *(f"support_sla_{name}" for name in _PROMISES),
            }
        ),
        digest="833b7b68ae39f367",
    ),
)
_CELLS: Final = tuple(
    Definitions(number, came.change, frozenset(came.figures), came.digest) for number, came in CAME.items()
)
HISTORY: Final = tuple(sorted((*_MEANINGS, *_CELLS)))
CURRENT: Final = HISTORY[-1].number


def begun(format_: int, manner: Manner = AS_USUAL) -> Position:
    """The position of a partition without any row, which this program makes in this manner."""
    return Position(format=format_, definitions=CURRENT, segment=manner.segment, frt_from=manner.frt_from)


def are_current(position: Position, manner: Manner = AS_USUAL) -> bool:
    """Whether a partition was made by this program's definitions, and nobody was just changing that.

    `manner`: how panes are to be made.
    """
    return position.definitions == CURRENT and position.becoming is None and position.manner == manner


def hidden(positions: Iterable[Position], manner: Manner = AS_USUAL) -> frozenset[str]:
    """The figures that do not mean the same in these partitions and in this program: empty where all agree.

    What a number means that this program does not know it cannot tell, so then it is EVERY. So it is where
    panes were made in another manner than they should be, or are just being made anew.

    >>> hidden([Position(definitions=CURRENT)])
    frozenset()
    >>> sorted(hidden([Position(definitions=CURRENT), Position(definitions=1)]))
    ['*']
    >>> hidden([Position(definitions=CURRENT, becoming=CURRENT + 1)]) == EVERY
    True
    """
    numbers = {CURRENT}
    for position in positions:
        if position.manner != manner or position.remaking:
            return EVERY
        numbers.add(position.definitions)
        if position.becoming is not None:
            numbers.add(position.becoming)
    low, high = min(numbers), max(numbers)
    if high > CURRENT:
        return EVERY
    found = frozenset[str]().union(*(one.figures for one in HISTORY if low < one.number <= high))
    return found if found.isdisjoint(EVERY) else EVERY


def blinds(figures: frozenset[str]) -> bool:
    """Whether without these figures a broken promise would not be seen."""
    return figures == EVERY or any(name.startswith("support_sla_") for name in figures)
