"""`make setup` on a machine that lacks something.

Everything that is missing is named at once, with its fix.
"""

import shutil
import subprocess
from pathlib import Path

import pytest

from scripts.tidy import ROOT

BASH = shutil.which("bash") or "/bin/bash"


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """A PATH of its own with what every system has."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("grep", "awk", "touch"):
        (folder / name).symlink_to(shutil.which(name) or name)
    return folder


def script(path: Path, body: str) -> None:
    path.write_text(f"#!{BASH}\n{body}\n")
    path.chmod(0o755)


def set_up(programs: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [
        BASH,
        str(ROOT / "scripts" / "setup.sh"),
        str(folder / "venv"),
        str(folder / "stamp"),
        "requirements/demo.txt",
    ]
    return subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=ROOT, env={"PATH": str(programs)}
    )


def test_all_that_is_missing_is_named_at_once(programs: Path, tmp_path: Path) -> None:
    run = set_up(programs, tmp_path)
    assert 1 == run.returncode
    assert [
        "setup: git is missing: apt-get install git",
        (
            "setup: python3 is missing: apt-get install python3, or name another one: make setup "
            "PYTHON=/path/to/python3.11"
        ),
    ] == run.stderr.splitlines()
    assert not (tmp_path / "stamp").exists()


def test_an_old_python_is_named_with_its_version(programs: Path, tmp_path: Path) -> None:
    script(programs / "git", "exit 0")
    script(programs / "python3", 'if [[ $1 == -V ]]; then echo "Python 3.9.2"; else exit 1; fi')
    run = set_up(programs, tmp_path)
    assert 1 == run.returncode
    assert (
        "setup: python3 is Python 3.9.2, 3.11 or newer is needed: make setup PYTHON=/path/to/python3.11\n"
        == run.stderr
    )


def test_a_python_without_venv_is_named_with_the_package(programs: Path, tmp_path: Path) -> None:
    script(programs / "git", "exit 0")
    script(
        programs / "python3",
        'if [[ $2 == *ensurepip* ]]; then echo "No module named ensurepip" >&2; exit 1; fi',
    )
    run = set_up(programs, tmp_path)
    assert 1 == run.returncode
    assert "setup: Python's venv module is missing: apt-get install python3-venv\n" == run.stderr


def test_each_make_target_explains_itself() -> None:
    """What `make help` lists is every target that is declared, so none is hidden."""
    lines = (ROOT / "Makefile").read_text().splitlines()
    declared = {line.removeprefix(".PHONY: ") for line in lines if line.startswith(".PHONY: ")}
    explained = {
        line.partition(":")[0] for line in lines if " ## " in line and not line.startswith(("\t", "#"))
    }
    assert declared == explained
