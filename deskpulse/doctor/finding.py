"""A line of the doctor's report."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Finding:
    """What was looked at, what was found, and what mends it."""

    verdict: Literal["OK", "WARN", "FAIL"]
    what: str
    found: str
    fix: str = ""


def ok(what: str, found: str) -> Finding:
    """All is well."""
    return Finding("OK", what, found)


def warn(what: str, found: str, fix: str) -> Finding:
    """It works, but not as well as it should."""
    return Finding("WARN", what, found, fix)


def fail(what: str, found: str, fix: str) -> Finding:
    """It will not work, or figures would be wrong."""
    return Finding("FAIL", what, found, fix)
