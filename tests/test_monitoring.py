"""Rules speak of what exists: every metric is exported, every alert says what it means and has a test of its own."""

import re
from typing import Any

import pytest
import yaml

from exporters.program_families import PROGRAM
from scripts.tidy import ROOT

RULES = sorted((ROOT / "monitoring" / "rules").glob("*.yml"))
TESTS = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in (ROOT / "monitoring" / "tests").glob("*.yml")]
_METRIC = re.compile(r"\b(?:deskpulse|support)_[a-z_]+\b")


def alerts() -> list[dict[str, Any]]:
    groups = [group for path in RULES for group in yaml.safe_load(path.read_text(encoding="utf-8"))["groups"]]
    return [rule for group in groups for rule in group["rules"] if "alert" in rule]


ALERTS = alerts()


def test_there_are_rules() -> None:
    assert "Watchdog" in {alert["alert"] for alert in ALERTS}


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert["alert"])
def test_an_alert_asks_for_metrics_that_are_exported(alert: dict[str, Any]) -> None:
    exported = {family.exported_name for family in PROGRAM}
    assert set(_METRIC.findall(alert["expr"])) <= exported


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert["alert"])
def test_an_alert_says_what_it_means(alert: dict[str, Any]) -> None:
    assert {"summary", "description"} <= set(alert["annotations"])
    assert alert["labels"]["severity"] in {"page", "warning", "none"}


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert["alert"])
def test_an_alert_is_tested_to_fire_and_to_stay_silent(alert: dict[str, Any]) -> None:
    tests = [test for document in TESTS for group in document["tests"] for test in group["alert_rule_test"]]
    own = [bool(test["exp_alerts"]) for test in tests if test["alertname"] == alert["alert"]]
    assert True in own
    assert alert["alert"] == "Watchdog" or False in own
