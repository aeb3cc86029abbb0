"""The course of a ticket's clocks: what its turns make of the lines that promise it something.

Each target has a clock. That of the first reply runs while the customer waits for it, that of the next reply
while a later wait runs, that of the resolution while the ticket is open and not paused:

```
minute       0         40        70              130                      270
             created   reply     paused          resumed                  solved
first reply  |=========|
resolution   |===================|               |========================|
```
A line and a calendar say how long a clock may run. A triage may put others in their place (`retarget`), and
the desk's own system may state a deadline: an instant, which no pause, closure or calendar moves.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from kpis.sla.calendar import ALWAYS
from kpis.sla.policy import (
    FIRST_REPLY,
    NEXT_REPLY,
    RESOLUTION,
    TARGETS,
    ClockStretch,
    Policy,
    Term,
    Terms,
    Version,
    deadline_ms,
)
from kpis.tickets.facts import (
    DUE,
    NO_REPLY_NEEDED,
    PAUSED,
    REOPENED,
    REPLIED,
    RESOLVED,
    RESUMED,
    STATUS,
    STATUSES,
    TRIAGED,
)
from kpis.tickets.promise import GIVEN, KEPT, RUNNING, NextReply
from kpis.tickets.row import Creation
from kpis.tickets.standing import Dims
from kpis.tickets.steps import BOT, SOLVED, WAIT, WAIT_OVER, Log, More

_TARGET_PLACES: Final = {target: place for place, target in enumerate(TARGETS)}


@dataclass(slots=True)
class TargetClock:
    """The clock of one target, and when it is over.

    Invariant: `ran` is in order and does not overlap, and the last ends before `since_ms`, which is None
    exactly while the clock stands still.
    """

    term: Term | None = None
    ran: list[ClockStretch] = field(default_factory=list)
    since_ms: int | None = None
    fixed_ms: int | None = None  # the deadline, where it is an instant
    given: bool = False  # by the desk's own system
    ended: bool = False  # by a null: nothing is promised any more
    withdrawn: bool = False  # until it starts again, as if it never had

    @property
    def allowance(self) -> int | None:
        """What may be missed of such promises; None: nobody says, since it came with the ticket."""
        return None if self.given or self.term is None else self.term.allowance

    def start(self, at_ms: int) -> None:
        """It runs from now on, if it did not."""
        self.withdrawn = False
        if self.since_ms is None:
            self.since_ms = at_ms

    def stop(self, at_ms: int) -> None:
        """It stands still from now on."""
        if self.since_ms is not None:
            self.ran.append((self.since_ms, at_ms))
            self.since_ms = None

    def due_ms(self, since_ms: int | None) -> int | None:
        """Its deadline if it runs on since an instant; None: there is none, or it stands still before it."""
        if self.fixed_ms is not None:
            return self.fixed_ms
        return None if self.term is None or self.withdrawn else deadline_ms(self.term, self.ran, since_ms)

    def has_passed(self, at_ms: int) -> bool:
        """Whether the deadline is before an instant."""
        due = self.due_ms(self.since_ms)
        return due is not None and due < at_ms

    def used_ms(self, at_ms: int) -> int:
        """How long it has run by the calendar of its line, which it has."""
        assert self.term is not None
        ran = self.ran if self.since_ms is None else [*self.ran, (self.since_ms, at_ms)]
        return sum(self.term.calendar.elapsed_ms(start, end) for start, end in ran)

    def ran_at(self, at_ms: int) -> bool:
        """Whether it ran at an instant; what ended it at that very instant came before."""
        return any(start <= at_ms < end for start, end in self.ran) or (
            self.since_ms is not None and self.since_ms <= at_ms
        )

    def give(self, due_ms: More) -> None:
        """A deadline that came with the ticket; False: it is withdrawn, and so is what the policy says."""
        if due_ms is False:
            self.term, self.fixed_ms, self.given, self.ended = None, None, False, True
        elif isinstance(due_ms, int):
            self.fixed_ms, self.given, self.ended = due_ms, True, False

    def retarget(self, term: Term | None, at_ms: int) -> bool:
        """Another line promises from now on, as if it always had; True: that is later, after half the time.

        What would have passed already stands at the triage.
        """
        if self.given or self.ended or self.has_passed(at_ms):
            return False
        old, runs_since = self.term, at_ms if self.since_ms is None else self.since_ms
        before = self.due_ms(runs_since)
        late = old is not None and 2 * self.used_ms(at_ms) > old.within_ms
        self.term, self.fixed_ms = term, None  # another triage at the same instant may have set it
        if term is None:
            return False
        now = self.due_ms(self.since_ms)
        if now is not None and now < at_ms:
            self.fixed_ms = at_ms
            return False
        after = self.due_ms(runs_since)
        return late and before is not None and after is not None and after > before


@dataclass(slots=True)
class Closure:
    """A closure of the ticket, and when it was open again."""

    at_ms: int
    how: int
    until_ms: int | None = None


@dataclass(slots=True)
class _Wait:
    """A wait after the first reply: its clock runs from its start."""

    start_ms: int
    clock: TargetClock


class ClockCourse:
    """Runs the clocks of a ticket over its turns."""

    def __init__(self, creation: Creation, policy: Policy | None, asked_ms: int | None = None) -> None:
        """`asked_ms`: where the first response time begins; None: at the first contact with people."""
        self.creation = creation
        self._asked_ms = asked_ms
        self._policy = policy
        self.version: Version | None = None if policy is None else policy.at(creation.at_ms)
        self.taken_along = False  # by a later version
        by_segment = policy is not None and policy.has_segments
        self._labels: Dims = creation.labels if by_segment else creation.dims
        self.reply = TargetClock()
        self.resolution = TargetClock(since_ms=creation.at_ms)
        self.next_replies: list[NextReply] = []
        self.next_terms: list[Term | None] = []  # the lines of these, in their order
        self._wait: _Wait | None = None
        self._next_given: More = None
        self.replied_ms: int | None = None
        self.closures: list[Closure] = []
        self._bots: list[list[int | None]] = []
        self.solved_ms: int | None = None  # first solution by a human
        # By the calendar of the team, where it has one.
        self.reply_ms: int | None = None
        self.resolution_ms: int | None = None
        self.responses_ms: list[int | None] = []
        self.extended: list[int] = []
        self._take_terms()
        self.reply.give(creation.first_reply_due)
        self.resolution.give(creation.resolution_due)
        self._next_given = creation.next_reply_due
        if creation.with_bot:
            self._bots.append([creation.at_ms, None])
        elif creation.opened_by is None:
            self.reply.start(creation.at_ms)

    @property
    def terms(self) -> Terms | None:
        """What is promised to a ticket of these labels; None: nothing, no version is in force."""
        return None if self.version is None else self.terms_of(self._labels)

    def terms_of(self, dims: Dims) -> Terms:
        """What its version promises to tickets of any labels; a version is in force."""
        assert self._policy is not None
        assert self.version is not None
        return self._policy.terms_of(self.version, dims)

    @property
    def closed(self) -> Closure | None:
        """The closure that holds now; None: the ticket is open."""
        last = self.closures[-1] if self.closures else None
        return last if last is not None and last.until_ms is None else None

    def _take_terms(self) -> None:
        terms = self.terms
        if terms is not None:
            self.reply.term, self.resolution.term = terms.first_reply, terms.resolution

    def run(self, log: Log) -> None:
        """Follow the turns, and the versions of the policy that take open tickets along."""
        coming = self._versions_for_open()
        for at, what, more in log:
            at_ms = max(at, self.creation.at_ms)
            while coming and (coming[0].effective_ms or 0) <= at_ms:
                self._change_version(coming.pop(0))
            turn = _TURNS.get(what)
            if turn is not None:
                turn(self, at_ms, more)
        for version in coming:
            self._change_version(version)

    def _versions_for_open(self) -> list[Version]:
        """The versions that will take the ticket along."""
        if self._policy is None:
            return []
        created = self.creation.at_ms
        return [
            version
            for version in self._policy.versions
            if version.effective_for_open
            and version.effective_ms is not None
            and version.effective_ms > created
        ]

    def _change_version(self, version: Version) -> None:
        """A version takes running clocks along, as a retargeting triage at its instant would."""
        self.version, self.taken_along = version, True
        assert version.effective_ms is not None
        self._retarget(version.effective_ms)

    def _retarget(self, at_ms: int) -> None:
        terms = self.terms
        for target, clock in (
            (FIRST_REPLY, None if self.replied_ms is not None else self.reply),
            (NEXT_REPLY, None if self._wait is None else self._wait.clock),
            (RESOLUTION, None if self._is_solved() else self.resolution),
        ):
            if clock is not None and clock.retarget(None if terms is None else terms.of(target), at_ms):
                self.extended += (at_ms, _TARGET_PLACES[target])

    def _is_solved(self) -> bool:
        closed = self.closed
        return closed is not None and closed.how == SOLVED

    def triage(self, at_ms: int, more: More) -> None:
        """Labels are corrected; where the policy says so, the clocks follow the line that fits them."""
        assert isinstance(more, tuple)
        if self.version is None or self.version.after_triage != "retarget":
            return
        named = (*more, *(None,) * len(self._labels))[: len(self._labels)]
        self._labels = tuple(
            [str(new) if new is not None else old for new, old in zip(named, self._labels, strict=True)]
        )
        self._retarget(at_ms)

    def begin_wait(self, at_ms: int, more: More) -> None:
        """The customer waits, for the first reply or for another one; or had waited for longer."""
        assert isinstance(more, int)
        if self.replied_ms is None:
            self.reply.start(at_ms)
        elif self._wait is not None:
            if self._wait.clock.since_ms is not None:
                self._wait.start_ms = self._wait.clock.since_ms = more
        else:
            self._wait = self._new_wait(more)

    def _new_wait(self, start_ms: int) -> _Wait:
        terms = self.terms
        wait = _Wait(start_ms, TargetClock(None if terms is None else terms.next_reply, since_ms=start_ms))
        given = self._next_given
        if given is False or (isinstance(given, int) and given >= start_ms):
            wait.clock.give(given)  # one before the wait was for another one
        self._next_given = None
        return wait

    def end_wait(self, at_ms: int, _: More) -> None:
        """It ends without an answer: a deadline that has passed is missed, another one counts nowhere."""
        if self.replied_ms is None:
            self.reply.stop(at_ms)
        wait, self._wait = self._wait, None
        if wait is not None and wait.clock.has_passed(at_ms):
            self._settle_next(wait, None)

    def reply_to(self, at_ms: int, more: More) -> None:
        """A human replied: that ends the wait, and where it states another start, that one counts."""
        assert isinstance(more, tuple)
        start, first_start, _ = more
        terms = self.terms
        calendar = ALWAYS if terms is None else terms.calendar
        if start is not None:
            assert isinstance(start, int)
            self.responses_ms.append(None if calendar is ALWAYS else calendar.elapsed_ms(start, at_ms))
        if self.replied_ms is None and first_start is not None:
            assert isinstance(first_start, int)
            self.replied_ms = at_ms
            begun = first_start if self._asked_ms is None else self._asked_ms
            self.reply_ms = None if calendar is ALWAYS else calendar.elapsed_ms(begun, at_ms)
            if self.reply.given:
                self.reply.stop(at_ms)
            elif not self.reply.withdrawn:
                self.reply.start(at_ms)  # who is answered while closed had what was left of the time
            return
        if self.replied_ms is None or start is None:
            return
        assert isinstance(start, int)
        wait = self._wait or self._new_wait(start)
        self._wait = None
        if wait.start_ms != start:
            wait.start_ms = wait.clock.since_ms = start
        self._settle_next(wait, at_ms)

    def _settle_next(self, wait: _Wait, kept_ms: int | None) -> None:
        due = wait.clock.due_ms(wait.clock.since_ms)
        if due is not None:
            how = (KEPT if kept_ms is not None else 0) | (GIVEN if wait.clock.given else 0)
            self.next_replies.append(NextReply(due, wait.start_ms, how, wait.clock.allowance, kept_ms))
            self.next_terms.append(wait.clock.term)

    def running_next(self) -> NextReply | None:
        """The deadline of the wait that runs."""
        if self._wait is None:
            return None
        clock = self._wait.clock
        due = clock.due_ms(clock.since_ms)
        how = RUNNING | (GIVEN if clock.given else 0)
        if due is None:
            return None
        self.next_terms.append(clock.term)
        return NextReply(due, self._wait.start_ms, how, clock.allowance)

    def need_no_reply(self, at_ms: int, _: More) -> None:
        """The customer waits for no first reply any more: unless it has passed, the deadline is withdrawn."""
        if self.replied_ms is None and not self.reply.has_passed(at_ms):
            terms, ended = self.terms, self.reply.ended
            term = None if terms is None or ended else terms.first_reply
            self.reply = TargetClock(term, ended=ended, withdrawn=True)

    def pause(self, at_ms: int, _: More) -> None:
        """The resolution's clock stands still."""
        self.resolution.stop(at_ms)

    def resume(self, at_ms: int, _: More) -> None:
        """It runs again."""
        if self.closed is None:
            self.resolution.start(at_ms)

    def state(self, at_ms: int, more: More) -> None:
        """A status of an open ticket: which ones pause says the policy."""
        assert isinstance(more, int)
        pausing = _PAUSING if self._first_version is None else self._first_version.pausing
        (self.pause if STATUSES[more] in pausing else self.resume)(at_ms, None)

    @property
    def _first_version(self) -> Version | None:
        return None if self._policy is None else self._policy.at(self.creation.at_ms)

    def close(self, at_ms: int, more: More) -> None:
        """The ticket is closed."""
        assert isinstance(more, int)
        if self.closed is not None:
            return
        self.resolution.stop(at_ms)
        self._end_bot(at_ms)
        self.closures.append(Closure(at_ms, more))
        if more == SOLVED and self.solved_ms is None:
            self.solved_ms = at_ms
            terms = self.terms
            if terms is not None and terms.calendar is not ALWAYS:
                self.resolution_ms = terms.calendar.elapsed_ms(self.creation.at_ms, at_ms)

    def reopen(self, at_ms: int, _: More) -> None:
        """It is open again."""
        if (closed := self.closed) is not None:
            closed.until_ms = at_ms
            self.resolution.start(at_ms)

    def bot(self, at_ms: int, more: More) -> None:
        """A bot has the ticket, or people have it."""
        self._end_bot(at_ms)
        if more:
            self._bots.append([at_ms, None])

    def _end_bot(self, at_ms: int) -> None:
        if self._bots and self._bots[-1][1] is None:
            self._bots[-1][1] = at_ms

    def was_with_bot(self, at_ms: int) -> bool:
        """Whether a bot had the ticket at an instant."""
        return any(
            start is not None and start <= at_ms and (end is None or at_ms < end) for start, end in self._bots
        )

    def closure_at(self, at_ms: int) -> Closure | None:
        """The closure that held at an instant; None: the ticket was open."""
        return next(
            (
                one
                for one in self.closures
                if one.at_ms <= at_ms and (one.until_ms is None or at_ms < one.until_ms)
            ),
            None,
        )

    def settled_reply(self) -> tuple[int | None, int]:
        """Deadline of the first reply, and what is known of it; None: there is none that counts."""
        clock, replied = self.reply, self.replied_ms
        due = clock.due_ms(clock.since_ms)
        if due is None:
            return None, 0
        given = GIVEN if clock.given else 0
        if replied is not None and (not clock.given or replied <= due):
            return due, KEPT | given
        if clock.given and not clock.ran_at(max(due, self.creation.at_ms)):
            return None, 0  # it passed, or will pass, while nobody was waiting for us
        return due, given | (KEPT if replied is not None else RUNNING if clock.since_ms is not None else 0)

    def settled_resolution(self) -> tuple[int | None, int]:
        """The same of the resolution."""
        clock, closed = self.resolution, self.closed
        if clock.given:
            return self._given_resolution()
        due = clock.due_ms(clock.since_ms if closed is None else closed.at_ms)
        if due is None:
            return None, 0
        if closed is None:  # paused after it had passed, it is broken, but nobody is waited for
            return due, RUNNING if clock.since_ms is not None else 0
        if closed.how == SOLVED:
            return due, KEPT
        return (None, 0) if closed.at_ms <= due else (due, 0)

    def _given_resolution(self) -> tuple[int | None, int]:
        due = self.resolution.fixed_ms
        assert due is not None
        passed_ms = max(due, self.creation.at_ms)
        closure = self.closure_at(passed_ms)
        if closure is not None:
            return (due, KEPT | GIVEN) if closure.how == SOLVED and closure.at_ms <= due else (None, 0)
        if self.was_with_bot(passed_ms):
            return None, 0
        return due, GIVEN | (RUNNING if self.closed is None else 0)

    def due(self, at_ms: int, more: More) -> None:
        """The desk's own system states deadlines, or withdraws them; what has passed stays."""
        assert isinstance(more, tuple)
        first, resolution, following = (*more, None, None, None)[:3]
        if first is not None and self.replied_ms is None and not self.reply.has_passed(at_ms):
            self.reply.give(_given(first))
        if resolution is not None and not self.resolution.has_passed(at_ms):
            self.resolution.give(_given(resolution))
        if following is None:
            return
        if self._wait is None:
            self._next_given = _given(following)
        elif not self._wait.clock.has_passed(at_ms):
            self._wait.clock.give(_given(following))


def _given(due: More | str) -> More:
    assert not isinstance(due, str)
    return due


_PAUSING: Final = frozenset({"waiting", "on_hold"})
_TURNS: Final[dict[int, Callable[[ClockCourse, int, More], None]]] = {
    TRIAGED: ClockCourse.triage,
    WAIT: ClockCourse.begin_wait,
    WAIT_OVER: ClockCourse.end_wait,
    REPLIED: ClockCourse.reply_to,
    NO_REPLY_NEEDED: ClockCourse.need_no_reply,
    PAUSED: ClockCourse.pause,
    RESUMED: ClockCourse.resume,
    STATUS: ClockCourse.state,
    RESOLVED: ClockCourse.close,
    REOPENED: ClockCourse.reopen,
    BOT: ClockCourse.bot,
    DUE: ClockCourse.due,
}
