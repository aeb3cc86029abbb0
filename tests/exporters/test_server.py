"""The listener: address, TLS, and files that do not fit."""

import asyncio
import ssl
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession

from deskpulse.clocks import EXPORTER
from deskpulse.lab.brokers.tls import make_certificates
from exporters import server
from exporters.config import ConfigError, ExporterConfig
from exporters.errors import ListenError
from exporters.reading.keeper import ViewKeeper
from exporters.web.app import new_app
from tests.exporters.desk import RULES, all_read


def listening(**settings: Any) -> Any:
    config = ExporterConfig(time=EXPORTER, kafka={}, view_rules=RULES, port=0, **settings)
    return server._listening(
        config, new_app(config, ViewKeeper(RULES, **EXPORTER._asdict()), lambda: all_read(1))
    )


async def test_a_free_port_is_taken_and_told() -> None:
    async with listening() as url, ClientSession() as session, session.get(f"{url}/healthz") as response:
        assert url.startswith("http://127.0.0.1:")
        assert 200 == response.status


async def test_an_ipv6_address_is_written_as_urls_want_it() -> None:
    try:
        async with listening(host="::1") as url:
            assert url.startswith("http://[::1]:")
    except ListenError as error:
        pytest.skip(f"no IPv6 here: {error}")


async def test_tls_and_a_token(tmp_path: Path) -> None:
    trusted = ssl.create_default_context(cafile=make_certificates(tmp_path).ca_file)
    files = {"cert_file": tmp_path / "server.crt", "key_file": tmp_path / "server.key"}
    async with listening(**files, bearer_token="open-sesame") as url, ClientSession() as session:
        assert url.startswith("https://")
        async with session.get(f"{url}/metrics", ssl=trusted) as response:
            assert 401 == response.status
        async with session.get(
            f"{url}/metrics", ssl=trusted, headers={"Authorization": "Bearer open-sesame"}
        ) as response:
            assert (200, "max-age=31536000") == (
                response.status,
                response.headers["Strict-Transport-Security"],
            )


async def test_files_that_are_no_certificate_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "cert.pem"
    file.write_text("no certificate")
    with pytest.raises(
        ConfigError, match=r"cert_file and exporter\.key_file cannot be loaded: .*; use PEM files"
    ):
        async with listening(cert_file=file, key_file=file):
            pass


async def test_a_task_that_swallows_a_cancellation_is_ended_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As aiokafka may while it stops: an exporter that waited for one cancellation alone hung for ever."""
    monkeypatch.setattr(server, "CANCEL_SECONDS", 0.01)
    swallowed = asyncio.Event()

    async def stubborn() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            swallowed.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(stubborn())
    await asyncio.sleep(0)
    await server._ended(task)
    assert swallowed.is_set()
    assert task.cancelled()
