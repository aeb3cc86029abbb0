"""A small support desk for tests of the exporter.

Events of one partition go in, and ledger rows come out, as a worker would write them.
"""

import itertools
import json
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from exporters.reading.status import LedgerPartition, LogSpan, ReaderStatus
from kpis.figures.view import ViewRules
from kpis.figures.view_builder import ViewBuilder
from kpis.members import MemberRules
from kpis.state.partition import PartitionState
from streams.topics import SOURCE_TOPICS

Row = tuple[bytes, bytes | None]
MIDNIGHT_MS = 1_772_409_600_000  # 2026-03-02T00:00:00Z, a Monday
RULES = ViewRules(zone=ZoneInfo("UTC"), members=MemberRules(most=3))


def at(clock: str) -> int:
    """Milliseconds of a time of that Monday.

    >>> at("00:01") - at("00:00")
    60000
    """
    hours, minutes, *seconds = (int(part) for part in clock.split(":"))
    return MIDNIGHT_MS + ((hours * 60 + minutes) * 60 + sum(seconds)) * 1000


@dataclass(frozen=True)
class Record:
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None


class Desk:
    """One partition of a desk."""

    def __init__(self, partition: int = 0) -> None:
        self.state = PartitionState(partition)
        self.state.position.partitions = 0
        self._ids = itertools.count(1)
        self._offsets = dict.fromkeys(SOURCE_TOPICS, 0)

    def send(self, topic: str, key: str, clock: str, **fields: object) -> None:
        event = {"event_id": f"e{next(self._ids)}", "occurred_at": at(clock), **fields}
        self.send_raw(topic, key.encode(), json.dumps(event).encode(), at(clock))

    def send_raw(self, topic: str, key: bytes, value: bytes | None, timestamp_ms: int) -> None:
        offset = self._offsets[topic]
        self._offsets[topic] += 1
        self.state.apply(topic, [Record(self.state.partition, offset, timestamp_ms, key, value)])

    def created(
        self, ticket: str, clock: str, team: str = "billing", channel: str = "phone", priority: str = "high"
    ) -> None:
        dims = {"team": team, "channel": channel, "priority": priority}
        self.send(
            "ticket-created", ticket, clock, ticket_id=ticket, customer_id=f"customer of {ticket}", **dims
        )

    def replied(self, ticket: str, clock: str) -> None:
        self.send("first-reply", ticket, clock, ticket_id=ticket)

    def resolved(self, ticket: str, clock: str, outcome: str = "solved", talk_seconds: float = 120) -> None:
        self.send("resolved", ticket, clock, ticket_id=ticket, outcome=outcome, talk_seconds=talk_seconds)

    def answered(self, ticket: str, clock: str, kind: str, score: int) -> None:
        self.send("survey", ticket, clock, ticket_id=ticket, kind=kind, score=score)

    def joined(self, customer: str, clock: str) -> None:
        self.send("customer", customer, clock, customer_id=customer, status="joined")

    def present(self, team: str, clock: str, **counts: int) -> None:
        self.send("presence", team, clock, team=team, **counts)

    def rows(self) -> list[Row]:
        """What a worker writes to the view topic next; the last one is the position row."""
        self.state.advance(())
        return self.state.take_changes().view


def a_morning(partition: int = 0) -> Desk:
    """Two tickets of one team, of which T2 still waits.

    T1 was answered after 5 min and solved after 30 min, with happy answers.
    """
    desk = Desk(partition)
    desk.created("T1", "10:10")
    desk.created("T2", "10:20", team="sales", channel="mail", priority="low")
    desk.replied("T1", "10:15")
    desk.resolved("T1", "10:40", talk_seconds=240)
    desk.answered("T1", "10:41", "nps", 10)
    desk.answered("T1", "10:42", "csat", 5)
    desk.joined("customer of T1", "09:00")
    return desk


def a_view_builder(*desks: Desk) -> ViewBuilder:
    builder = ViewBuilder(RULES)
    for desk in desks:
        builder.apply(desk.state.partition, desk.rows())
    return builder


def all_read(count: int = 1, **changes: object) -> ReaderStatus:
    """The status of a reader that has read everything."""
    parts = {
        number: LedgerPartition(position=10, end=10, stable=10, caught_up=True) for number in range(count)
    }
    values: dict[str, object] = {
        "expected": count,
        "partitions": parts,
        "read_at_ms": at("11:00"),
        "silent_seconds": 0.2,
        **changes,
    }
    return ReaderStatus(**values)  # type: ignore[arg-type]


def waiting(seconds: float) -> ReaderStatus:
    """... but the workers have left a record waiting for so long."""
    return all_read(1, sources={("resolved", 0): LogSpan(0, 10, behind_seconds=seconds)})
