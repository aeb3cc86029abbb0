"""One synthetic record per chunk, in turn."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from aiokafka.structs import TopicPartition

from agents.fetching.scheduler import ChunkScheduler
from agents.fetching.sequence import Fetched, FetchLog, Verdict, judge

A, B = TopicPartition("survey", 0), TopicPartition("resolved", 0)


def records(**offsets: range) -> dict[TopicPartition, list[Any]]:
    return {
        TopicPartition(topic, 0): [
            SimpleNamespace(offset=offset, timestamp=offset * 10) for offset in numbers
        ]
        for topic, numbers in offsets.items()
    }


def handed_out(fetched: Fetched) -> list[tuple[Any, int, int, int | None]]:
    return [
        (tp, record.value.first, record.value.last, record.value.previous)
        for tp, record in ChunkScheduler(10).iterate(fetched)
    ]


def test_topic_partitions_take_turns_and_chunks_are_chained() -> None:
    assert [
        (A, 0, 9, None),
        (B, 5, 8, None),
        (A, 10, 19, 9),
        (A, 20, 24, 19),
    ] == handed_out(FetchLog().note(records(survey=range(25), resolved=range(5, 9)), {}))


def test_the_chain_goes_on_with_the_next_fetch() -> None:
    log = FetchLog()
    log.note(records(survey=range(3)), {})
    assert [(A, 7, 8, 2)] == handed_out(log.note(records(survey=range(7, 9)), {}))


def test_a_fetch_that_never_arrives_is_missed() -> None:
    """Faust drops a fetch, or its rest, when a rebalance begins.

    What follows 10 to 19 must not seem to follow 9.
    """
    log = FetchLog()
    log.note(records(survey=range(10)), {})
    log.note(records(survey=range(10, 20)), {})
    [(_, record)] = ChunkScheduler(10).iterate(log.note(records(survey=range(20, 21)), {}))
    assert Verdict.BROKEN is judge(record.value, applied=9, epoch=0)


def test_the_record_carries_the_last_offset() -> None:
    """Faust keeps it as the offset of the message."""
    [(_, record)] = ChunkScheduler(10).iterate(FetchLog().note(records(survey=range(4, 7)), {}))
    assert (6, 60) == (record.offset, record.timestamp)


def test_empty_lists_make_no_chunks() -> None:
    assert [] == handed_out(FetchLog().note(records(survey=range(0)), {}))
