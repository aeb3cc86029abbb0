"""Logging in with a real browser.

A token comes by the log-in page or the address, a password by the browser's own question; over TLS.
"""

from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser

from deskpulse.lab.brokers.tls import make_certificates
from exporters.web.session import COOKIE
from tests.browser.chromium import GONE, window
from tests.browser.house import house
from tests.browser.test_page import serious

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
TOKEN = "0123456789abcdef"
REFUSED = (*GONE, "401")


async def test_the_token_is_asked_for_once_and_the_stream_is_let_in(browser: Browser) -> None:
    async with house(bearer_token=TOKEN) as own, window(browser, expected=REFUSED) as opened:
        page = opened.page
        await own.created("T1")
        await opened.open(f"{own.url}/?window=1h")
        assert [] == await serious(page)
        await opened.shot("login-hd-dark-en-GB")
        await page.fill("#token", "wrong")
        await page.click("button")
        await opened.until("document.getElementById('answer').textContent === 'Wrong token.'")
        await page.fill("#token", TOKEN)
        await page.click("button")
        await opened.live()
        assert f"{own.url}/?window=1h" == page.url
        await opened.until("document.querySelector('[data-tile=unanswered]')?.dataset.value === '1'")
        (cookie,) = await opened.context.cookies()
        assert (COOKIE, True, "Strict", False) == (
            cookie["name"],
            cookie["httpOnly"],
            cookie["sameSite"],
            cookie["secure"],
        )
        assert "" == await page.evaluate("document.cookie"), "no script can read it"
        await page.reload()
        await opened.live()


async def test_a_kiosk_brings_its_token_in_the_address_and_it_is_taken_out(browser: Browser) -> None:
    async with house(bearer_token=TOKEN) as own, window(browser, expected=REFUSED) as opened:
        asked: list[str] = []
        opened.page.on("request", lambda request: asked.append(request.url))
        await opened.open(f"{own.url}/?kiosk=1#token={TOKEN}")
        await opened.live()
        assert f"{own.url}/?kiosk=1" == opened.page.url
        assert not [url for url in asked if TOKEN in url], "the part behind # never leaves the browser"


async def test_a_session_that_ends_leads_to_the_log_in(browser: Browser) -> None:
    async with house(bearer_token=TOKEN) as own, window(browser, expected=REFUSED) as opened:
        await opened.open(f"{own.url}/#token={TOKEN}")
        await opened.live()
        port = int(own.url.rpartition(":")[2])
        await opened.context.clear_cookies()
        assert own.screens is not None
        await own.screens.close()
        await opened.page.wait_for_selector("#token", timeout=60_000)
        assert port


async def test_a_password_is_the_browsers_business(browser: Browser) -> None:
    login = {"username": "wall", "password": "p:ss"}
    async with house(basic_auth=("wall", "p:ss")) as own, window(browser, http_credentials=login) as opened:
        await opened.open(own.url)
        await opened.live()


async def test_a_password_in_the_address_of_a_kiosk_works_too(browser: Browser) -> None:
    """Chromium refuses to fetch anything relative to such an address, so the page must not."""
    async with house(basic_auth=("wall", "pass")) as own, window(browser, expected=REFUSED) as opened:
        await own.created("T1")
        await opened.open(own.url.replace("http://", "http://wall:pass@"))
        await opened.live()
        assert own.screens is not None
        await own.screens.close()  # the next attempt asks by an ordinary request first
        await opened.state("stale")


async def test_over_tls_the_cookie_is_for_tls_alone(browser: Browser, tmp_path: Path) -> None:
    make_certificates(tmp_path)
    files: dict[str, Any] = {"cert_file": tmp_path / "server.crt", "key_file": tmp_path / "server.key"}
    async with (
        house(bearer_token=TOKEN, **files) as own,
        window(browser, expected=REFUSED, ignore_https_errors=True) as opened,
    ):
        assert own.url.startswith("https://")
        await opened.open(f"{own.url}/#token={TOKEN}")
        await opened.live()
        (cookie,) = await opened.context.cookies()
        assert cookie["secure"]
