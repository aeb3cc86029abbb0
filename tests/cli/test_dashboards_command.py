"""`deskpulse dashboards`: boards for a policy and a language."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from deskpulse import exits
from scripts.board_rules import faults
from scripts.boards import FOLDER, lost_on_the_way, unknown_metrics
from scripts.tidy import ROOT
from tests.cli.harness import Run

EXAMPLE = ROOT / "examples/policy.yaml"
PLAIN = """
versions:
  - name: plain
    resolution: [{within: 24h, objective: 70%}]
"""


def test_without_a_policy_it_writes_what_is_committed(run: Run, tmp_path: Path) -> None:
    answer = run("dashboards", "--out", tmp_path / "boards")
    assert answer.code == exits.OK
    committed = {path.name: path.read_text(encoding="utf-8") for path in (ROOT / FOLDER / "en").glob("*.json")}
    assert committed == {path.name: path.read_text(encoding="utf-8") for path in (tmp_path / "boards").iterdir()}
    assert all(str(tmp_path / "boards" / name) in answer.out for name in committed)


@pytest.mark.parametrize("locale", ["es-ES", "es-MX"])
def test_it_speaks_other_languages(locale: str, run: Run, tmp_path: Path) -> None:
    assert exits.OK == run("dashboards", "--policy", EXAMPLE, "--locale", locale, "--out", tmp_path).code
    wall = json.loads((tmp_path / "wall.json").read_text(encoding="utf-8"))
    assert ("Panel de soporte", f"deskpulse-wall-{locale.lower()}") == (wall["title"], wall["uid"])


def test_thresholds_clock_and_source_follow_what_it_is_told(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A policy of one target, without a calendar: no business clock, no business hours, and 70 % is the edge."""
    policy = tmp_path / "plain.yaml"
    policy.write_text(PLAIN, encoding="utf-8")
    monkeypatch.setenv("DESKPULSE_BANDS__CSAT__EXCEPTIONAL", ">= 99%")
    monkeypatch.setenv("DESKPULSE_EXPORTER__BUCKETS_SECONDS", "3600,7200")
    assert exits.OK == run("dashboards", "--policy", policy, "--datasource", "mine", "--out", tmp_path).code
    texts = {path.name: path.read_text(encoding="utf-8") for path in tmp_path.glob("*.json")}
    wall = json.loads(texts["wall.json"])
    assert 'clock=\\"calendar\\"' in texts["wall.json"]
    assert "business" not in texts["wall.json"] + texts["team.json"]
    bars = next(panel for panel in wall["panels"] if panel["type"] == "bargauge")
    assert [None, 70, 77.5] == [step["value"] for step in bars["fieldConfig"]["defaults"]["thresholds"]["steps"]]
    assert "Resolved in time by team, last 24 h" == bars["title"]
    csat = next(panel for panel in wall["panels"] if panel["description"].startswith("The band of: CSAT"))
    assert 99 in [step["value"] for step in csat["fieldConfig"]["defaults"]["thresholds"]["steps"]]
    assert 'le=\\"7200.0\\"' in texts["team.json"]
    assert "deskpulse-prometheus" not in "".join(texts.values())
    for text in texts.values():
        board = json.loads(text)
        assert ([], [], set()) == (faults(board), lost_on_the_way(board), unknown_metrics(board))


def test_the_policy_of_the_settings_is_the_next_choice(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    policy = tmp_path / "plain.yaml"
    policy.write_text(PLAIN, encoding="utf-8")
    monkeypatch.setenv("DESKPULSE_DESK__POLICY", str(policy))
    assert exits.OK == run("dashboards", "--out", tmp_path).code
    assert "Resolved in time" in (tmp_path / "wall.json").read_text(encoding="utf-8")


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
