"""Whatever may happen to a ticket after its creation, drawn with its weight: for desks that do everything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random
from typing import Any, Final, get_args

from streams.events import RetractedKind, TicketStatus
from windows.panes import DAY_MS, HOUR_MS, MINUTE_MS

DUES: Final = ("first_reply_due", "resolution_due", "next_reply_due")
SEGMENTS: Final = ("free", "pro")
_STATUSES: Final = get_args(TicketStatus)
_KINDS: Final = get_args(RetractedKind)
_WEIGHTS: Final[Mapping[str, float]] = {
    "resolved": 8,
    "reopened": 4,
    "customer_replied": 8,
    "replied": 7,
    "status": 8,
    "triaged": 4,
    "transferred": 4,
    "handled": 4,
    "paused": 3,
    "resumed": 3,
    "handed_over": 3,
    "assigned": 3,
    "no_reply_needed": 3,
    "due": 3,
    "retracted": 3,
    "merged": 1,
    "restored": 2,
    "discarded": 0.6,
}


def draw(
    pick: Random, at_ms: int, labels: Mapping[str, Sequence[str]], known: Sequence[str]
) -> tuple[str, dict[str, Any]]:
    """A topic and the fields of an event at an instant.

    `labels`: the names of each label; `known`: identifiers of events that it may retract.
    """
    kind = pick.choices(list(_WEIGHTS), list(_WEIGHTS.values()))[0]
    if kind == "resolved":
        outcome, by = pick.choice(("solved", "solved", "abandoned")), pick.choice(("human", "human", "bot"))
        return "resolved", {"outcome": outcome, "by": by, **_parts(pick)}
    return "ticket-changed", {"change": kind, **_fields(kind, pick, at_ms, labels, known)}


def creation(pick: Random, at_ms: int) -> dict[str, Any]:
    """What may come with a creation beside its labels; mostly nothing."""
    fields: dict[str, Any] = {}
    if pick.random() < 0.3:
        fields["opened_by"] = pick.choice(("customer", "desk", "bot"))
    if pick.random() < 0.25:
        fields["with_bot"] = True
    if pick.random() < 0.5:
        fields["segment"] = pick.choice(SEGMENTS)
    if pick.random() < 0.2:
        fields |= {name: at_ms + _later(pick) for name in pick.sample(DUES, pick.randint(1, 3))}
    return fields


def _parts(pick: Random) -> dict[str, Any]:
    return {
        name: pick.randrange(900) + 0.25
        for name in ("talk_seconds", "hold_seconds", "wrap_up_seconds")
        if pick.random() < 0.6
    }


def _fields(
    kind: str, pick: Random, at_ms: int, labels: Mapping[str, Sequence[str]], known: Sequence[str]
) -> dict[str, Any]:
    if kind in {"triaged", "transferred"}:
        return {name: pick.choice(names) for name, names in labels.items() if pick.random() < 0.4}
    if kind in {"replied", "customer_replied"}:
        since = {"waiting_since": at_ms - pick.randrange(-1000, HOUR_MS)} if pick.random() < 0.4 else {}
        return {**since, "automated": True} if kind == "replied" and pick.random() < 0.15 else since
    if kind == "retracted":
        of_kind = {"retracts_kind": pick.choice(_KINDS)} if pick.random() < 0.4 else {}
        return {"retracts": pick.choice(known), **of_kind}
    if kind == "due":
        dues = pick.sample(DUES, pick.randint(1, 2))
        return {name: None if pick.random() < 0.3 else at_ms + _later(pick) for name in dues}
    drawn: dict[str, dict[str, Any]] = {
        "status": {"status": pick.choice(_STATUSES)},
        "assigned": {"assigned": pick.random() < 0.6},
        "merged": {"into": "T0"},
        "handled": _parts(pick),
    }
    return drawn.get(kind, {})


def _later(pick: Random) -> int:
    return pick.choice((1, MINUTE_MS, HOUR_MS, DAY_MS)) + pick.randrange(MINUTE_MS)
