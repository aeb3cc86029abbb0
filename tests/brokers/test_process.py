"""Server programs end when told, and when we cannot tell them any more."""

import socket
import time
from pathlib import Path

import pytest

from deskpulse.lab.brokers.process import free_ports, launch, listens, port_is_free, tail, wait_until

STUBBORN = ["/bin/sh", "-c", "trap '' TERM; echo up; while :; do sleep 0.1; done"]


def test_a_server_that_ignores_sigterm_is_killed(tmp_path: Path) -> None:
    server = launch(STUBBORN, log_file=tmp_path / "log", data=tmp_path)
    assert wait_until(lambda: "up" in (tmp_path / "log").read_text(), timeout_seconds=10)
    started = time.monotonic()
    server.stop(grace_seconds=0.3)
    assert not server.runs()
    assert 0.3 <= time.monotonic() - started < 5
    assert server.guard.poll() is not None
    assert tmp_path.exists()  # deleting data is the guard's last resort only


def test_the_guard_ends_the_server_and_deletes_its_data_when_our_end_of_the_pipe_closes(
    tmp_path: Path,
) -> None:
    data = tmp_path / "data of a broker"
    data.mkdir()
    server = launch(STUBBORN, log_file=data / "log", data=data)
    assert server.guard.stdin is not None
    server.guard.stdin.close()
    assert wait_until(lambda: not server.runs(), timeout_seconds=10)
    assert wait_until(lambda: not data.exists(), timeout_seconds=10)
    server.kill()  # harmless on the dead


def test_ports_are_different_and_free() -> None:
    ports = free_ports(6)
    assert 6 == len(set(ports))
    assert all(port_is_free(port) and not listens(port) for port in ports)


def test_a_listener_makes_its_port_taken() -> None:
    (port,) = free_ports(1)
    with socket.create_server(("127.0.0.1", port)):
        assert listens(port)
        assert not port_is_free(port)


def test_waiting_gives_up() -> None:
    assert not wait_until(lambda: False, timeout_seconds=0.1)


@pytest.mark.parametrize(
    ("log", "shown"),
    [
        ("", "  (the log is empty)"),
        ("a\nb\nc\n", "  b\n  c"),
        ("cause\n\tat frame\n\tat frame\nlast\n", "  cause\n  last"),
    ],
)
def test_the_tail_shows_the_last_telling_lines(tmp_path: Path, log: str, shown: str) -> None:
    (tmp_path / "log").write_text(log)
    assert shown == tail(tmp_path / "log", lines=2)


def test_the_tail_of_no_log(tmp_path: Path) -> None:
    assert "  (the log is empty)" == tail(tmp_path / "log")
