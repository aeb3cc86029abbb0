"""Legible from five metres, measured: sizes, contrast, colours for everybody, nothing cut off; on a wall, on 4K and on a phone."""

import pytest
from playwright.async_api import Browser

from tests.browser.chromium import SIZES, show, window
from tests.browser.house import House
from tests.browser.measure import BLINDNESS, cut_off, nearest, texts
from tests.exporters.desk import all_read, waiting

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
THEMES = ("dark", "light")
HERO_PX, LABEL_PX, CONTRAST = 96, 40, 7.0
BANDS = ("exceptional", "above", "typical", "below")


@pytest.mark.parametrize(("theme", "locale"), [("dark", "en-GB"), ("light", "en-US"), ("dark", "es-MX"), ("light", "es-ES")])
async def test_on_a_wall(browser: Browser, desk: House, theme: str, locale: str) -> None:
    async with window(browser) as opened:
        for chosen in ("24h", "1h", "30d"):
            await show(opened, f"{desk.url}/?theme={theme}&lang={locale}&window={chosen}")
            found = await texts(opened.page)
            banded = await opened.page.locator("main .card:not([data-band=plain])").count()
            assert banded or chosen == "1h", "only an hour may be too short for any band: fewer than 10 observations"
            places = {"label", "n", "change", "unit", "digits", "select"} | ({"chip"} if banded else set())
            assert places <= {one.place for one in found}
            heroes = [one for one in found if one.hero]
            assert len(heroes) >= 3
            assert [] == [one for one in heroes if one.size < HERO_PX]
            assert [] == [one for one in found if one.size < LABEL_PX]
            assert [] == [one for one in found if one.contrast < CONTRAST]
            assert [] == await cut_off(opened.page)
            bottom = await opened.page.locator("main").evaluate("e => e.getBoundingClientRect().bottom")
            assert bottom <= 1080, "all of it without scrolling"


async def test_on_a_larger_wall_everything_is_larger(browser: Browser, desk: House) -> None:
    async with window(browser, "4k") as opened:
        await show(opened, f"{desk.url}/?lang=es-ES")
        found = await texts(opened.page)
        assert min(one.size for one in found if one.hero) >= 2 * HERO_PX
        assert min(one.size for one in found) >= 2 * LABEL_PX
        assert [] == await cut_off(opened.page)


@pytest.mark.parametrize(("theme", "locale"), [("dark", "es-ES"), ("light", "en-GB")])
async def test_on_a_phone(browser: Browser, desk: House, theme: str, locale: str) -> None:
    async with window(browser, "phone", is_mobile=True, has_touch=True) as opened:
        await show(opened, f"{desk.url}/?theme={theme}&lang={locale}")
        found = await texts(opened.page)
        assert min(one.size for one in found) >= 16
        assert min(one.size for one in found if one.hero) >= 48
        assert [] == [one for one in found if one.contrast < CONTRAST]
        assert [] == await cut_off(opened.page)


@pytest.mark.parametrize(
    ("theme", "locale", "size"),
    [("dark", "en-GB", "hd"), ("light", "es-ES", "hd"), ("light", "en-GB", "phone"), ("dark", "es-MX", "phone")],
)
async def test_a_stale_screen_cannot_be_overlooked_and_is_still_legible(
    browser: Browser, desk: House, theme: str, locale: str, size: str
) -> None:
    async with window(browser, size) as opened:
        await show(opened, f"{desk.url}/?theme={theme}&lang={locale}")
        try:
            for kind, status in {
                "incomplete": waiting(119.0 * 60),
                "stale": all_read(1, silent_seconds=119.0 * 60),
            }.items():
                desk.status = status
                await opened.state(kind)
                box = await opened.page.locator(".banner").bounding_box()
                assert box is not None
                assert box["width"] > 0.9 * SIZES[size][0]
                found = await texts(opened.page)
                assert [] == [one for one in found if one.contrast < CONTRAST]
                assert [] == await cut_off(opened.page)
                if size == "hd":
                    assert min(one.size for one in await texts(opened.page, ".banner-title")) >= HERO_PX
                    assert [] == [one for one in found if one.size < LABEL_PX]
                chips = await opened.page.locator(".chip").evaluate_all("all => all.map(e => getComputedStyle(e).backgroundColor)")
                assert {"rgba(0, 0, 0, 0)"} == set(chips), "no colour praises a figure that may be wrong"
                ground = await opened.page.evaluate("getComputedStyle(document.documentElement).backgroundImage")
                assert "repeating-linear-gradient" in ground
        finally:
            desk.status = all_read(1)


@pytest.mark.parametrize("theme", THEMES)
async def test_bands_are_told_apart_by_everybody(browser: Browser, desk: House, theme: str) -> None:
    """By colour for each kind of colour blindness; and by sign and word without any colour."""
    async with window(browser) as opened:
        await show(opened, f"{desk.url}/?theme={theme}")
        read = "names => Object.fromEntries(names.map(n => [n, getComputedStyle(document.documentElement).getPropertyValue('--' + n)]))"
        colours: dict[str, str] = await opened.page.evaluate(read, list(BANDS))
        for blindness in BLINDNESS:
            apart, pair = nearest(colours, blindness)
            assert apart >= 15, f"{pair} look alike with {blindness}: {apart:.1f}"
        chips = opened.page.locator("main .chip:not(.plain)")
        assert await chips.count() >= 2
        for text in await chips.all_inner_texts():
            assert text.strip()
        assert await chips.count() == await opened.page.locator("main .chip:not(.plain) svg").count()


# The widest that figures can get: what the exporter sends is replaced before the page reads it.
WIDEST = """() => { const add = EventSource.prototype.addEventListener;
  const widest = {duration: [3599, 86340], ratio: [1.0238, -0.1238], points: [-88.8, 100], score: [4.44, 6.99],
                  count: [888888, 123456], rate: [88.8, 444.4]};
  EventSource.prototype.addEventListener = function (kind, listener) {
    return add.call(this, kind, kind !== 'wall' ? listener : (event) => {
      const wall = JSON.parse(event.data);
      for (const tile of wall.tiles) {
        [tile.value] = widest[tile.kind]; tile.n = 88888; tile.n_all = tile.clock && 99999; tile.band = 'exceptional'; tile.plain = null;
        tile.compared = {value: widest[tile.kind][1], n: 88888, verdict: 'worse'};
      }
      wall.live.unanswered = 88888; wall.live.open = 888888; wall.live.ages = [8888, 8888, 8888, 8888, 88888];
      listener({data: JSON.stringify(wall)}); }); }; }"""


@pytest.mark.parametrize(("size", "locale"), [("hd", "en-GB"), ("hd", "es-ES"), ("4k", "es-MX"), ("phone", "es-ES"), ("phone", "en-GB")])
@pytest.mark.parametrize("tiles", ["", "&heroes=resolution,csat,tickets&tiles=first_response,resolution_time,effort,open"])
async def test_the_widest_figures_fit(browser: Browser, desk: House, size: str, locale: str, tiles: str) -> None:
    async with window(browser, size) as opened:
        await opened.page.add_init_script(f"({WIDEST})()")
        await show(opened, f"{desk.url}/?lang={locale}{tiles}")
        assert "88" in (await opened.tile("unanswered" if not tiles else "tickets"))["text"]
        assert [] == await cut_off(opened.page)


async def test_the_measure_can_fail(browser: Browser, desk: House) -> None:
    async with window(browser) as opened:
        await show(opened, desk.url)
        style = ".compared { font-size: 39px; color: #777; } .tile .value { width: 40px; }"
        await opened.page.evaluate(
            "css => { const s = new CSSStyleSheet(); s.replaceSync(css); document.adoptedStyleSheets = [s]; }", style
        )
        found = await texts(opened.page)
        assert [one for one in found if one.size < LABEL_PX]
        assert [one for one in found if one.contrast < CONTRAST]
        assert await cut_off(opened.page)
    assert (
        nearest({"red": "#d00000", "green": "#477f00"}, "deuteranopia")[0] < nearest({"red": "#d00000", "green": "#477f00"}, "none")[0] / 2
    )
