"""The processes of the demo: a broker where none was named, topics, a worker and an exporter.

All of them end with the demo.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final, Self
from urllib.error import URLError
from urllib.request import urlopen

from deskpulse.cluster import connect
from deskpulse.cluster.topic_setup import apply, plan, topic_specs
from deskpulse.lab.brokers import Broker
from deskpulse.lab.brokers.jars import Report
from deskpulse.lab.brokers.kafka import LocalKafka
from deskpulse.lab.brokers.process import tail, wait_until
from deskpulse.settings import Settings

START_SECONDS: Final = 60.0
HEAP_MB: Final = 256
_GRACE_SECONDS: Final = 12.0


class DemoError(RuntimeError):
    """Something the demo needs did not start or stopped; the text names the cause and the fix."""


@dataclass(slots=True)
class DemoProcess:
    """A process of the demo, its log, and what it is called."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    def check(self) -> None:
        """Errors: DemoError when the process has ended, with the end of its log."""
        if (code := self.process.poll()) is not None:
            raise DemoError(
                f"the {self.name} stopped (exit code {code}); the end of its log:\n{tail(self.log)}"
            )


@dataclass(slots=True)
class Stack:
    """Broker, worker and exporter; a context manager."""

    settings: Settings
    environment: Mapping[str, str]
    port: int
    broker: Broker | None = None
    parts: list[DemoProcess] = field(default_factory=list)
    _exit: ExitStack = field(default_factory=ExitStack)

    def __enter__(self) -> Self:
        """Start everything that does not need topics."""
        if self.broker is not None:
            self._exit.callback(self.broker.stop)
        return self

    def __exit__(self, *_: object) -> None:
        """End what was started, the last one first."""
        self._exit.close()

    @property
    def url(self) -> str:
        """Where the exporter answers."""
        return f"http://127.0.0.1:{self.port}"

    def start(self, log_folder: Path) -> None:
        """Create the topics, start worker and exporter, wait until the exporter answers.

        Errors: DemoError, ClusterError.
        """
        asyncio.run(_create_topics(self.settings))
        for name in ("worker", "exporter"):
            self.parts.append(self._launch(name, log_folder))
        if not wait_until(self._answers, timeout_seconds=START_SECONDS):
            raise DemoError(
                f"the exporter does not answer on {self.url} after {START_SECONDS:.0f} "
                f"s:\n{tail(self.parts[-1].log)}"
            )

    def _answers(self) -> bool:
        """Errors: DemoError when a part has ended, so that nobody waits for it."""
        self.check()
        return answers(f"{self.url}/healthz")

    def check(self) -> None:
        """Errors: DemoError when a part has ended."""
        for part in self.parts:
            part.check()

    def _launch(self, name: str, folder: Path) -> DemoProcess:
        path = folder / f"{name}.log"
        log: IO[bytes] = path.open("wb")
        self._exit.callback(log.close)
        command = [sys.executable, "-m", "deskpulse", name]
        # A session of its own: Ctrl-C is for the demo, which then ends its parts in good order.
        process = subprocess.Popen(
            command,
            env={**os.environ, **self.environment},
            stdout=log,
            stderr=log,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
        self._exit.callback(_end, process)
        return DemoProcess(name, process, path)


def start_broker(report: Report) -> Broker:
    """Apache Kafka with a small heap, fetched before its first start; `report` hears of the fetch.

    Errors: BrokerError.
    """
    broker = LocalKafka(heap_mb=HEAP_MB, quick_start=True, report=report)
    broker.start()
    return broker


def log_folder() -> Path:
    """Where the logs of this demo go; they stay, so that a failure can be read."""
    return Path(tempfile.mkdtemp(prefix="deskpulse-demo-"))


def answers(url: str) -> bool:
    """Whether an address of the exporter gives a good answer now."""
    try:
        with urlopen(url, timeout=5) as response:  # noqa: S310 - http on loopback, from our own hand
            return bool(response.status == 200)
    except (URLError, OSError):
        return False


async def _create_topics(settings: Settings) -> None:
    async with connect(settings.kafka) as cluster:
        specs = topic_specs(settings)
        existing = await cluster.topics([spec.name for spec in specs])
        await apply(cluster, plan(specs, existing))


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is not None:
        return
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(_GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
