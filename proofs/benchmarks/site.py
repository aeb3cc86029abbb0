"""The place of a benchmark: the broker and its topics.

All contestants read the same source topics, and each makes topics for itself.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from aiokafka.admin import AIOKafkaAdminClient

from deskpulse.cluster import connect
from deskpulse.cluster.topic_setup import apply, ensure, plan, refusals, topic_specs
from deskpulse.settings import Settings
from proofs.benchmarks.errors import BenchError
from streams.topics import TopicSpec, anchor_topic, ledger_topics, skips_topic

PARTITIONS: Final = 4
FAUST_TABLE: Final = "tickets"
_VARIABLES: Final = "DESKPULSE_"
# how Kafka is run, and where its jars are
_KEPT: Final = {"DESKPULSE_JAVA", "DESKPULSE_KAFKA_CACHE", "DESKPULSE_KAFKA_REPOSITORY"}


@dataclass(frozen=True, slots=True)
class Site:
    """Names and places of one run."""

    bootstrap: str
    prefix: str  # of the source topics, and of every consumer group of the run
    folder: Path  # for logs

    def app_id(self, contestant: str, number: int) -> str:
        """A name that nobody used before: fresh ledger, fresh group, fresh transactional ids."""
        return f"{self.prefix}{contestant}-{number}"

    def settings(self, app_id: str) -> Settings:
        """The settings of a worker of this site, else the defaults."""
        kafka = {"bootstrap_servers": self.bootstrap.split(",")}
        return Settings(
            app_id=app_id, topic_prefix=self.prefix, kafka=kafka, topics={"partitions": PARTITIONS}
        )

    def environment(self, app_id: str) -> dict[str, str]:
        """The same for a process: its variables."""
        return {
            **{name: text for name, text in os.environ.items() if not name.startswith(_VARIABLES)},
            "DESKPULSE_APP_ID": app_id,
            "DESKPULSE_TOPIC_PREFIX": self.prefix,
            "DESKPULSE_KAFKA__BOOTSTRAP_SERVERS": self.bootstrap,
            "DESKPULSE_TOPICS__PARTITIONS": str(PARTITIONS),
        }

    async def create_sources(self) -> None:
        """The topics that all contestants share. Errors: ClusterError."""
        settings = self.settings(self.prefix + "sources")
        async with connect(settings.kafka) as cluster:
            await apply(
                cluster,
                plan([spec for spec in topic_specs(settings) if spec.role in {"source", "dead-letter"}], {}),
            )

    async def create_ledger(self, app_id: str) -> None:
        """What a worker needs besides. Errors: BenchError, ClusterError."""
        settings = self.settings(app_id)
        async with connect(settings.kafka) as cluster:
            steps = await ensure(cluster, settings)
        if refused := refusals(steps):
            raise BenchError("; ".join(f"topic {step.spec.name}: {step.note}" for step in refused))

    async def create_changelog(self, app_id: str) -> None:
        """The changelog of the Faust app's table, by Faust's rules."""
        spec = TopicSpec(_changelog(app_id), PARTITIONS, 1, {"cleanup.policy": "compact"}, "ledger")
        async with connect(self.settings(app_id).kafka) as cluster:
            await cluster.create([spec])

    async def delete_ledger(self, app_id: str) -> None:
        """What a worker made: the next round shall not share the broker with the cleaning of this one."""
        await self._delete([*ledger_topics(app_id), anchor_topic(app_id), skips_topic(app_id)])

    async def delete_changelog(self, app_id: str) -> None:
        """What the Faust app filled."""
        await self._delete([_changelog(app_id)])

    async def delete_all(self) -> None:
        """Every topic of this run, also of one that was broken off."""
        async with self.admin() as admin:
            await admin.delete_topics(
                [topic for topic in await admin.list_topics() if topic.startswith(self.prefix)]
            )

    async def _delete(self, topics: Iterable[str]) -> None:
        async with self.admin() as admin:
            await admin.delete_topics(list(topics))

    @asynccontextmanager
    async def admin(self) -> AsyncIterator[AIOKafkaAdminClient]:
        admin = AIOKafkaAdminClient(bootstrap_servers=self.bootstrap)
        await admin.start()
        try:
            yield admin
        finally:
            await admin.close()


def forget_own_settings() -> None:
    """Drop the user's `DESKPULSE_*` variables: measured are the defaults, so that results can be compared."""
    for name in [name for name in os.environ if name.startswith(_VARIABLES) and name not in _KEPT]:
        del os.environ[name]


def _changelog(app_id: str) -> str:
    return f"{app_id}-{FAUST_TABLE}-changelog"
