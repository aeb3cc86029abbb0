"""The pictures of the documentation: `make wall-pictures` takes them into docs/pictures/.

Each shows what its page says of it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import pytest
from playwright.async_api import Browser

from tests.browser.chromium import Window, show, window
from tests.browser.clock import WEDNESDAY_MS, madrid_ms
from tests.browser.fits import cut_off, overlaps
from tests.browser.house import DEMO, PROMISED, RULES, House, calm, demo, house, slip, undated
from tests.exporters.desk import all_read

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
MOST_BYTES: Final = 250_000  # they are loaded with their page
SUNDAY_MS: Final = madrid_ms("2026-03-15 22:10")


@asynccontextmanager
async def picture(
    browser: Browser, name: str, events: Any, query: str = "", **options: Any
) -> AsyncIterator[tuple[House, Window]]:
    """A desk and its page, of which a picture is taken at the end."""
    async with house(events, **{"rules": PROMISED, **options}) as own, window(browser, "page") as opened:
        await show(opened, f"{own.url}/?kiosk=1{query}")
        yield own, opened
        assert [] == await cut_off(opened.page)
        assert [] == await overlaps(opened.page)
        path = await opened.shot(f"docs-{name}")
        assert path.stat().st_size < MOST_BYTES


async def state(opened: Window) -> str | None:
    """What the place of worst now says."""
    return await opened.page.get_attribute(".worst", "data-worst")


async def test_the_demo_when_it_starts(browser: Browser) -> None:
    async with picture(browser, "page", demo("calm"), rules=DEMO) as (_, opened):
        assert "kept" == await state(opened)


@pytest.mark.short
async def test_three_hours_into_the_slip_it_is_named(browser: Browser) -> None:
    async with picture(browser, "wall-slip", slip(), rules=DEMO) as (_, opened):
        assert "below" == await state(opened)
        assert "billing \u00b7 high \u00b7 first reply" == await opened.page.inner_text(".worst-name")


async def test_sunday_night(browser: Browser) -> None:
    async with picture(browser, "wall-night", calm(SUNDAY_MS), now_ms=SUNDAY_MS) as (_, opened):
        assert 2 == await opened.page.locator("[data-closed=true]").count()


@pytest.mark.short
async def test_the_exporter_is_frozen(browser: Browser) -> None:
    """Nothing of what was good or bad a moment ago is claimed any more."""
    async with picture(browser, "wall-frozen", slip(), rules=DEMO) as (own, opened):
        own.status = all_read(1, silent_seconds=134.0)
        await opened.state("stale")
        assert "unsure" == await state(opened)


async def test_without_a_policy(browser: Browser) -> None:
    async with picture(browser, "wall-no-policy", undated(calm(WEDNESDAY_MS)), rules=RULES) as (_, opened):
        assert "No service levels" in await opened.page.inner_text(".no-policy")


async def test_in_spanish_and_light(browser: Browser) -> None:
    async with picture(browser, "wall-es", slip(), "&lang=es-ES&theme=light", rules=DEMO) as (_, opened):
        assert "Lo peor ahora" in await opened.page.inner_text(".worst")
