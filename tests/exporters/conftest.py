"""The exporter's pages on a server of their own, for the tests of this folder."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer

from deskpulse.clocks import EXPORTER
from exporters.config import ExporterConfig
from exporters.reading.keeper import ViewKeeper
from exporters.reading.status import ReaderStatus
from exporters.web.app import new_app
from tests.exporters.desk import RULES, a_morning, all_read, at
from tests.exporters.pages import Client, Open


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
