"""The measures of `make boards-look` find what they are for, on pages written by hand.

They find nothing on a page that is well made.
"""

from dataclasses import replace

import pytest
from playwright.async_api import Browser

from proofs.boards.look.measures import (
    Excuse,
    Seen,
    Wanted,
    Where,
    excused,
    judge,
    measure,
    remember_canvases,
)

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
WHERE = Where(panel=".panel", title="h2", paging=".paging", wall=True)
STYLE = """
body { margin: 0; background: #111217; color: #ccccdc; font: 40px/1.2 sans-serif }
.panel { position: absolute; box-sizing: border-box; background: #181b1f; overflow: hidden; left: 0; top: 0 }
.panel { width: 600px; height: 360px }
h2 { font-size: 16px; margin: 0; height: 32px }
"""
GOOD = '<section class="panel"><h2>Waiting</h2><div>32 of 90 late</div></section>'


async def seen(
    browser: Browser, body: str, *, size: tuple[int, int] = (600, 360), script: str = "", where: Where = WHERE
) -> Seen:
    context = await browser.new_context(viewport={"width": size[0], "height": size[1]})
    try:
        await remember_canvases(context)
        page = await context.new_page()
        await page.goto("about:blank")
        await page.set_content(f"<style>{STYLE}</style>{body}")
        if script:
            await page.evaluate(script)
        return await measure(page, where)
    finally:
        await context.close()


async def test_nothing_is_wrong_with_a_good_page(browser: Browser) -> None:
    found = await seen(browser, GOOD)
    assert () == judge(found, Wanted(least_px=36, most_empty=0.3, paging=False)).faults
    assert ("Waiting",) == found.panels
    assert 40.0 == found.sizes[0][0], "the title is no text that one acts on"
    assert 10.5 < found.contrast < 11.5, "#ccccdc on #181b1f"


async def test_text_over_text_is_found(browser: Browser) -> None:
    found = await seen(browser, GOOD + '<div style="position: absolute; left: 60px; top: 50px">Age</div>')
    assert 1 == len(found.overlaps)
    assert "32 of 90 late" in found.overlaps[0]
    assert "Age" in found.overlaps[0]


async def test_lines_that_stand_close_are_no_overlap(browser: Browser) -> None:
    found = await seen(
        browser,
        '<section class="panel"><h2>T</h2><div style="line-height: 1">Cámara<br>Ágil<span> '
        "y</span></div></section>",
    )
    assert () == found.overlaps


async def test_a_number_that_reaches_into_the_title_is_found(browser: Browser) -> None:
    found = await seen(
        browser,
        '<section class="panel"><h2>Waiting</h2><div style="margin: -30px 0 0 300px">137</div></section>',
    )
    assert ('Waiting: "137" reaches into the line of the title',) == found.overlaps


@pytest.mark.parametrize(
    ("style", "what"),
    [
        ("width: 90px; overflow: hidden; white-space: nowrap", "px wide"),
        ("width: 90px; overflow: hidden; white-space: nowrap; text-overflow: ellipsis", "px wide"),
        ("margin-top: 300px", "px high"),
        ("height: 12px; overflow: hidden", "px high"),
    ],
)
async def test_text_that_its_box_cuts_is_found(browser: Browser, style: str, what: str) -> None:
    found = await seen(
        browser, f'<section class="panel"><h2>T</h2><div style="{style}">technical</div></section>'
    )
    assert [True] == ["technical" in cut and what in cut for cut in found.cuts]


async def test_words_for_readers_of_the_screen_are_not_cut(browser: Browser) -> None:
    hidden = (
        '<span style="position: absolute; width: 1px; height: 1px; overflow: hidden">for ears alone</span>'
    )
    found = await seen(browser, GOOD.replace("</section>", f"{hidden}</section>"))
    assert () == found.cuts


async def test_what_must_be_scrolled_is_cut_on_a_wall(browser: Browser) -> None:
    rows = "<br>".join(["row"] * 20)
    found = await seen(
        browser,
        '<section class="panel"><h2>Teams</h2><div style="height: 300px; overflow: '
        f'auto">{rows}</div></section>',
    )
    assert any("Teams scrolls" in cut for cut in found.cuts)
    below = await seen(
        browser,
        GOOD + GOOD.replace("left", "right").replace('class="panel"', 'class="panel" style="top: 360px"'),
    )
    assert any("not on the screen" in cut for cut in below.cuts)


async def test_where_a_wall_may_be_scrolled_its_lead_must_be_on_the_screen(browser: Browser) -> None:
    lower = GOOD.replace('class="panel"', 'class="panel" style="top: 360px"').replace("Waiting", "Open")
    led = replace(WHERE, lead=1)
    assert () == (await seen(browser, lower + GOOD, where=led)).cuts, (
        "the upper one comes first, wherever it stands in the page"
    )
    (cut,) = (await seen(browser, lower, where=led)).cuts
    assert "Open is not on the screen" in cut


async def test_what_grafana_cuts_itself_is_excused_by_its_kind_alone(browser: Browser) -> None:
    body = (
        '<section class="panel"><h2>T</h2><div style="height: 12px; overflow: '
        'hidden">technical</div></section>'
    )
    found = await seen(browser, body)
    mild, other = Excuse("legends", r".* px out of \d+ px high"), Excuse("axes", r".* px out of its canvas")
    assert () == judge(found, Wanted(excuses=(other, mild))).faults
    assert {"legends": 1} == excused(found, Wanted(excuses=(other, mild)))
    assert 1 == len(judge(found, Wanted(excuses=(other,))).faults)


@pytest.mark.parametrize(
    ("style", "low", "high"),
    [
        ("color: #f0e442; background: #ffffff", 1.2, 1.4),  # finding B5: yellow on white
        ("color: #ffffff; background: linear-gradient(90deg, #000000, #eeeeee)", 1.0, 1.3),  # its worst end
        ("opacity: 0.3", 1.9, 2.6),
        ("color: rgba(204, 204, 220, 0.3)", 1.9, 2.6),
    ],
)
async def test_poor_contrast_is_found(browser: Browser, style: str, low: float, high: float) -> None:
    found = await seen(
        browser, f'<section class="panel"><h2>T</h2><div style="{style}">TYPICAL</div></section>'
    )
    assert low <= found.contrast <= high
    assert [True] == ["TYPICAL" in one for one in found.faint]


async def test_contrast_is_that_of_what_lies_behind_though_it_is_no_ancestor(browser: Browser) -> None:
    bar = (
        '<div style="position: absolute; left: 0; top: 32px; width: 600px; height: 60px; background: '
        '#cfd4e2"></div>'
    )
    text = '<div style="position: absolute; left: 10px; top: 36px">42</div>'
    found = await seen(browser, f'<section class="panel"><h2>T</h2>{bar}{text}</section>')
    assert found.contrast < 1.2


async def test_texts_of_canvases_are_read(browser: Browser) -> None:
    draw = """() => { const c = document.querySelector("canvas").getContext("2d");
      c.fillStyle = "#fff"; c.fillText("gone", 5, 5); c.clearRect(0, 0, 300, 200);
      c.font = "20px sans-serif"; c.fillStyle = "#f0e442"; c.fillRect(0, 0, 300, 60); c.fillStyle = "#ffffff";
      c.fillText("BREACH", 40, 40); c.fillStyle = "#ccccdc"; c.fillText("techni...", 40, 120);
      c.fillText("billing", 270, 160); }"""
    body = '<section class="panel"><h2>T</h2><canvas width="300" height="200"></canvas></section>'
    found = await seen(browser, body, script=draw)
    assert [True, True] == ["techni..." in found.cuts[0], "billing" in found.cuts[1]]
    assert [True] == ["BREACH" in one for one in found.faint]
    assert not any("gone" in text for _, text in found.contrasts)


async def test_paging_small_text_and_an_empty_screen_are_found(browser: Browser) -> None:
    small = (
        '<div style="font-size: 14px">416</div><button class="paging" aria-label="next page">&gt;</button>'
    )
    found = await seen(browser, f'<section class="panel"><h2>Teams</h2>{small}</section>', size=(1200, 720))
    faults = judge(found, Wanted(least_px=36, most_empty=1 / 3, paging=False)).faults
    assert [
        'small: Teams: "416" is 14 px high',
        "paging: Teams: next page",
        "empty: 74% of the screen",
    ] == list(faults)


async def test_a_page_without_text_is_not_good(browser: Browser) -> None:
    assert ("empty: no text at all",) == judge(
        await seen(browser, '<section class="panel"></section>'), Wanted()
    ).faults
