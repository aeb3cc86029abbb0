"""Chromium, driven through Playwright, and what every page must keep.

There are no errors, nothing comes from elsewhere, and nothing is refused.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Error, Page, Playwright, Request

from scripts.tidy import ROOT
from tests.agents.harness import until

CHROMIUM: Final = Path(os.environ.get("CHROMIUM", "/usr/bin/chromium"))
FLAGS: Final = (
    "--headless",
    "--no-sandbox",  # tests run as root in containers
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
GONE: Final = ("Failed to load resource", "net::ERR")  # what it says of an exporter that does not answer
SCREENS: Final = ROOT / "build" / "screens"
SIZES: Final = {
    "hd": (1920, 1080),
    "laptop": (1366, 768),
    "4k": (3840, 2160),
    "phone": (390, 844),
    "page": (1280, 720),
}


async def launch(playwright: Playwright) -> Browser:
    """A browser that fetches nothing by itself."""
    return await playwright.chromium.launch(executable_path=str(CHROMIUM), args=list(FLAGS))


@dataclass
class Window:
    """One page and what went wrong on it. `expected` names what a test provokes."""

    page: Page
    context: BrowserContext
    host: str
    faults: list[str] = field(default_factory=list)
    expected: tuple[str, ...] = ()

    async def open(self, url: str) -> None:
        self.host = urlsplit(url).netloc
        await self.page.goto(url, wait_until="load")

    async def live(self, seconds: float = 60) -> None:
        await self.state("live", seconds)

    async def state(self, kind: str, seconds: float = 60) -> None:
        """Wait until the page says of itself that it is live, stale, incomplete or starting."""
        await self.page.wait_for_selector(
            f":root[data-state={kind}]", timeout=seconds * 1000, state="attached"
        )

    async def tile(self, name: str) -> dict[str, str]:
        """Value, n, band and words of a tile."""
        found: dict[str, str] = await self.page.locator(f"[data-tile={name}]").evaluate(
            "e => ({...e.dataset, text: e.innerText})"
        )
        return found

    async def until(self, script: str, argument: Any = None, seconds: float = 60) -> None:
        """Wait until a script gives something true.

        Playwright's own way evaluates text within the page, which its policy refuses.
        """

        async def holds() -> bool:
            try:
                return bool(await self.page.evaluate(script, argument))
            except Error as error:
                # the page is just being loaded anew
                if "context was destroyed" in str(error) or "navigation" in str(error):
                    return False
                raise

        await until(holds, seconds=seconds, what=script)

    async def shot(self, name: str, *, full: bool = False) -> Path:
        """A picture of the page, once its typeface is there."""
        SCREENS.mkdir(parents=True, exist_ok=True)
        await self.page.evaluate("document.fonts.ready")
        path = SCREENS / f"{name}.png"
        await self.page.screenshot(path=path, full_page=full)
        return path

    def check(self) -> None:
        """Nothing went wrong but what was provoked."""
        assert [] == [fault for fault in self.faults if not any(known in fault for known in self.expected)]

    def note_message(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.faults.append(f"console: {message.text}")

    def note_request(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme != "data" and parts.netloc.rpartition("@")[2] != self.host.rpartition("@")[2]:
            self.faults.append(f"elsewhere: {request.url}")


@asynccontextmanager
async def window(
    browser: Browser, size: str = "hd", *, expected: tuple[str, ...] = (), **options: Any
) -> AsyncIterator[Window]:
    """A fresh profile with one page; at the end its faults are checked."""
    width, height = SIZES[size]
    settings = {"locale": "en-GB", "color_scheme": "dark", **options}
    context = await browser.new_context(viewport={"width": width, "height": height}, **settings)
    try:
        page = await context.new_page()
        opened = Window(page, context, "", expected=expected)
        page.on("console", opened.note_message)
        page.on("pageerror", lambda error: opened.faults.append(f"error: {error}"))
        page.on("request", opened.note_request)
        yield opened
        opened.check()
    finally:
        await context.close()


async def show(opened: Window, url: str) -> None:
    """Open a wall and wait until it has figures."""
    await opened.open(url)
    await opened.live()
    await opened.page.wait_for_selector("main .card")
    await opened.page.evaluate("document.fonts.ready")
