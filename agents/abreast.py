"""The topics of a partition are read in step, by the timestamps of their records, as a merge of them would be.

A consumer brings about as many bytes of each topic, whatever time they cover. In a catch-up a sparse topic would be days ahead of a
dense one; resolutions would come before their creations, and every pane between the two would be written although its time is over.
So a topic that is ahead waits for the others; one that has been read to its end holds nobody up.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from typing import NamedTuple

from aiokafka.structs import TopicPartition as Tp

from agents.sequence import LogEnd


class _Rear(NamedTuple):
    time_ms: int
    since: float  # monotonic seconds


class Abreast:
    """Chooses what to fetch next. `patience_seconds`: a topic that stops short of its log end for so long holds the others up no more."""

    def __init__(self, *, patience_seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._patience_seconds = patience_seconds
        self._clock = clock
        self._rears: dict[int, _Rear] = {}  # by partition

    def choose(self, tps: Collection[Tp], times: Mapping[Tp, int], ends: Mapping[Tp, LogEnd]) -> set[Tp]:
        """Of each partition the rearmost topics and those at their log end; all, when the rearmost have not moved for too long.

        `times`: record timestamps of what was fetched last, ms; topics without one come first. `ends`: where the consumer stands.
        """
        partitions: defaultdict[int, list[Tp]] = defaultdict(list)
        for tp in tps:
            partitions[tp.partition].append(tp)
        return {tp for number, topics in partitions.items() for tp in self._of_partition(number, topics, times, ends)}

    def _of_partition(self, number: int, topics: list[Tp], times: Mapping[Tp, int], ends: Mapping[Tp, LogEnd]) -> list[Tp]:
        behind = {tp: times.get(tp, -1) for tp in topics if not _at_end(ends.get(tp))}
        time_ms = min(behind.values(), default=0)
        now, rear = self._clock(), self._rears.get(number)
        if rear is None or rear.time_ms != time_ms:
            rear = self._rears[number] = _Rear(time_ms, now)
        if now - rear.since > self._patience_seconds:  # its log may be without a leader
            return topics
        return [tp for tp in topics if behind.get(tp, time_ms) <= time_ms]


def _at_end(end: LogEnd | None) -> bool:
    return end is not None and end.position >= end.end
