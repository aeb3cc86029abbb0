"""Trends and contributions rest on the same sums as the figures, so they must agree with them.

They must also agree with the oracle, for any desk.
"""

from fractions import Fraction
from random import Random

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from kpis.figures.catalogue import FIGURES
from kpis.figures.changes import MOVING, contributions
from kpis.figures.history import TOTAL, Choice, PaneHistory
from kpis.figures.trends import TRENDS, trends, volumes
from kpis.figures.view import View
from kpis.members import DIMENSIONS, OTHER
from kpis.sla.policy import TARGETS
from oracle import figures as oracle
from oracle import promised
from oracle.events import read_records
from tests.examples import examples
from tests.laws.chaos import AS_OF_MS, TEAMS, ChaoticDesk, Stream
from tests.laws.policies import EDITIONS
from tests.laws.test_stream_batch_oracle import LISTS, RULES, STATE
from windows.panes import MINUTE_MS
from windows.spans import WINDOWS

ZONES = {None: "Europe/Madrid", TEAMS[0]: "Europe/Madrid", TEAMS[1]: "America/Mexico_City"}
CHOICES = [Choice(window.name, team) for window in WINDOWS for team in ZONES]
CLOCKS = ("calendar", "business")
seeds = st.integers(min_value=0, max_value=2**32)
SEEDED = settings(
    max_examples=examples(10),
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow],
)


def a_view(seed: int) -> tuple[ChaoticDesk, View]:
    desk = ChaoticDesk(seed)
    stream = Stream(seed, rules=STATE)
    stream.run(desk.records, RULES, AS_OF_MS)
    return desk, stream.builders[0].build(AS_OF_MS, CHOICES)


def figure(view: View, name: str, choice: Choice, clock: str | None = None) -> float | None:
    wanted = {
        ("window", choice.window),
        ("period", "current"),
        ("by", choice.group[0]),
        ("member", choice.group[1]),
    }
    wanted |= {(("clock" if clock in CLOCKS else "target"), clock)} if clock else set()
    return next((one.value for one in view.figures if one.name == name and wanted <= set(one.labels)), None)


@SEEDED
@given(seed=seeds)
def test_a_trend_ends_in_the_figure(seed: int) -> None:
    _, view = a_view(seed)
    assert set(CHOICES) == set(view.courses)
    for choice, course in view.courses.items():
        ends = {which: trend.values[-1] for which, trend in trends(course).items()}
        assert ends == {(name, clock): figure(view, name, choice, clock) for name, clock in TRENDS}, choice
        assert sum(value or 0 for value in volumes(course).values) == figure(view, "support_tickets", choice)


@SEEDED
@given(seed=seeds)
def test_a_trend_ends_in_the_figure_while_events_lie_ahead(seed: int) -> None:
    desk, stream = ChaoticDesk(seed), Stream(seed, rules=STATE)
    stream.run(desk.records, RULES, AS_OF_MS)
    view = stream.builders[0].build(AS_OF_MS - 4 * MINUTE_MS, CHOICES)
    for choice, course in view.courses.items():
        ends = {which: trend.values[-1] for which, trend in trends(course).items()}
        assert ends == {(name, clock): figure(view, name, choice, clock) for name, clock in TRENDS}, choice
        assert sum(value or 0 for value in volumes(course).values) == figure(view, "support_tickets", choice)


@SEEDED
@given(seed=seeds)
def test_a_point_of_a_trend_is_what_the_oracle_says_of_that_moment(seed: int) -> None:
    """The oracle is asked for the last millisecond of a pane, with all that is known today.

    Not for attainment: a deadline falls when its minute is over, so it is in a pane a minute before the
    oracle tells of it.
    """
    desk, view = a_view(seed)
    choice = Random(seed).choice(CHOICES)
    found = trends(view.courses[choice])
    some = next(iter(found.values()))
    place = Random(seed).randrange(len(some.values))
    as_of_ms = min(AS_OF_MS, some.start_ms + (place + 1) * some.step_ms - 1)
    zone = ZONES[choice.team]
    facts = read_records(desk.records)
    told = oracle.figures(facts, as_of_ms=as_of_ms, time_zone=zone, windows=[choice.window], members=LISTS)
    told += promised.figures(facts, as_of_ms=as_of_ms, policy=EDITIONS, time_zone=zone, members=LISTS)
    wanted = {
        ("window", choice.window),
        ("period", "current"),
        ("by", choice.group[0]),
        ("member", choice.group[1]),
    }
    which = {one: (one.name, dict(one.labels).get("clock")) for one in told if wanted <= set(one.labels)}
    expected = {key: one.value for one, key in which.items() if key in TRENDS}
    ended = {key: trend.values[place] for key, trend in found.items() if key[1] not in TARGETS}
    values = {key: value for key, value in ended.items() if value is not None}
    assert values == pytest.approx(expected, rel=1e-9, abs=1e-9), (choice, place)


@SEEDED
@given(seed=seeds)
def test_members_of_a_dimension_add_up_to_the_whole_in_every_period(seed: int) -> None:
    _, view = a_view(seed)
    for choice, course in view.courses.items():
        assert course.dimensions in {(), DIMENSIONS if choice.team is None else DIMENSIONS[1:]}
        for sums in course.totals.values():
            for dimension in course.dimensions:
                assert {member for by, member in sums if by == dimension} <= {*LISTS[dimension], OTHER}
                for cell in (1, 4, 4096, 4097):
                    parts = sum(cells.get(cell, 0) for (by, _), cells in sums.items() if by == dimension)
                    assert parts == sums.get(TOTAL, {}).get(cell, 0)


@SEEDED
@given(seed=seeds)
def test_contributions_add_up_to_the_move_exactly(seed: int) -> None:
    """Fractions of integers: not nearly, but equal."""
    _, view = a_view(seed)
    compared = 0
    for course in view.courses.values():
        for period in course.spans:
            for moving in MOVING:
                if period != "current" and (moves := _move(course, moving.name, period)) is not None:
                    for dimension in course.dimensions:
                        found = contributions(course, moving, period, dimension, as_of_ms=AS_OF_MS)
                        assert sum(found.values()) == moves
                        compared += 1
    assert compared > 20


def _move(course: PaneHistory, name: str, period: str) -> Fraction | None:
    """F1 - F0 from the totals, written out once more."""
    moving = next(one for one in MOVING if one.name == name)
    sides = []
    for which in ("current", period):
        sums = course.totals[which].get(TOTAL, {})  # type: ignore[index]
        span = course.spans[which]  # type: ignore[index]
        covered = (AS_OF_MS if which == "current" else span.end_ms) - span.start_ms
        bottom = Fraction(covered, 3_600_000) if moving.per_hour else Fraction(moving.n(sums) * moving.unit)
        if not moving.n(sums):
            return None
        sides.append(moving.top(sums) / bottom)
    return sides[0] - sides[1]


def test_every_figure_that_moves_is_one_of_the_catalogue() -> None:
    names = {kind.name for kind in FIGURES} | {"support_tickets_per_hour"}
    assert {moving.name for moving in MOVING} <= names


@pytest.mark.parametrize("choice", [Choice("2h"), Choice("1h", "no such team")])
def test_a_choice_that_is_not_shown_has_no_course(choice: Choice) -> None:
    desk, stream = ChaoticDesk(1), Stream(1, rules=STATE)
    stream.run(desk.records, RULES, AS_OF_MS)
    assert {} == stream.builders[0].build(AS_OF_MS, [choice]).courses


@SEEDED
@given(seed=seeds)
def test_a_course_that_was_kept_up_to_date_is_the_one_made_anew(seed: int) -> None:
    """Views are built while rows come in and time goes on.

    At the end nothing may be left of earlier states.
    """
    desk, stream = ChaoticDesk(seed), Stream(seed, rules=STATE)
    stream.watch = CHOICES[::4]
    kept = stream.run(desk.records, RULES, AS_OF_MS)
    _, anew = a_view(seed)
    for choice in CHOICES[::4]:
        assert kept.courses[choice].panes == anew.courses[choice].panes
