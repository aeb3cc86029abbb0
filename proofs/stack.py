"""An installation of deskpulse as its users run it.

Topics of its own on a real broker, workers and exporters as processes.

What is compared with the oracle, and how, is `deskpulse.lab.demo.proof`, the same code that `demo --verify`
runs.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final
from unittest.mock import patch

from aiokafka import AIOKafkaProducer

from deskpulse.cluster import connect
from deskpulse.cluster.read_topics import read_topics
from deskpulse.cluster.topic_setup import ensure
from deskpulse.lab.brokers.process import free_ports, tail
from deskpulse.lab.demo import proof
from deskpulse.settings import Settings, load
from oracle.events import Record
from proofs.programs import Program, end_all, start_program, surroundings, until
from streams.topics import ledger_topics

Ends = Mapping[tuple[str, int], int]
Sent = tuple[str, bytes | None, bytes | None]  # topic without prefix, key, value
UNCOMMITTED: Final = "read_uncommitted"
COMMITTED: Final = "read_committed"
START_SECONDS: Final = 120.0  # a process on a machine that does much else
CATCH_UP_SECONDS: Final = 240.0
DESK: Final = "deskpulse"  # whatever its topics are called: the desk of the committed rules


@dataclass
class Stack:
    """One installation. Whatever it started it ends, in `stop`."""

    bootstrap: str
    name: str  # before the names of all topics
    folder: Path
    more: Mapping[str, str] = field(default_factory=dict)  # further variables of its processes
    programs: list[Program] = field(default_factory=list)
    group: int | None = None  # process group of its programs

    def __post_init__(self) -> None:
        self.port = free_ports(1)[0]
        self.variables = {
            "DESKPULSE_KAFKA__BOOTSTRAP_SERVERS": self.bootstrap,
            "DESKPULSE_APP_ID": f"{self.name}app",
            "DESKPULSE_DESK__NAME": DESK,
            "DESKPULSE_TOPIC_PREFIX": self.name,
            "DESKPULSE_EXPORTER__PORT": str(self.port),
            "DESKPULSE_WORKER__SESSION_TIMEOUT_SECONDS": "6",  # the least that Kafka allows
            **self.more,
        }
        with patch.dict(os.environ, surroundings(**self.variables), clear=True):
            self.settings: Settings = load(None)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def topic(self, name: str) -> str:
        """The name in Kafka of a source topic, or of the dead letters."""
        return self.name + name

    @property
    def view_topic(self) -> str:
        return ledger_topics(self.settings.app_id).view

    async def create_topics(self) -> None:
        async with connect(self.settings.kafka) as cluster:
            await ensure(cluster, self.settings)

    def start(
        self, name: str, module: str = "deskpulse", *, options: Sequence[str] = (), **more: str
    ) -> Program:
        """Start a worker or an exporter.

        `more` are variables of it alone, `module` may be a launcher that changes something first.
        """
        log = self.folder / f"{len(self.programs):02}-{name}.log"
        program = start_program(
            name, *options, variables={**self.variables, **more}, log=log, module=module, group=self.group
        )
        self.programs.append(program)
        return program

    async def start_all(self, workers: int = 1) -> list[Program]:
        """Topics, workers and an exporter that answers; returns the workers."""
        await self.create_topics()
        found = [self.start("worker") for _ in range(workers)]
        exporter = self.start("exporter")
        await exporter.saying("listening on", START_SECONDS)
        return found

    def stop(self) -> None:
        """Kill what still runs."""
        end_all(self.programs)

    async def publish(
        self, records: Iterable[Sent], *, pause_seconds: Callable[[], float] = lambda: 0.0
    ) -> int:
        """Send records to source topics, in order within a partition; returns when the broker has them all.

        `pause_seconds` is asked after every 50 records, so that a load can be steady for a while.
        """
        count = 0
        producer = AIOKafkaProducer(
            acks="all", enable_idempotence=True, linger_ms=5, **self.settings.kafka.client_options()
        )
        async with producer:
            for topic, key, value in records:
                await producer.send(self.topic(topic), key=key, value=value)
                count += 1
                if count % 50 == 0 and (pause := pause_seconds()):
                    await asyncio.sleep(pause)
            await producer.flush()
        return count

    async def source(self) -> tuple[list[Record], Ends]:
        """All records of the source topics, and where these end."""
        return await proof.read_source(self.settings)

    async def scrape(self) -> proof.Samples:
        """The samples of the exporter, none while it does not answer."""
        try:
            return await asyncio.to_thread(proof.scrape, self.url)
        except OSError:
            return {}

    async def caught_up(self, ends: Ends, seconds: float = CATCH_UP_SECONDS) -> proof.Samples:
        """The first scrape in which every record of the source topics is counted."""
        return await self.showing(
            lambda samples: proof.AS_OF in {name for name, _ in samples} and not proof.behind(samples, ends),
            seconds,
        )

    async def showing(
        self, holds: Callable[[proof.Samples], object], seconds: float = CATCH_UP_SECONDS
    ) -> proof.Samples:
        """The first scrape of which something holds."""
        try:
            return await until(partial(self._look, holds), seconds=seconds, what="the figures")  # type: ignore[no-any-return]
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.last_words()}") from error

    async def _look(self, holds: Callable[[proof.Samples], object]) -> proof.Samples | None:
        samples = await self.scrape()
        return samples if samples and holds(samples) else None

    def last_words(self) -> str:
        """How the newest processes are, and the ends of their logs."""
        told = []
        for program in self.programs[-4:]:
            code = program.process.poll()
            told.append(
                f"{program.log.name}, "
                f"{'running' if code is None else f'exit code {code}'}:\n{tail(program.log, lines=12)}"
            )
        return "\n".join(told)

    async def judged(self) -> tuple[proof.ProofVerdict, list[Record], proof.Samples]:
        """Wait until all records are counted, then compare every figure with the oracle."""
        records, ends = await self.source()
        samples = await self.caught_up(ends)
        return await asyncio.to_thread(proof.judge, self.settings, records, samples), records, samples

    async def read(self, topic: str, isolation: str = COMMITTED) -> list[Any]:
        """All records of one topic, named as in Kafka."""
        logs, _ = await read_topics(self.settings.kafka.client_options(), [topic], isolation=isolation)
        return [record for found in logs.values() for record in found]
