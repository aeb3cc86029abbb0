"""`deskpulse policy diff`, and `deskpulse check` of a policy."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from deskpulse import exits
from scripts.tidy import ROOT
from tests.cli.harness import Run

EXAMPLE = ROOT / "tests/policy/two_versions.yaml"  # both long in force
VERSION = """
  - name: "{name}"
    effective_from: {start}
    resolution: [{{within: {within}, objective: 90%}}]
"""


def write(path: Path, *changes: tuple[str, str], more: str = "") -> Path:
    """The example with some words replaced and lines added."""
    text = EXAMPLE.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path.write_text(text + more, encoding="utf-8")
    return path


def test_a_file_does_not_differ_from_itself(run: Run) -> None:
    answer = run("policy", "diff", EXAMPLE, EXAMPLE)
    assert answer.code == exits.OK
    assert 2 == answer.out.count(": unchanged")
    assert "accept the new one" in answer.out


def test_a_version_that_was_in_force_must_not_change(run: Run, tmp_path: Path) -> None:
    new = write(
        tmp_path / "new.yaml",
        ("within: 30m, objective: 92%", "within: 20m, objective: 92%"),
        ("add: []", "add: [2026-05-16]"),
    )
    answer = run("policy", "diff", EXAMPLE, new)
    assert answer.code == exits.DIFFERENCE
    assert (
        "first_reply line 2: priority high within 30m, objective 92% -> priority high within 20m, "
        "objective 92%" in answer.out
    )
    assert "calendar madrid: 1 holidays more, among them 2026-05-16" in answer.out
    assert "refused: version '2026' was in force and has changed" in answer.out


def test_a_version_to_come_is_taken(run: Run, tmp_path: Path) -> None:
    new = write(
        tmp_path / "new.yaml", more=VERSION.format(name="next", start="2199-01-01T00:00:00Z", within="1h30m")
    )
    answer = run("policy", "diff", EXAMPLE, new)
    assert answer.code == exits.OK
    assert "version next (from 2199-01-01T00:00:00Z): new" in answer.out
    assert "resolution line 1: all within 1h30m, objective 90%" in answer.out
    assert "after_triage: keep" in answer.out
    again = write(
        tmp_path / "again.yaml", more=VERSION.format(name="next", start="2199-02-01T00:00:00Z", within="2h")
    )
    changed = run("policy", "diff", new, again)
    assert changed.code == exits.OK
    assert "effective_from: 2199-01-01T00:00:00Z -> 2199-02-01T00:00:00Z" in changed.out


def test_a_new_version_must_not_begin_in_the_past(run: Run, tmp_path: Path) -> None:
    new = write(
        tmp_path / "new.yaml", more=VERSION.format(name="late", start="2026-02-01T00:00:00Z", within="1h")
    )
    answer = run("policy", "diff", EXAMPLE, new)
    assert answer.code == exits.DIFFERENCE
    assert "refused: version 'late' is in force since 2026-02-01T00:00:00Z" in answer.out


def test_holidays_of_years_to_come_may_change(run: Run, tmp_path: Path) -> None:
    new = write(tmp_path / "new.yaml", ("add: []", "add: [2099-05-16]"))
    assert run("policy", "diff", EXAMPLE, new).code == exits.OK


def test_half_days_that_come_every_year_are_told(run: Run, tmp_path: Path) -> None:
    """The half day of December 31st changes its hours, ends with 2098, or gets another beside it."""
    line = '{ day: "12-31", hours: ["09:00-13:00"], from: 2026 }'
    for new, word in (
        (line.replace("13:00", "14:00"), "other"),
        (line.replace("from: 2026", "from: 2026, until: 2098"), "less"),
        (line + '\n            - { day: "12-23", hours: ["09:00-13:00"], from: 2099 }', "more"),
    ):
        found = run("policy", "diff", EXAMPLE, write(tmp_path / "new.yaml", (line, new))).out
        assert re.search(rf"calendar madrid: \d+ half days {word}", found), found


def test_a_half_day_that_becomes_a_date_is_no_difference(run: Run, tmp_path: Path) -> None:
    line = '{ day: "12-31", hours: ["09:00-13:00"], from: 2026 }'
    new = write(
        tmp_path / "new.yaml",
        (line, line.replace("from: 2026", "from: 2027")),
        ("dates: {}", 'dates: { 2026-12-31: ["09:00-13:00"] }'),
    )
    answer = run("policy", "diff", EXAMPLE, new)
    assert (exits.OK, 2) == (answer.code, answer.out.count(": unchanged"))


def test_calendars_teams_and_hours_are_told(run: Run, tmp_path: Path) -> None:
    new = write(
        tmp_path / "new.yaml",
        ("technical: always", "technical: new_york"),
        ('mon-fri: ["08:00-20:00"]', 'mon-fri: ["07:00-20:00"]'),
        ("time_zone: America/New_York", "time_zone: America/Denver"),
        ("dates: {}", "dates: { 2026-12-31: [] }"),
        (
            "default_calendar: madrid\n    team_calendars: { t",
            "default_calendar: always\n    team_calendars: { t",
        ),
    )
    out = run("policy", "diff", EXAMPLE, new).out
    for line in (
        "calendar new_york: time_zone America/New_York -> America/Denver",
        (
            "calendar new_york: hours mon-fri 08:00-20:00; sat 10:00-16:00 -> mon-fri 07:00-20:00; sat "
            "10:00-16:00"
        ),
        "calendar madrid: 2026-12-31: 09:00-13:00 -> closed",
        "default_calendar: madrid -> always",
        "team technical: calendar always -> new_york",
    ):
        assert line in out


def test_targets_and_words_that_change_are_told_in_the_order_of_targets(run: Run, tmp_path: Path) -> None:
    new = write(
        tmp_path / "new.yaml",
        (
            "    team_calendars: { technical: always, orders: new_york }\n",
            """
    team_calendars: { technical: always, orders: new_york }
    effective_for: open
    after_triage: retarget
    pausing_statuses: [waiting]
    next_reply: [{ priority: high, within: 1h, objective: 90% }]
""",
        ),
        ("- { within: 80h", "- { within: 20h"),
    )
    out = run("policy", "diff", EXAMPLE, new).out
    lines = [line.strip() for line in out.splitlines()]
    first = lines.index("effective_for: new -> open")
    assert [
        "effective_for: new -> open",
        "after_triage: keep -> retarget",
        "pausing_statuses: on_hold, waiting -> waiting",
        "next_reply line 1: none -> priority high within 1h, objective 90%",
        "resolution line 3: all within 3d8h, objective 85% -> all within 20h, objective 85%",
    ] == lines[first : first + 5]


def test_what_the_manual_adds_to_a_policy_of_before_is_a_version_to_come(run: Run) -> None:
    out = run("policy", "diff", EXAMPLE, ROOT / "examples/policy.yaml").out
    assert 2 == out.count(": unchanged")
    told = out.partition("version 2027 (from 2026-12-31T23:00:00Z): new\n")[2]
    for line in (
        "next_reply line 1: priority high within 1h, objective 90%",
        "effective_for: new",
        "after_triage: retarget",
        "pausing_statuses: on_hold, waiting",
    ):
        assert f"  {line}\n" in told


def test_faults_end_it_with_the_file_and_code_2(run: Run, tmp_path: Path) -> None:
    new = write(tmp_path / "new.yaml", ("92%", "192%"))
    answer = run("policy", "diff", EXAMPLE, new)
    assert answer.code == exits.USAGE
    assert re.search(r"new\.yaml: \d faults? in the policy", answer.err)


def test_check_tells_the_versions_and_their_digests(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DESKPULSE_DESK__POLICY", str(EXAMPLE))
    answer = run("check")
    assert answer.code == exits.OK
    assert re.search(r"^policy: 2 versions, digest [0-9a-f]{16}$", answer.out, re.MULTILINE)
    assert re.search(
        r"^  2026 from 2025-12-31T23:00:00Z: lines of first_reply 5, resolution 3; 2 calendars; "
        "after_triage keep; digest",
        answer.out,
        re.MULTILINE,
    )


def test_check_tells_every_fault_of_the_policy(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv(
        "DESKPULSE_DESK__POLICY",
        str(write(tmp_path / "p.yaml", ("92%", "192%"), ("country: US", "country: UU"))),
    )
    answer = run("check")
    assert (answer.code, answer.out) == (exits.USAGE, "")
    assert "'192%' is not an objective" in answer.err
    assert "no holidays are known for 'UU'" in answer.err


def test_a_policy_that_is_not_there_is_a_fault_of_the_setting(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DESKPULSE_DESK__POLICY", "no/such.yaml")
    answer = run("check")
    assert answer.code == exits.USAGE
    assert "DESKPULSE_DESK__POLICY" in answer.err


def test_what_a_change_would_have_done_is_shown_for_the_tickets_of_a_file(run: Run, tmp_path: Path) -> None:
    """Answered after 20, 40 and 70 minutes, and one that waits for 25 by then.

    Within 1 h two of three are met; within 30 min one, and the fourth is not due either way.
    """
    minute, start = 60_000, 1_772_440_000_000
    events = []
    for number, wait in enumerate((20, 40, 70, None)):
        created = start + (45 * minute if wait is None else 0)
        dims = {
            "customer_id": "C",
            "team": "billing" if number else "sales",
            "channel": "email",
            "priority": "low",
        }
        ticket = {"ticket_id": f"T{number}", "event_id": f"c{number}"}
        events.append({"topic": "ticket-created", "occurred_at": created, **ticket, **dims})
        if wait is not None:
            events.append({"topic": "first-reply", "occurred_at": created + wait * minute, **ticket})
    file = tmp_path / "events.jsonl"
    file.write_text("".join(json.dumps(event) + "\n" for event in events), encoding="utf-8")
    for name, within in (("old", "1h"), ("new", "30m")):
        rules = f"first_reply: [{{within: {within}, objective: 90%}}]"
        text = (
            f"versions:\n  - {{name: a, {rules}}}\n  - {{name: b, effective_from: 2199-01-01T00:00:00Z, "
            f"{rules}}}\n"
        )
        (tmp_path / f"{name}.yaml").write_text(
            text.replace(rules, "first_reply: [{within: 1h, objective: 90%}]", 1), encoding="utf-8"
        )
    answer = run("policy", "diff", tmp_path / "old.yaml", tmp_path / "new.yaml", "--events", file)
    assert answer.code == exits.OK
    found = [re.sub(r" +", " ", line) for line in answer.out.splitlines()]
    assert "first_reply all teams 66.7 % of 3 (1 missed, 1 ahead) -> 33.3 % of 3 (2 missed, 1 ahead)" in found
    assert "first_reply billing 50.0 % of 2 (1 missed, 1 ahead) -> 0.0 % of 2 (2 missed, 1 ahead)" in found
    assert "first_reply sales 100.0 % of 1 (0 missed, 0 ahead) -> 100.0 % of 1 (0 missed, 0 ahead)" in found
    assert "first_reply 1 promises: met -> missed" in found


def test_a_file_without_events_is_told(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "empty.jsonl"
    file.write_text("", encoding="utf-8")
    answer = run("policy", "diff", EXAMPLE, EXAMPLE, "--events", file)
    assert (answer.code, "holds no event" in answer.err) == (exits.DIFFERENCE, True)


def test_a_report_shows_what_a_policy_promises(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Due after 30 minutes, answered after 20 and after 40: half of the deadlines were met."""
    minute, start = 60_000, 1_772_440_000_000
    lines = []
    for number, wait in enumerate((20, 40)):
        ticket = {"ticket_id": f"T{number}"}
        dims = {"customer_id": "C", "team": "technical", "channel": "email", "priority": "high"}
        lines.append(
            {"topic": "ticket-created", "event_id": f"c{number}", "occurred_at": start, **ticket, **dims}
        )
        lines.append(
            {"topic": "first-reply", "event_id": f"r{number}", "occurred_at": start + wait * minute, **ticket}
        )
    file = tmp_path / "events.jsonl"
    file.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    monkeypatch.setenv("DESKPULSE_DESK__POLICY", str(EXAMPLE))
    answer = run("report", file, "--window", "1h", "--format", "json")
    assert answer.code == exits.OK
    figures = json.loads(answer.out)["figures"]
    wanted = {
        "name": "support_sla_attainment_ratio",
        "window": "1h",
        "period": "current",
        "by": "all",
        "member": "all",
        "target": "first_reply",
    }
    assert [{**wanted, "value": 0.5, "n": 2}] == [
        figure for figure in figures if wanted.items() <= figure.items()
    ]
