"""Topics: names, roles, and the configuration that each role needs. Pure: who creates them is none of its business."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal, NamedTuple

SOURCE_TOPICS: Final = ("ticket-created", "first-reply", "resolved", "survey", "ticket-changed", "customer")
DEAD_LETTER: Final = "dead-letter"
DAY_MS: Final = 86_400_000

Role = Literal["source", "ledger", "dead-letter"]


class LedgerTopics(NamedTuple):
    """The two topics that hold the state; readers of figures need `view` alone."""

    tickets: str
    view: str


def ledger_topics(app_id: str) -> LedgerTopics:
    """Names of the ledger of an installation; they carry no topic prefix, since `app_id` tells them apart.

    >>> ledger_topics("deskpulse")
    LedgerTopics(tickets='deskpulse-tickets', view='deskpulse-view')
    """
    return LedgerTopics(f"{app_id}-tickets", f"{app_id}-view")


@dataclass(frozen=True, slots=True)
class TopicSpec:
    """A topic as it should be. `config` names only what matters to us: the rest is the operator's."""

    name: str
    partitions: int
    replication_factor: int
    config: Mapping[str, str]
    role: Role


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicRules:
    """What the specifications depend on; the settings say the same by section `topics`."""

    partitions: int = 4
    replication_factor: int = 1
    min_insync_replicas: int = 1
    dead_letter_retention_ms: int = 14 * DAY_MS
    dead_letter_max_bytes: int = 4 << 20
    ledger_segment_ms: int = 600_000
    ledger_compaction_lag_ms: int = 3_600_000
    ledger_delete_retention_ms: int = DAY_MS


def specs(app_id: str, topic_prefix: str = "", rules: TopicRules | None = None) -> tuple[TopicSpec, ...]:
    """Every topic of an installation: sources in their fixed order, then the ledger, then dead letters.

    All have the same number of partitions: source and ledger because a ticket's events and its row must share one number.
    """
    rules = rules or TopicRules()
    names: list[tuple[str, Role]] = [(f"{topic_prefix}{topic}", "source") for topic in SOURCE_TOPICS]
    names += [(name, "ledger") for name in ledger_topics(app_id)]
    names += [(f"{topic_prefix}{DEAD_LETTER}", "dead-letter")]
    configs = {"source": _source(rules), "ledger": _ledger(rules), "dead-letter": _dead_letter(rules)}
    return tuple(TopicSpec(name, rules.partitions, rules.replication_factor, configs[role], role) for name, role in names)


def _common(rules: TopicRules) -> dict[str, str]:
    # The broker's clock: an event dated after its record's timestamp is rejected, and a producer's clock could hide that.
    return {"message.timestamp.type": "LogAppendTime", "min.insync.replicas": str(rules.min_insync_replicas)}


def _source(rules: TopicRules) -> Mapping[str, str]:
    """Deleted by age, never compacted (that would remove events of a ticket); the age is the operator's decision."""
    return MappingProxyType({"cleanup.policy": "delete", **_common(rules)})


def _ledger(rules: TopicRules) -> Mapping[str, str]:
    """Compacted only: with `delete` beside it, the rows of old open tickets would vanish.

    Only closed segments are compacted, hence short ones; the lag bounds how much more than the state a recovery has to read.
    """
    return MappingProxyType(
        {
            "cleanup.policy": "compact",
            "segment.ms": str(rules.ledger_segment_ms),
            "min.cleanable.dirty.ratio": "0.1",
            "min.compaction.lag.ms": "0",
            "max.compaction.lag.ms": str(rules.ledger_compaction_lag_ms),
            "delete.retention.ms": str(rules.ledger_delete_retention_ms),
            **_common(rules),
        }
    )


def _dead_letter(rules: TopicRules) -> Mapping[str, str]:
    return MappingProxyType(
        {
            "cleanup.policy": "delete",
            "retention.ms": str(rules.dead_letter_retention_ms),
            "max.message.bytes": str(rules.dead_letter_max_bytes),
            **_common(rules),
        }
    )
