"""Deadlines that come with tickets: of which targets any event states one.

The figures of a target exist where a policy promises it, and where a deadline of it was ever given.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final

from kpis.sla.policy import FIRST_REPLY, NEXT_REPLY, RESOLUTION, TARGETS
from kpis.tickets.facts import CREATED, DUE
from kpis.tickets.row import TicketRow
from streams.events import Due, TicketCreated

STATING: Final = frozenset({TicketCreated, Due})  # events that may state a deadline
COUNTERS: Final = {target: f"given:{target}" for target in TARGETS}  # of a position
_ORDER: Final = (FIRST_REPLY, RESOLUTION, NEXT_REPLY)  # in which facts have them
_OF_CREATION: Final = 8  # fields of the content of a creation before its deadlines


def stated(row: TicketRow) -> Counter[str]:
    """By counter, how many facts of a ticket state a deadline of a target; retracted ones do, too.

    What withdraws a deadline states none. Empty: none came.
    """
    found: Counter[str] = Counter()
    for _, kind, _, content in row.facts:
        if kind == DUE or (kind == CREATED and len(content) > _OF_CREATION):
            dues = content if kind == DUE else content[_OF_CREATION:]
            for target, due in zip(_ORDER, dues, strict=False):
                if due is not None and due is not False:
                    found[COUNTERS[target]] += 1
    return found


def may_state(row: TicketRow) -> bool:
    """Whether a fact of a ticket states or withdraws a deadline.

    Of facts that went into a stub it is not known, so they may.
    """
    return row.stub is not None or any(
        kind == DUE or (kind == CREATED and len(content) > _OF_CREATION) for _, kind, _, content in row.facts
    )


def targets_of(counters: Iterable[Mapping[str, int]]) -> frozenset[str]:
    """The targets of which the counters know a deadline.

    >>> sorted(targets_of([{"given:resolution": 2, "accepted": 9}, {"given:first_reply": 0}]))
    ['resolution']
    """
    known = list(counters)
    return frozenset(
        target for target, counter in COUNTERS.items() if any(one.get(counter, 0) > 0 for one in known)
    )


def in_order(promised: Iterable[str], given: Iterable[str]) -> tuple[str, ...]:
    """The targets that figures are made of, in the order in which they are shown.

    >>> in_order(["resolution"], {"next_reply"})
    ('next_reply', 'resolution')
    """
    wanted = {*promised, *given}
    return tuple(target for target in TARGETS if target in wanted)
