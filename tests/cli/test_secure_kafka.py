"""TLS and SASL/SCRAM reach every kind of Kafka client.

They are admin, producer, consumer, Faust's, transactional ones, and the exporter's.
"""

import asyncio
import os
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from aiokafka.protocol.admin import CreateAclsRequest

from deskpulse import exits
from deskpulse.cluster import connect
from deskpulse.lab.brokers.kafka import LocalKafka
from deskpulse.lab.brokers.process import free_ports
from deskpulse.settings import Settings
from tests.cli.harness import Run

PATIENCE_SECONDS = 120


@pytest.fixture(scope="module")
def secure_kafka(kafka_here: None) -> Iterator[LocalKafka]:
    """A broker that wants both."""
    # It asks for rights wherever somebody has been given any: so one test can take some away from all others.
    guarded = {
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "super.users": "User:ANONYMOUS",  # the controller, at its own listener
        "allow.everyone.if.no.acl.found": "true",
    }
    with LocalKafka(security="sasl_tls", properties=guarded, quick_start=True) as broker:
        yield broker


@pytest.fixture
def secure(secure_kafka: LocalKafka, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The variables of a secure connection, set; the password stands in a file."""
    password_file = tmp_path / "password"
    password_file.write_text(f"{secure_kafka.password}\n", encoding="utf-8")
    variables = {
        "DESKPULSE_KAFKA__BOOTSTRAP_SERVERS": secure_kafka.bootstrap,
        "DESKPULSE_KAFKA__SECURITY_PROTOCOL": "SASL_SSL",
        "DESKPULSE_KAFKA__USERNAME": str(secure_kafka.username),
        "DESKPULSE_KAFKA__PASSWORD_FILE": str(password_file),
        "DESKPULSE_KAFKA__CA_FILE": str(secure_kafka.ca_file),
        "DESKPULSE_EXPORTER__PORT": str(free_ports(1)[0]),
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return variables


def ended(command: str) -> subprocess.CompletedProcess[str]:
    """A command that ends by itself, as its own process."""
    words = [sys.executable, "-m", "deskpulse", command]
    return subprocess.run(words, capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False)


@contextmanager
def running(command: str, log: Path) -> Iterator[None]:
    """A long-running command as its own process, ended by SIGTERM."""
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "deskpulse", command], env=os.environ, stdout=out, stderr=out
        )
    try:
        yield
        assert process.poll() is None, log.read_text(encoding="utf-8")
    finally:
        process.terminate()
        try:
            process.wait(15)
        finally:
            process.kill()


def tickets_shown(port: str) -> float:
    """All tickets of the last 30 days, 0 while the exporter does not answer."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
            text = answer.read().decode()
    except OSError:
        return 0
    found = re.search(
        r'^support_tickets\{desk="[^"]+",by="all",member="all",period="current",window="30d"\} (\S+)',
        text,
        re.MULTILINE,
    )
    return float(found[1]) if found else 0


def test_every_client_connects_and_figures_come_out(run: Run, secure: dict[str, str], tmp_path: Path) -> None:
    topics = run("topics")
    assert topics.code == exits.OK, topics.err
    doctor = run("doctor")
    assert doctor.code == exits.OK, doctor.out
    assert "SASL_SSL, SCRAM-SHA-512 as" in doctor.out
    simulated = run("simulate", "--for", "1h", "--speed", "max", "--rate", "200")
    assert simulated.code == exits.OK, simulated.err
    worker_log, exporter_log = tmp_path / "worker.log", tmp_path / "exporter.log"
    with running("worker", worker_log), running("exporter", exporter_log):
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not tickets_shown(secure["DESKPULSE_EXPORTER__PORT"]):
            assert time.monotonic() < deadline, worker_log.read_text(
                encoding="utf-8"
            ) + exporter_log.read_text(encoding="utf-8")
            time.sleep(0.5)
    password = Path(secure["DESKPULSE_KAFKA__PASSWORD_FILE"]).read_text(encoding="utf-8").strip()
    shown = [
        topics.out,
        topics.err,
        doctor.out,
        simulated.err,
        worker_log.read_text(encoding="utf-8"),
        exporter_log.read_text(encoding="utf-8"),
    ]
    assert not any(password in text for text in shown)


def test_a_wrong_password_is_code_3_and_names_the_cause(
    run: Run, secure: dict[str, str], tmp_path: Path
) -> None:
    Path(secure["DESKPULSE_KAFKA__PASSWORD_FILE"]).write_text("wrong", encoding="utf-8")
    answer = run("topics")
    assert answer.code == exits.BROKER
    assert (
        "that address refuses the log-in: user or password is wrong\nfix: check kafka.username" in answer.err
    )
    worker = ended("worker")
    assert (worker.returncode, worker.stderr.count("CRITICAL")) == (69, 1)
    assert "refuses the log-in: user or password is wrong" in worker.stderr.partition("CRITICAL")[2]
    exporter_log, deadline = tmp_path / "exporter.log", time.monotonic() + PATIENCE_SECONDS
    with running("exporter", exporter_log):  # it goes on trying
        while "no connection to the ledger, retrying: Kafka at" not in (
            told := exporter_log.read_text(encoding="utf-8")
        ):
            assert time.monotonic() < deadline, told
            time.sleep(0.1)
    assert "refuses the log-in: user or password is wrong" in told.partition("retrying: ")[2]


def test_an_authority_that_did_not_sign_is_code_3(
    run: Run, secure: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DESKPULSE_KAFKA__CA_FILE")
    answer = run("topics")
    assert answer.code == exits.BROKER
    assert "CERTIFICATE_VERIFY_FAILED" in answer.err


def test_an_open_line_to_a_tls_listener_is_code_3(
    run: Run, secure: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("SECURITY_PROTOCOL", "USERNAME", "PASSWORD_FILE", "CA_FILE"):
        monkeypatch.delenv(f"DESKPULSE_KAFKA__{name}")
    answer = run("topics")
    assert answer.code == exits.BROKER
    assert "set kafka.security_protocol" in answer.err


ALLOW, LITERAL, TOPIC = 3, 3, 2  # Kafka's numbers
ALL, READ, DESCRIBE = 2, 3, 8


async def allow(secure: dict[str, str], topic: str, user: str, *operations: int) -> None:
    """Give a user rights on a topic; all others lose theirs."""
    async with connect(Settings().kafka) as cluster:
        for operation in operations:
            await cluster._ask(
                CreateAclsRequest(TOPIC, topic, LITERAL, f"User:{user}", "*", operation, ALLOW)
            )


def test_topics_that_are_forbidden_are_not_told_as_missing(
    run: Run, secure: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Kafka hides what it forbids.

    Doctor goes on with what it may see, and worker and simulator name all that they miss.
    """
    monkeypatch.setenv("DESKPULSE_APP_ID", "guarded")
    monkeypatch.setenv("DESKPULSE_TOPIC_PREFIX", "guarded.")
    assert run("topics").code == exits.OK
    user = secure["DESKPULSE_KAFKA__USERNAME"]
    asyncio.run(allow(secure, "guarded-view", "somebody", ALL))
    asyncio.run(allow(secure, "guarded.dead-letter", "somebody", ALL))
    asyncio.run(allow(secure, "guarded.survey", user, READ, DESCRIBE))
    doctor = run("doctor")
    assert doctor.code != exits.OK
    assert "FAIL  topics: 2 missing or forbidden (Kafka does not say which): guarded" in doctor.out
    assert "give the user Describe on them" in doctor.out
    assert "WARN  rights: Kafka does not show this user the configuration of guarded.survey" in doctor.out
    assert "OK    leaders" in doctor.out
    assert "group guarded" in doctor.out
    worker = ended("worker")
    assert worker.returncode == 78
    assert (
        "invisible to this Kafka user: guarded-view, guarded.dead-letter. They are missing or forbidden"
        in worker.stderr
    )
    asyncio.run(allow(secure, "guarded.resolved", "somebody", ALL))
    simulated = run("simulate", "--for", "1s", "--speed", "max")
    assert simulated.code == exits.BROKER
    assert (
        "this Kafka user may not see guarded.resolved, and Kafka does not say whether they exist"
        in simulated.err
    )
