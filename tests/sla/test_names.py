"""One name in several spellings is one name.

For the policy, in every figure, and shown as the policy writes it.
"""

from __future__ import annotations

import json
from pathlib import Path
from unicodedata import normalize

import pytest

from deskpulse.settings import Settings
from deskpulse.wiring import view_rules
from exporters.snapshot import Snapshot
from exporters.wall.risk import risk_of
from exporters.web.api import at_risk_json
from kpis.figures.history import Choice
from kpis.figures.view import View
from kpis.figures.view_builder import ViewBuilder
from kpis.state.partition import PartitionState
from kpis.state.rules import StateRules
from streams.decode import Reject, decoder
from tests.cli.harness import run_command
from tests.exporters.desk import all_read
from tests.sla.desk import Record, figure

POLICY = """
versions:
  - name: v1
    calendars: {office: {time_zone: Europe/Madrid, hours: {mon-fri: ["09:00-17:00"]}}}
    default_calendar: office
    first_reply: [{priority: High, within: 1h, objective: 90%}]
"""
SPELLINGS = ("High", "high ", "HIGH")
CREATED = {
    "occurred_at": "2026-03-02T10:00:00+01:00",
    "customer_id": "C-1",
    "team": "Atención",
    "channel": "chat",
}


def events() -> list[dict[str, str]]:
    return [
        {
            "topic": "ticket-created",
            "event_id": f"c{n}",
            "ticket_id": f"T-{n}",
            **CREATED,
            "priority": spelling,
        }
        for n, spelling in enumerate(SPELLINGS)
    ]


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    policy = tmp_path / "policy.yaml"
    policy.write_text(POLICY)
    monkeypatch.setenv("DESKPULSE_DESK__POLICY", str(policy))
    monkeypatch.setenv("DESKPULSE_DESK__MEMBERS__TEAM", '["ATENCIÓN"]')
    return Settings()


def test_a_report_counts_three_spellings_as_one_and_tells_of_them(settings: Settings, tmp_path: Path) -> None:
    """Three promises, three missed. By bytes there was one promise, and three members that look alike."""
    file = tmp_path / "events.jsonl"
    file.write_text("".join(json.dumps(event) + "\n" for event in events()))
    answer = run_command(
        "report", file, "--window", "24h", "--as-of", "2026-03-02T12:00:00Z", "--format", "json"
    )
    found = json.loads(answer.out)["figures"]
    breached = {
        f["member"]: f["value"]
        for f in found
        if f["name"] == "support_sla_breached_tickets" and f["by"] == "priority"
    }
    assert {"High": 3} == breached
    assert {"ATENCIÓN"} == {f["member"] for f in found if f["by"] == "team"}
    assert "priority 'High' is also written 'HIGH', 'high '" in answer.err


def test_a_view_counts_them_as_one_too_also_where_the_ledger_has_them_apart(settings: Settings) -> None:
    """A ledger from before may hold `High` beside `high`: its rows are shown under one name."""
    rules = view_rules(settings)
    state, builder = PartitionState(0, StateRules(policy=rules.policy)), ViewBuilder(rules)
    records = [
        Record(
            0,
            n,
            1_772_442_000_000,
            event["ticket_id"].encode(),
            json.dumps({k: v for k, v in event.items() if k != "topic"}).encode(),
        )
        for n, event in enumerate(events())
    ]
    assert [] == state.apply("ticket-created", records)
    builder.apply(0, state.take_changes().view)
    view: View = builder.build(1_772_442_000_000 + 7_200_000)
    assert 3 == figure(
        view, "support_sla_breached_tickets", "priority", "High", window="24h", target="first_reply"
    )
    assert 3 == figure(view, "support_open_tickets", "team", "ATENCIÓN")
    answer = json.loads(at_risk_json(Snapshot(view.as_of_ms, all_read(1), view), {}, 10))
    assert {("ATENCIÓN", "chat", "High")} == {
        (one["team"], one["channel"], one["priority"]) for one in answer["tickets"]
    }
    risk = risk_of(view, Choice("1h"), show_tickets=False)
    assert risk is not None
    assert [("ATENCIÓN", "High", 3)] == [(line.team, line.priority, line.count) for line in risk.lines]
    assert ("ATENCIÓN", "chat", "High") == rules.spell((normalize("NFD", "ATENCIÓN "), "Chat", "high"))


@pytest.mark.parametrize(
    "name", ["a\x00b", "\u202egnp.exe", "a\u2066b", "\u200f", "a\x1b[2J", "x\u2028y", "   ", "\t"]
)
def test_a_name_that_a_screen_does_not_show_as_it_is_is_refused(name: str) -> None:
    event = {"event_id": "e", "ticket_id": "T", **CREATED, "priority": name}
    found = decoder("ticket-created")(json.dumps(event).encode())
    assert isinstance(found, Reject)
    assert "name" == found.reason


@pytest.mark.parametrize("field", ["event_id", "ticket_id", "customer_id"])
def test_an_identifier_with_a_control_character_is_refused(field: str) -> None:
    event = {"event_id": "e", "ticket_id": "T", **CREATED, "priority": "high", field: "T\x007"}
    found = decoder("ticket-created")(json.dumps(event).encode())
    assert isinstance(found, Reject)
    assert ("name", True) == (found.reason, "U+0000" in found.detail)


def test_letters_of_every_script_are_fit() -> None:
    for name in ("técnica", "Ελληνικά", "עברית", "العربية", "日本語", "देवनागरी", "a\u200db", "Tier 2 / VIP"):
        event = {"event_id": "e", "ticket_id": "T", **CREATED, "priority": name}
        assert not isinstance(decoder("ticket-created")(json.dumps(event).encode()), Reject), name
