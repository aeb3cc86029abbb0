"""The presence that simulated teams tell."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from deskpulse.ingest.events_io import TimedEvent, to_ms
from deskpulse.lab.simulator import DEFAULT_DESK, SCENARIOS, simulate
from windows.panes import DAY_MS, MINUTE_MS

START_MS = 1_772_409_600_000  # 2026-03-02, a Monday


def day_of(scenario: str, presence_ms: int | None = START_MS) -> list[TimedEvent]:
    span: dict[str, Any] = {"start_ms": START_MS, "end_ms": START_MS + DAY_MS, "moment_ms": START_MS}
    return list(simulate(scenario, seed=4, rate_per_hour=2.0, presence_ms=presence_ms, **span))


def told(events: list[TimedEvent]) -> list[TimedEvent]:
    return [event for event in events if event.topic == "presence"]


@pytest.mark.parametrize("scenario", ["calm", "rough"])
def test_teams_of_five_or_more_tell_their_presence_every_few_minutes(scenario: str) -> None:
    found = told(day_of(scenario))
    large = {team.name for team in SCENARIOS[scenario].adapt(DEFAULT_DESK).teams if team.responders >= 5}
    assert large == {event.value["team"] for event in found}
    assert all(event.key.decode() == event.value["team"] for event in found)
    for team in large:
        times = [to_ms(event.value["occurred_at"]) for event in found if event.value["team"] == team]
        assert max(later - earlier for earlier, later in pairwise(times)) <= 8 * MINUTE_MS
        assert times[0] - START_MS <= 8 * MINUTE_MS
        assert START_MS + DAY_MS - times[-1] <= 8 * MINUTE_MS + 2_000


def test_available_and_busy_are_of_those_online_and_a_large_team_is_shown_by_day_and_not_at_night() -> None:
    found = told(day_of("calm"))
    for event in found:
        online, available, busy = (event.value[state] for state in ("online", "available", "busy"))
        assert isinstance(online, int)
        assert isinstance(available, int)
        assert isinstance(busy, int)
        assert 0 <= available + busy <= online <= 9
    online_ = [event.value["online"] for event in found if event.value["team"] == "technical"]
    assert {2, 4, 8, 9} == set(online_)


def test_on_the_hard_desk_staffing_can_be_shown_at_any_hour() -> None:
    """From five online on, and of at least one who is available: the rough demo asks for each figure."""
    found = [event.value for event in told(day_of("rough")) if event.value["team"] == "technical"]
    assert {5, 10, 19, 20} == {content["online"] for content in found} - {9}
    assert all(content["available"] for content in found)


def test_what_else_happens_is_the_same_with_and_without() -> None:
    with_it = day_of("calm")
    assert day_of("calm", presence_ms=None) == [event for event in with_it if event.topic != "presence"]


def test_none_is_told_before_the_instant_that_is_asked_for() -> None:
    from_ms = START_MS + DAY_MS // 2
    assert from_ms <= min(event.publish_ms for event in told(day_of("calm", presence_ms=from_ms)))
