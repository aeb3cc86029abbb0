"""The pages over HTTP: formats, probes, log-in, headers."""

import asyncio
import base64
import gzip
import json
import logging
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from importlib import resources
from typing import Any

import pytest
from aiohttp import ClientResponse
from aiohttp.test_utils import TestClient, TestServer
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text

from exporters.clock import ViewKeeper
from exporters.collectors import FAMILIES
from exporters.config import ExporterConfig
from exporters.door import HEADERS
from exporters.status import LogSpan, ReaderStatus
from exporters.web import new_app
from exporters.workers import Workers
from tests.exporters.desk import RULES, a_morning, all_read, at

PROMETHEUS_2_42 = (
    "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
)
Client = TestClient[Any, Any]
Open = Callable[..., Awaitable[Client]]


@pytest.fixture
async def open_pages() -> AsyncIterator[Open]:
    """Opens the pages over the morning's desk; a status may be given, and settings of the door."""
    async with AsyncExitStack() as stack:

        async def open_(status: ReaderStatus | None = None, **settings: Any) -> Client:
            keeper = ViewKeeper(RULES, now_ms=lambda: at("11:00"))
            await keeper.apply(0, a_morning().rows())
            config = ExporterConfig(kafka={}, view_rules=RULES, **settings)
            client = TestClient(TestServer(new_app(config, keeper, lambda: status or all_read(1))), auto_decompress=False)
            return await stack.enter_async_context(client)

        yield open_


async def text_of(response: ClientResponse) -> str:
    body = await response.read()
    return (gzip.decompress(body) if response.headers.get("Content-Encoding") == "gzip" else body).decode()


class TestMetrics:
    async def test_text_is_the_default(self, open_pages: Open) -> None:
        response = await (await open_pages()).get("/metrics", headers={"Accept-Encoding": "identity"})
        assert "text/plain; version=0.0.4; charset=utf-8" == response.headers["Content-Type"]
        names = {family.name for family in parse_text(await text_of(response))}
        assert {"support_tickets", "support_open_tickets", "deskpulse_exporter_up"} <= names

    async def test_prometheus_gets_openmetrics_compressed(self, open_pages: Open) -> None:
        response = await (await open_pages()).get("/metrics", headers={"Accept": PROMETHEUS_2_42, "Accept-Encoding": "gzip"})
        assert "application/openmetrics-text; version=1.0.0" in response.headers["Content-Type"]
        assert "gzip" == response.headers["Content-Encoding"]
        families = {family.name: family.type for family in parse_openmetrics(await text_of(response))}  # type: ignore[no-untyped-call]
        assert "gaugehistogram" == families["support_first_response_seconds"]

    async def test_without_the_whole_ledger_there_are_no_figures(self, open_pages: Open) -> None:
        text = await text_of(await (await open_pages(ReaderStatus(expected=2))).get("/metrics"))
        assert "support_" not in text
        assert "deskpulse_exporter_ready 0.0" in text

    async def test_a_scrape_answers_when_the_figures_cannot_be_computed(
        self, open_pages: Open, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        client = await open_pages()

        async def fails(_: ViewKeeper) -> None:
            raise RuntimeError("no")

        monkeypatch.setattr(ViewKeeper, "view", fails)
        with caplog.at_level(logging.ERROR):
            response = await client.get("/metrics")
        assert 200 == response.status
        assert "deskpulse_exporter_up 0.0" in await text_of(response)
        assert "could not be computed" in caplog.text

    async def test_scrapes_at_the_same_time_agree(self, open_pages: Open) -> None:
        client = await open_pages()
        texts = await asyncio.gather(*(text_of(response) for response in await asyncio.gather(*(client.get("/metrics") for _ in range(4)))))
        figures = {"\n".join(line for line in text.splitlines() if line.startswith("support_")) for text in texts}
        assert 1 == len(figures)


class TestProbes:
    async def test_alive_is_alive(self, open_pages: Open) -> None:
        response = await (await open_pages(ReaderStatus())).get("/healthz")
        assert (200, "ok\n") == (response.status, await response.text())

    async def test_ready_when_all_is_read(self, open_pages: Open) -> None:
        response = await (await open_pages()).get("/readyz")
        partitions = {"expected": 1, "read": 1, "owned": None, "recovering": None}
        body = {"ready": True, "complete": True, "reasons": [], "partitions": partitions}
        assert (200, body) == (response.status, await response.json())

    async def test_not_ready_says_why(self, open_pages: Open) -> None:
        response = await (await open_pages(ReaderStatus(expected=2))).get("/readyz")
        why = ["reading the ledger: 0 of 2 partitions are read to their end"]
        partitions = {"expected": 2, "read": 0, "owned": None, "recovering": None}
        body = {"ready": False, "complete": False, "reasons": why, "partitions": partitions}
        assert (503, body) == (response.status, await response.json())

    async def test_a_ledger_that_nobody_works_on_is_ready_and_incomplete(self, open_pages: Open) -> None:
        """A probe must not take the exporter away for it: it shows what there is, and says what is missing."""
        waiting = {("survey", 0): LogSpan(0, 9, 0, 40.0)}
        response = await (await open_pages(all_read(1, sources=waiting, workers=Workers()))).get("/readyz")
        body = await response.json()
        assert (200, True, False) == (response.status, body["ready"], body["complete"])
        assert ["partition 0: records of survey have waited for 40 s; no worker owns it"] == body["reasons"]
        assert {"expected": 1, "read": 1, "owned": 0, "recovering": 0} == body["partitions"]


class TestApi:
    async def ask(self, open_pages: Open, query: str = "", status: ReaderStatus | None = None) -> dict[str, Any]:
        answer: dict[str, Any] = json.loads(await text_of(await (await open_pages(status)).get(f"/api/kpis{query}")))
        return answer

    async def test_figures_have_value_and_n(self, open_pages: Open) -> None:
        answer = await self.ask(open_pages)
        assert ("2026-03-02T11:00:00.000Z", "2026-03-02T10:42:00.000Z") == (answer["as_of"], answer["watermark"])
        wanted = {"name": "support_first_response_mean_seconds", "window": "1h", "period": "current", "by": "all", "member": "all"}
        assert {**wanted, "clock": "calendar", "value": 300.0, "n": 1} in answer["figures"]
        assert {"name": "support_unanswered_tickets", "by": "team", "member": "sales", "value": 1.0, "n": 1} in answer["live"]

    async def test_a_query_keeps_some(self, open_pages: Open) -> None:
        answer = await self.ask(open_pages, "?window=1h,24h&by=team&by=all&period=current&name=support_tickets")
        found = {(figure["window"], figure["by"], figure["member"]) for figure in answer["figures"]}
        assert {(window, *who) for window in ("1h", "24h") for who in (("all", "all"), ("team", "billing"), ("team", "sales"))} == found

    async def test_before_the_ledger_is_read_it_says_so(self, open_pages: Open) -> None:
        answer = await self.ask(open_pages, status=ReaderStatus(expected=2))
        assert (None, [], False) == (answer["as_of"], answer["figures"], answer["complete"])
        assert 1 == len(answer["reasons"])


class TestPage:
    @pytest.mark.parametrize(("path", "kind"), [("/", "text/html"), ("/page.css", "text/css"), ("/page.js", "text/javascript")])
    async def test_assets_are_shipped(self, open_pages: Open, path: str, kind: str) -> None:
        response = await (await open_pages()).get(path)
        assert (200, kind) == (response.status, response.content_type)

    def test_nothing_is_fetched_from_elsewhere_and_nothing_is_inline(self) -> None:
        """The content security policy would refuse it."""
        page = resources.files("exporters").joinpath("page.html").read_text()
        assert not re.search(r"https?://|<style|style=|\son\w+=|<script(?! src=\"/page\.js\")", page)

    def test_the_page_asks_for_figures_that_exist(self) -> None:
        script = resources.files("exporters").joinpath("page.js").read_text()
        asked = set(re.findall(r"\"(support_\w+)\"", script))
        assert len(asked) > 15
        assert asked <= {family.name for family in FAMILIES}

    def test_text_never_becomes_markup(self) -> None:
        script = resources.files("exporters").joinpath("page.js").read_text()
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", script)


def basic(login: str) -> str:
    return "Basic " + base64.b64encode(login.encode()).decode()


class TestDoor:
    @pytest.mark.parametrize("path", ["/", "/metrics", "/api/kpis", "/page.js", "/nowhere"])
    async def test_without_log_in_nothing_is_told(self, open_pages: Open, path: str) -> None:
        response = await (await open_pages(bearer_token="open sesame")).get(path)
        assert (401, "log in\n", 'Bearer realm="deskpulse"') == (
            response.status,
            await response.text(),
            response.headers["WWW-Authenticate"],
        )

    @pytest.mark.parametrize("path", ["/healthz", "/readyz"])
    async def test_probes_need_no_log_in(self, open_pages: Open, path: str) -> None:
        assert 200 == (await (await open_pages(bearer_token="open sesame")).get(path)).status

    @pytest.mark.parametrize(
        ("header", "status"),
        [
            ("Bearer open-sesame", 200),
            ("bearer open-sesame", 200),
            ("Bearer open-sesam", 401),
            ("Bearer", 401),
            ("Bearer ñ", 401),
            (basic("wall:p:ss"), 200),
            (basic("wall:pass"), 401),
            (basic("wall"), 401),
            ("Basic !!!", 401),
            ("Basic ñ", 401),
            ("Digest open-sesame", 401),
        ],
    )
    async def test_token_or_password_opens(self, open_pages: Open, header: str, status: int) -> None:
        client = await open_pages(bearer_token="open-sesame", basic_auth=("wall", "p:ss"))
        assert status == (await client.get("/metrics", headers={"Authorization": header})).status

    async def test_a_scheme_that_is_not_set_up_opens_nothing(self, open_pages: Open) -> None:
        client = await open_pages(basic_auth=("wall", "pass"))
        assert 401 == (await client.get("/metrics", headers={"Authorization": "Bearer pass"})).status

    @pytest.mark.parametrize("path", ["/", "/metrics", "/readyz", "/nowhere"])
    async def test_every_answer_carries_the_headers_and_no_banner(self, open_pages: Open, path: str) -> None:
        response = await (await open_pages()).get(path)
        assert HEADERS.items() <= dict(response.headers).items()
        assert "Server" not in response.headers

    @pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
    async def test_reading_is_all_that_can_be_done(self, open_pages: Open, method: str) -> None:
        assert 405 == (await (await open_pages()).request(method, "/metrics")).status
