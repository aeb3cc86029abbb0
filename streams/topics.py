"""Topics: names, roles, and the configuration that each role needs.

Pure: who creates them is none of its business.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal, NamedTuple

from streams.sources import SOURCES

# names without prefix, in the order of `streams.sources`
SOURCE_TOPICS: Final = tuple(source.topic for source in SOURCES)
DEAD_LETTER: Final = "dead-letter"
DAY_MS: Final = 86_400_000

Role = Literal["source", "ledger", "anchor", "skips", "dead-letter"]


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


def anchor_topic(app_id: str) -> str:
    """Always empty: Faust assigns the partitions of all topics together only when a table is among them."""
    return f"{app_id}-anchor"


def skips_topic(app_id: str) -> str:
    """Where an operator notes records that the workers shall pass over."""
    return f"{app_id}-skips"


def dead_letter_topic(topic_prefix: str) -> str:
    """Where rejected records go, of all installations that share the source topics of a prefix.

    >>> dead_letter_topic("support.")
    'support.dead-letter'
    """
    return topic_prefix + DEAD_LETTER


def source_names(topic_prefix: str) -> dict[str, str]:
    """Names in Kafka of the source topics to their names without prefix.

    >>> source_names("support.")["support.resolved"]
    'resolved'
    """
    return {topic_prefix + topic: topic for topic in SOURCE_TOPICS}


@dataclass(frozen=True, slots=True)
class TopicSpec:
    """A topic as it should be. `config` names only what matters to us: the rest is the operator's."""

    name: str
    partitions: int
    replication_factor: int
    config: Mapping[str, str]
    role: Role

    @property
    def is_copartitioned(self) -> bool:
        """Whether its number of partitions must be the common one.

        The anchor, always empty, makes Faust assign them together.
        """
        return self.role in {"source", "ledger", "anchor"}


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
    """Every topic of an installation.

    Sources in their fixed order, the ledger, the anchor, skips, dead letters.

    All but the last two must have the same number of partitions: a ticket's events and its row share one
    number.
    """
    rules = rules or TopicRules()
    names: list[tuple[str, Role]] = [(name, "source") for name in source_names(topic_prefix)]
    names += [(name, "ledger") for name in ledger_topics(app_id)]
    names += [
        (anchor_topic(app_id), "anchor"),
        (skips_topic(app_id), "skips"),
        (dead_letter_topic(topic_prefix), "dead-letter"),
    ]
    return tuple(_spec(name, role, rules) for name, role in names)


def _spec(name: str, role: Role, rules: TopicRules) -> TopicSpec:
    config = {
        "source": _source,
        "ledger": _ledger,
        "anchor": _kept,
        "skips": _kept,
        "dead-letter": _dead_letter,
    }[role](rules)
    return TopicSpec(name, 1 if role == "skips" else rules.partitions, rules.replication_factor, config, role)


def _common(rules: TopicRules) -> dict[str, str]:
    # The broker's clock: an event dated after its record's timestamp is rejected, and a producer's clock
    # could hide that.
    return {"message.timestamp.type": "LogAppendTime", "min.insync.replicas": str(rules.min_insync_replicas)}


def _source(rules: TopicRules) -> Mapping[str, str]:
    """Deleted by age, never compacted: that would remove events of a ticket.

    The operator decides the age.
    """
    return MappingProxyType({"cleanup.policy": "delete", **_common(rules)})


def _ledger(rules: TopicRules) -> Mapping[str, str]:
    """Compacted only: with `delete` beside it, the rows of old open tickets would vanish.

    Only closed segments are compacted, hence short ones; the lag bounds how much more than the state a
    recovery has to read.
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


def _kept(rules: TopicRules) -> Mapping[str, str]:
    """Next to nothing is written here, and what is must stay."""
    return MappingProxyType({"cleanup.policy": "compact", **_common(rules)})


def _dead_letter(rules: TopicRules) -> Mapping[str, str]:
    return MappingProxyType(
        {
            "cleanup.policy": "delete",
            "retention.ms": str(rules.dead_letter_retention_ms),
            "max.message.bytes": str(rules.dead_letter_max_bytes),
            **_common(rules),
        }
    )
