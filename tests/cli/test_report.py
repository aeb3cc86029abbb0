"""What a report refuses, and how it says so."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest

from deskpulse import exits
from kpis.state.partition import PartitionState
from tests.cli.harness import Run
from tests.sla.desk import Record

IN_SECONDS = 1_772_442_000  # 2026-03-02T09:00:00Z
CREATED = {"customer_id": "C-1", "team": "desk", "channel": "mail", "priority": "normal"}
WORDS = "epoch seconds? this field is milliseconds"


def events(at: int, unit: int) -> list[dict[str, Any]]:
    """A ticket created, answered after 240 s and solved after 3,600 s.

    `unit` is a second in the unit of `at`.
    """
    return [
        {"topic": "ticket-created", "event_id": "c1", "occurred_at": at, "ticket_id": "T-1", **CREATED},
        {"topic": "first-reply", "event_id": "f1", "occurred_at": at + 240 * unit, "ticket_id": "T-1"},
        {"topic": "resolved", "event_id": "r1", "occurred_at": at + 3600 * unit, "ticket_id": "T-1"},
    ]


def written(path: Path, lines: Iterable[Mapping[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def test_epoch_seconds_are_refused_with_those_words(run: Run, tmp_path: Path) -> None:
    """Read as milliseconds they gave a first response of 0.24 s, as of January 1970."""
    answer = run(
        "report", written(tmp_path / "e.jsonl", events(IN_SECONDS, 1)), "--window", "all", "--format", "json"
    )
    assert exits.DIFFERENCE == answer.code
    assert 3 == answer.err.count(WORDS)
    assert "2026-03-02T09:00Z" in answer.err
    assert "rejected events: time 3" in answer.err


def test_milliseconds_give_the_figures(run: Run, tmp_path: Path) -> None:
    answer = run(
        "report",
        written(tmp_path / "e.jsonl", events(IN_SECONDS * 1000, 1000)),
        "--window",
        "all",
        "--format",
        "json",
    )
    found = {
        f["name"]: f["value"] for f in json.loads(answer.out)["figures"] if f["by"] == "all" and "q" not in f
    }
    assert (240, 3600) == (
        found["support_first_response_mean_seconds"],
        found["support_resolution_time_mean_seconds"],
    )
    assert "rejected" not in answer.err


def test_a_mapping_that_reads_seconds_as_milliseconds_is_told_of_them(run: Run, tmp_path: Path) -> None:
    rows = tmp_path / "rows.csv"
    rows.write_text(
        "".join(["id,at\n", *(f"{n},{IN_SECONDS + n}{'000' if n % 2 else ''}\n" for n in range(10))])
    )
    mapping = tmp_path / "map.yaml"
    mapping.write_text(
        "times: {at: {column: at, format: epoch_ms}}\n"
        "events:\n"
        "  - topic: resolved\n"
        '    fields: {event_id: {template: "{id}-r"}, occurred_at: {time: at}, ticket_id: {column: id}}\n'
    )
    answer = run("report", rows, "-m", mapping, "--window", "all")
    assert "5 dirty rows" in answer.err
    assert WORDS in answer.err


@pytest.mark.parametrize("topic", ["ticket-created", "first-reply"])
def test_on_an_empty_ledger_they_are_refused_too(topic: str) -> None:
    """Nothing newer has been seen, so they are not too late.

    They were accepted, and the wall was empty and good.
    """
    state = PartitionState(0)
    records = []
    for number in range(300):
        event: dict[str, Any] = {
            "event_id": "c",
            "occurred_at": round(time.time()) - number,
            "ticket_id": f"T-{number}",
        }
        event |= CREATED if topic == "ticket-created" else {}
        records.append(
            Record(0, number, round(time.time() * 1000), f"T-{number}".encode(), json.dumps(event).encode())
        )
    letters = state.apply(topic, records)
    assert 300 == len(letters)
    assert {"time"} == {letter.reason for letter in letters}
    assert all(letter.detail.startswith(WORDS) for letter in letters)
    assert {} == state.position.maxima


def test_what_is_dated_later_than_the_run_is_refused_counted_and_listed(run: Run, tmp_path: Path) -> None:
    """One date with a wrong year stood for now, and every window was empty."""
    now_ms = round(time.time() * 1000)
    good = events(now_ms - 2 * 3_600_000, 1000)
    wrong = [
        {**line, "event_id": "x", "ticket_id": "T-9", "occurred_at": now_ms + 400 * 86_400_000}
        for line in good[:1]
    ]
    ahead = [
        {**line, "event_id": "y", "ticket_id": "T-2", "occurred_at": now_ms + 240_000} for line in good[:1]
    ]
    answer = run(
        "report",
        written(tmp_path / "e.jsonl", [*good, *wrong, *ahead]),
        "--window",
        "24h",
        "--format",
        "json",
    )
    assert exits.OK == answer.code
    assert "rejected events: future 1" in answer.err
    assert "future: ticket-created T-9: occurred_at" in answer.err
    found = {
        f["name"]: f["value"]
        for f in json.loads(answer.out)["figures"]
        if f["by"] == "all" and f.get("period") == "current"
    }
    assert 2 == found["support_tickets"]  # within the tolerance of 5 min an event counts, and stands for now


def test_an_identifier_cannot_set_the_terminal(run: Run, tmp_path: Path) -> None:
    lines = [{**line, "ticket_id": "T\x1b]0;PWNED\x07"} for line in events(IN_SECONDS, 1)]
    answer = run("report", written(tmp_path / "e.jsonl", lines), "--window", "all")
    assert "\x1b" not in answer.err
    assert r"T\x1b]0;PWNED\x07" in answer.err


class TestNames:
    """Six teams with 10 to 60 tickets a month ago, of which the smallest has been the busiest of late.

    Four names are shown.
    """

    @pytest.fixture
    def file(self, tmp_path: Path) -> Path:
        lines = []
        for number, team in enumerate(("a", "b", "c", "d", "e", "f"), start=1):
            for day, count in {2: number * 10, 28: 70 - number * 10}.items():
                for ticket in range(count):
                    at = f"2026-03-{day:02}T10:00:00Z"
                    dims = {"team": team, "channel": "email", "priority": "normal", "customer_id": "C"}
                    name = f"{team}{day}-{ticket}"
                    lines.append(
                        json.dumps(
                            {
                                "topic": "ticket-created",
                                "event_id": name,
                                "ticket_id": name,
                                "occurred_at": at,
                                **dims,
                            }
                        )
                    )
        path = tmp_path / "teams.jsonl"
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return path

    @pytest.mark.parametrize(
        ("span", "shown", "folded"),
        [
            (["--window", "24h"], {"a", "b", "c", "other"}, "team 'd', 'e', 'f'"),
            (
                ["--from", "2026-03-01T00:00:00Z", "--to", "2026-03-10T00:00:00Z"],
                {"d", "e", "f", "other"},
                "team 'a', 'b', 'c'",
            ),
        ],
    )
    def test_they_are_ranked_by_the_span_that_is_printed(
        self, run: Run, file: Path, span: list[str], shown: set[str], folded: str
    ) -> None:
        done = run("report", str(file), *span)
        assert 0 == done.code
        assert shown == set(re.findall(r": team (\w+) +│", done.out))
        assert f"shown as other: {folded}; desk.members or desk.max_members shows them" in done.err

    def test_json_has_them_all(self, run: Run, file: Path) -> None:
        done = run("report", str(file), "--window", "24h", "--format", "json")
        found = {one["member"] for one in json.loads(done.out)["figures"] if one["by"] == "team"}
        assert set("abcdef") == found
        assert "shown as other" not in done.err

    @pytest.mark.parametrize("columns", [80, 60])
    def test_the_table_is_whole(
        self, run: Run, file: Path, columns: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("COLUMNS", str(columns))
        done = run("report", str(file))
        assert "…" not in done.out
        assert columns >= max(map(len, done.out.splitlines()))
        assert "30d previous: team a" in done.out


def test_outcomes_of_another_line_are_a_figure_of_their_own(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are the n of no figure, so they are told; what is the n of one stands beside that one."""
    lines = events(IN_SECONDS * 1000, 1000)
    policy = tmp_path / "policy.yaml"
    policy.write_text("versions: [{name: v1, first_reply: [{within: 2h, objective: 90%}]}]")
    monkeypatch.setenv("DESKPULSE_DESK__POLICY", str(policy))
    file = written(tmp_path / "e.jsonl", lines)
    answer = run("report", file, "--window", "all", "--format", "json")
    told = {one["name"] for one in json.loads(answer.out)["figures"]}
    assert "support_sla_foreign_observations" in told
    assert {"support_sla_attainment_observations", "support_csat_observations"}.isdisjoint(told)
    assert "sla_foreign_observations" in run("report", file, "--window", "all").out


def test_by_creation_the_report_says_so_and_leaves_out_what_has_no_creation(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Solved an hour after its creation, so in another window of 15 minutes."""
    policy = tmp_path / "policy.yaml"
    policy.write_text("versions: [{name: v1, first_reply: [{within: 2h, objective: 90%}]}]")
    monkeypatch.setenv("DESKPULSE_DESK__POLICY", str(policy))
    file = written(tmp_path / "e.jsonl", events(IN_SECONDS * 1000, 1000))
    span = ("--from", "2026-03-02T09:00:00Z", "--to", "2026-03-02T09:15:00Z")
    answer = run("report", file, *span, "--by", "created", "--format", "json")
    found = json.loads(answer.out)
    assert "creation" == found["counted_at"]
    (solved,) = (
        one for one in found["figures"] if (one["name"], one["by"]) == ("support_resolution_ratio", "all")
    )
    assert (1.0, 1) == (solved["value"], solved["n"])
    names = {one["name"] for one in found["figures"]}
    assert not any(name.startswith(("support_sla_", "support_open_")) for name in names)
    table = run("report", file, *span, "--by", "created").out
    assert "by creation" in table
    assert "by creation" not in run("report", file, *span).out
    assert "event" == json.loads(run("report", file, *span, "--format", "json").out)["counted_at"]
