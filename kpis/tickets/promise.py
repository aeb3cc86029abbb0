"""The promise to a ticket: what the policy, or the desk's own system, says about it.

It is the part of the ticket's row that only the SLA room makes, and that every reader of rows can read.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct

# What is known of a deadline, as bits.
RUNNING: Final = 1  # its clock runs, towards it or past it
KEPT: Final = 2  # something ended it, in time or late; else it was missed
GIVEN: Final = 4  # it came with the ticket
FOREIGN: Final = 8  # another line promised it than the one of the labels under which it counts
# Of these bits the first reply's stand in `how` as they are, the resolution's shifted by this.
RESOLUTION_BITS: Final = 4


class NextReply(Struct, array_like=True, frozen=True, gc=False):
    """The deadline of one wait after the first reply."""

    due_ms: int
    start_ms: int  # of the wait
    how: int
    allowance: int | None = None
    kept_ms: int | None = None


class Promise(Struct, array_like=True, frozen=True, gc=False):
    """What is promised to a ticket; None where nothing is promised or measured.

    The order of the fields is that of the ledger: add at the end only.
    """

    reply_due_ms: int | None = None
    resolution_due_ms: int | None = None  # None also while the clock is paused before it
    reply_ms: int | None = None  # first response time by the team's calendar
    resolution_ms: int | None = None  # resolution time by the team's calendar
    # share of such promises that may be missed, in cell_numbers.ALLOWANCES; None: it came with the ticket
    reply_allowance: int | None = None
    resolution_allowance: int | None = None
    # From here on of ledger format 7.
    how: int = 0
    next_replies: tuple[NextReply, ...] = ()
    responses_ms: tuple[int | None, ...] = ()  # response times by the team's calendar, in their order
    # retargets that moved a deadline later after half its time: instant, place of the target, ...
    extended: tuple[int, ...] = ()
