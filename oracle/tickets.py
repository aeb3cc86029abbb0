"""The oracle's own reading of tickets: what each adds to every series.

A ticket is looked at whole, once, when all its events are known: nothing here is
incremental, so nothing here can share a mistake with the stream.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from oracle.clock import Edition, in_force
from oracle.course import PAUSING, Course, Resolved, follow
from oracle.customers import answer, answers_without_ticket, register_of
from oracle.events import Event, Facts
from oracle.labels import UNKNOWN, Dimensions, Label, labels_along
from oracle.standing import RIPE_MS, first_contact_of, is_given_up, standing

# What stands now, at no time of a window.
LEVELS: Final = frozenset({"open", "unanswered", "waiting", "with_bot", "assigned"})
# What a merged ticket takes back: it was no request of its own.
WITHDRAWN: Final = frozenset(
    {
        "created",
        "customer",
        "received",
        "cohort",
        "first_resolution",
        "solved",
        "abandoned",
        "net",
        "reopened",
        "touched",
        "one_touch",
        "first_contact",
        "kept_contact",
        "resolution_time",
        "full_resolution",
        "solved_unanswered",
        "bot_solved",
    }
)

# Figures that are made of observations added up: of which series, and of which series that is a part.
COUNTS: Final = (
    ("support_tickets", "created", "created"),
    ("support_received_tickets", "received", "received"),
    ("support_solved_unanswered_tickets", "solved_unanswered", "solved"),
    ("support_bot_solved_tickets", "bot_solved", "solved"),
)
SHARES: Final = (
    ("support_resolution_ratio", "solved", "received"),
    ("support_resolution_cohort_ratio", "cohort", "created"),
    ("support_resolution_net_ratio", "net", "received"),
    ("support_abandonment_ratio", "abandoned", "created"),
    ("support_reopen_ratio", "reopened", "first_resolution"),
    ("support_solved_unanswered_ratio", "solved_unanswered", "solved"),
    ("support_one_touch_ratio", "one_touch", "touched"),
    ("support_first_contact_ratio", "kept_contact", "first_contact"),
)

Start = Literal["first_contact", "created"]  # from where the first response time counts


@dataclass(frozen=True, slots=True)
class Observation:
    """What a ticket, or an answer without a ticket, adds to one series."""

    series: str
    at_ms: int
    dimensions: Dimensions
    value: int = 1  # a duration in ms, a score, a register, tickets received; else 1
    segment: str = UNKNOWN


@dataclass(frozen=True, slots=True)
class History:
    """A ticket's course, and under which label each of its facts counts."""

    course: Course
    labels: list[Label]

    @property
    def now(self) -> Label:
        """Give the label of the last stretch."""
        return self.labels[-1] if self.labels else Label()

    def label_at(self, at_ms: int) -> Label:
        """Give the label that holds at an instant; of a transfer at that very instant, the one after it."""
        places = [place for place, fact in enumerate(self.course.facts) if fact.at_ms <= at_ms]
        return self.labels[places[-1]] if places else self.labels[0] if self.labels else Label()

    def note(self, series: str, at_ms: int, place: int, value: int = 1) -> Observation:
        """Note what counts at a time under the label of a fact's place."""
        label = self.labels[place]
        return Observation(series, at_ms, label.dimensions, value, label.segment)


def observations(facts: Facts, as_of_ms: int, *, frt_from: Start = "first_contact") -> list[Observation]:
    """List everything that every ticket and every customer's answer contributes."""
    found: list[Observation] = []
    for ticket, events in facts.tickets.items():
        over = is_given_up(events, facts.clocks.get(ticket, as_of_ms))
        found.extend(
            one
            for one in observations_of_ticket(events, frt_from=frt_from)
            if not over or one.series not in LEVELS
        )
    for events in facts.customers.values():
        for survey in answers_without_ticket(events):
            series, value = answer(survey)
            team = survey.content.get("team", UNKNOWN)
            found.append(Observation(series, survey.at_ms, (team, UNKNOWN, UNKNOWN), value))
    return found


def history_of(events: Iterable[Event], editions: Sequence[Edition] = ()) -> History:
    """Read a ticket; the version of a policy in force at its creation says which statuses pause it."""
    facts = standing(events)
    known = bool(facts) and facts[0].kind == "created"
    edition = in_force(editions, facts[0].at_ms) if known else None
    pausing = PAUSING if edition is None else edition.pausing
    return History(follow(facts, pausing=pausing), labels_along(facts))


def observations_of_ticket(
    events: Iterable[Event], *, frt_from: Start = "first_contact"
) -> list[Observation]:
    """List what one ticket contributes; nothing at all when it is discarded."""
    history = history_of(events)
    course = history.course
    if course.gone == "discarded":
        return []
    found = [
        *_from_creation(history),
        *_levels(history),
        *_replies(history, frt_from),
        *_resolutions(history),
        *_human_solutions(history),
        *_handle_times(history),
        *_answers(history),
    ]
    return [one for one in found if course.gone != "merged" or one.series not in WITHDRAWN]


def first_response(course: Course, frt_from: Start) -> tuple[int, int, int] | None:
    """Give place and time of the first reply, and the start of the first response time; None without one.

    It begins when the customer asks; after a bot when the first hand-over came, or, where a human replied
    without one, when the bot's latest stretch began.
    """
    asked, reply = course.asked, course.first_reply
    if course.created is None or asked is None or reply is None:
        return None
    start_ms = asked[1]
    if frt_from == "first_contact":
        begun = [bot for bot in course.bots if bot.start_place < reply.place]
        over = [
            bot.end_ms
            for bot in begun
            if bot.end_ms is not None
            and bot.end_place is not None
            and bot.end_place < reply.place
            and bot.ended_by == "handed_over"
        ]
        if begun:
            start_ms = max(start_ms, over[0] if over else begun[-1].start_ms)
    return (reply.place, reply.at_ms, start_ms)


def _from_creation(history: History) -> Iterator[Observation]:
    """Give volume, customer, cohort, and what the teams received: all need a known creation."""
    course = history.course
    created = course.created
    if created is None:
        return
    yield history.note("created", created.at_ms, 0)
    yield history.note("customer", created.at_ms, 0, register_of(created.content["customer_id"]))
    if course.outcome == "solved":
        yield history.note("cohort", created.at_ms, 0)
    yield history.note("received", created.at_ms, 0)
    for place, fact in enumerate(course.facts):
        changed = place > 0 and history.labels[place] != history.labels[place - 1]
        if fact.kind == "transferred" and changed and course.open_at[place]:
            yield history.note("received", fact.at_ms, place - 1, -1)
            yield history.note("received", fact.at_ms, place)


def _levels(history: History) -> Iterator[Observation]:
    """Give what stands now, under the labels of now, at the time from which an age counts."""
    course, last = history.course, len(history.labels) - 1
    if course.created is None or not course.is_open:
        return
    yield history.note("open", course.created.at_ms, last)
    if course.assigned:
        yield history.note("assigned", course.created.at_ms, last)
    if course.with_bot:
        yield history.note("with_bot", course.bots[-1].start_ms, last)
    if course.waits_now:
        since_ms = course.waits[-1].since_ms
        yield history.note("waiting", since_ms, last)
        if course.first_reply is None:
            yield history.note("unanswered", since_ms, last)


def _replies(history: History, frt_from: Start) -> Iterator[Observation]:
    first = first_response(history.course, frt_from)
    if first is not None:
        place, at_ms, start_ms = first
        yield history.note("first_response", at_ms, place, at_ms - start_ms)
    for reply in history.course.replies:
        if reply.since_ms is not None:
            yield history.note("response", reply.at_ms, reply.place, reply.at_ms - reply.since_ms)


def _resolutions(history: History) -> Iterator[Observation]:
    """Give what counts the resolutions of humans and bots alike."""
    course = history.course
    if not course.resolutions:
        return
    first = course.resolutions[0]
    yield history.note("first_resolution", first.at_ms, first.place)
    if first.outcome == "abandoned":
        yield history.note("abandoned", first.at_ms, first.place)
    solved = next((one for one in course.resolutions if one.outcome == "solved"), None)
    if solved is not None:
        yield history.note("solved", solved.at_ms, solved.place)
        if solved.by == "bot":
            yield history.note("bot_solved", solved.at_ms, solved.place)
        if course.outcome == "solved":
            yield history.note("net", solved.at_ms, solved.place)
    if course.reopenings:
        reopened = course.reopenings[0]
        yield history.note("reopened", reopened.at_ms, reopened.of.place)


def _human_solutions(history: History) -> Iterator[Observation]:
    """Give what is said of the work of humans: of their first solution, and of theirs that stands now."""
    course = history.course
    first = course.first_by_human
    if first is not None:
        if course.created is not None:
            yield history.note(
                "resolution_time", first.at_ms, first.place, first.at_ms - course.created.at_ms
            )
        if _is_unanswered(course, first):
            yield history.note("solved_unanswered", first.at_ms, first.place)
        contact = first_contact_of(course)
        if contact is not None:
            yield history.note("first_contact", first.at_ms + RIPE_MS, first.place)
            if contact:
                yield history.note("kept_contact", first.at_ms + RIPE_MS, first.place)
    last = course.resolutions[-1] if course.outcome == "solved" else None
    if last is not None and last.by == "human":
        if course.created is not None:
            yield history.note("full_resolution", last.at_ms, last.place, last.at_ms - course.created.at_ms)
        if course.replies:
            yield history.note("touched", last.at_ms, last.place)
        if len(course.replies) == 1:
            yield history.note("one_touch", last.at_ms, last.place)


def _is_unanswered(course: Course, solution: Resolved) -> bool:
    """Tell whether the customer had asked before a solution, and no human had answered.

    A reply at its instant comes before it.
    """
    asked, reply = course.asked, course.first_reply
    return asked is not None and asked[0] < solution.place and (reply is None or reply.place > solution.place)


def _handle_times(history: History) -> Iterator[Observation]:
    """Give one interaction for each `resolved` or `handled` event with a part."""
    for place, fact in enumerate(history.course.facts):
        parts = [
            fact.content[name]
            for name in ("talk_ms", "hold_ms", "wrap_up_ms")
            if fact.kind in ("resolved", "handled") and name in fact.content
        ]
        if parts:
            yield history.note("handle_time", fact.at_ms, place, sum(parts))


def _answers(history: History) -> Iterator[Observation]:
    """Give the latest answer of each respondent and kind of survey.

    An answer without a name is that of the ticket's customer.
    """
    created = history.course.created
    asked = None if created is None else created.content["customer_id"]
    latest: dict[tuple[str, str | None], int] = {}
    for place, fact in enumerate(history.course.facts):
        if fact.kind == "survey":
            latest[fact.content["kind"], fact.content.get("customer_id", asked)] = place
    for place in latest.values():
        series, value = answer(history.course.facts[place])
        yield history.note(series, history.course.facts[place].at_ms, place, value)
