"""A desk with service levels under the policy of the demo.

Some of its tickets have missed a deadline or are due soon.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from playwright.async_api import Browser

from tests.browser.chromium import Window, show, window
from tests.browser.house import PROMISED, WALL, House, house, weeks
from windows.panes import MINUTE_MS


@asynccontextmanager
async def at_risk(
    browser: Browser,
    *,
    show_tickets: bool = False,
    query: str = "",
    size: str = "hd",
    links: tuple[str | None, ...] = (),
    busy: bool = True,
) -> AsyncIterator[tuple[House, Window]]:
    """A page over such a desk.

    `links`: of further tickets that wait, each due for a reply within minutes. Not `busy`: of these alone.
    """
    async with (
        house(weeks() if busy else (), rules=PROMISED, wall=replace(WALL, show_tickets=show_tickets)) as own,
        window(browser, size) as opened,
    ):
        for number, url in enumerate(links):
            await own.created(
                f"T-{number}",
                team="technical",
                channel="email",
                at_ms=own.clock() - (20 - number) * MINUTE_MS,
                url=url,
            )
        await show(opened, f"{own.url}/{query}")
        await opened.page.wait_for_selector(".risk li")
        yield own, opened
