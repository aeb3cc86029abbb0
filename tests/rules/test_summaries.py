"""Summaries of alerts are read on the lock screen of a phone: short, with what to do at the end."""

from __future__ import annotations

from typing import NamedTuple

import pytest
import yaml

from scripts.tidy import ROOT

LONGEST = 110  # characters, the desk in front of it: what phones show of a notification without a touch
USUAL = 80  # characters of the summaries of most alerts, without the desk
SHORT_SHARE = 0.8  # of the alerts
NO_STEP = {"Watchdog"}  # fires always, for a machine


class Summary(NamedTuple):
    """The summary of one alert that fires, filled in by Prometheus."""

    alert: str
    text: str


def filled_in() -> list[Summary]:
    """Every summary that the stories of promtool expect, with usual names of teams, topics and exporters."""
    found: dict[Summary, None] = {}
    for path in sorted((ROOT / "monitoring" / "tests").glob("*.yml")):
        for case in yaml.safe_load(path.read_text(encoding="utf-8"))["tests"]:
            for look in case["alert_rule_test"]:
                for fired in look["exp_alerts"]:
                    found[Summary(look["alertname"], fired["exp_annotations"]["summary"])] = None
    return list(found)


def every_alert() -> set[str]:
    """The names of all alerts in monitoring/rules."""
    names = set()
    for path in sorted((ROOT / "monitoring" / "rules").glob("*.yml")):
        for group in yaml.safe_load(path.read_text(encoding="utf-8"))["groups"]:
            names |= {rule["alert"] for rule in group["rules"] if "alert" in rule}
    return names


def test_every_alert_has_a_story_that_fills_its_summary_in() -> None:
    assert every_alert() == {summary.alert for summary in filled_in()}


@pytest.mark.parametrize("summary", filled_in(), ids=lambda summary: f"{summary.alert}: {summary.text}")
def test_a_summary_fits_a_lock_screen(summary: Summary) -> None:
    assert len(summary.text) <= LONGEST, f"{len(summary.text)} characters"


def test_most_summaries_are_shorter_still() -> None:
    longest: dict[str, int] = {}
    for summary in filled_in():
        text = summary.text.partition("] ")[2] or summary.text
        longest[summary.alert] = max(len(text), longest.get(summary.alert, 0))
    assert sum(length <= USUAL for length in longest.values()) >= SHORT_SHARE * len(longest), longest


@pytest.mark.parametrize("summary", filled_in(), ids=lambda summary: f"{summary.alert}: {summary.text}")
def test_a_summary_ends_with_what_to_do(summary: Summary) -> None:
    sentences = [part for part in summary.text.replace("? ", ". ").split(". ") if part]
    assert len(sentences) >= 2 or summary.alert in NO_STEP
    assert summary.text.endswith((".", "?"))
