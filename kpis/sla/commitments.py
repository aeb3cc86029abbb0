"""What a policy makes of a ticket: deadlines and business durations, derived from the rest of its row.

The clocks run over the turns of the time line (`kpis.sla.course`); what comes of them is the promise of the
row. A policy of 60 minutes to the first reply and 240 to the resolution, around the clock:

```
minute       0         40        70              130                      270
             created   reply     paused          resumed                  solved
first reply  |=========|                                                  40 of 60:   met, deadline 60
resolution   |===================|               |========================|
                                                                          210 of 240: met, deadline 300
```
The pause of 60 minutes moves the deadline of the resolution from 240 to 300. A missed deadline is booked at
the deadline, a met one at what met it; a clock that runs stands as a level in the minute of its deadline.

>>> from kpis.sla.policy import Rule, Version
>>> from kpis.tickets.facts import CREATED, PAUSED, REPLIED, RESUMED
>>> def line(minutes):
...     return (Rule(within_ms=minutes * MINUTE_MS, objective=0.9),)
>>> policy = Policy([Version("v1", None, {"first_reply": line(60), "resolution": line(240)}, {})])
>>> row = TicketRow(
...     [
...         (0, CREATED, b"1", ("c", "billing", "mail", "high")),
...         (40 * MINUTE_MS, REPLIED, b"2", ()),
...         (70 * MINUTE_MS, PAUSED, b"3", ()),
...         (130 * MINUTE_MS, RESUMED, b"4", ()),
...         (270 * MINUTE_MS, facts.RESOLVED, b"5", ()),
...     ]
... )
>>> row.promise = derive(row, policy)
>>> row.promise.reply_due_ms // MINUTE_MS, row.promise.resolution_due_ms // MINUTE_MS
(60, 300)
>>> [at_ms // MINUTE_MS for _, (at_ms, cell, _) in contribution(row).found if cell in SETTLED_CELLS]
[40, 270]

Before it was solved, its resolution clock stood in a level, in the minute of its deadline.

>>> row = TicketRow(row.facts[:-1])
>>> row.promise = derive(row, policy)
>>> [due_ms // MINUTE_MS for _, _, due_ms, _ in contribution(row).levels]
[300]

`derive` needs the calendars; what a row then contributes (`contribution`) is a function of the row alone. So
what was booked can be withdrawn exactly, whatever happens to time zone rules or to the policy file meanwhile.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from typing import Final, NamedTuple

from msgspec.structs import replace

from kpis import cell_numbers
from kpis.sla.course import ClockCourse
from kpis.sla.policy import FIRST_REPLY, NEXT_REPLY, RESOLUTION, TARGETS, Policy, Term
from kpis.tickets import facts, observe
from kpis.tickets.facts import REPLIED, TRANSFERRED
from kpis.tickets.observe import Observation
from kpis.tickets.promise import FOREIGN, GIVEN, KEPT, RESOLUTION_BITS, RUNNING, Promise
from kpis.tickets.row import Creation, TicketRow
from kpis.tickets.standing import Dims, Standing
from kpis.tickets.steps import SOLVED, Log
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
RunningLevel = tuple[Dims, int, int, int]  # labels, level, deadline ms, +1 or -1
DatedObservation = tuple[Dims, Observation]


class Turns(NamedTuple):
    """How a ticket went, for its clocks: what it has come to, and the turns on the way."""

    creation: Creation
    standing: Standing
    log: Log


class Promised(NamedTuple):
    """What a promise adds to panes and levels, and the running clocks of the ticket (target, deadline)."""

    found: list[DatedObservation]
    levels: list[RunningLevel]
    running: list[tuple[str, int]]


NOTHING: Final = Promised([], [], [])


class _Deadline(NamedTuple):
    """A deadline with all that is booked of it."""

    target: str
    due_ms: int
    start_ms: int
    allowance: int | None
    how: int
    kept_ms: int | None

    @property
    def counts_ms(self) -> int:
        """When it counts: at what kept it, or at the deadline."""
        return self.due_ms if self.kept_ms is None else min(self.kept_ms, self.due_ms)


def turns_of(row: TicketRow) -> Turns | None:
    """How a ticket went. None: the creation is unknown, or nothing of the ticket counts."""
    standing, log = row.standing, row.log
    if standing is None or log is None:
        log = []
        standing = observe.walk(row, None, log)
    created = standing.created_ms
    if created is None or standing.creation is None or standing.is_withdrawn:
        return None
    return Turns(Creation(created, *standing.creation), standing, log)


def derive(row: TicketRow, policy: Policy | None) -> Promise | None:
    """The promise of a row.

    None: its creation is unknown or before the first version, it is discarded, or without a policy no
    deadline came with it.
    """
    turns = turns_of(row)
    return None if turns is None else promise_of(turns, policy)


def promise_of(turns: Turns, policy: Policy | None) -> Promise | None:
    """What is promised to a ticket that went so."""
    standing = turns.standing
    asked_ms = standing.asked_ms if standing.from_creation else None
    course = ClockCourse(turns.creation, policy, asked_ms)
    course.run(turns.log)
    reply_due, reply_how = course.settled_reply()
    resolution_due, resolution_how = course.settled_resolution()
    following = [*course.next_replies]
    if (running := course.running_next()) is not None:
        following.append(running)
    found = Promise(
        reply_due,
        resolution_due,
        course.reply_ms,
        course.resolution_ms,
        None if reply_due is None else course.reply.allowance,
        None if resolution_due is None else course.resolution.allowance,
        reply_how | resolution_how << RESOLUTION_BITS,
        tuple(following),
        tuple(course.responses_ms) if any(ms is not None for ms in course.responses_ms) else (),
        tuple(course.extended),
    )
    if course.version is None and found == Promise():
        return None
    return _marked(found, turns, course)


def _marked(promise: Promise, turns: Turns, course: ClockCourse) -> Promise:
    """Mark what counts under labels whose own line is another one than the line that promised it."""
    if course.version is None:
        return promise
    labels = _Labels(turns)
    # what was folded into a stub may have changed labels without a turn that tells it
    is_as_created = labels.now == turns.creation.labels[: len(labels.now)]
    relabelled = not is_as_created or any(what in _RELABELLING for _, what, _ in turns.log)
    if not course.taken_along and not relabelled:
        return promise  # it counts under the labels that were promised
    terms = {FIRST_REPLY: course.reply.term, RESOLUTION: course.resolution.term}
    how, following, place = promise.how, [*promise.next_replies], 0
    for deadline in deadlines_of(promise, turns):
        is_next = deadline.target == NEXT_REPLY
        term: Term | None = course.next_terms[place] if is_next else terms[deadline.target]
        foreign = False
        if deadline.allowance is not None and term is not None and not deadline.how & RUNNING:
            own = course.terms_of(labels.at(deadline.counts_ms)).of(deadline.target)
            foreign = own is None or own.line != term.line
        if is_next:
            following[place] = replace(following[place], how=following[place].how | FOREIGN * foreign)
            place += 1
        else:
            how |= (FOREIGN * foreign) << (RESOLUTION_BITS if deadline.target == RESOLUTION else 0)
    return replace(promise, how=how, next_replies=tuple(following))


_RELABELLING: Final = frozenset({facts.TRIAGED, TRANSFERRED})


class _Labels:
    """Under which labels a ticket counts at an instant."""

    def __init__(self, turns: Turns) -> None:
        self._standing = turns.standing
        self.now = turns.standing.dims()
        self._handed_ms = [at for at, what, _ in turns.log if what == TRANSFERRED]
        # of a row that has forgotten the oldest turns
        self._forgotten = turns.standing.stretch - len(self._handed_ms)

    def at(self, at_ms: int) -> Dims:
        """A transfer at the very instant is over."""
        if self._standing.handed is None:
            return self.now
        return self._standing.dims_of(self._forgotten + bisect_right(self._handed_ms, at_ms))


def deadlines_of(promise: Promise, turns: Turns) -> Iterator[_Deadline]:
    """Every deadline of a promise."""
    created, standing = turns.creation.at_ms, turns.standing
    reply, resolution = promise.how & (1 << RESOLUTION_BITS) - 1, promise.how >> RESOLUTION_BITS
    if (due := promise.reply_due_ms) is not None:
        kept = standing.replied_ms if reply & KEPT else None
        yield _Deadline(FIRST_REPLY, due, created, promise.reply_allowance, reply, kept)
    for one in promise.next_replies:
        yield _Deadline(NEXT_REPLY, one.due_ms, one.start_ms, one.allowance, one.how, one.kept_ms)
    if (due := promise.resolution_due_ms) is not None:
        kept = _kept_resolution(turns, due, resolution) if resolution & KEPT else None
        yield _Deadline(RESOLUTION, due, created, promise.resolution_allowance, resolution, kept)


def _kept_resolution(turns: Turns, due_ms: int, how: int) -> int | None:
    """The solution that kept the deadline.

    It is the one that holds now; of a deadline that came with the ticket, the one that held at that instant.
    """
    if not how & GIVEN:
        return turns.standing.ended_ms
    kept = None
    for at, what, more in turns.log:
        at_ms = max(at, turns.creation.at_ms)
        if at_ms > due_ms:
            break
        if what == facts.RESOLVED and more == SOLVED:
            kept = at_ms
    return kept


def contribution(row: TicketRow) -> Promised:
    """What the promise of a row adds to panes and levels.

    An outcome at the instant of what met the deadline, or at the deadline missed, under the labels of that
    instant. A clock that runs stands as a level in the minute of its deadline. What ended before its deadline
    without being kept (closed without a reply, abandoned, paused) is neither. By allowance every outcome is
    booked at the deadline: `kpis.sla.worst` judges what falls due together.
    """
    turns = None if row.promise is None else turns_of(row)
    return NOTHING if turns is None or row.promise is None else contribution_of(row.promise, turns)


def contribution_of(promise: Promise, turns: Turns) -> Promised:
    """The same of a promise and how the ticket went."""
    found: list[DatedObservation] = []
    levels: list[RunningLevel] = []
    running: list[tuple[str, int]] = []
    labels = _Labels(turns)
    now = labels.now
    for deadline in deadlines_of(promise, turns):
        if deadline.how & RUNNING:
            due, level = deadline.due_ms, cell_numbers.due_level(deadline.target, deadline.allowance)
            then = labels.at(due)
            levels.append((then, level, due, 1))
            if then != now:
                given = deadline.allowance is None
                handed = (cell_numbers.HANDED_GIVEN if given else cell_numbers.HANDED)[deadline.target]
                levels += ((then, handed, due, -1), (now, handed, due, 1))
            running.append((deadline.target, due))
        else:
            found += [(labels.at(deadline.counts_ms), one) for one in _settled(deadline)]
    _measured(found, promise, turns)
    for place in range(0, len(promise.extended), 2):
        at_ms, target = promise.extended[place : place + 2]
        found.append((labels.at(at_ms), (at_ms, cell_numbers.EXTENDED[TARGETS[target]], 1)))
    return Promised(found, levels, running)


def _measured(found: list[DatedObservation], promise: Promise, turns: Turns) -> None:
    """Durations by the calendar of the team."""
    standing = turns.standing
    replies = [(at, more) for at, what, more in turns.log if what == REPLIED]
    responses = iter(promise.responses_ms)
    for at, more in replies:
        assert isinstance(more, tuple)
        start, first_start, stretch = more
        assert isinstance(stretch, int)
        at_ms, dims = max(at, turns.creation.at_ms), standing.dims_of(stretch)
        if start is not None and (length := next(responses, None)) is not None:
            found += [(dims, one) for one in _duration(cell_numbers.RESPONSE_BUSINESS, at_ms, length)]
        if first_start is not None and promise.reply_ms is not None:
            measured = _duration(cell_numbers.FIRST_RESPONSE_BUSINESS, at_ms, promise.reply_ms)
            found += [(dims, one) for one in measured]
    if promise.resolution_ms is not None and standing.human_ms is not None and not standing.is_merged:
        measured = _duration(cell_numbers.RESOLUTION_BUSINESS, standing.human_ms, promise.resolution_ms)
        found += [(standing.dims_of(standing.human_stretch), one) for one in measured]


def running(row: TicketRow) -> list[tuple[str, int]]:
    """(target, deadline) of the clocks of a ticket that run, towards their deadline or past it."""
    return contribution(row).running


def missed(row: TicketRow) -> list[DatedObservation]:
    """Of clocks that run no more because the ticket is given up: their deadlines as missed ones."""
    turns, promise = turns_of(row), row.promise
    if turns is None or promise is None:
        return []
    labels = _Labels(turns)
    return [
        (labels.at(deadline.due_ms), one)
        for deadline in deadlines_of(promise, turns)
        if deadline.how & RUNNING
        for one in _settled(deadline)
    ]


def _settled(deadline: _Deadline) -> Iterator[Observation]:
    """What an ended deadline adds to panes."""
    target, due, start, allowance, how, kept = deadline
    missed = kept is None or kept > due
    life = _class(due - start)
    by_times = (
        cell_numbers.BREACHED + life if missed else cell_numbers.CLASSES * life + _class(due - (kept or 0))
    )
    yield deadline.counts_ms, cell_numbers.SLA[target] + by_times, 1
    if allowance is not None:
        yield due, cell_numbers.outcome_cell(target, allowance, missed=missed), 1
    if how & FOREIGN:
        yield deadline.counts_ms, cell_numbers.FOREIGN[target] + missed, 1


def _class(remaining_ms: int) -> int:
    return max(0, bisect_right(EDGES_MS, remaining_ms) - 1)


def _duration(base: int, at_ms: int, length: int) -> Iterator[Observation]:
    yield at_ms, base, 1
    if length:
        yield at_ms, base + 1, length
    yield at_ms, base + 2 + bucket(length), 1
