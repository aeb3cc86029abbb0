"""The faults of a mapping: one list of all of them, each with its place, its value and its fix."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple


class MappingFault(NamedTuple):
    """One thing to correct."""

    path: str  # in the file, as `events[2].fields.score`
    value: object  # what stands there; None where nothing does
    problem: str
    fix: str

    def __str__(self) -> str:
        """One line: place, value, problem, fix."""
        value = "" if self.value is None else f" is {_short(self.value)}"
        return f"{self.path}{value}: {self.problem}. Fix: {self.fix}."


class MappingError(ValueError):
    """A mapping that cannot be used, with every fault found."""

    def __init__(self, file: Path, faults: Sequence[MappingFault]) -> None:
        self.file = file
        self.faults = tuple(faults)
        many = f"{len(faults)} faults" if len(faults) != 1 else "1 fault"
        super().__init__("\n".join([f"{file}: {many}", *(f"  {fault}" for fault in faults)]))


def one_of(value: object, choices: Iterable[str]) -> str:
    """A fix that names the choices, the likely one first."""
    known = list(choices)
    near = difflib.get_close_matches(str(value), known, n=1)
    likely = f"did you mean {near[0]}? " if near else ""
    return f"{likely}use one of {', '.join(known)}" if known else "remove it"


def join(path: str, *parts: str | int) -> str:
    """A place in a YAML file.

    >>> join("events", 2, "fields", "score")
    'events[2].fields.score'
    """
    for part in parts:
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else part
    return path


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
