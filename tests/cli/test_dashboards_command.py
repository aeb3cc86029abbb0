"""`deskpulse dashboards`: boards for a policy and a language."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from deskpulse import exits
from deskpulse.lab.simulator import DEFAULT_DESK
from deskpulse.monitoring.boards.desk import DEFAULT_POLICY
from scripts.boards.generate import FOLDER, lost_on_the_way, unknown_metrics
from scripts.boards.rules import faults
from scripts.tidy import ROOT
from tests.cli.harness import Run

EXAMPLE = ROOT / "examples/policy.yaml"
PLAIN = """
versions:
  - name: plain
    resolution: [{within: 24h, objective: 70%}]
"""


def test_with_the_default_policy_and_the_demos_teams_it_writes_what_is_committed(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DESKPULSE_DESK__MEMBERS__TEAM", ",".join(team.name for team in DEFAULT_DESK.teams))
    answer = run("dashboards", "--policy", DEFAULT_POLICY, "--out", tmp_path / "boards")
    assert answer.code == exits.OK
    committed = {
        path.name: path.read_text(encoding="utf-8") for path in (ROOT / FOLDER / "en").glob("*.json")
    }
    assert committed == {
        path.name: path.read_text(encoding="utf-8") for path in (tmp_path / "boards").iterdir()
    }
    assert all(str(tmp_path / "boards" / name) in answer.out for name in committed)


def test_without_a_policy_the_boards_show_what_there_is_and_say_what_one_would_add(
    run: Run, tmp_path: Path
) -> None:
    assert exits.OK == run("dashboards", "--out", tmp_path).code
    texts = {path.name: path.read_text(encoding="utf-8") for path in tmp_path.glob("*.json")}
    assert "support_sla" not in "".join(texts.values())
    assert 'clock=\\"calendar\\"' in texts["wall.json"]
    assert "Without targets" in texts["sla.json"]
    for text in texts.values():
        board = json.loads(text)
        assert ([], [], set()) == (faults(board), lost_on_the_way(board), unknown_metrics(board))


def test_segments_stand_on_the_boards_under_the_name_of_the_settings(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DESKPULSE_DESK__SEGMENT", "brand")
    assert exits.OK == run("dashboards", "--policy", EXAMPLE, "--out", tmp_path).code
    titles = {
        panel["title"]
        for path in tmp_path.glob("*.json")
        for panel in json.loads(path.read_text(encoding="utf-8"))["panels"]
    }
    named = {title for title in titles if "brand" in title}
    assert {
        "By brand",
        "In time by brand, last 8 h",
        "brand now",
        "New tickets by brand, last hour",
    } == named


@pytest.mark.parametrize("locale", ["es-ES", "es-MX"])
def test_it_speaks_other_languages(locale: str, run: Run, tmp_path: Path) -> None:
    assert exits.OK == run("dashboards", "--policy", EXAMPLE, "--locale", locale, "--out", tmp_path).code
    wall = json.loads((tmp_path / "wall.json").read_text(encoding="utf-8"))
    assert ("Panel de soporte", f"deskpulse-wall-{locale.lower()}") == (wall["title"], wall["uid"])


def test_targets_clock_and_source_follow_what_it_is_told(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A policy of one target, without a calendar.

    No business clock, and solutions are what the wall leads with.
    """
    policy = tmp_path / "plain.yaml"
    policy.write_text(PLAIN, encoding="utf-8")
    monkeypatch.setenv("DESKPULSE_BANDS__CSAT__EXCEPTIONAL", ">= 99%")
    monkeypatch.setenv("DESKPULSE_EXPORTER__BUCKETS_SECONDS", "3600,7200")
    assert exits.OK == run("dashboards", "--policy", policy, "--datasource", "mine", "--out", tmp_path).code
    texts = {path.name: path.read_text(encoding="utf-8") for path in tmp_path.glob("*.json")}
    wall = json.loads(texts["wall.json"])
    assert 'clock=\\"calendar\\"' in texts["team.json"]
    assert 'clock=\\"business\\"' not in "".join(texts.values())
    course = next(panel for panel in wall["panels"] if panel["type"] == "timeseries")
    assert "Resolutions in time by team, last hour" == course["title"]
    assert "first_reply" not in texts["wall.json"]
    csat = next(panel for panel in json.loads(texts["team.json"])["panels"] if panel["title"] == "CSAT")
    (band,) = (one["properties"] for one in csat["fieldConfig"]["overrides"])
    assert 99 in [
        step["value"] for one in band if one["id"] == "thresholds" for step in one["value"]["steps"]
    ]
    assert 'le=\\"7200.0\\"' in texts["team.json"]
    (source,) = (one for one in wall["templating"]["list"] if one["type"] == "datasource")
    assert "mine" == source["current"]["value"]
    assert "deskpulse-prometheus" not in "".join(texts.values())
    for text in texts.values():
        board = json.loads(text)
        assert ([], [], set()) == (faults(board), lost_on_the_way(board), unknown_metrics(board))


def test_the_policy_of_the_settings_is_the_next_choice(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    policy = tmp_path / "plain.yaml"
    policy.write_text(PLAIN, encoding="utf-8")
    monkeypatch.setenv("DESKPULSE_DESK__POLICY", str(policy))
    assert exits.OK == run("dashboards", "--out", tmp_path).code
    assert "Resolutions in time" in (tmp_path / "wall.json").read_text(encoding="utf-8")


def test_a_language_that_is_not_there_ends_it_with_code_2(run: Run, tmp_path: Path) -> None:
    answer = run("dashboards", "--locale", "fr", "--out", tmp_path)
    assert answer.code == exits.USAGE
    assert "use one of en, es-ES, es-MX" in answer.err


def test_a_wrong_policy_ends_it_with_its_faults(run: Run, tmp_path: Path) -> None:
    policy = tmp_path / "wrong.yaml"
    policy.write_text(PLAIN.replace("70%", "170%"), encoding="utf-8")
    answer = run("dashboards", "--policy", policy, "--out", tmp_path)
    assert answer.code == exits.USAGE
    assert "wrong.yaml:4" in answer.err


def test_a_folder_that_cannot_be_made_ends_it_with_the_fix(run: Run, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    answer = run("dashboards", "--out", tmp_path / "file" / "boards")
    assert answer.code == exits.USAGE
    assert "choose a folder" in answer.err
