"""The setting that says where the first response time begins reaches all who must agree on it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import pytest
from pydantic import ValidationError

from deskpulse.lab.demo import proof
from deskpulse.settings import Settings
from deskpulse.wiring import exporter_config, shared_settings, state_rules, view_rules
from oracle.events import Record
from tests.cli.harness import run_command
from tests.golden.desk import NOON_MS
from tests.golden.readers import play

STORY: Final = """
    10:00 created with_bot=true
    10:10 handed_over
    10:40 replied"""


def of(**desk: Any) -> Settings:
    return Settings(desk=desk)


def test_by_default_it_is_the_first_contact_and_the_ledger_knows_nothing_of_it() -> None:
    assert "first_contact" == state_rules(of()).frt_from == view_rules(of()).frt_from
    assert "desk.frt_from" not in shared_settings(of())


def test_workers_and_exporters_share_it() -> None:
    settings = of(frt_from="created")
    assert "created" == state_rules(settings).frt_from == exporter_config(settings).view_rules.frt_from
    assert (
        "created"
        == shared_settings(settings)["desk.frt_from"]
        == view_rules(settings).shared["desk.frt_from"]
    )


def test_another_word_is_a_fault() -> None:
    with pytest.raises(ValidationError, match="'first_contact' or 'created'"):
        of(frt_from="assigned")


@pytest.mark.parametrize(("frt_from", "seconds"), [("first_contact", 1800.0), ("created", 2400.0)])
def test_the_demo_is_verified_by_it(frt_from: str, seconds: float) -> None:
    """Handed over 10:10, reply 10:40: 30 min, or 40 from the creation; in the parts, too."""
    records: list[Record] = [
        (topic, owner.encode(), value, at_ms) for at_ms, topic, owner, value in play(STORY).events
    ]
    settings = Settings(desk={"frt_from": frt_from}, exporter={"parts_windows": ["24h"]})
    found = proof.expected(settings, records, NOON_MS)
    means = {
        one.value
        for one in found
        if one.name == "support_first_response_mean_seconds" and ("window", "24h") in one.labels
    }
    sums = {one.value for one in found if one.name == "support_first_response_seconds_gsum"}
    assert {seconds} == means == sums


@pytest.mark.parametrize(("frt_from", "seconds"), [("first_contact", 1800.0), ("created", 2400.0)])
def test_a_report_counts_by_it_and_check_shows_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, frt_from: str, seconds: float
) -> None:
    monkeypatch.setenv("DESKPULSE_DESK__FRT_FROM", frt_from)
    assert f"frt_from: {frt_from}" in run_command("check").out
    path = tmp_path / "events.jsonl"
    events = [{"topic": topic, **json.loads(value)} for _, topic, _, value in play(STORY).events]
    path.write_text("".join(json.dumps(event) + "\n" for event in events), encoding="utf-8")
    answer = run_command("report", path, "--window", "all", "--format", "json")
    found = [
        one["value"]
        for one in json.loads(answer.out)["figures"]
        if one["name"] == "support_first_response_mean_seconds" and one["clock"] == "calendar"
    ]
    assert {seconds} == set(found)
