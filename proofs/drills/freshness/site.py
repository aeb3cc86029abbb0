"""The whole chain on loopback, at the intervals of a real installation.

It is a worker, an exporter, Prometheus with our rules, and Alertmanager.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import takewhile
from pathlib import Path
from typing import Any, Final

import yaml
from aiokafka import AIOKafkaProducer

from deskpulse.ingest.publisher import Pace, publish
from deskpulse.lab.demo.run import DEMO_POLICY
from deskpulse.lab.demo.story import story
from deskpulse.monitoring.alert_log import Notice, server
from deskpulse.monitoring.boards.questions.promql import JOB
from deskpulse.monitoring.rules import Plan, texts, write
from deskpulse.policy import build, load_file
from kpis.sla import metrics
from proofs.local_prometheus import LocalAlertmanager, LocalPrometheus
from proofs.programs import until
from proofs.stack import START_SECONDS, Stack
from windows.panes import DAY_MS, MINUTE_MS

Event = tuple[str, dict[str, Any]]  # topic, value
WATCHDOG: Final = "Watchdog"
_HISTORY_MS: Final = 2 * DAY_MS
_TICKETS: Final = 24  # of a corner that has some five an hour: more than any chance explains


@dataclass(frozen=True, slots=True, kw_only=True)
class Slip:
    """Tickets that wait, of which one alert tells, and by which figure it is true.

    Each alert has a group of its own at Alertmanager.
    """

    alert: str
    severity: str
    figure: str
    window: str | None = None  # None: the figure is of the present
    target: str
    team: str
    priority: str
    youngest_ms: int
    oldest_ms: int
    answered: bool = False  # so that the solution is all that is missing

    def is_told_by(self, notice: Notice) -> bool:
        """Whether a notice is the one."""
        return (self.alert, self.severity, self.target) == (
            notice.name,
            *map(notice.labels.get, ("severity", "target")),
        )


# Both teams always work in the demo's policy, so none of it depends on the hour.
SLIPS: Final = (
    Slip(  # promised within 30 min: all broken, the oldest one 55 min ago
        alert="SupportSLABelowObjective",
        severity="page",
        figure=metrics.WORST_OVERDUE,
        window="1h",
        target="first_reply",
        team="billing",
        priority="high",
        youngest_ms=33 * MINUTE_MS,
        oldest_ms=85 * MINUTE_MS,
    ),
    Slip(  # promised within 2 h: due in 8 to 14 min
        alert="SupportSLAEndangered",
        severity="page",
        figure=metrics.ENDANGERED,
        target="first_reply",
        team="technical",
        priority="normal",
        youngest_ms=106 * MINUTE_MS,
        oldest_ms=112 * MINUTE_MS,
    ),
    Slip(  # promised within 8 h: due in 8 to 14 min
        alert="SupportSLAEndangered",
        severity="warning",
        figure=metrics.ENDANGERED,
        target="resolution",
        team="billing",
        priority="high",
        youngest_ms=466 * MINUTE_MS,
        oldest_ms=472 * MINUTE_MS,
        answered=True,
    ),
)


def wall_ms() -> int:
    """Now, in milliseconds since the epoch."""
    return time.time_ns() // 1_000_000


def events_of(slip: Slip, now_ms: int) -> Iterator[Event]:
    """Mails that wait now, the oldest first."""
    step_ms = (slip.oldest_ms - slip.youngest_ms) // _TICKETS
    for number in range(_TICKETS):
        ticket, at_ms = f"{slip.target}-{slip.team}-{number}", now_ms - slip.oldest_ms + number * step_ms
        yield from created(ticket, at_ms, slip.team, slip.priority)
        if slip.answered:
            yield (
                "first-reply",
                {"event_id": f"{ticket}-reply", "occurred_at": at_ms + MINUTE_MS, "ticket_id": ticket},
            )


def created(ticket: str, at_ms: int, team: str, priority: str) -> Iterator[Event]:
    """A mail."""
    value = {"event_id": ticket, "occurred_at": at_ms, "ticket_id": ticket, "customer_id": "C"}
    yield "ticket-created", value | {"team": team, "channel": "email", "priority": priority}


@dataclass
class Site:
    """A calm desk that is counted, and nothing that moves but what we send. `stop` ends everything."""

    bootstrap: str
    folder: Path
    group: int
    notices: list[Notice] = field(default_factory=list)
    _ends: list[Callable[[], object]] = field(default_factory=list)
    _sent: int = 0

    def __post_init__(self) -> None:
        receiver = server("127.0.0.1", 0, self.notices.append, wall_ms)
        self._ends.append(receiver.server_close)
        threading.Thread(target=receiver.serve_forever, daemon=True).start()
        self._ends.append(receiver.shutdown)
        policy = self.folder / "policy.yaml"
        webhook = f"http://127.0.0.1:{receiver.server_address[1]}/"
        policy.write_text(
            f"{DEMO_POLICY.read_text(encoding='utf-8')}alerts: {{links: {{webhook: {webhook!r}}}}}\n",
            encoding="utf-8",
        )
        variables = {"DESKPULSE_DESK__POLICY": str(policy), "DESKPULSE_TOPICS__PARTITIONS": "2"}
        self.stack = Stack(self.bootstrap, "freshness-", self.folder, variables, group=self.group)
        file = load_file(policy)
        rules = [
            path
            for path in write(texts(Plan(build(file), file.alerts), wall_ms()), self.folder)
            if path.suffix == ".yml"
        ]
        self.interval_seconds = file.alerts.scrape_interval // 1000
        self.alertmanager = LocalAlertmanager(folder=self.folder, group=self.group)
        self.prometheus = LocalPrometheus(
            folder=self.folder,
            job=JOB,
            targets=[f"127.0.0.1:{self.stack.port}"],
            rules=[path for path in rules if path.parent.name == "rules"],
            scrape_seconds=self.interval_seconds,
            alertmanager=self.alertmanager.address,
            group=self.group,
        )

    async def start(self) -> None:
        """Until the history is counted, the figures are trusted and the watchdog has been delivered."""
        self._ends.append(self.stack.stop)
        await self.stack.start_all()
        await self._send_history()
        _, ends = await self.stack.source()
        await self.stack.caught_up(ends)
        for program in (self.alertmanager, self.prometheus):
            program.start()
            self._ends.append(program.stop)
            await program.ready()
        await until(
            lambda: self.number("desk:figures_trusted"), seconds=START_SECONDS, what="trusted figures"
        )
        await until(
            lambda: any(one.name == WATCHDOG for one in self.notices),
            seconds=START_SECONDS,
            what="the watchdog",
        )

    def stop(self) -> None:
        """End everything, the last one first."""
        while self._ends:
            self._ends.pop()()

    def number(self, expression: str) -> float | None:
        """What Prometheus answers now, of one series."""
        found = self.prometheus.query(expression, time.time())
        return float(found[0]["value"][1]) if found else None

    def waits(self, slip: Slip) -> float:
        """Seconds that a notification waits for by intent.

        They are the rule's `for`, and what Alertmanager groups for.
        """
        rules = yaml.safe_load((self.folder / "rules/sla.yml").read_text(encoding="utf-8"))
        alerts = [
            rule for group in rules["groups"] for rule in group["rules"] if rule.get("alert") == slip.alert
        ]
        (rule,) = [alert for alert in alerts if alert["labels"]["severity"] == slip.severity]
        route = yaml.safe_load((self.folder / "alertmanager.yml").read_text(encoding="utf-8"))["route"]
        return _seconds(rule["for"]) + _seconds(route["group_wait"])

    async def slip(self, slip: Slip) -> None:
        """Send the tickets of a slip; returns when the broker has them."""
        await self._publish(events_of(slip, wall_ms()))

    async def ticket(self, created_ms: int) -> None:
        """Send one ticket that waits; returns when the broker has it."""
        self._sent += 1
        await self._publish(created(f"fresh-{self._sent}", created_ms, "billing", "high"))

    async def _publish(self, events: Iterable[Event]) -> None:
        await self.stack.publish(
            [(topic, value["ticket_id"].encode(), json.dumps(value).encode()) for topic, value in events]
        )

    async def _send_history(self) -> None:
        now_ms = wall_ms()
        events = takewhile(
            lambda event: event.publish_ms <= now_ms, story("calm", now_ms=now_ms, history_ms=_HISTORY_MS)
        )
        options = self.stack.settings.kafka.client_options()
        async with AIOKafkaProducer(acks="all", enable_idempotence=True, linger_ms=5, **options) as producer:
            await publish(
                events, producer, pace=Pace.flat_out(), topic_prefix=self.stack.name, now_ms=wall_ms
            )


def _seconds(text: str) -> float:
    """A duration of Prometheus with one unit.

    >>> _seconds("15s"), _seconds("2m")
    (15.0, 120.0)
    """
    return float(text[:-1]) * {"s": 1, "m": 60, "h": 3600}[text[-1]]
