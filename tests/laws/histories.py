"""A fixed history: some thousand events, drawn once for all, in which everything happens that rows know."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any, Final

from kpis.sla import commitments
from kpis.tickets.row import TicketRow
from tests.laws.anything import SEGMENTS, creation, draw
from tests.laws.ledgers import T0, decoded
from tests.laws.policies import the_policy
from tests.laws.test_rows_laws import merged
from windows.panes import DAY_MS, HOUR_MS, MINUTE_MS

_IDS: Final = [f"e{number}" for number in range(200)]  # so few that some retractions name an event
_LABELS: Final = {"team": "ab", "channel": "bx", "priority": "cy", "segment": SEGMENTS}


def fixed_rows() -> Iterator[TicketRow]:
    """400 tickets of up to 14 events, with what a policy promises them."""
    random = Random(20260101)
    policy = the_policy()
    for _ in range(400):
        row = merged([decoded(_drawn(random)) for _ in range(random.randint(1, 14))])
        row.promise = commitments.derive(row, policy)
        yield row


def _drawn(random: Random) -> tuple[str, dict[str, Any]]:
    at_ms = T0 + random.choice([0, 1, MINUTE_MS, HOUR_MS, random.randint(0, 2 * DAY_MS)])
    customer = random.choice([None, "anna", "berta"])
    kinds: list[tuple[str, dict[str, Any]]] = [
        (
            "ticket-created",
            {
                "customer_id": "anna",
                "team": random.choice("ab"),
                "channel": "b",
                "priority": "c",
                **creation(random, at_ms),
            },
        ),
        ("first-reply", {"automated": random.random() < 0.2}),
        ("survey", {"kind": "nps", "score": random.randint(0, 10), "customer_id": customer}),
        ("survey", {"kind": "csat", "score": random.randint(1, 2), "scale_max": random.choice([None, 2, 7])}),
        ("survey", {"kind": "csat", "score": random.randint(0, 10), "scale_max": 10, "scale_min": 0}),
        ("survey", {"kind": "ces", "score": random.randint(1, 7)}),
        *[draw(random, at_ms, _LABELS, _IDS) for _ in range(9)],
    ]
    topic, fields = random.choice(kinds)
    return topic, {
        "event_id": random.choice(_IDS),
        "occurred_at": at_ms,
        "ticket_id": "T1",
        **fields,
    }
