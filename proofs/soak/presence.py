"""Staffing once more, from the rows of presence in the ledger (docs/ledger.md), by plain code.

Nothing here is shared with the programs that are judged.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from proofs.soak.lowering import Sample

_STATES: Final = ("online", "available", "busy")  # the last three items of a row
_STANDS_MS: Final = 15 * 60_000
_LEAST_ONLINE: Final = 5


def merged(rows: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """The row that stands of each team: the greatest by time and digest, of equal ones the smaller counts.

    >>> merged([("a", [2, b"x", 9, 1, 1]), ("a", [1, b"y", 8, 2, 2])])
    {'a': [2, b'x', 9, 1, 1]}
    """
    found: dict[str, Any] = {}
    for team, row in sorted(rows, key=lambda one: _counts(one[1]), reverse=True):
        if team not in found or tuple(row[:2]) >= tuple(found[team][:2]):
            found[team] = row
    return found


def _counts(row: Any) -> str:
    return json.dumps(dict(zip(_STATES, row[2:], strict=True)), sort_keys=True, separators=(",", ":"))


def staffing(
    rows: Iterable[tuple[str, Any]], teams: Iterable[str], waiting: Mapping[str, int], as_of_ms: int
) -> Iterator[Sample]:
    """The samples of all and of each team; `waiting`: waiting tickets by team."""
    found = merged(rows)
    there = {
        team: found[team]
        for team in teams
        if team in found and as_of_ms - found[team][0] <= _STANDS_MS and found[team][2] >= _LEAST_ONLINE
    }
    groups = {("team", team): [team] for team in there} | ({("all", "all"): list(there)} if there else {})
    for (by, member), names in groups.items():
        labels = (("by", by), ("member", member))
        for place, state in enumerate(_STATES, start=2):
            count = sum(there[name][place] for name in names)
            yield Sample("support_responders", (*labels, ("state", state)), float(count))
        available = sum(there[name][3] for name in names)
        if available:
            waits = sum(waiting.get(name, 0) for name in names)
            yield Sample("support_waiting_per_responder_ratio", labels, waits / available)
