"""Every command that needs a broker ends with code 3, the cause and the fix when there is none."""

import socket
from pathlib import Path

import pytest

from deskpulse import exits
from tests.cli.harness import Run


@pytest.fixture
def nobody(monkeypatch: pytest.MonkeyPatch) -> str:
    """An address at which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"127.0.0.1:{server.getsockname()[1]}"
    monkeypatch.setenv("DESKPULSE_KAFKA__BOOTSTRAP_SERVERS", address)
    return address


@pytest.mark.parametrize(
    "command",
    [["topics"], ["topics", "--dry-run"], ["simulate", "--for", "1s"], ["skip", "first-reply", "0", "0"]],
)
def test_no_broker_is_code_3(command: list[str], run: Run, nobody: str) -> None:
    answer = run(*command)
    assert answer.code == exits.BROKER
    assert nobody in answer.err
    assert "Connect call failed" in answer.err
    assert (
        "fix: start the broker, or set kafka.bootstrap_servers (DESKPULSE_KAFKA__BOOTSTRAP_SERVERS)"
        in answer.err
    )


def test_replay_reads_its_file_first(run: Run, nobody: str, tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.write_text(
        '{"topic": "first-reply", "event_id": "e", "ticket_id": "t", "occurred_at": 1272672000000}\n',
        encoding="utf-8",
    )
    assert run("replay", path).code == exits.BROKER


def test_doctor_still_tells_of_this_machine(run: Run, nobody: str) -> None:
    answer = run("doctor")
    assert answer.code == exits.BROKER
    assert "python" in answer.out
    assert f"FAIL  broker: no broker of kafka.bootstrap_servers ({nobody})" in answer.out


def test_a_listener_that_speaks_no_kafka_is_code_3(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        monkeypatch.setenv("DESKPULSE_KAFKA__BOOTSTRAP_SERVERS", f"127.0.0.1:{server.getsockname()[1]}")
        monkeypatch.setattr("deskpulse.cluster.connection._TIMEOUT_MS", 300)
        assert run("topics").code == exits.BROKER
