"""Topics of a partition are read in step, the rearmost first.

Nobody waits for a topic that has nothing more or that hangs.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from aiokafka.structs import TopicPartition

from agents.fetching.alignment import WatermarkAlignment
from agents.fetching.sequence import FetchLog, LogEnd

CREATED, REPLIES, SURVEY = (TopicPartition(topic, 0) for topic in ("ticket-created", "first-reply", "survey"))
OF_OTHERS = TopicPartition("survey", 1)
PATIENCE_SECONDS = 2.0


class Reader:
    """Fetches by hand: the record timestamp of what came last, and whether the log holds more."""

    def __init__(self) -> None:
        self._log = FetchLog()
        self._ends: dict[Any, LogEnd] = {}
        self._alignment = WatermarkAlignment(patience_seconds=PATIENCE_SECONDS)

    def fetch(self, tp: TopicPartition, *, time_ms: int | None, more: bool = True) -> None:
        records: dict[Any, Any] = (
            {} if time_ms is None else {tp: [SimpleNamespace(offset=time_ms, timestamp=time_ms)]}
        )
        position = 0 if time_ms is None else time_ms + 1
        self._ends[tp] = LogEnd(position, position + more)
        self._log.note(records, self._ends)

    def seek(self, tp: TopicPartition) -> None:
        self._log.sought({tp: 1})

    def wait(self, seconds: float) -> None:
        self._alignment.waited(seconds)

    def choice(self, *tps: TopicPartition) -> set[Any]:
        return self._alignment.choose(tps or (CREATED, REPLIES, SURVEY), self._log.times, self._ends)


def test_the_rearmost_topic_is_fetched_and_the_others_wait() -> None:
    reader = Reader()
    for tp, time_ms in ((CREATED, 50), (REPLIES, 20), (SURVEY, 90)):
        reader.fetch(tp, time_ms=time_ms)
    assert {REPLIES} == reader.choice()
    reader.fetch(REPLIES, time_ms=60)
    assert {CREATED} == reader.choice()
    reader.fetch(CREATED, time_ms=60)
    assert {CREATED, REPLIES} == reader.choice()


def test_a_topic_that_was_never_fetched_comes_first() -> None:
    reader = Reader()
    reader.fetch(CREATED, time_ms=50)
    assert {REPLIES, SURVEY} == reader.choice()


def test_topics_at_their_end_hold_nobody_up_and_are_fetched_always() -> None:
    reader = Reader()
    reader.fetch(CREATED, time_ms=50)
    reader.fetch(REPLIES, time_ms=20, more=False)
    reader.fetch(SURVEY, time_ms=None, more=False)
    assert {CREATED, REPLIES, SURVEY} == reader.choice()


def test_partitions_do_not_wait_for_each_other() -> None:
    reader = Reader()
    reader.fetch(CREATED, time_ms=50)
    reader.fetch(REPLIES, time_ms=20)
    reader.fetch(OF_OTHERS, time_ms=500)
    assert {REPLIES, OF_OTHERS} == reader.choice(CREATED, REPLIES, OF_OTHERS)


def test_a_topic_that_hangs_holds_the_others_up_for_its_patience_only() -> None:
    """Its partition may be without a leader."""
    reader = Reader()
    reader.fetch(CREATED, time_ms=50)
    reader.fetch(REPLIES, time_ms=20)
    assert {REPLIES} == reader.choice(CREATED, REPLIES)
    reader.wait(PATIENCE_SECONDS + 0.1)
    assert {CREATED, REPLIES} == reader.choice(CREATED, REPLIES)
    reader.fetch(REPLIES, time_ms=30)
    assert {REPLIES} == reader.choice(CREATED, REPLIES)


def test_after_a_seek_a_topic_is_as_if_it_was_never_fetched() -> None:
    reader = Reader()
    reader.fetch(CREATED, time_ms=50)
    reader.fetch(REPLIES, time_ms=20)
    reader.seek(CREATED)
    assert {CREATED} == reader.choice(CREATED, REPLIES)
