"""C(row) of definitions 5, written out: what a program before the time line made of a ticket.

A walk of its own over the kinds of facts that such a program knew; all others are nothing to it. It shares
with the product of today the shapes of rows, policies and calendars, and no step.

What it had otherwise: a wait began at the creation or was stated by the reply; a first reply answered the
creation, whoever opened the ticket; all that a ticket counted stood under its last labels; a policy promised
nothing for later replies.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from xxhash import xxh3_64_intdigest

from kpis import cell_numbers
from kpis.sla.calendar import ALWAYS
from kpis.sla.commitments import EDGES_MS, Promised
from kpis.sla.policy import FIRST_REPLY, RESOLUTION, Policy, Term, Terms, deadline_ms
from kpis.tickets.facts import (
    CES,
    CREATED,
    CSAT,
    DISCARDED,
    HANDLED,
    NPS,
    PAUSED,
    REOPENED,
    REPLIED,
    RESOLVED,
    RESUMED,
    TRIAGED,
    Content,
)
from kpis.tickets.observe import Contribution, Level, Observation
from kpis.tickets.promise import Promise
from kpis.tickets.row import Creation, TicketRow
from kpis.tickets.standing import Dims
from windows.deltas import Booking
from windows.histogram import bucket
from windows.panes import MINUTE_MS

REGISTERS: Final = 1 << 24


def contribution(row: TicketRow) -> Contribution:
    """What such a program booked of a ticket, all under its labels of now; nothing of a discarded one."""
    walk = _walk(row)
    dims = walk.dims()
    if walk.discarded:
        return Contribution([], [], dims)
    bookings: list[Booking] = [(at_ms, (), (cell, amount)) for at_ms, cell, amount in walk.found]
    return Contribution([(dims, bookings)] if bookings else [], walk.levels(), dims)


@dataclass
class _Walk:
    """What a ticket has come to, and what that has added to panes."""

    found: list[Observation] = field(default_factory=list)
    created: int | None = None
    creation: Content | None = None
    named: list[str | None] = field(default_factory=lambda: [None] * 3)  # by triages
    replied: int | None = None
    outcome: str | None = None
    first: int | None = None
    solved: int | None = None
    reopened: int | None = None
    reopened_last: int | None = None
    discarded: bool = False
    # by kind and respondent: time and cell of the latest answer
    answers: dict[tuple[int, str | None], tuple[int, int]] = field(default_factory=dict)

    def dims(self) -> Dims:
        own = ("unknown",) * 3 if self.creation is None else self.creation[1:4]
        team, channel, priority = (new or old for new, old in zip(self.named, own, strict=True))
        return team, channel, priority

    def levels(self) -> list[Level]:
        if self.created is None or self.outcome is not None:
            return []
        waits = [] if self.replied is not None else [max(self.created, self.reopened_last or 0)]
        return [(cell_numbers.OPEN, self.created), *[(cell_numbers.UNANSWERED, at) for at in waits]]

    def create(self, at: int, content: Content) -> None:
        self.created, self.creation = at, content
        self.count(at, cell_numbers.CREATED)
        self.count(at, cell_numbers.REGISTER + xxh3_64_intdigest(content[0].encode()) % REGISTERS)

    def count(self, at: int | None, cell: int, sign: int = 1) -> None:
        if at is not None:
            self.found.append((at, cell, sign))

    def measure(self, at: int, base: int, length: int) -> None:
        self.found += [(at, base, 1), (at, base + 2 + bucket(length), 1)]
        if length:
            self.found.append((at, base + 1, length))

    def reply(self, at: int, content: Content, *, early: bool) -> None:
        waited, automated = (*content, None, None)[:2]
        if automated:
            return
        is_first, length = self.replied is None, at - (self.created or 0)
        if is_first:
            self.replied = at
        if is_first and self.created is not None:
            self.measure(at, cell_numbers.FIRST_RESPONSE, length)
            waited = length if waited is None else waited
            if waited == length:
                early = False
        if waited is not None:
            self.measure(at, cell_numbers.RESPONSE, 0 if early else max(0, waited))
            if waited < 0 and not early:
                self.count(at, cell_numbers.ANOMALY)

    def resolve(self, at: int, content: Content) -> None:
        abandoned, *parts = (*content, None)[:4]
        self.handle(at, parts)
        if self.outcome is not None:
            return
        self.outcome = "abandoned" if abandoned else "solved"
        if self.first is None:
            self.first = at
            self.count(at, cell_numbers.RESOLVED)
            if abandoned:
                self.count(at, cell_numbers.ABANDONED)
        if abandoned:
            return
        if self.solved is None:
            self.solved = at
            self.count(at, cell_numbers.SOLVED)
            if self.replied is None:
                self.count(at, cell_numbers.SOLVED_UNANSWERED)
            if self.created is not None:
                self.measure(at, cell_numbers.RESOLUTION, at - self.created)
        self.stand(1)

    def stand(self, sign: int) -> None:
        self.count(self.solved, cell_numbers.NET, sign)
        self.count(self.created, cell_numbers.COHORT, sign)

    def handle(self, at: int, parts: list[Any]) -> None:
        known = [part for part in parts if part is not None]
        if known:
            self.measure(at, cell_numbers.HANDLE, sum(known))

    def reopen(self, at: int) -> None:
        if self.outcome is None:
            return
        if self.outcome == "solved":
            self.stand(-1)
        self.outcome, self.reopened_last = None, at
        if self.reopened is None:
            self.reopened = at
            self.count(at, cell_numbers.REOPENED)

    def answer(self, at: int, kind: int, content: Content) -> None:
        score, scale, respondent = (*content, None, None)[:3]
        if respondent is None and self.creation is not None:
            respondent = self.creation[0]
        if (known := self.answers.pop((kind, respondent), None)) is not None:
            self.count(*known, -1)
        cell = self.answers[kind, respondent] = (at, _answer_cell(kind, score, scale or 5))
        self.count(*cell)


def _answer_cell(kind: int, score: int, scale: int) -> int:
    if kind == CES:
        return cell_numbers.EFFORT + score
    if kind == CSAT:
        satisfied = score >= (scale if scale <= 4 else scale - 1)
        return cell_numbers.SATISFIED if satisfied else cell_numbers.UNSATISFIED
    if score >= 9:
        return cell_numbers.PROMOTERS
    return cell_numbers.PASSIVES if score >= 7 else cell_numbers.DETRACTORS


def _walk(row: TicketRow) -> _Walk:
    walk = _begun(row)
    for at_ms, kind, _, content in row.facts:
        early = walk.created is not None and at_ms < walk.created and kind in _KNOWN
        at = (walk.created or 0) if early else at_ms
        if early:
            walk.count(at, cell_numbers.ANOMALY)
        if kind == REPLIED:
            walk.reply(at, content, early=early)
        elif kind == RESOLVED:
            walk.resolve(at, content)
        elif kind == HANDLED:
            walk.handle(at, [*content])
        elif kind == REOPENED:
            walk.reopen(at)
        elif kind == DISCARDED:
            walk.discarded = True
        elif kind == TRIAGED:
            names = (*content, None, None, None)[:3]
            walk.named = [new or old for new, old in zip(names, walk.named, strict=True)]
        elif kind in (NPS, CSAT, CES):
            walk.answer(at, kind, content)
    return walk


_KNOWN: Final = frozenset(
    {TRIAGED, REPLIED, HANDLED, PAUSED, RESUMED, RESOLVED, REOPENED, DISCARDED, NPS, CSAT, CES}
)


def _begun(row: TicketRow) -> _Walk:
    """With what the stub of a row says, and the creation that stands."""
    walk = _Walk()
    if row.stub is not None:
        known = row.stub.standing
        walk.created, walk.creation, walk.replied = known.created_ms, known.creation, known.replied_ms
        walk.named = [known.team, known.channel, known.priority]
        walk.outcome, walk.first, walk.solved = known.outcome, known.first_ms, known.solved_ms
        walk.reopened, walk.reopened_last = known.reopened_ms, known.reopened_last_ms
        walk.discarded = known.discarded
        walk.answers = {(kind, who): (at, cell) for kind, who, at, cell, *_ in known.answers or ()}
        booked = row.stub.booked.items()
        walk.found = [(minute * MINUTE_MS, cell, n) for minute, cells in booked for cell, n in cells.items()]
    creations = [fact for fact in row.facts if fact[1] == CREATED]
    if walk.created is None and creations:
        walk.create(creations[0][0], creations[0][3])
    return walk


class ClockRun(NamedTuple):
    """How the two clocks of a ticket ran."""

    creation: Creation
    replied_ms: int | None
    stretches: list[tuple[int, int]]  # of the resolution's clock, finished
    since_ms: int | None  # it runs since; None: it stands still
    closed_ms: int | None  # the resolution that holds now
    outcome: str | None
    solved_ms: int | None  # first solution
    unanswered: list[tuple[int, int]]  # of the first reply's clock: each ended by a closure
    unanswered_since_ms: int | None


def run(row: TicketRow) -> ClockRun | None:  # noqa: C901 - one state machine, read in one place
    """Run the clocks over a row; None: its creation is not known, or it is discarded."""
    creation = row.creation
    if creation is None or _walk(row).discarded:
        return None
    stretches: list[tuple[int, int]] = []
    unanswered: list[tuple[int, int]] = []
    since: int | None = creation.at_ms
    waiting: int | None = creation.at_ms
    closed = outcome = solved = replied = None
    turns = [] if row.stub is None else [(at, kind, (gone,)) for at, kind, gone in row.stub.turns]
    replied = None if row.stub is None else row.stub.standing.replied_ms
    for at_ms, kind, content in [*turns, *[(at, kind, content) for at, kind, _, content in row.facts]]:
        at = max(creation.at_ms, at_ms)
        if kind == REPLIED:
            if replied is None and not (len(content) > 1 and content[1]):
                replied = at
        elif kind == REOPENED:
            if closed is not None:
                closed, since = None, at
                waiting = at if replied is None or at < replied else waiting
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
    now = None if closed is None else outcome
    return ClockRun(creation, replied, stretches, since, closed, now, solved, unanswered, waiting)


def terms_of(creation: Creation, policy: Policy | None) -> Terms | None:
    """What the policy of the creation's time promises to its labels."""
    version = None if policy is None else policy.at(creation.at_ms)
    return None if version is None else version.terms(creation.dims)


def derive(row: TicketRow, policy: Policy | None) -> Promise | None:
    """The promise of a row: a first reply, and a resolution."""
    course = run(row)
    terms = None if course is None else terms_of(course.creation, policy)
    if course is None or terms is None:
        return None
    reply, resolution, created = terms.first_reply, terms.resolution, course.creation.at_ms
    runs_on = course.since_ms if course.closed_ms is None else course.closed_ms
    return Promise(
        None if reply is None else deadline_ms(reply, course.unanswered, course.unanswered_since_ms),
        None if resolution is None else deadline_ms(resolution, course.stretches, runs_on),
        _elapsed(terms, created, course.replied_ms),
        _elapsed(terms, created, course.solved_ms),
        _allowance(reply),
        _allowance(resolution),
    )


def _elapsed(terms: Terms, start_ms: int, end_ms: int | None) -> int | None:
    return None if end_ms is None or terms.calendar is ALWAYS else terms.calendar.elapsed_ms(start_ms, end_ms)


def _allowance(term: Term | None) -> int | None:
    return None if term is None else term.allowance


def promised(row: TicketRow) -> Promised:
    """What a promise added to panes and levels, under the labels of now."""
    course, promise = run(row), row.promise
    if course is None or promise is None:
        return Promised([], [], [])
    found: list[Observation] = []
    running: list[tuple[str, int, int | None]] = []
    created, closed = course.creation.at_ms, course.closed_ms
    if (due := promise.reply_due_ms) is not None:
        if course.replied_ms is None and closed is None:
            running.append((FIRST_REPLY, due, promise.reply_allowance))
        else:
            _settle(found, (FIRST_REPLY, due, promise.reply_allowance), created, course.replied_ms)
    if (due := promise.resolution_due_ms) is not None:
        kept = closed if course.outcome == "solved" else None
        if closed is None and course.since_ms is not None:
            running.append((RESOLUTION, due, promise.resolution_allowance))
        elif closed is None or kept is not None or closed > due:
            _settle(found, (RESOLUTION, due, promise.resolution_allowance), created, kept)
    if promise.reply_ms is not None and course.replied_ms is not None:
        _measure(found, cell_numbers.FIRST_RESPONSE_BUSINESS, course.replied_ms, promise.reply_ms)
    if promise.resolution_ms is not None and course.solved_ms is not None:
        _measure(found, cell_numbers.RESOLUTION_BUSINESS, course.solved_ms, promise.resolution_ms)
    dims = _walk(row).dims()
    levels = [(dims, cell_numbers.due_level(target, allowed), due, 1) for target, due, allowed in running]
    return Promised([(dims, one) for one in found], levels, [one[:2] for one in running])


def _settle(
    found: list[Observation], deadline: tuple[str, int, int | None], created: int, kept: int | None
) -> None:
    target, due, allowance = deadline
    missed = kept is None or kept > due
    life = _class(due - created)
    met = cell_numbers.CLASSES * life + _class(due - (kept or 0))
    cell = cell_numbers.BREACHED + life if missed else met
    found.append((due if kept is None else min(kept, due), cell_numbers.SLA[target] + cell, 1))
    if allowance is not None:
        found.append((due, cell_numbers.outcome_cell(target, allowance, missed=missed), 1))


def _class(remaining_ms: int) -> int:
    return sum(edge <= remaining_ms for edge in EDGES_MS) - 1


def _measure(found: list[Observation], base: int, at_ms: int, length: int) -> None:
    found += [(at_ms, base, 1), (at_ms, base + 2 + bucket(length), 1)]
    if length:
        found.append((at_ms, base + 1, length))
