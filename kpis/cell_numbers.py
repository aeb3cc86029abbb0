"""The cells of a pane: which integer stands for what.

These numbers are in the ledger: never change one, only add.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, NamedTuple

CellKind = Literal["count", "duration", "deadline", "register", "made"]
# Cells reserved for each duration: its count, its sum in ms, then bucket i of windows.histogram.
BLOCK: Final = 1 << 12
NO_TIME: Final = 2  # base + 2 is bucket 0, which holds durations of 0 alone


class Cell(NamedTuple):
    """A number of the ledger, or `size` of them that say one thing."""

    number: int
    name: str
    kind: CellKind
    size: int
    says: str  # in docs/ledger.md
    since: int = 1  # the number of the definitions that it came with (`kpis.ledger.definitions`)

    @property
    def numbers(self) -> range:
        """All numbers that are taken."""
        return range(self.number, self.number + self.size)


class Came(NamedTuple):
    """What cells brought: the change in words, the figures that it gives a value, and the digest of C."""

    change: str
    figures: tuple[str, ...]
    digest: str  # tests/laws/test_definition_version.py prints the one of now


# By the number of the definitions: a line for each that came with cells (`kpis.ledger.definitions`).
CAME: Final = {
    5: Came(
        "what was solved before any human had answered is counted",
        ("support_solved_unanswered_tickets", "support_solved_unanswered_ratio"),
        "9de7297dc3effa4e",
    ),
    6: Came(
        "messages of customers begin waits, statuses are levels, bots and transfers count as such, merged "
        "tickets are requests no more, events can be retracted, deadlines may come with the ticket",
        ("*",),
        "e21f73fa3078834e",
    ),
}

CELLS: Final[dict[str, Cell]] = {}  # every cell that there is, by its name, in the order of the numbers


def _cell(
    number: int, name: str, says: str, *, kind: CellKind = "count", size: int = 1, since: int = 1
) -> int:
    """Take a number, once and for ever.

    Errors: ValueError where it is taken already, with the next one that is free.

    >>> _cell(4, "won", "tickets won back")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ValueError: cell 4 (won) is taken by solved; the next free number is ...
    """
    cell = Cell(number, name, kind, size, says, since)
    for known in CELLS.values():
        if number < known.number + known.size and known.number < number + size:
            raise ValueError(
                f"cell {number} ({name}) is taken by {known.name}; the next free number is {next_free()}"
            )
    if name in CELLS:
        raise ValueError(f"cell {number} has the name of cell {CELLS[name].number}: {name}")
    CELLS[name] = cell
    return number


def came_after(number: int) -> frozenset[int]:
    """The cells that definitions of a number do not know: counts that came with later ones."""
    return frozenset(cell for one in CELLS.values() if one.since > number for cell in one.numbers)


def next_free() -> int:
    """The number of the next count: one more than the largest below the durations."""
    return max(number for cell in CELLS.values() if cell.number < BLOCK for number in cell.numbers) + 1


def _duration(block: int, name: str, says: str, *, since: int = 1) -> int:
    return _cell(block * BLOCK, name, says, kind="duration", size=BLOCK, since=since)


# Counts.
CREATED: Final = _cell(1, "created", "tickets created")
COHORT: Final = _cell(2, "cohort", "tickets created that are solved now, booked at the creation")
RESOLVED: Final = _cell(3, "resolved", "first resolutions of any outcome")
SOLVED: Final = _cell(4, "solved", "first resolutions with outcome solved")
NET: Final = _cell(5, "net", "first resolutions with outcome solved of tickets that are solved now")
ABANDONED: Final = _cell(6, "abandoned", "first resolutions with outcome abandoned")
REOPENED: Final = _cell(7, "reopened", "tickets reopened, once each")
PROMOTERS: Final = _cell(8, "promoters", "NPS answers 9 and 10")
PASSIVES: Final = _cell(9, "passives", "NPS answers 7 and 8")
DETRACTORS: Final = _cell(10, "detractors", "NPS answers 0 to 6")
SATISFIED: Final = _cell(11, "satisfied", "CSAT answers that are satisfied")
UNSATISFIED: Final = _cell(12, "unsatisfied", "CSAT answers that are not")
EFFORT: Final = _cell(13, "effort", "answers with effort score 1, 2, ... 7", size=7) - 1  # EFFORT + score
ANOMALY: Final = _cell(20, "anomalies", "anomalies: what is stamped before its cause")
JOINED: Final = _cell(21, "joined", "customers that joined")
LEFT: Final = _cell(22, "left", "customers that left")
REGISTERS_USED: Final = _cell(
    23, "registers_used", "nothing: made when sums are read, how many registers there are", kind="made"
)
SOLVED_UNANSWERED: Final = _cell(
    24, "solved_unanswered", "of the solved, those that no human had answered until then", since=5
)
RECEIVED: Final = _cell(
    25, "received", "tickets received: created, and transferred in less transferred out while open", since=6
)
ONE_TOUCH: Final = _cell(
    26, "one_touch", "tickets solved now with exactly one public human reply, at that solution", since=6
)
TOUCHED: Final = _cell(27, "touched", "the same with at least one", since=6)
FIRST_CONTACT: Final = _cell(
    28,
    "first_contact",
    "of these, those without a message after the reply and not reopened meanwhile",
    since=6,
)
FIRST_CONTACT_OF: Final = _cell(
    29, "first_contact_of", "first human solutions after a first reply, 7 d after the solution", since=6
)
BOT_SOLVED: Final = _cell(30, "bot_solved", "of the solved, those that a bot solved", since=6)
EXTENDED: Final = {
    target: _cell(31 + i, f"sla_extended_{target}", says, since=6)
    for i, (target, says) in enumerate(
        {
            "first_reply": "deadlines of first replies that a triage moved later, after half their time",
            "next_reply": "the same of next replies",
            "resolution": "the same of resolutions",
        }.items()
    )
}
# Of each target two: of what was met, and of what was missed.
FOREIGN: Final = {
    target: _cell(34 + 2 * i, f"sla_foreign_{target}", says, size=2, since=6)
    for i, (target, says) in enumerate(
        {
            "first_reply": "first replies that another line promised than that of their labels: met, missed",
            "next_reply": "the same of next replies",
            "resolution": "the same of resolutions",
        }.items()
    )
}

# Durations: base holds the count, base + 1 the sum in ms, base + 2 + i the bucket i.
FIRST_RESPONSE: Final = _duration(1, "first_response", "first response times")
RESPONSE: Final = _duration(2, "response", "response times")
HANDLE: Final = _duration(3, "handle_time", "handle times")
RESOLUTION: Final = _duration(4, "resolution_time", "resolution times")
FIRST_RESPONSE_BUSINESS: Final = _duration(
    5, "first_response_business", "first response times by the team's calendar"
)
RESOLUTION_BUSINESS: Final = _duration(
    6, "resolution_time_business", "resolution times by the team's calendar"
)

RESPONSE_BUSINESS: Final = _duration(
    10, "response_business", "response times by the team's calendar", since=6
)
FULL_RESOLUTION: Final = _duration(
    11, "full_resolution_time", "creation to the solution that stands, at that solution", since=6
)

# Deadlines, by target, booked at what met them or at the missed deadline. CLASSES are spans of remaining time
# (kpis.sla.commitments.EDGES_MS).
CLASSES: Final = 8
_CLASSED: Final = (
    "outcomes of {} deadlines by classes of remaining time, at what met them or at the missed deadline"
)
SLA: Final = {
    "first_reply": _cell(
        7 << 12, "sla_first_reply", _CLASSED.format("first reply"), kind="deadline", size=BLOCK
    ),
    "resolution": _cell(
        8 << 12, "sla_resolution", _CLASSED.format("resolution"), kind="deadline", size=BLOCK
    ),
    "next_reply": _cell(
        9 << 12, "sla_next_reply", _CLASSED.format("next reply"), kind="deadline", size=BLOCK, since=6
    ),
}
_FIRST_SLA: Final = min(SLA.values())
BREACHED: Final = CLASSES * CLASSES  # SLA[target] + BREACHED + class of (deadline - creation)
# SLA[target] + CLASSES * class of (deadline - creation) + class of (deadline - what met it): below BREACHED
# all are met

# The same outcomes once more, all at their deadline, by what their promise allows to be missed:
# OUTCOME[target] + 2 * allowance + (1 if missed else 0). A promise allows 1 - objective, in ALLOWANCES. Only
# outcomes of promises that know it (ledger format 3) are here, so the three sums fit together.
ALLOWANCES: Final = 10_000
_ALLOWED: Final = "the same of {} deadlines by what their promise allows to be missed, all at the deadline"
OUTCOME: Final = {
    "first_reply": _cell(
        1 << 20, "outcomes_first_reply", _ALLOWED.format("first reply"), kind="deadline", size=1 << 15
    ),
    "resolution": _cell(
        (1 << 20) + (1 << 15),
        "outcomes_resolution",
        _ALLOWED.format("resolution"),
        kind="deadline",
        size=1 << 15,
    ),
    "next_reply": _cell(
        (1 << 20) + (2 << 15),
        "outcomes_next_reply",
        _ALLOWED.format("next reply"),
        kind="deadline",
        size=1 << 15,
        since=6,
    ),
}
OUTCOMES: Final = range(1 << 20, 1 << 21)

# windows.distinct, and the pane of the leave before a join, in the pane's own resolution.
REGISTER: Final = _cell(
    1 << 24, "registers", "tickets whose customer falls in register r of 2^24", kind="register", size=1 << 24
)
REJOINED: Final = _cell(
    1 << 25,
    "rejoined",
    "customers that joined again, by the pane p of the leave before",
    kind="register",
    size=1 << 25,
)

# What means, ratios and scores are lowered from: all but histograms and registers. Sums of these are cheap
# enough to keep by pane.
LIGHT: Final = frozenset(
    number
    for cell in CELLS.values()
    for number in {"count": cell.numbers, "duration": range(cell.number, cell.number + 2)}.get(
        cell.kind, range(0)
    )
)
# What histories keep of a target instead, so that it is light too: (met, missed). Made of the above when they
# are read; no row has them.
SETTLED: Final = {"first_reply": (-1, -2), "resolution": (-3, -4), "next_reply": (-5, -6)}


def full() -> dict[int, int]:
    """Cells of a member in which no figure is empty: one of each count, one duration of each kind."""
    counts = {
        number: 1 for cell in CELLS.values() if cell.kind in {"count", "made"} for number in cell.numbers
    }
    durations = {
        cell.number + part: 1
        for cell in CELLS.values()
        if cell.kind == "duration"
        for part in range(NO_TIME + 1)
    }
    return counts | durations


# Levels: series of the hourly level rows, whose cells are minutes of the hour.
OPEN: Final = 0
UNANSWERED: Final = 1
ACTIVE: Final = 2  # customers; hour 0, cell 0 only
WAITING: Final = 9  # by the minute in which the present wait began
WITH_BOT: Final = 10  # by the minute in which the bot's stretch began
ASSIGNED: Final = 11  # open tickets that somebody has, by the minute of the creation
# by the minute of the deadline, while the clock runs towards or past it
DUE: Final = {"first_reply": 3, "resolution": 4, "next_reply": 7}
# The same of a promise that knows its allowance: PROMISED[target] + allowance. One row more for each
# objective, not for each ticket.
PROMISED: Final = {"first_reply": 1 << 15, "resolution": 2 << 15, "next_reply": 3 << 15}
# A running clock stands twice: for the team of its deadline (above: what was kept and missed) and for the
# team that has the ticket now (overdue, at risk, forecast). Where these differ, a row here takes it from the
# one and gives it to the other, by the same minute. A transfer after the deadline does that.
HANDED: Final = {"first_reply": 5, "resolution": 6, "next_reply": 8}
# The same of a deadline that came with the ticket, of which nobody says how many may be missed.
HANDED_GIVEN: Final = {"first_reply": 12, "next_reply": 13, "resolution": 14}
_HANDED_TARGETS: Final = {
    level: target for levels in (HANDED, HANDED_GIVEN) for target, level in levels.items()
}
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
    return any((cell < _FIRST_SLA and cell not in _OF_NO_EVENT) or cell == FULL_RESOLUTION for cell in cells)


# Of promises alone: what was counted of them beside what came of them.
MARKS: Final = frozenset(
    {*EXTENDED.values(), *[base + missed for base in FOREIGN.values() for missed in (0, 1)]}
)
# Nor does a ticket that was handed in and out again, or a wrong clock alone, make a name known.
_OF_NO_EVENT: Final = frozenset({REGISTERS_USED, RECEIVED, ANOMALY, *MARKS})


def buckets(cells: Mapping[int, int], base: int) -> list[tuple[int, int]]:
    """The histogram of a duration as (bucket number, count), ascending."""
    low, high = base + 2, base + BLOCK
    return [(cell - low, cells[cell]) for cell in sorted(cell for cell in cells if low <= cell < high)]
