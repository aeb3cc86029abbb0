"""Counts of one worker process, for its status line."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class WorkerCounts:
    """Totals since the process started; what must outlive it is in the position row."""

    records: int = 0
    transactions: int = 0
    rows: int = 0
    recovered_rows: int = 0
    out_of_sequence: int = 0
    healed: int = 0
