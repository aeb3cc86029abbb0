"""A seeded desk that does everything a contract allows, and delivers it as badly as Kafka may.

Events are shuffled, doubled, altered and late.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from random import Random
from typing import Any
from unicodedata import normalize

import xxhash

from kpis.figures.history import Choice
from kpis.figures.view import View, ViewRules
from kpis.figures.view_builder import ViewBuilder
from kpis.state.partition import PartitionState
from kpis.state.rules import StateRules
from oracle.events import Record
from tests.laws.anything import SEGMENTS, creation, draw
from windows.panes import DAY_MS, HOUR_MS, MINUTE_MS

START_MS = 1_772_000_000_000  # 2026-02-25 06:13:20 UTC: the clocks of Europe change within the span
SPAN_MS = 45 * DAY_MS
LONGEST_MS = 720 * DAY_MS  # of customers' lives
AS_OF_MS = START_MS + SPAN_MS
TEAMS = ("billing", "técnica", "onboarding", "pop-up")
CHANNELS = ("email", "chat", "phone", "fax")
PRIORITIES = ("low", "normal", "urgent")


@dataclass(frozen=True, slots=True)
class StreamRecord:
    """A source record as the state sees it."""

    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None


class ChaoticDesk:
    """Makes records; the seed is the whole of its randomness."""

    def __init__(self, seed: int, tickets: int = 40) -> None:
        self.random = Random(seed)
        self.records: list[Record] = []
        self._events = 0
        self._ids: dict[str, list[str]] = defaultdict(list)  # of the events of a ticket
        for number in range(tickets):
            self._ticket(f"T{number}")
        for number in range(40):
            self._customer(f"C{number}")
        self._busy_ticket("T-busy")
        self._spoil()

    def _send(self, topic: str, key: str, at_ms: int, **fields: Any) -> None:
        self._events += 1
        first_ms = AS_OF_MS - LONGEST_MS if topic == "customer" else START_MS
        at_ms = max(first_ms, min(at_ms, AS_OF_MS - 1))
        self._ids[key].append(f"e{self._events}")
        event = {"event_id": f"e{self._events}", "occurred_at": at_ms, **fields}
        self.records.append((topic, key.encode(), json.dumps(event).encode(), None))

    def _time(self) -> int:
        """Mostly recent, so that the short windows have something in them."""
        back = self.random.choice((15 * MINUTE_MS, HOUR_MS, 8 * HOUR_MS, DAY_MS, 8 * DAY_MS, SPAN_MS))
        return AS_OF_MS - self.random.randrange(1, back)

    def _after(self, at_ms: int) -> int:
        return (
            at_ms
            + self.random.choice((-5 * MINUTE_MS, 0, 1, MINUTE_MS, HOUR_MS, DAY_MS))
            + self.random.randrange(MINUTE_MS)
        )

    def _ticket(self, ticket: str) -> None:
        pick, created = self.random, self._time()
        if pick.random() < 0.9:
            dims = {
                "team": pick.choice(TEAMS),
                "channel": pick.choice(CHANNELS),
                "priority": pick.choice(PRIORITIES),
            }
            dims = {name: self._spelled(value) for name, value in dims.items()}
            self._send(
                "ticket-created",
                ticket,
                created,
                ticket_id=ticket,
                customer_id=f"C{pick.randrange(12)}",
                **dims,
                **creation(pick, created),
            )
        for _ in range(pick.randrange(3)):
            self._send(
                "first-reply", ticket, self._after(created), ticket_id=ticket, automated=pick.random() < 0.3
            )
        at_ms = created
        for _ in range(pick.randrange(10)):
            at_ms = self._after(at_ms)
            self._change(ticket, at_ms)
        for _ in range(pick.randrange(3)):
            self._survey(ticket, self._after(at_ms))

    def _spelled(self, name: str) -> str:
        """A name as somebody types it: now and then in capitals, with spaces, or with its accents apart."""
        return self.random.choice((*[name] * 6, name.upper(), f" {name.title()} ", normalize("NFD", name)))

    def _change(self, ticket: str, at_ms: int) -> None:
        """Anything; a retraction may be of what came before or of what comes next."""
        known = [*self._ids[ticket], f"e{self._events + 2}"]
        labels = {"team": TEAMS, "channel": CHANNELS, "priority": PRIORITIES, "segment": SEGMENTS}
        topic, fields = draw(self.random, at_ms, labels, known)
        self._send(topic, ticket, at_ms, ticket_id=ticket, **fields)

    def _survey(self, ticket: str, at_ms: int) -> None:
        pick = self.random
        kind = pick.choice(("nps", "csat", "ces"))
        scale = pick.choice((None, 2, 4, 5, 7, 10)) if kind == "csat" else None
        score = (
            pick.randrange(0, 11)
            if kind == "nps"
            else pick.randrange(1, 8)
            if kind == "ces"
            else pick.randrange(1, (scale or 5) + 1)
        )
        more: dict[str, Any] = (
            {"satisfied": pick.choice((None, None, None, True, False))} if kind == "csat" else {}
        )
        if kind == "csat" and scale == 10:
            more["scale_min"] = pick.choice((None, 0, 1))
        owner: dict[str, Any] = {"ticket_id": ticket}
        if pick.random() < 0.2:
            owner["customer_id"] = f"C{pick.randrange(12)}"
        key = ticket
        if pick.random() < 0.2:
            key = f"C{pick.randrange(12)}"
            owner = {"customer_id": key, "team": pick.choice((None, *TEAMS))}
        self._send("survey", key, at_ms, kind=kind, score=score, scale_max=scale, **more, **owner)

    def _customer(self, customer: str) -> None:
        """Over two years: some come back within the 365 days of a window, some after its start only."""
        at_ms = AS_OF_MS - self.random.randrange(LONGEST_MS)
        for _ in range(self.random.randrange(1, 8)):
            self._send(
                "customer",
                customer,
                at_ms,
                customer_id=customer,
                status=self.random.choice(("joined", "left")),
            )
            at_ms += self.random.randrange(150 * DAY_MS)

    def _busy_ticket(self, ticket: str) -> None:
        """More transitions than a row keeps."""
        created = self._time()
        self._send(
            "ticket-created",
            ticket,
            created,
            ticket_id=ticket,
            customer_id="C1",
            team=TEAMS[0],
            channel="chat",
            priority="low",
        )
        for number in range(80):
            self._send("resolved", ticket, created + 2 * number, ticket_id=ticket, talk_seconds=number)
            self._send(
                "ticket-changed", ticket, created + 2 * number + 1, ticket_id=ticket, change="reopened"
            )

    def _spoil(self) -> None:
        """Double some records, alter some under the same id, then shuffle everything."""
        pick = self.random
        for topic, key, value, _ in pick.sample(self.records, len(self.records) // 5):
            assert value is not None
            event = json.loads(value)
            if pick.random() < 0.5:
                moved = event["occurred_at"] + pick.choice((-1000, 0, 1000, HOUR_MS))
                event["occurred_at"] = max(AS_OF_MS - LONGEST_MS, min(AS_OF_MS - 1, moved))
                if "score" in event:
                    event["score"] = max(1, event["score"] - 1)
                if "team" in event and topic == "ticket-created":
                    event["team"] = pick.choice(TEAMS)
                if "status" in event and topic == "ticket-changed":
                    event["status"] = pick.choice(("open", "waiting", "solved"))
            self.records.append((topic, key, json.dumps(event).encode(), None))
        self.records.append(("resolved", b"T1", b"not json", None))
        self.records.append(("resolved", b"T1", None, None))
        pick.shuffle(self.records)


class Stream:
    """The stream without Kafka: partitions, units of work, crashes and recoveries, then one view."""

    def __init__(self, seed: int, partitions: int = 3, rules: StateRules | None = None) -> None:
        self._random = Random(seed)
        self._partitions = partitions
        self._rules = rules or StateRules()
        self._ledgers: dict[int, dict[tuple[str, bytes], bytes]] = defaultdict(dict)
        self.states = {p: PartitionState(p, self._rules) for p in range(partitions)}
        self.builders: list[ViewBuilder] = []
        self._offsets: dict[tuple[str, int], int] = defaultdict(int)
        self.watch: Collection[Choice] = ()  # views with the courses of these are built all along

    def run(self, records: list[Record], rules: ViewRules, as_of_ms: int) -> View:
        builder = ViewBuilder(rules)
        self.builders.append(builder)
        queues = self._queues(records)
        while queues:
            place = self._random.choice(sorted(queues))
            topic, partition = place
            size = self._random.randrange(1, 30)
            unit, queues[place] = queues[place][:size], queues[place][size:]
            if not queues[place]:
                del queues[place]
            state = self.states[partition]
            state.apply(topic, unit)
            if self._random.random() < 0.15:
                self.states[partition] = self._recovered(partition)  # crashed before the write
                queues[place] = unit + queues.get(place, [])
                continue
            state.advance(drained=())
            self._write(partition, builder)
            if self.watch and self._random.random() < 0.1:
                builder.build(as_of_ms - self._random.randrange(HOUR_MS), self.watch)
        return builder.build(as_of_ms, self.watch)

    def _queues(self, records: list[Record]) -> dict[tuple[str, int], list[StreamRecord]]:
        queues: dict[tuple[str, int], list[StreamRecord]] = defaultdict(list)
        for topic, key, value, timestamp in records:
            partition = xxhash.xxh32_intdigest(key or b"") % self._partitions
            offset = self._offsets[topic, partition]
            self._offsets[topic, partition] += self._random.choice((1, 1, 1, 2))  # compaction leaves gaps
            queues[topic, partition].append(
                StreamRecord(partition, offset, timestamp or AS_OF_MS, key, value)
            )
        return queues

    def _write(self, partition: int, builder: ViewBuilder) -> None:
        changes = self.states[partition].take_changes()
        ledger = self._ledgers[partition]
        for name, rows in (("tickets", changes.tickets), ("view", changes.view)):
            for key, value in rows:
                ledger.pop((name, key), None)  # compaction keeps the last, at its own place in the log
                if value is not None:
                    ledger[name, key] = value
        builder.apply(partition, changes.view)

    def _recovered(self, partition: int) -> PartitionState:
        state = PartitionState(partition, self._rules)
        for (name, key), value in self._ledgers[partition].items():
            state.load(name, key, value)  # type: ignore[arg-type]
        state.loaded()
        return state
