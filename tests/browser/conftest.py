"""One browser for the run.

Without Chromium these tests are skipped with the reason; under DESKPULSE_REQUIRE_BROWSER=1 they fail.
"""

import os
from collections.abc import AsyncIterator

import pytest_asyncio
from playwright.async_api import Browser, async_playwright

from tests.browser.chromium import CHROMIUM, launch
from tests.browser.house import DEMO, House, crowded, house, slip, undated, weeks
from tests.conftest import refuse

REQUIRE_BROWSER = "DESKPULSE_REQUIRE_BROWSER"


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    if not CHROMIUM.is_file():
        refuse(f"no {CHROMIUM}: apt-get install chromium", required=os.environ.get(REQUIRE_BROWSER) == "1")
    async with async_playwright() as playwright:
        started = await launch(playwright)
        yield started
        await started.close()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def desk() -> AsyncIterator[House]:
    """A busy desk that promises nothing, and that nobody changes."""
    async with house(undated(weeks())) as opened:
        yield opened


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def shift() -> AsyncIterator[House]:
    """Three teams under the policy of the demo.

    Three hours ago billing began to answer priority high late.
    """
    async with house(slip(), rules=DEMO) as opened:
        yield opened


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def crowd() -> AsyncIterator[House]:
    """The same with twelve teams, whose names have up to 30 characters."""
    async with house(crowded(), rules=DEMO) as opened:
        yield opened
