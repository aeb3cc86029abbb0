"""Small inputs with their right values, from a folder beside the project.

`make test CASES=FOLDER ARGS="-k cases"` reads all of it.

Without a folder they are skipped. Each of what is right here has a test of its kind elsewhere, named in
KINDS, that needs no folder.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import pytest
import yaml

from deskpulse.monitoring.rules import Plan, texts
from deskpulse.monitoring.rules.alertmanager import teams_of
from deskpulse.monitoring.rules.proof import faults
from deskpulse.policy import build, load_file, load_policy
from deskpulse.times import parse_time_ms
from kpis.figures.view import ViewRules
from kpis.figures.view_builder import ViewBuilder
from kpis.state.partition import PartitionState
from kpis.state.rules import StateRules
from tests.sla.desk import Record, figure

FOLDER: Final = os.environ.get("CASES")
NOW_MS: Final = 1_780_000_000_000
MINUTE_MS: Final = 60_000
ROOT: Final = Path(__file__).parents[2]


@dataclass(frozen=True)
class Report:
    """What `deskpulse report` said of a file."""

    code: int
    told: str
    figures: list[Mapping[str, Any]]
    quality: Mapping[str, Any]

    def value(self, name: str, by: str = "all", member: str = "all", **labels: str) -> tuple[float, int]:
        """Value and n of the one figure that has these labels; of the current period, where it has one."""
        wanted = {"name": name, "by": by, "member": member, **labels}
        found = [
            one
            for one in self.figures
            if one.get("period", "current") == "current" and wanted.items() <= one.items()
        ]
        assert len(found) == 1, f"{wanted}: {len(found)} figures"
        return found[0]["value"], found[0]["n"]


def report(case: Path, file: str, *options: str, policy: str | None = None) -> Report:
    """Run the command as a user does, in the case's folder."""
    settings = {} if policy is None else {"DESKPULSE_DESK__POLICY": policy}
    done = subprocess.run(
        [sys.executable, "-m", "deskpulse", "report", file, *options, "--format", "json"],
        cwd=case,
        env={**os.environ, **settings},
        capture_output=True,
        text=True,
        check=False,
    )
    document = json.loads(done.stdout or '{"figures": [], "quality": {}}')
    return Report(done.returncode, done.stderr, document["figures"], document["quality"])


FIRST_RESPONSE: Final = "support_first_response_mean_seconds"
ATTAINMENT: Final = "support_sla_attainment_ratio"
BREACHED: Final = "support_sla_breached_tickets"
OVERDUE: Final = "support_sla_overdue_tickets"


def bot_then_reopened(case: Path) -> None:
    first = {"target": "first_reply", "window": "7d"}
    before, at_once, after = (
        report(case, "events.jsonl", "--as-of", when, policy="policy.yaml")
        for when in ("2026-03-06T12:59:00Z", "2026-03-06T13:05:00Z", "2026-03-06T13:15:00Z")
    )
    assert 0 == before.value(BREACHED, **first)[0]
    assert 0 == at_once.value(BREACHED, **first)[0] == at_once.value(OVERDUE, target="first_reply")[0]
    assert (
        (1.0, 1)
        == after.value(ATTAINMENT, **first)
        == after.value(ATTAINMENT, target="first_reply", window="1h")
    )


def clock_ahead(case: Path) -> None:
    """As the script of the case sends them, without a broker: 7 min old, promised 10 min.

    Then another team's, 4 min 50 s ahead.
    """
    policy = load_policy(case / "policy.yaml")
    state, builder = (
        PartitionState(0, StateRules(policy=policy)),
        ViewBuilder(ViewRules(ZoneInfo("UTC"), policy=policy)),
    )
    now_ms = 1_772_442_000_000
    for offset, (ticket, at_ms, team) in enumerate(
        (("T-1", now_ms - 7 * MINUTE_MS, "a"), ("T-2", now_ms + 290_000, "b"))
    ):
        names = {"event_id": "c", "customer_id": "C", "team": team, "channel": "m", "priority": "p"}
        value = json.dumps({**names, "ticket_id": ticket, "occurred_at": at_ms}).encode()
        assert not state.apply("ticket-created", [Record(0, offset, now_ms, ticket.encode(), value)])
    builder.apply(0, state.take_changes().view)
    for seconds, waits, late in ((0, 1, 0), (170, 1, 0), (241, 0, 1)):
        view = builder.build(now_ms + 1_000 * seconds)
        assert now_ms + 1_000 * seconds == view.as_of_ms
        labels = {"by": "team", "member": "a", "target": "first_reply"}
        assert (waits, late) == (
            figure(view, "support_sla_waiting_tickets", **labels),
            figure(view, OVERDUE, **labels),
        )
        assert late == figure(view, "support_sla_attainment_observations", window="15m", target="first_reply")


def double_handled(case: Path) -> None:
    found = report(case, "events.jsonl", "--window", "all")
    assert (200, 2) == found.value("support_handle_time_mean_seconds")
    assert 1 == found.value("support_tickets")[0] == found.value("support_resolution_ratio")[0]
    assert 1 == found.quality["twins"]
    assert "1 twin: " in found.told


def epoch_seconds(case: Path) -> None:
    """In a file, and live on an empty ledger."""
    found = report(case, "events.jsonl", "--window", "all")
    assert (1, []) == (found.code, found.figures)
    assert "epoch seconds?" in found.told
    state = PartitionState(0)
    value = json.dumps({"event_id": "f", "occurred_at": 1_772_442_240, "ticket_id": "T-1"}).encode()
    (letter,) = state.apply("first-reply", [Record(0, 0, 1_772_442_240_000, b"T-1", value)])
    assert "epoch seconds?" in letter.detail


def late_triage(case: Path) -> None:
    """As the policy is, it keeps what it promised; told to retarget, the line of high counts."""
    options = ("--window", "24h", "--as-of", "2026-03-02T15:00:00Z")
    high = {"by": "priority", "member": "high", "target": "first_reply"}
    kept = report(case, "events.jsonl", *options, policy="policy.yaml")
    assert (1.0, 1) == kept.value(ATTAINMENT, **high)
    assert 1 == kept.value("support_sla_foreign_observations", **high)[0]
    words = yaml.safe_load((case / "policy.yaml").read_text(encoding="utf-8"))
    words["versions"][0]["after_triage"] = "retarget"
    with tempfile.TemporaryDirectory() as folder:
        policy = Path(folder) / "retarget.yaml"
        policy.write_text(yaml.safe_dump(words), encoding="utf-8")
        retargeted = report(case, "events.jsonl", *options, policy=str(policy))
    assert (0.0, 1) == retargeted.value(ATTAINMENT, **high)


def next_reply(case: Path) -> None:
    found = report(
        case, "events.jsonl", "--window", "8h", "--as-of", "2026-03-02T12:01:00Z", policy="policy.yaml"
    )
    assert 1 == found.value(BREACHED, target="next_reply")[0]
    assert (1, 0) == tuple(found.value(f"support_{one}_tickets")[0] for one in ("waiting", "unanswered"))
    since, _ = found.value("support_oldest_waiting_timestamp_seconds")
    assert 3_660_000 == parse_time_ms("2026-03-02T12:01:00Z") - 1_000 * since


def name_variants(case: Path) -> None:
    found = report(
        case, "events.jsonl", "--window", "24h", "--as-of", "2026-03-02T12:00:00Z", policy="policy.yaml"
    )
    assert (
        3
        == found.value(BREACHED, target="first_reply")[0]
        == found.value(BREACHED, "priority", "high", target="first_reply")[0]
    )
    assert "is also written" in found.told


def outbound(case: Path) -> None:
    found = report(
        case, "events.jsonl", "--window", "8h", "--as-of", "2026-03-02T14:00:00Z", policy="policy.yaml"
    )
    assert (1.0, 1) == found.value(ATTAINMENT, target="first_reply")
    assert 0 == found.value("support_unanswered_tickets")[0] == found.value(OVERDUE, target="first_reply")[0]
    assert (1_200, 1) == found.value(FIRST_RESPONSE, clock="calendar")


def pass_clocks(case: Path) -> None:
    found = report(
        case, "events.jsonl", "--window", "all", "--as-of", "2026-03-20T12:00:00Z", policy="policy.yaml"
    )
    assert (1_200, 3) == found.value(FIRST_RESPONSE, "team", "office", clock="business")
    assert (1.0, 3) == found.value(ATTAINMENT, "team", "office", target="first_reply")
    ratio, n = found.value(ATTAINMENT, "team", "office", target="resolution")
    assert 3 == n
    assert pytest.approx(1 / 3) == ratio
    assert [2_700, 25_200] == [
        found.value(FIRST_RESPONSE, "team", team, clock="business")[0] for team in ("east", "alt")
    ]
    found = report(case, "reply_and_pause.jsonl", "--window", "all", policy="office.yaml")
    assert [(1.0, 1), (1.0, 1)] == [
        found.value(ATTAINMENT, target=target) for target in ("first_reply", "resolution")
    ]


def recurring_closures(case: Path) -> None:
    """Ten o'clock on a December 24th until 9:30 of the next working day: half an hour, in both years.

    As an exporter shows it the day after: `report` takes no event of the future, and the case has some.
    """
    policy = load_policy(case / "policy.yaml")
    state = PartitionState(0, StateRules(policy=policy))
    builder = ViewBuilder(ViewRules(ZoneInfo("Europe/Madrid"), policy=policy))
    offsets: Counter[str] = Counter()
    for line in (case / "events.jsonl").read_text(encoding="utf-8").splitlines():
        event = json.loads(line)
        topic, at_ms = event.pop("topic"), parse_time_ms(event["occurred_at"])
        value, key = json.dumps(event).encode(), event["ticket_id"].encode()
        assert not state.apply(topic, [Record(0, offsets[topic], at_ms, key, value)])
        offsets[topic] += 1
        builder.apply(0, state.take_changes().view)
        if topic == "first-reply":
            view = builder.build(at_ms + 24 * 60 * MINUTE_MS)
            team = {"A": "y2026", "B": "y2027"}[event["ticket_id"]]
            labels = {"by": "team", "member": team, "window": "7d"}
            assert 1_800 == figure(view, FIRST_RESPONSE, **labels, clock="business")
            assert 1.0 == figure(view, ATTAINMENT, **labels, target="first_reply")


def replied_only(case: Path) -> None:
    found = report(
        case, "events.jsonl", "--window", "24h", "--as-of", "2026-03-02T12:00:00Z", policy="policy.yaml"
    )
    assert (600, 1) == found.value(FIRST_RESPONSE, clock="calendar")
    assert 0 == found.value("support_unanswered_tickets")[0]
    assert (1.0, 1) == found.value(ATTAINMENT, target="first_reply")


def small_team(case: Path) -> None:
    found = report(
        case, "events.jsonl", "--window", "8h", "--as-of", "2026-03-02T12:00:00Z", policy="policy.yaml"
    )
    assert (0.0, 4) == found.value(ATTAINMENT, "team", "vip", target="first_reply", window="8h")
    assert 4 == found.value(OVERDUE, "team", "vip", target="first_reply")[0]


def alert_names(case: Path) -> None:
    for policy, team in (("quote.yaml", 'Tier "gold"'), ("percent.yaml", "Top 10% clients")):
        file = load_file(case / policy)
        plan = Plan(build(file), file.alerts)
        files = texts(plan, NOW_MS)
        assert [] == faults(plan, files, NOW_MS)
        assert team in teams_of(plan.policy, NOW_MS)


CHECKS: Final[Mapping[str, Callable[[Path], None]]] = {
    "alert-names": alert_names,
    "bot-then-reopened": bot_then_reopened,
    "clock-ahead-as-of": clock_ahead,
    "double-handled": double_handled,
    "epoch-seconds": epoch_seconds,
    "late-triage": late_triage,
    "name-variants": name_variants,
    "next-reply": next_reply,
    "outbound": outbound,
    "pass-clocks": pass_clocks,
    "recurring-closures": recurring_closures,
    "replied-only": replied_only,
    "small-team-folded": small_team,
}
# Of each kind a test that needs no folder.
KINDS: Final = {
    "alert-names": "tests/names/test_names_at_borders.py",
    "bot-then-reopened": "tests/sla/test_sla_plays.py::TestClosedTime",
    "clock-ahead-as-of": "tests/sla/test_now_is_now.py",
    "double-handled": "tests/laws/test_quality.py",
    "epoch-seconds": "tests/laws/test_seconds_law.py",
    "late-triage": "tests/golden/test_after_triage.py",
    "name-variants": "tests/sla/test_names.py",
    "next-reply": "tests/golden/test_waits.py::TestWaitingSince",
    "outbound": "tests/golden/test_waits.py::TestOpenedBy",
    "pass-clocks": "tests/laws/test_business_clock.py",
    "recurring-closures": "tests/policy/test_days.py",
    "replied-only": "tests/laws/test_facts_laws.py",
    "small-team-folded": "tests/laws/test_bounds_laws.py",
}
# What is not right yet, by what it waits for.
LATER: Final = {
    "bom-quoted": "the file door",
    "durations-and-commas": "the file door",
    "durations-not-instants": "the file door",
    "headerless-preamble": "the file door",
    "other-files": "the file door",
    "repeated-hour": "the file door",
    "utc-suffix": "the file door",
}


def _folder() -> Path:
    if FOLDER is None:
        pytest.skip("no folder of cases was given: make test CASES=FOLDER")
    folder = Path(FOLDER).expanduser()
    assert folder.is_dir(), f"CASES={FOLDER} is no folder"
    return folder


@pytest.mark.parametrize("name", CHECKS)
def test_the_figures_of_a_case_are_right(name: str) -> None:
    CHECKS[name](_folder() / name)


def test_every_case_is_known(note: Callable[[str], None]) -> None:
    """Right, or not yet, and then it says what it waits for.

    A new one in the folder is a failure until somebody reads it.
    """
    found = sorted(path.name for path in _folder().iterdir() if path.is_dir())
    read = [name for name in found if name in CHECKS or name in LATER]
    note(f"cases: {len(read)} of {len(found)} read, {len(set(read) & CHECKS.keys())} of them are checked")
    for what in dict.fromkeys(LATER.values()):
        note(f"cases: {what} will bring {', '.join(name for name in read if LATER.get(name) == what)}")
    assert read == found
    assert set(found) == CHECKS.keys() | LATER.keys()


def _places() -> Iterator[tuple[str, str]]:
    for name, place in KINDS.items():
        path, _, test = place.partition("::")
        yield path, test or name


def test_each_kind_has_a_test_of_its_own() -> None:
    assert CHECKS.keys() == KINDS.keys()
    for path, test in _places():
        assert (ROOT / path).exists(), path
        if test not in KINDS:
            assert f"class {test}" in (ROOT / path).read_text(encoding="utf-8")
