"""Legible from five metres, measured on a wall, on 4K and on a phone.

It measures sizes, contrast, colours for everybody, and what is cut off.
"""

from itertools import product

import pytest
from playwright.async_api import Browser

from tests.browser.chromium import SIZES, Window, show, window
from tests.browser.fits import covered, cut_off, overlaps
from tests.browser.house import House
from tests.browser.measure import BLINDNESS, nearest, texts
from tests.exporters.desk import all_read, waiting

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
THEMES = ("dark", "light")
HERO_PX, TEXT_PX = 96, 36  # at 1080p: figures, and whatever one acts on
CONTRAST = {"dark": 7.0, "light": 4.5}
BANDS = ("exceptional", "above", "typical", "below")
ROOMS = ("desk", "shift", "crowd")  # without a policy; three teams; twelve with names of 30 characters


@pytest.fixture(params=ROOMS)
def room(request: pytest.FixtureRequest) -> House:
    """Each kind of desk."""
    found: House = request.getfixturevalue(request.param)
    return found


async def assert_it_fits(opened: Window, size: str, theme: str) -> None:
    """Nothing is cut, nothing lies upon another, all can be read, and no part of the screen is empty."""
    page, scale = opened.page, SIZES[size][1] / 1080
    assert [] == await cut_off(page)
    assert [] == await overlaps(page)
    found = await texts(page)
    assert [] == [one for one in found if one.size < TEXT_PX * scale - 0.1]
    assert [] == [one for one in found if one.contrast < CONTRAST[theme]]
    assert await covered(page) > 0.85
    bottom = await page.locator(".slow").evaluate("e => e.getBoundingClientRect().bottom")
    assert bottom <= SIZES[size][1] + 1, "all of it without scrolling"


@pytest.mark.short
@pytest.mark.parametrize(("size", "theme", "locale"), [("hd", "dark", "en-GB"), ("laptop", "light", "es-ES")])
async def test_on_a_wall(browser: Browser, room: House, size: str, theme: str, locale: str) -> None:
    async with window(browser, size) as opened:
        await show(opened, f"{room.url}/?theme={theme}&lang={locale}&kiosk=1")
        await assert_it_fits(opened, size, theme)


@pytest.mark.parametrize(
    ("size", "theme", "locale"),
    [
        *product(("hd",), THEMES, ("es-ES", "es-MX", "en-US")),
        *product(("laptop", "4k"), THEMES, ("en-GB", "es-MX")),
    ],
)
async def test_on_a_wall_of_any_size_in_any_theme_and_language(
    browser: Browser, room: House, size: str, theme: str, locale: str
) -> None:
    async with window(browser, size) as opened:
        await show(opened, f"{room.url}/?theme={theme}&lang={locale}")
        await assert_it_fits(opened, size, theme)


@pytest.mark.parametrize(
    "query",
    ["window=1h", "window=30d", "team=billing", "team=orders&window=today", "heroes=csat,nps,first_response"],
)
@pytest.mark.parametrize(("theme", "locale"), [("dark", "en-GB"), ("light", "es-ES")])
async def test_whatever_is_chosen(
    browser: Browser, shift: House, theme: str, locale: str, query: str
) -> None:
    async with window(browser) as opened:
        await show(opened, f"{shift.url}/?theme={theme}&lang={locale}&{query}")
        await assert_it_fits(opened, "hd", theme)


async def test_the_figures_that_one_acts_on_are_large(browser: Browser, shift: House, desk: House) -> None:
    async with window(browser) as opened:
        for house in (shift, desk):
            await show(opened, house.url)
            sizes = "all => all.map(e => parseFloat(getComputedStyle(e).fontSize))"
            assert min(await opened.page.locator("main .value .digits").evaluate_all(sizes)) >= HERO_PX


@pytest.mark.parametrize(("theme", "locale"), [("dark", "es-ES"), ("light", "en-GB")])
async def test_on_a_phone(browser: Browser, room: House, theme: str, locale: str) -> None:
    async with window(browser, "phone", is_mobile=True, has_touch=True) as opened:
        await show(opened, f"{room.url}/?theme={theme}&lang={locale}")
        found = await texts(opened.page)
        assert min(one.size for one in found) >= 16
        assert [] == [one for one in found if one.contrast < CONTRAST[theme]]
        assert [] == await cut_off(opened.page)
        assert [] == await overlaps(opened.page)


@pytest.mark.short
@pytest.mark.parametrize(
    ("theme", "locale", "size"),
    [
        ("dark", "en-GB", "hd"),
        ("light", "es-ES", "hd"),
        ("light", "en-GB", "phone"),
        ("dark", "es-MX", "phone"),
    ],
)
async def test_a_stale_screen_cannot_be_overlooked_and_is_still_legible(
    browser: Browser, shift: House, theme: str, locale: str, size: str
) -> None:
    async with window(browser, size) as opened:
        await show(
            opened, f"{shift.url}/?theme={theme}&lang={locale}&tiles=unanswered,csat,nps,first_response"
        )
        try:
            for kind, status in {
                "incomplete": waiting(119.0 * 60),
                "stale": all_read(1, silent_seconds=119.0 * 60),
            }.items():
                shift.status = status
                await opened.state(kind)
                box = await opened.page.locator(".banner").bounding_box()
                assert box is not None
                assert box["width"] > 0.9 * SIZES[size][0]
                found = await texts(opened.page)
                assert [] == [one for one in found if one.contrast < CONTRAST[theme]]
                assert [] == await cut_off(opened.page)
                if size == "hd":
                    assert min(one.size for one in await texts(opened.page, ".banner-title")) >= HERO_PX
                    assert [] == [one for one in found if one.size < TEXT_PX - 0.1]
                assert [] == await overlaps(opened.page)
                assert 0 == await opened.page.locator("main .chip, main .change, main .warm").count(), (
                    "nothing praises what may be wrong"
                )
                assert "unsure" == await opened.page.get_attribute(".worst", "data-worst")
                ground = await opened.page.evaluate(
                    "getComputedStyle(document.documentElement).backgroundImage"
                )
                assert "repeating-linear-gradient" in ground
        finally:
            shift.status = all_read(1)


@pytest.mark.parametrize("theme", THEMES)
async def test_bands_are_told_apart_by_everybody(browser: Browser, desk: House, theme: str) -> None:
    """By colour for each kind of colour blindness; and by sign and word without any colour."""
    async with window(browser) as opened:
        await show(opened, f"{desk.url}/?theme={theme}&heroes=csat,nps")
        read = (
            "names => Object.fromEntries(names.map(n => [n, "
            "getComputedStyle(document.documentElement).getPropertyValue('--' + n)]))"
        )
        colours: dict[str, str] = await opened.page.evaluate(read, list(BANDS))
        for blindness in BLINDNESS:
            apart, pair = nearest(colours, blindness)
            assert apart >= 15, f"{pair} look alike with {blindness}: {apart:.1f}"
        chips = opened.page.locator("main .chip:not(.plain)")
        assert await chips.count() >= 2, "words beside colours"
        for text in await chips.all_inner_texts():
            assert text.strip()
        assert await chips.count() == await opened.page.locator("main .chip:not(.plain) svg").count()


# The widest that figures and names can get: what the exporter sends is replaced before the page reads it.
WIDEST = """() => { const add = EventSource.prototype.addEventListener;
  const widest = {duration: [3599, 86340], ratio: [1.0238, -0.1238], points: [-88.8, 100],
                  score: [4.44, 6.99], count: [888888, 123456], rate: [88.8, 444.4]};
  const name = 'customer success renewals 0003', channel = 'whatsapp business messages 030';
  const worst = (by, member) => ({by, member, team: name, target: 'first_reply', window: '8h',
    n: 8888, missed: 8888, excess: 8888.8,
    ratio: 0.888, objective: 0.999, overdue: 88888, since_ms: Date.UTC(2026, 2, 1)});
  EventSource.prototype.addEventListener = function (kind, listener) {
    return add.call(this, kind, kind !== 'wall' ? listener : (event) => {
      const wall = JSON.parse(event.data);
      for (const tile of wall.tiles) {
        [tile.value] = widest[tile.kind]; tile.shown = tile.value;
        tile.n = 88888; tile.n_all = tile.clock && 99999;
        tile.band = 'exceptional'; tile.plain = null;
        tile.compared = {value: widest[tile.kind][1], n: 88888, verdict: 'worse'};
      }
      for (const row of wall.rows) {
        Object.assign(row, {team: row.team === 'technical' ? name : row.team, unanswered: 8888,
          overdue: {first_reply: 8888}, ratio: 1, n: 8888, soon: 888, open: 88888,
          oldest_business_seconds: 88 * 86400, below: row.ratio !== null,
          online: 888, available: 888});
      }
      for (const one of wall.sla) {
        Object.assign(one, {breached: 88888, forecast: 8888, forecast_low: 7777, forecast_high: 9999,
          ratio: 1, n: 88888, next_ms: wall.as_of_ms + 3540000, newest_ms: wall.as_of_ms - 7140000,
          due: {'15m': 8888, '1h': 8888, '4h': 8888}});
      }
      if (wall.policy) wall.worst = [
        worst('team_channel_priority', `${name} \\u00b7 ${channel} \\u00b7 high`),
        worst('team_priority', `${name} \\u00b7 high`), worst('all', 'all'), worst('priority', 'low')];
      if (wall.policy) wall.endangered = [{by: 'team_priority', member: `${name} \\u00b7 normal`,
        team: name, target: 'first_reply', n: 999, waiting: 888, usual: 77}];
      wall.today = {created: 88888, solved: 88888};
      wall.live.unanswered = 88888; wall.live.open = 888888; wall.live.ages = [8888, 8888, 8888, 8888, 88888];
      listener({data: JSON.stringify(wall)}); }); }; }"""


@pytest.mark.short
@pytest.mark.parametrize(
    ("size", "locale"),
    [("hd", "en-GB"), ("hd", "es-ES"), ("4k", "es-MX"), ("phone", "es-ES"), ("phone", "en-GB")],
)
@pytest.mark.parametrize(
    "tiles", ["", "&heroes=resolution,csat,tickets&tiles=first_response,resolution_time,effort,open"]
)
async def test_the_widest_figures_fit(
    browser: Browser, room: House, size: str, locale: str, tiles: str
) -> None:
    async with window(browser, size) as opened:
        await opened.page.add_init_script(f"({WIDEST})()")
        await show(opened, f"{room.url}/?lang={locale}{tiles}")
        assert "88" in (await opened.tile("unanswered" if not tiles else "tickets"))["text"]
        assert [] == await cut_off(opened.page)
        assert [] == await overlaps(opened.page)


async def test_the_measure_can_fail(browser: Browser, shift: House) -> None:
    async with window(browser) as opened:
        await show(opened, shift.url)
        style = """.fact .lines p { font-size: 30px; color: #777; } .next { height: 100px; }
          .tile .value { width: 40px; overflow: hidden; }
          .fact .label { transform: translateY(60px); }"""
        await opened.page.evaluate(
            "css => { const s = new CSSStyleSheet(); s.replaceSync(css); document.adoptedStyleSheets = "
            "[s]; }",
            style,
        )
        found = await texts(opened.page)
        assert [one for one in found if one.size < TEXT_PX]
        assert [one for one in found if one.contrast < CONTRAST["dark"]]
        assert await cut_off(opened.page)
        assert await overlaps(opened.page)
        assert await covered(opened.page) < 0.9
    assert (
        nearest({"red": "#d00000", "green": "#477f00"}, "deuteranopia")[0]
        < nearest({"red": "#d00000", "green": "#477f00"}, "none")[0] / 2
    )
