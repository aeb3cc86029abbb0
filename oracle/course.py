"""The course of one ticket: its facts walked in order, and everything that happened on the way.

It keeps the waits, the stretches with a bot, the pauses, the closures, the resolutions and the reopenings,
each with its times and with its place in the order. What they add to figures is decided elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from oracle.events import Event

# Statuses that pause the resolution clock, unless a policy names others.
PAUSING: Final = frozenset({"waiting", "on_hold"})
SOLVED_BY_STATUS: Final = frozenset({"solved", "closed"})


@dataclass(slots=True)
class Span:
    """Something that went on from one fact to another; without an end it goes on still."""

    start_ms: int
    start_place: int
    end_ms: int | None = None
    end_place: int | None = None
    ended_by: str = ""  # replied, no_reply_needed, closed, bot, handed_over, opened, resumed


@dataclass(slots=True)
class Wait(Span):
    """A customer's message waits for a human: from `since_ms` as stated, else from its start."""

    since_ms: int = 0


@dataclass(frozen=True, slots=True)
class Resolved:
    """A resolution that closed an open ticket."""

    place: int
    at_ms: int
    outcome: str  # solved, abandoned
    by: str  # human, bot


@dataclass(frozen=True, slots=True)
class Reopened:
    """A reopening of a resolved ticket, and the resolution that it took back."""

    place: int
    at_ms: int
    of: Resolved


@dataclass(frozen=True, slots=True)
class Response:
    """A public reply by a human, and since when the customer had waited; None: no wait that it ended."""

    place: int
    at_ms: int
    since_ms: int | None


@dataclass(slots=True)
class Course:
    """What happened to a ticket, and the state in which it is."""

    facts: Sequence[Event]
    created: Event | None = None
    outcome: str | None = None  # of the resolution that stands
    gone: str | None = None  # merged, discarded
    paused: bool = False
    with_bot: bool = False
    pending: bool = False  # the customer has an unanswered message
    assigned: bool = False
    waits: list[Wait] = field(default_factory=list)
    bots: list[Span] = field(default_factory=list)
    pauses: list[Span] = field(default_factory=list)
    closures: list[Span] = field(default_factory=list)
    resolutions: list[Resolved] = field(default_factory=list)
    reopenings: list[Reopened] = field(default_factory=list)
    replies: list[Response] = field(default_factory=list)
    messages: list[tuple[int, int]] = field(default_factory=list)  # place, time
    needless: list[tuple[int, int]] = field(default_factory=list)  # place, time of each no_reply_needed
    open_at: list[bool] = field(default_factory=list)  # after each fact

    @property
    def closed(self) -> bool:
        """Whether the ticket is resolved, merged or discarded."""
        return self.outcome is not None or self.gone is not None

    @property
    def waits_now(self) -> bool:
        """Whether a wait runs in this state."""
        return self.pending and not self.closed and not self.with_bot

    @property
    def is_open(self) -> bool:
        """Whether the ticket stands in the live counts: its creation is known, and it is not closed."""
        return self.created is not None and not self.closed

    @property
    def asked(self) -> tuple[int, int] | None:
        """Give place and time of the customer's first request.

        That is the creation, or the first message where the desk or a bot opened the ticket; None before it.
        """
        opened_by = "customer" if self.created is None else self.created.content["opened_by"]
        if opened_by == "customer":
            return (0, self.created.at_ms) if self.created is not None else (-1, 0)
        return self.messages[0] if self.messages else None

    @property
    def first_reply(self) -> Response | None:
        """Give the first public reply by a human to what the customer asked."""
        asked = self.asked
        if asked is None:
            return None
        return next((reply for reply in self.replies if reply.place > asked[0]), None)

    @property
    def first_by_human(self) -> Resolved | None:
        """Give the first solution by a human."""
        return next((one for one in self.resolutions if (one.outcome, one.by) == ("solved", "human")), None)


def follow(facts: Sequence[Event], *, pausing: Collection[str] = PAUSING) -> Course:
    """Walk the facts of a ticket, of which the creation that stands, if any, is the first.

    `pausing`: the statuses that pause.
    """
    course = Course(facts)
    spans: list[Span | None] = [None, None, None, None]
    for place, fact in enumerate(facts):
        before = _levels(course)
        if fact.kind != "created":
            _CHANGE.get(fact.kind, _nothing)(course, place, fact, pausing)
        elif place == 0:
            _create(course, fact)
        if course.closed:  # a closure ends a pause, and the bot's stretch
            course.paused = course.with_bot = False
        for index, (was, now) in enumerate(zip(before, _levels(course), strict=True)):
            if now and not was:
                spans[index] = _begin(course, index, place, fact)
            running = spans[index]
            if was and not now and running is not None:
                running.end_ms, running.end_place = fact.at_ms, place
                running.ended_by = _end_of(course, index, fact)
        _state_start(course, fact)
        course.open_at.append(course.is_open)
    return course


def _levels(course: Course) -> tuple[bool, bool, bool, bool]:
    return (course.waits_now, course.with_bot, course.paused, course.closed)


def _begin(course: Course, index: int, place: int, fact: Event) -> Span:
    if index == 0:
        wait = Wait(fact.at_ms, place, since_ms=fact.at_ms)
        course.waits.append(wait)
        return wait
    span = Span(fact.at_ms, place)
    (course.bots, course.pauses, course.closures)[index - 1].append(span)
    return span


def _end_of(course: Course, index: int, fact: Event) -> str:
    """Name what ended a wait, a bot's stretch, a pause or a closure by a fact."""
    if index > 1:
        return "opened" if index == 3 else "closed" if course.closed else "resumed"
    if course.closed:
        return "closed"
    if fact.kind in ("replied", "no_reply_needed"):
        return fact.kind
    return "bot" if index == 0 else "handed_over"


def _state_start(course: Course, fact: Event) -> None:
    """A message may say since when the customer waits: of the wait that runs, the earlier start stands."""
    stated = fact.content.get("waiting_since") if fact.kind == "customer_replied" else None
    if stated is not None and course.waits_now:
        wait = course.waits[-1]
        wait.since_ms = min(wait.since_ms, stated)


def _create(course: Course, created: Event) -> None:
    course.created = created
    course.pending = created.content["opened_by"] == "customer"
    course.with_bot = bool(created.content["with_bot"])


def _message(course: Course, place: int, fact: Event, _: Collection[str]) -> None:
    course.messages.append((place, fact.at_ms))
    course.pending = True


def _reply(course: Course, place: int, fact: Event, _: Collection[str]) -> None:
    if fact.content.get("automated"):
        return
    since_ms: int | None = fact.content.get("waiting_since")
    if since_ms is None and course.waits_now:
        since_ms = course.waits[-1].since_ms
    if since_ms is not None and (since_ms > fact.at_ms or fact.at_ms != fact.order[0]):
        since_ms = fact.at_ms  # stated after the reply, or the reply is stamped before the creation: 0
    course.replies.append(Response(place, fact.at_ms, since_ms))
    course.pending = course.with_bot = False


def _no_reply_needed(course: Course, place: int, fact: Event, _: Collection[str]) -> None:
    course.needless.append((place, fact.at_ms))
    course.pending = False


def _pause(course: Course, _place: int, _fact: Event, _: Collection[str]) -> None:
    course.paused = not course.closed


def _resume(course: Course, _place: int, _fact: Event, _: Collection[str]) -> None:
    course.paused = False


def _hand_over(course: Course, _place: int, _fact: Event, _: Collection[str]) -> None:
    course.with_bot = False


def _assign(course: Course, _place: int, fact: Event, _: Collection[str]) -> None:
    course.assigned = fact.content["assigned"]


def _resolve(course: Course, place: int, fact: Event, _: Collection[str]) -> None:
    _close(course, place, fact, str(fact.content["outcome"]), str(fact.content["by"]))


def _close(course: Course, place: int, fact: Event, outcome: str, by: str = "human") -> None:
    if not course.closed:
        course.outcome = outcome
        course.resolutions.append(Resolved(place, fact.at_ms, outcome, by))


def _reopen(course: Course, place: int, fact: Event, _: Collection[str]) -> None:
    if course.outcome is not None and course.gone is None:
        course.outcome = None
        course.reopenings.append(Reopened(place, fact.at_ms, course.resolutions[-1]))


def _status(course: Course, place: int, fact: Event, pausing: Collection[str]) -> None:
    """Compare a level with the state that the time line has reached."""
    status = fact.content["status"]
    if course.gone is not None:
        return
    if status in SOLVED_BY_STATUS:
        _close(course, place, fact, "solved")
    elif status == "abandoned":
        _close(course, place, fact, "abandoned")
    else:
        _reopen(course, place, fact, pausing)
        course.paused = status in pausing
        course.with_bot = status == "bot"


def _leave(course: Course, _place: int, fact: Event, _: Collection[str]) -> None:
    course.gone = fact.kind


def _restore(course: Course, _place: int, _fact: Event, _: Collection[str]) -> None:
    course.gone = None


def _nothing(_course: Course, _place: int, _fact: Event, _: Collection[str]) -> None:
    """Most facts change no state: labels, deadlines, interactions, surveys."""


_CHANGE: Final[Mapping[str, Callable[[Course, int, Event, Collection[str]], Any]]] = {
    "customer_replied": _message,
    "replied": _reply,
    "no_reply_needed": _no_reply_needed,
    "paused": _pause,
    "resumed": _resume,
    "handed_over": _hand_over,
    "assigned": _assign,
    "resolved": _resolve,
    "reopened": _reopen,
    "status": _status,
    "merged": _leave,
    "discarded": _leave,
    "restored": _restore,
}
