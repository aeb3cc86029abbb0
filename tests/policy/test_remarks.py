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
from tests.sla.desk import at, policy_of

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


def one_calendar(words: str, hours: str = "{mon-fri: '09:00-17:00'}") -> Policy:
    return policy_of(
        f"""
        versions:
          - name: v1
            calendars: {{office: {{time_zone: Europe/Madrid, hours: {hours}, {words}}}}}
            default_calendar: office
            first_reply: [{{within: 4h, objective: 90%}}]
        """
    )


class TestListsThatEnd:
    DAYS = "holidays: {add: [2026-12-24]}"

    @pytest.mark.parametrize(
        ("now", "told"),
        [
            # The list ends at the midnight after December 24th; 92 days before it is September 24th, 0:00
            # in winter time, and so 1:00 in summer time.
            ("2026-09-24T01:00", []),
            ("2026-09-24T01:01", ["ends with 2026-12-24"]),
            ("2026-12-24T23:59", ["ends with 2026-12-24"]),
            ("2026-12-25T00:00", ["ended with 2026-12-24"]),
            ("2029-01-01T00:00", ["ended with 2026-12-24"]),
        ],
    )
    def test_the_end_is_told_from_a_quarter_before_it_on(self, now: str, told: list[str]) -> None:
        found = remarks(one_calendar(self.DAYS), at(now))
        start = "version v1, calendar office: a list of its own days"
        assert [f"{start} {text}" for text in told] == [one.found.partition(";")[0] for one in found]

    def test_the_fix_names_every_and_the_end_of_the_next_year(self) -> None:
        (found,) = remarks(one_calendar(self.DAYS), at("2026-12-01T00:00"))
        assert "write days that come every year under `every`" in found.fix
        assert "complete_until: 2027-12-31" in found.fix

    def test_what_somebody_has_looked_at_is_told_a_quarter_before_that_day(self) -> None:
        policy = one_calendar(f"{self.DAYS}, complete_until: 2027-12-31")
        assert [] == remarks(policy, at("2027-09-30T00:00"))
        assert ["version v1, calendar office: a list of its own days ends with 2027-12-31"] == [
            one.found.partition(";")[0] for one in remarks(policy, at("2027-10-02T00:00"))
        ]

    @pytest.mark.parametrize(
        ("next_starts", "told"),
        [("2027-01-01T00:00:00Z", 0), ("2027-12-25T00:00:00Z", 0), ("2028-01-01T00:00:00Z", 1)],
    )
    def test_a_version_that_is_replaced_in_time_is_not_told(self, next_starts: str, told: int) -> None:
        """The next December 24th is that of 2027: who changes the policy before it misses nothing."""
        text = f"""
            versions:
              - name: v1
                calendars:
                  office: {{time_zone: Europe/Madrid, hours: {{mon: "09:00-17:00"}}, {self.DAYS}}}
                default_calendar: office
                first_reply: [{{within: 4h, objective: 90%}}]
              - name: v2
                effective_from: {next_starts}
                first_reply: [{{within: 4h, objective: 90%}}]
        """
        assert told == len(remarks(policy_of(text), at("2026-12-01T00:00")))

    def test_a_calendar_that_no_team_works_by_is_not_told(self) -> None:
        text = f"""
            versions:
              - name: v1
                calendars:
                  office: {{time_zone: Europe/Madrid, hours: {{mon: "09:00-17:00"}}, {self.DAYS}}}
                first_reply: [{{within: 4h, objective: 90%}}]
        """
        assert [] == remarks(policy_of(text), at("2026-12-01T00:00"))


class TestMissingMinutes:
    @pytest.mark.parametrize(
        ("hours", "told"),
        [
            ("{mon-sun: '00:00-23:59'}", ["00:00-23:59 leaves out the last minute before midnight"]),
            ("{mon-sun: '00:00-24:00'}", []),
            (
                "{mon-fri: ['09:00-12:59', '13:00-18:00']}",
                ["09:00-12:59 leaves out the last minute before 13:00"],
            ),
            (
                "{mon-fri: ['09:00-13:00', '13:01-18:00']}",
                ["09:00-13:00 leaves out the last minute before 13:01"],
            ),
            ("{mon-fri: ['09:00-14:00', '15:00-18:00']}", []),
            (
                "{mon-sun: ['06:00-22:00', '22:00-05:59']}",
                ["22:00-05:59 leaves out the last minute before 06:00"],
            ),
            ("{mon-fri: '09:00-17:59'}", []),
        ],
    )
    def test_hours_that_lack_a_last_minute_are_told_once(self, hours: str, told: list[str]) -> None:
        found = remarks(one_calendar("dates: {}", hours), NOW_MS)
        start = "version v1, calendar office:"
        assert [f"{start} {text}" for text in told] == [one.found.partition(", in which")[0] for one in found]

    def test_so_are_hours_of_dates_and_half_days(self) -> None:
        words = (
            "dates: {2027-12-24: '20:00-23:59'}, holidays: {every: [{day: '12-31', hours: '21:00-23:59'}]}"
        )
        found = [one for one in remarks(one_calendar(words), NOW_MS) if "minute" in one.found]
        assert {"write 20:00-24:00", "write 21:00-24:00"} == {one.fix[:17] for one in found}


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


def test_the_end_of_a_list_is_told_by_check_and_doctor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The list ended in 2020, so it has ended at any date of this test."""
    path = tmp_path / "policy.yaml"
    path.write_text(
        "versions: [{name: v1, calendars: {office: {time_zone: UTC, hours: {mon: '00:00-23:59'}, "
        "holidays: {add: [2020-05-15]}}}, default_calendar: office, "
        "first_reply: [{within: 4h, objective: 90%}]}]",
        encoding="utf-8",
    )
    monkeypatch.setenv("DESKPULSE_DESK__POLICY", str(path))
    checked = run_command("check")
    assert exits.OK == checked.code
    for text in (
        "a list of its own days ended with 2020-05-15",
        "write 00:00-24:00 if that minute is worked",
    ):
        assert text in checked.out
        assert text in " ".join(run_command("doctor").out.split())
