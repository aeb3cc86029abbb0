"""The desks of the worked examples in docs/kpis/.

The events that a page tells of, and the samples that an exporter shows for them.

Each function is one page's example; the page says the same in words, and `test_kpi_pages.py` holds the two
together.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

from exporters.metrics.kpi_families import kpi_parts
from kpis.figures.view import View, ViewRules
from kpis.figures.view_builder import ViewBuilder
from kpis.state.partition import PartitionState

NOON_MS = 1_772_625_600_000  # 2026-03-04 12:00 UTC, a Wednesday
MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS
BUCKETS_SECONDS = (900, 3_600, 10_800)
Key = tuple[str, frozenset[tuple[str, str]]]


@dataclass(frozen=True)
class SourceRecord:
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None


class Desk:
    """Takes events as a producer would send them, and gives the figures as of noon.

    `ago` counts milliseconds before noon.
    """

    def __init__(self) -> None:
        self._numbers = count(1)
        self._records: dict[str, list[SourceRecord]] = defaultdict(list)

    def send(self, topic: str, key: str, ago: int, **fields: Any) -> None:
        event = {"event_id": f"e{next(self._numbers)}", "occurred_at": NOON_MS - ago, **fields}
        found = self._records[topic]
        found.append(SourceRecord(0, len(found), NOON_MS, key.encode(), json.dumps(event).encode()))

    def created(
        self, ticket: str, ago: int, team: str = "billing", channel: str = "email", customer: str = "C1"
    ) -> None:
        self.send(
            "ticket-created",
            ticket,
            ago,
            ticket_id=ticket,
            customer_id=customer,
            team=team,
            channel=channel,
            priority="normal",
        )

    def replied(self, ticket: str, ago: int) -> None:
        self.send("first-reply", ticket, ago, ticket_id=ticket)

    def resolved(self, ticket: str, ago: int, **fields: Any) -> None:
        self.send("resolved", ticket, ago, ticket_id=ticket, **fields)

    def changed(self, ticket: str, ago: int, change: str, **fields: Any) -> None:
        self.send("ticket-changed", ticket, ago, ticket_id=ticket, change=change, **fields)

    def answered(self, ticket: str, kind: str, score: int, **fields: Any) -> None:
        self.send("survey", ticket, 10 * MINUTE_MS, ticket_id=ticket, kind=kind, score=score, **fields)

    def customer(self, customer: str, ago: int, status: str) -> None:
        self.send("customer", customer, ago, customer_id=customer, status=status)

    def view(self) -> View:
        state = PartitionState(0)
        for topic, records in self._records.items():
            assert not state.apply(topic, records)
        builder = ViewBuilder(ViewRules(ZoneInfo("UTC")))
        builder.apply(0, state.take_changes().view)
        return builder.build(NOON_MS)


def samples(desk: Desk) -> dict[Key, float]:
    """Every KPI sample of a scrape."""
    view = desk.view()
    families = [family for part in kpi_parts(BUCKETS_SECONDS) for family in part(view)]
    return {
        (one.name, frozenset(one.labels.items())): one.value for family in families for one in family.samples
    }


def _tickets(desk: Desk, **teams: int) -> Iterator[tuple[str, str, int]]:
    """Create so many tickets a team, half an hour ago; yields (ticket, team, number within the team)."""
    for team, how_many in teams.items():
        for number in range(how_many):
            ticket = f"{team}-{number}"
            desk.created(ticket, 30 * MINUTE_MS, team=team)
            yield ticket, team, number


def first_response_time() -> Desk:
    desk = Desk()
    for ticket, team, _ in _tickets(desk, billing=40, onboarding=10):
        desk.replied(ticket, (30 - (3 if team == "billing" else 8)) * MINUTE_MS)
    desk.created("waiting", 30 * MINUTE_MS)
    return desk


def response_time() -> Desk:
    desk = Desk()
    desk.created("A", 50 * MINUTE_MS)
    desk.replied("A", 46 * MINUTE_MS)
    for minutes in (30, 27):
        desk.changed("A", minutes * MINUTE_MS, "customer_replied")
    desk.changed("A", 20 * MINUTE_MS, "replied")
    desk.created("B", 40 * MINUTE_MS)
    desk.replied("B", 34 * MINUTE_MS)
    desk.created("C", 30 * MINUTE_MS, team="onboarding")
    desk.replied("C", 10 * MINUTE_MS)
    return desk


def resolution_rate() -> Desk:
    desk = Desk()
    for ticket, team, number in _tickets(desk, billing=400, onboarding=100):
        if number >= (380 if team == "billing" else 70):
            continue
        is_bots = team == "billing" and 100 <= number < 150
        desk.resolved(ticket, 20 * MINUTE_MS, by="bot" if is_bots else "human")
        if team == "billing" and number < 20:
            desk.changed(ticket, 15 * MINUTE_MS, "reopened")
            if number < 5:
                desk.resolved(ticket, 5 * MINUTE_MS)
    return desk


def handle_time() -> Desk:
    desk = Desk()
    parts = {
        "billing": {"talk_seconds": 270, "hold_seconds": 30, "wrap_up_seconds": 120},
        "onboarding": {"talk_seconds": 420, "hold_seconds": 180, "wrap_up_seconds": 120},
    }
    for ticket, team, _ in _tickets(desk, billing=80, onboarding=20):
        desk.resolved(ticket, 10 * MINUTE_MS, **parts[team])
    desk.created("without parts", 30 * MINUTE_MS)
    desk.resolved("without parts", 10 * MINUTE_MS)
    return desk


def _answers(kind: str, **teams: dict[int, int]) -> Desk:
    """So many answers of each score a team."""
    desk = Desk()
    for team, scores in teams.items():
        for score, how_many in scores.items():
            for number in range(how_many):
                ticket = f"{team}-{score}-{number}"
                desk.created(ticket, 30 * MINUTE_MS, team=team)
                desk.answered(ticket, kind, score)
    return desk


def nps() -> Desk:
    return _answers("nps", billing={10: 56, 8: 14, 6: 10}, onboarding={9: 4, 7: 6, 0: 10})


def csat() -> Desk:
    return _answers("csat", billing={5: 40, 4: 14, 3: 6}, onboarding={4: 11, 2: 9})


def ces() -> Desk:
    return _answers(
        "ces", billing={1: 20, 2: 70, 3: 140, 4: 110, 5: 160, 6: 180, 7: 120}, onboarding={1: 60, 2: 140}
    )


def tickets_per_customer() -> Desk:
    desk = Desk()
    for number in range(400):
        desk.created(f"b{number}", 30 * MINUTE_MS, customer=f"C{number % 80}")
    for number in range(100):
        desk.created(f"o{number}", 30 * MINUTE_MS, team="onboarding", customer=f"C{50 + number % 50}")
    return desk


def retention_and_churn() -> Desk:
    desk = Desk()
    for number in range(500):
        desk.customer(f"C{number}", 400 * DAY_MS, "joined")
        if number < 220:
            desk.customer(f"C{number}", 10 * DAY_MS, "left")
    for number in range(200):
        desk.customer(f"N{number}", 5 * DAY_MS, "joined")
    return desk


def ticket_volume() -> Desk:
    desk = Desk()
    for number in range(62):
        desk.created(f"T{number}", (number * 7 + 1) * MINUTE_MS)
        if number < 4:
            desk.changed(f"T{number}", number * 7 * MINUTE_MS, "transferred", team="onboarding")
    return desk


def resolution_time() -> Desk:
    desk = Desk()
    for ticket, hours, team in (("A", 2, "billing"), ("B", 4, "billing"), ("C", 30, "onboarding")):
        desk.created(ticket, hours * HOUR_MS + 10 * MINUTE_MS, team=team)
        desk.resolved(ticket, 10 * MINUTE_MS)
    desk.changed("C", 9 * MINUTE_MS, "reopened")
    desk.resolved("C", 4 * MINUTE_MS)
    return desk


def one_touch() -> Desk:
    desk = Desk()
    for ticket, team, number in _tickets(desk, billing=45, onboarding=10):
        replies = (1 if number < 34 else 2 if number < 40 else 0) if team == "billing" else 1 + (number > 1)
        for minutes in range(replies):
            desk.replied(ticket, (20 - minutes) * MINUTE_MS)
        desk.resolved(ticket, 10 * MINUTE_MS)
    return desk


def first_contact() -> Desk:
    desk = Desk()
    for team, how_many in (("billing", 30), ("onboarding", 10)):
        for number in range(how_many):
            ticket = f"{team}-{number}"
            desk.created(ticket, 9 * DAY_MS + 3 * HOUR_MS, team=team)
            desk.replied(ticket, 9 * DAY_MS + 2 * HOUR_MS)
            if team == "billing" and number < 6:
                desk.changed(ticket, 9 * DAY_MS + HOUR_MS, "customer_replied")
            desk.resolved(ticket, 9 * DAY_MS)
            if team == "onboarding" and number < 3:
                desk.changed(ticket, 8 * DAY_MS, "reopened")
    return desk


def survey_response() -> Desk:
    desk = Desk()
    for ticket, team, number in _tickets(desk, billing=80, onboarding=20):
        desk.resolved(ticket, 20 * MINUTE_MS)
        if number < (24 if team == "billing" else 12):
            desk.answered(ticket, "csat", 4)
        if team == "billing" and number < 10:
            desk.answered(ticket, "nps", 9)
    return desk


def abandonment() -> Desk:
    desk = Desk()
    for number in range(200):
        ticket = f"T{number}"
        desk.created(ticket, 30 * MINUTE_MS, channel="phone" if number < 120 else "email")
        if number < 30:
            desk.resolved(ticket, 28 * MINUTE_MS, outcome="abandoned")
    return desk


def reopen_rate() -> Desk:
    desk = Desk()
    for ticket, team, number in _tickets(desk, billing=160, onboarding=40):
        desk.resolved(
            ticket, 20 * MINUTE_MS, outcome="abandoned" if team == "billing" and number >= 150 else "solved"
        )
        if number < (4 if team == "billing" else 8):
            desk.changed(ticket, 10 * MINUTE_MS, "reopened")
    return desk


def live_levels() -> Desk:
    desk = Desk()
    oldest_ms = 2 * HOUR_MS + 47 * MINUTE_MS + 20_000  # 09:12:40
    for ticket, ago, team in (
        ("A", oldest_ms, "billing"),
        ("B", 3 * HOUR_MS, "billing"),
        ("C", 30 * MINUTE_MS, "onboarding"),
        ("D", 20 * MINUTE_MS, "billing"),
        ("E", 4 * HOUR_MS, "onboarding"),
    ):
        desk.created(ticket, ago, team=team)
    desk.replied("B", 2 * HOUR_MS)
    desk.replied("D", 15 * MINUTE_MS)
    desk.resolved("E", HOUR_MS)
    desk.changed("B", 40 * MINUTE_MS, "customer_replied")
    for ticket in "BD":
        desk.changed(ticket, 15 * MINUTE_MS, "assigned", assigned=True)
    desk.created("F", 15 * MINUTE_MS)
    desk.changed("F", 15 * MINUTE_MS, "status", status="bot")
    return desk


def staffing() -> Desk:
    desk = Desk()
    for team, minutes, online, available, busy in (
        ("billing", 5, 8, 3, 5),
        ("onboarding", 2, 6, 2, 3),
        ("orders", 1, 4, 2, 2),
        ("technical", 30, 9, 1, 8),
    ):
        desk.created(team, HOUR_MS, team=team)
        desk.replied(team, 50 * MINUTE_MS)
        counts = {"online": online, "available": available, "busy": busy}
        desk.send("presence", team, minutes * MINUTE_MS, team=team, **counts)
    return desk


EXAMPLES: dict[str, Callable[[], Desk]] = {
    "first-response-time": first_response_time,
    "response-time": response_time,
    "resolution-rate": resolution_rate,
    "handle-time": handle_time,
    "nps": nps,
    "csat": csat,
    "ces": ces,
    "tickets-per-customer": tickets_per_customer,
    "retention-and-churn": retention_and_churn,
    "ticket-volume": ticket_volume,
    "resolution-time": resolution_time,
    "abandonment": abandonment,
    "one-touch": one_touch,
    "first-contact": first_contact,
    "survey-response": survey_response,
    "reopen-rate": reopen_rate,
    "live-levels": live_levels,
    "staffing": staffing,
}


@cache
def samples_of(page: str) -> dict[Key, float]:
    """The samples of a page's example."""
    return samples(EXAMPLES[page]())
