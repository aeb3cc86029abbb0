"""The pages over HTTP: formats, probes, log-in, headers."""

import asyncio
import base64
import gzip
import json
import logging
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest
from aiohttp import ClientResponse
from aiohttp.test_utils import TestClient, TestServer
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text

from deskpulse.clocks import EXPORTER
from exporters.config import ExporterConfig, WallRules
from exporters.reading.keeper import ViewKeeper
from exporters.reading.status import LogSpan, ReaderStatus
from exporters.reading.workers import Workers
from exporters.web.access import HEADERS
from exporters.web.app import new_app
from exporters.web.session import COOKIE, RENEW_SECONDS, Sessions
from kpis.ledger.shared import Differing
from tests.exporters.desk import RULES, a_morning, all_read, at

PROMETHEUS_2_42 = (
    "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
    "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
)
Client = TestClient[Any, Any]
Open = Callable[..., Awaitable[Client]]


@pytest.fixture
async def open_pages() -> AsyncIterator[Open]:
    """Opens the pages over the morning's desk; a status may be given, and settings of the door."""
    async with AsyncExitStack() as stack:

        async def open_(status: ReaderStatus | None = None, **settings: Any) -> Client:
            keeper = ViewKeeper(RULES, elapsed=EXPORTER.elapsed, now_ms=lambda: at("11:00"))
            await keeper.apply(0, a_morning().rows())
            config = ExporterConfig(time=EXPORTER, kafka={}, view_rules=RULES, **settings)
            client = TestClient(
                TestServer(new_app(config, keeper, lambda: status or all_read(1))), auto_decompress=False
            )
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
        response = await (await open_pages()).get(
            "/metrics", headers={"Accept": PROMETHEUS_2_42, "Accept-Encoding": "gzip"}
        )
        assert "application/openmetrics-text; version=1.0.0" in response.headers["Content-Type"]
        assert "gzip" == response.headers["Content-Encoding"]
        families = {family.name: family.type for family in parse_openmetrics(await text_of(response))}  # type: ignore[no-untyped-call]
        assert "gaugehistogram" == families["support_first_response_seconds"]

    async def test_without_the_whole_ledger_there_are_no_figures(self, open_pages: Open) -> None:
        text = await text_of(await (await open_pages(ReaderStatus(expected=2))).get("/metrics"))
        assert "support_" not in text
        assert 'deskpulse_exporter_ready{desk="deskpulse"} 0.0' in text

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
        assert 'deskpulse_exporter_up{desk="deskpulse"} 0.0' in await text_of(response)
        assert "could not be computed" in caplog.text

    @pytest.mark.parametrize("accept", ["", PROMETHEUS_2_42], ids=["text", "openmetrics"])
    async def test_every_series_has_the_desk_before_all_other_labels(
        self, open_pages: Open, accept: str
    ) -> None:
        response = await (await open_pages(desk='the "big" one')).get("/metrics", headers={"Accept": accept})
        series = [line for line in (await text_of(response)).splitlines() if not line.startswith("#")]
        assert 100 < len(series)
        assert [] == [line for line in series if re.match(r'\w+\{desk="the \\"big\\" one"[,}]', line) is None]

    async def test_scrapes_at_the_same_time_agree(self, open_pages: Open) -> None:
        client = await open_pages()
        texts = await asyncio.gather(
            *(
                text_of(response)
                for response in await asyncio.gather(*(client.get("/metrics") for _ in range(4)))
            )
        )
        figures = {
            "\n".join(line for line in text.splitlines() if line.startswith("support_")) for text in texts
        }
        assert 1 == len(figures)

    async def test_every_answer_of_the_api_names_the_desk(self, open_pages: Open) -> None:
        client = await open_pages(desk="eu", wall=WallRules(desk="eu"))
        for path in ("/api/kpis", "/api/at-risk", "/api/quality", "/readyz"):
            assert "eu" == json.loads(await text_of(await client.get(path)))["desk"], path
        assert "eu" == json.loads(await text_of(await client.get("/api/wall")))["wall"]["desk"]


class TestProbes:
    async def test_alive_is_alive(self, open_pages: Open) -> None:
        response = await (await open_pages(ReaderStatus())).get("/healthz")
        assert (200, "ok\n") == (response.status, await response.text())

    async def test_ready_when_all_is_read(self, open_pages: Open) -> None:
        response = await (await open_pages()).get("/readyz")
        partitions = {"expected": 1, "read": 1, "owned": None, "recovering": None}
        body = {
            "desk": "deskpulse",
            "ready": True,
            "complete": True,
            "reasons": [],
            "hidden": [],
            "settings": [],
            "partitions": partitions,
        }
        assert (200, body) == (response.status, await response.json())

    async def test_not_ready_says_why(self, open_pages: Open) -> None:
        response = await (await open_pages(ReaderStatus(expected=2))).get("/readyz")
        why = ["reading the ledger: 0 of 2 partitions are read to their end"]
        partitions = {"expected": 2, "read": 0, "owned": None, "recovering": None}
        body = {
            "desk": "deskpulse",
            "ready": False,
            "complete": False,
            "reasons": why,
            "hidden": [],
            "settings": [],
            "partitions": partitions,
        }
        assert (503, body) == (response.status, await response.json())

    async def test_settings_that_are_not_the_ledger_s_are_told_and_the_figures_stay(
        self, open_pages: Open
    ) -> None:
        differs = Differing("desk.time_zone", "Asia/Tokyo", "UTC")
        body = await (await (await open_pages(all_read(1, settings=(differs,)))).get("/readyz")).json()
        assert ["desk.time_zone is Asia/Tokyo here and UTC in the ledger"] == body["settings"]
        assert (True, True) == (body["ready"], body["complete"])

    async def test_a_ledger_that_nobody_works_on_is_ready_and_incomplete(self, open_pages: Open) -> None:
        """A probe must not take the exporter away for it.

        It shows what there is, and says what is missing.
        """
        waiting = {("survey", 0): LogSpan(0, 9, 0, 40.0)}
        response = await (await open_pages(all_read(1, sources=waiting, workers=Workers()))).get("/readyz")
        body = await response.json()
        assert (200, True, False) == (response.status, body["ready"], body["complete"])
        assert ["partition 0: records of survey have waited for 40 s; no worker owns it"] == body["reasons"]
        assert {"expected": 1, "read": 1, "owned": 0, "recovering": 0} == body["partitions"]


class TestApi:
    async def ask(
        self, open_pages: Open, query: str = "", status: ReaderStatus | None = None
    ) -> dict[str, Any]:
        answer: dict[str, Any] = json.loads(
            await text_of(await (await open_pages(status)).get(f"/api/kpis{query}"))
        )
        return answer

    async def test_figures_have_value_and_n(self, open_pages: Open) -> None:
        answer = await self.ask(open_pages)
        assert ("2026-03-02T11:00:00.000Z", "2026-03-02T10:42:00.000Z") == (
            answer["as_of"],
            answer["watermark"],
        )
        wanted = {
            "name": "support_first_response_mean_seconds",
            "window": "1h",
            "period": "current",
            "by": "all",
            "member": "all",
        }
        assert {**wanted, "clock": "calendar", "value": 300.0, "n": 1} in answer["figures"]
        assert {
            "name": "support_unanswered_tickets",
            "by": "team",
            "member": "sales",
            "value": 1.0,
            "n": 1,
        } in answer["live"]

    async def test_a_query_keeps_some(self, open_pages: Open) -> None:
        answer = await self.ask(
            open_pages, "?window=1h,24h&by=team&by=all&period=current&name=support_tickets"
        )
        found = {(figure["window"], figure["by"], figure["member"]) for figure in answer["figures"]}
        assert {
            (window, *who)
            for window in ("1h", "24h")
            for who in (("all", "all"), ("team", "billing"), ("team", "sales"))
        } == found

    async def test_before_the_ledger_is_read_it_says_so(self, open_pages: Open) -> None:
        answer = await self.ask(open_pages, status=ReaderStatus(expected=2))
        assert (None, [], False) == (answer["as_of"], answer["figures"], answer["complete"])
        assert 1 == len(answer["reasons"])


class TestWall:
    async def ask(self, open_pages: Open, query: str = "") -> tuple[int, dict[str, Any]]:
        response = await (await open_pages()).get(
            f"/api/wall{query}", headers={"Accept-Encoding": "identity"}
        )
        return response.status, await response.json()

    async def test_the_default_is_everything_of_a_day_against_a_week_ago(self, open_pages: Open) -> None:
        status, answer = await self.ask(open_pages)
        assert (200, "24h", None, "week_ago") == (
            status,
            *(answer["wall"][name] for name in ("window", "team", "period")),
        )
        assert answer["pulse"]["good"]

    async def test_a_choice_is_asked_for_by_parameters(self, open_pages: Open) -> None:
        _, answer = await self.ask(open_pages, "?window=1h&team=billing&compare=previous")
        wall = answer["wall"]
        assert ("1h", "billing", "previous", True) == (
            wall["window"],
            wall["team"],
            wall["period"],
            wall["known"],
        )
        assert {"open": 0, "unanswered": 0}.items() <= wall["live"].items()

    @pytest.mark.parametrize(
        ("query", "told"),
        [
            ("?window=2h", "window '2h': expected one of 15m, 1h, 8h, 24h, today, 7d, 30d"),
            ("?compare=ever", "compare 'ever': expected one of auto, previous, week_ago"),
            ("?team=" + 129 * "x", "team: longer than 128 characters"),
        ],
    )
    @pytest.mark.parametrize("path", ["/api/wall", "/api/stream"])
    async def test_what_cannot_be_is_refused(
        self, open_pages: Open, path: str, query: str, told: str
    ) -> None:
        response = await (await open_pages()).get(path + query)
        assert (400, {"error": told}) == (response.status, await response.json())


class TestPage:
    @pytest.mark.parametrize(
        ("path", "kind"),
        [
            ("/", "text/html"),
            ("/login", "text/html"),
            ("/assets/wall.css", "text/css"),
            ("/assets/wall.js", "text/javascript"),
            ("/assets/inter.woff2", "font/woff2"),
            ("/assets/LICENSES.txt", "text/plain"),
        ],
    )
    async def test_assets_are_shipped(self, open_pages: Open, path: str, kind: str) -> None:
        response = await (await open_pages()).get(path)
        assert (200, kind) == (response.status, response.content_type)
        assert len(await response.read()) > 300

    async def test_a_browser_that_has_a_file_is_not_sent_it_again(self, open_pages: Open) -> None:
        client = await open_pages()
        etag = (await client.get("/assets/wall.js")).headers["ETag"]
        response = await client.get("/assets/wall.js", headers={"If-None-Match": etag})
        assert (304, b"", etag) == (response.status, await response.read(), response.headers["ETag"])
        assert 200 == (await client.get("/assets/wall.js", headers={"If-None-Match": '"another"'})).status


def basic(login: str) -> str:
    return "Basic " + base64.b64encode(login.encode()).decode()


class TestDoor:
    @pytest.mark.parametrize(
        "path",
        [
            "/",
            "/metrics",
            "/api/kpis",
            "/api/quality",
            "/quality",
            "/api/wall",
            "/api/stream",
            "/api/openapi.json",
            "/nowhere",
        ],
    )
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

    @pytest.mark.parametrize(
        "path", ["/", "/assets/wall.js", "/metrics", "/readyz", "/api/wall?window=1", "/nowhere"]
    )
    async def test_every_answer_carries_the_headers_and_no_banner(self, open_pages: Open, path: str) -> None:
        response = await (await open_pages()).get(path)
        assert HEADERS.items() <= dict(response.headers).items()
        assert "Server" not in response.headers

    @pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
    @pytest.mark.parametrize("path", ["/", "/metrics", "/api/kpis", "/api/stream"])
    async def test_reading_is_all_that_can_be_done(self, open_pages: Open, method: str, path: str) -> None:
        assert 405 == (await (await open_pages()).request(method, path)).status

    async def test_who_tried_with_something_wrong_is_counted_and_not_who_is_yet_to_be_asked(
        self, open_pages: Open
    ) -> None:
        client = await open_pages(bearer_token="open-sesame", basic_auth=("wall", "pass"))
        right = {"Authorization": "Bearer open-sesame"}
        assert (0, 0) == await refusals(client, right)
        await client.get("/metrics")
        await client.get("/healthz", headers={"Authorization": "Bearer wrong"})
        assert (0, 0) == await refusals(client, right)
        await client.get("/metrics", headers={"Authorization": "Bearer wrong"})
        await client.get("/", headers={"Authorization": basic("wall:wrong")})
        await client.post("/login", data=b"wrong")
        assert (3, 0) == await refusals(client, right)

    async def test_bytes_that_are_no_text_open_nothing(self, open_pages: Open) -> None:
        client = await open_pages(bearer_token="open-sesame")
        for header in ("Authorization", "Cookie"):
            response = await client.get(
                "/metrics",
                headers={
                    header: "Bearer \udcff\udcfe" if header == "Authorization" else f"{COOKIE}=1.\udcff"
                },
            )
            assert 401 == response.status


async def refusals(client: Client, headers: dict[str, str]) -> tuple[float, float]:
    """For a log-in and for a host, as exported."""
    families = parse_text(await text_of(await client.get("/metrics", headers=headers)))
    counts = {
        sample.labels["reason"]: sample.value
        for family in families
        if family.name == "deskpulse_requests_refused"
        for sample in family.samples
    }
    return counts["login"], counts["host"]


class TestTheNameItIsCalledBy:
    """A page of evil.example may have its name resolve to 127.0.0.1; the browser then sends that name."""

    FOREIGN = (
        "evil.example",
        "evil.example:9108",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "localhost@evil.example",
        "2130706433",
        "",
    )
    OWN = (
        "localhost",
        "LocalHost:9108",
        "localhost.",
        "127.0.0.1",
        "127.0.0.1:9108",
        "[::1]",
        "[::1]:9108",
        "192.0.2.7:9108",
    )

    @pytest.mark.parametrize("name", FOREIGN)
    @pytest.mark.parametrize("path", ["/", "/metrics", "/api/wall", "/api/stream", "/login", "/nowhere"])
    async def test_a_foreign_name_is_told_nothing_but_the_setting(
        self, open_pages: Open, name: str, path: str
    ) -> None:
        response = await (await open_pages()).get(path, headers={"Host": name})
        assert 421 == response.status
        assert "DESKPULSE_EXPORTER__ALLOWED_HOSTS" in await response.text()

    @pytest.mark.parametrize("name", OWN)
    async def test_its_own_names_and_addresses_are_answered(self, open_pages: Open, name: str) -> None:
        assert 200 == (await (await open_pages()).get("/metrics", headers={"Host": name})).status

    async def test_a_proxy_or_scraper_is_let_in_by_a_listed_name(self, open_pages: Open) -> None:
        client = await open_pages(allowed_hosts=("Desk.example", "fd00::7"))
        found = {
            name: (await client.get("/metrics", headers={"Host": name})).status
            for name in ("desk.example:443", "[fd00::7]", "a.example")
        }
        assert {"desk.example:443": 200, "[fd00::7]": 200, "a.example": 421} == found

    @pytest.mark.parametrize(
        ("settings", "status"),
        [
            ({"host": "192.0.2.1", "insecure_listen": True}, 200),  # whoever can reach it may read it
            ({"host": "192.0.2.1", "insecure_listen": True, "allowed_hosts": ("exporter",)}, 421),
            ({"bearer_token": "open-sesame"}, 401),  # the page of another has no token
            ({"bearer_token": "open-sesame", "allowed_hosts": ("exporter",)}, 421),
        ],
    )
    async def test_it_is_checked_where_nothing_else_keeps_a_page_out_or_names_are_listed(
        self, open_pages: Open, settings: dict[str, Any], status: int
    ) -> None:
        assert (
            status
            == (await (await open_pages(**settings)).get("/metrics", headers={"Host": "evil.example"})).status
        )

    async def test_probes_answer_to_any_name_and_the_refused_are_counted(self, open_pages: Open) -> None:
        client = await open_pages()
        foreign = {"Host": "evil.example"}
        assert [200, 200] == [
            (await client.get(path, headers=foreign)).status for path in ("/healthz", "/readyz")
        ]
        await client.get("/metrics", headers=foreign)
        assert (0, 1) == await refusals(client, {})


class TestLogInOfBrowsers:
    """An address bar and an EventSource send no token, so a cookie stands in for it."""

    async def log_in(self, client: Client, token: str) -> ClientResponse:
        return await client.post("/login", data=token)

    async def test_a_browser_is_asked_for_the_token(self, open_pages: Open) -> None:
        client = await open_pages(bearer_token="open-sesame")
        response = await client.get("/?window=1h", headers={"Accept": "text/html,*/*"})
        text = await response.text()
        assert (401, "text/html") == (response.status, response.content_type)
        assert 'src="assets/login.js"' in text
        assert 200 == (await client.get("/assets/login.js")).status

    async def test_a_password_is_asked_for_by_the_browser_itself(self, open_pages: Open) -> None:
        client = await open_pages(basic_auth=("wall", "pass"))
        response = await client.get("/", headers={"Accept": "text/html"})
        assert (401, "text/plain", 'Basic realm="deskpulse", charset="UTF-8"') == (
            response.status,
            response.content_type,
            response.headers["WWW-Authenticate"],
        )
        assert 404 == (await self.log_in(client, "pass")).status

    async def test_the_token_gives_a_cookie_and_the_cookie_opens_everything(self, open_pages: Open) -> None:
        client = await open_pages(bearer_token="open-sesame")
        response = await self.log_in(client, "open-sesame\n")
        assert 204 == response.status
        cookie = response.headers["Set-Cookie"]
        assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= {part.strip() for part in cookie.split(";")}
        for path in ("/", "/metrics", "/api/kpis", "/api/wall"):
            assert 200 == (await client.get(path)).status

    @pytest.mark.parametrize("token", ["", "open-sesam", "open-sesame2", 2000 * "x"])
    async def test_a_wrong_token_gives_nothing(self, open_pages: Open, token: str) -> None:
        client = await open_pages(bearer_token="open-sesame")
        response = await self.log_in(client, token)
        assert response.status in (401, 413)
        assert "Set-Cookie" not in response.headers
        assert 401 == (await client.get("/metrics")).status

    async def test_a_cookie_of_yesterday_is_renewed_also_by_a_stream(self, open_pages: Open) -> None:
        config = ExporterConfig(time=EXPORTER, kafka={}, view_rules=RULES, bearer_token="open-sesame")
        old = Sessions(config).make(EXPORTER.now_ms() // 1000 - RENEW_SECONDS - 60)
        client = await open_pages(bearer_token="open-sesame")
        for path in ("/api/wall", "/api/stream"):
            async with client.get(path, headers={"Cookie": f"{COOKIE}={old}"}) as response:
                assert (200, True) == (response.status, COOKIE in response.headers.get("Set-Cookie", ""))
            client.session.cookie_jar.clear()
        async with client.get(
            "/api/wall", headers={"Cookie": f"{COOKIE}={Sessions(config).make(EXPORTER.now_ms() // 1000)}"}
        ) as response:
            assert (200, False) == (response.status, "Set-Cookie" in response.headers)
