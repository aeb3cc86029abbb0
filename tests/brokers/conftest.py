"""Brokers for the tests of this folder, and the few lines of client code that they share."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from deskpulse.lab.brokers.kafka import LocalKafka


class Clients:
    """aiokafka clients of one broker, all closed at the end of the test."""

    def __init__(self, stack: AsyncExitStack, bootstrap: str, **connection: Any) -> None:
        self._stack = stack
        self.connection = {"bootstrap_servers": bootstrap, **connection}

    async def _start(self, client: Any) -> Any:
        self._stack.push_async_callback(client.stop if hasattr(client, "stop") else client.close)
        await client.start()
        return client

    async def producer(self, **options: Any) -> Any:
        return await self._start(AIOKafkaProducer(**{"acks": "all", **self.connection, **options}))

    async def consumer(self, *topics: str, **options: Any) -> Any:
        return await self._start(
            AIOKafkaConsumer(*topics, **{"auto_offset_reset": "earliest", **self.connection, **options})
        )

    async def admin(self) -> Any:
        return await self._start(AIOKafkaAdminClient(**self.connection))

    async def topic(self, name: str, *, partitions: int = 1, copies: int = 1, **settings: str) -> str:
        configs = {key.replace("_", "."): value for key, value in settings.items()}
        answer = await (await self.admin()).create_topics(
            [NewTopic(name, partitions, copies, topic_configs=configs)]
        )
        assert [(name, 0)] == [error[:2] for error in answer.topic_errors]
        return name

    async def read(
        self, topic: str, *, partition: int = 0, isolation_level: str = "read_committed"
    ) -> list[bytes]:
        """Every value that a new reader gets up to the log's end.

        It waits until transactions that are being ended have ended.
        """
        where = TopicPartition(topic, partition)
        end = (await (await self.consumer()).end_offsets([where]))[where]
        consumer = await self.consumer(isolation_level=isolation_level)
        consumer.assign([where])
        values: list[bytes] = []
        while await consumer.position(where) < end:
            for records in (await consumer.getmany(timeout_ms=200)).values():
                values += [record.value for record in records]
        return values


Connect = Callable[..., AbstractAsyncContextManager[Clients]]


@asynccontextmanager
async def open_clients(bootstrap: str, **connection: Any) -> AsyncIterator[Clients]:
    async with AsyncExitStack() as stack:
        yield Clients(stack, bootstrap, **connection)
    # aiokafka does not wait for the TLS goodbye of a refused login, and nothing tells when it is over. In 1
    # of 25 tests the loop ended before it, and the unclosed transport failed the test that came next.
    await asyncio.sleep(0.1)


@pytest.fixture(scope="session")
def connect() -> Connect:
    """Makes clients of any broker, to be closed before it ends.

    Use: `async with connect(bootstrap, **aiokafka_options) as clients`.
    """
    return open_clients


@pytest.fixture(scope="session")
def kafka(kafka_broker: LocalKafka) -> LocalKafka:
    """For tests that do not harm it; each uses topics of its own."""
    return kafka_broker


@pytest.fixture
async def clients(kafka: LocalKafka) -> AsyncIterator[Clients]:
    async with open_clients(kafka.bootstrap) as opened:
        yield opened
