"""`deskpulse check`."""

from pathlib import Path
from textwrap import dedent

import pytest
import yaml

from deskpulse import exits
from deskpulse.settings import Settings
from scripts.tidy import ROOT
from tests.cli.harness import Run
from tests.policy.test_zone import TWO_ZONES


def test_it_prints_what_is_in_force_and_the_number_of_series(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DESKPULSE_DESK__TIME_ZONE", "Europe/Madrid")
    answer = run("check")
    assert answer.code == exits.OK
    settings, told, series = answer.out.split("\n\n")
    desk, zone = told.splitlines()
    assert desk.startswith("desk: deskpulse (the app_id, since desk.name is not set); ")
    assert yaml.safe_load(settings) == Settings().describe()
    assert "time_zone: Europe/Madrid" in settings
    assert zone.startswith("zone: Europe/Madrid (desk.time_zone); ")
    assert series.startswith("series: at most ")


def test_it_tells_the_desk_by_its_name(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DESKPULSE_APP_ID", "desk-7")
    assert "\ndesk: desk-7 (the app_id" in run("check").out
    monkeypatch.setenv("DESKPULSE_DESK__NAME", "eu")
    assert "\ndesk: eu (desk.name)" in run("check").out


def test_it_tells_the_zone_of_the_policy_where_the_settings_name_none(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DESKPULSE_DESK__POLICY", str(ROOT / "examples/policy.yaml"))
    answer = run("check")
    assert "\nzone: Europe/Madrid (the policy's default calendar; desk.time_zone names none); " in answer.out
    assert answer.code == exits.OK


def test_versions_in_several_zones_end_it_with_the_setting_that_decides(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "policy.yaml"
    path.write_text(dedent(TWO_ZONES), encoding="utf-8")
    monkeypatch.setenv("DESKPULSE_DESK__POLICY", str(path))
    answer = run("check")
    assert (exits.USAGE, "") == (answer.code, answer.out)
    assert "fix: name the zone in desk.time_zone (DESKPULSE_DESK__TIME_ZONE)" in answer.err


def test_the_defaults_stay_below_ten_thousand_series(run: Run) -> None:
    assert "more than" not in run("check").out


def test_many_series_are_told_with_what_lowers_them(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DESKPULSE_DESK__MAX_MEMBERS", "20")
    assert "desk.max_members" in run("check").out


def test_what_it_prints_is_a_settings_file(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "again.yaml"
    path.write_text(run("check").out.partition("\n\n")[0], encoding="utf-8")
    assert run("check", "--config", path).code == exits.OK


def test_it_shows_no_password(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DESKPULSE_KAFKA__SECURITY_PROTOCOL", "SASL_PLAINTEXT")
    monkeypatch.setenv("DESKPULSE_KAFKA__USERNAME", "me")
    monkeypatch.setenv("DESKPULSE_KAFKA__PASSWORD", "hunter2")
    answer = run("check")
    assert answer.code == exits.OK
    assert "hunter2" not in answer.out


def test_wrong_settings_end_it_with_every_fault_and_code_2(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "wrong.yaml"
    path.write_text("exporter: {port: -1}\nkafka: {sasl: true}\n", encoding="utf-8")
    monkeypatch.setenv("DESKPULSE_DESK__TIME_ZONE", "Mars")
    answer = run("check", "-c", path)
    assert (answer.code, answer.out) == (exits.USAGE, "")
    assert answer.err.count("fix: ") == 3
