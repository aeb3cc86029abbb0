"""The wall at any hour of a week: what it shows fits, and what the calendar made is not praised.

The clock is the test's.
"""

import re
from typing import NamedTuple

import pytest
from playwright.async_api import Browser

from kpis.figures.view import ViewRules
from tests.browser.chromium import show, window
from tests.browser.clock import madrid_ms
from tests.browser.fits import covered, cut_off, overlaps
from tests.browser.house import PROMISED, RULES, calm, house
from tests.browser.measure import texts

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


class Hour(NamedTuple):
    """An instant, and what is true of the desk then: technical works always, orders by New York."""

    moment: str
    clock: str
    teams_open: int
    billing_opens: str | None


WEEK = [
    Hour("2026-03-15 22:10", "Sun 22:10:00", 1, "Mon 09:00"),
    Hour("2026-03-09 05:00", "Mon 05:00:00", 1, "09:00"),
    Hour("2026-03-09 09:02", "Mon 09:02:00", 2, None),
    Hour("2026-03-11 11:42", "Wed 11:42:00", 2, None),
    Hour("2026-03-12 14:30", "Thu 14:30:00", 2, "15:00"),
    Hour("2026-03-13 16:00", "Fri 16:00:00", 2, "Mon 09:00"),
    Hour("2026-03-28 23:59", "Sat 23:59:00", 1, "Mon 09:00"),  # before the night in which clocks change
    Hour("2026-01-01 12:00", "Thu 12:00:00", 1, "Fri 09:00"),  # a holiday
]


@pytest.mark.parametrize(
    "hour", [pytest.param(WEEK[0], marks=pytest.mark.short), *WEEK[1:]], ids=lambda hour: hour.moment
)
@pytest.mark.parametrize("rules", [PROMISED, RULES], ids=["policy", "none"])
async def test_at_any_hour(browser: Browser, hour: Hour, rules: ViewRules) -> None:
    now = madrid_ms(hour.moment)
    async with house(calm(now), rules=rules, now_ms=now) as own, window(browser) as page:
        await show(page, f"{own.url}/?window=1h")
        assert [] == await cut_off(page.page)
        assert [] == await overlaps(page.page)
        assert await covered(page.page) > 0.85
        assert min(one.contrast for one in await texts(page.page)) >= 7
        header = (await page.page.inner_text(".fresh")).replace("\xa0", " ")
        assert hour.clock in header
        shown = await page.page.inner_text("main")
        assert not re.search(r"(?<!\d)0 s\b", shown.replace("\xa0", " ")), (
            "a zero that the calendar made is nobody's figure"
        )
        if rules.policy is not None:
            assert f"{hour.teams_open} of 3 teams open" in header
            text = (await page.page.inner_text("[data-team=billing]")).replace("\xa0", " ")
            assert ("closed" in text) is (hour.billing_opens is not None)
            if hour.billing_opens is not None:
                assert f"closed, opens {hour.billing_opens}" in text
