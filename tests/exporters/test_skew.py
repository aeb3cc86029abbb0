"""How far the clock is off is found from what is read, whatever the chain does.

Nobody is accused falsely.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporters.reading.progress import LOG_APPEND_TIME, ReadingProgress
from exporters.reading.skew import ROUNDING_SECONDS, BrokerClock
from exporters.reading.status import Limits, ReaderStatus
from tests.exporters.desk import all_read

BROKER_AT_ZERO = 1_772_409_600.0  # the broker's clock when `elapsed` is 0
SLACK = 2 * ROUNDING_SECONDS


@dataclass(frozen=True)
class Read:
    """A record: how long after the one before it was appended, and how long it then waited.

    The third number says how long before that we had asked.
    """

    pause: float
    delay: float
    asked_before: float | None  # None: the log end was not known


seconds = st.floats(0, 3600, allow_nan=False)
reads = st.lists(st.builds(Read, seconds, seconds, st.none() | seconds), min_size=1, max_size=30)


@given(reads, st.floats(-7200, 7200), st.floats(-0.0001, 0.0001))
def test_what_is_told_lies_between_nothing_and_the_truth(
    found: list[Read], skew: float, drift: float
) -> None:
    """Records may be read hours late, in any order of promptness, and clocks drift.

    The told skew is never beyond the true one.
    """
    clock, now = BrokerClock(), 0.0
    for read in found:
        appended = now + read.pause
        stamp = math.floor((BROKER_AT_ZERO + appended * (1 + drift)) * 1000) / 1000
        now = appended + read.delay
        after = -math.inf if read.asked_before is None else appended - read.asked_before
        clock.appended(stamp, after=after, before=now)
        true = skew + (BROKER_AT_ZERO + now) - (BROKER_AT_ZERO + now * (1 + drift))  # wall less broker, now
        told = clock.skew(BROKER_AT_ZERO + skew + now, now)
        assert told is not None
        assert min(0, true) - SLACK <= told <= max(0, true) + SLACK


@pytest.mark.parametrize("skew", [-3600.0, -120.0, 120.0, 3600.0])
def test_a_position_row_that_is_read_promptly_bounds_it_from_both_sides(skew: float) -> None:
    """A backlog of a day, then an idle worker that writes every 10 s.

    The exporter fetches every half second.
    """
    clock = BrokerClock()
    clock.appended(BROKER_AT_ZERO - 86_400, after=-math.inf, before=5.0)
    for number in range(1, 4):
        appended = 10.0 * number
        clock.appended(BROKER_AT_ZERO + appended, after=appended - 0.3, before=appended + 0.2)
    told = clock.skew(BROKER_AT_ZERO + skew + 30.2, 30.2)
    assert told is not None
    assert abs(skew) - 0.5 < abs(told) <= abs(skew) + SLACK


def test_a_step_of_our_own_clock_is_seen_at_once_without_a_record() -> None:
    clock = BrokerClock()
    clock.appended(BROKER_AT_ZERO + 10, after=9.8, before=10.1)
    assert 0.0 == clock.skew(BROKER_AT_ZERO + 10.1, 10.1)
    assert 299.5 < (clock.skew(BROKER_AT_ZERO + 310.1, 10.1) or 0) <= 300


def test_a_step_of_the_brokers_clock_is_seen_with_the_next_record() -> None:
    clock = BrokerClock()
    clock.appended(BROKER_AT_ZERO + 10, after=9.8, before=10.1)
    clock.appended(BROKER_AT_ZERO + 20 - 60, after=19.8, before=20.1)  # set back by a minute
    assert 59.5 < (clock.skew(BROKER_AT_ZERO + 20.1, 20.1) or 0) <= 60 + SLACK
    clock.appended(BROKER_AT_ZERO + 30, after=29.8, before=30.1)
    assert 0.0 == clock.skew(BROKER_AT_ZERO + 30.1, 30.1)


def test_a_slow_chain_is_no_skew() -> None:
    """Everything is read ten minutes late: nothing is proven."""
    clock = BrokerClock()
    for number in range(100):
        clock.appended(BROKER_AT_ZERO + number, after=-math.inf, before=number + 600.0)
    assert 0.0 == clock.skew(BROKER_AT_ZERO + 699.0, 699.0)


def a_record(offset: int, stamp_ms: int, kind: int = LOG_APPEND_TIME) -> SimpleNamespace:
    return SimpleNamespace(offset=offset, timestamp=stamp_ms, timestamp_type=kind)


def follow(skew: float, *, kind: int = LOG_APPEND_TIME) -> ReadingProgress:
    """A partition of five rows that is read, then fetched every half second.

    It is given a row at 3.2 s, which is read at 3.3 s.
    """
    progress = ReadingProgress(0.0)
    progress.begin(first=0, target=5, now=0.0)
    at_ms = round(BROKER_AT_ZERO * 1000)
    progress.stamped([a_record(n, at_ms - 3_600_000, kind) for n in range(5)], 0.4)
    for number in range(1, 7):
        now = number / 2
        wall_ms = round((BROKER_AT_ZERO + skew + now) * 1000)
        progress.note(position=5, end=5, stable=5, heard_ms=wall_ms, stamped_ms=wall_ms, now=now)
    progress.stamped([a_record(5, at_ms + 3200, kind)], 3.3)
    return progress


@pytest.mark.parametrize("skew", [0.0, 120.0, -120.0])
def test_the_last_log_end_tells_that_a_row_is_new(skew: float) -> None:
    """Asked for after 2.5 s at the earliest, when the answer before was heard; read at 3.3 s."""
    told = follow(skew).broker.skew(BROKER_AT_ZERO + skew + 3.3, 3.3)
    assert told is not None
    assert abs(skew) - 0.8 < abs(told) + SLACK
    assert abs(told) <= abs(skew) + SLACK


def test_the_timestamp_of_a_producer_says_nothing() -> None:
    assert follow(120.0, kind=0).broker.skew(BROKER_AT_ZERO + 123.3, 3.3) is None


def test_beyond_the_limit_the_view_is_incomplete_and_says_by_how_much() -> None:
    assert all_read(1, skew_seconds=9.0).complete
    for skew, words in ((120.0, "120 s ahead of"), (-120.0, "120 s behind")):
        status: ReaderStatus = all_read(1, skew_seconds=skew)
        assert not status.complete
        assert ["clock"] == [reason.code for reason in status.why]
        assert words in status.reasons[0]


def test_a_replay_whose_figures_are_not_as_of_this_clock_is_left_alone() -> None:
    assert all_read(1, skew_seconds=3600.0, limits=Limits(skew_seconds=None)).complete
