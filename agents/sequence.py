"""Which records were delivered after which: the check that no chunk went missing on its way through Faust.

Faust may lose a chunk around a rebalance. Offsets alone cannot tell: compaction and transaction markers leave real gaps. So each
chunk carries the offset delivered before it, and each seek of ours begins a new epoch, in which nothing fetched earlier counts.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from enum import Enum, auto
from operator import attrgetter
from typing import Any, NamedTuple

from aiokafka.structs import TopicPartition as Tp

_OFFSET = attrgetter("offset")


class Chunk(NamedTuple):
    """Consecutive records of one topic-partition."""

    topic: str  # as in Kafka
    partition: int
    records: Sequence[Any]  # never empty
    previous: int | None  # offset delivered before this chunk, None for the first one of the epoch
    epoch: int

    @property
    def first(self) -> int:
        """Offset of the first record."""
        offset: int = self.records[0].offset
        return offset

    @property
    def last(self) -> int:
        """Offset of the last record."""
        offset: int = self.records[-1].offset
        return offset

    def beyond(self, applied: int | None) -> Sequence[Any]:
        """The records after the applied offset."""
        if applied is None or self.first > applied:
            return self.records
        return self.records[bisect_right(self.records, applied, key=_OFFSET) :]


class Verdict(Enum):
    """What to do with a chunk."""

    APPLY = auto()
    GAP = auto()  # apply: the log has nothing between the position and this chunk
    APPLIED = auto()  # drop: it is in the ledger
    STALE = auto()  # drop: fetched before our last seek
    BROKEN = auto()  # drop and seek: a chunk before it is missing
    BACKWARDS = auto()  # the log is not the one that we read before


def judge(chunk: Chunk, *, applied: int | None, epoch: int) -> Verdict:
    """Compare a chunk with the applied offset of its topic-partition (None: nothing yet)."""
    if chunk.epoch != epoch:
        return Verdict.STALE
    if chunk.previous is not None and chunk.first <= chunk.previous:
        return Verdict.BACKWARDS
    if applied is not None and chunk.last <= applied:
        return Verdict.APPLIED
    if chunk.previous is None:
        return Verdict.GAP if applied is not None and chunk.first > applied + 1 else Verdict.APPLY
    if applied is not None and chunk.previous <= applied:
        return Verdict.APPLY
    return Verdict.BROKEN


class LogEnd(NamedTuple):
    """Where a consumer stood after a fetch."""

    position: int  # next offset to fetch: beyond transaction markers
    end: int  # last stable offset: what a reader of committed records can reach


class Deliveries:
    """What was fetched and delivered of each topic-partition since our last seek on it."""

    def __init__(self) -> None:
        self._epochs: dict[Tp, int] = {}
        self._delivered: dict[Tp, int] = {}
        self._fetched: dict[Tp, int] = {}
        self._ends: dict[Tp, LogEnd] = {}

    def epoch(self, tp: Tp) -> int:
        """Number of our last seek."""
        return self._epochs.get(tp, 0)

    def epochs(self) -> dict[Tp, int]:
        """To be taken before a fetch and handed back with what it brought."""
        return dict(self._epochs)

    def renew(self, tps: Iterable[Tp]) -> None:
        """To be called before a seek: what was fetched until now is stale."""
        for tp in tps:
            self._epochs[tp] = self.epoch(tp) + 1
            for known in (self._delivered, self._fetched, self._ends):
                known.pop(tp, None)  # type: ignore[attr-defined]

    def fetched(self, records: Mapping[Tp, Sequence[Any]], ends: Mapping[Tp, LogEnd], epochs: Mapping[Tp, int]) -> None:
        """Note a fetch: what it brought and where it left the consumer, both seen at one moment."""
        for tp, end in ends.items():
            if epochs.get(tp, 0) == self.epoch(tp):
                self._ends[tp] = end
        for tp, found in records.items():
            if found and epochs.get(tp, 0) == self.epoch(tp):
                self._fetched[tp] = found[-1].offset

    def stamp(self, tp: Tp, records: Sequence[Any], epoch: int) -> Chunk:
        """Make a chunk of records about to be delivered."""
        if epoch != self.epoch(tp):
            return Chunk(tp.topic, tp.partition, records, None, epoch)
        previous = self._delivered.get(tp)
        self._delivered[tp] = records[-1].offset
        return Chunk(tp.topic, tp.partition, records, previous, epoch)

    def drained(self, tp: Tp, applied: int | None) -> bool:
        """Whether all that the log holds is applied; False while that is not known."""
        end = self._ends.get(tp)
        return end is not None and end.position >= end.end and self._all_applied(tp, applied)

    def lag(self, tp: Tp, applied: int | None) -> int:
        """Offsets between the position and the log end; 0 while the end is not known."""
        end = self._ends.get(tp)
        if end is None or self.drained(tp, applied):
            return 0
        return max(0, end.end - (-1 if applied is None else applied) - 1)

    def lost(self, tp: Tp, applied: int | None) -> bool:
        """Whether all was fetched and yet not all is applied; with nothing on its way to be applied, a chunk is lost."""
        end = self._ends.get(tp)
        return end is not None and end.position >= end.end and not self._all_applied(tp, applied)

    def log_end(self, tp: Tp) -> int | None:
        """Last stable offset at the last fetch."""
        end = self._ends.get(tp)
        return None if end is None else end.end

    def _all_applied(self, tp: Tp, applied: int | None) -> bool:
        fetched = self._fetched.get(tp)
        return fetched is None or (applied is not None and fetched <= applied)
