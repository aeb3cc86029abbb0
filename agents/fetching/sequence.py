"""Which records were fetched after which: the check that no chunk went missing on its way through Faust.

Faust may lose a chunk around a rebalance. Offsets alone cannot tell: compaction and transaction markers leave
real gaps. So each chunk carries the offset fetched before it, and each seek of ours begins a new epoch, in
which nothing fetched earlier counts.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Collection, Iterator, Mapping, Sequence
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
    previous: int | None  # offset fetched before this chunk, None for the first one of the epoch
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
    # by the stopwatch, not after the broker was asked for it; before any answer: minus infinity
    asked_at: float = math.inf

    @property
    def is_reached(self) -> bool:
        """Whether nothing more can be fetched."""
        return self.position >= self.end


class FetchLog:
    """What was fetched last of each topic-partition since our last seek.

    Lives in the thread that fetches, so no fetch escapes it.
    """

    def __init__(self) -> None:
        self.times: dict[Tp, int] = {}  # record timestamps of what was fetched last, ms
        self._epochs: dict[Tp, int] = {}
        self._last: dict[Tp, int] = {}

    def sought(self, epochs: Mapping[Tp, int]) -> None:
        """A seek of ours takes effect."""
        self._epochs.update(epochs)
        for tp in epochs:
            self._last.pop(tp, None)
            self.times.pop(tp, None)

    def note(self, records: Mapping[Tp, Sequence[Any]], ends: Mapping[Tp, LogEnd]) -> Fetched:
        """Put a fetch in its place: `ends` is where it left the consumer."""
        previous = {tp: self._last.get(tp) for tp in records}
        for tp, found in records.items():
            if found:
                self._last[tp], self.times[tp] = found[-1].offset, found[-1].timestamp
        return Fetched(records, ends, previous, {tp: self._epochs.get(tp, 0) for tp in (*records, *ends)})


class Fetched(dict[Tp, Sequence[Any]]):
    """What one fetch brought, where it left the consumer, what was fetched before it, and in which epochs."""

    def __init__(
        self,
        records: Mapping[Tp, Sequence[Any]],
        ends: Mapping[Tp, LogEnd],
        previous: Mapping[Tp, int | None],
        epochs: Mapping[Tp, int],
    ) -> None:
        super().__init__(records)
        self.ends = ends
        self.previous = previous
        self.epochs = epochs

    @classmethod
    def joined(cls, pieces: Sequence[Fetched]) -> Fetched:
        """Consecutive fetches as one.

        Where a seek of ours came between, what was fetched before it is dropped.
        """
        records: dict[Tp, list[Any]] = {}
        ends: dict[Tp, LogEnd] = {}
        previous: dict[Tp, int | None] = {}
        epochs: dict[Tp, int] = {}
        for piece in pieces:
            ends.update(piece.ends)
            for tp, found in piece.items():
                if tp in records and piece.epochs[tp] == epochs[tp]:
                    records[tp].extend(found)
                else:
                    records[tp], previous[tp] = list(found), piece.previous[tp]
            epochs.update(piece.epochs)
        return cls({tp: found for tp, found in records.items() if found}, ends, previous, epochs)

    def chunks(self, tp: Tp, most_records: int) -> Iterator[Chunk]:
        """The records of a topic-partition as chunks, chained."""
        found, previous = self[tp], self.previous[tp]
        for start in range(0, len(found), most_records):
            part = found[start : start + most_records]
            yield Chunk(tp.topic, tp.partition, part, previous, self.epochs[tp])
            previous = part[-1].offset


class Deliveries:
    """What is known of each topic-partition since our last seek on it.

    Epoch, last record fetched, end of the log.
    """

    def __init__(self) -> None:
        self._epochs: dict[Tp, int] = {}
        self._fetched: dict[Tp, int] = {}
        self._ends: dict[Tp, LogEnd] = {}

    def epoch(self, tp: Tp) -> int:
        """Number of our last seek."""
        return self._epochs.get(tp, 0)

    def renew(self, tps: Collection[Tp]) -> dict[Tp, int]:
        """New epochs, from now on: what was fetched in earlier ones is stale. To be called before a seek."""
        for tp in tps:
            self._epochs[tp] = self.epoch(tp) + 1
            self._fetched.pop(tp, None)
            self._ends.pop(tp, None)
        return {tp: self._epochs[tp] for tp in tps}

    def note(self, fetched: Fetched) -> None:
        """Take a fetch into account."""
        for tp, end in fetched.ends.items():
            if fetched.epochs[tp] == self.epoch(tp):
                self._ends[tp] = end
        for tp, found in fetched.items():
            if found and fetched.epochs[tp] == self.epoch(tp):
                self._fetched[tp] = found[-1].offset

    def drained(self, tp: Tp, applied: int | None) -> bool:
        """Whether all that the log holds is applied; False while that is not known."""
        end = self._ends.get(tp)
        return end is not None and end.is_reached and self._all_applied(tp, applied)

    def asked_at(self, tp: Tp) -> float:
        """The instant, by the stopwatch, of which the end of the log is known; else minus infinity."""
        end = self._ends.get(tp)
        return -math.inf if end is None else end.asked_at

    def lag(self, tp: Tp, applied: int | None) -> int:
        """Offsets between the position and the log end; 0 while the end is not known."""
        end = self._ends.get(tp)
        if end is None or self.drained(tp, applied):
            return 0
        return max(0, end.end - (-1 if applied is None else applied) - 1)

    def lost(self, tp: Tp, applied: int | None) -> bool:
        """Whether all was fetched and yet not all is applied.

        With nothing on its way to be applied, a chunk is lost.
        """
        end = self._ends.get(tp)
        return end is not None and end.is_reached and not self._all_applied(tp, applied)

    def pending(self, tp: Tp, applied: int | None) -> bool:
        """Whether something of it has been fetched that is not applied."""
        return not self._all_applied(tp, applied)

    def reached(self, tp: Tp) -> int | None:
        """Offset that the consumer would fetch next; None until it has fetched since our last seek."""
        end = self._ends.get(tp)
        return None if end is None else end.position

    def log_end(self, tp: Tp) -> int | None:
        """Last stable offset at the last fetch."""
        end = self._ends.get(tp)
        return None if end is None else end.end

    def _all_applied(self, tp: Tp, applied: int | None) -> bool:
        fetched = self._fetched.get(tp)
        return fetched is None or (applied is not None and fetched <= applied)
