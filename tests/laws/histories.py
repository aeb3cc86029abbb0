"""Fixed histories: some thousand events, drawn once for all, in which everything happens that rows know."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random
from typing import Any, Final

import yaml

from deskpulse.policy import PolicyFile, build
from kpis.sla import commitments
from kpis.sla.policy import Policy
from kpis.tickets.row import TicketRow
from tests.laws.ledgers import T0, decoded
from tests.laws.policies import the_policy
from tests.laws.test_rows_laws import merged
from windows.panes import DAY_MS, HOUR_MS, MINUTE_MS

# Two versions: in the first a triage lets the deadlines be, in the second it puts others in their place.
PROMISES: Final = """
versions:
  - name: keeps
    calendars:
      office: &office {time_zone: Europe/Madrid, hours: {mon-sun: "08:00-20:00"}}
    default_calendar: office
    after_triage: keep
    first_reply: &replies
      - {team: a, within: 30m, objective: 90%}
      - {within: 2h, objective: 80%}
    next_reply: *replies
    resolution: &resolutions
      - {team: a, within: 4h, objective: 85%}
      - {within: 20h, objective: 95%}
  - name: retargets
    effective_from: 2026-02-25T12:00:00+01:00
    calendars:
      office: *office
    team_calendars: {b: office}
    after_triage: retarget
    pausing_statuses: [waiting]
    first_reply: *replies
    next_reply: *replies
    resolution: *resolutions
"""
IDS: Final = 30  # few, so that some events repeat or retract others
Event = tuple[str, dict[str, Any]]
Derive = Callable[[TicketRow, Policy | None], Any]


def fixed_rows() -> Iterator[TicketRow]:
    """1,600 tickets of events of all kinds, with what is promised to them."""
    yield from rows_of_old_kinds(commitments.derive)
    random, policy = Random(20261204), build(PolicyFile.model_validate(yaml.safe_load(PROMISES)))
    for number in range(1_200):
        begin_ms, span_ms = (
            T0 + random.randint(0, DAY_MS),
            random.choice([2 * HOUR_MS, 6 * HOUR_MS, 2 * DAY_MS]),
        )
        draw = _labelled if number % 2 else _changed  # little else happens to some
        found = [
            _dated(draw(random, begin_ms), random.randint(0, IDS), begin_ms + random.randint(0, span_ms))
            for _ in range(random.randint(1, 8 if number % 2 else 20))
        ]
        if number % 8:  # else it may be that nobody has seen the creation
            late_ms = random.choice([0, 0, random.randint(0, span_ms)])
            found.append(_dated(_created(random, begin_ms), random.randint(0, IDS), begin_ms + late_ms))
        row = merged([decoded(event) for event in found])
        row.promise = commitments.derive(row, policy if number % 5 else None)
        yield row


def rows_of_old_kinds(derive: Derive) -> Iterator[TicketRow]:
    """400 tickets of up to 14 events of the kinds before ledger format 7, as they have always been drawn."""
    random = Random(20260101)
    policy = the_policy()
    for _ in range(400):
        row = merged([decoded(_drawn(random)) for _ in range(random.randint(1, 14))])
        row.promise = derive(row, policy)
        yield row


def _drawn(random: Random) -> Event:
    kinds: list[Event] = [
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
    return _in_time(random, random.choice(kinds * 4 + [("ticket-changed", {"change": "discarded"})]))


def _in_time(random: Random, event: Event) -> Event:
    at_ms = T0 + random.choice([0, 1, MINUTE_MS, HOUR_MS, random.randint(0, 2 * DAY_MS)])
    return _dated(event, random.randint(0, 999), at_ms)


def _dated(event: Event, number: int, at_ms: int) -> Event:
    topic, fields = event
    return topic, {"event_id": f"e{number}", "occurred_at": at_ms, "ticket_id": "T1", **fields}


def _created(random: Random, begin_ms: int) -> Event:
    return (
        "ticket-created",
        {
            "customer_id": "anna",
            "team": random.choice("ab"),
            "channel": "b",
            "priority": "c",
            "segment": random.choice([None, "gold"]),
            "opened_by": random.choice([None, None, "customer", "desk", "bot"]),
            "with_bot": random.random() < 0.2,
            **{
                f"{target}_due": _maybe(random, begin_ms)
                for target in ("first_reply", "next_reply", "resolution")
            },
        },
    )


def _maybe(random: Random, begin_ms: int) -> int | None:
    """An instant, rarely."""
    return begin_ms + random.randint(0, 2 * DAY_MS) if random.random() < 0.1 else None


def _labelled(random: Random, _: int) -> Event:
    changes = [
        *[{"change": "triaged", "team": random.choice("aab")}] * 3,
        {"change": "transferred", "team": random.choice("abx")},
        *({"change": change} for change in ("replied", "customer_replied", "customer_replied")),
    ]
    return "ticket-changed", random.choice(changes)


def _changed(random: Random, begin_ms: int) -> Event:
    """An event of any kind; what hides or removes others is rare."""
    changes: list[dict[str, Any]] = [
        {"change": "triaged", "team": random.choice("ab"), "priority": random.choice([None, "c", "d"])},
        {"change": "transferred", "team": random.choice("abx"), "segment": random.choice([None, "gold"])},
        {"change": "replied", "waiting_since": _maybe(random, begin_ms), "automated": random.random() < 0.2},
        {"change": "replied"},
        {"change": "customer_replied", "waiting_since": _maybe(random, begin_ms)},
        {"change": "customer_replied"},
        {"change": "no_reply_needed"},
        {"change": "handled", "hold_seconds": random.choice([None, 5])},
        {"change": "status", "status": random.choice(["bot", "open", "waiting", "on_hold", "solved"])},
        {"change": "status", "status": random.choice(["bot", "open", "closed", "abandoned"])},
        {"change": "handed_over"},
        {"change": "assigned", "assigned": random.random() < 0.7},
        {"change": "due", random.choice(["first_reply_due", "resolution_due"]): _maybe(random, begin_ms)},
        {"change": "due", "next_reply_due": begin_ms + random.randint(0, 2 * DAY_MS)},
        *({"change": change} for change in ("paused", "resumed", "reopened", "reopened", "restored")),
    ]
    rare: list[dict[str, Any]] = [
        {"change": "merged", "into": random.choice([None, "T2"])},
        {"change": "discarded"},
        {
            "change": "retracted",
            "retracts": f"e{random.randint(0, IDS)}",
            "retracts_kind": random.choice([None, "resolved"]),
        },
    ]
    answers = ("survey", {"kind": "nps", "score": random.randint(0, 10)})
    resolved = (
        "resolved",
        {
            "outcome": random.choice(["solved", "solved", "abandoned"]),
            "by": random.choice(["human", "human", "bot"]),
            "wrap_up_seconds": random.choice([None, 60]),
        },
    )
    told = [("ticket-changed", change) for change in changes * 2 + rare]
    return random.choice([*told, *[resolved] * 6, answers])
