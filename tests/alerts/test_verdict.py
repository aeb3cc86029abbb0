"""The verdict of a drill is not blind: each thing that can go wrong turns it red, alone."""

from __future__ import annotations

from typing import Any

import pytest

from deskpulse.monitoring.alert_log import Notice
from proofs.drills.alerts.drills import DRILLS, MINUTE_MS, Drill, Expected
from proofs.drills.alerts.verdict import Verdict, is_complete, judge

MOMENT_MS = 1_000_000_000
SPEED = 15.0


def notice(name: str, minute: float, status: str = "firing", receiver: str = "desk", **labels: str) -> Notice:
    return Notice(
        receiver, status, {"alertname": name, **labels}, {}, "", MOMENT_MS + round(minute * MINUTE_MS)
    )


WATCHDOG = notice("Watchdog", -5)
SLIPPED = {
    "by": "team_priority",
    "member": "billing · high",
    "team": "billing",
    "priority": "high",
    "target": "first_reply",
    "severity": "page",
}
ENDANGERED, BELOW = (
    notice("SupportSLAEndangered", 25, **SLIPPED),
    notice("SupportSLABelowObjective", 45, **SLIPPED),
)
SILENT, BLIND = notice("DeskpulseSourceSilent", 7, topic="all"), notice("SupportSLABlind", 9)
OVER = (
    notice("DeskpulseSourceSilent", 21, "resolved", topic="all"),
    notice("SupportSLABlind", 22, "resolved"),
)
SILENT_ONE = notice("DeskpulseSourceSilent", 7, topic="first-reply")
WELL: dict[str, tuple[Notice, ...]] = {
    "sla-slip": (WATCHDOG, ENDANGERED, BELOW),
    "calm": (WATCHDOG,),
    "outage-and-catch-up": (WATCHDOG, SILENT, BLIND, *OVER),
    "source-silent": (WATCHDOG, SILENT_ONE, BLIND),
}


def verdict(name: str, *notices: Notice, seen: tuple[str, ...] = ()) -> Verdict:
    return judge(drill(name), SPEED, MOMENT_MS, notices, seen)


def drill(name: str) -> Drill:
    return next(one for one in DRILLS if one.name == name)


def test_every_drill_is_judged_here() -> None:
    assert [one.name for one in DRILLS] == list(WELL)


@pytest.mark.parametrize("name", WELL)
def test_what_was_expected_is_well(name: str) -> None:
    assert () == verdict(name, *WELL[name]).faults


@pytest.mark.parametrize(
    ("name", "missing"), [(one.name, number) for one in DRILLS for number in range(len(one.expected))]
)
def test_an_expected_alert_that_never_came_is_a_fault(name: str, missing: int) -> None:
    expected = drill(name).expected[missing]
    left = [one for one in WELL[name] if not expected.matches(one)]
    assert f"{expected} never came" in verdict(name, *left).faults


@pytest.mark.parametrize(
    ("name", "late"), [(one.name, number) for one in DRILLS for number in range(len(one.expected))]
)
def test_an_expected_alert_that_came_too_late_is_a_fault(name: str, late: int) -> None:
    """A second after what is promised; at that very second it is in time."""
    expected = drill(name).expected[late]
    for seconds, faults in ((0, 0), (1, 1)):
        notices = [delayed(one, expected, seconds) for one in WELL[name]]
        assert faults == len([fault for fault in verdict(name, *notices).faults if "promised are" in fault])


def delayed(one: Notice, expected: Expected, seconds: float) -> Notice:
    is_it = expected.matches(one) and one.status == "firing"
    return notice(one.name, expected.within_minutes + seconds / 60, **labels(one)) if is_it else one


def labels(one: Notice) -> dict[str, str]:
    return {name: value for name, value in one.labels.items() if name != "alertname"}


@pytest.mark.parametrize("name", WELL)
def test_an_alert_that_nobody_expected_is_a_fault_in_every_drill(name: str) -> None:
    stray = notice("SupportVolumeHigh", 3, by="all", member="all")
    assert ("nobody expected SupportVolumeHigh(by=all, member=all)",) == tuple(
        fault for fault in verdict(name, *WELL[name], stray).faults if "expected" in fault
    )


@pytest.mark.parametrize("name", ["calm", "outage-and-catch-up", "source-silent"])
def test_an_alert_about_promises_is_false_where_nothing_slips(name: str) -> None:
    assert verdict(name, *WELL[name], ENDANGERED).faults


def test_where_promises_slip_another_member_may_be_told_only_if_it_is_part_of_it() -> None:
    part = notice(
        "SupportSLABelowObjective", 50, by="team", member="billing", team="billing", target="first_reply"
    )
    other = notice(
        "SupportSLABelowObjective", 50, by="team", member="technical", team="technical", target="first_reply"
    )
    resolution = notice(
        "SupportSLABelowObjective", 50, by="team", member="billing", team="billing", target="resolution"
    )
    assert () == verdict("sla-slip", *WELL["sla-slip"], part).faults
    assert verdict("sla-slip", *WELL["sla-slip"], other).faults
    assert verdict("sla-slip", *WELL["sla-slip"], resolution).faults


def test_an_alert_before_the_slip_is_no_answer_to_it() -> None:
    early = notice("SupportSLAEndangered", -1, **SLIPPED)
    assert any("before the slip" in fault for fault in verdict("sla-slip", WATCHDOG, early, BELOW).faults)


@pytest.mark.parametrize("name", WELL)
def test_without_the_watchdog_nothing_is_proven(name: str) -> None:
    assert "no watchdog" in verdict(name, *(one for one in WELL[name] if one is not WATCHDOG)).faults


def test_what_fired_in_an_outage_must_be_over_after_the_catch_up() -> None:
    faults = verdict("outage-and-catch-up", WATCHDOG, SILENT, BLIND, OVER[0]).faults
    assert ("SupportSLABlind is not over at the end",) == faults
    again = notice("DeskpulseSourceSilent", 24, topic="all")
    assert ("DeskpulseSourceSilent(topic=all) is not over at the end",) == verdict(
        "outage-and-catch-up", *WELL["outage-and-catch-up"], again
    ).faults


def test_what_was_over_at_one_receiver_alone_is_not_over() -> None:
    elsewhere = notice("SupportSLABlind", 9, receiver="platform-page")
    assert verdict("outage-and-catch-up", WATCHDOG, SILENT, BLIND, elsewhere, *OVER).faults


def test_faults_of_the_run_itself_count() -> None:
    """Silence is no proof where nothing was looked at."""
    assert ("no figures that are trusted at the end",) == verdict(
        "calm", WATCHDOG, seen=("no figures that are trusted at the end",)
    ).faults


def test_only_the_first_delivery_counts_and_resolved_ones_are_none() -> None:
    again = notice("SupportSLAEndangered", 40, **SLIPPED)
    found = verdict(
        "sla-slip",
        WATCHDOG,
        notice("SupportSLAEndangered", 10, "resolved", **SLIPPED),
        ENDANGERED,
        again,
        BELOW,
    )
    assert [25.0, 45.0] == [one.minutes for one in found.delivered]


def test_a_drill_is_complete_when_all_that_is_expected_fires() -> None:
    slip = drill("sla-slip")
    over: dict[str, Any] = {**SLIPPED}
    assert not is_complete(slip, [WATCHDOG, ENDANGERED])
    assert not is_complete(slip, [ENDANGERED, notice("SupportSLABelowObjective", 60, "resolved", **over)])
    assert is_complete(slip, [ENDANGERED, BELOW])


def test_the_line_begins_with_the_name_and_tells_seconds() -> None:
    """25 minutes are 1500 s of the desk, 100 s at 15 times."""
    line = str(verdict("sla-slip", *WELL["sla-slip"]))
    slipped = "by=team_priority, member=billing · high, target=first_reply"
    assert line.startswith(
        f"sla-slip: expected SupportSLAEndangered({slipped}, severity=page) within 1800 s; "
    )
    assert f"SupportSLAEndangered({slipped}) 1500 s after the slip (in 100.0 s at 15x)" in line
    assert line.endswith("; ok")
    assert "calm: expected only the watchdog; delivered only the watchdog; ok" == str(
        verdict("calm", WATCHDOG)
    )
    assert "calm: expected only the watchdog; delivered only the watchdog; FAILED: no watchdog" == str(
        verdict("calm")
    )
