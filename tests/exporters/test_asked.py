"""A request for something unknown is refused with the choices, on every page.

It is never answered as if something else had been meant.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer

from deskpulse.clocks import EXPORTER
from exporters.config import ExporterConfig, WallRules
from exporters.reading.keeper import ViewKeeper
from exporters.reading.status import ReaderStatus
from exporters.web.app import new_app
from exporters.web.openapi import document
from exporters.web.parameters import PARAMETERS
from kpis.state.rules import StateRules
from tests.exporters.desk import RULES, all_read
from tests.exporters.test_policy import a_desk
from tests.laws.ledgers import Desk as Ledger
from tests.sla.desk import at

Ask = Callable[..., Awaitable[tuple[int, Any]]]


@pytest.fixture
async def ask() -> AsyncIterator[Ask]:
    """Asks an exporter with a policy for a path; the status and the JSON of its answer."""
    async with AsyncExitStack() as stack:

        async def ask_(path: str, status: ReaderStatus | None = None) -> tuple[int, Any]:
            desk = a_desk()
            rules = replace(RULES, policy=desk.policy)
            keeper = ViewKeeper(rules, elapsed=EXPORTER.elapsed, now_ms=lambda: at("11:00"))
            await keeper.apply(0, desk.state.take_changes().view)
            app = new_app(
                ExporterConfig(time=EXPORTER, kafka={}, view_rules=rules),
                keeper,
                lambda: status or all_read(1),
            )
            client = await stack.enter_async_context(TestClient(TestServer(app)))
            async with client.get(path) as response:
                return (
                    response.status,
                    await response.json() if response.content_type == "application/json" else None,
                )

        yield ask_


@pytest.mark.parametrize("path", sorted(PARAMETERS))
async def test_a_parameter_that_no_page_knows_is_refused(ask: Ask, path: str) -> None:
    status, body = await ask(f"{path}?windw=1h")
    names = tuple(PARAMETERS[path])
    assert 400 == status
    assert (
        "windw: no such parameter; "
        f"{'expected one of ' + ', '.join(names) if names else 'this path takes none'}" == body["error"]
    )


@pytest.mark.parametrize(
    ("path", "told"),
    [
        (
            "/api/at-risk?target=last_reply",
            "target 'last_reply': expected one of first_reply, next_reply, resolution",
        ),
        ("/api/at-risk?team=nope", "team 'nope': expected one of billing, sales"),
        ("/api/at-risk?limit=0", "limit '0': expected a number from 1 to 500"),
        ("/api/at-risk?limit=5&limit=6", "limit: given twice"),
        ("/api/wall?team=nope", "team 'nope': expected one of billing, sales"),
        ("/api/wall?window=2h", "window '2h': expected one of 15m, 1h, 8h, 24h, today, 7d, 30d"),
        ("/api/stream?compare=ever", "compare 'ever': expected one of auto, previous, week_ago"),
        (
            "/api/wall?segment=gold",
            "segment: this desk has switched no fourth dimension on: see desk.segment",
        ),
        ("/api/wall?team=sales&segment=gold", "team and segment: ask for one of them"),
        ("/api/stream?team=sales&segment=gold", "team and segment: ask for one of them"),
        ("/api/kpis?window=1h,2h", "window '2h': expected one of 15m, 1h, 24h, 30d, 365d, 7d, 8h, today"),
        ("/api/kpis?name=support_tickts", "name 'support_tickts': did you mean support_tickets"),
        ("/api/kpis?period=last", "period 'last': expected one of current, previous, week_ago"),
        ("/api/kpis?member=nope", "member 'nope': expected one of "),
        ("/?theme=pink", "theme 'pink': expected one of dark, light"),
        ("/?tiles=unanswered,zzz", "tiles 'zzz': expected one of unanswered, "),
    ],
)
async def test_a_value_that_is_not_known_is_refused_with_the_choices(ask: Ask, path: str, told: str) -> None:
    status, body = await ask(path)
    assert (400, True) == (status, body["error"].startswith(told)), body


@pytest.mark.parametrize(
    "path",
    [
        "/api/at-risk?team=sales&team=billing&target=first_reply,resolution&limit=500",
        "/api/at-risk?team=other",
        "/api/wall?window=today&team=billing&compare=previous",
        "/api/wall?team=",
        "/api/wall?segment=&team=billing",
        "/api/kpis?name=support_tickets&window=1h,24h&by=team&member=billing&period=current,previous",
        "/api/kpis?by=team_priority&member=billing%20%C2%B7%20normal",
        "/?kiosk&window=today&team=nobody-yet&lang=es-MX&theme=dark&tiles=unanswered,overdue&heroes=csat",
        "/metrics",
        "/readyz",
        "/assets/wall.js?v=3",
    ],
)
async def test_what_is_known_is_answered(ask: Ask, path: str) -> None:
    assert 200 == (await ask(path))[0]


async def test_before_the_ledger_is_read_no_team_is_refused(ask: Ask) -> None:
    assert 200 == (await ask("/api/wall?team=nope", ReaderStatus(expected=2)))[0]


async def test_where_there_are_segments_the_wall_of_one_is_answered_and_any_other_name_refused() -> None:
    rules = replace(RULES, segment=True)
    desk = Ledger(StateRules(segment=True))
    for number, segment in enumerate(("gold", "gold", "free")):
        desk.create(f"T{number}", at("10:00"), segment=segment)
    keeper = ViewKeeper(rules, elapsed=EXPORTER.elapsed, now_ms=lambda: at("11:00"))
    await keeper.apply(0, desk.write().view)
    config = ExporterConfig(time=EXPORTER, kafka={}, view_rules=rules, wall=WallRules(segment="tier"))
    async with TestClient(TestServer(new_app(config, keeper, lambda: all_read(1)))) as client:
        wall = (await (await client.get("/api/wall?segment=gold")).json())["wall"]
        assert ("tier", "gold", 2) == (wall["segment"], wall["in_segment"], wall["live"]["open"])
        refused = await client.get("/api/wall?segment=iron")
        assert (400, "segment 'iron': expected one of free, gold") == (
            refused.status,
            (await refused.json())["error"],
        )


def test_the_description_names_the_same_parameters() -> None:
    described = {
        path: [parameter["name"] for parameter in operations["get"].get("parameters", ())]
        for path, operations in document()["paths"].items()
    }
    assert described == {path: list(PARAMETERS[path]) for path in described}
