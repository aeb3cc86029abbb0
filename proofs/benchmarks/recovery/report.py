"""What was measured, as a table, a file and the last line."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from rich.table import Table

from proofs.benchmarks.recovery.fill import Filled
from proofs.benchmarks.recovery.measure import Starts

_GIB: Final = 1 << 30
_CONTAINER_BYTES: Final = 4 * _GIB  # what a worker may have, in the line that tells how many tickets that is


def memory_a_ticket(filled: Filled, starts: Starts) -> float:
    """Bytes of a worker's memory that come with its tickets.

    They are those of rows, indexes, panes and levels.
    """
    return (starts.worker.rss_bytes - starts.empty_rss_bytes) / filled.tickets


def ledger_a_ticket(filled: Filled) -> float:
    """Bytes of live rows, keys and values, in both topics."""
    return (filled.ticket_bytes + filled.live_view_bytes) / filled.tickets


def tickets_in(memory_bytes: int, filled: Filled, starts: Starts) -> int:
    """How many open tickets a worker may hold, by what its peak took: recovery needs more than work."""
    return int(
        (memory_bytes - starts.empty_rss_bytes)
        / ((starts.worker.peak_rss_bytes - starts.empty_rss_bytes) / filled.tickets)
    )


def table(filled: Filled, starts: Starts, broker: str) -> Table:
    """All figures."""
    found = Table(
        "",
        "",
        title=f"{filled.tickets:,} open tickets, 4 partitions, one worker, {broker}",
        title_justify="left",
    )
    worker, exporter = starts.worker, starts.exporter
    for name, text in (
        (
            "worker: ready",
            (
                f"{worker.ready_seconds:.1f} s after its start, "
                f"{worker.recovery_seconds:.1f} s of it reading the ledger"
            ),
        ),
        ("worker: rows", f"{worker.rows:,}, {worker.rows_a_second:,.0f} a second"),
        (
            "worker: memory",
            (
                f"{worker.rss_bytes >> 20:,} MiB, {worker.peak_rss_bytes >> 20:,} at most; "
                f"{starts.empty_rss_bytes >> 20:,} without tickets"
            ),
        ),
        ("worker: SIGTERM", f"ended after {starts.stop_seconds:.1f} s"),
        (
            "exporter: ready",
            (
                f"{exporter.ready_seconds:.1f} s after its start, {filled.live_view_rows:,} rows of "
                f"{filled.view_rows:,} in its topic are live"
            ),
        ),
        (
            "worker: other definitions",
            f"panes made anew in {starts.anew_seconds:.1f} s from {starts.anew_rows:,} rows",
        ),
        ("exporter: memory", f"{exporter.rss_bytes >> 20:,} MiB"),
        ("pause: nothing happens", _pause(starts.quiet.most_seconds, starts.quiet.least_seconds)),
        ("pause: a worker joins", _pause(starts.join.most_seconds, starts.join.least_seconds)),
        ("pause: a worker is killed", _pause(starts.kill.most_seconds, starts.kill.least_seconds)),
        ("a ticket in memory", f"{memory_a_ticket(filled, starts):,.0f} bytes"),
        (
            "a ticket in the ledger",
            (
                f"{ledger_a_ticket(filled):,.0f} bytes: {filled.ticket_bytes / filled.tickets:,.0f} its row, "
                "else panes and levels"
            ),
        ),
        ("in 4 GiB", f"a worker holds about {tickets_in(_CONTAINER_BYTES, filled, starts):,} open tickets"),
    ):
        found.add_row(name, text)
    return found


def _pause(most: float, least: float) -> str:
    return f"{most:.2f} s without a transaction, {least:.2f} s in the partition that noticed least"


def save(path: Path, filled: Filled, starts: Starts, **more: Any) -> None:
    """Everything for programs."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        json.dumps({**more, "filled": filled._asdict(), "starts": asdict(starts)}, indent=2) + "\n",
        encoding="utf-8",
    )


def last_line(filled: Filled, starts: Starts) -> str:
    """The summary."""
    worker, exporter = starts.worker, starts.exporter
    return (
        f"recovery: {filled.tickets:,} open tickets, worker ready in {worker.ready_seconds:.1f} s "
        f"({worker.rows_a_second:,.0f} rows/s), "
        f"exporter in {exporter.ready_seconds:.1f} s, rebalance pause {starts.join.most_seconds:.1f} s, "
        f"panes made anew in {starts.anew_seconds:.1f} s, "
        f"{memory_a_ticket(filled, starts):,.0f} bytes of memory and {ledger_a_ticket(filled):,.0f} of "
        "ledger a ticket"
    )
