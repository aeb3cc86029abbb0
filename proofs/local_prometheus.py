"""Prometheus and Alertmanager on loopback for a check: a folder, a free port, ended with the check."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
import time
import urllib.parse
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Final
from urllib.error import URLError

import yaml

from deskpulse.lab.brokers.process import free_ports, tail

READY_SECONDS: Final = 120.0
_GRACE_SECONDS: Final = 20.0
Answer = list[dict[str, Any]]  # as the HTTP API gives vectors and matrices


class PrometheusError(RuntimeError):
    """It did not start, or refused a query."""


@dataclass(kw_only=True)
class _Local:
    """A server of a Debian package in a folder of its own.

    `group`: the process group that it is to belong to.
    """

    PACKAGE: ClassVar[str]
    COMMANDS: ClassVar[tuple[str, ...]]  # as Debian and others call it

    folder: Path
    group: int | None = None
    port: int = field(default_factory=lambda: free_ports(1)[0])
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    @property
    def address(self) -> str:
        """Host and port."""
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://{self.address}"

    @property
    def log(self) -> Path:
        """What it says."""
        return self.folder / f"{self.PACKAGE}.log"

    def command(self) -> list[str]:
        """The arguments, after what they need is written."""
        raise NotImplementedError

    def start(self) -> None:
        """Start the server; `ready` waits until it answers.

        Errors: PrometheusError when it is not installed.
        """
        found = next(filter(None, map(shutil.which, self.COMMANDS)), None)
        if found is None:
            raise PrometheusError(
                f"{self.COMMANDS[0]} is not installed: apt-get install --no-install-recommends {self.PACKAGE}"
            )
        command = [found, *self.command()]
        with self.log.open("wb") as out:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, process_group=self.group
            )

    def stop(self) -> None:
        """End it."""
        if self.process is not None:
            self.process.terminate()
            try:
                self.process.wait(_GRACE_SECONDS)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    async def ready(self) -> None:
        """Wait until it answers. Errors: PrometheusError."""
        await asyncio.to_thread(self.wait)

    def wait(self) -> None:
        """As `ready`, for whoever has no event loop. Errors: PrometheusError."""
        deadline = time.monotonic() + READY_SECONDS
        while not self._answers():
            if self.process is None or self.process.poll() is not None or time.monotonic() > deadline:
                raise PrometheusError(f"{self.COMMANDS[0]} did not start:\n{tail(self.log)}")
            time.sleep(0.2)

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/-/ready", timeout=5) as response:  # noqa: S310 - http on loopback
                return bool(response.status == 200)
        except (URLError, OSError):
            return False


@dataclass(kw_only=True)
class LocalAlertmanager(_Local):
    """Alertmanager, with `alertmanager.yml` of its folder."""

    PACKAGE: ClassVar[str] = "prometheus-alertmanager"
    COMMANDS: ClassVar[tuple[str, ...]] = ("prometheus-alertmanager", "alertmanager")

    def command(self) -> list[str]:
        """One instance, which talks to no other."""
        return [
            f"--config.file={self.folder / 'alertmanager.yml'}",
            f"--storage.path={self.folder / 'alertmanager'}",
            f"--web.listen-address={self.address}",
            "--cluster.listen-address=",
        ]


@dataclass(kw_only=True)
class LocalPrometheus(_Local):
    """Prometheus, which scrapes some targets."""

    PACKAGE: ClassVar[str] = "prometheus"
    COMMANDS: ClassVar[tuple[str, ...]] = ("prometheus",)

    job: str
    targets: Sequence[str]  # host:port
    rules: Sequence[Path] = ()
    scrape_seconds: int = 2
    alertmanager: str | None = None  # host:port
    forgets: bool = False  # on demand: `delete`
    # after so long an alert that still fires is sent again; what fired before Alertmanager was found is lost
    resend_seconds: int = 60

    def command(self) -> list[str]:
        """Rules are evaluated as often as targets are scraped."""
        interval = f"{self.scrape_seconds}s"
        job = {
            "job_name": self.job,
            "scrape_timeout": interval,
            "static_configs": [{"targets": list(self.targets)}],
        }
        config: dict[str, Any] = {
            "global": {"scrape_interval": interval, "evaluation_interval": interval},
            "rule_files": [str(path) for path in self.rules],
            "scrape_configs": [job],
        }
        if self.alertmanager is not None:
            config["alerting"] = {"alertmanagers": [{"static_configs": [{"targets": [self.alertmanager]}]}]}
        path = self.folder / "prometheus.yml"
        path.write_text(yaml.safe_dump(config), encoding="utf-8")
        return [
            f"--config.file={path}",
            f"--storage.tsdb.path={self.folder / 'data'}",
            f"--web.listen-address={self.address}",
            f"--rules.alert.resend-delay={self.resend_seconds}s",
            "--log.level=warn",
            *(["--web.enable-admin-api"] if self.forgets else []),
        ]

    def delete(self, *selectors: str) -> None:
        """Take series away, from their beginning to their end.

        Errors: urllib.error.HTTPError where it does not forget.
        """
        asked = urllib.parse.urlencode([("match[]", selector) for selector in selectors]).encode()
        request = urllib.request.Request(f"{self.url}/api/v1/admin/tsdb/delete_series", data=asked)  # noqa: S310 - http on loopback
        with urllib.request.urlopen(request, timeout=60):  # noqa: S310
            pass

    def query(self, expression: str, at_seconds: float) -> Answer:
        """An instant query: a vector. Errors: PrometheusError."""
        return self._ask("query", {"query": expression, "time": f"{at_seconds:.3f}"})

    def query_range(
        self, expression: str, *, start_seconds: float, end_seconds: float, step_seconds: float
    ) -> Answer:
        """A query along time: a matrix. Errors: PrometheusError."""
        asked = {
            "query": expression,
            "start": f"{start_seconds:.3f}",
            "end": f"{end_seconds:.3f}",
            "step": f"{step_seconds:g}",
        }
        return self._ask("query_range", asked)

    def rule_errors(self) -> list[str]:
        """Rules whose last evaluation failed, each with its reason."""
        with urllib.request.urlopen(f"{self.url}/api/v1/rules", timeout=60) as response:  # noqa: S310 - http on loopback
            groups = json.load(response)["data"]["groups"]
        rules = (rule for group in groups for rule in group["rules"])
        return [f"{rule['name']}: {rule.get('lastError', '')}" for rule in rules if rule["health"] == "err"]

    def _ask(self, how: str, asked: Mapping[str, str]) -> Answer:
        body = urllib.parse.urlencode(asked).encode()
        request = urllib.request.Request(f"{self.url}/api/v1/{how}", data=body)  # noqa: S310 - http on loopback
        try:
            with urllib.request.urlopen(request, timeout=60) as response:  # noqa: S310 - http on loopback
                found = json.load(response)
        except urllib.error.HTTPError as error:
            raise PrometheusError(f"{asked['query']}: {error.read().decode(errors='replace')}") from None
        result: Answer = found["data"]["result"]
        return result
