"""Access to the pages: log-in by token or password, the names that the server answers to, and headers."""

import base64
from typing import Any

import pytest
from aiohttp import ClientResponse
from prometheus_client.parser import text_string_to_metric_families as parse_text

from deskpulse.clocks import EXPORTER
from exporters.config import ExporterConfig
from exporters.web.access import HEADERS
from exporters.web.session import COOKIE, RENEW_SECONDS, Sessions
from tests.exporters.desk import RULES
from tests.exporters.pages import Client, Open, text_of


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
