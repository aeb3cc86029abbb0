"""A desk on a real broker for tests.

It has topics, workers as processes, and an independent reader of logs and ledger.
"""

from __future__ import annotations

import asyncio
import json
import os
import ssl
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.structs import TopicPartition

from agents.config import WorkerConfig
from deskpulse.clocks import WORKER
from proofs.programs import ROOT, Program, end_all, until
from streams.topics import SOURCE_TOPICS
from tests.agents.counting import POSITION

__all__ = ["ROOT", "Desk", "Record", "WorkerProcess", "client_options", "tickets", "until"]

WorkerProcess = Program
Record = tuple[str, bytes | None, bytes | None]  # topic without prefix, key, value


def client_options(kafka: Mapping[str, Any]) -> dict[str, Any]:
    """Options of an aiokafka client from what fits into JSON: `ca_file` becomes a TLS context."""
    options = {name: value for name, value in kafka.items() if name != "ca_file"}
    if "ca_file" in kafka:
        options["ssl_context"] = ssl.create_default_context(cafile=kafka["ca_file"])
    return options


async def all_led(admin: AIOKafkaAdminClient, topics: list[str]) -> bool:
    """Whether the broker knows the topics and a leader of each partition."""
    described = await admin.describe_topics(topics)
    return all(
        topic["error_code"] == 0 and all(part["leader"] >= 0 for part in topic["partitions"])
        for topic in described
    )


@dataclass
class Desk:
    """Topics and workers of one test. `worker_module` is run with the fields of a WorkerConfig as JSON."""

    kafka: dict[str, Any]  # see client_options
    name: str
    folder: Path
    partitions: int = 4
    replication: int = 1
    options: dict[str, Any] = field(default_factory=dict)
    worker_module: str = "tests.agents.counting_worker"
    workers: list[WorkerProcess] = field(default_factory=list)

    @property
    def config(self) -> WorkerConfig:
        return WorkerConfig(clock=WORKER, **{**self._fields(), "kafka": self.clients})

    @property
    def clients(self) -> dict[str, Any]:
        return client_options(self.kafka)

    def _fields(self) -> dict[str, Any]:
        return {
            "kafka": self.kafka,
            "app_id": f"{self.name}app",
            "topic_prefix": self.name,
            "session_timeout_seconds": 6.0,
            "heartbeat_seconds": 1.0,
            "status_seconds": 1.0,
            **self.options,
        }

    async def create_topics(self, *, leave_out: Sequence[str] = (), **partitions: int) -> None:
        config = self.config
        compacted = {"cleanup.policy": "compact"}
        topics = [
            NewTopic(name, partitions.get(topic.replace("-", "_"), self.partitions), self.replication)
            for name, topic in config.sources.items()
        ]
        topics += [
            NewTopic(config.anchor_topic, self.partitions, self.replication),
            NewTopic(config.dead_letter_topic, 1, self.replication),
        ]
        topics += [
            NewTopic(name, self.partitions, self.replication, topic_configs=compacted)
            for name in (config.tickets_topic, config.view_topic)
        ]
        topics += [NewTopic(config.skips_topic, 1, self.replication, topic_configs=compacted)]
        async with self.admin() as admin:
            answer = await admin.create_topics([topic for topic in topics if topic.name not in leave_out])
            assert all(error[1] == 0 for error in answer.topic_errors), answer
            # A producer that sees half of a new topic's partitions would send a key to another one than
            # later.
            await until(
                lambda: all_led(admin, [topic.name for topic in topics if topic.name not in leave_out]),
                what="leaders",
            )

    @asynccontextmanager
    async def admin(self) -> AsyncIterator[AIOKafkaAdminClient]:
        admin = AIOKafkaAdminClient(**self.clients)
        await admin.start()
        try:
            yield admin
        finally:
            await admin.close()

    async def produce(
        self, records: Iterable[Record], *, pause_every: int = 0, pause_seconds: float = 0.1
    ) -> None:
        async with AIOKafkaProducer(**self.clients, linger_ms=5, max_batch_size=200_000) as producer:
            for number, (topic, key, value) in enumerate(records):
                await producer.send(self.name + topic, key=key, value=value)
                if pause_every and number % pause_every == pause_every - 1:
                    await asyncio.sleep(pause_seconds)

    def start_worker(self, *before: str, **options: Any) -> WorkerProcess:
        """A worker with options of WorkerConfig; `before` are further arguments of the module."""
        log = self.folder / f"worker-{len(self.workers)}.log"
        command = [
            sys.executable,
            "-m",
            self.worker_module,
            *before,
            json.dumps({**self._fields(), **options}),
        ]
        with log.open("wb") as out:
            process = subprocess.Popen(
                command, cwd=ROOT, stdout=out, stderr=out, stdin=subprocess.DEVNULL, env=dict(os.environ)
            )
        worker = WorkerProcess(process, log)
        self.workers.append(worker)
        return worker

    def stop(self) -> None:
        end_all(self.workers)

    async def read(self, *topics: str) -> list[Any]:
        """All committed records of topics (names as in Kafka)."""
        found: list[Any] = []
        async with AIOKafkaConsumer(
            **self.clients,
            isolation_level="read_committed",
            auto_offset_reset="earliest",
            enable_auto_commit=False,
            fetch_max_wait_ms=50,
        ) as consumer:
            for topic in topics:
                count = await self._partition_count(topic)
                tps = [TopicPartition(topic, number) for number in range(count)]
                consumer.assign(tps)
                ends = await consumer.end_offsets(tps)
                while any([await consumer.position(tp) < ends[tp] for tp in tps]):
                    for records in (await consumer.getmany(timeout_ms=100)).values():
                        found += records
        return found

    async def _partition_count(self, topic: str) -> int:
        async with self.admin() as admin:
            return len((await admin.describe_topics([topic]))[0]["partitions"])

    async def source_counts(self) -> Counter[tuple[int, bytes]]:
        """What the counting state must arrive at, by partition and key."""
        records = await self.read(*self.config.sources)
        return Counter(
            (record.partition, record.key) for record in records if record.value not in {b"bad", b"crash"}
        )

    async def ledger_counts(self) -> Counter[tuple[int, bytes]]:
        rows = {
            (record.partition, record.key): record.value
            for record in await self.read(self.config.tickets_topic)
        }
        return Counter({key: int(value) for key, value in rows.items()})

    async def positions(self) -> dict[int, dict[str, Any]]:
        rows = {
            record.partition: record.value
            for record in await self.read(self.config.view_topic)
            if record.key == POSITION
        }
        return {partition: json.loads(value) for partition, value in rows.items()}

    async def caught_up(self) -> bool:
        """Whether the positions are those of the last records."""
        last: dict[tuple[int, str], int] = {}
        for record in await self.read(*self.config.sources):
            last[record.partition, self.config.sources[record.topic]] = record.offset
        positions = await self.positions()
        return all(
            positions.get(number, {"offsets": {}})["offsets"].get(topic, -1) >= offset
            for (number, topic), offset in last.items()
        )

    async def agrees(self, seconds: float = 60) -> None:
        """Wait until all is applied, then compare key by key."""
        await until(self.caught_up, seconds=seconds, what="the last record in the ledger")
        expected = await self.source_counts()
        # A committed transaction becomes visible partition by partition: the position may be seen a moment
        # before the rows.
        with suppress(AssertionError):
            await until(lambda: self._shows(expected), seconds=5)
        assert expected == await self.ledger_counts()

    async def _shows(self, expected: Counter[tuple[int, bytes]]) -> bool:
        return expected == await self.ledger_counts()


def tickets(
    count: int, *, size: int = 100, keys: int = 500, topics: Sequence[str] = SOURCE_TOPICS
) -> Iterable[Record]:
    """Records over some keys and all topics in turn."""
    for number in range(count):
        yield topics[number % len(topics)], b"T%d" % (number * 7919 % keys), b"x" * size
