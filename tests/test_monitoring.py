"""Rules speak of what exists.

Every metric is exported or recorded, every alert says what it means, has a page and a test of its own.
"""

import re
from typing import Any

import pytest
import yaml

from exporters.metrics.collectors import FAMILIES
from exporters.metrics.families import PARTS, metric_families
from scripts.docs_check import anchors
from scripts.tidy import ROOT

RULES = sorted((ROOT / "monitoring" / "rules").glob("*.yml"))
TESTS = [
    yaml.safe_load(path.read_text(encoding="utf-8")) for path in (ROOT / "monitoring" / "tests").glob("*.yml")
]
RUNBOOKS = ROOT / "docs" / "runbooks" / "alerts"
SECTIONS = {"meaning", "impact", "look-first", "mend"}
_METRIC = re.compile(r"\b(?:deskpulse|support)_[a-z0-9_]+\b")
_RECORDED = re.compile(r"\bdesk:[a-z0-9_]+\b")


def rules() -> list[dict[str, Any]]:
    groups = [group for path in RULES for group in yaml.safe_load(path.read_text(encoding="utf-8"))["groups"]]
    return [rule for group in groups for rule in group["rules"]]


ALL_RULES = rules()
ALERTS = list({rule["alert"]: rule for rule in ALL_RULES if "alert" in rule}.values())


def test_there_are_rules() -> None:
    assert "Watchdog" in {alert["alert"] for alert in ALERTS}


def test_rules_ask_for_metrics_that_are_exported() -> None:
    exported = {family.exported_name for family in (*FAMILIES, *metric_families())}
    exported |= {f"{family.name}_bucket" for family in metric_families() if family.type == "gaugehistogram"}
    assert set() == {name for rule in ALL_RULES for name in _METRIC.findall(rule["expr"])} - exported


def test_rules_read_records_that_some_rule_writes() -> None:
    recorded = {rule["record"] for rule in ALL_RULES if "record" in rule}
    assert set() == {name for rule in ALL_RULES for name in _RECORDED.findall(rule["expr"])} - recorded


def test_every_final_live_and_sla_figure_is_recorded_for_boards() -> None:
    recorded = {rule["record"] for rule in ALL_RULES if "record" in rule}
    parts = {family.name for family in PARTS}
    assert (
        set()
        == {f"desk:{family.exported_name}" for family in metric_families() if family.name not in parts}
        - recorded
    )


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert["alert"])
def test_an_alert_says_what_it_means(alert: dict[str, Any]) -> None:
    assert {"summary", "description", "runbook_url", "dashboard_url"} <= set(alert["annotations"])
    assert alert["labels"]["severity"] in {"page", "warning", "none"}
    assert alert["labels"]["kind"] in {"kpi", "pipeline", "meta"}


@pytest.mark.parametrize(
    "alert",
    [rule for rule in ALL_RULES if rule.get("labels", {}).get("kind") == "kpi"],
    ids=lambda rule: rule["alert"],
)
def test_an_alert_about_figures_is_silent_while_these_cannot_be_trusted(alert: dict[str, Any]) -> None:
    assert alert["expr"].endswith('and on (desk) desk:figures_trusted{desk="deskpulse"}')


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert["alert"])
def test_the_runbook_that_an_alert_links_to_is_there(alert: dict[str, Any]) -> None:
    page = RUNBOOKS / alert["annotations"]["runbook_url"].rpartition("/")[2]
    assert page.stem == alert["alert"]
    assert anchors(page.read_text(encoding="utf-8")) >= SECTIONS


def test_there_is_no_runbook_of_an_alert_that_is_gone() -> None:
    assert {path.stem for path in RUNBOOKS.glob("*.md")} - {"README"} == {alert["alert"] for alert in ALERTS}


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert["alert"])
def test_an_alert_is_tested_to_fire_and_to_stay_silent(alert: dict[str, Any]) -> None:
    tests = [test for document in TESTS for group in document["tests"] for test in group["alert_rule_test"]]
    own = [bool(test["exp_alerts"]) for test in tests if test["alertname"] == alert["alert"]]
    assert True in own
    assert alert["alert"] == "Watchdog" or False in own
