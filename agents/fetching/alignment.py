"""The topics of a partition are read in step, by the timestamps of their records, as a merge would be.

A consumer brings about as many bytes of each topic, whatever time they cover. In a catch-up a sparse topic
would be days ahead of a dense one; resolutions would come before their creations, and every pane between the
two would be written although its time is over. So a topic that is ahead waits for the others; one that has
been read to its end holds nobody up.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping

from aiokafka.structs import TopicPartition as Tp

from agents.fetching.sequence import LogEnd


class WatermarkAlignment:
    """Chooses what to fetch next.

    `patience_seconds`: a topic that was waited for in vain for so long holds the others up no more.
    """

    def __init__(self, *, patience_seconds: float) -> None:
        self._patience_seconds = patience_seconds
        self._rears: dict[int, int] = {}  # record timestamps of the rearmost topics, ms, by partition
        self._waited: defaultdict[int, float] = defaultdict(float)  # seconds, since these moved

    def choose(self, tps: Collection[Tp], times: Mapping[Tp, int], ends: Mapping[Tp, LogEnd]) -> set[Tp]:
        """Of each partition the rearmost topics and those at their log end.

        All, when the rearmost were waited for in vain.

        `times`: record timestamps of what was fetched last, ms; topics without one come first. `ends`: where
        the consumer stands.
        """
        partitions: defaultdict[int, list[Tp]] = defaultdict(list)
        for tp in tps:
            partitions[tp.partition].append(tp)
        return {
            tp
            for number, topics in partitions.items()
            for tp in self._of_partition(number, topics, times, ends)
        }

    def waited(self, seconds: float) -> None:
        """So long a fetch has waited for what was chosen; time in which nobody fetches does not count."""
        for number in self._rears:
            self._waited[number] += seconds

    def _of_partition(
        self, number: int, topics: list[Tp], times: Mapping[Tp, int], ends: Mapping[Tp, LogEnd]
    ) -> list[Tp]:
        behind = {tp: times.get(tp, -1) for tp in topics if not _at_end(ends.get(tp))}
        rear = min(behind.values(), default=0)
        if self._rears.get(number) != rear:
            self._rears[number], self._waited[number] = rear, 0.0
        if self._waited[number] > self._patience_seconds:  # its log may be without a leader
            return topics
        return [tp for tp in topics if behind.get(tp, rear) <= rear]


def _at_end(end: LogEnd | None) -> bool:
    return end is not None and end.is_reached
