"""Who works on the partitions: what the brokers know of the workers' consumer group. Asked, never joined."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from aiokafka.coordinator.protocol import ConsumerProtocolMemberAssignment

from exporters.config import ExporterConfig
from exporters.reading.broker_questions import Questions
from kpis.ledger.codec import Position


@dataclass(frozen=True, slots=True)
class Workers:
    """One look at the group.

    A worker that died is a member until its session has expired; while partitions move, nobody owns any.
    """

    members: int = 0
    # names of workers by the partition that is assigned to them
    owners: Mapping[int, str] = field(default_factory=dict)
    # next offsets by (topic without prefix, partition)
    committed: Mapping[tuple[str, int], int] = field(default_factory=dict)

    def recovering(self, positions: Mapping[int, Position]) -> frozenset[int]:
        """Owned partitions that their owner does not work on yet.

        It signs the ledger when it has recovered them.

        Workers of version 0.1.0 and before sign nothing; theirs count as recovered.
        """
        signed = {
            number: position.owner
            for number, position in positions.items()
            if not position.transaction or position.owner
        }
        unsigned = positions.keys() - signed.keys()
        return frozenset(
            number
            for number, owner in self.owners.items()
            if number not in unsigned and signed.get(number) != owner
        )


async def read_workers(questions: Questions, config: ExporterConfig) -> Workers:
    """Ask the coordinator of the group.

    Errors: KafkaError, also when this user may not describe the group.
    """
    group, names = config.app_id, config.sources  # the workers' consumer group is named as the installation
    members, committed = await questions.members(group), await questions.committed(group)
    offsets = {
        (names[at.topic], at.partition): offset for at, offset in committed.items() if at.topic in names
    }
    return Workers(len(members), owners(members, names), offsets)


def owners(assignments: Mapping[str, bytes], sources: Mapping[str, Any]) -> dict[int, str]:
    """Owners by partition, from what the group handed out.

    An empty assignment is one that is not handed out yet.
    """
    found = {}
    for name, raw in assignments.items():
        if not raw:
            continue
        for topic, partitions in ConsumerProtocolMemberAssignment.decode(raw).assignment:
            if topic in sources:
                found.update(dict.fromkeys(partitions, name))
    return found
