"""Two desks on one broker and one Prometheus.

One is looked at; the figures and names of the other must never show on its boards.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from aiokafka import AIOKafkaProducer

from deskpulse.clocks import wall_ms
from deskpulse.ingest.events_io import TimedEvent
from deskpulse.ingest.publisher import Pace, publish
from deskpulse.lab.brokers.process import free_ports
from deskpulse.lab.simulator import DEFAULT_DESK
from deskpulse.monitoring.boards.desk import DEFAULT_POLICY
from deskpulse.monitoring.rules import Plan, texts
from deskpulse.policy import load_policy
from deskpulse.policy.alerts import AlertsPart
from exporters.metrics.exposition import label_text
from oracle.events import Record
from proofs.boards.thin_story import thin_story
from proofs.local_prometheus import LocalPrometheus
from tests.e2e.stack import Stack

HISTORY_RATE: Final = 2.0  # tickets an hour for two months: enough for every window
PRESENT_RATE: Final = 240.0
# What a name could be taken for: the end of a text, a variable, a pattern, another's name.
ODD: Final[Mapping[str, str]] = {
    "billing": 'tier "gold" | o\'neil\\s {desk}',
    "technical": "$window .* `id` [[team]]",
    "orders": "billing",
}


@dataclass
class Site:
    """One desk: its name, its teams, how much there is to do, its installation."""

    name: str
    scenario: str
    prefix: str
    rate: float = 1.0  # of that of the first desk
    exporters: int = 1
    renamed: Mapping[str, str] = field(default_factory=dict)
    segment: str | None = None  # what it calls its fourth dimension; None: it has none
    stack: Stack = field(init=False)
    ports: list[int] = field(init=False, default_factory=list)  # of its exporters
    records: list[Record] = field(init=False, default_factory=list)

    @property
    def teams(self) -> list[str]:
        """The names of its teams."""
        return [self.renamed.get(team.name, team.name) for team in DEFAULT_DESK.teams]

    def install(self, bootstrap: str, folder: Path) -> Stack:
        """Its installation, which is not started yet."""
        own = folder / self.prefix
        own.mkdir()
        self.stack = Stack(bootstrap, self.prefix, own, self._surroundings())
        self.ports = [self.stack.port, *free_ports(self.exporters - 1)]
        return self.stack

    def _surroundings(self) -> dict[str, str]:
        names = {"CHANNEL": DEFAULT_DESK.channels, "PRIORITY": DEFAULT_DESK.priorities}
        lists = {
            f"DESKPULSE_DESK__MEMBERS__{dimension}": ",".join(one.name for one in some)  # type: ignore[attr-defined]
            for dimension, some in names.items()
        }
        if not self.renamed:
            lists["DESKPULSE_DESK__MEMBERS__TEAM"] = ",".join(self.teams)
        if self.segment is not None:
            lists["DESKPULSE_DESK__SEGMENT"] = self.segment
        return {**lists, "DESKPULSE_DESK__POLICY": str(DEFAULT_POLICY), "DESKPULSE_DESK__NAME": self.name}

    async def start(self) -> None:
        """A worker and the exporters."""
        await self.stack.start_all()
        for port in self.ports[1:]:
            self.stack.start("exporter", DESKPULSE_EXPORTER__PORT=str(port))

    async def fill(self) -> None:
        """Two months of the scenario up to now, until the exporter shows all of it."""
        producer = AIOKafkaProducer(
            acks="all", enable_idempotence=True, linger_ms=20, **self.stack.settings.kafka.client_options()
        )
        async with producer:
            await publish(
                self._events(),
                producer,
                pace=Pace.flat_out(),
                topic_prefix=self.stack.settings.topic_prefix,
                now_ms=wall_ms,
            )
        self.records, ends = await self.stack.source()
        await self.stack.caught_up(ends)

    def _events(self) -> Iterator[TimedEvent]:
        now_ms = int(time.time() * 1000)
        rates = {"rate_per_hour": PRESENT_RATE * self.rate, "history_rate": HISTORY_RATE * self.rate}
        events = thin_story(self.scenario, now_ms=now_ms, **rates)
        for event in itertools.takewhile(lambda event: event.publish_ms <= now_ms, events):
            team = self.renamed.get(str(event.value.get("team")))
            yield event if team is None else event._replace(value={**event.value, "team": team})

    def write_rules(self, folder: Path) -> list[Path]:
        """Its rules, as `deskpulse rules` writes them for its name."""
        policy = load_policy(DEFAULT_POLICY)
        assert policy is not None
        found = []
        for name, text in texts(Plan(policy, AlertsPart(), desk=self.name), int(time.time() * 1000)).items():
            if name.startswith("rules/"):
                path = folder / self.prefix / Path(name).name
                path.write_text(text, encoding="utf-8")
                found.append(path)
        return found

    def leave(self, prometheus: LocalPrometheus) -> None:
        """Take everything that Prometheus knows of it away."""
        prometheus.delete(
            label_text({"desk": self.name}),
            *(label_text({"instance": f"127.0.0.1:{port}"}) for port in self.ports),
        )


def sites(scenario: str) -> tuple[Site, Site]:
    """The desk that is looked at, and a smaller one beside it."""
    return (
        Site("Support EU", scenario, "boards-", exporters=2, segment="tier"),
        Site('The "other" desk: $desk | a\\b', "calm", "other-", rate=0.4, renamed=ODD),
    )
