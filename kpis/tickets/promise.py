"""The promise of a policy to a ticket.

It is the part of the ticket's row that only the SLA room makes, and that every reader of rows can read.
"""

from __future__ import annotations

from msgspec import Struct


class Promise(Struct, array_like=True, frozen=True, gc=False):
    """What a ticket's version of the policy says about it; None where it promises or measures nothing."""

    reply_due_ms: int | None = None
    # current deadline; None also while the clock is paused before it
    resolution_due_ms: int | None = None
    reply_ms: int | None = None  # first response time by the team's calendar
    resolution_ms: int | None = None  # resolution time by the team's calendar
    # share of such promises that may be missed, in cell_numbers.ALLOWANCES; None also in old rows
    reply_allowance: int | None = None
    resolution_allowance: int | None = None
