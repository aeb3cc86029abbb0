"""ARCHITECTURE.md: each invariant is held by tests or import contracts that exist.

What it says of the tree is so.
"""

from __future__ import annotations

import re
import tomllib

import pytest

from scripts import docs_check, tidy
from tests.docs import pages

PAGE = "ARCHITECTURE.md"
PROJECT = tomllib.loads((tidy.ROOT / "pyproject.toml").read_text(encoding="utf-8"))
CONTRACTS = {contract["name"] for contract in PROJECT["tool"]["importlinter"]["contracts"]}


def entries(section: str, start: str) -> list[str]:
    """The entries of a list, each with its further lines."""
    return re.split(rf"^{start}(?=\*\*)", pages.sections(PAGE)[section], flags=re.MULTILINE)[1:]


def faults(invariant: str) -> list[str]:
    """What is wrong with an invariant: nothing holds it, or what holds it does not exist."""
    held_by = " ".join(invariant.partition("Held by ")[2].split())
    tests, contracts = re.findall(r"`(tests/[^`]+)`", held_by), re.findall(r'"([^"]+)"', held_by)
    found = [] if tests or contracts else ["held by nothing"]
    found += [f"{test} names no single test" for test in tests if "::" not in test]
    found += [f"no import contract {name!r}" for name in contracts if name not in CONTRACTS]
    return found + docs_check.missing_tests(held_by)


@pytest.mark.parametrize("invariant", entries("Invariants", "- "), ids=lambda text: text.split("**")[1][:50])
def test_an_invariant_is_held(invariant: str) -> None:
    assert [] == faults(invariant)


def test_what_is_not_held_is_seen() -> None:
    assert ["held by nothing"] == faults("**Nothing is lost.** Believe it.")
    assert ["held by nothing"] == faults("**Nothing is lost.** Held by faith.")
    assert ["no import contract 'Only Faust'"] == faults('**So it is.** Held by "Only Faust".')
    assert ["names tests/test_tidy.py::test_gone: no such test"] == faults(
        "**So it is.** Held by `tests/test_tidy.py::test_gone`."
    )


def test_every_package_is_described_and_no_other() -> None:
    rows = {cells[0].strip("`/") for cells in pages.table(pages.sections(PAGE)["Packages"])}
    assert set(tidy.PACKAGES) == rows


def test_every_room_is_described_and_no_other() -> None:
    """Rooms are the folders of a package, whatever these are divided into."""
    _, _, part = pages.sections(PAGE)["Packages"].partition("### Rooms")
    rows = {cells[0].strip("`/") for cells in pages.table(part)}
    roots = {*tidy.PACKAGES, "proofs", "scripts"}
    folders = [path.parts[:-1] for path in tidy.files(".py") if path.parts[0] in roots]
    rooms = {"/".join(parts[:1] if parts[0] == "scripts" else parts[:2]) for parts in folders}
    assert rooms - {"streams/schemas"} == rows


def test_there_are_invariants_and_non_obvious_points() -> None:
    assert len(entries("Invariants", "- ")) >= 12
    assert len(entries("Non-obvious", r"\d+\. ")) >= 12


def test_named_files_exist() -> None:
    named = set(
        re.findall(r"`((?:streams|windows|kpis|agents|exporters|deskpulse)/[\w/]+\.py)`", pages.text(PAGE))
    )
    assert named
    assert not [path for path in sorted(named) if not (tidy.ROOT / path).is_file()]
