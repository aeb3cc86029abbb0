"""What a cluster says about itself, as plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

# The newest API of each release, newest first: brokers tell which APIs they know, and not their own version.
_NEWEST_API = ((92, "4.1"), (80, "3.9"), (75, "3.8"), (68, "3.7"), (65, "3.0"), (61, "2.8"))


@dataclass(frozen=True, slots=True)
class PartitionFacts:
    """One partition: `leader` is -1 while it has none."""

    leader: int
    replicas: tuple[int, ...]
    in_sync: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Topic:
    """An existing topic. `config` holds effective values, `overridden` the names set on the topic itself.

    `is_configured` is False where the user may not see the configuration; `config` is empty then.
    """

    name: str
    partitions: Mapping[int, PartitionFacts]
    config: Mapping[str, str] = field(default_factory=dict)
    overridden: frozenset[str] = frozenset()
    is_configured: bool = True

    @property
    def replication_factor(self) -> int:
        """Copies of the partition that has the fewest."""
        return min((len(partition.replicas) for partition in self.partitions.values()), default=0)


@dataclass(frozen=True, slots=True)
class ConsumerGroup:
    """A consumer group: Kafka's word for its state, and how many clients are in it."""

    state: str
    members: int


def release(apis: Mapping[int, tuple[int, int]]) -> str:
    """The oldest Kafka release that knows these APIs.

    >>> release({61: (0, 0), 65: (0, 0), 0: (0, 9)})
    '3.0'
    """
    return next((name for api, name in _NEWEST_API if api in apis), "older than 2.8")
