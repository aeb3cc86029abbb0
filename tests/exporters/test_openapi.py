"""The description of `/api` is OpenAPI, and what is answered is what it says."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer
from jsonschema import Draft202012Validator, ValidationError  # type: ignore[import-untyped]
from openapi_spec_validator import validate

from deskpulse.clocks import EXPORTER
from exporters.config import ExporterConfig
from exporters.reading.keeper import ViewKeeper
from exporters.reading.status import ReaderStatus
from exporters.web.app import new_app
from exporters.web.openapi import document
from tests.exporters.desk import RULES, a_morning, all_read, at

DOCUMENT = document()


def schema_of(path: str, status: int) -> dict[str, Any]:
    """The schema of an answer, with the components that it refers to."""
    schema: dict[str, Any] = DOCUMENT["paths"][path]["get"]["responses"][str(status)]["content"][
        "application/json"
    ]["schema"]
    return {**schema, "components": DOCUMENT["components"]}


def check(path: str, status: int, answer: object) -> None:
    Draft202012Validator(schema_of(path, status)).validate(answer)


@pytest.fixture(params=["whole", "nothing read yet"])
async def client(request: pytest.FixtureRequest) -> AsyncIterator[TestClient[Any, Any]]:
    keeper = ViewKeeper(RULES, elapsed=EXPORTER.elapsed, now_ms=lambda: at("11:00"))
    await keeper.apply(0, a_morning().rows())
    status = all_read(1) if request.param == "whole" else ReaderStatus(expected=2)
    async with TestClient(
        TestServer(new_app(ExporterConfig(time=EXPORTER, kafka={}, view_rules=RULES), keeper, lambda: status))
    ) as opened:
        yield opened


def test_it_is_openapi() -> None:
    validate(DOCUMENT)


async def test_it_is_served(client: TestClient[Any, Any]) -> None:
    assert DOCUMENT == await (await client.get("/api/openapi.json")).json()


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/api/kpis", ""),
        ("/api/kpis", "?window=1h,24h&by=team&period=current"),
        ("/api/wall", ""),
        ("/api/wall", "?window=1h&team=billing&compare=previous"),
        ("/api/wall", "?window=today&team=nobody"),
        ("/api/wall", "?window=ever"),
        ("/readyz", ""),
        ("/api/at-risk", "?team=billing&limit=3"),
        ("/api/quality", ""),
    ],
)
async def test_answers_are_as_described(client: TestClient[Any, Any], path: str, query: str) -> None:
    response = await client.get(path + query)
    check(path, response.status, await response.json())


async def test_every_path_is_there_and_every_answer_of_an_api_is_described(
    client: TestClient[Any, Any],
) -> None:
    served = {resource.canonical for resource in client.app.router.resources()}
    assert set(DOCUMENT["paths"]) <= served
    assert {path for path in served if path.startswith("/api/")} - {"/api/openapi.json"} <= set(
        DOCUMENT["paths"]
    )


def test_the_check_can_fail() -> None:
    counts = {"expected": 4, "read": 4, "owned": None, "recovering": None}
    good = {
        "desk": "eu",
        "ready": True,
        "complete": True,
        "reasons": [],
        "hidden": [],
        "settings": [],
        "partitions": counts,
    }
    check("/readyz", 200, good)
    for bad in (
        {"ready": True},
        {**good, "ready": "yes"},
        {**good, "partitions": {**counts, "owned": "two"}},
    ):
        with pytest.raises(ValidationError):
            check("/readyz", 200, bad)
    with pytest.raises(ValidationError):
        check("/api/kpis", 200, {"figures": [{"name": "support_tickets"}]})


def test_a_figure_without_a_value_is_none() -> None:
    answer = dict.fromkeys(("as_of", "watermark", "age_seconds")) | {
        "desk": "eu",
        "now": "",
        "ready": True,
        "complete": True,
        "reasons": [],
    }
    figure = {
        "name": "support_tickets",
        "by": "all",
        "member": "all",
        "n": 1,
        "value": 1.0,
        "window": "1h",
        "period": "current",
    }
    check("/api/kpis", 200, answer | {"figures": [figure], "live": []})
    with pytest.raises(ValidationError):
        check("/api/kpis", 200, answer | {"figures": [figure | {"value": None}], "live": []})
