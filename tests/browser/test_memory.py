"""A screen that runs for hours keeps its heap.

It gets half an hour of updates, one a second, sent as fast as the page takes them.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from playwright.async_api import Browser, CDPSession

from tests.browser.chromium import Window, show, window
from tests.browser.house import House, house

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
WARM_UP, UPDATES = 200, 1_800  # half an hour, at one a second
LIMIT_BYTES, LIMIT_NODES = 400_000, 20
LEAK = "() => document.addEventListener('drawn', () => (window.leak ??= []).push(new Array(200).fill(0.5)))"
COUNT = """() => { const add = EventSource.prototype.addEventListener;
  EventSource.prototype.addEventListener = function (kind, listener) {
    return add.call(this, kind, kind !== 'wall' ? listener : (event) => {
      window.walls = (window.walls ?? 0) + 1; listener(event);
      document.dispatchEvent(new Event('drawn')); }); }; }"""


@dataclass(frozen=True)
class Heap:
    """What the page holds, after everything that can be collected has been."""

    bytes: int
    nodes: int
    listeners: int


async def heap(session: CDPSession) -> Heap:
    for _ in range(2):
        await session.send("HeapProfiler.collectGarbage")
    found = {one["name"]: one["value"] for one in (await session.send("Performance.getMetrics"))["metrics"]}
    return Heap(int(found["JSHeapUsedSize"]), int(found["Nodes"]), int(found["JSEventListeners"]))


async def updates(own: House, opened: Window, count: int) -> None:
    """So many walls more, each of which differs from the one before."""
    start = await opened.page.evaluate("window.walls ?? 0")
    seen = start
    while seen < start + count:
        for _ in range(25):
            await own.created(f"T{next(own.numbers)}")
            await asyncio.sleep(0.01)
        seen = await opened.page.evaluate("window.walls ?? 0")


@pytest.mark.timeout(900)
async def test_half_an_hour_of_updates_leaves_nothing_behind(
    browser: Browser, tell: Callable[[str], None]
) -> None:
    async with house() as own, window(browser) as opened:
        session = await prepared(own, opened)
        await updates(own, opened, WARM_UP)
        before = await heap(session)
        await updates(own, opened, UPDATES)
        after = await heap(session)
        tell(
            f"wall: {UPDATES} updates, heap {before.bytes:,} -> {after.bytes:,} bytes, nodes {before.nodes} "
            f"-> {after.nodes}"
        )
        assert after.bytes - before.bytes < LIMIT_BYTES
        assert after.nodes - before.nodes <= LIMIT_NODES
        assert after.listeners <= before.listeners


async def test_a_leak_would_be_seen(browser: Browser) -> None:
    """1.6 kB an update that nobody lets go: in 300 updates more than the limit."""
    async with house() as own, window(browser) as opened:
        session = await prepared(own, opened)
        await opened.page.evaluate(LEAK)
        await updates(own, opened, 20)
        before = await heap(session)
        await updates(own, opened, 300)
        assert (await heap(session)).bytes - before.bytes > LIMIT_BYTES


async def prepared(own: House, opened: Window) -> CDPSession:
    assert own.screens is not None
    own.screens.rest_seconds = 0.0
    own.keeper._build_every_seconds = 0.0
    await own.created("T0")
    await opened.page.add_init_script(f"({COUNT})()")
    await show(opened, f"{own.url}/?window=15m")
    session = await opened.context.new_cdp_session(opened.page)
    await session.send("Performance.enable")
    await session.send("HeapProfiler.enable")
    return session
