"""The demo's desk: the same story at whatever hour it starts, at one pace.

Its promises hold at any hour.
"""

from collections.abc import Sequence
from dataclasses import replace
from importlib import resources
from itertools import takewhile
from pathlib import Path

import pytest
import yaml

from deskpulse.ingest.events_io import TimedEvent, to_ms
from deskpulse.lab.demo.run import DEMO_POLICY, demo_settings
from deskpulse.lab.demo.story import RATE, story
from deskpulse.lab.simulator import SCENARIOS
from deskpulse.policy import desk_zone, load_policy
from deskpulse.settings import Settings
from deskpulse.settings.sections import DeskSettings, WorkerSettings
from tests.laws.test_worst_laws import RULES, Watched

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
OWN = Path("examples/policy.yaml")
SUNDAY_NIGHT_MS = to_ms("2026-03-08T22:10:00+01:00")
CLOCKS_CHANGE_MS = to_ms("2026-03-29T23:58:00+02:00")  # its history crosses the change


def told(scenario: str, now_ms: int, history_ms: int = DAY_MS) -> list[TimedEvent]:
    """The story up to now."""
    return list(
        takewhile(
            lambda event: event.publish_ms <= now_ms, story(scenario, now_ms=now_ms, history_ms=history_ms)
        )
    )


def created(events: Sequence[TimedEvent], now_ms: int) -> list[int]:
    """When tickets were created, before now."""
    return [now_ms - to_ms(event.value["occurred_at"]) for event in events if event.topic == "ticket-created"]


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_every_demo_tells_the_same_story(scenario: str) -> None:
    tales = [
        [(event.topic, now_ms - event.publish_ms, event.key[-7:]) for event in told(scenario, now_ms)]
        for now_ms in (SUNDAY_NIGHT_MS, CLOCKS_CHANGE_MS)
    ]
    assert tales[0] == tales[1]
    assert len(tales[0]) > (50 if scenario == "rough" else 1_000)  # rough is thin: its history is long


def test_history_and_present_have_one_pace() -> None:
    """A day holds some 650 tickets, a week 3,700.

    What chance and the weekday may do is below a quarter and 6 %.
    """
    ages = created(told("calm", SUNDAY_NIGHT_MS, 15 * DAY_MS), SUNDAY_NIGHT_MS)
    assert RATE == pytest.approx(sum(age < HOUR_MS for age in ages), rel=0.35)
    for span_ms, difference in ((DAY_MS, 0.25), (7 * DAY_MS, 0.06)):
        window, before = (sum(span_ms * k <= age < span_ms * (k + 1) for age in ages) for k in (0, 1))
        assert before == pytest.approx(window, rel=difference)


def test_the_slip_has_gone_on_for_three_hours() -> None:
    """Mails of the corner wait fifteen times 9 minutes.

    Of the last three hours at most half are answered, of those before all but all.
    """
    events = told("sla-slip", SUNDAY_NIGHT_MS)
    answered = {
        event.key for event in events if event.topic == "first-reply" and "responder_id" in event.value
    }
    corner = {"team": "billing", "priority": "high", "channel": "email"}
    mails = [
        event for event in events if event.topic == "ticket-created" and corner.items() <= event.value.items()
    ]
    moment_ms = SUNDAY_NIGHT_MS - 3 * HOUR_MS
    since = [mail.key in answered for mail in mails if to_ms(mail.value["occurred_at"]) >= moment_ms]
    before = [mail.key in answered for mail in mails if to_ms(mail.value["occurred_at"]) < moment_ms]
    assert len(since) > 5
    assert sum(since) <= 0.5 * len(since)
    assert sum(before) > 0.8 * len(before)  # one in twenty is spam, some are solved without a reply


@pytest.mark.slow
def test_the_first_screen_names_the_slip_and_nothing_of_a_calm_desk() -> None:
    """With the whole history, as the demo shows it: at the start and an hour later.

    Every demo tells the same.
    """
    rules = replace(RULES, policy=load_policy(DEMO_POLICY))
    for scenario, named in (("sla-slip", [("billing · high", "first_reply")]), ("calm", [])):
        events = takewhile(
            lambda event: event.publish_ms <= SUNDAY_NIGHT_MS + HOUR_MS,
            story(scenario, now_ms=SUNDAY_NIGHT_MS),
        )
        desk = Watched(events, rules)
        for at_ms in (SUNDAY_NIGHT_MS, SUNDAY_NIGHT_MS + HOUR_MS):
            desk.until(at_ms)
            assert named == [(one.member, one.target) for one in desk.builder.build(at_ms).worst]


def test_the_promises_are_those_of_the_example_and_only_orders_ever_closes() -> None:
    example = yaml.safe_load(
        resources.files("deskpulse.policy").joinpath("default.yaml").read_text(encoding="utf-8")
    )["versions"][-1]
    (demo,) = yaml.safe_load(Path(DEMO_POLICY).read_text(encoding="utf-8"))["versions"]
    for part in ("first_reply", "resolution"):
        assert example[part] == demo[part]
    assert {"orders": "new_york"} == demo["team_calendars"]
    assert {"time_zone": "Europe/Madrid", "hours": {"mon-sun": ["00:00-24:00"]}} == demo["calendars"][
        demo["default_calendar"]
    ]
    assert example["calendars"]["new_york"] == demo["calendars"]["new_york"]


def test_the_demos_clock_is_that_of_its_desk_unless_another_one_is_asked_for() -> None:
    for asked, zone, policy in (
        (DeskSettings(), "Europe/Madrid", DEMO_POLICY),
        (DeskSettings(time_zone="UTC"), "UTC", DEMO_POLICY),
        (DeskSettings(policy=OWN), "Europe/Madrid", OWN),
    ):
        chosen, variables = demo_settings(
            Settings(desk=asked), "127.0.0.1:9", 9108, None, scenario="calm", tag=""
        )
        assert (zone, policy) == (desk_zone(chosen.desk).name, chosen.desk.policy)
        assert (asked.time_zone, str(policy)) == (
            variables.get("DESKPULSE_DESK__TIME_ZONE"),
            variables["DESKPULSE_DESK__POLICY"],
        )


def test_the_demo_names_the_tiers_of_its_scenario_where_segments_are_on() -> None:
    name = "DESKPULSE_DESK__MEMBERS__SEGMENT"
    for scenario, segment, wanted in (
        ("calm", "tier", "free,pro,enterprise"),
        ("rough", "tier", "free,Pro+ (50% off),企業"),
        ("calm", None, None),
    ):
        chosen, variables = demo_settings(
            Settings(desk=DeskSettings(segment=segment)), "127.0.0.1:9", 9108, None, scenario=scenario, tag=""
        )
        assert wanted == variables.get(name)
        assert (wanted is None) == (chosen.desk.members.segment is None)


def test_the_demos_worker_is_given_time_unless_the_settings_say_how_long() -> None:
    name = "DESKPULSE_WORKER__TRANSACTION_TIMEOUT_SECONDS"
    for worker, wanted in (
        (WorkerSettings(), "60"),
        (WorkerSettings(transaction_timeout_seconds=10.0), None),
    ):
        _, variables = demo_settings(
            Settings(worker=worker), "127.0.0.1:9", 9108, None, scenario="calm", tag=""
        )
        assert wanted == variables.get(name)
