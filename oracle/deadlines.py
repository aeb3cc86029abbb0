"""The oracle's deadlines: those of every ticket, one by one, and what had become of them.

It looks at whole tickets once all their events are known, as the rest of the oracle does.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from oracle.clock import Edition, OpenHours, after_ms, elapsed_ms, in_force
from oracle.course import Course
from oracle.course import Span as Stretch
from oracle.events import Event, Facts
from oracle.labels import Dimensions
from oracle.standing import is_given_up
from oracle.tickets import History, Observation, Start, first_response, history_of

FOREVER: Final = 1 << 62


@dataclass(frozen=True, slots=True)
class Deadline:
    """One promise about one ticket, and what came of it."""

    target: str
    at_ms: int  # when it counts: what met it, or the deadline
    dimensions: Dimensions  # of the ticket at the outcome or the deadline, whichever came first
    outcome: str  # met, breached, running
    due_ms: int = 0
    life_ms: int = 0  # from creation to deadline
    spare_ms: int = 0  # from what met it to the deadline
    allowance: int = 0  # share of such promises that may be missed, in 1/10,000
    now: Dimensions = ("unknown", "unknown", "unknown")  # of the ticket now: a running one is theirs to do


@dataclass(frozen=True, slots=True)
class Unanswered:
    """A ticket that nobody has answered: since when its wait runs, and who has it now."""

    since_ms: int
    dimensions: Dimensions


@dataclass(slots=True)
class SlaFacts:
    """Everything that a policy says about all tickets."""

    deadlines: list[Deadline]
    measured: list[Observation]  # durations by the calendar of the team that a ticket was created for
    unanswered: list[Unanswered]


@dataclass(frozen=True, slots=True)
class _Judged:
    """A deadline, what came of it, and what met it."""

    due_ms: int
    outcome: str
    met_ms: int | None = None


def look(
    facts: Facts, editions: Sequence[Edition], as_of_ms: int, *, frt_from: Start = "first_contact"
) -> SlaFacts:
    """Look at every ticket.

    Of one that nothing has been heard of for a year no clock runs any more: what it missed it missed.
    """
    found = SlaFacts([], [], [])
    for ticket, events in facts.tickets.items():
        own = _look_at(events, editions, frt_from)
        if is_given_up(events, facts.clocks.get(ticket, as_of_ms)):
            passed = [one for one in own.deadlines if one.outcome != "running" or one.due_ms < as_of_ms]
            own = SlaFacts(
                [replace(one, outcome="breached") if one.outcome == "running" else one for one in passed],
                own.measured,
                [],
            )
        found.deadlines += own.deadlines
        found.measured += own.measured
        found.unanswered += own.unanswered
    return found


def _look_at(events: Iterable[Event], editions: Sequence[Edition], frt_from: Start) -> SlaFacts:
    history = history_of(events)
    course, created = history.course, history.course.created
    found = SlaFacts([], [], [])
    if created is None or course.gone == "discarded":
        return found
    if course.waits_now and course.first_reply is None:
        found.unanswered.append(Unanswered(course.waits[-1].since_ms, history.now.dimensions))
    edition = in_force(editions, created.at_ms)
    if edition is None:
        return found
    promised = tuple(created.content[name] for name in ("team", "channel", "priority"))
    hours = edition.hours(promised[0])
    if hours is not None:
        found.measured.extend(_measured(history, hours, frt_from))
    for target, judge in (("first_reply", _first_reply), ("resolution", _resolution)):
        line = edition.line(target, promised)
        if line is None:
            continue
        judged = judge(course, None if line.all_the_time else hours, line.within_ms)
        if judged is not None:
            at_ms = judged.due_ms if judged.met_ms is None else judged.met_ms
            found.deadlines.append(
                Deadline(
                    target,
                    at_ms,
                    history.label_at(at_ms).dimensions,
                    judged.outcome,
                    judged.due_ms,
                    judged.due_ms - created.at_ms,
                    judged.due_ms - at_ms,
                    round(10_000 * (1 - line.objective)),
                    history.now.dimensions,
                )
            )
    return found


def _measured(history: History, hours: OpenHours, frt_from: Start) -> Iterator[Observation]:
    """Give what the calendar makes of the durations; a merged ticket has no time of resolution."""
    course = history.course
    first = first_response(course, frt_from)
    if first is not None:
        place, at_ms, start_ms = first
        yield history.note("first_response_business", at_ms, place, elapsed_ms(hours, start_ms, at_ms))
    for reply in course.replies:
        if reply.since_ms is not None:
            waited_ms = elapsed_ms(hours, reply.since_ms, reply.at_ms)
            yield history.note("response_business", reply.at_ms, reply.place, waited_ms)
    solution = course.first_by_human
    if solution is not None and course.created is not None and course.gone is None:
        took_ms = elapsed_ms(hours, course.created.at_ms, solution.at_ms)
        yield history.note("resolution_time_business", solution.at_ms, solution.place, took_ms)


def _first_reply(course: Course, hours: OpenHours | None, within_ms: int) -> _Judged | None:
    """Judge the promise of a first reply, from what the customer asked on.

    `no_reply_needed` ends it where it has not passed, and the next message begins it anew.
    """
    reply = course.first_reply
    asked = course.asked
    still = sorted([*course.bots, *course.closures], key=lambda one: (one.start_ms, one.start_place))
    while asked is not None:
        place, start_ms = asked
        needless = next((one for one in course.needless if one[0] > place), None)
        if reply is not None and (needless is None or reply.place < needless[0]):
            return _until_reply(_due_ms(still, hours, start_ms, within_ms, reply.at_ms), reply.at_ms)
        end_ms = FOREVER if needless is None else needless[1]
        due_ms = _due_ms(still, hours, start_ms, within_ms, end_ms)
        if needless is None:
            return _unreplied(course, due_ms)
        if due_ms is not None and due_ms < end_ms:
            return _Judged(due_ms, "running" if course.waits_now and reply is None else "breached")
        asked = next((one for one in course.messages if one[0] > needless[0]), None)
        if reply is not None and asked is not None and reply.place < asked[0]:
            return None
    return None


def _until_reply(due_ms: int | None, replied_ms: int) -> _Judged | None:
    if due_ms is None:
        return None
    return _Judged(due_ms, "met", replied_ms) if replied_ms <= due_ms else _Judged(due_ms, "breached")


def _unreplied(course: Course, due_ms: int | None) -> _Judged | None:
    """Judge a promise that nothing has ended; one that stands still has no deadline to come."""
    if due_ms is None:
        return None
    return _Judged(due_ms, "running" if course.waits_now else "breached")


def _due_ms(
    still: Iterable[Stretch], hours: OpenHours | None, start_ms: int, within_ms: int, end_ms: int
) -> int | None:
    """Give when the time is used up of a clock that runs from a start, but not in the stretches `still`.

    At `end_ms` something ends the promise: had its clock stood still then, it has what is left from then on.
    None where the clock stands still for good before its time is used up, and where that would be too far
    ahead.
    """
    left = within_ms
    for one in still:
        stopped_ms = max(one.start_ms, start_ms)
        until_ms = FOREVER if one.end_ms is None else one.end_ms
        if until_ms <= start_ms:
            continue
        if end_ms <= stopped_ms:
            break
        due_ms = after_ms(hours, start_ms, left)
        if due_ms is not None and due_ms < stopped_ms:
            return due_ms
        left -= elapsed_ms(hours, start_ms, stopped_ms)
        if until_ms == FOREVER and end_ms == FOREVER:
            return None
        start_ms = min(until_ms, end_ms)
    return after_ms(hours, start_ms, left)


def _resolution(course: Course, hours: OpenHours | None, within_ms: int) -> _Judged | None:
    """Judge the promise of a solution by a human; a pause and a closure stop the clock.

    What ran before counts, and it goes on from the close as if it had not been closed.
    """
    assert course.created is not None
    still = sorted([*course.pauses, *course.closures], key=lambda one: (one.start_ms, one.start_place))
    closed = course.closures[-1] if course.closed else None
    if closed is not None:
        still.remove(closed)
    if closed is None:
        due_ms = _due_ms(still, hours, course.created.at_ms, within_ms, FOREVER)
        if due_ms is None:
            return None
        return _Judged(due_ms, "breached" if course.paused else "running")
    due_ms = _due_ms(still, hours, course.created.at_ms, within_ms, closed.start_ms)
    if due_ms is None:
        return None
    if closed.start_ms > due_ms:
        return _Judged(due_ms, "breached")
    by = course.resolutions[-1] if course.outcome is not None else None
    if by is not None and (by.outcome, by.by) == ("solved", "human"):
        return _Judged(due_ms, "met", closed.start_ms)
    return None
