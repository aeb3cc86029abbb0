"""Settings of alerts that can never do what they say are refused, with the reason and the fix."""

from __future__ import annotations

from pathlib import Path

import pytest

from deskpulse.monitoring.rules import Plan
from deskpulse.monitoring.rules.faults import explanations, faults
from deskpulse.policy import build, load_file

NOW_MS = 1_780_000_000_000  # May 2026
VERSIONS = """\
versions:
  - name: first
    first_reply: [{within: 30m, objective: OBJECTIVE}]
"""


def plan(folder: Path, alerts: str, *, objective: str = "90%", time_scale: float = 1) -> Plan:
    """A policy of one promise, and a section of alerts."""
    path = folder / "policy.yaml"
    path.write_text(
        VERSIONS.replace("OBJECTIVE", objective) + (f"alerts: {alerts}\n" if alerts else ""), encoding="utf-8"
    )
    file = load_file(path)
    return Plan(build(file), file.alerts, time_scale)


def told(folder: Path, alerts: str, *, objective: str = "90%", time_scale: float = 1) -> list[str]:
    return [
        str(fault)
        for fault in faults(plan(folder, alerts, objective=objective, time_scale=time_scale), NOW_MS)
    ]


def test_nothing_is_wrong_with_what_nobody_wrote(tmp_path: Path) -> None:
    assert [] == told(tmp_path, "")


@pytest.mark.parametrize(
    ("objective", "factor", "possible"),
    [
        # The greatest burn is 1 / (1 - objective), and it is reached, not passed.
        ("90%", 14.4, False),
        ("93%", 14.4, False),
        ("93.1%", 14.4, True),  # 14.49
        ("90%", 10, False),
        ("90%", 9.9, True),
        ("83.3%", 6, False),  # 5.99
        ("83.4%", 6, True),  # 6.02
        ("50%", 2, False),
        ("50%", 1.9, True),
    ],
)
def test_a_factor_that_can_never_fire_is_refused(
    objective: str,
    factor: float,
    possible: bool,  # noqa: FBT001
    tmp_path: Path,
) -> None:
    found = told(tmp_path, f"{{burn: [{{long: 1h, short: 15m, factor: {factor}}}]}}", objective=objective)
    assert possible is (not found)
    assert all("can never fire for first_reply of version first" in fault for fault in found)


def test_the_refusal_explains_and_names_a_factor_that_can_fire(tmp_path: Path) -> None:
    (fault,) = told(tmp_path, "{burn: [{long: 1h, short: 15m, factor: 14.4}]}")
    assert "alerts.burn[0].factor = 14.4" in fault
    assert "objective is 90%" in fault
    assert "burns only 10 times as fast" in fault
    assert "fix: write at most 5 " in fault


def test_the_usual_factors_are_capped_at_half_of_the_deadlines(tmp_path: Path) -> None:
    assert list(
        explanations(plan(tmp_path, "{burn: [{long: 1h, short: 15m}, {long: 24h, short: 8h}]}"), NOW_MS)
    ) == [
        (
            "burn 1h and 15m, first_reply: objective 90% fires above 50% missed (capped: 14.4 times would be "
            "144%)"
        ),
        "burn 24h and 8h, first_reply: objective 90% fires above 30% missed",
    ]


def test_only_versions_in_force_and_to_come_count(tmp_path: Path) -> None:
    """The first version has an objective too low for the factor; it is over."""
    path = tmp_path / "policy.yaml"
    versions = VERSIONS.replace("OBJECTIVE", "80%")
    versions += (
        '  - name: "2026"\n    effective_from: 2026-01-01T00:00:00Z\n    first_reply: [{within: 30m, '
        "objective: 95%}]\n"
    )
    path.write_text(versions + "alerts: {burn: [{long: 1h, short: 15m, factor: 14.4}]}\n", encoding="utf-8")
    file = load_file(path)
    found = Plan(build(file), file.alerts)
    assert [] == faults(found, NOW_MS)
    year_before = NOW_MS - 365 * 86_400_000
    assert 1 == len(faults(found, year_before))


@pytest.mark.parametrize(
    ("alerts", "where", "why"),
    [
        ("{scrape_interval: 3m}", "alerts.scrape_interval = 3m", "Prometheus forgets a sample after 5m"),
        ("{scrape_interval: 2m}", "alerts.scrape_interval = 2m", "shorter than two scrapes"),
        ("{scrape_interval: 90s}", "alerts.worst.hold = 1m", "shorter than the scrape interval"),
        (
            "{scrape_interval: 10m, burn: [{long: 1h, short: 15m}]}",
            "alerts.scrape_interval = 10m",
            "the window 15m of alerts.burn",
        ),
        ("{worst: {hold: 5s}}", "alerts.worst.hold = 5s", "shorter than the scrape interval"),
        ("{small_teams: {hold: 5s}}", "alerts.small_teams.hold = 5s", "shorter than the scrape interval"),
        ("{silence: {least: 20s}}", "alerts.silence.least = 20s", "less than three scrapes"),
    ],
)
def test_windows_that_prometheus_cannot_see_are_explained(
    alerts: str, where: str, why: str, tmp_path: Path
) -> None:
    found = [fault for fault in told(tmp_path, alerts) if where in fault and why in fault]
    assert found
    assert all("fix: " in fault for fault in found)


def test_a_drill_too_fast_for_its_scrapes_is_refused(tmp_path: Path) -> None:
    assert any(
        "worst.hold = 1m in a drill, 60 times as fast" in fault for fault in told(tmp_path, "", time_scale=60)
    )
    assert [] == told(tmp_path, "{scrape_interval: 1s, silence: {least: 3m}}", time_scale=60)


def test_holidays_that_alertmanager_is_not_told_of_are_a_fault(tmp_path: Path) -> None:
    path = tmp_path / "policy.yaml"
    office = (
        '    calendars: {office: {time_zone: UTC, hours: {mon-fri: ["09:00-17:00"]}}}\n    '
        "default_calendar: office\n"
    )
    path.write_text(VERSIONS.replace("OBJECTIVE", "90%") + office, encoding="utf-8")
    file = load_file(path)
    in_2031 = NOW_MS + 5 * 366 * 86_400_000
    (fault,) = faults(Plan(build(file), file.alerts), in_2031)
    assert "end with 2030" in str(fault)
