"""What a policy makes of a ticket: its deadlines and its business durations. Derived from the rest of the row, and kept in it.

`derive` needs the calendars; what a row then contributes (`contribution`) is a function of the row alone. So what was booked can be
withdrawn exactly, whatever happens to time zone rules or to the policy file meanwhile.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, Final, NamedTuple

from msgspec import Struct

from kpis import series
from kpis.calendar import ALWAYS
from kpis.policy import FIRST_REPLY, RESOLUTION, Policy, Stretch, Term, deadline_ms
from streams.events import Paused, Reopened, Resolved, Resumed
from windows.histogram import bucket
from windows.panes import MINUTE_MS

if TYPE_CHECKING:
    from kpis.facts import FactSet
    from kpis.tickets import TicketRow

# Edges of remaining time, in ms: how long a deadline was ahead when something happened. The forecast reads them.
EDGES_MS: Final = tuple(minutes * MINUTE_MS for minutes in (0, 5, 10, 15, 20, 30, 45, 60))
assert len(EDGES_MS) == series.CLASSES, "class i is [EDGES_MS[i], EDGES_MS[i + 1]); the last one has no end"

SETTLED_CELLS: Final = frozenset(base + cell for base in series.SLA.values() for cell in range(series.BREACHED + series.CLASSES))


class Promise(Struct, array_like=True, frozen=True, gc=False):
    """What a ticket's version of the policy says about it; None where it promises or measures nothing."""

    reply_due_ms: int | None = None
    resolution_due_ms: int | None = None  # as the clock stands; None also while it stands still short of the target
    reply_ms: int | None = None  # first response time by the team's calendar
    resolution_ms: int | None = None  # resolution time by the team's calendar
    reply_allowance: int | None = None  # share of such promises that may be missed, in series.ALLOWANCES; None also in old rows
    resolution_allowance: int | None = None


class Course(NamedTuple):
    """How the resolution clock of a ticket ran."""

    stretches: list[Stretch]  # while it ran, finished
    since_ms: int | None  # it runs since; None: it stands still
    closed_ms: int | None  # the resolution that holds now; None: open
    outcome: str | None  # of that resolution
    solved_ms: int | None  # first resolution with outcome solved


def derive(row: TicketRow, policy: Policy) -> Promise | None:
    """The promise of a row. None: its creation is unknown or before the first version, or it is discarded."""
    creation = row.creation
    if creation is None or row.discarded:
        return None
    created = creation.at_ms
    terms = policy.terms(created, (creation.team, creation.channel, creation.priority))
    if terms is None:
        return None
    reply_due = None if terms.first_reply is None else terms.first_reply.calendar.after_ms(created, terms.first_reply.within_ms)
    course = run(created, row.transitions)
    business = terms.calendar is not ALWAYS
    return Promise(
        reply_due,
        None if terms.resolution is None else _resolution_due(terms.resolution, course),
        terms.calendar.elapsed_ms(created, row.replied_ms) if business and row.replied_ms is not None else None,
        terms.calendar.elapsed_ms(created, course.solved_ms) if business and course.solved_ms is not None else None,
        _allowance(terms.first_reply),
        _allowance(terms.resolution),
    )


def _allowance(term: Term | None) -> int | None:
    return None if term is None else term.allowance


def run(created_ms: int, transitions: FactSet | None) -> Course:
    """Run the clock over the transitions: it stands still while the ticket is paused or closed.

    What is dated before the creation happens at the creation.
    """
    stretches: list[Stretch] = []
    since: int | None = created_ms
    closed = outcome = solved = None
    for fact in transitions.facts() if transitions is not None else ():
        at = max(created_ms, fact.at_ms)
        rank = fact.rank
        if rank == Reopened.rank:
            if closed is not None:
                closed, since = None, at
            continue
        if closed is not None:
            continue
        if rank == Resumed.rank:
            since = at if since is None else since
        elif rank in (Paused.rank, Resolved.rank):
            if since is not None:
                stretches.append((since, at))
                since = None
            if rank == Resolved.rank:
                closed, outcome = fact.at_ms, fact.content[3]
                solved = fact.at_ms if outcome == "solved" and solved is None else solved
    return Course(stretches, since, closed, None if closed is None else outcome, solved)


def _resolution_due(term: Term, course: Course) -> int | None:
    """A closed ticket has the deadline that it would have, had its clock gone on."""
    if course.closed_ms is None:
        return deadline_ms(term, course.stretches, course.since_ms)
    resumed = course.closed_ms if not course.stretches else max(course.closed_ms, course.stretches[-1][1])
    return deadline_ms(term, course.stretches, resumed)


Observation = tuple[int, int, int]  # (event time ms, cell, amount), as in kpis.observe
Level = tuple[int, int]  # (series, time ms)


def contribution(row: TicketRow) -> tuple[list[Observation], list[Level]]:
    """What the promise of a row adds to panes and levels. Deadlines are booked at their instant, not at the late reply.

    A clock that runs stands as a level in the minute of its deadline; met or breached is an observation there. What ended before its
    deadline without being kept (closed without a reply, abandoned, paused) is neither.
    """
    promise = row.promise
    if promise is None or row.creation is None:
        return [], []
    found: list[Observation] = []
    levels: list[Level] = []
    created = row.creation.at_ms
    course = run(created, row.transitions)
    if promise.reply_due_ms is not None:
        _first_reply(found, levels, promise.reply_due_ms, row, course)
    if promise.resolution_due_ms is not None:
        _resolution(found, levels, promise, created, course)
    if promise.reply_ms is not None and row.replied_ms is not None:
        _duration(found, series.FIRST_RESPONSE_BUSINESS, row.replied_ms, promise.reply_ms)
    if promise.resolution_ms is not None and course.solved_ms is not None:
        _duration(found, series.RESOLUTION_BUSINESS, course.solved_ms, promise.resolution_ms)
    return found, levels


def running(row: TicketRow) -> list[tuple[str, int]]:
    """(target, deadline) of the clocks of a ticket that run, towards their deadline or past it."""
    promise = row.promise
    if promise is None or row.creation is None:
        return []
    _, levels = contribution(row)
    return [(series.running_target(level), due) for level, due in levels]


def _first_reply(found: list[Observation], levels: list[Level], due: int, row: TicketRow, course: Course) -> None:
    assert row.creation is not None
    assert row.promise is not None
    created, allowance = row.creation.at_ms, row.promise.reply_allowance
    if row.replied_ms is not None:
        _settle(found, settled_cells(FIRST_REPLY, due, created=created, kept=row.replied_ms, allowance=allowance), due)
    elif course.closed_ms is None:
        levels.append((series.due_level(FIRST_REPLY, allowance), due))
    elif course.closed_ms > due:  # nobody had replied by then; closed before its deadline it would not have been answered at all
        _settle(found, settled_cells(FIRST_REPLY, due, created=created, kept=None, allowance=allowance), due)


def _resolution(found: list[Observation], levels: list[Level], promise: Promise, created: int, course: Course) -> None:
    due, allowance, kept = promise.resolution_due_ms, promise.resolution_allowance, None
    assert due is not None
    if course.closed_ms is None:
        if course.since_ms is not None:
            levels.append((series.due_level(RESOLUTION, allowance), due))
            return
        # Paused, after the deadline had passed: broken, but not waiting for us.
    elif course.outcome == "solved":
        kept = course.closed_ms
    elif course.closed_ms <= due:
        return
    _settle(found, settled_cells(RESOLUTION, due, created=created, kept=kept, allowance=allowance), due)


def _settle(found: list[Observation], cells: tuple[int, ...], due: int) -> None:
    found += [(due, cell, 1) for cell in cells]


def settled_cells(target: str, due: int, *, created: int, kept: int | None, allowance: int | None) -> tuple[int, ...]:
    """The cells of a promise that was met or, when it was kept after its deadline or not at all, missed: by times, and by allowance."""
    life = _class(due - created)
    missed = kept is None or kept > due
    by_times = series.BREACHED + life if missed else series.CLASSES * life + _class(due - (kept or 0))
    cell = series.SLA[target] + by_times
    return (cell,) if allowance is None else (cell, series.outcome_cell(target, allowance, missed=missed))


def _class(remaining_ms: int) -> int:
    return bisect_right(EDGES_MS, remaining_ms) - 1


def _duration(found: list[Observation], base: int, at_ms: int, length: int) -> None:
    found.append((at_ms, base, 1))
    if length:
        found.append((at_ms, base + 1, length))
    found.append((at_ms, base + 2 + bucket(length), 1))
