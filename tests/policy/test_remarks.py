"""What `check`, `rules` and `doctor` say of a policy that promises less than it seems to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from textwrap import dedent

import pytest

from deskpulse import exits
from deskpulse.policy.remarks import remarks
from kpis.sla.policy import Policy
from tests.cli.harness import run_command
from tests.sla.desk import policy_of

NOW_MS = 1_780_000_000_000
HIGH_ALONE = """
    versions:
      - name: v1
        first_reply: [{priority: high, within: 1h, objective: 90%}, {within: 4h, objective: 90%}]
        resolution: [{priority: [high, urgent], within: 8h, objective: 90%}]
"""
LEFT_OVER = (
    "version v1: tickets that fit none of the 1 lines of resolution have no resolution target, so no alert "
    "reports them however long they wait; add a last line with only `within` and `objective`: it matches "
    "all of them"
)


SPELL_IT = "write it the same way everywhere, also in events"


def lines(policy: Policy, written: Mapping[str, Sequence[str]] | None = None) -> list[str]:
    return [str(remark) for remark in remarks(policy, NOW_MS, written)]


def test_tickets_that_no_line_fits_are_told_of() -> None:
    assert [LEFT_OVER] == lines(policy_of(HIGH_ALONE))


def test_versions_that_are_over_are_not_looked_at() -> None:
    """v1 ended in 2026-01; v2 takes all tickets, and v3, to come, does not."""
    text = """
        versions:
          - {name: v1, first_reply: [{team: a, within: 1h, objective: 90%}]}
          - {name: v2, effective_from: 2026-01-01T00:00:00Z, first_reply: [{within: 1h, objective: 90%}]}
          - name: v3
            effective_from: 2027-01-01T00:00:00Z
            first_reply: [{team: a, within: 1h, objective: 90%}]
    """
    (line,) = lines(policy_of(text))
    assert line.startswith("version v3: ")


def test_names_that_differ_in_spelling_only() -> None:
    text = """
        versions:
          - name: v1
            first_reply:
              - {priority: HIGH, team: [técnica], within: 1h, objective: 90%}
              - {priority: high, channel: Chat, within: 2h, objective: 90%}
              - {within: 4h, objective: 90%}
    """
    assert [
        f"team 'técnica' is also written 'TE\u0301CNICA': these are one name, shown as 'técnica'; {SPELL_IT}",
        f"priority 'HIGH' is also written 'high': these are one name, shown as 'HIGH'; {SPELL_IT}",
    ] == lines(policy_of(text), {"team": ["TE\u0301CNICA", "vip"], "channel": ["Chat"]})


def test_a_policy_with_nothing_to_remark() -> None:
    assert [] == lines(
        policy_of("versions: [{name: v1, first_reply: [{within: 1h, objective: 90%}]}]"), {"team": ["vip"]}
    )


def test_the_commands_say_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "policy.yaml"
    path.write_text(dedent(HIGH_ALONE), encoding="utf-8")
    monkeypatch.setenv("DESKPULSE_DESK__POLICY", str(path))
    monkeypatch.setenv("DESKPULSE_DESK__MEMBERS__PRIORITY", '["High"]')
    checked = run_command("check")
    assert exits.OK == checked.code
    assert LEFT_OVER in checked.out
    assert "priority 'high' is also written 'High'" in checked.out
    ruled = run_command("rules", "--out", str(tmp_path / "out"))
    assert exits.OK == ruled.code
    assert f"rules: {LEFT_OVER}" in ruled.err
    examined = run_command("doctor")
    assert "no resolution target" in examined.out
    assert "add a last line with only `within` and `objective`: it matches all of them" in " ".join(
        examined.out.split()
    )


@pytest.mark.parametrize(
    ("name", "wrong"), [("a\\u0000b", "U+0000"), ("\\u202egold", "U+202E"), (" vip", "spaces around it")]
)
def test_a_name_that_no_event_can_carry_is_refused(name: str, wrong: str, tmp_path: Path) -> None:
    path = tmp_path / "policy.yaml"
    line = f'{{team: ["{name}"], within: 1h, objective: 90%}}'
    path.write_text(
        f"versions: [{{name: v1, first_reply: [{line}, {{within: 2h, objective: 90%}}]}}]\n", encoding="utf-8"
    )
    refused = run_command("rules", "--policy", str(path))
    assert exits.USAGE == refused.code
    assert wrong in refused.err
