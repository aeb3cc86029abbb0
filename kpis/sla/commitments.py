"""What a policy makes of a ticket: deadlines and business durations, derived from the rest of its row.

Two clocks run from the creation on. Both stand still while the ticket is closed; that of the resolution while
it is paused, too. A policy of 60 minutes to the first reply and 240 to the resolution, around the clock:

```
minute       0         40        70              130                      270
             created   reply     paused          resumed                  solved
first reply  |=========|                                                  40 of 60:   met, deadline 60
resolution   |===================|               |========================|
                                                                          210 of 240: met, deadline 300
```
The pause of 60 minutes moves the deadline of the resolution from 240 to 300. A missed deadline is booked at
the deadline, a met one at what met it; a clock that runs stands as a level in the minute of its deadline.

>>> from kpis.tickets.facts import CREATED
>>> row = TicketRow(
...     [
...         (0, CREATED, b"1", ("c", "billing", "mail", "high")),
...         (40 * MINUTE_MS, REPLIED, b"2", ()),
...         (70 * MINUTE_MS, PAUSED, b"3", ()),
...         (130 * MINUTE_MS, RESUMED, b"4", ()),
...         (270 * MINUTE_MS, RESOLVED, b"5", ()),
...     ]
... )
>>> course = run(row)
>>> [(since // MINUTE_MS, until // MINUTE_MS) for since, until in course.stretches], course.outcome
([(0, 70), (130, 270)], 'solved')
>>> promise = Promise(reply_due_ms=60 * MINUTE_MS, resolution_due_ms=300 * MINUTE_MS)
>>> found, levels = contribution_of(promise, course)
>>> [at_ms // MINUTE_MS for at_ms, _, _ in found], levels
([40, 270], [])

Before it was solved, its resolution clock stood in a level, in the minute of its deadline.

>>> _ = row.facts.pop()
>>> [due_ms // MINUTE_MS for _, due_ms in contribution_of(promise, run(row))[1]]
[300]

`derive` needs the calendars; what a row then contributes (`contribution`) is a function of the row alone. So
what was booked can be withdrawn exactly, whatever happens to time zone rules or to the policy file meanwhile.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import Final, NamedTuple

from kpis import cell_numbers
from kpis.sla.calendar import ALWAYS
from kpis.sla.policy import FIRST_REPLY, RESOLUTION, ClockStretch, Policy, Term, Terms, deadline_ms
from kpis.tickets.facts import DISCARDED, PAUSED, REOPENED, REPLIED, RESOLVED, RESUMED
from kpis.tickets.observe import Level, Observation
from kpis.tickets.promise import Promise
from kpis.tickets.row import Creation, TicketRow
from windows.histogram import bucket
from windows.panes import MINUTE_MS

# Edges of remaining time, in ms: how long a deadline was ahead when something happened. The forecast reads
# them.
EDGES_MS: Final = tuple(minutes * MINUTE_MS for minutes in (0, 5, 10, 15, 20, 30, 45, 60))
assert len(EDGES_MS) == cell_numbers.CLASSES, (
    "class i is [EDGES_MS[i], EDGES_MS[i + 1]); the last one has no end"
)

SETTLED_CELLS: Final = frozenset(
    base + cell
    for base in cell_numbers.SLA.values()
    for cell in range(cell_numbers.BREACHED + cell_numbers.CLASSES)
)


class ClockRun(NamedTuple):
    """How the clocks of a ticket ran.

    Invariant: `stretches` are in order and do not overlap, and the last ends before `since_ms`, which is None
    exactly while the ticket is paused or closed. The same holds of `unanswered`, but for the pauses.
    """

    creation: Creation
    replied_ms: int | None  # first public reply by a human
    stretches: list[ClockStretch]  # of the resolution clock: while it ran, finished
    since_ms: int | None  # it runs since; None: it stands still
    closed_ms: int | None  # the resolution that holds now; None: open
    outcome: str | None  # of that resolution
    solved_ms: int | None  # first resolution with outcome solved
    # of the first reply's clock: from each opening to the closure that ended it before any reply
    unanswered: list[ClockStretch]
    # it runs since, or ran until the reply; None: it stands still, since the ticket is closed
    unanswered_since_ms: int | None


Known = tuple[ClockRun, Promise]  # how the clocks ran before a change, and what was promised then


def derive(row: TicketRow, policy: Policy) -> Promise | None:
    """The promise of a row. None: its creation is unknown or before the first version, or it is discarded."""
    course = run(row)
    return None if course is None else promise_of(course, policy)


def promise_of(course: ClockRun, policy: Policy, known: Known | None = None) -> Promise | None:
    """What a policy says about a ticket whose clocks ran so.

    What is `known` and has not moved is kept: calendars are slow.
    """
    creation = course.creation
    created = creation.at_ms
    terms = policy.terms(created, (creation.team, creation.channel, creation.priority))
    if terms is None:
        return None
    old, promise = known if known is not None and known[0].creation == creation else (None, None)
    if old is None or promise is None:
        reply_due = None if terms.first_reply is None else _reply_due(terms.first_reply, course)
        resolution_due = None if terms.resolution is None else _resolution_due(terms.resolution, course)
        reply_ms, resolution_ms = (
            _elapsed(terms, created, course.replied_ms),
            _elapsed(terms, created, course.solved_ms),
        )
    else:
        reply_due, resolution_due = promise.reply_due_ms, promise.resolution_due_ms
        if terms.first_reply is not None and old[7:] != course[7:]:  # its clock: `unanswered`, and since when
            reply_due = _reply_due(terms.first_reply, course)
        if terms.resolution is not None and not _as_before(old, course):
            resolution_due = _resolution_due(terms.resolution, course)
        reply_ms, resolution_ms = promise.reply_ms, promise.resolution_ms
        if course.replied_ms != old.replied_ms:
            reply_ms = _elapsed(terms, created, course.replied_ms)
        if course.solved_ms != old.solved_ms:
            resolution_ms = _elapsed(terms, created, course.solved_ms)
    return Promise(
        reply_due,
        resolution_due,
        reply_ms,
        resolution_ms,
        _allowance(terms.first_reply),
        _allowance(terms.resolution),
    )


def _elapsed(terms: Terms, created_ms: int, end_ms: int | None) -> int | None:
    """Time by the calendar of the team, where it has one."""
    return (
        None if end_ms is None or terms.calendar is ALWAYS else terms.calendar.elapsed_ms(created_ms, end_ms)
    )


def _as_before(old: ClockRun, new: ClockRun) -> bool:
    """Whether the resolution clock has the deadline that it had.

    It ran as it did, or all that is new is that the ticket was closed.
    """
    if new[2:5] == old[2:5]:  # stretches, since, closed
        return True
    closed = old.closed_ms is None and new.closed_ms is not None
    return (
        closed
        and old.since_ms is not None
        and new.stretches == [*old.stretches, (old.since_ms, max(old.since_ms, new.closed_ms or 0))]
    )


def _allowance(term: Term | None) -> int | None:
    return None if term is None else term.allowance


def run(row: TicketRow) -> ClockRun | None:  # noqa: C901, PLR0912 - one state machine, read in one place
    """Run the clocks over the facts of a row.

    What is stamped before the creation happens at the creation. None: the creation is unknown, or the ticket
    is discarded.
    """
    creation = row.creation
    if creation is None:
        return None
    created_ms = creation.at_ms
    stretches: list[ClockStretch] = []
    unanswered: list[ClockStretch] = []
    since: int | None = created_ms
    waiting: int | None = created_ms  # for the first reply
    closed = outcome = solved = replied = None
    facts = row.facts
    if row.stub is not None:
        if row.stub.standing.discarded:
            return None
        replied = row.stub.standing.replied_ms
        facts = [*((at_ms, kind, b"", (abandoned,)) for at_ms, kind, abandoned in row.stub.turns), *facts]
    for at_ms, kind, _, content in facts:
        at = max(created_ms, at_ms)
        if kind == REPLIED:
            if replied is None and not (len(content) > 1 and content[1]):
                replied = at
        elif kind == REOPENED:
            if closed is not None:
                closed, since = None, at
                if replied is None or at < replied:
                    waiting = at
        elif kind == DISCARDED:
            return None
        elif closed is not None:
            continue
        elif kind == RESUMED:
            since = at if since is None else since
        elif kind in (PAUSED, RESOLVED):
            if since is not None:
                stretches.append((since, at))
                since = None
            if kind == RESOLVED:
                if waiting is not None and (replied is None or at < replied):
                    unanswered.append((waiting, at))
                    waiting = None
                closed, outcome = at, "abandoned" if content and content[0] else "solved"
                solved = at if outcome == "solved" and solved is None else solved
    waiting = replied if waiting is None else waiting
    return ClockRun(
        creation,
        replied,
        stretches,
        since,
        closed,
        None if closed is None else outcome,
        solved,
        unanswered,
        waiting,
    )


def _reply_due(term: Term, course: ClockRun) -> int | None:
    """None: closed before its deadline, and not answered.

    What is answered while closed has what was left of its time from then on.
    """
    return deadline_ms(term, course.unanswered, course.unanswered_since_ms)


def _resolution_due(term: Term, course: ClockRun) -> int | None:
    """A closed ticket has the deadline that it would have, had its clock gone on."""
    return deadline_ms(
        term, course.stretches, course.since_ms if course.closed_ms is None else course.closed_ms
    )


def contribution(row: TicketRow) -> tuple[list[Observation], list[Level]]:
    """What the promise of a row adds to panes and levels.

    An outcome at the instant of what met the deadline, or at the deadline missed.

    A clock that runs stands as a level in the minute of its deadline. What ended before its deadline without
    being kept (closed without a reply, abandoned, paused) is neither. By allowance every outcome is booked at
    the deadline: `kpis.sla.worst` judges what falls due together.
    """
    course = None if row.promise is None else run(row)
    return ([], []) if course is None or row.promise is None else contribution_of(row.promise, course)


def contribution_of(promise: Promise, course: ClockRun) -> tuple[list[Observation], list[Level]]:
    """The same of a promise and how the clocks ran."""
    found: list[Observation] = []
    levels: list[Level] = []
    if promise.reply_due_ms is not None:
        _first_reply(found, levels, promise, course)
    if promise.resolution_due_ms is not None:
        _resolution(found, levels, promise, course)
    if promise.reply_ms is not None and course.replied_ms is not None:
        _duration(found, cell_numbers.FIRST_RESPONSE_BUSINESS, course.replied_ms, promise.reply_ms)
    if promise.resolution_ms is not None and course.solved_ms is not None:
        _duration(found, cell_numbers.RESOLUTION_BUSINESS, course.solved_ms, promise.resolution_ms)
    return found, levels


def running(row: TicketRow) -> list[tuple[str, int]]:
    """(target, deadline) of the clocks of a ticket that run, towards their deadline or past it."""
    return [(cell_numbers.running_target(level), due) for level, due in contribution(row)[1]]


def missed(row: TicketRow) -> list[Observation]:
    """Of clocks that run no more because the ticket is given up.

    Their deadlines as missed ones, wherever these stand.
    """
    course, promise = run(row), row.promise
    found: list[Observation] = []
    if course is not None and promise is not None:
        allowances = {FIRST_REPLY: promise.reply_allowance, RESOLUTION: promise.resolution_allowance}
        for target, due in running(row):
            _settle(
                found, target, due, created=course.creation.at_ms, kept=None, allowance=allowances[target]
            )
    return found


def _first_reply(found: list[Observation], levels: list[Level], promise: Promise, course: ClockRun) -> None:
    due, created, allowance = promise.reply_due_ms, course.creation.at_ms, promise.reply_allowance
    assert due is not None
    if course.replied_ms is None and course.closed_ms is None:
        levels.append((cell_numbers.due_level(FIRST_REPLY, allowance), due))
    else:  # closed without a reply, there is a deadline only where it had passed before that
        _settle(found, FIRST_REPLY, due, created=created, kept=course.replied_ms, allowance=allowance)


def _resolution(found: list[Observation], levels: list[Level], promise: Promise, course: ClockRun) -> None:
    due, created, allowance, kept = (
        promise.resolution_due_ms,
        course.creation.at_ms,
        promise.resolution_allowance,
        None,
    )
    assert due is not None
    if course.closed_ms is None:
        if course.since_ms is not None:
            levels.append((cell_numbers.due_level(RESOLUTION, allowance), due))
            return
        # Paused, after the deadline had passed: broken, but not waiting for us.
    elif course.outcome == "solved":
        kept = course.closed_ms
    elif course.closed_ms <= due:
        return
    _settle(found, RESOLUTION, due, created=created, kept=kept, allowance=allowance)


def _settle(
    found: list[Observation], target: str, due: int, *, created: int, kept: int | None, allowance: int | None
) -> None:
    missed = kept is None or kept > due
    life = _class(due - created)
    by_times = (
        cell_numbers.BREACHED + life if missed else cell_numbers.CLASSES * life + _class(due - (kept or 0))
    )
    found.append((due if kept is None else min(kept, due), cell_numbers.SLA[target] + by_times, 1))
    if allowance is not None:
        found.append((due, cell_numbers.outcome_cell(target, allowance, missed=missed), 1))


def _class(remaining_ms: int) -> int:
    return bisect_right(EDGES_MS, remaining_ms) - 1


def _duration(found: list[Observation], base: int, at_ms: int, length: int) -> None:
    found.append((at_ms, base, 1))
    if length:
        found.append((at_ms, base + 1, length))
    found.append((at_ms, base + 2 + bucket(length), 1))
