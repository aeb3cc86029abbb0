"""What one ticket is promised: its three targets walked along its time line.

A triage may set a promise anew, a version of the policy may replace another, and a deadline may come with
the ticket. Whatever decides is asked at its place in the order, from the whole list of facts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from oracle.clock import Edition, Line, OpenHours, after_ms, elapsed_ms, in_force
from oracle.course import Course, Span, Wait
from oracle.events import Event
from oracle.labels import UNKNOWN

FOREVER: Final = 1 << 62
NAMED: Final = ("team", "channel", "priority", "segment")


class Run(NamedTuple):
    """A time in which a clock ran; None: it runs still."""

    start_ms: int
    end_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Terms:
    """A line of the policy that a ticket is promised, with the calendar that counts it."""

    place: int  # of the line among those of its target
    line: Line
    hours: OpenHours | None

    def due(self, runs: Sequence[Run], at_ms: int) -> tuple[int, bool]:
        """Give when the time is used up, and whether the clock runs until then or has passed it.

        One that stands still is taken as if it ran on from `at_ms`. `FOREVER`: too far ahead.
        """
        left = self.line.within_ms
        for start_ms, end_ms in runs:
            due_ms = self._after(start_ms, left)
            if end_ms is None or due_ms < end_ms:
                return due_ms, True
            left -= elapsed_ms(self.hours, start_ms, end_ms)
        return self._after(at_ms, left), False

    def _after(self, start_ms: int, left_ms: int) -> int:
        if left_ms == 0:
            return start_ms
        found = after_ms(self.hours, start_ms, left_ms)
        return FOREVER if found is None else found

    def is_half_used(self, runs: Sequence[Run], at_ms: int) -> bool:
        """Tell whether more than half of the time was used before an instant."""
        used_ms = sum(
            elapsed_ms(self.hours, start_ms, at_ms if end_ms is None else min(end_ms, at_ms))
            for start_ms, end_ms in runs
        )
        return 2 * used_ms > self.line.within_ms


@dataclass(slots=True)
class Promise:
    """One promise as it stands: by a line, given as an instant, or none."""

    terms: Terms | None = None
    fixed_ms: int | None = None  # the triage at which the new line's time had passed already
    given_ms: int | None = None
    is_ended: bool = False  # by a null

    def due(self, runs: Sequence[Run], at_ms: int) -> tuple[int, bool] | None:
        """Give the deadline as seen at an instant, and whether it does not depend on the clock going on."""
        if self.given_ms is not None:
            return self.given_ms, True
        if self.fixed_ms is not None:
            return self.fixed_ms, True
        return None if self.terms is None else self.terms.due(runs, at_ms)

    def has_passed(self, runs: Sequence[Run], at_ms: int) -> bool:
        """Tell whether the deadline lies before an instant."""
        found = self.due(runs, at_ms)
        return found is not None and found[0] < at_ms

    def give(self, due_ms: int | None) -> None:
        """Take a deadline that came with the ticket; None ends the promise."""
        self.terms = self.fixed_ms = None
        self.given_ms, self.is_ended = due_ms, due_ms is None

    def retarget(self, terms: Terms | None, runs: Sequence[Run], at_ms: int) -> bool:
        """Let another line take the place of the present one as if it always had.

        Tell whether that moved the deadline later after half of its time.
        """
        if self.given_ms is not None or self.is_ended or self.has_passed(runs, at_ms):
            return False
        before, old = self.due(runs, at_ms), self.terms
        self.terms, self.fixed_ms = terms, None
        if terms is None:
            return False
        due_ms, _ = terms.due(runs, at_ms)
        if due_ms < at_ms:
            due_ms = self.fixed_ms = at_ms
        return before is not None and old is not None and before[0] < due_ms and old.is_half_used(runs, at_ms)


@dataclass(frozen=True, slots=True)
class Judged:
    """A deadline, what came of it, what met it, and who promised it."""

    target: str
    due_ms: int
    outcome: str  # met, breached, running
    start_ms: int  # from where its time counts
    met_ms: int | None = None
    terms: Terms | None = None  # None: it came with the ticket


@dataclass(slots=True)
class Walk:
    """The walk along a ticket's time line, and what it has found."""

    course: Course
    editions: Sequence[Edition]
    edition: Edition | None = None
    labels: dict[str, str] = field(default_factory=dict)  # the promise's own
    first: Promise = field(default_factory=Promise)
    next: Promise = field(default_factory=Promise)
    resolution: Promise = field(default_factory=Promise)
    is_withdrawn: bool = False  # by no_reply_needed, until the next wait
    first_from: int = 0  # the place from which the clock of the first reply counts
    kept: tuple[int | None] | None = None  # stated for the next wait after the first reply
    wait: Wait | None = None  # the running one after the first reply
    since_ms: int = 0  # its start, as stated so far
    judged: list[Judged] = field(default_factory=list)
    extended: list[tuple[str, int]] = field(default_factory=list)  # target, time
    calendars: list[OpenHours | None] = field(default_factory=list)  # of durations, after each fact

    @property
    def created_ms(self) -> int:
        """Give when the ticket was created."""
        assert self.course.created is not None
        return self.course.created.at_ms

    def terms(self, target: str) -> Terms | None:
        """Give the line that fits the promise's labels in the version that is in force for the ticket."""
        names = [self.labels[name] for name in NAMED]
        found = None if self.edition is None else self.edition.place(target, names)
        if self.edition is None or found is None:
            return None
        line = self.edition.lines[target][found]
        hours = None if line.all_the_time else self.edition.hours(names[0])
        return Terms(found, line, hours)

    def replied_before(self, place: int) -> bool:
        """Tell whether the first reply came before a place in the order, or at it."""
        reply = self.course.first_reply
        return reply is not None and reply.place <= place

    def first_runs(self, place: int) -> list[Run]:
        """List when the clock of the first reply ran, as far as is known after a place.

        What it ran before its deadline was withdrawn is withdrawn too.
        """
        reply = self.course.first_reply
        begun = [
            wait
            for wait in self.course.waits
            if wait.start_place >= self.first_from and (reply is None or wait.start_place < reply.place)
        ]
        return _known(begun, place)

    def work_runs(self, place: int) -> list[Run]:
        """List when the clock of the resolution ran: neither paused nor closed."""
        still = [*self.course.pauses, *self.course.closures]
        return _known(_stretches(self.course.facts, lambda one: not _goes_on(still, one)), place)

    def pending_before(self, place: int) -> bool:
        """Tell whether a message of the customer had no answer before a fact."""
        assert self.course.created is not None
        pending: bool = self.course.created.content["opened_by"] == "customer"
        for fact in self.course.facts[1:place]:
            if fact.kind == "customer_replied":
                pending = True
            elif fact.kind == "no_reply_needed" or _is_reply(fact):
                pending = False
        return pending


def walk(course: Course, editions: Sequence[Edition]) -> Walk:
    """Walk a ticket whose creation is known, and judge what it was promised."""
    assert course.created is not None
    found = Walk(course, editions, in_force(editions, course.created.at_ms))
    found.labels = {name: str(course.created.content.get(name, UNKNOWN)) for name in NAMED}
    for place, at_ms, what in _steps(course, editions):
        if isinstance(what, Edition):
            found.edition = what
            _retarget(found, place - 1, at_ms)
            continue
        if place == 0:
            _promise(found, what)
        else:
            _look_at(found, place, what)
        _follow_wait(found, place, what)
        found.calendars.append(None if found.edition is None else found.edition.hours(found.labels[NAMED[0]]))
    last = len(course.facts) - 1
    if course.first_reply is None:
        found.judged += _unreplied(found, last)
    if found.wait is not None:
        found.judged += _next(found, found.wait, None)
    found.judged += _resolution(found, last)
    return found


def _steps(course: Course, editions: Sequence[Edition]) -> Iterator[tuple[int, int, Event | Edition]]:
    """Give the facts, and before those of its instant each version that takes open tickets along."""
    assert course.created is not None
    begun_ms = course.created.at_ms
    coming = [
        (one.since_ms, one)
        for one in editions
        if one.for_open and one.since_ms is not None and one.since_ms > begun_ms
    ]
    for place, fact in enumerate(course.facts):
        while coming and coming[0][0] <= fact.at_ms:
            since_ms, edition = coming.pop(0)
            yield place, since_ms, edition
        yield place, fact.at_ms, fact
    for since_ms, edition in coming:
        yield len(course.facts), since_ms, edition


def _promise(found: Walk, created: Event) -> None:
    """Promise a first reply and a resolution, by a line or by the instants that came with the ticket."""
    found.first.terms, found.resolution.terms = found.terms("first_reply"), found.terms("resolution")
    given: dict[str, Any] = dict(created.content)
    for name, promise in (("first_reply_due", found.first), ("resolution_due", found.resolution)):
        if given.get(name) is not None:
            promise.give(given[name])
    if given.get("next_reply_due") is not None:
        found.kept = (given["next_reply_due"],)


def _look_at(found: Walk, place: int, fact: Event) -> None:
    if fact.kind == "triaged" and found.edition is not None and found.edition.retargets:
        found.labels |= {name: str(fact.content[name]) for name in NAMED if name in fact.content}
        _retarget(found, place, fact.at_ms)
    elif fact.kind == "due":
        _state(found, place, fact)
    elif fact.kind == "no_reply_needed":
        _withdraw(found, place, fact)
    elif _is_reply(fact):
        _reply(found, place, fact)


def _retarget(found: Walk, place: int, at_ms: int) -> None:
    """Set each target that has no outcome anew."""
    moved: list[str] = []
    if not found.replied_before(place) and not found.is_withdrawn:
        runs = found.first_runs(place)
        if found.first.retarget(found.terms("first_reply"), runs, at_ms):
            moved.append("first_reply")
    if found.wait is not None and found.next.retarget(
        found.terms("next_reply"), [Run(found.since_ms)], at_ms
    ):
        moved.append("next_reply")
    if not _is_solved_by_human(found.course, place):
        runs = found.work_runs(place)
        if found.resolution.retarget(found.terms("resolution"), runs, at_ms):
            moved.append("resolution")
    found.extended += [(target, at_ms) for target in moved]


def _state(found: Walk, place: int, fact: Event) -> None:
    """Take the deadlines of a `due`, each unless the present one of its target has passed."""
    stated, at_ms = fact.content, fact.at_ms
    if "first_reply_due" in stated and not found.replied_before(place):
        runs = found.first_runs(place)
        if not found.first.has_passed(runs, at_ms):
            found.first.give(stated["first_reply_due"])
            found.is_withdrawn = False
    if "resolution_due" in stated and not found.resolution.has_passed(found.work_runs(place), at_ms):
        found.resolution.give(stated["resolution_due"])
    if "next_reply_due" in stated:
        if found.wait is None:
            found.kept = (stated["next_reply_due"],)
        elif not found.next.has_passed([Run(found.since_ms)], at_ms):
            found.next.give(stated["next_reply_due"])


def _withdraw(found: Walk, place: int, fact: Event) -> None:
    """Withdraw an unpassed deadline of the first reply: none is needed until the customer writes again."""
    if (
        not found.replied_before(place)
        and found.pending_before(place)
        and not found.first.has_passed(found.first_runs(place - 1), fact.at_ms)
    ):
        found.first = Promise(is_ended=found.first.is_ended)
        found.is_withdrawn = True
        found.first_from = place


def _follow_wait(found: Walk, place: int, fact: Event) -> None:
    """Begin or end the wait that a fact begins or ends, and let a message say since when it runs."""
    course = found.course
    wait = next((one for one in course.waits if one.start_place == place), None)
    stated = fact.content.get("waiting_since") if fact.kind == "customer_replied" else None
    if wait is not None and found.replied_before(place):
        found.wait = wait
        _begin_next(found, fact.at_ms if stated is None else min(stated, fact.at_ms))
    elif wait is not None and found.is_withdrawn:
        found.is_withdrawn = False
        found.first.terms = None if found.first.is_ended else found.terms("first_reply")
    if found.wait is not None and stated is not None:
        found.since_ms = min(found.since_ms, stated, fact.at_ms)
    if found.wait is not None and found.wait.end_place == place:
        found.judged += _next(found, found.wait, fact.at_ms)
        found.wait = None


def _reply(found: Walk, place: int, fact: Event) -> None:
    """Judge what a public reply by a human ends."""
    reply = next(one for one in found.course.replies if one.place == place)
    first = found.course.first_reply
    if first is not None and first.place == place:
        found.judged += _replied(found, place, fact.at_ms)
        return
    if first is None or place < first.place or reply.since_ms is None:
        return
    if found.wait is None:
        _begin_next(found, reply.since_ms)
        due = found.next.due([Run(found.since_ms)], found.since_ms)
        if due is not None:
            terms = found.next.terms
            found.judged.append(_met_or_missed("next_reply", due[0], fact.at_ms, found.since_ms, terms))
    else:
        found.since_ms = reply.since_ms


def _begin_next(found: Walk, since_ms: int) -> None:
    """Promise a reply to the wait that begins, by what was stated for it, or by the line of then."""
    found.since_ms = since_ms
    found.next = Promise(found.terms("next_reply"))
    if found.kept is not None and (found.kept[0] is None or found.kept[0] >= since_ms):
        found.next.give(found.kept[0])
    found.kept = None


def _met_or_missed(target: str, due_ms: int, done_ms: int, start_ms: int, terms: Terms | None) -> Judged:
    if done_ms <= due_ms:
        return Judged(target, due_ms, "met", start_ms, done_ms, terms)
    return Judged(target, due_ms, "breached", start_ms, None, terms)


def _replied(found: Walk, place: int, at_ms: int) -> Iterator[Judged]:
    """Judge the promise of a first reply at that reply."""
    promise = found.first
    due = promise.due(found.first_runs(place - 1), at_ms)
    if due is None or found.is_withdrawn:
        return
    if promise.given_ms is None or at_ms <= due[0] or _ran_at(found, promise.given_ms):
        yield _met_or_missed("first_reply", due[0], at_ms, found.created_ms, promise.terms)


def _ran_at(found: Walk, given_ms: int) -> bool:
    """Tell whether the clock of the first reply ran at a given deadline.

    What ended at that very instant came before.
    """
    at_ms = max(given_ms, found.created_ms)
    return any(
        run.start_ms <= at_ms and (run.end_ms is None or at_ms < run.end_ms)
        for run in found.first_runs(len(found.course.facts))
    )


def _unreplied(found: Walk, last: int) -> Iterator[Judged]:
    """Judge the promise of a first reply that never came; one that stands still has no deadline to come."""
    promise, at_ms = found.first, found.course.facts[last].at_ms
    due = promise.due(found.first_runs(last), at_ms)
    if due is None or found.is_withdrawn or not due[1]:
        return
    if promise.given_ms is None or _ran_at(found, promise.given_ms):
        outcome = "running" if found.course.waits_now else "breached"
        yield Judged("first_reply", due[0], outcome, found.created_ms, None, promise.terms)


def _next(found: Walk, wait: Wait, end_ms: int | None) -> Iterator[Judged]:
    """Judge the promise of one wait after the first reply; what ends it otherwise than by a reply ends it."""
    due = found.next.due([Run(found.since_ms)], found.since_ms)
    if due is None:
        return
    due_ms, terms = due[0], found.next.terms
    if end_ms is None:
        yield Judged("next_reply", due_ms, "running", found.since_ms, None, terms)
    elif wait.ended_by == "replied":
        yield _met_or_missed("next_reply", due_ms, end_ms, found.since_ms, terms)
    elif due_ms < end_ms:
        yield Judged("next_reply", due_ms, "breached", found.since_ms, None, terms)


def _resolution(found: Walk, last: int) -> Iterator[Judged]:
    """Judge the promise of a solution by a human, as the ticket stands now."""
    promise, course = found.resolution, found.course
    if promise.given_ms is not None:
        yield from _resolution_given(found, promise.given_ms)
        return
    at_ms = course.closures[-1].start_ms if course.closed else course.facts[last].at_ms
    due = promise.due(found.work_runs(last), at_ms)
    if due is None:
        return
    if not course.closed:
        if due[1]:
            outcome = "breached" if course.paused else "running"
            yield Judged("resolution", due[0], outcome, found.created_ms, None, promise.terms)
    elif due[0] < at_ms:
        yield Judged("resolution", due[0], "breached", found.created_ms, None, promise.terms)
    elif _is_solved_by_human(course, last):
        yield Judged("resolution", due[0], "met", found.created_ms, at_ms, promise.terms)


def _resolution_given(found: Walk, given_ms: int) -> Iterator[Judged]:
    """Judge a given deadline by the state that held at it, or, beyond the last fact, that holds now."""
    course = found.course
    at_ms = max(given_ms, found.created_ms)
    place = max(place for place, fact in enumerate(course.facts) if fact.at_ms <= at_ms)
    closed = [one for one in course.closures if _goes_on([one], place)]
    if closed:
        if closed[0].start_ms <= given_ms and _is_solved_by_human(course, place):
            yield Judged("resolution", given_ms, "met", found.created_ms, closed[0].start_ms)
    elif not _goes_on(course.bots, place):
        outcome = "breached" if course.closed else "running"
        yield Judged("resolution", given_ms, outcome, found.created_ms)


def _is_solved_by_human(course: Course, place: int) -> bool:
    """Tell whether a human's solution held after a place; a merge on top of it takes nothing back."""
    resolved = [one for one in course.resolutions if one.place <= place]
    if not resolved or any(one.of is resolved[-1] and one.place <= place for one in course.reopenings):
        return False
    return (resolved[-1].outcome, resolved[-1].by) == ("solved", "human")


def _is_reply(fact: Event) -> bool:
    return fact.kind == "replied" and not bool(fact.content.get("automated"))


def _goes_on(spans: Sequence[Span], place: int) -> bool:
    """Tell whether any of the spans goes on after a fact."""
    return any(one.start_place <= place and (one.end_place is None or one.end_place > place) for one in spans)


def _stretches(facts: Sequence[Event], holds: Callable[[int], bool]) -> list[Span]:
    """List the stretches in which something holds after each fact."""
    found: list[Span] = []
    for place, fact in enumerate(facts):
        running = bool(found) and found[-1].end_place is None
        if holds(place) and not running:
            found.append(Span(fact.at_ms, place))
        elif running and not holds(place):
            found[-1].end_ms, found[-1].end_place = fact.at_ms, place
    return found


def _known(spans: Sequence[Span], place: int) -> list[Run]:
    """Give the spans as they are known after a fact: an end that comes later is not."""
    return [
        Run(one.start_ms, one.end_ms if one.end_place is not None and one.end_place <= place else None)
        for one in spans
        if one.start_place <= place
    ]
