"""Who is told of what: the routes of the committed configuration, asked of amtool itself."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from deskpulse.monitoring.rules import Plan
from deskpulse.monitoring.rules.alertmanager import alertmanager_file
from deskpulse.policy import build, load_file
from scripts.tidy import ROOT

CONFIG = ROOT / "monitoring" / "alertmanager.yml"
TREE: dict[str, Any] = yaml.safe_load(CONFIG.read_text(encoding="utf-8"))
OWN: dict[str, Any] = TREE["route"]["routes"][0]  # of the desk
AMTOOL = shutil.which("amtool")
needs_amtool = pytest.mark.skipif(
    AMTOOL is None, reason="amtool is not installed (apt-get install prometheus-alertmanager)"
)


DESK = "deskpulse"


def amtool(*words: str) -> subprocess.CompletedProcess[str]:
    assert AMTOOL is not None
    return subprocess.run([AMTOOL, *words], capture_output=True, text=True, timeout=60, check=False)


@needs_amtool
def test_amtool_accepts_it() -> None:
    checked = amtool("check-config", str(CONFIG))
    assert 0 == checked.returncode, checked.stderr


@needs_amtool
@pytest.mark.parametrize(
    ("labels", "receivers"),
    [
        ("alertname=Watchdog kind=meta severity=none", "watchdog"),
        ("alertname=DeskpulseStalled kind=pipeline severity=page figures=untrusted", "platform-page"),
        ("alertname=DeskpulseRejecting kind=pipeline severity=warning", "platform"),
        ("alertname=DeskpulsePolicyMismatch kind=meta severity=warning", "platform"),
        ("alertname=SupportSLABlind kind=meta severity=page figures=untrusted", "desk-page,platform-page"),
        # Routes of pages are two: to the pager, and in the first hour after opening to where warnings go;
        # amtool asks for no hour.
        (
            (
                "alertname=SupportSLAEndangered kind=kpi severity=page by=team_priority team=orders "
                "priority=high"
            ),
            "team-orders,team-orders-page",
        ),
        (
            (
                "alertname=SupportSLAEndangered kind=kpi severity=warning by=team member=orders team=orders "
                "target=resolution"
            ),
            "team-orders",
        ),
        (
            (
                "alertname=SupportSLABelowObjective kind=kpi severity=page by=team member=technical "
                "team=technical"
            ),
            "team-technical-page",
        ),
        (
            (
                "alertname=SupportScoreWorse kind=kpi severity=warning by=team member=billing team=billing "
                "kpi=nps"
            ),
            "desk",
        ),
        (
            (
                "alertname=SupportSLAEndangered kind=kpi severity=page by=team_priority team=billing "
                "priority=high"
            ),
            "desk,desk-page",
        ),
        (
            (
                "alertname=SupportSLABelowObjective kind=kpi severity=page by=priority member=high "
                "target=first_reply"
            ),
            "desk,desk-page",
        ),
        ("alertname=SupportVolumeHigh kind=kpi severity=warning by=all member=all", "desk"),
        ("alertname=OfSomebodyElse", "platform"),
    ],
)
def test_an_alert_goes_to(labels: str, receivers: str) -> None:
    assert_goes(CONFIG, f"desk={DESK} {labels}", ",".join(f"{DESK}/{name}" for name in receivers.split(",")))


def assert_goes(config: Path, labels: str, receivers: str) -> None:
    tested = amtool(
        "config",
        "routes",
        "test",
        f"--config.file={config}",
        f"--verify.receivers={receivers}",
        *labels.split(),
    )
    assert 0 == tested.returncode, tested.stdout + tested.stderr


@needs_amtool
@pytest.mark.parametrize(
    ("labels", "receiver"),
    [
        (
            (
                "alertname=SupportSLABelowObjective kind=kpi severity=page by=team member=technical "
                "team=technical"
            ),
            "platform",
        ),
        (
            (
                "alertname=SupportSLABelowObjective kind=kpi severity=page by=team member=technical "
                "team=technical desk=us"
            ),
            "platform",
        ),
        ("alertname=DeskpulseDeskUnwatched kind=meta severity=page desk=us", "platform-page"),
        ("alertname=DeskpulseExporterDown kind=pipeline severity=warning", "platform"),
    ],
)
def test_what_is_of_no_desk_here_goes_to_the_platform(labels: str, receiver: str) -> None:
    assert_goes(CONFIG, labels, f"{DESK}/{receiver}")


@needs_amtool
def test_a_wrong_route_is_seen() -> None:
    tested = amtool(
        "config", "routes", "test", f"--config.file={CONFIG}", "--verify.receivers=desk", "alertname=Watchdog"
    )
    assert 0 != tested.returncode


def route(*matchers: str) -> dict[str, Any]:
    return next(found for found in OWN["routes"] if set(matchers) <= set(found["matchers"]))


def test_a_team_is_not_told_while_it_is_closed_neither_of_warnings_nor_of_pages() -> None:
    orders = route('team="orders"')
    assert ["deskpulse/new_york-closed"] == orders["mute_time_intervals"]
    assert all("deskpulse/new_york-closed" in below["mute_time_intervals"] for below in orders["routes"])
    assert ["deskpulse/madrid-closed"] == route('team!=""')["mute_time_intervals"]


def test_a_team_that_never_closes_is_always_told_and_so_is_the_whole_desk() -> None:
    assert "mute_time_intervals" not in route('team="technical"')
    assert "mute_time_intervals" not in next(
        found for found in OWN["routes"] if found["matchers"] == ['kind="kpi"']
    )


@pytest.mark.parametrize(
    ("matcher", "receiver", "calendar"),
    [
        ('team="orders"', "deskpulse/team-orders", "deskpulse/new_york"),
        ('team!=""', "deskpulse/desk", "deskpulse/madrid"),
    ],
)
def test_in_the_first_hour_a_page_is_a_message_and_then_a_page(
    matcher: str, receiver: str, calendar: str
) -> None:
    message, page = route(matcher)["routes"]
    assert (receiver, f"{receiver}-page") == (message["receiver"], page["receiver"])
    assert (message["active_time_intervals"], message["continue"]) == ([f"{calendar}-first-hour"], True)
    assert f"{calendar}-first-hour" in page["mute_time_intervals"]


def test_the_whole_desk_opens_with_the_default_calendar_and_a_team_that_never_closes_never_opens() -> None:
    whole = next(found for found in OWN["routes"] if found["matchers"] == ['kind="kpi"'])
    assert ["deskpulse/madrid-first-hour"] == whole["routes"][1]["mute_time_intervals"]
    (page,) = route('team="technical"')["routes"]
    assert "mute_time_intervals" not in page


def test_every_interval_that_is_named_is_there() -> None:
    there = {interval["name"] for interval in TREE["time_intervals"]}
    assert {
        f"{DESK}/{calendar}-{what}"
        for calendar in ("madrid", "new_york")
        for what in ("closed", "first-hour")
    } == there


def test_a_desk_may_want_its_pages_in_the_first_hour(tmp_path: Path) -> None:
    path = tmp_path / "policy.yaml"
    path.write_text(
        (ROOT / "examples/policy.yaml").read_text(encoding="utf-8") + "alerts: {pages_in_first_hour: true}\n",
        encoding="utf-8",
    )
    file = load_file(path)
    tree = yaml.safe_load(alertmanager_file(Plan(build(file), file.alerts), 1_780_000_000_000))
    orders = next(
        found for found in tree["route"]["routes"][0]["routes"] if 'team="orders"' in found["matchers"]
    )
    assert [["deskpulse/new_york-closed"]] == [below["mute_time_intervals"] for below in orders["routes"]]


def test_the_pipeline_is_never_muted_by_the_hour() -> None:
    assert "mute_time_intervals" not in route('kind=~"pipeline|meta"')


def test_untrusted_figures_mute_what_is_said_of_them_and_pages_mute_warnings() -> None:
    rules = [
        (set(rule["source_matchers"]), set(rule["target_matchers"]), rule.get("equal"))
        for rule in TREE["inhibit_rules"]
    ]
    assert ({'figures="untrusted"'}, {'kind="kpi"'}, ["desk"]) in rules
    assert (
        {'kind="kpi"', 'severity="page"'},
        {'kind="kpi"', 'severity="warning"'},
        ["desk", "by", "member", "target"],
    ) in rules


def mutes(source: dict[str, str], target: dict[str, str]) -> bool:
    """Whether one alert inhibits another."""
    return any(
        _matches(rule["source_matchers"], source)
        and _matches(rule["target_matchers"], target)
        and all(source.get(name, "") == target.get(name, "") for name in rule.get("equal", ()))
        for rule in TREE["inhibit_rules"]
    )


def _matches(matchers: list[str], labels: dict[str, str]) -> bool:
    return all(_holds(matcher, labels) for matcher in matchers)


def _holds(matcher: str, labels: dict[str, str]) -> bool:
    found = re.fullmatch(r'(\w+)(=~|!=|=)"(.*)"', matcher)
    assert found is not None, matcher
    name, how, value = found.groups()
    having = labels.get(name, "")
    return bool(re.fullmatch(value, having)) if how == "=~" else (having == value) is (how == "=")


def test_that_nobody_sees_mutes_the_figures_but_not_what_tells_why() -> None:
    blind = {"alertname": "SupportSLABlind", "kind": "meta", "severity": "page", "figures": "untrusted"}
    stalled = {
        "alertname": "DeskpulseStalled",
        "kind": "pipeline",
        "severity": "page",
        "figures": "untrusted",
    }
    silent = {
        "alertname": "DeskpulseSourceSilent",
        "kind": "pipeline",
        "severity": "warning",
        "figures": "untrusted",
    }
    endangered = {"alertname": "SupportSLAEndangered", "kind": "kpi", "severity": "page"}
    assert mutes(blind, endangered)
    assert not mutes(blind, silent)
    assert mutes(stalled, silent)
    assert not mutes(stalled, blind)


def alert(name: str, severity: str, member: str, **more: str) -> dict[str, str]:
    """An alert about first replies of a member: `team_priority:billing · high`."""
    by, _, names = member.partition(":")
    named = dict(zip(by.split("_"), names.split(" · "), strict=True)) if by != "all" else {}
    return {
        "alertname": f"SupportSLA{name}",
        "kind": "kpi",
        "severity": severity,
        "by": by,
        "member": names or "all",
        "target": "first_reply",
        **named,
        **more,
    }


CHILD = "team_priority:billing · high"


@pytest.mark.parametrize("parent", ["all", "team:billing", "priority:high"])
def test_a_whole_keeps_silent_while_a_part_of_it_is_named(parent: str) -> None:
    for name in ("BelowObjective", "Endangered"):
        child = alert(name, "page", CHILD)
        assert mutes(child, alert("BudgetBurn", "warning", parent, window="7d"))
        assert mutes(child, alert("Endangered", "page", parent))
        assert mutes(child, alert("BelowObjective", "warning", parent))
        assert not mutes(child, alert("BudgetBurn", "warning", parent, target="resolution"))


@pytest.mark.parametrize(
    "other", ["team:orders", "priority:low", "channel:email", CHILD, "team_priority:orders · high"]
)
def test_what_is_named_mutes_nothing_that_it_is_no_part_of(other: str) -> None:
    assert not mutes(alert("BelowObjective", "page", CHILD), alert("BelowObjective", "page", other))
    assert (
        not mutes(alert("Endangered", "page", CHILD), alert("BudgetBurn", "warning", other, window="7d"))
        or other == CHILD
    )


def test_a_warning_silences_no_page() -> None:
    child = alert("BelowObjective", "warning", CHILD)
    assert not mutes(child, alert("Endangered", "page", "team:billing"))
    assert not mutes(child, alert("BelowObjective", "page", "all"))
    assert mutes(child, alert("BelowObjective", "warning", "all"))


def test_a_broken_promise_is_paged_once() -> None:
    page = alert("BelowObjective", "page", CHILD)
    assert mutes(page, alert("BelowObjective", "warning", CHILD))
    assert mutes(page, alert("Endangered", "page", CHILD))
    assert mutes(alert("BelowObjective", "page", "team:billing"), alert("WaitsLong", "page", "team:billing"))


MEMBERS = (
    "all",
    "team:billing",
    "channel:email",
    "priority:high",
    CHILD,
    "team_channel:billing · email",
    "channel_priority:email · high",
)
SLA = [
    ("Endangered", "page"),
    ("Endangered", "warning"),
    ("BelowObjective", "page"),
    ("BelowObjective", "warning"),
    ("WaitsLong", "page"),
]


def test_an_alert_of_one_desk_mutes_none_of_another() -> None:
    every = [
        alert(name, severity, member)
        for member in MEMBERS
        for name, severity in (*SLA, ("BudgetBurn", "warning"))
    ]
    for name in ("SupportSLABlind", "DeskpulseStalled", "DeskpulseExporterAbsent", "DeskpulseViewIncomplete"):
        kind = "meta" if name == "SupportSLABlind" else "pipeline"
        every.append({"alertname": name, "kind": kind, "severity": "page", "figures": "untrusted"})
        every.append({"alertname": name, "kind": kind, "severity": "warning", "figures": "untrusted"})
    eu, us = ([{**one, "desk": desk} for one in every] for desk in ("eu", "us"))
    assert [] == [(one, other) for one in eu for other in us if mutes(one, other)]
    assert any(mutes(one, other) for one in eu for other in eu)


def test_no_two_alerts_silence_each_other() -> None:
    every = [
        alert(name, severity, member)
        for member in MEMBERS
        for name, severity in (*SLA, ("BudgetBurn", "warning"))
    ]
    both = [
        (one, other)
        for one in every
        for other in every
        if one is not other and mutes(one, other) and mutes(other, one)
    ]
    assert [] == both


def test_one_message_about_one_matter() -> None:
    assert ["desk", "kind", "alertname", "target"] == TREE["route"]["group_by"]
