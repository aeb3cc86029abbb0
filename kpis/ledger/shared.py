"""Settings that every worker and exporter of a ledger must share.

The position row has them, so a program with others hears of it.

A horizon that differs deletes tickets early, a tolerance refuses other events, a zone starts `today` at
another hour. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from kpis.ledger.codec import Position
from kpis.tickets.manner import FIRST_CONTACT

SharedSettings = Mapping[str, str]  # the value of each setting, by its name


SEGMENT_SETTING: Final = "desk.segment"
FRT_SETTING: Final = "desk.frt_from"
_UNSAID: Final = {SEGMENT_SETTING: "off", FRT_SETTING: FIRST_CONTACT}  # what holds where one is not kept


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

    The fourth dimension is known to both: where nothing is kept of it, it is off. So is the start of the
    first response time: the first contact, where nothing is kept of it.

    >>> differing({"desk.horizon_days": "30", "desk.new": "1"}, {"desk.horizon_days": "61"})
    [Differing(setting='desk.horizon_days', here='30', there='61')]
    >>> differing({"desk.horizon_days": "30"}, None)
    []
    >>> differing({"desk.segment": "tier"}, {"desk.horizon_days": "61"})
    [Differing(setting='desk.segment', here='tier', there='off')]
    >>> differing({}, {"desk.frt_from": "created"})
    [Differing(setting='desk.frt_from', here='first_contact', there='created')]
    """
    if theirs is None:
        return []
    here, there = {**_UNSAID, **ours}, {**_UNSAID, **theirs}
    return [
        Differing(name, here[name], known)
        for name, known in sorted(there.items())
        if name in here and here[name] != known
    ]


def agreed(ours: SharedSettings, theirs: SharedSettings | None) -> dict[str, str] | None:
    """What a ledger keeps from now on: ours, and what of theirs we do not know; None of nothing."""
    known = {name: value for name, value in (theirs or {}).items() if name not in _UNSAID}
    return {**known, **ours} or None


def differing_in(ours: SharedSettings, positions: Iterable[Position]) -> list[Differing]:
    """What differs in any partition; empty where nothing is kept or compared."""
    return sorted({one for position in positions for one in differing(ours, position.settings)})
