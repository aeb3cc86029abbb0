"""Any name in an address of the exporter and in what Prometheus scrapes.

It finds that team alone, and is read back as it was written.
"""

from __future__ import annotations

import asyncio
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any, Final
from urllib.parse import quote, quote_plus
from zoneinfo import ZoneInfo

import pytest
from aiohttp.test_utils import TestClient, TestServer
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.metrics_core import Metric
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text
from yarl import URL

from deskpulse.clocks import EXPORTER
from exporters.config import ExporterConfig
from exporters.metrics.exposition import encode_openmetrics, encode_text
from exporters.metrics.families import Family
from exporters.metrics.name_families import TEAM, pattern
from exporters.reading.keeper import ViewKeeper
from exporters.web.app import new_app
from kpis.figures.view import ViewRules
from kpis.members import MemberRules
from streams.names import fold
from tests.exporters.desk import all_read
from tests.names.kinds import KINDS, any_name, names_of
from tests.sla.desk import SIMPLE, SlaDesk, at

Client = TestClient[Any, Any]
OPEN: Final = Family("support_open_tickets", "Open tickets.", labels=("by", "member"))
# as they are shown where neither settings nor a policy write them
NAMES: Final = [fold(name) for name in names_of()]


@pytest.fixture(scope="module")
def desk() -> SlaDesk:
    """Each team has one ticket, whose first reply is due at 11:10."""
    found = SlaDesk(SIMPLE)
    for number, name in enumerate(NAMES):
        found.created(f"T{number}", "10:40", team=name)
    return found


@pytest.fixture
async def pages(desk: SlaDesk) -> AsyncIterator[Client]:
    rules = ViewRules(ZoneInfo("UTC"), policy=desk.policy, members=MemberRules(most=len(NAMES) + 1))
    keeper = ViewKeeper(rules, elapsed=EXPORTER.elapsed, now_ms=lambda: at("11:00"))
    await keeper.apply(0, _rows(desk))
    config = ExporterConfig(time=EXPORTER, kafka={}, view_rules=rules)
    async with AsyncExitStack() as stack:
        yield await stack.enter_async_context(
            TestClient(TestServer(new_app(config, keeper, lambda: all_read(1))))
        )


def _rows(desk: SlaDesk, kept: dict[int, Any] = {}) -> Any:  # noqa: B006 - the rows of a desk can be taken once
    if id(desk) not in kept:
        desk.state.advance(())
        kept[id(desk)] = desk.state.take_changes().view
    return kept[id(desk)]


async def asked(pages: Client, path: str) -> Any:
    """The answer to an address as it stands: no client of ours mends it."""
    async with pages.session.get(URL(f"{pages.make_url('/')}{path}", encoded=True)) as response:
        return await response.json()


async def test_an_address_finds_the_team_that_it_names_and_no_other(pages: Client) -> None:
    """As a browser writes it, as Go's `urlquery` does in an alert, and as Grafana does."""
    for number, name in enumerate(NAMES):
        for written in {quote(name, safe=""), quote_plus(name), quote(name, safe="-_.~")}:
            found = await asked(pages, f"api/at-risk?team={written}&target=first_reply")
            assert [(f"T{number}", name)] == [
                (ticket["ticket_id"], ticket["team"]) for ticket in found["tickets"]
            ], name
        figures = (
            await asked(pages, f"api/kpis?name=support_open_tickets&by=team&member={quote(name, safe='')}")
        )["live"]
        assert [(name, 1)] == [(figure["member"], figure["value"]) for figure in figures]


async def test_the_wall_is_of_the_team_that_its_address_names(pages: Client) -> None:
    for name in NAMES[::12]:
        wall = (await asked(pages, f"api/wall?team={quote(name, safe='')}"))["wall"]
        assert (name, True) == (wall["team"], wall["known"])
        assert name in wall["teams"]


async def test_a_name_that_was_put_in_as_it_is_would_find_another(pages: Client) -> None:
    """So the checks above can fail."""
    assert "error" in await asked(pages, "api/at-risk?team=a&b")
    assert "error" in await asked(pages, "api/at-risk?team=c++")


async def test_prometheus_scrapes_every_kind_of_name(pages: Client, note: Any) -> None:
    text = await (await pages.get("/metrics", headers={"Accept": "text/plain"})).text()
    teams = [
        sample.labels
        for family in parse_text(text)
        for sample in family.samples
        if sample.name == "deskpulse_team_info"
    ]
    assert {name: pattern(name) for name in NAMES} == {
        labels["member"]: labels["pattern"] for labels in teams
    }
    if shutil.which("promtool") is None:
        pytest.skip("no promtool: apt-get install prometheus")
    run = await asyncio.to_thread(
        subprocess.run,
        ["promtool", "check", "metrics"],
        input=text,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert 0 == run.returncode, run.stdout[-2_000:] + run.stderr[-2_000:]
    note(f"names: a scrape with {len(NAMES)} teams of {len(KINDS)} kinds read by promtool")


def exposed(names: list[str]) -> list[Metric]:
    return [
        OPEN.having(*(({"by": "team", "member": name}, 1.0) for name in names)),
        TEAM.having(*(({"member": name, "pattern": pattern(name)}, 1.0) for name in names)),
    ]


@given(st.lists(any_name, min_size=1, max_size=20, unique=True), any_name)
def test_any_name_is_read_back_as_it_was_written(names: list[str], desk: str) -> None:
    for encode, parse in ((encode_text, parse_text), (encode_openmetrics, parse_openmetrics)):
        read = [
            sample.labels
            for family in parse(encode(exposed(names), desk).decode())
            for sample in family.samples
        ]
        assert {desk} == {labels["desk"] for labels in read}
        assert [*names, *names] == [labels["member"] for labels in read]
        assert list(map(pattern, names)) == [labels["pattern"] for labels in read if "pattern" in labels]
