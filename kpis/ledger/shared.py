"""Settings that every worker and exporter of a ledger must share.

The position row has them, so a program with others hears of it.

A horizon that differs deletes tickets early, a tolerance refuses other events, a zone starts `today` at
another hour. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from kpis.ledger.codec import Position

SharedSettings = Mapping[str, str]  # the value of each setting, by its name


class Differing(NamedTuple):
    """A setting that is not what the ledger was made with."""

    setting: str
    here: str
    there: str

    def __str__(self) -> str:
        """Read as a line of a message."""
        return f"{self.setting} is {self.here} here and {self.there} in the ledger"


def differing(ours: SharedSettings, theirs: SharedSettings | None) -> list[Differing]:
    """What differs, of the settings that both know. A ledger from before they were kept knows none.

    >>> differing({"desk.horizon_days": "30", "desk.new": "1"}, {"desk.horizon_days": "61"})
    [Differing(setting='desk.horizon_days', here='30', there='61')]
    >>> differing({"desk.horizon_days": "30"}, None)
    []
    """
    return [
        Differing(name, ours[name], known)
        for name, known in sorted((theirs or {}).items())
        if name in ours and ours[name] != known
    ]


def differing_in(ours: SharedSettings, positions: Iterable[Position]) -> list[Differing]:
    """What differs in any partition; empty where nothing is kept or compared."""
    return sorted({one for position in positions for one in differing(ours, position.settings)})
