"""`python -m deskpulse.lab.brokers`, which `make kafka` runs."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from deskpulse.lab.brokers.__main__ import main
from deskpulse.lab.brokers.process import free_ports, port_is_free
from scripts.tidy import ROOT

pytestmark = pytest.mark.usefixtures("kafka_here")


@contextmanager
def command(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    words = [sys.executable, "-m", "deskpulse.lab.brokers", *arguments]
    with subprocess.Popen(
        words, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def test_it_serves_until_ctrl_c() -> None:
    (port,) = free_ports(1)
    with command("--port", str(port)) as process:
        assert process.stdout is not None
        assert f"serves 127.0.0.1:{port}" in process.stdout.readline()
        assert "Press Ctrl-C to stop it" in process.stdout.readline()
        process.send_signal(signal.SIGINT)
        rest = process.stdout.read()
        assert "stopped; its data is deleted" in rest
        assert 0 == process.wait(30)
    assert port_is_free(port)


def test_it_tells_how_to_get_past_its_access_control_and_ends_on_sigterm_too() -> None:
    (port,) = free_ports(1)
    with command("--port", str(port), "--security", "sasl_tls") as process:
        assert process.stdout is not None
        said = [process.stdout.readline() for _ in range(3)]
        assert "SASL_SSL, SCRAM-SHA-512, user deskpulse, password " in said[1]
        assert said[2].startswith("trust /")
        process.send_signal(signal.SIGTERM)
        assert 0 == process.wait(30)


def test_fetching_only_needs_no_port(capsys: pytest.CaptureFixture[str]) -> None:
    assert 0 == main(["--fetch-only"])
    assert "Apache Kafka is in " in capsys.readouterr().out


def test_an_error_is_one_line_and_exit_1(capsys: pytest.CaptureFixture[str]) -> None:
    assert 1 == main(["--port", "99999"])
    assert "error: port=99999 is not a TCP port" in capsys.readouterr().err
