"""`deskpulse rules`, and what `deskpulse check` says of alerts."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from deskpulse import exits
from kpis.sla.policy import TARGETS
from scripts.tidy import ROOT
from tests.cli.harness import run_command as run

EXAMPLE = ROOT / "examples/policy.yaml"
IMPOSSIBLE = "alerts: {burn: [{long: 1h, short: 15m, factor: 14.4, severity: page}]}\n"


@pytest.fixture(autouse=True)
def _no_policy_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DESKPULSE_CONFIG", "DESKPULSE_DESK__POLICY"):
        monkeypatch.delenv(name, raising=False)


def with_alerts(folder: Path, alerts: str) -> Path:
    path = folder / "policy.yaml"
    path.write_text(EXAMPLE.read_text(encoding="utf-8") + alerts, encoding="utf-8")
    return path


def test_the_example_can_do_what_it_says() -> None:
    answer = run("rules", "--policy", EXAMPLE, "--check")
    assert answer.code == exits.OK
    assert "burn 7d and 24h, first_reply: objective 90% fires above 15% missed" in answer.out
    told = [line.partition(":")[0] for line in answer.out.splitlines() if line.startswith("burn")]
    assert [f"burn 7d and 24h, {target}" for target in TARGETS] == told


def test_what_is_committed_is_what_the_example_gives() -> None:
    answer = run("rules", "--policy", EXAMPLE, "--check", "--out", ROOT / "monitoring")
    assert (answer.code, "7 files checked, 0 differ" in answer.out) == (exits.OK, True)


def test_without_a_policy_it_is_that_of_the_example(tmp_path: Path) -> None:
    assert run("rules", "--out", tmp_path).code == exits.OK
    assert run("rules", "--policy", EXAMPLE, "--check", "--out", tmp_path).code == exits.OK


@pytest.mark.parametrize("how", [("--check",), ("--out", "rules")])
def test_a_factor_that_can_never_fire_is_explained_and_refused(
    how: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    answer = run("rules", "--policy", with_alerts(tmp_path, IMPOSSIBLE), *how)
    assert (answer.code, answer.out) == (exits.USAGE, "")
    assert (
        "alerts.burn[0].factor = 14.4: can never fire for first_reply of version 2026, whose objective is 90%"
        in answer.err
    )
    assert not (tmp_path / "rules").exists()


def test_check_refuses_it_too_and_tells_what_factors_come_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DESKPULSE_DESK__POLICY", str(EXAMPLE))
    answer = run("check")
    assert answer.code == exits.OK
    assert (
        "resolution: objective 80% fires above 30% missed; objective 85% fires above 22.5% missed"
        in answer.out
    )
    monkeypatch.setenv("DESKPULSE_DESK__POLICY", str(with_alerts(tmp_path, IMPOSSIBLE)))
    answer = run("check")
    assert (answer.code, answer.out) == (exits.USAGE, "")
    assert "can never fire" in answer.err


def test_wrong_words_are_told_with_their_line(tmp_path: Path) -> None:
    answer = run(
        "rules",
        "--policy",
        with_alerts(tmp_path, "alerts: {worst: {hold: soon}, links: {runbooks: nowhere}}\n"),
        "--check",
    )
    assert answer.code == exits.USAGE
    assert "'soon' is not a duration" in answer.err
    assert "'nowhere' is not an address" in answer.err


def test_differences_are_told_and_mended_by_writing(tmp_path: Path) -> None:
    (tmp_path / "rules").mkdir()
    # of somebody else: left alone
    (tmp_path / "rules/house.yml").write_text("groups: []\n", encoding="utf-8")
    run("rules", "--out", tmp_path)
    (tmp_path / "rules/old.yml").write_text(
        (tmp_path / "rules/sla.yml").read_text(encoding="utf-8"), encoding="utf-8"
    )
    (tmp_path / "rules/sla.yml").write_text("groups: []\n", encoding="utf-8")
    (tmp_path / "alertmanager.yml").unlink()
    answer = run("rules", "--check", "--out", tmp_path)
    assert answer.code == exits.DIFFERENCE
    assert ["alertmanager.yml", "rules/old.yml", "rules/sla.yml"] == [
        line.split(":")[0].removeprefix(f"{tmp_path}/")
        for line in answer.out.splitlines()
        if "differs from what the policy gives" in line
    ]
    run("rules", "--out", tmp_path)
    assert run("rules", "--check", "--out", tmp_path).code == exits.OK
    assert (tmp_path / "rules/house.yml").exists()
    assert not (tmp_path / "rules/old.yml").exists()


def test_receivers_of_the_house_replace_ours(tmp_path: Path) -> None:
    receivers = tmp_path / "receivers.yml"
    receivers.write_text(
        "receivers: [{name: desk-page, slack_configs: [{api_url_file: /run/secrets/slack, channel: "
        "'#desk'}]}]\n",
        encoding="utf-8",
    )
    assert run("rules", "--out", tmp_path, "--receivers", receivers).code == exits.OK
    made = yaml.safe_load((tmp_path / "alertmanager.yml").read_text(encoding="utf-8"))["receivers"]
    assert [{"api_url_file": "/run/secrets/slack", "channel": "#desk"}] == next(
        r for r in made if r["name"] == "deskpulse/desk-page"
    )["slack_configs"]
    assert "webhook_configs" in next(r for r in made if r["name"] == "deskpulse/desk")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[{name: dsek}]", "nothing is sent to the receiver 'dsek'"),
        ("{a: 1}", "a list of Alertmanager receivers"),
        ("[", "not valid YAML"),
    ],
)
def test_receivers_that_cannot_be_meant_are_refused(text: str, why: str, tmp_path: Path) -> None:
    receivers = tmp_path / "receivers.yml"
    receivers.write_text(text, encoding="utf-8")
    answer = run("rules", "--out", tmp_path / "made", "--receivers", receivers)
    assert answer.code == exits.USAGE
    assert why in answer.err


def test_a_drill_waits_for_less_and_says_so(tmp_path: Path) -> None:
    """120 s / 8 = 15 s; figures that carry their own time stay."""
    out = run(
        "rules", "--policy", with_alerts(tmp_path, "alerts: {scrape_interval: 2s}\n"), "--time-scale", 8
    ).out
    assert "# For a drill: the clock of the desk runs 8 times as fast." in out
    alert = out[out.index("alert: SupportSLAWaitsLong") :]
    assert 'window="8h"' in alert[:400]
    assert "for: 15s" in alert[:600]
    # Workers and exporters are no faster in a drill.
    stalled = out[out.index("alert: DeskpulseStalled") :]
    assert "[2m]" in stalled[:400]
    assert "for: 1m" in stalled[:400]
    assert "mute_time_intervals" not in out


def test_a_drill_too_fast_for_the_scrapes_is_refused() -> None:
    answer = run("rules", "--time-scale", 60)
    assert answer.code == exits.USAGE
    assert (
        "alerts.worst.hold = 1m in a drill, 60 times as fast: is shorter than the scrape interval"
        in answer.err
    )


def test_without_a_folder_everything_is_printed() -> None:
    out = run("rules").out
    assert "# rules/sla.yml\n" in out
    assert "# alertmanager.yml\n" in out
