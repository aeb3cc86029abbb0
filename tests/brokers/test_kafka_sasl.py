"""SASL/SCRAM-SHA-512 over TLS: the way in, and what is refused."""

import ssl
from collections.abc import Iterator
from typing import Any

import pytest
from aiokafka.errors import KafkaConnectionError

from deskpulse.lab.brokers.kafka import LocalKafka

pytestmark = pytest.mark.usefixtures("kafka_here")


@pytest.fixture(scope="module")
def guarded(kafka_here: None) -> Iterator[LocalKafka]:
    with LocalKafka(security="sasl_tls", quick_start=True) as broker:
        yield broker


def credentials(broker: LocalKafka, **changes: Any) -> dict[str, Any]:
    return {
        "security_protocol": "SASL_SSL",
        "sasl_mechanism": "SCRAM-SHA-512",
        "sasl_plain_username": broker.username,
        "sasl_plain_password": broker.password,
        "ssl_context": ssl.create_default_context(cafile=broker.ca_file),
        **changes,
    }


async def test_the_right_password_writes_and_reads(guarded: LocalKafka, connect: Any) -> None:
    async with connect(guarded.bootstrap, **credentials(guarded)) as clients:
        topic = await clients.topic("secret")
        writer = await clients.producer(transactional_id="guarded")
        async with writer.transaction():
            await writer.send(topic, b"hello")
        assert [b"hello"] == await clients.read(topic)


@pytest.mark.parametrize(
    "change",
    [{"sasl_plain_password": "wrong"}, {"sasl_plain_username": "nobody"}, {"sasl_mechanism": "PLAIN"}],
)
async def test_wrong_credentials_are_refused(
    guarded: LocalKafka, connect: Any, change: dict[str, Any]
) -> None:
    async with connect(guarded.bootstrap, **credentials(guarded, **change)) as clients:
        with pytest.raises(KafkaConnectionError):
            await clients.producer()


async def test_an_unknown_authority_is_refused(guarded: LocalKafka, connect: Any) -> None:
    async with connect(
        guarded.bootstrap, **credentials(guarded, ssl_context=ssl.create_default_context())
    ) as clients:
        with pytest.raises(KafkaConnectionError):
            await clients.producer()


async def test_a_plain_connection_is_refused(guarded: LocalKafka, connect: Any) -> None:
    async with connect(guarded.bootstrap, request_timeout_ms=3_000) as clients:
        with pytest.raises(KafkaConnectionError):
            await clients.producer()


async def test_the_certificate_satisfies_strict_verification(guarded: LocalKafka, connect: Any) -> None:
    """Python 3.13 checks strictly by default."""
    strict = ssl.create_default_context(cafile=guarded.ca_file)
    strict.verify_flags |= ssl.VERIFY_X509_STRICT
    async with connect(guarded.bootstrap, **credentials(guarded, ssl_context=strict)) as clients:
        assert (await (await clients.admin()).describe_cluster())["controller_id"] == 1
