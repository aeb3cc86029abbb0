"""Pictures of the wall in every size, theme, language and state, for people to look at: build/screens/."""

from itertools import product

import pytest
from playwright.async_api import Browser

from exporters.reading.status import ReaderStatus
from tests.browser.chromium import SCREENS, show, window
from tests.browser.fits import cut_off
from tests.browser.house import House, house
from tests.browser.policy import at_risk
from tests.exporters.desk import all_read, waiting

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
THEMES, LOCALES = ("dark", "light"), ("en-GB", "es-ES")


@pytest.mark.parametrize("room", ["desk", "shift", "crowd"])
@pytest.mark.parametrize("size", ["hd", "4k", "phone"])
async def test_pictures_of_every_kind(
    browser: Browser, request: pytest.FixtureRequest, room: str, size: str
) -> None:
    house: House = request.getfixturevalue(room)
    for theme, locale in product(THEMES, LOCALES):
        async with window(browser, size) as opened:
            await show(opened, f"{house.url}/?theme={theme}&lang={locale}")
            assert [] == await cut_off(opened.page)
            path = await opened.shot(f"wall-{room}-{size}-{theme}-{locale}")
            assert path.stat().st_size > 20_000


@pytest.mark.parametrize(("theme", "locale"), [("dark", "en-GB"), ("light", "es-ES")])
async def test_pictures_of_what_is_wrong(browser: Browser, shift: House, theme: str, locale: str) -> None:
    query = f"?theme={theme}&lang={locale}"
    try:
        for size in ("hd", "phone"):
            async with window(browser, size) as opened:
                await show(opened, f"{shift.url}/{query}")
                for name, status in (
                    ("stale", all_read(1, silent_seconds=134.0)),
                    ("incomplete", waiting(75.0)),
                ):
                    shift.status = status
                    await opened.state(name)
                    await opened.shot(f"{name}-{size}-{theme}-{locale}")
                shift.status = all_read(1)
                await opened.live()
    finally:
        shift.status = all_read(1)
    async with house() as empty, window(browser) as opened:
        empty.status = ReaderStatus(expected=4)
        await opened.open(f"{empty.url}/{query}")
        await opened.until("document.querySelector('.banner') !== null")
        await opened.shot(f"starting-hd-{theme}-{locale}")


@pytest.mark.parametrize(
    ("size", "theme", "locale", "kind"),
    [
        ("hd", "dark", "en-GB", "at-risk"),
        ("hd", "light", "es-ES", "at-risk-names"),
        ("4k", "dark", "es-MX", "at-risk-names"),
        ("phone", "light", "en-GB", "at-risk"),
    ],
)
async def test_pictures_of_tickets_at_risk(
    browser: Browser, size: str, theme: str, locale: str, kind: str
) -> None:
    links = tuple(f"https://desk.example/T-{number}" for number in range(7))
    query = f"?theme={theme}&lang={locale}"
    async with at_risk(
        browser, show_tickets=kind == "at-risk-names", links=links, query=query, size=size
    ) as (_, opened):
        assert [] == await cut_off(opened.page)
        await opened.shot(f"{kind}-{size}-{theme}-{locale}")


async def test_the_table_of_everything(browser: Browser, desk: House) -> None:
    async with window(browser) as opened:
        await show(opened, desk.url)
        await opened.shot("everything-hd-dark-en-GB", full=True)
        assert (SCREENS / "everything-hd-dark-en-GB.png").is_file()
