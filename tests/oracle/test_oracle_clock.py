"""The oracle's business clock and its reading of a policy, against a slower reference.

Some examples are worked by hand.
"""

from __future__ import annotations

from datetime import date

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from kpis.sla.calendar import WorkingTime
from oracle.clock import OpenHours, after_ms, elapsed_ms, in_force, is_open, read_policy
from tests.examples import examples
from tests.laws.clocks import epoch_ms, reads_open, slow_after_ms, slow_elapsed_ms
from tests.laws.policies import EDITIONS

HOUR_MS = 3_600_000
WEEK = (((540, 840), (900, 1080)),) * 5 + (((1320, 1800),), ())
DATES = {date(2026, 3, 30): (), date(2026, 3, 31): ((600, 720),)}
MADRID = OpenHours("Europe/Madrid", WEEK, tuple(DATES.items()))
REFERENCE = WorkingTime("Europe/Madrid", WEEK, DATES)
SATURDAY = epoch_ms("2026-03-28T12:00", "Europe/Madrid")  # the clocks change in the night that follows
instants = st.integers(SATURDAY - 60 * HOUR_MS, SATURDAY + 60 * HOUR_MS)


@settings(deadline=None, max_examples=examples(40))
@given(instants, st.integers(0, 60 * HOUR_MS))
def test_it_counts_open_minutes(start: int, length: int) -> None:
    assert slow_elapsed_ms(REFERENCE, start, start + length) == elapsed_ms(MADRID, start, start + length)
    assert reads_open(REFERENCE, start) == is_open(MADRID, start)


@settings(deadline=None, max_examples=examples(40))
@given(instants, st.integers(1, 12 * HOUR_MS))
def test_it_finds_the_instant_by_which_so_much_was_open(start: int, open_ms: int) -> None:
    found, limit = after_ms(MADRID, start, open_ms), start + 96 * HOUR_MS
    assert slow_after_ms(REFERENCE, start, open_ms, limit) == (
        None if found is None or found > limit else found
    )


def test_calendar_time_needs_no_hours() -> None:
    assert 7 == elapsed_ms(None, 3, 10)
    assert 0 == elapsed_ms(None, 10, 3)
    assert 10 == after_ms(None, 3, 7)
    assert is_open(None, 0)


def test_a_policy_is_read_as_its_manual_says() -> None:
    first, second = EDITIONS
    assert (None, "madrid", "always") == (first.since_ms, first.default, first.teams["billing"])
    assert epoch_ms("2026-04-01T12:00", "Europe/Madrid") == second.since_ms
    line = first.line("first_reply", ("x", "chat", "low"))
    assert line is not None
    assert (40 * 60_000, 0.8, True) == (line.within_ms, line.objective, line.all_the_time)
    assert first.line("resolution", ("nobody", "chat", "low")) is None
    hours = first.hours("any")
    assert hours is not None
    assert (((1320, 1800),), ((600, 720),), ()) == (
        hours.week[5],
        hours.on(date(2026, 4, 9)),
        hours.on(date(2026, 4, 7)),
    )
    # a holiday of the country, on which this desk works
    assert ((540, 840), (900, 1110)) == hours.on(date(2026, 3, 19))


def test_the_last_version_that_has_begun_is_in_force() -> None:
    first, second = EDITIONS
    assert second.since_ms is not None
    assert [first, second] == [in_force(EDITIONS, at) for at in (second.since_ms - 1, second.since_ms)]
    late = read_policy(
        yaml.safe_load(
            "versions: [{name: a, effective_from: 2026-01-01T00:00:00Z, resolution: [{within: 1h, "
            "objective: 90%}]}]"
        )
    )
    assert in_force(late, 0) is None
