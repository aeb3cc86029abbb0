"""The oracle's own reading of customers: who was one when, and what they answered without a ticket."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

import xxhash

from oracle.events import DEFAULT_SCALE_MAX, Event
from oracle.standing import order_of

KEPT_SMALLEST: Final = 64
REGISTERS: Final = 1 << 24
TOP_TWO_FROM_SCALE: Final = 5  # below it, only the best option is "satisfied"


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
    kept = sorted(standing.values(), key=order_of)[:KEPT_SMALLEST]
    if greatest is not None and greatest.identity not in {e.identity for e in kept}:
        kept.append(greatest)
    return kept


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


def answer(survey: Event) -> tuple[str, int]:
    """Give the series of an answer, and its score; of a csat whether it is satisfied."""
    score = survey.content["score"]
    if survey.content["kind"] == "csat":
        scale_max = survey.content.get("scale_max", DEFAULT_SCALE_MAX)
        return ("csat", int(survey.content.get("satisfied", _is_satisfied(score, scale_max))))
    return (survey.content["kind"], score)


def answers_without_ticket(events: Iterable[Event]) -> Iterator[Event]:
    """Give the latest answer of each kind that a customer gave without a ticket."""
    latest: dict[str, Event] = {}
    for survey in sorted((e for e in events if e.kind == "survey"), key=order_of):
        latest[survey.content["kind"]] = survey
    yield from latest.values()


def _is_satisfied(score: int, scale_max: int) -> bool:
    if scale_max < TOP_TWO_FROM_SCALE:
        return bool(score == scale_max)
    return bool(score >= scale_max - 1)
