"""Fetching Kafka: once, whole or not at all, and with errors that name the fix. A stand-in plays Maven and Java."""

import os
import shutil
from pathlib import Path

import pytest

from deskpulse.brokers import BrokerError, artifacts
from deskpulse.brokers.kafka import available

JAVA_17 = """#!/bin/sh
echo 'openjdk version "17.0.15" 2025-04-15' >&2
"""
JAVA_8 = """#!/bin/sh
echo 'openjdk version "1.8.0_402"' >&2
"""
MAVEN = """#!/bin/sh
for word; do case $word in -DoutputDirectory=*) folder=${word#*=};; esac; done
echo called >> "$(dirname "$0")/calls"
echo '[INFO] Downloaded from central: scheme://some/where/kafka_2.13-4.jar (7.9 MB at 9 MB/s)'
echo jar > "$folder/kafka_2.13-4.jar"
"""
MAVEN_OFFLINE = """#!/bin/sh
echo '[INFO] Scanning'
echo '[ERROR] Could not transfer artifact: unknown host'
exit 1
"""


class Machine:
    """A PATH and a cache of their own."""

    def __init__(self, folder: Path) -> None:
        self.programs, self.cache = folder / "bin", folder / "cache"
        self.programs.mkdir()
        for tool in ("dirname", "sh"):
            (self.programs / tool).symlink_to(str(shutil.which(tool)))

    def install(self, name: str, script: str) -> None:
        program = self.programs / name
        program.write_text(script)
        program.chmod(0o755)

    def maven_calls(self) -> int:
        calls = self.programs / "calls"
        return len(calls.read_text().splitlines()) if calls.exists() else 0


def names(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    machine = Machine(tmp_path)
    monkeypatch.setenv("PATH", str(machine.programs))
    monkeypatch.setenv(artifacts.CACHE_VARIABLE, str(machine.cache))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    return machine


def test_it_is_fetched_once_and_says_so(machine: Machine) -> None:
    machine.install("mvn", MAVEN)
    said: list[str] = []
    jars = artifacts.fetch(said.append)
    assert jars == machine.cache / artifacts.kafka_version()
    assert ["kafka_2.13-4.jar"] == names(jars)
    assert "  kafka_2.13-4.jar (7.9 MB at 9 MB/s)" in said
    assert jars == artifacts.fetch()
    assert 1 == machine.maven_calls()


def test_a_second_process_that_was_first_wins(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    machine.install("mvn", MAVEN + 'mkdir "$(dirname "$folder")/$RIVAL"; echo theirs > "$(dirname "$folder")/$RIVAL/their.jar"\n')
    (machine.programs / "mkdir").symlink_to(str(shutil.which("mkdir", path=os.defpath)))
    monkeypatch.setenv("RIVAL", artifacts.kafka_version())
    assert ["their.jar"] == names(artifacts.fetch())
    assert [artifacts.kafka_version()] == names(machine.cache)


def test_a_failed_fetch_leaves_nothing_half_done_and_quotes_maven(machine: Machine) -> None:
    machine.install("mvn", MAVEN_OFFLINE)
    with pytest.raises(
        BrokerError, match=r"(?s)Check that the Maven registry is reachable.*\[ERROR\] Could not transfer artifact: unknown host"
    ):
        artifacts.fetch()
    assert [] == names(machine.cache)


def test_what_is_missing_is_named_with_its_fix(machine: Machine) -> None:
    reason = available()
    assert reason is not None
    assert "no Java found on PATH: install Java 17 or newer" in reason
    machine.install("java", JAVA_8)
    assert "is Java 8, Kafka 4" in (available() or "")
    machine.install("java", JAVA_17)
    assert "there is no Maven to fetch it: install Maven" in (available() or "")
    machine.install("mvn", MAVEN)
    assert available() is None


def test_java_home_goes_before_path(machine: Machine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    machine.install("java", JAVA_17)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "nowhere"))
    with pytest.raises(BrokerError, match=r"no Java found at .*/nowhere/bin/java"):
        artifacts.find_java()


def test_the_version_is_the_poms(tmp_path: Path) -> None:
    pom = tmp_path / "pom.xml"
    with pytest.raises(BrokerError, match="does not exist: run from a checkout"):
        artifacts.kafka_version(pom)
    pom.write_text("<project/>")
    with pytest.raises(BrokerError, match=r"has no <kafka.version>"):
        artifacts.kafka_version(pom)
    pom.write_text("<kafka.version>4.9.9</kafka.version>")
    assert "4.9.9" == artifacts.kafka_version(pom)
