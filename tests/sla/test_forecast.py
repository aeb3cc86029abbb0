"""The forecast: worked by hand, against the oracle's own, and on simulated desks."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deskpulse.policy import load_policy
from kpis import cell_numbers
from kpis.sla import forecast
from kpis.sla.commitments import EDGES_MS
from kpis.sla.forecast import Forecast, breaches
from kpis.sla.policy import FIRST_REPLY, RESOLUTION
from oracle import sla
from proofs.drills import forecast as forecast_check
from scripts.tidy import ROOT
from windows.panes import MINUTE_MS

LONG = cell_numbers.CLASSES - 1  # class of a promise of an hour and more
NOTHING: Mapping[int, int] = {}


def met(spare: int, life: int = LONG) -> int:
    return cell_numbers.CLASSES * life + spare


def missed(life: int = LONG) -> int:
    return cell_numbers.BREACHED + life


def due_in(**minutes: int) -> list[int]:
    """Running clocks: `due_in(m5=2)` are two that have 5 minutes left."""
    return [minutes.get(f"m{i}", 0) for i in range(60)]


def test_edges_are_the_same_for_those_who_write_and_those_who_read() -> None:
    assert tuple(edge * MINUTE_MS for edge in forecast.EDGE_MINUTES) == EDGES_MS
    assert forecast.EDGE_MINUTES == sla.EDGES


def test_where_nothing_is_due_and_nothing_was_missed_nothing_is_expected() -> None:
    assert Forecast(0.0, 0, 0) == breaches(due_in(), hour=NOTHING, day=NOTHING, week=NOTHING)


def test_a_deadline_of_this_minute_is_as_good_as_missed() -> None:
    assert Forecast(4.0, 4, 4) == breaches(due_in(m0=4), hour=NOTHING, day=NOTHING, week=NOTHING)


def test_a_clock_is_missed_as_often_as_those_that_still_ran_with_so_much_left() -> None:
    """Last week, with 5 minutes left, 100 ran on: 40 missed, 60 kept in the last 5 minutes.

    300 had been kept before and do not count.

    The day says the same, so its share is 40 / 100, drawn by 10 towards (40 + 0.5) / 101: (40 + 4.0099) / 110
    = 0.40009.
    """
    cells = {missed(): 40, met(0): 60, met(3): 200, met(LONG): 100}
    found = breaches(due_in(m5=10), hour=NOTHING, day=cells, week=cells)
    assert round(found.expected, 4) == 4.0009
    assert found.low <= 4 <= found.high


def test_promises_that_were_too_short_to_have_so_much_left_are_not_asked() -> None:
    """A promise of 5 to 10 minutes never had 30 minutes left.

    Without any other, a coin is thrown, 0.5 x 10 / 10.
    """
    short = {missed(life=1): 90, met(0, life=1): 10}
    found = breaches(due_in(m30=10), hour=NOTHING, day=short, week=short)
    fresh = 90 / 24 / 2 * (1 - 7.5 / 60)  # of the tickets to come
    assert round(found.expected - fresh, 6) == 5


def test_tickets_to_come_are_expected_at_the_rate_of_the_last_hour_and_day() -> None:
    """Promises of up to 5 minutes: 6 missed in the last hour, 48 in the day, 2 an hour.

    (6 + 2) / 2 = 4, and 57.5 of 60 minutes count.
    """
    found = breaches(due_in(), hour={missed(life=0): 6}, day={missed(life=0): 48}, week=NOTHING)
    assert round(found.expected, 6) == round(4 * 57.5 / 60, 6)


def test_the_interval_is_made_of_the_most_probable_numbers() -> None:
    """Poisson with mean 2 (a variance that is hardly more): 1 and 2 have 27 % each, 3 has 18 %, 0 has 14 %.

    1 to 3 are 72 %, 0 to 3 are 86 %: 86 is nearer to 80.
    """
    assert Forecast(2.0, 0, 3) == forecast._interval(2.0, 2.0)


def test_no_more_can_be_missed_than_clocks_run_out() -> None:
    """Five clocks, each missed with 90 %: all 5 with 59 %, 4 with 33 %; 92 % are nearer to 80 % than 59 %.

    Mean 5 x 0.9 = 4.5, variance 5 x 0.9 x 0.1 = 0.45.
    """
    assert Forecast(4.5, 4, 5) == forecast._interval(4.5, 0.45)
    assert Forecast(5.0, 5, 5) == forecast._interval(5.0, 0.0)


def test_many_breaches_are_as_good_as_normal() -> None:
    assert Forecast(10_000.0, 10_000 - 128, 10_000 + 128) == forecast._interval(10_000.0, 10_000.0)


means = st.floats(0, 60) | st.integers(0, 40).map(lambda n: n / 2) | st.floats(390, 410)


@given(means, st.floats(0, 2) | st.sampled_from([0.0, 1.0]))
def test_both_computations_find_the_same_interval(mean: float, dispersion: float) -> None:
    """Also where two numbers are equally probable."""
    found = forecast._interval(mean, mean * dispersion)
    assert (found.low, found.high) == sla._bounds(mean, mean * dispersion)
    assert 0 <= found.low <= found.high


@pytest.mark.slow
def test_the_interval_covers_what_comes_in_most_hours_and_misses_it_in_some() -> None:
    """Two seeds; `make forecast-check` plays twenty and wants 70 to 90 %.

    Of 46 hours a target one may see a little more or less.
    """
    policy = load_policy(ROOT / Path("examples/policy.yaml"))
    assert policy is not None
    hours = [
        hour
        for seed in (3, 4)
        for hour in forecast_check.play(policy, seed=seed, rate_per_hour=40.0, days=8, looked_at_days=1)
    ]
    assert {FIRST_REPLY, RESOLUTION} <= set(forecast_check.judged(hours))
    for target in forecast_check.judged(hours):
        share, line = forecast_check.summary(hours, target)
        assert 0.65 <= share <= 0.96, line
