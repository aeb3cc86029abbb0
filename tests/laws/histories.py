"""A fixed history: some thousand events, drawn once for all, in which everything happens that rows know."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any

from kpis.sla import commitments
from kpis.tickets.row import TicketRow
from tests.laws.ledgers import T0, decoded
from tests.laws.policies import the_policy
from tests.laws.test_rows_laws import merged
from windows.panes import DAY_MS, HOUR_MS, MINUTE_MS


def fixed_rows() -> Iterator[TicketRow]:
    """400 tickets of up to 14 events, with what a policy promises them."""
    random = Random(20260101)
    policy = the_policy()
    for _ in range(400):
        row = merged([decoded(_drawn(random)) for _ in range(random.randint(1, 14))])
        row.promise = commitments.derive(row, policy)
        yield row


def _drawn(random: Random) -> tuple[str, dict[str, Any]]:
    kinds: list[tuple[str, dict[str, Any]]] = [
        (
            "ticket-created",
            {"customer_id": "anna", "team": random.choice("ab"), "channel": "b", "priority": "c"},
        ),
        ("first-reply", {"automated": random.random() < 0.2}),
        (
            "resolved",
            {
                "outcome": random.choice(["solved", "solved", "abandoned"]),
                "talk_seconds": random.choice([None, 1.5, 60]),
            },
        ),
        ("survey", {"kind": "nps", "score": random.randint(0, 10)}),
        ("survey", {"kind": "csat", "score": random.randint(1, 2), "scale_max": random.choice([None, 2, 7])}),
        ("survey", {"kind": "ces", "score": random.randint(1, 7)}),
        *(("ticket-changed", {"change": change}) for change in ("reopened", "paused", "resumed")),
        ("ticket-changed", {"change": "handled", "talk_seconds": 30}),
        ("ticket-changed", {"change": "replied", "waiting_since": T0}),
        ("ticket-changed", {"change": "triaged", "team": random.choice("ab")}),
    ]
    topic, fields = random.choice(kinds * 4 + [("ticket-changed", {"change": "discarded"})])
    at_ms = T0 + random.choice([0, 1, MINUTE_MS, HOUR_MS, random.randint(0, 2 * DAY_MS)])
    return topic, {
        "event_id": f"e{random.randint(0, 999)}",
        "occurred_at": at_ms,
        "ticket_id": "T1",
        **fields,
    }
