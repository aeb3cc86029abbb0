"""The turns of rows that programs before ledger format 7 wrote, and those that these can read.

Such a row knew when its ticket was paused, resumed, resolved and reopened, and apart from that the time of
the first reply. What the clocks of today follow is made of both.
"""

from __future__ import annotations

from typing import Final

from kpis.tickets.facts import PAUSED, REOPENED, REPLIED, RESOLVED, RESUMED
from kpis.tickets.standing import Standing
from kpis.tickets.steps import ABANDONED, SOLVED, WAIT, WAIT_OVER, Log

OldTurn = tuple[int, int, bool]  # event time ms, kind, whether it was closed as abandoned
_OLD_KINDS: Final = frozenset({PAUSED, RESUMED, RESOLVED, REOPENED})


def old_turns(log: Log) -> list[OldTurn]:
    """Of a log the turns that programs of old know."""
    return [
        (at, kind, kind == RESOLVED and more == ABANDONED) for at, kind, more in log if kind in _OLD_KINDS
    ]


def log_of(standing: Standing, turns: list[OldTurn]) -> Log:  # noqa: C901 - one walk, read in one place
    """The log of a row of old: its turns, the first reply, and the waits before that."""
    found: Log = []
    replied, waits = standing.replied_ms, standing.created_ms
    told, open_, paused = replied is None, True, False
    for at, kind, abandoned in turns:
        if not told and replied is not None and (replied, REPLIED) < (at, kind):
            found.append((replied, REPLIED, (waits, standing.created_ms or 0, 0)))
            told, waits = True, None
        if kind == REOPENED:
            if open_:
                continue
            open_ = True
            found.append((at, REOPENED, None))
            if not told or replied is None:
                waits = at
                found.append((at, WAIT, at))
        elif not open_:
            continue
        elif kind == RESOLVED:
            open_ = paused = False
            if waits is not None:
                waits = None
                found.append((at, WAIT_OVER, None))
            found.append((at, RESOLVED, ABANDONED if abandoned else SOLVED))
        elif paused != (kind == PAUSED):
            paused = kind == PAUSED
            found.append((at, kind, None))
    if not told:
        assert replied is not None
        found.append((replied, REPLIED, (waits, standing.created_ms or 0, 0)))
    return found
