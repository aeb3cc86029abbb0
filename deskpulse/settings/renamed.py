"""Words of settings and policies that have another name now, or none.

A file with an old word gets a fault that names what took its place. A person who renames or removes a word
adds a line here. A fault names its place by the words alone, without the numbers of a list.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple


class Became(NamedTuple):
    """What became of a word."""

    now: str | None  # the word in its place; None: nothing took it
    fix: str


_TESTED: Final = "leave it out; the exporter tests how many are too many: docs/sla.md, Worst now"
SETTINGS: Final[Mapping[str, Became]] = {
    "worker.reject_limit_records": Became("worker.reject_least_records", "write the same number there"),
    "worker.reject_limit_ratio": Became("worker.reject_ratio", "write the same number there"),
}
_LIMITS: Final = "the exporter now tests its limits: docs/alerts.md"
POLICY: Final[Mapping[str, Became]] = {
    "alerts.at_risk": Became(
        "alerts.endangered", f"write `endangered: {{hold: 30s}}` or leave it out; {_LIMITS}"
    ),
    "alerts.breached_waiting": Became(
        "alerts.worst", f"write `worst: {{hold: 1m, overdue: 1}}` or leave it out; {_LIMITS}"
    ),
    "alerts.endangered.within": Became(None, "leave it out; it is always 15 minutes"),
    "alerts.endangered.tickets": Became(None, _TESTED),
    "alerts.endangered.margin": Became(None, _TESTED),
    "alerts.worst.tickets": Became("alerts.worst.overdue", "write there how many must be overdue for a page"),
    "alerts.worst.margin": Became(None, _TESTED),
}


def became(words: Mapping[str, Became], path: Iterable[object]) -> tuple[str, str] | None:
    """What is wrong with an old word, and the fix; None: it never was one."""
    found = words.get(".".join(part for part in path if isinstance(part, str)))
    if found is None:
        return None
    return ("it no longer exists" if found.now is None else f"it is now called {found.now}", found.fix)
