"""One Prometheus, one Alertmanager and a receiver of webhooks that watch several desks.

Each desk has rules of its own.
"""

from __future__ import annotations

import json
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import yaml

from deskpulse.monitoring.alert_log import Notice, server
from deskpulse.monitoring.boards.questions.promql import JOB
from deskpulse.monitoring.rules import Plan, texts, write
from deskpulse.policy import build, load_file
from proofs.local_prometheus import LocalAlertmanager, LocalPrometheus
from proofs.programs import until

SCRAPE_SECONDS: Final = 2
WATCHDOG: Final = "Watchdog"
START_SECONDS: Final = 120.0  # on a machine that does much else
# Nothing happens at these desks but what a drill sends, so their silence is no news.
_ALERTS: Final = "alerts: {scrape_interval: SCRAPEs, silence: {least: 24h}, links: {webhook: WEBHOOK}}\n"


def wall_ms() -> int:
    """Now, in milliseconds since the epoch."""
    return time.time_ns() // 1_000_000


@dataclass
class Watch:
    """What watches the desks; `policies` are by desk, as text without alerts.

    With `speed` rules wait for a desk so many times shorter. `stop` ends everything.
    """

    folder: Path
    policies: Mapping[str, str]
    speed: float
    group: int | None = None
    notices: list[Notice] = field(default_factory=list)
    _ends: list[Callable[[], object]] = field(default_factory=list)

    def __post_init__(self) -> None:
        receiver = server("127.0.0.1", 0, self.notices.append, wall_ms)
        self._ends.append(receiver.server_close)
        threading.Thread(target=receiver.serve_forever, daemon=True).start()
        self._ends.append(receiver.shutdown)
        self._webhook = f"http://127.0.0.1:{receiver.server_address[1]}/"
        self.rules = [
            path for desk in self.policies for path in self._write(desk) if path.parent.name == "rules"
        ]
        last = list(self.policies)[-1]
        (self.folder / "alertmanager.yml").write_bytes((self.folder / last / "alertmanager.yml").read_bytes())
        self.alertmanager = LocalAlertmanager(folder=self.folder, group=self.group)

    def policy(self, desk: str) -> Path:
        """The policy of a desk, with the alerts of the drill: its exporter is to have it too."""
        return self.folder / f"{desk}-policy.yaml"

    def _write(self, desk: str) -> list[Path]:
        """Write the rules of a desk.

        Its Alertmanager's configuration takes along those that were written before.
        """
        alerts = _ALERTS.replace("WEBHOOK", f'"{self._webhook}"').replace("SCRAPE", str(SCRAPE_SECONDS))
        self.policy(desk).write_text(self.policies[desk] + alerts, encoding="utf-8")
        file = load_file(self.policy(desk))
        before = [
            yaml.safe_load(path.read_text(encoding="utf-8"))
            for path in self.folder.glob("*/alertmanager.yml")
        ]
        return write(
            texts(Plan(build(file), file.alerts, self.speed, desk), wall_ms(), beside=before),
            self.folder / desk,
        )

    async def start(self, targets: Sequence[str]) -> None:
        """Start, and wait until both answer and the figures of all desks are trusted.

        By then the Watchdog of each desk has been delivered.
        """
        self.prometheus = LocalPrometheus(
            folder=self.folder,
            job=JOB,
            targets=targets,
            rules=self.rules,
            scrape_seconds=SCRAPE_SECONDS,
            alertmanager=self.alertmanager.address,
            resend_seconds=SCRAPE_SECONDS,
            group=self.group,
        )
        for program in (self.alertmanager, self.prometheus):
            program.start()
            self._ends.append(program.stop)
            await program.ready()
        await until(
            lambda: len(self.query("desk:figures_trusted")) == len(self.policies),
            seconds=START_SECONDS,
            what="trusted figures",
        )
        for desk in self.policies:
            await self.told(WATCHDOG, desk, "none")

    def stop(self) -> None:
        """End everything, the last one first."""
        while self._ends:
            self._ends.pop()()

    def query(self, expression: str) -> list[dict[str, Any]]:
        """What Prometheus answers now."""
        return self.prometheus.query(expression, time.time())

    async def told(self, alert: str, desk: str, severity: str, seconds: float = START_SECONDS) -> Notice:
        """Wait for an alert to arrive. Errors: AssertionError when it does not come in time."""

        def found() -> Notice | None:
            return next((one for one in self.notices if _is(one, alert, desk, severity)), None)

        notice: Notice = await until(found, seconds=seconds, what=f"{alert} ({severity}) of {desk}")
        return notice

    def of(self, desk: str) -> set[str]:
        """The alerts of a desk that have arrived so far, but the Watchdog."""
        return {one.name for one in self.notices if one.labels.get("desk") == desk} - {WATCHDOG}

    def strays(self) -> Iterator[str]:
        """Notices that reached the receiver of another desk, or say of no desk that they are its."""
        for one in self.notices:
            desk = one.labels.get("desk")
            if desk not in self.policies or not one.receiver.startswith(f"{desk}/"):
                yield f"{one.name} of the desk {desk} came to {one.receiver}"

    def active(self, **labels: str) -> list[dict[str, Any]]:
        """The alerts that Alertmanager has, with what mutes each."""
        with urllib.request.urlopen(f"{self.alertmanager.url}/api/v2/alerts", timeout=10) as response:  # noqa: S310 - http on loopback
            found = json.load(response)
        return [one for one in found if labels.items() <= one["labels"].items()]


def _is(notice: Notice, alert: str, desk: str, severity: str) -> bool:
    return (notice.name, notice.labels.get("desk"), notice.labels.get("severity")) == (alert, desk, severity)
