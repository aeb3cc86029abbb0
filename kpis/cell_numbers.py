"""The cells of a pane: which integer stands for what.

These numbers are in the ledger: never change one, only add.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

# Counts.
CREATED: Final = 1
COHORT: Final = 2  # created here, solved now
RESOLVED: Final = 3  # first effective resolutions of any outcome
SOLVED: Final = 4
NET: Final = 5
ABANDONED: Final = 6
REOPENED: Final = 7
PROMOTERS: Final = 8
PASSIVES: Final = 9
DETRACTORS: Final = 10
SATISFIED: Final = 11
UNSATISFIED: Final = 12
EFFORT: Final = 12  # EFFORT + score, score 1..7
ANOMALY: Final = 20
JOINED: Final = 21
LEFT: Final = 22
REGISTERS_USED: Final = 23  # made when sums are read, never stored: how many cells REGISTER + r there are

# Durations: base holds the count, base + 1 the sum in ms, base + 2 + i the bucket i of windows.histogram.
FIRST_RESPONSE: Final = 1 << 12
RESPONSE: Final = 2 << 12
HANDLE: Final = 3 << 12
RESOLUTION: Final = 4 << 12
FIRST_RESPONSE_BUSINESS: Final = 5 << 12  # by the calendar of the team
RESOLUTION_BUSINESS: Final = 6 << 12
BLOCK: Final = 1 << 12  # cells reserved for each duration
NO_TIME: Final = 2  # base + 2 is bucket 0, which holds durations of 0 alone

# Deadlines, by target, booked at what met them or at the missed deadline.
# CLASSES are spans of remaining time (kpis.sla.commitments.EDGES_MS).
CLASSES: Final = 8
SLA: Final = {"first_reply": 7 << 12, "resolution": 8 << 12}
_FIRST_SLA: Final = min(SLA.values())
BREACHED: Final = CLASSES * CLASSES  # SLA[target] + BREACHED + class of (deadline - creation)
# SLA[target] + CLASSES * class of (deadline - creation) + class of (deadline - what met it): below BREACHED
# all are met

# The same outcomes once more, all at their deadline, by what their promise allows to be missed:
# OUTCOME[target] + 2 * allowance + (1 if missed else 0). A promise allows 1 - objective, in ALLOWANCES. Only
# outcomes of promises that know it (ledger format 3) are here, so the three sums fit together.
ALLOWANCES: Final = 10_000
OUTCOME: Final = {"first_reply": 1 << 20, "resolution": (1 << 20) + (1 << 15)}
OUTCOMES: Final = range(1 << 20, 1 << 21)

REGISTER: Final = 1 << 24  # REGISTER + r, r < 2^24: customers of tickets (windows.distinct)
REJOINED: Final = 1 << 25  # REJOINED + pane of the leave before a join, in the pane's own resolution

MEANS: Final = (FIRST_RESPONSE, RESPONSE, HANDLE, RESOLUTION, FIRST_RESPONSE_BUSINESS, RESOLUTION_BUSINESS)
# What means, ratios and scores are lowered from: all but histograms and registers. Sums of these are cheap
# enough to keep by pane.
LIGHT: Final = frozenset({*range(1, REGISTERS_USED), *(base + part for base in MEANS for part in (0, 1))})
# What courses keep of a target instead, so that it is light too: (met, missed). Made of the above when they
# are read; no row has them.
SETTLED: Final = {"first_reply": (-1, -2), "resolution": (-3, -4)}

# Levels: series of the hourly level rows, whose cells are minutes of the hour.
OPEN: Final = 0
UNANSWERED: Final = 1
ACTIVE: Final = 2  # customers; hour 0, cell 0 only
# by the minute of the deadline, while the clock runs towards or past it
DUE: Final = {"first_reply": 3, "resolution": 4}
# The same of a promise that knows its allowance: PROMISED[target] + allowance. One row more for each
# objective, not for each ticket.
PROMISED: Final = {"first_reply": 1 << 15, "resolution": 2 << 15}
# A running clock stands twice: for the team of its deadline (above: what was kept and missed) and for the
# team that has the ticket now (overdue, at risk, forecast). Where these differ, a row here takes it from the
# one and gives it to the other, by the same minute. Nothing hands a ticket over yet, so no row is written.
HANDED: Final = {"first_reply": 5, "resolution": 6}
_HANDED_TARGETS: Final = {level: target for target, level in HANDED.items()}
_DUE_TARGETS: Final = {level: target for target, level in DUE.items()}
_PROMISED_TARGETS: Final = {level >> 15: target for target, level in PROMISED.items()}


def due_level(target: str, allowance: int | None) -> int:
    """The level of a running clock whose promise allows so much, in ALLOWANCES; None: it does not know."""
    return DUE[target] if allowance is None else PROMISED[target] + allowance


def target_of(level: int) -> str | None:
    """The target whose running clocks a level counts; None: it counts something else."""
    return _DUE_TARGETS.get(level) or _PROMISED_TARGETS.get(level >> 15)


def handed_target(level: int) -> str | None:
    """The target whose running clocks a level hands from one team to another; None: it does not.

    >>> handed_target(HANDED["resolution"]), handed_target(DUE["resolution"])
    ('resolution', None)
    """
    return _HANDED_TARGETS.get(level)


def running_target(level: int) -> str:
    """The target of a level in which a promise stands: these are levels of running clocks only."""
    target = target_of(level)
    assert target is not None, f"level {level} counts no running clocks"
    return target


def allowance_of(level: int) -> int | None:
    """What the promises of a level of running clocks allow, in ALLOWANCES; None: they do not know."""
    return level & 0x7FFF if level >> 15 else None


def outcome_cell(target: str, allowance: int, *, missed: bool) -> int:
    """The cell of an outcome by what its promise allows.

    >>> outcome_cell("first_reply", 1000, missed=True) - OUTCOME["first_reply"]
    2001
    """
    return OUTCOME[target] + 2 * allowance + missed


def is_observed(cells: Mapping[int, int]) -> bool:
    """Whether events were observed, more than registers of customers and what deadlines came to.

    >>> is_observed({CREATED: 1}), is_observed({SLA["resolution"]: 1}), is_observed({})
    (True, False, False)
    """
    return any(cell < _FIRST_SLA and cell != REGISTERS_USED for cell in cells)


def buckets(cells: Mapping[int, int], base: int) -> list[tuple[int, int]]:
    """The histogram of a duration as (bucket number, count), ascending."""
    low, high = base + 2, base + BLOCK
    return [(cell - low, cells[cell]) for cell in sorted(cell for cell in cells if low <= cell < high)]
