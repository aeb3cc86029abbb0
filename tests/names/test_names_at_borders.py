"""Any name of 1 to 128 characters is safe on every border.

Rules, routes, receivers, addresses, exposition, boards, the pages.

Prometheus's and Alertmanager's own checkers are asked where they are installed.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deskpulse.monitoring.rules import Plan, texts
from deskpulse.monitoring.rules.alertmanager import receiver_of, team_receivers, teams_of
from deskpulse.monitoring.rules.proof import faults, told
from deskpulse.policy import PolicyFile, build
from streams.names import fold
from tests.names.kinds import KINDS, any_name, names_of

NOW_MS: Final = 1_780_000_000_000
AMTOOL: Final = shutil.which("amtool")
needs_amtool = pytest.mark.skipif(
    AMTOOL is None, reason="amtool is not installed (apt-get install prometheus-alertmanager)"
)


def plan_of(now: Iterable[str], to_come: Iterable[str] = (), desk: str = "eu") -> Plan:
    """A policy that promises something to each of these teams, channels and priorities.

    To some of them it does so from next year on.
    """
    version = {
        "name": "now",
        "calendars": {"office": {"time_zone": "Europe/Madrid", "hours": {"mon-fri": ["09:00-17:00"]}}},
    }
    lines = [
        {place: [name], "within": "1h", "objective": "90%"}
        for name in now
        for place in ("team", "channel", "priority")
    ]
    rest: dict[str, Any] = {"within": "4h", "objective": "90%"}
    versions = [version | {"default_calendar": "office", "first_reply": [*lines, rest]}]
    if coming := [{"team": [name], "within": "1h", "objective": "90%"} for name in to_come]:
        versions.append(
            {"name": "next", "effective_from": "2027-01-01T00:00:00Z", "first_reply": [*coming, rest]}
        )
    file = PolicyFile.model_validate({"versions": versions})
    return Plan(build(file), file.alerts, desk=desk)


@pytest.fixture(scope="module")
def everyone() -> Plan:
    names = names_of()
    return plan_of(names[::2], names)


def receivers_of(team: str, desk: str = "eu") -> tuple[str, str]:
    """For messages, and for pages."""
    messages, pages = (receiver_of(desk, name) for name in team_receivers(team))
    return messages, pages


def alert(team: str, severity: str, desk: str = "eu") -> dict[str, str]:
    return {
        "desk": desk,
        "alertname": "SupportSLABelowObjective",
        "kind": "kpi",
        "severity": severity,
        "by": "team",
        "member": team,
        "team": team,
    }


def test_prometheus_and_alertmanager_take_every_kind(everyone: Plan, note: Callable[[str], None]) -> None:
    files = texts(everyone, NOW_MS)
    assert [] == faults(everyone, files, NOW_MS)
    who = [name for name in ("promtool", "amtool") if shutil.which(name)]
    note(
        f"names: {len(names_of())} of {len(KINDS)} kinds through "
        f"{' and '.join(who) or 'our own reader alone'}"
    )


@needs_amtool
def test_alertmanager_itself_sends_each_team_its_own(
    everyone: Plan, tmp_path: Path, note: Callable[[str], None]
) -> None:
    config = tmp_path / "alertmanager.yml"
    config.write_text(texts(everyone, NOW_MS)["alertmanager.yml"], encoding="utf-8")
    teams, tree = teams_of(everyone.policy, NOW_MS), yaml.safe_load(config.read_text(encoding="utf-8"))
    assert {fold(name) for name in names_of()} == {fold(team) for team in teams}
    for team in teams:
        for severity in ("warning", "page"):
            labels = [
                f"{name}={json.dumps(value, ensure_ascii=False)}"
                for name, value in alert(team, severity).items()
            ]
            reached = told(tree, alert(team, severity))
            assert receivers_of(team)[severity == "page"] in reached <= set(receivers_of(team))
            expected = ",".join(sorted(reached, key=len))
            assert AMTOOL is not None
            asked = [
                AMTOOL,
                "config",
                "routes",
                "test",
                f"--config.file={config}",
                f"--verify.receivers={expected}",
                *labels,
            ]
            done = subprocess.run(asked, capture_output=True, text=True, timeout=60, check=False)
            assert 0 == done.returncode, (team, severity, done.stdout, done.stderr)
    note(f"names: {2 * len(teams)} routes tested by amtool")


@given(
    st.lists(any_name, min_size=1, max_size=12, unique_by=fold),
    st.lists(any_name, max_size=4, unique_by=fold),
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_names_at_all(now: list[str], to_come: list[str]) -> None:
    """A reader of our own finds which receivers an alert reaches.

    No two teams share a receiver, and an address is an address.
    """
    plan = plan_of(now, to_come)
    files = texts(plan, NOW_MS)
    tree = yaml.safe_load(files["alertmanager.yml"])
    teams = teams_of(plan.policy, NOW_MS)
    receivers = [name for team in teams for name in receivers_of(team)]
    assert (
        len(set(map(str.casefold, receivers)))
        == len(receivers)
        == 2 * len({fold(name) for name in (*now, *to_come)})
    )
    for team in teams:
        messages, pages = receivers_of(team)
        assert {messages} == told(tree, alert(team, "warning"))
        # in the first hour after opening to the messages; who never closes has no such hour
        reached = told(tree, alert(team, "page"))
        assert pages in reached <= {messages, pages}
    for receiver in tree["receivers"]:
        (hook,) = receiver["webhook_configs"]
        assert f"/{receiver['name']}" == urlsplit(hook["url"]).path


@pytest.mark.parametrize(
    "wrong",
    [
        ('team="Tier "gold""', "Alertmanager cannot read the matcher"),
        ("receiver: eu/team-a", "a route leads to"),
        ("name: eu/team-a-page", "no receiver has that name"),
        ("http://alerts:9119/eu/team-a\n", "is not a URL"),
    ],
    ids=lambda one: one[1],
)
def test_a_file_that_would_not_work_is_told(wrong: tuple[str, str]) -> None:
    """A file from before names were quoted, and other files that Alertmanager refuses.

    Some of them lead nowhere.
    """
    plan = plan_of(["a"])
    files = texts(plan, NOW_MS)
    broken = {
        'team="Tier "gold""': lambda text: text.replace('team="a"', 'team="Tier "gold""'),
        "receiver: eu/team-a": lambda text: text.replace("receiver: eu/team-a\n", "receiver: eu/team-b\n"),
        "name: eu/team-a-page": lambda text: text.replace("name: eu/team-a-page", "name: eu/team-c-page"),
        "http://alerts:9119/eu/team-a\n": lambda text: text.replace(
            "http://alerts:9119/eu/team-a\n", "http://alerts:9119/Top 10% clients\n"
        ),
    }[wrong[0]](files["alertmanager.yml"])
    assert broken != files["alertmanager.yml"]
    found = faults(plan, files | {"alertmanager.yml": broken}, NOW_MS)
    assert any(wrong[1] in fault or "not valid YAML" in fault for fault in found), found


def test_a_team_that_reaches_another_ones_receiver_is_told() -> None:
    plan = plan_of(["a", "b"])
    files = texts(plan, NOW_MS)
    crossed = files["alertmanager.yml"].replace('team="b"', 'team="c"')
    [message, page] = faults(plan, files | {"alertmanager.yml": crossed}, NOW_MS)
    assert "a warning of the team 'b' reaches eu/desk" in message
    assert "a page of the team 'b' reaches eu/desk" in page
