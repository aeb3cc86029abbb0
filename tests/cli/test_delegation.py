"""Commands whose body stands elsewhere hand over what was asked for, and pass the exit code on."""

import os
import time
from pathlib import Path
from typing import Any

import pytest

from deskpulse import exits
from deskpulse.settings import Settings
from tests.cli.harness import Run


class Body:
    """Stands in for a body; remembers its arguments."""

    def __init__(self, code: int) -> None:
        self.code = code
        self.given: tuple[Any, ...] = ()
        self.named: dict[str, Any] = {}

    def __call__(self, *given: Any, **named: Any) -> int:
        self.given, self.named = given, named
        return self.code


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Replaces a body by a stand-in."""

    def replace(name: str, code: int) -> Body:
        body = Body(code)
        monkeypatch.setattr(name, body)
        return body

    return replace


def test_demo_hands_over_its_options(run: Run, stand_in: Any) -> None:
    body = stand_in("deskpulse.lab.demo.run", exits.DIFFERENCE)
    answer = run("demo", "--for", "60s", "--port", 19108, "--verify", "--rate", 90, "--scenario", "sla-slip")
    assert answer.code == exits.DIFFERENCE
    assert body.given == (Settings(),)
    expected = {
        "duration_ms": 60_000,
        "port": 19108,
        "rate_per_hour": 90.0,
        "broker": None,
        "scenario": "sla-slip",
        "verify": True,
    }
    assert body.named | expected == body.named


def test_demo_switches_segments_on_for_itself_and_its_programs(
    run: Run, stand_in: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    variable = "DESKPULSE_DESK__SEGMENT"
    monkeypatch.setenv(variable, "brand")  # what is typed wins; and it is put back after the test
    body = stand_in("deskpulse.lab.demo.run", exits.OK)
    assert exits.OK == run("demo", "--segment", "tier").code
    (settings,) = body.given
    assert ("tier", "tier") == (settings.desk.segment, os.environ[variable])
    answer = run("demo", "--segment", "team")
    assert exits.USAGE == answer.code
    assert "'team' is a dimension already" in answer.err


def test_report_hands_over_its_options(run: Run, stand_in: Any) -> None:
    body = stand_in("deskpulse.report.run", exits.OK)
    before_ms = time.time_ns() // 1_000_000
    times = ["--from", "2010-05-01T00:00:00Z", "--to", "1275350400000"]
    assert (
        run(
            *("report", __file__, "-m", "x.yaml", "--as-of", "2012-01-01T00:00:00Z", *times),
            *("--by", "created", "--format", "json"),
        ).code
        == exits.OK
    )
    assert body.given == (Settings(), Path(__file__))
    assert body.named == {
        "now_ms": body.named["now_ms"],
        "mapping": Path("x.yaml"),
        "as_of_ms": 1_325_376_000_000,
        "window": None,
        "span_ms": (1_272_672_000_000, 1_275_350_400_000),
        "form": "json",
        "by_created": True,
    }
    assert before_ms <= body.named["now_ms"] <= time.time_ns() // 1_000_000


@pytest.mark.parametrize("code", [exits.OK, exits.BROKER, 75])
def test_a_worker_gets_the_settings_and_its_exit_code_is_passed_on(
    code: int, run: Run, stand_in: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DESKPULSE_APP_ID", "other")
    monkeypatch.setenv("DESKPULSE_WORKER__CHUNK_RECORDS", "77")
    monkeypatch.setenv("DESKPULSE_DESK__HORIZON_DAYS", "2")
    body = stand_in("agents.worker.run_worker", code)
    assert run("worker").code == code
    (config,) = body.given
    assert (config.app_id, config.chunk_records, config.state_rules.horizon_ms) == (
        "other",
        77,
        2 * 86_400_000,
    )


def test_a_short_session_gets_three_heartbeats(
    run: Run, stand_in: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DESKPULSE_WORKER__SESSION_TIMEOUT_SECONDS", "6")
    body = stand_in("agents.worker.run_worker", exits.OK)
    run("worker")
    assert body.given[0].heartbeat_seconds == 2.0


def test_an_exporter_gets_the_settings(
    run: Run, stand_in: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = tmp_path / "token"
    token.write_text("open sesame\n", encoding="utf-8")
    variables = {
        "CLOCK": "event",
        "PARTS_WINDOWS": "1h,8h",
        "BUCKETS_SECONDS": "3600,900",
        "PORT": "0",
        "BEARER_TOKEN_FILE": str(token),
    }
    for name, value in variables.items():
        monkeypatch.setenv(f"DESKPULSE_EXPORTER__{name}", value)
    monkeypatch.setenv("DESKPULSE_DESK__MEMBERS__TEAM", "billing,sales")
    monkeypatch.setenv("DESKPULSE_DESK__TEAM_TIME_ZONES", '{"billing": "Europe/Berlin"}')
    body = stand_in("exporters.server.run", exits.OK)
    assert run("exporter").code == exits.OK
    (config,) = body.given
    assert (config.clock, config.port, config.buckets_seconds, config.bearer_token) == (
        "event",
        0,
        (900, 3600),
        "open sesame",
    )
    rules = config.view_rules
    assert (rules.parts_windows, rules.members.lists, str(rules.team_zones["billing"])) == (
        ("1h", "8h"),
        {"team": ("billing", "sales")},
        "Europe/Berlin",
    )


def test_what_is_typed_wins_over_variables(run: Run, stand_in: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"HOST": "127.0.0.1", "PORT": "1", "INSECURE_LISTEN": "false"}.items():
        monkeypatch.setenv(f"DESKPULSE_EXPORTER__{name}", value)
    body = stand_in("exporters.server.run", exits.OK)
    monkeypatch.setenv("DESKPULSE_EXPORTER__ALLOWED_HOSTS", "desk.example, exporter")
    assert run("exporter", "--host", "192.0.2.1", "--port", 0, "--insecure-listen").code == exits.OK
    (config,) = body.given
    assert (config.host, config.port, config.insecure_listen) == ("192.0.2.1", 0, True)
    assert ("desk.example", "exporter") == config.allowed_hosts


def test_a_door_that_stands_open_is_refused_unless_it_is_asked_for(
    run: Run, stand_in: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DESKPULSE_EXPORTER__HOST", "127.0.0.1")  # restored after the test
    body = stand_in("exporters.server.run", exits.OK)
    answer = run("exporter", "--host", "192.0.2.1")
    assert (answer.code, body.given) == (exits.USAGE, ())
    assert "can be reached from other machines, and TLS and a log-in is not set up" in answer.err


def test_the_wall_gets_bands_and_what_it_may_tell(
    run: Run, stand_in: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    variables = {
        "BANDS__CSAT__TYPICAL": ">= 80%",
        "BANDS__MINIMUM_OBSERVATIONS": "30",
        "EXPORTER__SHOW_TICKETS": "true",
    }
    for name, value in {**variables, "EXPORTER__MAX_SCREENS": "7"}.items():
        monkeypatch.setenv(f"DESKPULSE_{name}", value)
    body = stand_in("exporters.server.run", exits.OK)
    assert run("exporter").code == exits.OK
    wall = body.given[0].wall
    assert (wall.minimum, wall.show_tickets, wall.most_screens) == (30, True, 7)
    assert ("typical", ">=", 0.8) == wall.bands["csat"].edges[-1]
    assert ("30d",) == wall.bands["resolution"].windows
