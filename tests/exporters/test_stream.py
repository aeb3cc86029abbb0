"""The stream: one computation for all screens, bounded, with an end.

Screens hear when something changes, and every second that all is well.
"""

import asyncio
import json
import logging
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import AsyncExitStack
from typing import Any

import pytest
from aiohttp import ClientError, ClientResponse, web
from aiohttp.test_utils import TestClient, TestServer

from deskpulse.clocks import EXPORTER
from exporters.config import ExporterConfig, WallRules
from exporters.snapshot import Snapshot
from exporters.wall import stream
from exporters.wall.build import WallMaker, Wanted
from exporters.wall.stream import Screens
from kpis.figures.history import Choice
from kpis.figures.view_builder import ViewBuilder
from tests.agents.harness import until
from tests.exporters.desk import RULES, Desk, a_morning, all_read, at

Client = TestClient[Any, Any]
PATIENCE_SECONDS = 30


class House:
    """Screens over a desk that a test changes; it counts how often a snapshot was taken."""

    def __init__(self, **limits: Any) -> None:
        self.desk: Desk = a_morning()
        self.builder = ViewBuilder(RULES)
        self.builder.apply(0, self.desk.rows())
        self.taken: list[set[Choice]] = []
        self.broken = False
        self.news = asyncio.Event()
        maker = WallMaker(ExporterConfig(time=EXPORTER, kafka={}, view_rules=RULES).wall, "UTC")
        self.screens = Screens(
            self.take,
            maker,
            limits.pop("most", 10),
            self.news,
            lambda: at("11:00"),
            **{"rest_seconds": 0.01, "beat_seconds": 0.05, **limits},
        )

    async def take(self, choices: Collection[Choice]) -> Snapshot:
        self.taken.append(set(choices))
        if self.broken:
            raise RuntimeError("no")
        return Snapshot(at("11:00"), all_read(1), self.builder.build(at("11:00"), choices))

    def app(self) -> web.Application:
        async def serve(request: web.Request) -> web.StreamResponse:
            return await self.screens.serve(request, Wanted(Choice(request.query.get("window", "1h"))))

        app = web.Application()
        app.router.add_get("/", serve)
        app.on_shutdown.append(lambda _: self.screens.close())
        return app


Open = Callable[..., Awaitable[tuple[House, Client]]]


@pytest.fixture
async def open_house() -> AsyncIterator[Open]:
    async with AsyncExitStack() as stack:

        async def open_(**limits: Any) -> tuple[House, Client]:
            house = House(**limits)
            client = TestClient(TestServer(house.app()), auto_decompress=False)
            return house, await stack.enter_async_context(client)

        yield open_


class Screen:
    """Reads the events of one stream."""

    def __init__(self, response: ClientResponse) -> None:
        self.response = response
        self._text = ""
        self._unpacker = (
            zlib.decompressobj(16 + zlib.MAX_WBITS)
            if response.headers.get("Content-Encoding") == "gzip"
            else None
        )
        self.received = 0

    async def event(self) -> tuple[str, dict[str, Any]]:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                block, end, rest = self._text.partition("\n\n")
                if not end:
                    data = await self.response.content.readany()
                    assert data, "the stream has ended"
                    self.received += len(data)
                    self._text += (self._unpacker.decompress(data) if self._unpacker else data).decode()
                    continue
                self._text = rest
                lines = dict(line.split(": ", 1) for line in block.splitlines())
                if "event" in lines:
                    return lines["event"], json.loads(lines["data"])

    async def next(self, kind: str) -> dict[str, Any]:
        while True:
            found, data = await self.event()
            if found == kind:
                return data


async def screen(client: Client, query: str = "", encoding: str = "identity") -> Screen:
    response = await client.get(f"/{query}", headers={"Accept-Encoding": encoding})
    assert (200, "text/event-stream") == (response.status, response.content_type)
    return Screen(response)


async def test_a_screen_is_told_all_and_then_that_all_is_well(open_house: Open) -> None:
    _, client = await open_house()
    first = await screen(client)
    kind, wall = await first.event()
    assert ("wall", "1h", 1) == (kind, wall["window"], wall["live"]["unanswered"])
    assert ["pulse"] * 3 == [(await first.event())[0] for _ in range(3)], (
        "what has not changed is not sent again"
    )


async def test_a_change_is_told_without_waiting_for_the_beat(open_house: Open) -> None:
    house, client = await open_house(beat_seconds=600)
    first = await screen(client)
    assert 1 == (await first.next("wall"))["live"]["unanswered"]
    house.desk.replied("T2", "10:50")
    house.builder.apply(0, house.desk.rows())
    house.news.set()
    assert 0 == (await first.next("wall"))["live"]["unanswered"]


async def test_one_computation_serves_all_screens(open_house: Open) -> None:
    house, client = await open_house()
    screens = [await screen(client) for _ in range(5)] + [await screen(client, "?window=24h")]
    for one in screens:
        await one.next("wall")
    before = len(house.taken)
    pulses = await asyncio.gather(*(one.next("pulse") for one in screens))
    assert 6 == len(pulses) == house.screens.count
    assert len(house.taken) - before <= 3, "not one a screen"
    assert {Choice("1h"), Choice("24h")} == house.taken[-1]


async def test_nobody_looks_and_nothing_is_computed(open_house: Open) -> None:
    house, client = await open_house()
    first = await screen(client)
    await first.next("pulse")
    first.response.close()
    await until(
        lambda: (
            not house.screens.count and house.screens._ticking is not None and house.screens._ticking.done()
        )
    )
    await (await screen(client)).next("wall")


async def test_too_many_screens_are_refused_until_one_leaves(open_house: Open) -> None:
    house, client = await open_house(most=2)
    screens = [await screen(client), await screen(client)]
    refused = await client.get("/")
    assert (503, "30") == (refused.status, refused.headers["Retry-After"])
    assert "exporter.max_screens" in (await refused.json())["error"]
    screens[0].response.close()
    await until(lambda: house.screens.count < 2)
    await (await screen(client)).next("wall")


async def test_a_defect_makes_screens_stale_and_the_stream_goes_on(
    open_house: Open, caplog: pytest.LogCaptureFixture
) -> None:
    house, client = await open_house()
    first = await screen(client)
    await first.next("wall")
    with caplog.at_level(logging.ERROR):
        house.broken = True
        while (pulse := await first.next("pulse"))["good"]:
            pass
    assert (False, None, ["failed"]) == (
        pulse["ready"],
        pulse["as_of_ms"],
        [why["code"] for why in pulse["why"]],
    )
    assert "the wall could not be computed" in caplog.text
    house.broken = False
    while not (await first.next("pulse"))["good"]:
        pass


async def test_a_compressed_stream_arrives_at_once_and_repeats_cost_little(open_house: Open) -> None:
    house, client = await open_house()
    first = await screen(client, encoding="gzip")
    wall = await first.next("wall")
    whole = first.received
    for minute in range(20):
        house.desk.created(f"N{minute}", f"10:{30 + minute}")
        house.builder.apply(0, house.desk.rows())
        while (await first.next("wall"))["live"]["unanswered"] != minute + 2:
            pass
    assert first.received - whole < 20 * len(json.dumps(wall)) / 5


async def test_a_browser_that_takes_nothing_is_let_go(
    open_house: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When its buffers are full a write does not return; here none does after the first."""
    monkeypatch.setattr(stream, "SLOW_SECONDS", 0.1)
    house, client = await open_house()
    first = await screen(client)
    await first.next("pulse")

    async def never(*_: object) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(web.StreamResponse, "write", never)
    await until(lambda: not house.screens.count)
    with pytest.raises(ClientError):
        await first.next("nothing")


async def test_the_end_of_the_exporter_ends_the_streams(open_house: Open) -> None:
    house, client = await open_house(beat_seconds=600)
    first = await screen(client)
    await first.next("pulse")
    await house.screens.close()
    with pytest.raises((AssertionError, ClientError)):
        await first.next("nothing")
    assert 0 == house.screens.count


def test_the_bound_is_a_setting() -> None:
    assert 50 == WallRules().most_screens
