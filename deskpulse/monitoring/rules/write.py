"""All files that are made from a policy, written to a folder or compared with what is there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from deskpulse.monitoring.rules.alertmanager import Receiver, alertmanager_file
from deskpulse.monitoring.rules.files import HEAD, of_desk_line, rule_files
from deskpulse.monitoring.rules.joined import Tree
from deskpulse.monitoring.rules.plan import Plan

RULES: Final = "rules"
ALERTMANAGER: Final = "alertmanager.yml"


def texts(
    plan: Plan, now_ms: int, receivers: Iterable[Receiver] = (), beside: Iterable[Tree] = ()
) -> dict[str, str]:
    """Text by path below the folder; `receivers` and `beside` as for `alertmanager_file`.

    Errors: ValueError, likewise.
    """
    found = {f"{RULES}/{name}": text for name, text in rule_files(plan).items()}
    return {**found, ALERTMANAGER: alertmanager_file(plan, now_ms, receivers, beside)}


def write(files: Mapping[str, str], folder: Path) -> list[Path]:
    """Write the files, and remove rules that are no longer made.

    Returns what was written. Errors: OSError.
    """
    written = []
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        written.append(path)
    for path in _strays(files, folder):
        path.unlink()
    return written


def differing(files: Mapping[str, str], folder: Path) -> list[str]:
    """The names of files that are missing, different, or made by an earlier version and no longer.

    Errors: OSError.
    """
    found = [
        name
        for name, text in files.items()
        if not (folder / name).is_file() or (folder / name).read_text(encoding="utf-8") != text
    ]
    return sorted([*found, *(f"{RULES}/{path.name}" for path in _strays(files, folder))])


def other_desk(folder: Path, desk: str) -> bool:
    """Whether the folder has rules of another desk: they must not be replaced unnoticed. Errors: OSError."""
    path = folder / RULES / "view.yml"
    if not path.is_file():
        return False
    lines = path.read_text(encoding="utf-8").splitlines()
    return (
        lines[:1] == [HEAD]
        and lines[1:2] != [of_desk_line(desk)]
        and lines[1].startswith(of_desk_line("").removesuffix("."))
    )


def _strays(files: Mapping[str, str], folder: Path) -> list[Path]:
    """Rules in the folder that say of themselves that we made them, and that we do not make.

    Those of others stay.
    """
    return [
        path
        for path in sorted((folder / RULES).glob("*.yml"))
        if f"{RULES}/{path.name}" not in files and path.read_text(encoding="utf-8").startswith(HEAD)
    ]
