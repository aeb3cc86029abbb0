"""A desk from end to end without a broker.

JSON events go in, the text of a scrape comes out, and the figures are read back from that text.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal
from zoneinfo import ZoneInfo

import xxhash

from deskpulse.settings import Settings
from deskpulse.wiring import wall_rules
from exporters.metrics.collectors import new_registry
from exporters.metrics.exposition import encode_text
from exporters.reading.status import ReaderStatus
from exporters.snapshot import Snapshot
from kpis.figures.bands import BANDED, grade
from kpis.figures.view import ViewRules
from kpis.figures.view_builder import ViewBuilder
from kpis.members import MemberRules
from kpis.state.partition import PartitionState
from kpis.state.rules import StateRules
from oracle import verify
from streams.topics import SOURCE_TOPICS
from windows.panes import DAY_MS, HOUR_MS, MINUTE_MS

NOON_MS = 1_772_452_800_000  # 2026-03-02T12:00:00Z, a Monday: every figure below is as of then
PARTITIONS = 3
BUCKETS_SECONDS = (900, 3_600, 10_800)
MEMBERS = {"team": ("billing", "sales"), "channel": ("phone", "email"), "priority": ("normal",)}
RULES = ViewRules(zone=ZoneInfo("UTC"), members=MemberRules(MEMBERS), parts_windows=("1h",))
SETTINGS = Settings()
Kpi = Literal[
    "first_response", "csat", "resolution", "handle_time", "nps", "retention", "tickets_per_customer"
]


def ago(*, days: float = 0, hours: float = 0, minutes: float = 0, ms: int = 0) -> int:
    """The instant so long before noon."""
    return NOON_MS - round(days * DAY_MS + hours * HOUR_MS + minutes * MINUTE_MS) - ms


@dataclass(frozen=True)
class Record:
    """A Kafka record, as far as a partition's state looks at it."""

    partition: int
    offset: int
    timestamp: int
    key: bytes
    value: bytes


@dataclass
class GoldenDesk:
    """Notes events, then sends them through partitions, ledger rows, view and exposition.

    They go in the order of their times.
    """

    events: list[tuple[int, str, str, bytes]] = field(default_factory=list)  # event time, topic, key, value
    rules: ViewRules = RULES
    _numbers: itertools.count[int] = field(default_factory=itertools.count)

    def send(self, topic: str, key: str, at_ms: int, **fields: object) -> None:
        event = {"event_id": f"e{next(self._numbers)}", "occurred_at": at_ms, **fields}
        self.events.append((at_ms, topic, key, json.dumps(event).encode()))

    def created(
        self,
        ticket: str,
        at_ms: int,
        *,
        customer: str | None = None,
        team: str = "billing",
        channel: str = "phone",
    ) -> None:
        fields = {
            "team": team,
            "channel": channel,
            "priority": "normal",
            "customer_id": customer or f"customer of {ticket}",
        }
        self.send("ticket-created", ticket, at_ms, ticket_id=ticket, **fields)

    def first_reply(self, ticket: str, at_ms: int, *, automated: bool = False) -> None:
        self.send("first-reply", ticket, at_ms, ticket_id=ticket, automated=automated)

    def resolved(self, ticket: str, at_ms: int, *, outcome: str = "solved", **parts: float) -> None:
        self.send("resolved", ticket, at_ms, ticket_id=ticket, outcome=outcome, **parts)

    def changed(self, ticket: str, at_ms: int, change: str, **fields: object) -> None:
        self.send("ticket-changed", ticket, at_ms, ticket_id=ticket, change=change, **fields)

    def answered(self, ticket: str, at_ms: int, kind: str, score: int) -> None:
        self.send("survey", ticket, at_ms, ticket_id=ticket, kind=kind, score=score)

    def customer(self, customer: str, at_ms: int, status: str) -> None:
        self.send("customer", customer, at_ms, customer_id=customer, status=status)

    def exposition(self, as_of_ms: int = NOON_MS) -> str:
        """What a scrape of `/metrics` shows."""
        builder = ViewBuilder(self.rules)
        for state in self.states():
            builder.apply(state.partition, state.take_changes().view)
        snapshot = Snapshot(as_of_ms, ReaderStatus(), builder.build(as_of_ms))
        return encode_text(new_registry(lambda: snapshot, BUCKETS_SECONDS).collect()).decode()

    def scrape(self, as_of_ms: int = NOON_MS) -> Scrape:
        """The samples of a scrape, read back from its text."""
        return Scrape(verify.parse_exposition(self.exposition(as_of_ms)))

    def states(self, rules: StateRules | None = None) -> Iterable[PartitionState]:
        """The partitions after all events."""
        states = [PartitionState(number, rules or StateRules()) for number in range(PARTITIONS)]
        offsets = dict.fromkeys(itertools.product(SOURCE_TOPICS, range(PARTITIONS)), 0)
        for at_ms, topic, key, value in sorted(self.events):
            state = states[xxhash.xxh32_intdigest(key.encode()) % PARTITIONS]
            record = Record(state.partition, offsets[topic, state.partition], at_ms, key.encode(), value)
            offsets[topic, state.partition] += 1
            rejected = state.apply(topic, [record])
            assert not rejected, rejected
            state.advance(SOURCE_TOPICS)
        return states


@dataclass(frozen=True)
class Scrape:
    """Samples by name and labels; `all` members of the current hour unless labels say otherwise."""

    samples: dict[verify.Key, float]

    def get(self, name: str, **labels: str) -> float | None:
        """The value of a final figure; None where there is no sample."""
        where = {"window": "1h", "period": "current", "by": "all", "member": "all", **labels}
        return self.samples.get((name, frozenset(where.items())))

    def now(self, name: str, **labels: str) -> float | None:
        """The value of a live figure."""
        where = {"by": "all", "member": "all", **labels}
        return self.samples.get((name, frozenset(where.items())))

    def part(self, name: str, **labels: str) -> float | None:
        """The value of an additive part: phone tickets of the team billing unless labels say otherwise."""
        where = {"window": "1h", "team": "billing", "channel": "phone", "priority": "normal", **labels}
        return self.samples.get((name, frozenset(where.items())))

    def colour(self, kpi: Kpi, figure: str, **labels: str) -> str | None:
        """The band of an exported figure under the default settings.

        None where none is stated, or too few answered.
        """
        assert BANDED[figure] == kpi
        value, n = (
            self.get(figure, **labels),
            self.get(_observations(figure), **{k: v for k, v in labels.items() if k != "q"}),
        )
        if value is None or n is None:
            return None
        where = {"window": "1h", "by": "all", "member": "all"} | {
            k: v for k, v in labels.items() if k in ("window", "by", "member")
        }
        rules = wall_rules(SETTINGS)
        return grade(rules.bands[kpi], value, int(n), minimum=rules.minimum, **where).band


def _observations(figure: str) -> str:
    for unit in ("_seconds", "_ratio", "_score"):
        figure = figure.removesuffix(unit)
    return f"{figure}_observations"
