"""A board in Chromium, at the instant of a story, waited for, measured and pictured."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from playwright.async_api import Browser, BrowserContext, Page, Playwright, Route
from playwright.async_api import TimeoutError as TimeoutError_

from proofs.boards.look.measures import Seen, Where, measure, remember_canvases
from proofs.boards.look.pictures import Picture
from proofs.boards.look.server import Grafana
from proofs.history.stories import ZONE

CHROMIUM: Final = Path(os.environ.get("CHROMIUM", "/usr/bin/chromium"))
_FLAGS: Final = (
    "--no-sandbox",
    "--disable-gpu",
    "--font-render-hinting=none",
    "--disable-background-networking",
    "--disable-sync",
)
_LOOPBACK: Final = ("127.0.0.1", "localhost", "::1")
_QUIET_SECONDS: Final = 0.7  # so long nothing is asked once everything is drawn
_LIMIT_SECONDS: Final = 45.0
_MOST_HIGH: Final = 9_000  # CSS pixels of a picture of a whole board
# How high the content is: Grafana scrolls a box of its own, or the page.
_HEIGHT: Final = """() => {
  const panels = "section[data-testid^='data-testid Panel header'], .react-grid-item";
  const bottoms = [...document.querySelectorAll(panels)].map((one) => one.getBoundingClientRect().bottom);
  return Math.max(...bottoms.map((bottom) => bottom + scrollY), 200);
}"""
# Whatever has a place on the screen is made (Grafana makes a panel when it comes into sight), has content,
# and none is loading.
_FILLED: Final = """() => {
  const isOnScreen = (one) => one.getBoundingClientRect().top < innerHeight;
  const shown = (selector) => [...document.querySelectorAll(selector)].filter(isOnScreen);
  const panels = shown("section[data-testid^='data-testid Panel header']");
  const full = (one) => {
    const content = one.querySelector("[data-testid$='panel content']");
    return content && (content.innerText.trim() || content.querySelector("canvas, svg, [role='grid']"));
  };
  const made = (one) => one.innerText.trim() || one.querySelector("section");
  return panels.length > 0 && panels.every(full) && shown(".react-grid-item").every(made)
    && !document.querySelector("[aria-label='Panel loading bar']");
}"""


@dataclass
class Shot:
    """What came of a picture."""

    picture: Picture
    seen: Seen
    faults: list[str] = field(default_factory=list)  # of the page: errors of scripts, pages from elsewhere


async def launch(playwright: Playwright) -> Browser:
    """Chromium that fetches nothing by itself."""
    return await playwright.chromium.launch(executable_path=str(CHROMIUM), args=list(_FLAGS))


@asynccontextmanager
async def _context(browser: Browser, picture: Picture, now_ms: int) -> AsyncIterator[BrowserContext]:
    context = await browser.new_context(
        viewport={"width": picture.size[0], "height": picture.size[1]},
        device_scale_factor=2 if picture.phone else 1,
        is_mobile=picture.phone,
        has_touch=picture.phone,
        locale=picture.language,
        timezone_id=ZONE,
        color_scheme="light" if picture.theme == "light" else "dark",
    )
    try:
        await context.route("**/*", _guard)
        await context.clock.install(time=now_ms / 1000)
        await remember_canvases(context)
        yield context
    finally:
        await context.close()


async def _guard(route: Route) -> None:
    parts = urlsplit(route.request.url)
    if parts.scheme in ("data", "blob") or parts.hostname in _LOOPBACK:
        await route.continue_()
    else:
        await route.abort()


async def shoot(browser: Browser, grafana: Grafana, picture: Picture, now_ms: int, folder: Path) -> Shot:
    """Open a board, wait until it is drawn, measure it and write its picture."""
    async with _context(browser, picture, now_ms) as context:
        page = await context.new_page()
        faults: list[str] = []
        page.on("pageerror", lambda error: faults.append(f"error: {error}"))
        await page.goto(grafana.url + picture.path, wait_until="load", timeout=120_000)
        await page.wait_for_selector(Where().panel, timeout=60_000)
        await _drawn(page, grafana, faults)
        if picture.full:
            height = min(_MOST_HIGH, round(await page.evaluate(_HEIGHT)) + 16)
            await page.set_viewport_size({"width": picture.size[0], "height": max(height, picture.size[1])})
            await _drawn(page, grafana, faults)
        await page.screenshot(path=folder / picture.file)
        seen = await measure(page, picture.where)
    return Shot(picture, seen, faults)


async def _drawn(page: Page, grafana: Grafana, faults: list[str]) -> None:
    """Wait until every panel on the screen has something to show, and nobody asks for more."""
    await page.evaluate("document.fonts.ready")
    for _ in range(2):  # a panel that has just been made asks only then
        try:
            await page.wait_for_function(_FILLED, timeout=_LIMIT_SECONDS * 1000)
        except TimeoutError_:
            faults.append(f"a panel is empty after {_LIMIT_SECONDS:.0f} s")
        if not await grafana.quiet(_QUIET_SECONDS, limit_seconds=_LIMIT_SECONDS):
            faults.append(f"the board went on asking for {_LIMIT_SECONDS:.0f} s")
    await page.wait_for_timeout(300)  # what was answered last is drawn in the next frames
