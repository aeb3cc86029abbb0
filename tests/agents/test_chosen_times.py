"""Lateness and expiry in a worker, at instants that the test chooses: no machine's clock has a say."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from itertools import count
from types import SimpleNamespace
from typing import Any, Final

import pytest
from faust.types import TP

from agents.config import WorkerConfig
from agents.fetching.inbox import Delivery
from agents.fetching.sequence import Chunk, Deliveries, FetchLog, LogEnd
from agents.partitions.guards import RejectLimit
from agents.partitions.tally import WorkerCounts
from agents.partitions.units import Partition
from kpis.ledger import codec
from kpis.state.partition import PartitionState
from kpis.state.rules import StateRules
from streams.topics import SOURCE_TOPICS
from tests.agents.harness import until
from tests.agents.one_partition import FakeSource, FakeWriter
from windows.clock import Clock
from windows.panes import DAY_MS, HOUR_MS

MIDNIGHT: Final = 20_500 * DAY_MS  # 2026-02-16
HORIZON_MS: Final = 61 * DAY_MS
TICKET: Final[dict[str, Any]] = {"customer_id": "c", "team": "t", "channel": "c", "priority": "p"}


class ChosenDesk:
    """A partition with its real state; the wall and the stopwatch show what the test says."""

    def __init__(self, **options: Any) -> None:
        self.wall_ms, self.seconds = MIDNIGHT, 0.0
        config = WorkerConfig(
            clock=Clock(lambda: self.wall_ms, lambda: self.seconds),
            kafka={"bootstrap_servers": "nowhere:1"},
            unit_interval_seconds=0.0,
            **options,
        )
        self.state = PartitionState(0, StateRules(horizon_ms=HORIZON_MS))
        self.writer, self.deliveries, self._log = FakeWriter(), Deliveries(), FetchLog()
        self.partition = Partition(
            0,
            config,
            state=self.state,
            writer=self.writer,
            source=FakeSource(),
            deliveries=self.deliveries,
            rejects=RejectLimit(share=0.95, least=500),
            tally=WorkerCounts(),
        )
        self._ids = count()
        self._sent = dict.fromkeys(SOURCE_TOPICS, 0)
        for topic in SOURCE_TOPICS:
            self._at_its_end(topic)
        self.units = (
            -1
        )  # ended, the one included that `start` asks for: each ends where the next is waited for
        wait = self.partition.inbox.wait

        async def counted() -> None:
            self.units += 1
            await wait()

        self.partition.inbox.wait = counted  # type: ignore[method-assign]

    async def start(self) -> None:
        self.partition.start({})
        await self.idle(unit=1)

    def _at_its_end(self, topic: str) -> None:
        sent = self._sent[topic]
        self.deliveries.note(self._log.note({}, {TP(topic, 0): LogEnd(sent, sent)}))

    def passes(self, seconds: float) -> None:
        self.wall_ms += round(1000 * seconds)
        self.seconds += seconds

    async def send(self, topic: str, at_ms: int, *, age_seconds: float = 0, **fields: Any) -> None:
        """One event, applied: its record was sent `age_seconds` ago, and its topic ends behind it."""
        event = {"event_id": f"e{next(self._ids)}", "occurred_at": at_ms, "ticket_id": "T1", **fields}
        offset, self._sent[topic] = self._sent[topic], self._sent[topic] + 1
        record = SimpleNamespace(
            topic=topic,
            partition=0,
            offset=offset,
            timestamp=self.wall_ms - round(1000 * age_seconds),
            key=event["ticket_id"].encode(),
            value=json.dumps(event).encode(),
        )
        self._at_its_end(topic)
        chunk = Chunk(topic, 0, [record], offset - 1 if offset else None, 0)
        unit = self.units + 1
        await self.partition.inbox.put(Delivery(chunk, f"{topic}:{offset}"))
        await self.idle(unit)

    async def looks(self) -> None:
        """As the watch makes it do once a second while nothing comes."""
        unit = self.units + 1
        self.partition.inbox.nudge()
        await self.idle(unit)

    async def idle(self, unit: int) -> None:
        """Until the partition has ended a unit of this number, and the ledger has what it did."""
        await until(lambda: self.units >= unit and self.partition.settled, what="a unit of work")

    @property
    def reasons(self) -> list[str]:
        return [letter.reason for letter in self.writer.letters]

    @property
    def event_clock_ms(self) -> int | None:
        return self.state.position.event_clock_ms


@pytest.fixture
async def desk() -> AsyncIterator[ChosenDesk]:
    desk = ChosenDesk()
    await desk.start()
    yield desk
    await desk.partition.stop()


async def test_an_event_is_too_late_from_the_moment_at_which_the_topics_have_rested(desk: ChosenDesk) -> None:
    """
    ```
    0 s      resolved: T. No topic has rested at its end: nobody knows yet what is still to come
    4.9 s    an event 61 days and 1 ms before T is taken
    5.0 s    six of seven topics have rested; the last, in which that event came, holds the clock at its time
    9.9 s    now that one has rested too: the event clock is T, and the same is too late
    ```
    """
    await desk.send("resolved", MIDNIGHT)
    desk.passes(4.9)
    await desk.send("first-reply", MIDNIGHT - HORIZON_MS - 1)
    assert (None, []) == (desk.event_clock_ms, desk.reasons)
    desk.passes(0.1)
    await desk.looks()
    assert MIDNIGHT - HORIZON_MS - 1 == desk.event_clock_ms
    desk.passes(4.9)
    await desk.looks()
    assert MIDNIGHT == desk.event_clock_ms
    await desk.send("first-reply", MIDNIGHT - HORIZON_MS - 1)
    assert ["too_late"] == desk.reasons
    await desk.send("first-reply", MIDNIGHT - HORIZON_MS)
    assert ["too_late"] == desk.reasons
    assert 1 == desk.state.position.counters["late"]


@pytest.mark.parametrize(("age_seconds", "expected"), [(10.0, None), (10.001, MIDNIGHT)])
async def test_a_backlog_moves_the_event_clock_at_once(
    desk: ChosenDesk, age_seconds: float, expected: int | None
) -> None:
    """What was sent more than 10 s ago is a backlog: whatever comes next was sent after it."""
    await desk.send("resolved", MIDNIGHT, age_seconds=age_seconds)
    assert expected == desk.event_clock_ms


async def test_the_tolerance_goes_by_the_record_and_not_by_the_machine(desk: ChosenDesk) -> None:
    desk.wall_ms += HOUR_MS  # a machine whose clock is an hour fast lets nothing through that is ahead
    await desk.send("resolved", MIDNIGHT + 5 * 60_000, age_seconds=3_600)
    await desk.send("resolved", MIDNIGHT + 5 * 60_000 + 1, age_seconds=3_600)
    assert ["future"] == desk.reasons


async def test_a_closed_ticket_leaves_on_the_day_after_its_horizon(desk: ChosenDesk) -> None:
    """Solved at midnight: kept on day 61, gone on day 62; the ledger then has what remains of it."""
    await desk.send("ticket-created", MIDNIGHT - HOUR_MS, **TICKET)
    await desk.send("resolved", MIDNIGHT)
    for days, held in ((61, 2), (62, 1)):
        desk.wall_ms = MIDNIGHT + days * DAY_MS + 60_000
        await desk.send("resolved", MIDNIGHT + days * DAY_MS, ticket_id="T2", age_seconds=60)
        assert (MIDNIGHT + days * DAY_MS, held) == (desk.event_clock_ms, desk.state.tickets_held)
    written = {key: value for changes in desk.writer.writes for key, value in changes.tickets}
    assert codec.are_remains(written[codec.ticket_key("T1")] or b"")


async def test_a_pane_of_a_minute_leaves_with_the_event_clock(desk: ChosenDesk) -> None:
    """Two hours and ten minutes behind the event clock: not a minute earlier."""
    await desk.send("resolved", MIDNIGHT, age_seconds=60)
    for minutes, gone in ((130, False), (131, True)):
        desk.wall_ms = MIDNIGHT + (minutes + 1) * 60_000
        await desk.send("resolved", MIDNIGHT + minutes * 60_000, ticket_id="T2", age_seconds=60)
        view = {
            codec.decode_view_key(key): value for changes in desk.writer.writes for key, value in changes.view
        }
        panes = [value for key, value in view.items() if key[:2] == (0, MIDNIGHT // 60_000)]
        assert ([None] if gone else []) == [value for value in panes if value is None], minutes
