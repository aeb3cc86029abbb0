"""Which facts of a ticket stand, and in which order: a list that no order of arrival can change."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Final

from oracle.course import Course, follow
from oracle.events import RETRACTED_KIND, Event

DAY_MS: Final = 86_400_000
RIPE_MS: Final = 7 * DAY_MS  # a first contact is booked so long after the solution
# So long after its last event and its last booked instant a closed ticket is over; an open one after its
# last event.
CLOSED_KNOWN_MS: Final = 61 * DAY_MS
OPEN_KNOWN_MS: Final = 365 * DAY_MS


def standing(events: Iterable[Event]) -> list[Event]:
    """List the facts that stand, in their order; the creation that stands, if any, is the first.

    Of a repeated identity the smaller content stands. What was retracted is as if it had never come. What is
    stamped before the creation happens at the creation, after it and in its own order.
    """
    arrived = list(events)
    kept = _once(arrived)
    return _without_retracted(kept, _gaps(arrived, kept))


def first_contact_of(course: Course) -> bool | None:
    """Tell whether the first solution by a human needed one contact; None where that is no question.

    It is one if there was a first reply before it. The customer did not write after that reply and before the
    solution, and the ticket was not reopened within 7 days.
    """
    solution, reply = course.first_by_human, course.first_reply
    if solution is None or reply is None or reply.place > solution.place:
        return None
    wrote = any(reply.place < place < solution.place for place, _ in course.messages)
    reopened = any(
        one.place > solution.place and one.at_ms <= solution.at_ms + RIPE_MS for one in course.reopenings
    )
    return not wrote and not reopened


def is_given_up(events: Iterable[Event], clock_ms: int) -> bool:
    """Tell whether nothing has been heard of a ticket for 365 days.

    From the next day (UTC) on it stands in no live count. Every event that came counts, retracted or not.

    The clock is that of the events of its partition, which may be behind the wall's: what is not heard yet
    may be about the ticket.
    """
    return (max(event.at_ms for event in events) + OPEN_KNOWN_MS) // DAY_MS < clock_ms // DAY_MS


def order_of(event: Event) -> tuple[int, int, str, bytes]:
    """Give the place of a fact among those of its ticket."""
    return event.order


def _once(events: Iterable[Event]) -> list[Event]:
    kept: dict[tuple[str, str], Event] = {}
    for event in events:
        known = kept.get(event.identity)
        if known is None or event.order < known.order:
            kept[event.identity] = event
    return sorted(kept.values(), key=order_of)


def _gaps(arrived: Iterable[Event], kept: Sequence[Event]) -> list[int]:
    """List the times of the last events before each silence that a row does not outlast.

    What lies behind one cannot be retracted by what came after it.
    """
    times = sorted({event.at_ms for event in arrived})
    gaps: list[int] = []
    for last_ms, next_ms in pairwise(times):
        if next_ms - last_ms > CLOSED_KNOWN_MS:
            course = follow(_without_retracted([one for one in kept if one.at_ms <= last_ms], gaps))
            if next_ms > _known_until_ms(course, last_ms):
                gaps.append(last_ms)
    return gaps


def _known_until_ms(course: Course, last_ms: int) -> int:
    if not course.closed:
        return last_ms + OPEN_KNOWN_MS
    solution = course.first_by_human
    booked_ms = (
        last_ms
        if solution is None or first_contact_of(course) is None
        else max(last_ms, solution.at_ms + RIPE_MS)
    )
    return booked_ms + CLOSED_KNOWN_MS


def _without_retracted(kept: Sequence[Event], gaps: Sequence[int]) -> list[Event]:
    """Take back what retractions name, but not retractions; `kept` is sorted, and so is the result."""
    retractions = [event for event in kept if event.kind == "retracted"]
    facts = [
        event
        for event in kept
        if event.kind != "retracted" and not any(_takes_back(one, event, gaps) for one in retractions)
    ]
    created = next((fact for fact in facts if fact.kind == "created"), None)
    if created is None:
        return facts
    others = [replace(fact, at_ms=max(fact.at_ms, created.at_ms)) for fact in facts if fact is not created]
    return [created, *others]


def _takes_back(retraction: Event, fact: Event, gaps: Iterable[int]) -> bool:
    kind = retraction.content.get("retracts_kind")
    return (
        fact.event_id == retraction.content["retracts"]
        and (kind is None or fact.kind == RETRACTED_KIND[kind])
        and not any(fact.at_ms <= gap_ms < retraction.at_ms for gap_ms in gaps)
    )
