"""Conditions under which going on would do harm, each as an error that names the fix."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Mapping
from typing import Final

from agents.exits import Exit, WorkerError
from kpis.state.records import DeadLetter

HIDDEN: Final = -1  # in place of the partition count of a topic that the Kafka user may not see


class RejectLimit:
    """Stops the worker when nearly everything is bad: then the deploy is wrong, not the data."""

    def __init__(self, *, share: float, least: int) -> None:
        self._share = share
        self._least = least
        self._window: deque[tuple[int, Counter[str]]] = deque()
        self._records = 0
        self._reasons: Counter[str] = Counter()

    def note(self, records: int, dead_letters: Iterable[DeadLetter]) -> None:
        """Count a chunk before it is written.

        Errors: WorkerError when the last `least` records or more pass the limit.
        """
        reasons = Counter(letter.reason for letter in dead_letters)
        self._window.append((records, reasons))
        self._records += records
        self._reasons += reasons
        while self._records - self._window[0][0] >= self._least:
            leaving, their_reasons = self._window.popleft()
            self._records -= leaving
            self._reasons -= their_reasons
        rejected = self._reasons.total()
        if self._records >= self._least and rejected >= self._share * self._records:
            raise WorkerError(Exit.DATA, self._message(rejected))

    def _message(self, rejected: int) -> str:
        why = ", ".join(f"{reason} {count}" for reason, count in self._reasons.most_common(3))
        return (
            f"{rejected} of the last {self._records} records were rejected ({why}): the deploy is wrong, "
            "not the data. None of them was written. Check that producers and this version agree "
            "(docs/events.md), that topics are not swapped, and the clocks; then restart"
        )


def check_existence(counts: Mapping[str, int]) -> None:
    """Errors: WorkerError when a topic is missing (count 0), or this user may not see it (`HIDDEN`).

    Kafka hides whether it exists.
    """
    missing = sorted(topic for topic, count in counts.items() if count == 0)
    hidden = sorted(topic for topic, count in counts.items() if count == HIDDEN)
    told = []
    if missing:
        told.append(f"no such topic: {', '.join(missing)}. Create what is missing with `deskpulse topics`")
    if hidden:
        told.append(
            f"invisible to this Kafka user: {', '.join(hidden)}. They are missing or forbidden; Kafka does "
            "not say which. Give the user the rights listed in docs/kafka.md, or create them with "
            "`deskpulse topics`"
        )
    if told:
        raise WorkerError(Exit.CONFIG, "; ".join(told))


def check_partition_counts(counts: Mapping[str, int], *, prior: int = 0) -> int:
    """The one partition count of all topics.

    Errors: WorkerError when a topic is missing (count 0), or counts differ or have changed.
    """
    check_existence(counts)
    if len(set(counts.values())) > 1:
        told = ", ".join(f"{topic} {count}" for topic, count in sorted(counts.items()))
        raise WorkerError(
            Exit.CONFIG,
            f"partition counts differ ({told}): a ticket's events would lie in different partitions. Give "
            "all topics the same count with `deskpulse topics`, new ones where a count is too high",
            page="partition-count-changed",
        )
    count = next(iter(counts.values()))
    if prior not in {0, count}:
        raise WorkerError(
            Exit.CONFIG,
            f"topics have {count} partitions, the ledger was made with {prior}: tickets would move between "
            f"partitions. Restore {prior}, or start a new ledger with another app_id; it reads all topics "
            "from their beginning",
            page="partition-count-changed",
        )
    return count


def check_source_log(topic: str, partition: int, *, applied: int | None, start: int, end: int) -> int:
    """Records that retention removed before they were read, usually 0.

    Errors: WorkerError when the log is shorter than the position.
    """
    if applied is None:
        return 0
    if end < applied + 1:
        raise WorkerError(
            Exit.CONFIG, went_backwards(topic, partition, applied=applied, found=end), page="topic-recreated"
        )
    return max(0, start - applied - 1)


def went_backwards(topic: str, partition: int, *, applied: int, found: int) -> str:
    """The message for a log that is not the one that was read before."""
    return (
        f"{topic}/{partition} goes back to offset {found}, but the ledger has applied {applied}: "
        "the topic was recreated or lost records. Restore it, or start a new ledger with another app_id"
    )


def crashed_merge(error: Exception, topic: str, partition: int, *, first: int, last: int) -> WorkerError:
    """The error for a record that crashes the merge: without help the worker would crash on it for ever."""
    offset = first if first == last else getattr(error, "offset", record_in_hand(error))
    where = f"offset {offset}" if offset is not None else f"an offset from {first} to {last}"
    skip = f"deskpulse skip {topic} {partition} {'OFFSET' if offset is None else offset}"
    more = "" if offset is not None else "; set worker.chunk_records=1 to find out which"
    return WorkerError(
        Exit.DATA,
        f"{topic}/{partition} {where} crashes the merge ({error!r}){more}: please report it. To go on "
        f"without it: `{skip}`, then restart",
        page="crash-loop-on-a-record",
    )


def record_in_hand(error: Exception) -> int | None:
    """The offset of the record that was being merged.

    The outermost frame of the traceback with a local `record` had it.

    Noting each record before its merge would cost every record some time, for an error that nobody has seen
    yet.
    """
    trace = error.__traceback__
    while trace is not None:
        offset = getattr(trace.tb_frame.f_locals.get("record"), "offset", None)
        if isinstance(offset, int):
            return offset
        trace = trace.tb_next
    return None
