"""Which chunk may be applied, and when a log is known to be read to its end."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka.structs import TopicPartition

from agents.fetching.sequence import Chunk, Deliveries, Fetched, FetchLog, LogEnd, Verdict, judge

TP = TopicPartition("survey", 3)


def records(*offsets: int) -> list[Any]:
    return [SimpleNamespace(offset=offset, timestamp=offset) for offset in offsets]


def chunk(*offsets: int, previous: int | None = None, epoch: int = 1) -> Chunk:
    return Chunk(TP.topic, TP.partition, records(*offsets), previous, epoch)


@pytest.mark.parametrize(
    ("delivered", "applied", "verdict"),
    [
        pytest.param(chunk(0, 1), None, Verdict.APPLY, id="the first chunk of all"),
        pytest.param(chunk(5, 6), None, Verdict.APPLY, id="a log that began before we did"),
        pytest.param(chunk(8, 9), 7, Verdict.APPLY, id="the first one after a seek"),
        pytest.param(chunk(10, 12, previous=9), 9, Verdict.APPLY, id="what follows"),
        pytest.param(chunk(15, 16, previous=9), 9, Verdict.APPLY, id="what follows beyond compacted offsets"),
        pytest.param(chunk(15, 16), 9, Verdict.GAP, id="a hole that is there after a seek too"),
        pytest.param(chunk(15, 16, previous=14), 9, Verdict.BROKEN, id="a chunk between is missing"),
        pytest.param(
            chunk(15, 16, previous=14), None, Verdict.BROKEN, id="the first chunk of all is missing"
        ),
        pytest.param(chunk(5, 9), 9, Verdict.APPLIED, id="delivered again"),
        pytest.param(chunk(5, 12), 9, Verdict.APPLY, id="delivered again in part"),
        pytest.param(chunk(0, 3, previous=9), 9, Verdict.BACKWARDS, id="offsets went back"),
        pytest.param(chunk(10, 11, previous=9, epoch=0), 9, Verdict.STALE, id="fetched before the last seek"),
    ],
)
def test_the_place_of_a_chunk_decides(delivered: Chunk, applied: int | None, verdict: Verdict) -> None:
    assert verdict is judge(delivered, applied=applied, epoch=1)


def test_applied_records_are_left_out() -> None:
    assert [8, 11] == [record.offset for record in chunk(3, 5, 8, 11).beyond(5)]
    assert [8, 11] == [record.offset for record in chunk(8, 11).beyond(5)]
    assert not chunk(3, 5).beyond(5)
    assert [3, 5] == [record.offset for record in chunk(3, 5).beyond(None)]


def test_a_seek_makes_what_was_fetched_before_it_stale() -> None:
    """The seek is known here at once, in the thread that fetches a moment later.

    In between it may bring one more fetch.
    """
    deliveries, log = Deliveries(), FetchLog()
    log.note({TP: records(6)}, {})
    epochs = deliveries.renew([TP])
    late = log.note({TP: records(7)}, {})
    log.sought(epochs)
    fresh = log.note({TP: records(5)}, {})
    [stale], [following] = late.chunks(TP, 10), fresh.chunks(TP, 10)
    assert Verdict.STALE is judge(stale, applied=4, epoch=deliveries.epoch(TP))
    assert Verdict.APPLY is judge(following, applied=4, epoch=deliveries.epoch(TP))


class TestLogEnd:
    """Positions move past transaction markers, so the end of a log is not the last record's offset."""

    @pytest.fixture
    def deliveries(self) -> Deliveries:
        return Deliveries()

    def fetch(self, deliveries: Deliveries, *offsets: int, position: int, end: int) -> None:
        deliveries.note(FetchLog().note({TP: records(*offsets)}, {TP: LogEnd(position, end)}))

    def test_nothing_is_known_before_the_first_fetch(self, deliveries: Deliveries) -> None:
        assert not deliveries.drained(TP, None)
        assert 0 == deliveries.lag(TP, None)

    def test_an_empty_log_is_drained(self, deliveries: Deliveries) -> None:
        self.fetch(deliveries, position=0, end=0)
        assert deliveries.drained(TP, None)

    def test_fetched_is_not_applied(self, deliveries: Deliveries) -> None:
        self.fetch(deliveries, 5, 6, position=7, end=7)
        assert not deliveries.drained(TP, 4)
        assert 2 == deliveries.lag(TP, 4)
        assert deliveries.lost(TP, 4), "if nothing is on its way"
        assert deliveries.drained(TP, 6)

    def test_a_marker_at_the_end_does_not_count_as_lag(self, deliveries: Deliveries) -> None:
        self.fetch(deliveries, 5, 6, position=8, end=8)
        assert deliveries.drained(TP, 6)
        assert 0 == deliveries.lag(TP, 6)

    def test_more_to_fetch_is_lag(self, deliveries: Deliveries) -> None:
        self.fetch(deliveries, 5, 6, position=7, end=20)
        assert not deliveries.drained(TP, 6)
        assert 13 == deliveries.lag(TP, 6)
        assert not deliveries.lost(TP, 6)

    def test_a_fetch_from_before_a_seek_says_nothing(self, deliveries: Deliveries) -> None:
        deliveries.renew([TP])
        self.fetch(deliveries, 5, position=6, end=6)
        assert not deliveries.drained(TP, 5)


def test_pieces_of_a_fetch_are_one_and_what_came_before_a_seek_is_dropped() -> None:
    """0-1, 2-3, then a seek of the survey topic to 10.

    Only 10-11 of it are left, the other topic keeps all.
    """
    log, other = FetchLog(), TopicPartition("resolved", 3)
    pieces = [
        log.note({TP: records(0, 1), other: records(0)}, {TP: LogEnd(2, 9)}),
        log.note({TP: records(2, 3)}, {TP: LogEnd(4, 9)}),
    ]
    joined = Fetched.joined(pieces)
    assert [0, 1, 2, 3] == [record.offset for record in joined[TP]]
    log.sought({TP: 1})
    joined = Fetched.joined(
        [*pieces, log.note({TP: records(10, 11), other: records(1)}, {TP: LogEnd(12, 12)})]
    )
    assert [10, 11] == [record.offset for record in joined[TP]]
    assert [0, 1] == [record.offset for record in joined[other]]
    assert (None, 1, LogEnd(12, 12)) == (joined.previous[TP], joined.epochs[TP], joined.ends[TP])
    assert [None, 10] == [chunk.previous for chunk in joined.chunks(TP, 1)]
