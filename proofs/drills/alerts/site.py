"""Everything that a drill needs, on loopback, ended with it.

That is an installation, two exporters, Prometheus, Alertmanager and a receiver.
"""

from __future__ import annotations

import asyncio
import math
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from aiokafka import AIOKafkaProducer

from deskpulse.ingest.events_io import TimedEvent
from deskpulse.ingest.publisher import Pace, publish
from deskpulse.lab.brokers.process import free_ports
from deskpulse.lab.simulator import simulate
from deskpulse.monitoring.alert_log import Notice, server
from deskpulse.monitoring.rules import Plan, texts
from deskpulse.monitoring.rules.faults import faults
from deskpulse.policy import build, load_file
from kpis.figures.kpi import volume
from kpis.sla import metrics
from proofs.drills.alerts import exporter as drill_exporter
from proofs.drills.alerts.clock import DrillClock
from proofs.drills.alerts.drills import MINUTE_MS, MOMENT_MINUTES, WATCHDOG, Drill
from proofs.drills.alerts.pace import FASTEST
from proofs.local_prometheus import LocalAlertmanager, LocalPrometheus
from proofs.programs import ROOT, Program, until
from proofs.stack import CATCH_UP_SECONDS, START_SECONDS, Stack

HISTORY_MS: Final = 10 * 60 * MINUTE_MS  # the windows of eight hours are full; the time-lapse has the same
SCRAPED_EVERY: Final = 30  # seconds of the desk
LEAST_SCRAPE_SECONDS: Final = 2
_MOST_LATE: Final = 0.05  # of the scrapes: alerts are made to bear one now and then
EXPORTERS: Final = 2
_JOB: Final = "deskpulse-exporter"
_ALERTS: Final = "alerts: {scrape_interval: SCRAPEs, silence: {least: 3m}, links: {webhook: WEBHOOK}}\n"
_LIVES: Final = {  # what must be seen at the end, lest nothing was told because nothing was looked at
    "figures that are trusted": "desk:figures_trusted == 1",
    "new tickets": f'desk:{volume.TICKETS.name}{{window="15m",period="current",by="all"}} > 0',
    "deadlines": f"desk:{metrics.DEADLINES}"
    '{window="1h",period="current",by="all",target="first_reply"} > 0',
}


@dataclass(frozen=True, slots=True)
class Pacing:
    """When the clock of a drill starts, how fast it runs, and how busy the desk is."""

    origin_ms: int
    speed: float
    seed: int
    rate_per_hour: float | None = None  # None: that of the drill

    @property
    def moment_ms(self) -> int:
        """When a scenario begins to bite."""
        return self.origin_ms + MOMENT_MINUTES * MINUTE_MS

    @property
    def patience(self) -> float:
        """How many times longer than on a quiet machine a program may take to start and to catch up."""
        return max(1.0, FASTEST / self.speed)

    @property
    def scrape_seconds(self) -> int:
        """Between two scrapes, of ours."""
        return max(LEAST_SCRAPE_SECONDS, round(SCRAPED_EVERY / self.speed))


@dataclass(frozen=True, slots=True)
class Scrapes:
    """What Prometheus asked the exporters of a drill.

    One without an answer in time makes an exporter look down.
    """

    asked: int
    late: int
    slowest_seconds: float
    interval_seconds: int

    @property
    def are_too_late(self) -> bool:
        """Whether the drill was about the machine."""
        return self.late > _MOST_LATE * self.asked

    def __str__(self) -> str:
        told = f"{self.asked} scrapes, {self.late} not answered in time"
        return f"{told}, the slowest took {self.slowest_seconds:.1f} of {self.interval_seconds} s"


def policy_text(webhook: str, scrape_seconds: int) -> str:
    """The example's policy with alerts for a drill: scraped so often, told to this receiver."""
    alerts = _ALERTS.replace("WEBHOOK", f'"{webhook}"').replace("SCRAPE", str(scrape_seconds))
    return (ROOT / "examples/policy.yaml").read_text(encoding="utf-8") + alerts


def load_plan(policy: Path, speed: float) -> Plan:
    """What the rules of a drill are made from."""
    file = load_file(policy)
    return Plan(build(file), file.alerts, speed)


@dataclass
class Site:
    """One drill's programs; `stop` ends them all. `group`: see proofs.programs.Group."""

    drill: Drill
    pacing: Pacing
    bootstrap: str
    folder: Path
    group: int
    say: Callable[[str], None]
    notices: list[Notice] = field(default_factory=list)
    _ends: list[Callable[[], object]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.clock = DrillClock(self.folder / "clock", self.pacing.origin_ms, self.pacing.speed)
        self.receiver = server("127.0.0.1", 0, self.notices.append, self.clock.now_ms)
        self._ends.append(self.receiver.server_close)
        self.policy = self.folder / "policy.yaml"
        webhook = f"http://127.0.0.1:{self.receiver.server_address[1]}/"
        self.policy.write_text(policy_text(webhook, self.pacing.scrape_seconds), encoding="utf-8")
        variables = {"DESKPULSE_DESK__POLICY": str(self.policy), "DESKPULSE_TOPICS__PARTITIONS": "2"}
        self.stack = Stack(
            self.bootstrap, f"drill-{self.drill.name}-", self.folder, variables, group=self.group
        )
        self.alertmanager = LocalAlertmanager(folder=self.folder, group=self.group)
        self.ports = (self.stack.port, *free_ports(EXPORTERS - 1))
        self.prometheus = LocalPrometheus(
            folder=self.folder,
            job=_JOB,
            targets=[f"127.0.0.1:{port}" for port in self.ports],
            scrape_seconds=self.pacing.scrape_seconds,
            alertmanager=self.alertmanager.address,
            resend_seconds=math.ceil(60 / self.pacing.speed),
            group=self.group,
        )

    async def start(self) -> None:
        """Programs that answer, with the history counted, and the watchdog delivered.

        The clock stands still.
        """
        self._write_rules()
        await self.stack.create_topics()
        self._ends.append(self.stack.stop)
        self.stack.start("worker")
        exporters = [self._start_exporter(port) for port in self.ports]
        self.live = await self._send_history()
        _, ends = await self.stack.source()
        start_seconds = START_SECONDS * self.pacing.patience
        for one in exporters:
            await one.saying("listening on", start_seconds)
        self.say(f"{len(ends)} partitions of history are on the broker, the worker counts them")
        await self.stack.caught_up(ends, CATCH_UP_SECONDS * self.pacing.patience)
        self._start_receiver()
        for program in (self.alertmanager, self.prometheus):
            program.start()
            self._ends.append(program.stop)
            await program.ready()
        await until(
            lambda: any(notice.name == WATCHDOG for notice in self.notices),
            seconds=start_seconds,
            what="the watchdog",
        )
        await until(
            lambda: self._sees("desk:figures_trusted == 1"), seconds=start_seconds, what="trusted figures"
        )

    def stop(self) -> None:
        """End everything, the last one first."""
        while self._ends:
            self._ends.pop()()

    def faults(self) -> list[str]:
        """What would make the outcome worthless.

        These are programs that ended, rules with errors, and nothing to be judged.
        """
        found = [
            f"{one.log.name} ended with {one.process.returncode}"
            for one in self.stack.programs
            if not one.runs
        ]
        found += [f"rule {error}" for error in self.prometheus.rule_errors()]
        if (scrapes := self.scrapes()).are_too_late:
            found.append(f"the machine was too busy to judge anything: {scrapes}")
        if not self._sees(f"count(up == 1) == {EXPORTERS}"):
            found.append(f"Prometheus did not reach {EXPORTERS} exporters at the end")
        if self.drill.resolves:
            found += [
                f"no {what} at the end" for what, expression in _LIVES.items() if not self._sees(expression)
            ]
        return found

    def scrapes(self) -> Scrapes:
        """Whether the machine kept up."""
        asked, answered = (self._value(f"sum({of}_over_time(up[1d]))") for of in ("count", "sum"))
        slowest = self._value("max(max_over_time(scrape_duration_seconds[1d]))")
        return Scrapes(round(asked), round(asked - answered), slowest, self.pacing.scrape_seconds)

    def _value(self, expression: str) -> float:
        found = self.prometheus.query(expression, time.time())
        return float(found[0]["value"][1]) if found else 0.0

    def _write_rules(self) -> None:
        plan = load_plan(self.policy, self.pacing.speed)
        for name, text in texts(plan, self.pacing.origin_ms).items():
            path = self.folder / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
        self.prometheus.rules = sorted((self.folder / "rules").glob("*.yml"))

    def _start_exporter(self, port: int) -> Program:
        clock = {
            drill_exporter.FILE: str(self.clock.path),
            drill_exporter.ORIGIN: str(self.clock.origin_ms),
            drill_exporter.SPEED: str(self.clock.speed),
        }
        return self.stack.start(
            "exporter", drill_exporter.__name__, DESKPULSE_EXPORTER__PORT=str(port), **clock
        )

    def _start_receiver(self) -> None:
        threading.Thread(target=self.receiver.serve_forever, daemon=True).start()
        self._ends.append(self.receiver.shutdown)

    def _sees(self, expression: str) -> bool:
        # Prometheus lives by our clock, whatever that of the exporters says.
        return bool(self.prometheus.query(expression, time.time()))

    async def _send_history(self) -> Iterator[TimedEvent]:
        """Publish what happened before the clock starts; returns the rest."""
        origin_ms = self.pacing.origin_ms
        events = simulate(
            self.drill.scenario,
            seed=self.pacing.seed,
            start_ms=origin_ms - HISTORY_MS,
            end_ms=origin_ms + self.drill.minutes * MINUTE_MS,
            rate_per_hour=self.pacing.rate_per_hour or self.drill.rate_per_hour,
            moment_ms=self.pacing.moment_ms,
        )
        history, live = split(events, origin_ms)
        await self._publish(history, lambda: float(origin_ms))
        return live

    async def send_live(self) -> None:
        """Publish each event when the clock of the drill reaches it.

        Events of a source that has fallen silent are left out.
        """
        await self._publish(
            (event for event in self.live if not self._is_silenced(event)), lambda: float(self.clock.now_ms())
        )

    def _is_silenced(self, event: TimedEvent) -> bool:
        return event.topic == self.drill.silent_topic and event.publish_ms >= self.pacing.moment_ms

    async def _publish(self, events: Iterator[TimedEvent], now_ms: Callable[[], float]) -> None:
        async def sleep(seconds: float) -> None:
            await asyncio.sleep(seconds / self.pacing.speed)

        options = self.stack.settings.kafka.client_options()
        async with AIOKafkaProducer(acks="all", enable_idempotence=True, linger_ms=5, **options) as producer:
            await publish(
                events,
                producer,
                pace=Pace.flat_out(),
                topic_prefix=self.stack.name,
                now_ms=now_ms,
                sleep=sleep,
            )


def impossible(speed: float, now_ms: int, folder: Path) -> list[str]:
    """Why no drill can run so fast, if none can."""
    path = folder / "policy.yaml"
    path.write_text(
        policy_text("http://127.0.0.1:9/", Pacing(now_ms, speed, 0).scrape_seconds), encoding="utf-8"
    )
    return [str(fault) for fault in faults(load_plan(path, speed), now_ms)]


def missing_tools() -> list[str]:
    """The Debian packages that must be installed."""
    tools = {
        LocalPrometheus.PACKAGE: LocalPrometheus.COMMANDS,
        LocalAlertmanager.PACKAGE: LocalAlertmanager.COMMANDS,
    }
    return [package for package, names in tools.items() if not any(map(shutil.which, names))]


def split(events: Iterator[TimedEvent], at_ms: int) -> tuple[Iterator[TimedEvent], Iterator[TimedEvent]]:
    """Events published before an instant, and the rest; the first part must be used up first."""
    kept: list[TimedEvent] = []

    def before() -> Iterator[TimedEvent]:
        for event in events:
            if event.publish_ms >= at_ms:
                kept.append(event)
                return
            yield event

    def after() -> Iterator[TimedEvent]:
        yield from kept
        yield from events

    return before(), after()
