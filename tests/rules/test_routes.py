"""Who is told of what: the routes of the committed configuration, asked of amtool itself."""

from __future__ import annotations

import shutil
import subprocess
from typing import Any

import pytest
import yaml

from scripts.tidy import ROOT

CONFIG = ROOT / "monitoring" / "alertmanager.yml"
TREE: dict[str, Any] = yaml.safe_load(CONFIG.read_text(encoding="utf-8"))
AMTOOL = shutil.which("amtool")
needs_amtool = pytest.mark.skipif(AMTOOL is None, reason="amtool is not installed (apt-get install prometheus-alertmanager)")


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
        ("alertname=SupportSLAAtRisk kind=kpi severity=warning by=team member=orders team=orders target=first_reply", "team-orders"),
        ("alertname=SupportSLABurnFast kind=kpi severity=page by=team member=orders team=orders target=first_reply", "team-orders-page"),
        ("alertname=SupportSLABurnFast kind=kpi severity=page by=team member=technical team=technical", "team-technical-page"),
        ("alertname=SupportScoreWorse kind=kpi severity=warning by=team member=billing team=billing kpi=nps", "desk"),
        ("alertname=SupportSLABreachedWaiting kind=kpi severity=page by=priority member=high target=first_reply", "desk-page"),
        ("alertname=SupportVolumeHigh kind=kpi severity=warning by=all member=all", "desk"),
        ("alertname=OfSomebodyElse", "platform"),
    ],
)
def test_an_alert_goes_to(labels: str, receivers: str) -> None:
    tested = amtool("config", "routes", "test", f"--config.file={CONFIG}", f"--verify.receivers={receivers}", *labels.split())
    assert 0 == tested.returncode, tested.stdout + tested.stderr


@needs_amtool
def test_a_wrong_route_is_seen() -> None:
    tested = amtool("config", "routes", "test", f"--config.file={CONFIG}", "--verify.receivers=desk", "alertname=Watchdog")
    assert 0 != tested.returncode


def route(*matchers: str) -> dict[str, Any]:
    return next(found for found in TREE["route"]["routes"] if set(matchers) <= set(found["matchers"]))


def test_a_team_is_not_told_while_it_is_closed_neither_of_warnings_nor_of_pages() -> None:
    orders = route('team="orders"')
    assert ["new_york-closed"] == orders["mute_time_intervals"]
    assert ["new_york-closed"] == orders["routes"][0]["mute_time_intervals"]
    assert ["madrid-closed"] == route('team!=""')["mute_time_intervals"]


def test_a_team_that_never_closes_is_always_told_and_so_is_the_whole_desk() -> None:
    assert "mute_time_intervals" not in route('team="technical"')
    assert "mute_time_intervals" not in next(found for found in TREE["route"]["routes"] if found["matchers"] == ['kind="kpi"'])


def test_the_pipeline_is_never_muted_by_the_hour() -> None:
    assert "mute_time_intervals" not in route('kind=~"pipeline|meta"')


def test_untrusted_figures_mute_what_is_said_of_them_and_pages_mute_warnings() -> None:
    rules = [(set(rule["source_matchers"]), set(rule["target_matchers"]), rule.get("equal")) for rule in TREE["inhibit_rules"]]
    assert ({'figures="untrusted"'}, {'kind="kpi"'}, None) in rules
    assert ({'kind="kpi"', 'severity="page"'}, {'kind="kpi"', 'severity="warning"'}, ["by", "member", "target"]) in rules


def mutes(source: dict[str, str], target: dict[str, str]) -> bool:
    """Whether one alert inhibits another, by matchers of equality alone; those of a pattern are taken not to match."""

    def matches(matchers: list[str], labels: dict[str, str]) -> bool:
        return all(f'{name}="{labels.get(name, "")}"' == matcher for matcher in matchers for name in (matcher.partition("=")[0],))

    return any(
        matches(rule["source_matchers"], source)
        and matches(rule["target_matchers"], target)
        and all(source.get(name, "") == target.get(name, "") for name in rule.get("equal", ()))
        for rule in TREE["inhibit_rules"]
    )


def test_that_nobody_sees_mutes_the_figures_but_not_what_tells_why() -> None:
    blind = {"alertname": "SupportSLABlind", "kind": "meta", "severity": "page", "figures": "untrusted"}
    stalled = {"alertname": "DeskpulseStalled", "kind": "pipeline", "severity": "page", "figures": "untrusted"}
    silent = {"alertname": "DeskpulseSourceSilent", "kind": "pipeline", "severity": "warning", "figures": "untrusted"}
    at_risk = {"alertname": "SupportSLAAtRisk", "kind": "kpi", "severity": "warning"}
    assert mutes(blind, at_risk)
    assert not mutes(blind, silent)
    assert mutes(stalled, silent)
    assert not mutes(stalled, blind)


def test_one_message_about_one_matter() -> None:
    assert ["kind", "alertname", "target"] == TREE["route"]["group_by"]
