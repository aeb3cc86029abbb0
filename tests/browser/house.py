"""The exporter's pages over a desk in this process: real server, real stream, real page.

Only Kafka is not there.
"""

from __future__ import annotations

import itertools
import json
import zlib
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import takewhile
from typing import Any
from zoneinfo import ZoneInfo

from deskpulse.clocks import EXPORTER
from deskpulse.ingest.events_io import TimedEvent
from deskpulse.lab.demo.run import DEMO_POLICY
from deskpulse.lab.demo.story import RATE, story
from deskpulse.lab.simulator import simulate
from deskpulse.monitoring.boards.desk import DEFAULT_POLICY
from deskpulse.policy import load_policy
from deskpulse.settings import Settings
from deskpulse.wiring import wall_rules
from exporters import server
from exporters.config import ExporterConfig
from exporters.reading.keeper import ViewKeeper
from exporters.reading.status import ReaderStatus
from exporters.wall.stream import Screens
from exporters.web.app import SCREENS, new_app
from kpis.figures.view import ViewRules
from kpis.members import MemberRules
from kpis.state.partition import PartitionState
from kpis.state.rules import StateRules
from streams.topics import SOURCE_TOPICS
from tests.browser.clock import WEDNESDAY_MS, DeskClock
from tests.exporters.desk import Record, all_read
from windows.panes import DAY_MS

RULES = ViewRules(zone=ZoneInfo("Europe/Madrid"), members=MemberRules(most=8), compared=("all", "team"))
PROMISED = replace(RULES, policy=load_policy(DEFAULT_POLICY), members=MemberRules(most=14))
DEMO = replace(PROMISED, policy=load_policy(DEMO_POLICY))  # billing works around the clock, as in the demo
WALL = wall_rules(Settings())
NAMES = (
    *("billing", "technical", "orders"),
    "enterprise onboarding emea 001",
    "enterprise onboarding apac 002",
    "customer success renewals 0003",
    "field service coordination 004",
    "fraud and payment disputes 005",
    "warranty and returns desk 0006",
    "developer relations support 07",
    "identity and access helpdesk 8",
    "public sector key accounts 009",
)


@dataclass
class House:
    """One desk and its exporter. Tests set `status` and send events; the page follows."""

    keeper: ViewKeeper
    state: PartitionState
    clock: DeskClock
    url: str = ""
    status: ReaderStatus = field(default_factory=lambda: all_read(1))
    screens: Screens | None = None
    numbers: itertools.count[int] = field(default_factory=itertools.count)  # for names of tickets
    _offsets: dict[str, itertools.count[int]] = field(
        default_factory=lambda: {topic: itertools.count() for topic in SOURCE_TOPICS}
    )
    _ids: itertools.count[int] = field(default_factory=itertools.count)

    async def take(self, events: Iterable[TimedEvent]) -> None:
        """Events of a simulation, as the workers would count them."""
        for event in events:
            self._apply(event.topic, event.key, event.value, event.publish_ms)
        await self._show()

    async def send(self, topic: str, key: str, at_ms: int, **fields: object) -> None:
        """One event."""
        value = {"event_id": f"own-{next(self._ids)}", "occurred_at": at_ms, **fields}
        self._apply(topic, key.encode(), value, at_ms)
        await self._show()

    async def created(
        self,
        ticket: str,
        *,
        team: str = "billing",
        channel: str = "phone",
        at_ms: int | None = None,
        url: str | None = None,
    ) -> None:
        """A ticket that waits."""
        fields: dict[str, object] = {
            "ticket_id": ticket,
            "customer_id": f"customer of {ticket}",
            "team": team,
            "channel": channel,
        }
        fields |= {"priority": "high", **({"url": url} if url else {})}
        await self.send("ticket-created", ticket, self.clock() if at_ms is None else at_ms, **fields)

    def _apply(self, topic: str, key: bytes, value: dict[str, object], at_ms: int) -> None:
        record = Record(0, next(self._offsets[topic]), at_ms, key, json.dumps(value).encode())
        self.state.apply(topic, [record])

    async def _show(self) -> None:
        self.state.advance(SOURCE_TOPICS)
        await self.keeper.apply(0, self.state.take_changes().view)


@cache
def weeks(now_ms: int = WEDNESDAY_MS) -> tuple[TimedEvent, ...]:
    """Nine days up to an instant, so that a day can be compared with that of a week ago."""
    return tuple(
        simulate("monday-rush", seed=5, start_ms=now_ms - 9 * DAY_MS, end_ms=now_ms, rate_per_hour=8)
    )


def undated(events: Iterable[TimedEvent]) -> tuple[TimedEvent, ...]:
    """The same events of a desk whose own system sets no deadlines."""
    dues = ("first_reply_due", "resolution_due", "next_reply_due")
    return tuple(
        event._replace(value={name: told for name, told in event.value.items() if name not in dues})
        for event in events
    )


@cache
def calm(now_ms: int = WEDNESDAY_MS) -> tuple[TimedEvent, ...]:
    """Nine ordinary days."""
    return tuple(simulate("calm", seed=5, start_ms=now_ms - 9 * DAY_MS, end_ms=now_ms, rate_per_hour=30))


@cache
def demo(scenario: str, now_ms: int = WEDNESDAY_MS, *, rate: float = RATE) -> tuple[TimedEvent, ...]:
    """The last nine days of the demo's story, up to the instant at which it starts."""
    events = story(scenario, now_ms=now_ms, history_ms=9 * DAY_MS, rate_per_hour=rate)
    return tuple(takewhile(lambda event: event.publish_ms <= now_ms, events))


def slip(now_ms: int = WEDNESDAY_MS) -> tuple[TimedEvent, ...]:
    """For three hours billing has answered priority high fifteen times slower than it used to.

    The desk is half as large again as the demo's.
    """
    return demo("sla-slip", now_ms, rate=1.5 * RATE)


@cache
def crowded(now_ms: int = WEDNESDAY_MS) -> tuple[TimedEvent, ...]:
    """The slip over twelve teams: two tickets of three are another team's."""
    return tuple(_elsewhere(event) if event.topic == "ticket-created" else event for event in slip(now_ms))


def _elsewhere(event: TimedEvent) -> TimedEvent:
    place = zlib.crc32(event.key) % (3 * len(NAMES))
    return (
        event
        if place < len(NAMES)
        else event._replace(value={**event.value, "team": NAMES[place % len(NAMES)]})
    )


@asynccontextmanager
async def house(
    events: Iterable[TimedEvent] = (),
    *,
    rules: ViewRules = RULES,
    now_ms: int = WEDNESDAY_MS,
    **settings: Any,
) -> AsyncIterator[House]:
    """An exporter that listens on a free port of this machine; its clock stands at an instant."""
    clock = DeskClock(now_ms)
    keeper = ViewKeeper(rules, elapsed=EXPORTER.elapsed, now_ms=clock)
    made = House(keeper, PartitionState(0, StateRules(policy=rules.policy, segment=rules.segment)), clock)
    await made.take(events)
    config = ExporterConfig(
        time=EXPORTER, kafka={}, view_rules=rules, **{"wall": WALL, "port": 0, **settings}
    )
    app = new_app(config, keeper, lambda: made.status)
    made.screens = app[SCREENS]
    async with server._listening(config, app) as made.url:
        yield made
