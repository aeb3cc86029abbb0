"""A ledger on a real broker, written as a worker writes it, and an exporter that reads it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from typing import Any, Self

from aiohttp import ClientSession
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from deskpulse.clocks import EXPORTER
from exporters.config import ExporterConfig
from exporters.server import serve
from streams.topics import SOURCE_TOPICS
from tests.agents.harness import all_led, until
from tests.exporters.desk import RULES, Row

PATIENCE_SECONDS = 60
BROKERS_TIME = {"message.timestamp.type": "LogAppendTime"}


class Ledger:
    """Topics of one installation.

    `app_id` and the prefix of the source topics are the same, so that tests share a broker.
    """

    def __init__(self, bootstrap: str, app_id: str) -> None:
        self.bootstrap = bootstrap
        self.app_id = app_id
        self._stack = AsyncExitStack()
        self._producers: dict[int, Any] = {}
        self._ends: list[Any] = []  # consumers that are asked for the ends of committed records and of all

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    def config(self, **settings: Any) -> ExporterConfig:
        kafka = {"bootstrap_servers": self.bootstrap}
        fields = {"time": EXPORTER, "app_id": self.app_id, "topic_prefix": self.app_id, "port": 0, **settings}
        return ExporterConfig(kafka=kafka, view_rules=RULES, **fields)

    def config_at(self, port: int) -> ExporterConfig:
        return replace(self.config(), port=port)

    async def create_topics(self, partitions: int = 2, **other_counts: int) -> None:
        names = [f"{self.app_id}-view", *(self.app_id + topic for topic in SOURCE_TOPICS)]
        admin = AIOKafkaAdminClient(bootstrap_servers=self.bootstrap)
        await admin.start()
        try:
            answer = await admin.create_topics(
                [
                    NewTopic(name, other_counts.get(name, partitions), 1, topic_configs=BROKERS_TIME)
                    for name in names
                ]
            )
            assert {0} == {error[1] for error in answer.topic_errors}
            # a creation is answered before the broker has heard of it
            await until(lambda: all_led(admin, names), what="leaders")
        finally:
            await admin.close()

    async def begin(self, rows: Iterable[Row], partition: int = 0) -> Any:
        """Write rows within a transaction that stays open; returns its producer."""
        producer = self._producers.get(partition)
        if producer is None:
            producer = AIOKafkaProducer(
                bootstrap_servers=self.bootstrap,
                transactional_id=f"{self.app_id}-{partition}",
                acks="all",
                linger_ms=0,
            )
            await producer.start()
            self._stack.push_async_callback(producer.stop)
            self._producers[partition] = producer
        await producer.begin_transaction()
        batch = producer.create_batch()
        for key, value in rows:
            assert batch.append(key=key, value=value, timestamp=None) is not None
        await (await producer.send_batch(batch, f"{self.app_id}-view", partition=partition))
        return producer

    async def commit(self, rows: Iterable[Row], partition: int = 0) -> None:
        await (await self.begin(rows, partition)).commit_transaction()
        # A commit is answered before readers of committed records see it (docs/adr/0001-apache-kafka-4.md).
        await until(lambda: self._all_stable(partition), what="the last stable offset")

    async def _all_stable(self, partition: int) -> bool:
        if not self._ends:
            for isolation in ("read_committed", "read_uncommitted"):
                consumer = AIOKafkaConsumer(bootstrap_servers=self.bootstrap, isolation_level=isolation)
                self._ends.append(await self._stack.enter_async_context(consumer))
        view = TopicPartition(f"{self.app_id}-view", partition)
        stable, high = [(await consumer.end_offsets([view]))[view] for consumer in self._ends]
        return bool(stable == high)

    async def abort(self, rows: Iterable[Row], partition: int = 0) -> None:
        await (await self.begin(rows, partition)).abort_transaction()


class Face:
    """A running exporter, seen over HTTP.

    Every wait asks again and again: a request is a moment for the reader to work.
    """

    def __init__(self, session: ClientSession, url: str) -> None:
        self._session = session
        self.url = url

    async def kpis(self) -> dict[str, Any]:
        async with self._session.get(f"{self.url}/api/kpis?by=all") as response:
            answer: dict[str, Any] = await response.json()
        return answer

    async def metrics(self) -> str:
        async with self._session.get(f"{self.url}/metrics") as response:
            return await response.text()

    async def open_tickets(self) -> float:
        live = (await self.kpis())["live"]
        return next(
            (float(figure["value"]) for figure in live if figure["name"] == "support_open_tickets"), -1.0
        )

    async def until_open(self, count: float) -> None:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while await self.open_tickets() != count:
                pass

    async def ready(self) -> tuple[bool, list[str]]:
        async with self._session.get(f"{self.url}/readyz") as response:
            answer = await response.json()
        assert (200 if answer["ready"] else 503) == response.status
        return answer["ready"], answer["reasons"]

    async def until_ready(self, *, ready: bool = True) -> list[str]:
        """Returns the reasons, when it is not to be ready."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while (answer := await self.ready())[0] != ready:
                pass
        return answer[1]


@asynccontextmanager
async def exporter(config: ExporterConfig) -> AsyncIterator[Face]:
    """An exporter that has read its ledger. Errors: what `serve` raises at the start."""
    told: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    serving = asyncio.create_task(serve(config, on_ready=told.set_result))
    try:
        await asyncio.wait((serving, told), return_when=asyncio.FIRST_COMPLETED)
        if serving.done():
            serving.result()
        async with ClientSession() as session:
            yield Face(session, told.result())
    finally:
        serving.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await serving
