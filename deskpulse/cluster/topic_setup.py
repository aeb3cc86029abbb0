"""Bringing the topics of an installation into being.

Compare what should be with what is, then create and alter.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from deskpulse.cluster import Cluster, ClusterError, Topic
from deskpulse.settings import Settings
from streams.topics import TopicRules, TopicSpec, specs

Action = Literal["create", "keep", "alter", "differs", "refuse"]
# on a source topic that others made, their own decision
_OPERATORS: Final = frozenset({"min.insync.replicas"})
_TRIES: Final = 100
_PAUSE_SECONDS: Final = 0.1


@dataclass(frozen=True, slots=True)
class TopicStep:
    """What a topic needs. `changes` maps a configuration to (value now, value it should have)."""

    spec: TopicSpec
    action: Action
    changes: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    note: str = ""


def topic_specs(settings: Settings) -> tuple[TopicSpec, ...]:
    """Every topic of the installation that the settings describe."""
    topics = settings.topics
    rules = TopicRules(
        partitions=topics.partitions,
        replication_factor=topics.replication_factor,
        min_insync_replicas=topics.min_insync_replicas,
        dead_letter_retention_ms=topics.dead_letter_retention_days * 86_400_000,
        dead_letter_max_bytes=topics.dead_letter_max_bytes,
        ledger_segment_ms=topics.ledger_segment_seconds * 1_000,
        ledger_compaction_lag_ms=topics.ledger_compaction_lag_seconds * 1_000,
        ledger_delete_retention_ms=topics.ledger_delete_retention_seconds * 1_000,
    )
    return specs(settings.app_id, settings.topic_prefix, rules)


def plan(
    wanted: Iterable[TopicSpec], existing: Mapping[str, Topic], *, alter_sources: bool = False
) -> tuple[TopicStep, ...]:
    """What each topic needs; one `refuse` means that nothing should be done at all.

    Source topics that exist belong to those who fill them: they are altered only on request.
    """
    return tuple(_step(spec, existing.get(spec.name), alter_sources=alter_sources) for spec in wanted)


async def apply(cluster: Cluster, steps: Iterable[TopicStep]) -> None:
    """Create and alter as planned; return when all brokers show it. Errors: ClusterError."""
    created = [step.spec for step in steps if step.action == "create"]
    altered = {
        step.spec.name: {name: value for name, (_, value) in step.changes.items()}
        for step in steps
        if step.action == "alter"
    }
    if created:
        await cluster.create(created)
    if altered:
        await cluster.alter(altered)
    await _wait_until_done(cluster, [step.spec for step in steps if step.action in {"create", "alter"}])


async def ensure(cluster: Cluster, settings: Settings) -> tuple[TopicStep, ...]:
    """Create what is missing and return the steps taken; with a `refuse` among them nothing was done."""
    wanted = topic_specs(settings)
    steps = plan(wanted, await cluster.topics([spec.name for spec in wanted]))
    if not refusals(steps):
        await apply(cluster, steps)
    return steps


def refusals(steps: Iterable[TopicStep]) -> tuple[TopicStep, ...]:
    """Steps that cannot be taken."""
    return tuple(step for step in steps if step.action == "refuse")


def partitions_fix(steps: Iterable[TopicStep], existing: Mapping[str, Topic]) -> str:
    """What to do about partition counts that are not as the settings say."""
    counts = {
        role: {
            len(existing[step.spec.name].partitions)
            for step in steps
            if step.spec.role == role and step.spec.name in existing
        }
        for role in ("source", "ledger", "anchor")
    }
    counts["ledger"] |= counts["anchor"]
    if len(counts["source"]) > 1:
        return (
            "the source topics have different counts, so a ticket's events would be spread over several "
            "workers: create new ones with one count (another topic_prefix) and let their producers write "
            "to them"
        )
    source, ledger = (next(iter(counts[role]), None) for role in ("source", "ledger"))
    if source is not None and counts["ledger"] - {source}:
        return (
            f"the source topics have {source} partitions and the ledger was built for {ledger}: choose "
            f"another app_id (DESKPULSE_APP_ID) with topics.partitions: {source}; its ledger is rebuilt "
            "from the source topics"
        )
    return (
        f"set topics.partitions: {source or ledger} (DESKPULSE_TOPICS__PARTITIONS), or use another "
        "app_id and topic_prefix"
    )


def _step(spec: TopicSpec, topic: Topic | None, *, alter_sources: bool) -> TopicStep:
    if topic is None:
        return TopicStep(spec, "create")
    if len(topic.partitions) != spec.partitions and spec.is_copartitioned:
        return TopicStep(
            spec, "refuse", note=f"has {len(topic.partitions)} partitions instead of {spec.partitions}"
        )
    changes = _changes(spec, topic)
    note = ""
    if topic.replication_factor != spec.replication_factor:
        note = (
            f"{topic.replication_factor} copies instead of {spec.replication_factor}: "
            "kafka-reassign-partitions changes that"
        )
    if not changes:
        return TopicStep(spec, "differs" if note else "keep", note=note)
    if spec.role == "source" and not alter_sources:
        return TopicStep(spec, "differs", changes, note)
    return TopicStep(spec, "alter", changes, note)


def _changes(spec: TopicSpec, topic: Topic) -> dict[str, tuple[str, str]]:
    ours = {
        name: value for name, value in spec.config.items() if spec.role != "source" or name not in _OPERATORS
    }
    return {
        name: (topic.config.get(name, "?"), value)
        for name, value in ours.items()
        if not _same(topic.config.get(name), value)
    }


def _same(now: str | None, wanted: str) -> bool:
    try:
        return now is not None and float(now) == float(wanted)  # a broker may answer 0.10 to 0.1
    except ValueError:
        return now == wanted


async def _wait_until_done(cluster: Cluster, specs: list[TopicSpec]) -> None:
    """Kafka answers before its brokers have learnt of a change.

    A worker started right away would not find its topics.
    """
    undone: list[str] = []
    for _ in range(_TRIES):
        topics = await cluster.topics([spec.name for spec in specs]) if specs else {}
        undone = [spec.name for spec in specs if not _done(spec, topics.get(spec.name))]
        if not undone:
            return
        await asyncio.sleep(_PAUSE_SECONDS)
    raise ClusterError(
        f"{', '.join(undone)}: still wrong after {_TRIES * _PAUSE_SECONDS:.0f} s; fix: check the brokers' "
        "logs"
    )


def _done(spec: TopicSpec, topic: Topic | None) -> bool:
    return (
        topic is not None
        and not _changes(spec, topic)
        and all(part.leader >= 0 for part in topic.partitions.values())
    )
