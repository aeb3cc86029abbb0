"""The oracle's deadlines: those of every ticket, one by one, and what had become of them.

It looks at whole tickets once all their events are known, as the rest of the oracle does.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from oracle.clock import Edition, OpenHours, elapsed_ms
from oracle.events import Event, Facts
from oracle.labels import LabelNames
from oracle.promises import Judged, walk
from oracle.standing import is_given_up
from oracle.tickets import History, Observation, Start, first_response, history_of

# The targets whose deadlines a ticket may bring with it, by the field that does.
GIVEN_BY = {f"{target}_due": target for target in ("first_reply", "next_reply", "resolution")}


@dataclass(frozen=True, slots=True)
class Deadline:
    """One promise about one ticket, and what came of it."""

    target: str
    at_ms: int  # when it counts: what met it, or the deadline
    dimensions: LabelNames  # of the ticket at the outcome or the deadline, whichever came first
    outcome: str  # met, breached, running
    due_ms: int = 0
    life_ms: int = 0  # from the creation, of a next reply from the start of the wait, to the deadline
    spare_ms: int = 0  # from what met it to the deadline
    allowance: int = 0  # share of such promises that may be missed, in 1/10,000
    now: LabelNames = ("unknown",) * 4  # of the ticket now: a running one is theirs to do
    is_given: bool = False  # it came with the ticket: no line of the policy promised it
    # it has ended under labels that another line of the version in force for the ticket is for, or none
    is_foreign: bool = False


@dataclass(frozen=True, slots=True)
class Extended:
    """A deadline that a triage, or a version of the policy, moved later after half of its time."""

    target: str
    at_ms: int
    dimensions: LabelNames


@dataclass(frozen=True, slots=True)
class Unanswered:
    """A ticket that nobody has answered: since when its wait runs, and who has it now."""

    since_ms: int
    dimensions: LabelNames


@dataclass(slots=True)
class SlaFacts:
    """Everything that a policy, and what came with the tickets, says about all of them."""

    deadlines: list[Deadline] = field(default_factory=list)
    measured: list[Observation] = field(default_factory=list)  # durations by the calendars of teams
    unanswered: list[Unanswered] = field(default_factory=list)
    extended: list[Extended] = field(default_factory=list)
    given: set[str] = field(default_factory=set)  # the targets of which any event states a deadline


def look(
    facts: Facts, editions: Sequence[Edition], as_of_ms: int, *, frt_from: Start = "first_contact"
) -> SlaFacts:
    """Look at every ticket; without a version of a policy only deadlines that came with them stand.

    Of one that nothing has been heard of for a year no clock runs any more: what it missed it missed.
    """
    found = SlaFacts()
    for ticket, events in facts.tickets.items():
        own = look_at(events, editions, frt_from)
        if is_given_up(events, facts.clocks.get(ticket, as_of_ms)):
            passed = [one for one in own.deadlines if one.outcome != "running" or one.due_ms < as_of_ms]
            own.deadlines = [
                replace(one, outcome="breached", is_foreign=False) if one.outcome == "running" else one
                for one in passed
            ]
            own.unanswered = []
        found.deadlines += own.deadlines
        found.measured += own.measured
        found.unanswered += own.unanswered
        found.extended += own.extended
        found.given |= own.given
    return found


def look_at(
    events: Iterable[Event], editions: Sequence[Edition], frt_from: Start = "first_contact"
) -> SlaFacts:
    """Look at one ticket; nothing is promised of one that is discarded, or whose creation is not known."""
    arrived = list(events)
    history = history_of(arrived, editions)
    course = history.course
    found = SlaFacts(given=set(_given(arrived)))
    if course.created is None or course.gone == "discarded":
        return found
    if course.waits_now and course.first_reply is None:
        found.unanswered.append(Unanswered(course.waits[-1].since_ms, history.now.names))
    walked = walk(course, editions)
    found.measured.extend(_measured(history, walked.calendars, frt_from))
    found.deadlines.extend(_deadline(history, one, walked.edition) for one in walked.judged)
    found.extended.extend(
        Extended(target, at_ms, history.label_at(at_ms).names) for target, at_ms in walked.extended
    )
    return found


def _given(events: Iterable[Event]) -> Iterator[str]:
    for event in events:
        for name, target in GIVEN_BY.items():
            if event.content.get(name) is not None:
                yield target


def _deadline(history: History, judged: Judged, edition: Edition | None) -> Deadline:
    at_ms = judged.due_ms if judged.met_ms is None else judged.met_ms
    dimensions = history.label_at(at_ms).names
    terms = judged.terms
    return Deadline(
        judged.target,
        at_ms,
        dimensions,
        judged.outcome,
        judged.due_ms,
        judged.due_ms - judged.start_ms,
        judged.due_ms - at_ms,
        0 if terms is None else round(10_000 * (1 - terms.line.objective)),
        history.now.names,
        is_given=terms is None,
        is_foreign=judged.outcome != "running"
        and terms is not None
        and edition is not None
        and edition.place(judged.target, dimensions) != terms.place,
    )


def _measured(
    history: History, calendars: Sequence[OpenHours | None], frt_from: Start
) -> Iterator[Observation]:
    """Give what the calendars make of the durations; a merged ticket has no time of resolution.

    Each is counted by the calendar of the team that was promised at its end; none by one that is always open.
    """
    course = history.course
    found: list[tuple[str, int, int, int]] = []  # series, place, start, end
    first = first_response(course, frt_from)
    if first is not None:
        found.append(("first_response_business", first[0], first[2], first[1]))
    found += [
        ("response_business", reply.place, reply.since_ms, reply.at_ms)
        for reply in course.replies
        if reply.since_ms is not None
    ]
    solution = course.first_by_human
    if solution is not None and course.created is not None and course.gone is None:
        found.append(("resolution_time_business", solution.place, course.created.at_ms, solution.at_ms))
    for series, place, start_ms, end_ms in found:
        hours = calendars[place]
        if hours is not None:
            yield history.note(series, end_ms, place, elapsed_ms(hours, start_ms, end_ms))
