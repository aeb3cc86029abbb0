"""Which Java runs the broker: the one that is told, else the locked one, else a system's that is new enough.

Scripts play Java.
"""

import shutil
from pathlib import Path

import pytest

from deskpulse.lab.brokers import BrokerError, java
from deskpulse.lab.brokers.java import bundled_java, find_java
from deskpulse.lab.brokers.kafka import available

SAYS = """#!/bin/sh
echo 'openjdk version "{version}" 2025-04-15' >&2
"""


class Machine:
    """A PATH of its own, on which nothing is."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.programs = folder / "bin"
        self.programs.mkdir()
        (self.programs / "sh").symlink_to(str(shutil.which("sh")))

    def java(self, version: str, folder: str = "bin") -> str:
        """A Java of this version; its path."""
        program = self.folder / folder / "java"
        program.parent.mkdir(parents=True, exist_ok=True)
        program.write_text(SAYS.format(version=version))
        program.chmod(0o755)
        return str(program)


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    machine = Machine(tmp_path)
    monkeypatch.setenv("PATH", str(machine.programs))
    for name in ("JAVA_HOME", java.VARIABLE):
        monkeypatch.delenv(name, raising=False)
    return machine


@pytest.fixture
def without_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(java, "bundled_java", lambda: None)


def test_the_locked_one_goes_before_those_of_the_system(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So tests, continuous integration and whoever has just cloned run their brokers on the same one."""
    machine.java("21.0.1")
    machine.java("21.0.1", "home/bin")
    monkeypatch.setenv("JAVA_HOME", str(machine.folder / "home"))
    assert str(bundled_java()) == find_java()


def test_a_locked_one_that_does_not_run_here_is_passed_over(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    foreign = machine.folder / "foreign"
    foreign.write_bytes(b"\x7fELF")
    foreign.chmod(0o755)
    monkeypatch.setattr(java, "bundled_java", lambda: foreign)
    assert machine.java("17.0.15") == find_java()


@pytest.mark.usefixtures("without_the_extra")
class TestWithoutTheExtra:
    def test_java_home_goes_before_path(self, machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
        machine.java("21.0.1")
        home = machine.java("17.0.15", "home/bin")
        monkeypatch.setenv("JAVA_HOME", str(machine.folder / "home"))
        assert home == find_java()

    @pytest.mark.parametrize("version", ["11.0.2", "1.8.0_402"])
    def test_what_is_too_old_is_passed_over(
        self, machine: Machine, monkeypatch: pytest.MonkeyPatch, version: str
    ) -> None:
        machine.java(version, "home/bin")
        monkeypatch.setenv("JAVA_HOME", str(machine.folder / "home"))
        assert machine.java("17") == find_java()

    def test_what_is_missing_is_named_with_its_fix(
        self, machine: Machine, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        fix = (
            r": install the locked one \(pip install 'deskpulse\[demo\]'.*or a Java 17 or newer "
            r"\(Debian: apt-get install openjdk"
        )
        with pytest.raises(BrokerError, match=rf"no Java found{fix}"):
            find_java()
        monkeypatch.setenv("JAVA_HOME", str(machine.folder / "nowhere"))
        machine.java("1.8.0_402")
        with pytest.raises(
            BrokerError,
            match=rf"no Java at .*/nowhere/bin/java; .*/bin/java is Java 8, but the broker needs 17{fix}",
        ):
            find_java()
        assert "is Java 8" in (available() or "")


def test_the_one_that_is_told_is_taken_or_refused_but_never_passed_over(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(java.VARIABLE, machine.java("17.0.15", "told"))
    assert str(machine.folder / "told/java") == find_java()
    machine.java("11.0.1", "told")
    with pytest.raises(
        BrokerError, match=rf"{java.VARIABLE}: .*told/java is Java 11, but the broker needs 17"
    ):
        find_java()
    (machine.folder / "told/java").write_text("#!/bin/sh\n")
    with pytest.raises(BrokerError, match="told/java does not report its version"):
        find_java()
