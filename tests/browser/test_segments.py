"""The fourth dimension on the page: chosen under the desk's own name for it, and nowhere where it is off."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from tests.browser.chromium import show, window
from tests.browser.house import DEMO, RULES, WALL, House, crowded, house, undated, weeks
from tests.browser.test_legible import assert_it_fits

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
TIER = replace(WALL, segment="customer tier")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def tiers() -> AsyncIterator[House]:
    """Twelve teams with long names, under the policy of the demo, with segments."""
    async with house(crowded(), rules=replace(DEMO, segment=True), wall=TIER) as opened:
        yield opened


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def plain_tiers() -> AsyncIterator[House]:
    """Without a policy."""
    async with house(undated(weeks()), rules=replace(RULES, segment=True), wall=TIER) as opened:
        yield opened


async def test_a_segment_is_chosen_by_the_desks_name_and_ends_the_choice_of_a_team(
    browser: Browser, tiers: House
) -> None:
    async with window(browser) as opened:
        page = opened.page
        await show(opened, f"{tiers.url}/?team=billing")
        team = float((await opened.tile("open"))["value"])
        assert "customer tier" in await page.locator("label:has(select[name=segment])").inner_text()
        await page.select_option("select[name=segment]", "enterprise")
        await opened.until("document.querySelector('main')?.dataset.inSegment === 'enterprise'")
        assert page.url == f"{tiers.url}/?segment=enterprise"
        shown = float((await opened.tile("open"))["value"])
        row = await page.locator("tr[data-segment=enterprise] td").first.inner_text()
        assert (float(row), True) == (shown, shown != team)
        assert 2 == await page.locator("section.card.list").count(), "its deadlines in place of the teams"
        await page.select_option("select[name=team]", "billing")
        await opened.until("document.querySelector('main')?.dataset.team === 'billing'")
        assert page.url == f"{tiers.url}/?team=billing"
        assert team == float((await opened.tile("open"))["value"])


async def test_a_segment_that_is_not_there_is_told_and_all_can_be_chosen_again(
    browser: Browser, tiers: House
) -> None:
    async with window(browser) as opened:
        await opened.open(f"{tiers.url}/?segment=iron")
        await opened.until("document.querySelector('.unknown')?.innerText.includes('iron')")
        await opened.page.select_option("select[name=segment]", "")
        await opened.until("document.querySelector('main')?.dataset.inSegment === ''")


async def test_where_it_is_off_there_is_no_chooser_and_no_table(browser: Browser, shift: House) -> None:
    async with window(browser) as opened:
        await show(opened, shift.url)
        assert 0 == await opened.page.locator("select[name=segment], tr[data-segment]").count()


@pytest.mark.parametrize("size", ["hd", "laptop", "phone"])
@pytest.mark.parametrize("query", ["", "segment=enterprise"])
class TestItFits:
    async def test_with_a_policy_and_long_names(
        self, browser: Browser, tiers: House, query: str, size: str
    ) -> None:
        await assert_a_wall_fits(browser, tiers, query, size)

    async def test_without_a_policy(
        self, browser: Browser, plain_tiers: House, query: str, size: str
    ) -> None:
        await assert_a_wall_fits(browser, plain_tiers, query, size)


async def assert_a_wall_fits(browser: Browser, desk: House, query: str, size: str) -> None:
    """In Spanish, whose words are longer; on a phone it only must not be too wide."""
    phone = size == "phone"
    async with window(browser, size) as opened:
        await show(opened, f"{desk.url}/?{query}&theme=dark&lang=es-ES&kiosk={0 if phone else 1}")
        if not phone:
            await assert_it_fits(opened, size, "dark")
        wide = await opened.page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0, "no part lies beyond the screen"
