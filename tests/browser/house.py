"""The exporter's pages over a desk in this process: real server, real stream, real page; only Kafka is not there."""

from __future__ import annotations

import itertools
import json
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from deskpulse.settings import Settings
from deskpulse.simulator import TimedEvent, simulate
from deskpulse.wiring import wall_rules
from exporters import server
from exporters.clock import ViewKeeper, wall_ms
from exporters.config import ExporterConfig
from exporters.status import ReaderStatus
from exporters.wall.stream import Screens
from exporters.web import SCREENS, new_app
from kpis.members import MemberRules
from kpis.partition import PartitionState, StateRules
from kpis.view import ViewRules
from streams.topics import SOURCE_TOPICS
from tests.exporters.desk import Record, all_read
from windows.panes import DAY_MS, HOUR_MS

RULES = ViewRules(zone=ZoneInfo("Europe/Madrid"), members=MemberRules(most=8), compared=("all", "team"))
WALL = wall_rules(Settings())


@dataclass
class House:
    """One desk and its exporter. Tests set `status` and send events; the page follows."""

    keeper: ViewKeeper
    state: PartitionState
    url: str = ""
    status: ReaderStatus = field(default_factory=lambda: all_read(1))
    screens: Screens | None = None
    _offsets: dict[str, itertools.count[int]] = field(default_factory=lambda: {topic: itertools.count() for topic in SOURCE_TOPICS})
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
        self, ticket: str, *, team: str = "billing", channel: str = "phone", at_ms: int | None = None, url: str | None = None
    ) -> None:
        """A ticket that waits."""
        fields: dict[str, object] = {"ticket_id": ticket, "customer_id": f"customer of {ticket}", "team": team, "channel": channel}
        fields |= {"priority": "high", **({"url": url} if url else {})}
        await self.send("ticket-created", ticket, wall_ms() if at_ms is None else at_ms, **fields)

    def _apply(self, topic: str, key: bytes, value: dict[str, object], at_ms: int) -> None:
        record = Record(0, next(self._offsets[topic]), at_ms, key, json.dumps(value).encode())
        self.state.apply(topic, [record])

    async def _show(self) -> None:
        self.state.advance(SOURCE_TOPICS)
        await self.keeper.apply(0, self.state.take_changes().view)


@cache
def weeks() -> tuple[TimedEvent, ...]:
    """Nine days up to now, so that a day can be compared with that of a week ago; since five hours ago there is a rush."""
    now = wall_ms()
    days, rush = now - 9 * DAY_MS, now - 5 * HOUR_MS
    return tuple(simulate("monday-rush", seed=5, start_ms=days, end_ms=now, rate_per_hour=8, moment_ms=rush))


@asynccontextmanager
async def house(events: Iterable[TimedEvent] = (), *, rules: ViewRules = RULES, **settings: Any) -> AsyncIterator[House]:
    """An exporter that listens on a free port of this machine."""
    keeper = ViewKeeper(rules)
    made = House(keeper, PartitionState(0, StateRules(policy=rules.policy)))
    await made.take(events)
    config = ExporterConfig(kafka={}, view_rules=rules, **{"wall": WALL, "port": 0, **settings})
    app = new_app(config, keeper, lambda: made.status)
    made.screens = app[SCREENS]
    async with server._listening(config, app) as made.url:
        yield made
