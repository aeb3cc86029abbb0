"""A desk with service levels: tickets that have missed a deadline or are due soon, under the policy of the demo."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from playwright.async_api import Browser

from deskpulse.boards.desk import DEFAULT_POLICY
from deskpulse.policy import load_policy
from exporters.clock import wall_ms
from tests.browser.chromium import Window, show, window
from tests.browser.house import RULES, WALL, House, house, weeks
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
    """A page over such a desk. `links`: of further tickets that wait, each due for a reply within minutes. Not `busy`: of these alone."""
    rules = replace(RULES, policy=load_policy(DEFAULT_POLICY))
    async with (
        house(weeks() if busy else (), rules=rules, wall=replace(WALL, show_tickets=show_tickets)) as own,
        window(browser, size) as opened,
    ):
        for number, url in enumerate(links):
            await own.created(f"T-{number}", team="technical", channel="email", at_ms=wall_ms() - (20 - number) * MINUTE_MS, url=url)
        await show(opened, f"{own.url}/{query}")
        await opened.page.wait_for_selector(".risk li")
        yield own, opened
