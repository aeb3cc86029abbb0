"""How Faust is set up."""

from __future__ import annotations

import os
import ssl
from pathlib import Path
from typing import Any

import faust
import pytest

from agents.anchor import LedgerTable
from agents.app import build_app, credentials
from agents.config import WorkerConfig
from agents.fetching.consumer import LedgerTransport
from deskpulse.clocks import WORKER
from streams.topics import SOURCE_TOPICS


@pytest.fixture
async def app() -> Any:
    return build_app(
        WorkerConfig(
            clock=WORKER,
            kafka={"bootstrap_servers": ["b1:9092", "b2:9093"]},
            app_id="app",
            topic_prefix="test-",
        )
    )


async def test_every_source_topic_has_an_agent(app: Any) -> None:
    assert {f"test-{topic}" for topic in SOURCE_TOPICS} == {
        agent.channel.get_topic_name() for agent in app.agents.values()
    }


async def test_one_table_anchors_the_assignment(app: Any) -> None:
    [table] = app.tables.values()
    assert isinstance(table, LedgerTable)
    assert "app-anchor" == table.changelog_topic_name
    assert 0 == app.conf.table_standby_replicas


async def test_the_consumer_is_ours(app: Any) -> None:
    assert isinstance(app.transport, LedgerTransport)
    assert app.ownership is app.transport.position_source


async def test_all_brokers_are_passed_on(app: Any) -> None:
    assert ["b1:9092", "b2:9093"] == [f"{url.host}:{url.port}" for url in app.conf.broker]


async def test_faust_serves_nothing_and_creates_nothing(app: Any) -> None:
    assert not app.conf.web_enabled
    assert not app.conf.topic_allow_declare
    assert app.conf.topic_disable_leader


async def test_no_folder_appears_in_the_working_directory(
    app: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    await app.on_first_start()
    assert not os.listdir()  # noqa: PTH208 - an async function may not use pathlib


def test_security_reaches_fausts_own_clients() -> None:
    context = ssl.create_default_context()
    tls = credentials({"security_protocol": "SSL", "ssl_context": context})
    assert isinstance(tls, faust.SSLCredentials)
    assert tls.context is context
    login = {"sasl_mechanism": "SCRAM-SHA-512", "sasl_plain_username": "me", "sasl_plain_password": "secret"}
    sasl = credentials({"security_protocol": "SASL_SSL", "ssl_context": context, **login})
    assert isinstance(sasl, faust.SASLCredentials)
    assert ("SASL_SSL", "SCRAM-SHA-512", context) == (
        sasl.protocol.value,
        sasl.mechanism.value,
        sasl.ssl_context,
    )
    plain = credentials({"security_protocol": "SASL_PLAINTEXT", **login})
    assert plain is not None
    assert "SASL_PLAINTEXT" == plain.protocol.value
