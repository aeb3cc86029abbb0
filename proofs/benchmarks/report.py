"""Rounds become a table, a file and the last line."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from rich.table import Table

from proofs.benchmarks.contest import Turn, WorkerTurn
from proofs.benchmarks.errors import BenchError


@dataclass(frozen=True, slots=True)
class Round:
    """One turn of each contestant, one after the other."""

    limit: Turn
    worker: WorkerTurn
    faust: Turn

    def rates(self) -> tuple[float, float, float]:
        """Events per second of limit, worker and Faust app.

        Errors: BenchError when one of them was too short to tell.
        """
        limit, worker, faust = self.limit.rate, self.worker.rate, self.faust.rate
        if limit is None or worker is None or faust is None:
            raise BenchError(
                f"{self.worker.events} events are worked off too fast to measure; fix: give more with "
                "--events"
            )
        return limit, worker, faust

    @property
    def of_limit(self) -> float:
        """The worker's rate as a share of the limit."""
        limit, worker, _ = self.rates()
        return worker / limit

    @property
    def times_faust(self) -> float:
        """The worker's rate as a multiple of the Faust app's."""
        _, worker, faust = self.rates()
        return worker / faust


class Column(NamedTuple):
    """A figure of a round, and how it is shown."""

    name: str
    figure: Callable[[Round], float | None]
    form: str


COLUMNS = (
    Column("limit events/s", lambda r: r.rates()[0], "{:,.0f}"),
    Column("worker events/s", lambda r: r.rates()[1], "{:,.0f}"),
    Column("faust events/s", lambda r: r.rates()[2], "{:,.0f}"),
    Column("of limit", lambda r: r.of_limit, "{:.2f}"),
    Column("x faust", lambda r: r.times_faust, "{:.1f}"),
    Column("transactions", lambda r: r.worker.transactions, "{:,.0f}"),
    Column("ledger rows", lambda r: r.worker.ledger_rows, "{:,.0f}"),
    Column("ledger MB", lambda r: r.worker.ledger_bytes / 1e6, "{:,.1f}"),
    Column(
        "peak RSS MB",
        lambda r: None if r.worker.peak_rss_bytes is None else r.worker.peak_rss_bytes / 1e6,
        "{:,.0f}",
    ),
    Column("worker CPU s", lambda r: r.worker.cpu_seconds, "{:,.1f}"),
)


def table(rounds: Sequence[Round], title: str) -> Table:
    """A row a round, then medians and ranges."""
    shown = Table(title=title)
    shown.add_column("round")
    for column in COLUMNS:
        shown.add_column(column.name, justify="right")
    for number, one in enumerate(rounds, start=1):
        shown.add_row(
            str(number),
            *(_show(column, [column.figure(one)], min) for column in COLUMNS),
            end_section=number == len(rounds),
        )
    figures = {column: [column.figure(one) for one in rounds] for column in COLUMNS}
    shown.add_row(
        "median", *(_show(column, found, median) for column, found in figures.items()), style="bold"
    )
    shown.add_row(
        "min..max",
        *(f"{_show(column, found, min)}..{_show(column, found, max)}" for column, found in figures.items()),
    )
    return shown


def _show(column: Column, figures: Iterable[float | None], choose: Callable[[list[float]], float]) -> str:
    known = [figure for figure in figures if figure is not None]
    return column.form.format(choose(known)) if known else "?"


def last_line(rounds: Sequence[Round]) -> str:
    """The verdict: medians of the ratios of each round.

    The machine is not equally fast in all rounds.
    """
    return (
        f"deskpulse: {median(one.of_limit for one in rounds):.2f} of limit, "
        f"{median(one.times_faust for one in rounds):.1f} x faust"
    )


def save(path: Path, rounds: Sequence[Round], **about: Any) -> None:
    """Everything as JSON."""
    body = {
        **about,
        "of_limit": median(one.of_limit for one in rounds) if rounds else None,
        "times_faust": median(one.times_faust for one in rounds) if rounds else None,
        "rounds": [asdict(one) for one in rounds],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(body, indent=2) + "\n", encoding="utf-8")
