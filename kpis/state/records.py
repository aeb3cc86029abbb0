"""What goes into the state of a partition and what comes out: source records, dead letters, ledger rows."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from streams.decode import Reject


class SourceRecord(Protocol):
    """What is needed of a Kafka record; aiokafka's ConsumerRecord is one."""

    @property
    def partition(self) -> int: ...
    @property
    def offset(self) -> int: ...
    @property
    def timestamp(self) -> int: ...
    @property
    def key(self) -> bytes | None: ...
    @property
    def value(self) -> bytes | None: ...


class DeadLetter(NamedTuple):
    """A rejected record, whole: where it came from, why it was refused, and its original bytes."""

    topic: str
    partition: int
    offset: int
    timestamp_ms: int
    reason: str
    detail: str
    key: bytes | None
    value: bytes | None


class Changes(NamedTuple):
    """Ledger rows to write in one transaction; None is a tombstone. `view` ends with the position row."""

    tickets: list[tuple[bytes, bytes | None]]
    view: list[tuple[bytes, bytes | None]]


def dead_letter(topic: str, record: SourceRecord, reject: Reject) -> DeadLetter:
    """The letter of a record that was refused."""
    where = (topic, record.partition, record.offset, record.timestamp)
    return DeadLetter(*where, reject.reason, reject.detail, record.key, record.value)
