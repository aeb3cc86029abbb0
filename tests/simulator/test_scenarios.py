"""Each scenario shows in the events what its description says, against the calm run of the same seed."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from statistics import median
from typing import Any

import pytest

from deskpulse.ingest.events_io import TimedEvent, to_ms
from deskpulse.lab.simulator import DEFAULT_DESK, SCENARIOS, Kinds, Team, simulate

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS


def at(event: TimedEvent) -> int:
    return to_ms(event.value["occurred_at"])


def human_replies(events: Iterable[TimedEvent]) -> list[TimedEvent]:
    return [event for event in events if event.topic == "first-reply" and "responder_id" in event.value]


def waits(events: list[TimedEvent], *, since_ms: int, until_ms: int, team: str, priority: str) -> list[int]:
    """First waits of the tickets created in a span."""
    created = {
        event.key: at(event)
        for event in events
        if event.topic == "ticket-created"
        and since_ms <= at(event) < until_ms
        and (event.value["team"], event.value["priority"], event.value["channel"])
        == (team, priority, "email")
    }
    return [at(reply) - created[reply.key] for reply in human_replies(events) if reply.key in created]


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_scenario_has_one_line_for_the_help(name: str) -> None:
    assert name == SCENARIOS[name].name
    assert SCENARIOS[name].description
    assert "\n" not in SCENARIOS[name].description


class TestMondayRush:
    def test_volume_is_threefold_on_monday_from_8_to_12(self, run: Any, start_ms: int) -> None:
        calm, rush = (
            [
                at(event) - start_ms
                for event in run(scenario, rate_per_hour=100, days=0.9)
                if event.topic == "ticket-created"
            ]
            for scenario in ("calm", "monday-rush")
        )
        morning, afternoon = range(8 * HOUR_MS, 12 * HOUR_MS), range(12 * HOUR_MS, 20 * HOUR_MS)
        assert 3 == pytest.approx(
            sum(time in morning for time in rush) / sum(time in morning for time in calm), rel=0.15
        )
        assert 1 == pytest.approx(
            sum(time in afternoon for time in rush) / sum(time in afternoon for time in calm), rel=0.15
        )

    def test_nobody_answers_at_the_weekend_and_the_backlog_is_worked_off_on_monday(
        self, run: Any, start_ms: int
    ) -> None:
        replies = [at(reply) for reply in human_replies(run("monday-rush", days=8, rate_per_hour=30))]
        weekend = range(start_ms + 5 * DAY_MS, start_ms + 7 * DAY_MS + 8 * HOUR_MS)
        morning = range(weekend.stop, weekend.stop + 4 * HOUR_MS)
        assert 0 == sum(reply in weekend for reply in replies)
        usual = [at(reply) for reply in human_replies(run(days=8, rate_per_hour=30))]
        assert sum(reply in weekend for reply in usual) > 250
        assert sum(reply in morning for reply in replies) > 2 * sum(reply in morning for reply in usual)

    def test_monday_is_the_local_one(self, run: Any) -> None:
        """In New York, 5 h behind UTC in January, the rush is from 13 to 17 UTC."""
        desk = type(DEFAULT_DESK)(
            DEFAULT_DESK.teams, DEFAULT_DESK.channels, DEFAULT_DESK.priorities, zone="America/New_York"
        )
        events = run("monday-rush", rate_per_hour=60, desk=desk)
        hours = [
            datetime.fromtimestamp(at(event) / 1000, UTC).hour
            for event in events
            if event.topic == "ticket-created"
        ]
        assert hours.count(13) > 2 * hours.count(12)
        assert hours.count(17) < hours.count(16) / 2

    def test_a_desk_may_be_ahead_of_our_clock(self, run: Any, start_ms: int) -> None:
        """It begins on a Sunday at midnight.

        20 h on it is Monday, 8:00, and 56 h after 0:00 of its Saturday the weekend is over.
        """
        events = run(
            "monday-rush",
            days=2,
            rate_per_hour=60,
            desk=replace(DEFAULT_DESK, ahead_ms=6 * DAY_MS + 12 * HOUR_MS),
        )
        morning = range(start_ms + 20 * HOUR_MS, start_ms + 24 * HOUR_MS)
        replies = [at(reply) for reply in human_replies(events)]
        assert min(replies) >= morning.start
        created = [at(event) for event in events if event.topic == "ticket-created"]
        assert sum(time in morning for time in created) > 2 * sum(
            time - 4 * HOUR_MS in morning for time in created
        )


class TestSlaSlip:
    def test_high_tickets_of_billing_get_slow_from_the_moment_on(self, run: Any, start_ms: int) -> None:
        """From the middle of four days, fifteen times the 12 minutes: 3 hours."""
        events = run("sla-slip", days=4, rate_per_hour=150)
        moment, end = start_ms + 2 * DAY_MS, start_ms + 3 * DAY_MS
        slipped = {"team": "billing", "priority": "high"}
        usual_ms = DEFAULT_DESK.priorities[0].first_reply.median_ms
        assert usual_ms == pytest.approx(
            median(waits(events, since_ms=start_ms, until_ms=moment, **slipped)), rel=0.2
        )
        assert 15 * usual_ms == pytest.approx(
            median(waits(events, since_ms=moment, until_ms=end, **slipped)), rel=0.2
        )

    @pytest.mark.parametrize(
        ("team", "priority"), [("technical", "high"), ("orders", "high"), ("billing", "normal")]
    )
    def test_the_others_stay_as_they_were(self, team: str, priority: str, run: Any, start_ms: int) -> None:
        span: dict[str, Any] = {
            "since_ms": start_ms,
            "until_ms": start_ms + DAY_MS,
            "team": team,
            "priority": priority,
        }
        assert waits(run(days=2), **span) == waits(run("sla-slip", days=2), **span)

    def test_a_desk_without_them_slips_in_its_first_team_and_priority(self, start_ms: int) -> None:
        desk = replace(
            DEFAULT_DESK, teams=(Team("north", 1), Team("south", 1)), priorities=DEFAULT_DESK.priorities[1:]
        )
        slip = SCENARIOS["sla-slip"](desk, start_ms)
        corners = {(team.name, priority.name) for team in desk.teams for priority in desk.priorities}
        waits = {
            corner: slip.reply_at(start_ms, start_ms + 1, team=corner[0], priority=corner[1]) - start_ms
            for corner in corners
        }
        assert {**dict.fromkeys(corners, 1), ("north", "normal"): 15} == waits

    def test_the_moment_can_be_given(self, run: Any, start_ms: int) -> None:
        late = run("sla-slip", days=1, moment_ms=start_ms + DAY_MS)
        times = [(event.publish_ms, event.topic, at(event)) for event in late]
        assert times == [(event.publish_ms, event.topic, at(event)) for event in run(days=1)]


class TestOutageAndCatchUp:
    def test_silence_for_twenty_minutes_and_then_everything_at_once(self, run: Any, start_ms: int) -> None:
        events = run("outage-and-catch-up", rate_per_hour=200)
        begins = start_ms + DAY_MS // 2
        ends = begins + 20 * MINUTE_MS
        assert not [event for event in events if begins <= event.publish_ms < ends]
        held = [event for event in events if event.publish_ms == ends]
        assert len(held) > 200
        assert all(at(event) < ends for event in held)

    def test_the_events_are_those_of_the_calm_run_with_their_true_times(self, run: Any) -> None:
        calm, outage = run(), run("outage-and-catch-up")
        assert sorted((event.topic, at(event)) for event in calm) == sorted(
            (event.topic, at(event)) for event in outage
        )
        assert calm[0].publish_ms == outage[0].publish_ms


@pytest.fixture(scope="module")
def rough(start_ms: int) -> list[TimedEvent]:
    end_ms = start_ms + 400 * DAY_MS
    span: dict[str, Any] = {"start_ms": start_ms, "end_ms": end_ms, "presence_ms": end_ms - DAY_MS}
    return list(simulate("rough", seed=3, rate_per_hour=1.2, **span))


@pytest.fixture(scope="module")
def counts(rough: list[TimedEvent]) -> Mapping[str, int]:
    kinds = Kinds()
    assert rough == list(kinds.watch(rough))
    return kinds.counts()


@pytest.fixture(scope="module")
def calm_counts(run: Any) -> Mapping[str, int]:
    kinds = Kinds()
    list(kinds.watch(run("calm", days=3, rate_per_hour=30)))
    return kinds.counts()


class TestRough:
    """The hard desk: every kind of hardship is there, and is counted from the events alone."""

    @pytest.mark.parametrize("name", Kinds.NAMES)
    def test_each_kind_is_there(self, counts: Mapping[str, int], name: str) -> None:
        assert counts[name] > 0

    @pytest.mark.parametrize(
        "name", [name for name in Kinds.HARDSHIPS if name != "events of a known identity"]
    )
    def test_a_calm_desk_has_hardly_any_of_it(self, calm_counts: Mapping[str, int], name: str) -> None:
        late = name == "events more than 10 min behind their publication"
        assert (0 < calm_counts[name] < 100) if late else calm_counts[name] == 0

    def test_twelve_teams_of_which_the_smallest_has_less_than_a_hundredth_of_the_largest(
        self, rough: list[TimedEvent]
    ) -> None:
        volume = Counter(event.value["team"] for event in rough if event.topic == "ticket-created")
        assert 12 == len(volume)
        assert 100 * min(volume.values()) < max(volume.values())

    def test_no_clock_is_ahead_by_more_than_the_tolerance(self, rough: list[TimedEvent]) -> None:
        """Five minutes: what is further ahead is refused, and tells nothing of the figures."""
        ahead_ms = max(at(event) - event.publish_ms for event in rough)
        assert 4 * MINUTE_MS < ahead_ms < 5 * MINUTE_MS

    def test_history_comes_in_the_order_in_which_it_happened(self, rough: list[TimedEvent]) -> None:
        assert rough == sorted(rough, key=lambda event: event.publish_ms)

    def test_the_same_seed_gives_the_same_events(self, rough: list[TimedEvent], start_ms: int) -> None:
        again = simulate(
            "rough", seed=3, start_ms=start_ms, end_ms=start_ms + 400 * DAY_MS, rate_per_hour=1.2
        )
        assert rough[:5_000] == [event for _, event in zip(range(5_000), again, strict=False)]
