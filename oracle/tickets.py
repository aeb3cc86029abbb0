"""The oracle's own reading of tickets and customers: sort, walk, list.

A ticket is looked at whole, once, when all its events are known: nothing here is
incremental, so nothing here can share a mistake with the stream.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final

import xxhash

from oracle.events import DEFAULT_SCALE_MAX, Event, Facts

UNKNOWN: Final = "unknown"
_DAY_MS: Final = 86_400_000
TRANSITIONS: Final = frozenset({"resolved", "reopened", "paused", "resumed"})
KEPT_SMALLEST: Final = 64
REGISTERS: Final = 1 << 24
TOP_TWO_FROM_SCALE: Final = 5  # below it, only the best option is "satisfied"

# Figures that are made of observations counted: which series counts, and of which series these are a part.
COUNTS: Final = (
    ("support_tickets", "created", "created"),
    ("support_solved_unanswered_tickets", "solved_unanswered", "solved"),
)
SHARES: Final = (
    ("support_resolution_ratio", "solved", "created"),
    ("support_resolution_cohort_ratio", "cohort", "created"),
    ("support_resolution_net_ratio", "net", "created"),
    ("support_abandonment_ratio", "abandoned", "created"),
    ("support_reopen_ratio", "reopened", "first_resolution"),
    ("support_solved_unanswered_ratio", "solved_unanswered", "solved"),
)

Dimensions = tuple[str, str, str]  # team, channel, priority


@dataclass(frozen=True, slots=True)
class Observation:
    """What a ticket, or an answer without a ticket, adds to one series."""

    series: str
    at_ms: int
    dimensions: Dimensions
    value: int = 1  # a duration in ms, a score, a register; else 1


@dataclass(frozen=True, slots=True)
class Resolutions:
    """What the state machine saw; None where nothing of the kind happened."""

    first_ms: int | None = None
    first_solved_ms: int | None = None
    first_solved: Event | None = None
    first_abandoned_ms: int | None = None
    reopened_ms: int | None = None
    reopened_last_ms: int | None = None
    reopened_after_solved: bool = False
    outcome: str | None = None  # of the resolution that still stands; None while open


def observations(facts: Facts, as_of_ms: int) -> list[Observation]:
    """List everything that every ticket and every customer's answer contributes."""
    found: list[Observation] = []
    for ticket, events in facts.tickets.items():
        over = is_given_up(events, facts.clocks.get(ticket, as_of_ms))
        found.extend(
            one
            for one in observations_of_ticket(events)
            if not over or one.series not in ("open", "unanswered")
        )
    for events in facts.customers.values():
        found.extend(_answers_without_ticket(events))
    return found


def observations_of_ticket(events: Iterable[Event]) -> list[Observation]:
    """List what one ticket contributes; nothing at all when it was discarded."""
    facts = standing(events)
    by_kind = by_kinds(facts)
    if by_kind.get("discarded"):
        return []
    dimensions = dimensions_of(by_kind)
    resolutions = walk(by_kind.get("transition", []))
    found = [
        *_from_creation(by_kind, resolutions),
        *_from_resolutions(resolutions),
        *_solved_unanswered(resolutions, first_human_reply(by_kind)),
        *_responses(by_kind),
        *_handle_times(by_kind),
        *(_answer(e) for e in _latest_answers(by_kind)),
    ]
    return [Observation(series, at, dimensions, value) for series, at, value in found]


def is_given_up(events: Iterable[Event], clock_ms: int) -> bool:
    """Tell whether nothing has been heard of a ticket for 365 days.

    From the next day (UTC) on it stands in no live count.

    The clock is that of the events of its partition, which may be behind the wall's: what is not heard yet
    may be about the ticket.
    """
    return (max(event.at_ms for event in events) + 365 * _DAY_MS) // _DAY_MS < clock_ms // _DAY_MS


def standing(events: Iterable[Event]) -> list[Event]:
    """Drop repeated identities, of which the smaller one stands, and sort the rest.

    What is stamped before the creation happens at the creation, in its own order.
    """
    kept: dict[tuple[str, str], Event] = {}
    for event in events:
        known = kept.get(event.identity)
        if known is None or event.order < known.order:
            kept[event.identity] = event
    facts = sorted(kept.values(), key=_order)
    created = next((fact for fact in facts if fact.kind == "created"), None)
    return (
        facts if created is None else [replace(fact, at_ms=max(fact.at_ms, created.at_ms)) for fact in facts]
    )


def bounded(events: Iterable[Event]) -> list[Event]:
    """Drop duplicates of a customer's events; keep the 64 smallest identities and the greatest event.

    The result is sorted. Of one identity the smaller content stands. The greatest event is the greatest of
    all contents (only so the order of arrival has no say); an identity counts once.
    """
    standing: dict[tuple[str, str], Event] = {}
    greatest: Event | None = None
    for event in events:
        held = standing.get(event.identity)
        if held is None or event.order < held.order:
            standing[event.identity] = event
        if greatest is None or event.order > greatest.order:
            greatest = event
    kept = sorted(standing.values(), key=_order)[:KEPT_SMALLEST]
    if greatest is not None and greatest.identity not in {e.identity for e in kept}:
        kept.append(greatest)
    return kept


def walk(transitions: Iterable[Event]) -> Resolutions:
    """Run the state machine, starting open; no-ops leave no trace.

    A ticket is abandoned by its first resolution or never.
    """
    seen: dict[str, int] = {}
    outcome: str | None = None
    first_solved: Event | None = None
    reopened_after_solved = False
    for event in standing(transitions):
        if event.kind == "resolved" and outcome is None:
            outcome = str(event.content["outcome"])
            if outcome == "solved" and first_solved is None:
                first_solved = event
            if outcome == "solved" or "resolved" not in seen:
                seen.setdefault(outcome, event.at_ms)
            seen.setdefault("resolved", event.at_ms)
        elif event.kind == "reopened" and outcome is not None:
            outcome = None
            seen.setdefault("reopened", event.at_ms)
            seen["reopened last"] = event.at_ms
            reopened_after_solved = reopened_after_solved or "solved" in seen
    return Resolutions(
        first_ms=seen.get("resolved"),
        first_solved_ms=seen.get("solved"),
        first_solved=first_solved,
        first_abandoned_ms=seen.get("abandoned"),
        reopened_ms=seen.get("reopened"),
        reopened_last_ms=seen.get("reopened last"),
        reopened_after_solved=reopened_after_solved,
        outcome=outcome,
    )


def register_of(customer_id: str) -> int:
    """Give the register of linear counting in which a customer falls."""
    return xxhash.xxh3_64_intdigest(customer_id.encode(), seed=0) % REGISTERS


def active_spans(events: Iterable[Event]) -> list[tuple[int, int | None]]:
    """List the spans `[joined, left)` of one customer; None: active to this day."""
    spans: list[tuple[int, int | None]] = []
    joined_ms: int | None = None
    for event in bounded(e for e in events if e.kind in ("joined", "left")):
        if event.kind == "joined" and joined_ms is None:
            joined_ms = event.at_ms
        elif event.kind == "left" and joined_ms is not None:
            spans.append((joined_ms, event.at_ms))
            joined_ms = None
    if joined_ms is not None:
        spans.append((joined_ms, None))
    return spans


_Found = tuple[str, int, int]  # series, time, value


def _from_creation(by_kind: dict[str, list[Event]], resolutions: Resolutions) -> Iterator[_Found]:
    """Give what needs a known creation: volume, customer, cohort, waits, levels."""
    created = _smallest(by_kind.get("created", []))
    if created is None:
        return
    reply = first_human_reply(by_kind)
    yield ("created", created.at_ms, 1)
    yield ("customer", created.at_ms, register_of(created.content["customer_id"]))
    if resolutions.outcome == "solved":
        yield ("cohort", created.at_ms, 1)
    if resolutions.outcome is None:
        yield ("open", created.at_ms, 1)
        if reply is None:
            yield (
                "unanswered",
                created.at_ms if resolutions.reopened_last_ms is None else resolutions.reopened_last_ms,
                1,
            )
    if reply is not None:
        yield ("first_response", reply.at_ms, reply.at_ms - created.at_ms)
    solved_ms = resolutions.first_solved_ms
    if solved_ms is not None:
        yield ("resolution_time", solved_ms, solved_ms - created.at_ms)


def _from_resolutions(resolutions: Resolutions) -> Iterator[_Found]:
    booked = {
        "first_resolution": resolutions.first_ms,
        "solved": resolutions.first_solved_ms,
        "abandoned": resolutions.first_abandoned_ms,
        "reopened": resolutions.reopened_ms,
    }
    if resolutions.outcome == "solved":
        booked["net"] = resolutions.first_solved_ms
    for series, at_ms in booked.items():
        if at_ms is not None:
            yield (series, at_ms, 1)


def _solved_unanswered(resolutions: Resolutions, reply: Event | None) -> Iterator[_Found]:
    """Give the first solution if no human had answered before it: a reply at its instant comes before it."""
    solved = resolutions.first_solved
    if solved is not None and (reply is None or reply.order > solved.order):
        yield ("solved_unanswered", solved.at_ms, 1)


def _responses(by_kind: dict[str, list[Event]]) -> Iterator[_Found]:
    """Give the waits that public replies by humans ended.

    The first one's began at the creation, unless a reply states another start.
    """
    created, first = creation_of(by_kind), first_human_reply(by_kind)
    for reply in _human_replies(by_kind):
        since_ms = reply.content.get("waiting_since")
        if since_ms is None and reply is first and created is not None:
            since_ms = created.at_ms
        if since_ms is not None:
            early = reply.at_ms != reply.order[0]
            yield ("response", reply.at_ms, 0 if early else max(0, reply.at_ms - since_ms))


def _handle_times(by_kind: dict[str, list[Event]]) -> Iterator[_Found]:
    """Give one interaction for each `resolved` or `handled` event with a part."""
    resolved = [event for event in by_kind.get("transition", []) if event.kind == "resolved"]
    for event in [*resolved, *by_kind.get("handled", [])]:
        parts = [
            event.content[name] for name in ("talk_ms", "hold_ms", "wrap_up_ms") if name in event.content
        ]
        if parts:
            yield ("handle_time", event.at_ms, sum(parts))


def _latest_answers(by_kind: dict[str, list[Event]]) -> Iterable[Event]:
    """Keep the latest answer of each respondent and kind of survey.

    An answer without a name is that of the ticket's customer.
    """
    created = creation_of(by_kind)
    asked = None if created is None else created.content["customer_id"]
    latest: dict[tuple[str, str | None], Event] = {}
    for event in by_kind.get("survey", []):
        latest[event.content["kind"], event.content.get("customer_id", asked)] = event
    return latest.values()


def _answer(survey: Event) -> _Found:
    score = survey.content["score"]
    if survey.content["kind"] == "csat":
        scale_max = survey.content.get("scale_max", DEFAULT_SCALE_MAX)
        satisfied = survey.content.get("satisfied", _is_satisfied(score, scale_max))
        return ("csat", survey.at_ms, int(satisfied))
    return (survey.content["kind"], survey.at_ms, score)


def _is_satisfied(score: int, scale_max: int) -> bool:
    if scale_max < TOP_TWO_FROM_SCALE:
        return score == scale_max
    return score >= scale_max - 1


def _answers_without_ticket(events: Iterable[Event]) -> Iterator[Observation]:
    latest: dict[str, Event] = {}
    for survey in sorted((e for e in events if e.kind == "survey"), key=_order):
        latest[survey.content["kind"]] = survey
    for survey in latest.values():
        series, at_ms, value = _answer(survey)
        team = survey.content.get("team", UNKNOWN)
        yield Observation(series, at_ms, (team, UNKNOWN, UNKNOWN), value)


def creation_of(by_kind: dict[str, list[Event]]) -> Event | None:
    """Give the smallest creation."""
    return _smallest(by_kind.get("created", []))


def dimensions_of(by_kind: dict[str, list[Event]]) -> Dimensions:
    """Give for each field the latest triage's value, else the creation's, else `unknown`."""
    created = creation_of(by_kind)
    latest = {"team": UNKNOWN, "channel": UNKNOWN, "priority": UNKNOWN} | dict(
        {} if created is None else created.content
    )
    for triaged in by_kind.get("triaged", []):
        latest.update(
            {
                name: triaged.content[name]
                for name in ("team", "channel", "priority")
                if name in triaged.content
            }
        )
    return (latest["team"], latest["channel"], latest["priority"])


def first_human_reply(by_kind: dict[str, list[Event]]) -> Event | None:
    """Give the earliest public reply that was not automated, whichever topic it came by."""
    return next(_human_replies(by_kind), None)


def _human_replies(by_kind: dict[str, list[Event]]) -> Iterator[Event]:
    return (reply for reply in by_kind.get("replied", []) if not reply.content.get("automated"))


def by_kinds(events: Iterable[Event]) -> dict[str, list[Event]]:
    """File the events of a ticket by kind, all transitions under one."""
    found: dict[str, list[Event]] = {}
    for event in events:
        kind = "transition" if event.kind in TRANSITIONS else event.kind
        found.setdefault(kind, []).append(event)
    return found


def _smallest(events: Iterable[Event]) -> Event | None:
    return min(events, key=_order, default=None)


def _order(event: Event) -> tuple[int, int, str, bytes]:
    return event.order
