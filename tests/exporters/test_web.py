"""The pages over HTTP: formats, probes, the API, the wall and its files."""

import asyncio
import json
import logging
import re
from typing import Any

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text

from exporters.config import WallRules
from exporters.reading.keeper import ViewKeeper
from exporters.reading.status import LogSpan, ReaderStatus
from exporters.reading.workers import Workers
from kpis.ledger.shared import Differing
from tests.exporters.desk import all_read
from tests.exporters.pages import Open, text_of

PROMETHEUS_2_42 = (
    "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
    "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
)


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
