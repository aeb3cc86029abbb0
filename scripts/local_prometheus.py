"""A Prometheus on loopback for a check: its own folder, a free port, ended with the check."""

from __future__ import annotations

import asyncio
import json
import subprocess
import urllib.parse
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.error import URLError

import yaml

from deskpulse.brokers.process import free_ports, tail

READY_SECONDS: Final = 120.0
Answer = list[dict[str, Any]]  # as the HTTP API gives vectors and matrices


class PrometheusError(RuntimeError):
    """It did not start, or refused a query."""


@dataclass
class LocalPrometheus:
    """The Debian package's server; a context manager."""

    folder: Path
    job: str
    targets: Sequence[str]  # host:port
    rules: Sequence[Path] = ()
    scrape_seconds: int = 2
    port: int = field(default_factory=lambda: free_ports(1)[0])
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        """What it says."""
        return self.folder / "prometheus.log"

    def start(self) -> None:
        """Start the server; `ready` waits until it answers."""
        interval = f"{self.scrape_seconds}s"
        job = {"job_name": self.job, "scrape_timeout": interval, "static_configs": [{"targets": list(self.targets)}]}
        config = {
            "global": {"scrape_interval": interval, "evaluation_interval": interval},
            "rule_files": [str(path) for path in self.rules],
            "scrape_configs": [job],
        }
        path = self.folder / "prometheus.yml"
        path.write_text(yaml.safe_dump(config), encoding="utf-8")
        command = [
            "prometheus",
            f"--config.file={path}",
            f"--storage.tsdb.path={self.folder / 'data'}",
            f"--web.listen-address=127.0.0.1:{self.port}",
            "--log.level=warn",
        ]
        with self.log.open("wb") as out:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out)

    def stop(self) -> None:
        """End it."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait()

    async def ready(self) -> None:
        """Wait until it answers. Errors: PrometheusError."""
        deadline = asyncio.get_running_loop().time() + READY_SECONDS
        while not await asyncio.to_thread(self._answers):
            if self.process is None or self.process.poll() is not None or asyncio.get_running_loop().time() > deadline:
                raise PrometheusError(f"Prometheus did not start:\n{tail(self.log)}")
            await asyncio.sleep(0.2)

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/-/ready", timeout=5) as response:  # noqa: S310 - http on loopback
                return bool(response.status == 200)
        except (URLError, OSError):
            return False

    def query(self, expression: str, at_seconds: float) -> Answer:
        """An instant query: a vector. Errors: PrometheusError."""
        return self._ask("query", {"query": expression, "time": f"{at_seconds:.3f}"})

    def query_range(self, expression: str, *, start_seconds: float, end_seconds: float, step_seconds: float) -> Answer:
        """A query along time: a matrix. Errors: PrometheusError."""
        asked = {"query": expression, "start": f"{start_seconds:.3f}", "end": f"{end_seconds:.3f}", "step": f"{step_seconds:g}"}
        return self._ask("query_range", asked)

    def _ask(self, how: str, asked: Mapping[str, str]) -> Answer:
        request = urllib.request.Request(f"{self.url}/api/v1/{how}", data=urllib.parse.urlencode(asked).encode())  # noqa: S310
        try:
            with urllib.request.urlopen(request, timeout=60) as response:  # noqa: S310 - http on loopback
                found = json.load(response)
        except urllib.error.HTTPError as error:
            raise PrometheusError(f"{asked['query']}: {error.read().decode(errors='replace')}") from None
        result: Answer = found["data"]["result"]
        return result
