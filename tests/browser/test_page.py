"""The page in use: choices in the address, languages, keyboard, screen reader, and recovery.

Hostile names must not do any harm.
"""

import re
from dataclasses import replace
from typing import Any

import pytest
from playwright.async_api import Browser, Page, Route

from exporters.wall import build
from scripts.tidy import ROOT
from tests.agents.harness import until
from tests.browser.chromium import GONE, show, window
from tests.browser.house import WALL, House, house
from tests.browser.policy import at_risk
from tests.exporters.desk import all_read
from windows.panes import MINUTE_MS

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
AXE = ROOT / "wall" / "node_modules" / "axe-core" / "axe.min.js"


class TestChoices:
    async def test_window_team_and_period_are_chosen_and_kept_in_the_address(
        self, browser: Browser, desk: House
    ) -> None:
        async with window(browser) as opened:
            page = opened.page
            await show(opened, desk.url)
            everything = await opened.tile("tickets")
            await page.select_option("select[name=window]", "1h")
            await opened.until("document.querySelector('main')?.dataset.window === '1h'")
            await page.select_option("select[name=team]", "billing")
            await opened.until("document.querySelector('main')?.dataset.team === 'billing'")
            assert page.url == f"{desk.url}/?window=1h&team=billing"
            assert float((await opened.tile("tickets"))["value"]) < float(everything["value"])
            await page.reload()
            await opened.until("document.querySelector('main')?.dataset.team === 'billing'")
            assert "1h" == await page.input_value("select[name=window]")
            await page.go_back()
            await page.go_back()
            await opened.until("document.querySelector('main')?.dataset.window === '24h'")
            assert everything["value"] == (await opened.tile("tickets"))["value"]

    async def test_the_figures_of_one_choice_never_stand_under_the_title_of_another(
        self, browser: Browser, desk: House
    ) -> None:
        """Between the click and the first figures of the new choice there are none."""
        async with window(browser) as opened:
            await show(opened, desk.url)
            # Each drawing notes what is chosen and what the figures are of.
            watch = """() => { window.pairs = new Set(); new MutationObserver(() => window.pairs.add(
              document.querySelector('select[name=window]').value + ' '
              + document.querySelector('main')?.dataset.window
            )).observe(document.getElementById('wall'),
                       {childList: true, subtree: true, attributes: true}) }"""
            await opened.page.evaluate(watch)
            await opened.page.select_option("select[name=window]", "30d")
            await opened.until("document.querySelector('main')?.dataset.window === '30d'")
            pairs = set(await opened.page.evaluate("[...window.pairs]"))
            assert {"30d undefined", "30d 30d"} <= pairs <= {"24h 24h", "30d undefined", "30d 30d"}

    async def test_a_team_that_is_not_there_is_told(self, browser: Browser, desk: House) -> None:
        async with window(browser) as opened:
            await opened.open(f"{desk.url}/?team=nobody")
            await opened.until("document.querySelector('.unknown')?.innerText.includes('nobody')")
            assert "nobody" == await opened.page.input_value("select[name=team]")

    async def test_tiles_are_chosen_by_the_address(self, browser: Browser, desk: House) -> None:
        async with window(browser) as opened:
            await show(opened, f"{desk.url}/?heroes=csat,first_response,nps&tiles=open,reopen&kiosk=1")
            names = "all => all.map(e => e.dataset.tile)"
            assert ["csat", "first_response", "nps"] == await opened.page.locator(".heroes > *").evaluate_all(
                names
            )
            assert ["open", "reopen"] == await opened.page.locator(".tiles > *").evaluate_all(names)
            assert 0 == await opened.page.locator(".everything").count()

    @pytest.mark.parametrize(
        ("system", "wanted", "ground"),
        [
            ("light", "", "rgb(236, 238, 241)"),
            ("dark", "", "rgb(11, 14, 19)"),
            ("dark", "?theme=light", "rgb(236, 238, 241)"),
        ],
    )
    async def test_the_theme_is_the_systems_unless_chosen(
        self, browser: Browser, desk: House, system: str, wanted: str, ground: str
    ) -> None:
        async with window(browser, color_scheme=system) as opened:
            await show(opened, f"{desk.url}/{wanted}")
            assert ground == await opened.page.evaluate(
                "getComputedStyle(document.documentElement).backgroundColor"
            )


class TestLanguages:
    @pytest.mark.parametrize(
        ("locale", "words", "decimal"),
        [
            ("es-ES", ("Primera respuesta", "En vivo"), ","),
            ("es-MX", ("Primera respuesta", "En vivo"), "."),
            ("en-GB", ("First response", "Live"), "."),
            ("fr-FR", ("First response", "Live"), "."),
        ],
    )
    async def test_the_browsers_language_is_spoken(
        self, browser: Browser, desk: House, locale: str, words: tuple[str, str], decimal: str
    ) -> None:
        label, state = words
        async with window(browser, locale=locale) as opened:
            await show(opened, desk.url)
            tile = await opened.tile("first_response")
            assert tile["text"].startswith(label)
            assert state in await opened.page.locator(".fresh").inner_text()
            csat = await opened.tile("csat")
            per_cent = f"{100 * float(csat['value']):.1f}".replace(".", decimal)
            assert per_cent in csat["text"]
            spoken = "es" if locale.startswith("es") else "en"
            assert (await opened.page.get_attribute("html", "lang") or "").startswith(spoken)

    async def test_another_language_can_be_chosen(self, browser: Browser, desk: House) -> None:
        async with window(browser) as opened:
            await show(opened, desk.url)
            await opened.page.click("summary")
            await opened.page.select_option("select[name=lang]", "es-ES")
            await opened.until("document.querySelector('.fresh').innerText.includes('En vivo')")
            assert "lang=es-ES" in opened.page.url
            assert "Mesa de soporte \u00b7 deskpulse" == await opened.page.title()


class TestEverybody:
    async def test_the_keyboard_reaches_everything(self, browser: Browser, desk: House) -> None:
        async with window(browser) as opened:
            await show(opened, desk.url)
            reached = []
            for _ in range(9):
                await opened.page.keyboard.press("Tab")
                reached.append(
                    await opened.page.evaluate(
                        "document.activeElement.name ?? document.activeElement.className ?? "
                        "document.activeElement.tagName"
                    )
                )
                outlined = await opened.page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
                assert "none" != outlined or "everything" == reached[-1]
            assert ["team", "window"] == [name for name in reached if name in ("team", "window")]
            assert "everything" in reached
            await opened.page.focus("select[name=window]")
            await opened.page.keyboard.press("ArrowUp")
            await opened.until("document.querySelector('main')?.dataset.window === '8h'")

    async def test_a_screen_reader_is_told_changes_of_state_and_not_every_second(
        self, browser: Browser, desk: House
    ) -> None:
        async with window(browser) as opened:
            await show(opened, desk.url)
            count = """() => { window.told = 0; new MutationObserver(() => window.told++).observe(
              document.getElementById('announcer'),
              {childList: true, characterData: true, subtree: true}) }"""
            await opened.page.evaluate(count)
            try:
                desk.status = all_read(1, silent_seconds=12.0)
                await opened.state("stale")
                assert "STALE: Kafka does not answer the exporter." == await opened.page.inner_text(
                    "#announcer"
                )
                first = await opened.page.inner_text(".banner-title")
                desk.status = all_read(1, silent_seconds=75.0)
                await opened.until(
                    "text => document.querySelector('.banner-title').innerText !== text", first
                )
                assert 1 == await opened.page.evaluate("window.told")
            finally:
                desk.status = all_read(1)

    @pytest.mark.parametrize("size", ["hd", "phone"])
    @pytest.mark.parametrize("theme", ["dark", "light"])
    async def test_axe_finds_nothing_serious(
        self, browser: Browser, desk: House, theme: str, size: str
    ) -> None:
        async with window(browser, size) as opened:
            await show(opened, f"{desk.url}/?theme={theme}")
            assert [] == await serious(opened.page)
            try:
                desk.status = all_read(1, silent_seconds=75.0)
                await opened.state("stale")
                assert [] == await serious(opened.page)
            finally:
                desk.status = all_read(1)

    async def test_axe_can_find_something(self, browser: Browser, desk: House) -> None:
        async with window(browser) as opened:
            await show(opened, desk.url)
            await opened.page.evaluate(
                "document.querySelector('select').closest('label').replaceWith(document.querySelector('select'))"
            )
            assert ["select-name"] == await serious(opened.page)


async def serious(page: Page) -> list[str]:
    """Rules of axe-core that are broken with serious or critical impact."""
    if not AXE.is_file():
        pytest.fail("axe-core is missing: make e2e-wall installs it (npm ci in wall/)")
    await page.evaluate(AXE.read_text(encoding="utf-8"))
    answer: dict[str, Any] = await page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    assert answer["testEngine"]["name"] == "axe-core"
    assert len(answer["passes"]) > 10, "it looked at the page"
    return [one["id"] for one in answer["violations"] if one["impact"] in ("serious", "critical")]


class TestHostileInput:
    async def test_names_are_text_and_nothing_else(self, browser: Browser) -> None:
        name = "<img src=x onerror=\"document.title='owned'\">"
        async with house() as own, window(browser) as opened:
            for number in range(12):
                await own.created(f"T{number}", team=name)
            await show(opened, own.url)
            await opened.page.select_option("select[name=team]", name)
            await opened.until("name => document.querySelector('main')?.dataset.team === name", name)
            assert 0 == await opened.page.locator("img").count()
            assert "Support desk \u00b7 deskpulse" == await opened.page.title()

    async def test_a_link_of_an_event_leads_to_the_web_or_nowhere(self, browser: Browser) -> None:
        links = ("javascript:document.title='owned'", "https://desk.example/T-1")
        async with at_risk(browser, show_tickets=True, links=links, query="?team=technical", busy=False) as (
            _,
            opened,
        ):
            assert {"https://desk.example/T-1"} == set(
                await opened.page.locator(".risk a").evaluate_all("all => all.map(a => a.href)")
            )


class TestAtRisk:
    async def test_without_a_policy_there_is_no_list(self, browser: Browser, desk: House) -> None:
        async with window(browser) as opened:
            await show(opened, desk.url)
            assert 0 == await opened.page.locator(".risk").count()
            assert 0 == await opened.page.locator("[data-tile^=sla]").count()

    async def test_names_of_tickets_do_not_even_reach_the_browser_unless_switched_on(
        self, browser: Browser
    ) -> None:
        async with at_risk(
            browser, links=("https://desk.example/T-0", None, None), query="?team=technical", busy=False
        ) as (own, opened):
            text = await opened.page.inner_text(".risk li")
            assert text.startswith("3 technical, high, first reply"), (
                "how many, and when the first of them is due, are two things"
            )
            assert "next in" in text
            assert 0 == await opened.page.locator(".risk a").count()
            told = await (await opened.page.request.get(f"{own.url}/api/wall?team=technical")).text()
            assert "T-0" not in told
            assert "desk.example" not in told

    async def test_switched_on_they_are(self, browser: Browser) -> None:
        links, query = ("https://desk.example/T-0", None), "?team=technical&lang=es-ES"
        async with at_risk(browser, show_tickets=True, links=links, query=query, busy=False) as (_, opened):
            assert "T-0 technical, high, primera respuesta" in await opened.page.inner_text(".risk")

    async def test_however_long_the_name_of_a_ticket_when_it_is_due_can_be_read(
        self, browser: Browser
    ) -> None:
        async with at_risk(
            browser, show_tickets=True, links=(None,), query="?team=technical", busy=False
        ) as (own, opened):
            long = 100 * "9"
            await own.created(long, team="technical", channel="email", at_ms=own.clock() - 29 * MINUTE_MS)
            await opened.until("long => document.querySelector('.risk li').innerText.startsWith(long)", long)
            places = (
                "all => all.map(e => [e.lastElementChild.getBoundingClientRect().right, "
                "e.getBoundingClientRect().right])"
            )
            for right, edge in await opened.page.locator(".risk li").evaluate_all(places):
                assert right <= edge

    @pytest.mark.parametrize(("team", "clock"), [("technical", "calendar"), ("billing", "business")])
    async def test_by_which_clock_a_team_works_is_said(self, browser: Browser, team: str, clock: str) -> None:
        """In the demo's policy the technical team works around the clock."""
        label, of_an_age = {"calendar": ("24/7", "24/7"), "business": ("work hours", "work time")}[clock]
        async with at_risk(browser, links=(None,), query="?window=7d&heroes=first_response") as (own, opened):
            await own.created("T-own", team=team, channel="email", at_ms=own.clock() - 20 * MINUTE_MS)
            assert " of " in (await opened.tile("first_response"))["text"], (
                "of all teams only a part has work hours"
            )
            await show(opened, f"{own.url}/?window=7d&team={team}&heroes=first_response")
            text = (await opened.tile("first_response"))["text"]
            assert text.startswith(f"First response \u00b7 {label}")
            assert team != "technical" or " of " not in text
            assert of_an_age in (await opened.tile("unanswered"))["text"]
            told = (
                await (await opened.page.request.get(f"{own.url}/api/wall?window=7d&team={team}")).json()
            )["wall"]
            assert (
                clock
                == told["clock"]
                == next(one["clock"] for one in told["tiles"] if one["id"] == "first_response")
            )

    async def test_attainment_has_its_objective_and_no_verdict_of_its_own(self, browser: Browser) -> None:
        """Of a day the test of worst now says nothing, so nothing is said."""
        async with at_risk(browser, query="?heroes=sla_first_reply") as (_, opened):
            tile = await opened.tile("sla_first_reply")
            assert "plain" == tile["band"]
            assert "objective 90%" in tile["text"]
            rows = opened.page.locator("[data-deadlines]")
            assert ["first_reply", "next_reply", "resolution"] == await rows.evaluate_all(
                "all => all.map(row => row.dataset.deadlines)"
            )
            assert ["first reply", "next reply", "resolution"] == await rows.locator("th").all_inner_texts()

    async def test_overdue_replies_stand_beside_next_ones_and_resolutions(self, browser: Browser) -> None:
        async with at_risk(browser, query="?tiles=overdue") as (_, opened):
            told = await opened.page.locator("[data-tile=overdue] .lines p").last.inner_text()
            assert re.fullmatch(r"0 next\s+\d+ resolutions?", told)

    async def test_a_deadline_that_came_with_a_ticket_is_called_its_own(self, browser: Browser) -> None:
        async with at_risk(
            browser, show_tickets=True, links=(None,), query="?team=technical", busy=False
        ) as (own, opened):
            due = {"first_reply_due": own.clock() + 5 * MINUTE_MS}
            dims = {"customer_id": "C", "team": "technical", "channel": "email", "priority": "high"}
            await own.send(
                "ticket-created", "T-own", own.clock() - MINUTE_MS, ticket_id="T-own", **dims, **due
            )
            line = opened.page.locator(".risk li[data-deadline-of=ticket]")
            assert "T-own technical, high, first reply, own deadline" in await line.inner_text()
            others = opened.page.locator(".risk li[data-deadline-of=policy]")
            assert "own deadline" not in await others.first.inner_text()

    async def test_who_waits_again_stands_beside_the_unanswered_and_in_a_column(
        self, browser: Browser
    ) -> None:
        """T-0 is unanswered; the customer of T-again had a reply and wrote again."""
        async with at_risk(browser, links=(None,), busy=False) as (own, opened):
            await own.created("T-again", team="billing", at_ms=own.clock() - 9 * MINUTE_MS)
            for minutes, change in ((8, "replied"), (5, "customer_replied")):
                at_ms = own.clock() - minutes * MINUTE_MS
                await own.send("ticket-changed", "T-again", at_ms, ticket_id="T-again", change=change)
            await show(opened, f"{own.url}/?tiles=unanswered,waiting")
            await opened.until("document.querySelector('[data-tile=waiting]')?.dataset.value === '2'")
            assert "1 wait again" in (await opened.tile("unanswered"))["text"]
            cells = opened.page.locator("[data-team=billing] [data-column=waiting]")
            assert "1" == await cells.inner_text()


class TestTheLine:
    async def test_an_exporter_that_ends_makes_the_page_stale_and_one_that_returns_makes_it_live(
        self, browser: Browser
    ) -> None:
        async with window(browser, expected=GONE) as opened:
            async with house() as own:
                await own.created("T1")
                await opened.open(own.url)
                await opened.live()
                port = int(own.url.rpartition(":")[2])
            await opened.state("stale")
            assert "The exporter does not answer" in await opened.page.inner_text(".banner")
            assert (await opened.page.title()).startswith("STALE")
            async with house(port=port) as own:
                await own.created("T1")
                await own.created("T2")
                await opened.live()
                await opened.until("document.querySelector('[data-tile=unanswered]').dataset.value === '2'")

    async def test_a_new_version_of_the_page_is_taken_over_once(
        self, browser: Browser, desk: House, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async with window(browser) as opened:
            await show(opened, desk.url)
            loads: list[str] = []
            opened.page.on("framenavigated", lambda frame: loads.append(frame.url))
            monkeypatch.setattr(build, "VERSION", "another")
            await until(lambda: loads, what="the reload")
            await opened.live()
            monkeypatch.undo()
            await opened.until("sessionStorage.getItem('deskpulse-reloaded') === 'another'")

    async def test_too_many_screens_wait_and_say_so(self, browser: Browser) -> None:
        async with (
            house(wall=replace(WALL, most_screens=1)) as own,
            window(browser) as first,
            window(browser, expected=GONE) as second,
        ):
            await first.open(own.url)
            await first.live()
            await second.open(own.url)
            await second.until(
                "document.querySelector('.banner')?.innerText.includes('reached its limit of screens')",
                seconds=90,
            )
            await first.page.close()
            await second.live(90)

    async def test_a_proxy_may_put_a_path_before_it(self, browser: Browser, desk: House) -> None:
        async def stripped(route: Route) -> None:
            await route.continue_(url=route.request.url.replace("/desk/", "/"))

        async with window(browser) as opened:
            await opened.page.route("**/desk/**", stripped)
            await show(opened, f"{desk.url}/desk/?window=1h")
            await opened.page.select_option("select[name=window]", "8h")
            await opened.until("document.querySelector('main')?.dataset.window === '8h'")
            assert f"{desk.url}/desk/?window=8h" == opened.page.url

    async def test_a_screen_that_leaves_is_forgotten(self, browser: Browser) -> None:
        async with house() as own:
            async with window(browser) as opened:
                await opened.open(own.url)
                await opened.live()
                assert own.screens is not None
                assert 1 == own.screens.count
            await until(lambda: own.screens and not own.screens.count, what="the end of the stream")
