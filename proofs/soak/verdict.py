"""What a soak found, as a table and a last line. Pure: what is red is decided here and nowhere else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

from rich.table import Table

WINDOW_SECONDS: Final = 20  # over which the rate is looked at
MINUTES_OF_PROMISE: Final = 5.0  # a run of so long ...
LEAST_FAULTS: Final = 15  # ... has at least so many faults
LEAST_KINDS: Final = 8  # ... of so many kinds


@dataclass(frozen=True, slots=True)
class Outcome:
    """One fault and what it did. `recovery_seconds` is None where nothing had to recover."""

    kind: str
    amount: int  # how much of the effect; below 1 it was not felt
    effect: str  # what was counted, in words that follow a number
    recovery_seconds: float | None
    began: float  # seconds of the run
    ended: float
    spoils_rate: bool = False  # brokers were away or slow: nobody can keep a rate then


@dataclass(frozen=True, slots=True)
class Comparison:
    """One reader's figures against the oracle's."""

    what: str
    compared: int
    differences: Sequence[str]
    figures: bool = True  # counts among the figures of the last line; else rows or counters


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """All that was found."""

    seed: int
    minutes: float
    rate: float  # least events a second
    events: int
    seconds: float
    outcomes: Sequence[Outcome]
    comparisons: Sequence[Comparison]
    acknowledged: Mapping[int, int]  # records by second of the run
    limit_seconds: float  # a recovery that takes longer is a failure
    trouble: Sequence[str] = ()  # whatever else broke a promise
    notes: Sequence[str] = ()  # what is told and judged by nobody

    @property
    def kinds(self) -> int:
        """Kinds of faults that happened."""
        return len({outcome.kind for outcome in self.outcomes})

    @property
    def differences(self) -> list[str]:
        """All of them, each with who saw it."""
        return [
            f"{comparison.what}: {one}" for comparison in self.comparisons for one in comparison.differences
        ]

    @property
    def figures(self) -> int:
        """Figures that were compared."""
        return sum(comparison.compared for comparison in self.comparisons if comparison.figures)


def last_line(run: Run) -> str:
    """The line that a script looks for."""
    return (
        f"soak: {len(run.outcomes)} faults of {run.kinds} kinds, {run.events} events, {run.figures} figures "
        "compared, "
        f"{len(run.differences)} differences"
    )


def failures(run: Run) -> list[str]:
    """Why the run is red; empty when it is green."""
    found = list(run.trouble)
    if run.differences:
        found.append(f"{len(run.differences)} differences")
    found += [
        f"nothing was compared: {comparison.what}"
        for comparison in run.comparisons
        if not comparison.compared
    ]
    if not run.comparisons:
        found.append("nothing was compared")
    found += [
        f"{outcome.kind} at {outcome.began:.0f} s was not felt: no {outcome.effect}"
        for outcome in run.outcomes
        if outcome.amount < 1
    ]
    found += [
        f"{outcome.kind} at {outcome.began:.0f} s: stood still for {outcome.recovery_seconds:.1f} s, at "
        f"most {run.limit_seconds:.0f}"
        for outcome in run.outcomes
        if outcome.recovery_seconds is not None and outcome.recovery_seconds > run.limit_seconds
    ]
    if run.minutes >= MINUTES_OF_PROMISE and (len(run.outcomes) < LEAST_FAULTS or run.kinds < LEAST_KINDS):
        found.append(
            f"{len(run.outcomes)} faults of {run.kinds} kinds, at least {LEAST_FAULTS} of {LEAST_KINDS} are "
            "promised"
        )
    return found + _too_slow(run)


def _too_slow(run: Run) -> list[str]:
    found = []
    mean = sum(run.acknowledged.values()) / run.seconds
    if mean < run.rate:
        found.append(f"{mean:.0f} events/s on the whole, at least {run.rate:.0f} are promised")
    slowest = slowest_window(run)
    if slowest is not None and slowest[1] < run.rate:
        found.append(
            f"{slowest[1]:.0f} events/s in the {WINDOW_SECONDS} s from {slowest[0]} s, at least "
            f"{run.rate:.0f} are promised"
        )
    return found


def slowest_window(run: Run) -> tuple[int, float] | None:
    """The first second and the rate of the slowest WINDOW_SECONDS in which all brokers were well.

    None when there are none.
    """
    windows = [
        (
            start,
            sum(run.acknowledged.get(second, 0) for second in range(start, start + WINDOW_SECONDS))
            / WINDOW_SECONDS,
        )
        for start in range(int(run.seconds) - WINDOW_SECONDS + 1)
        if not any(
            outcome.spoils_rate and outcome.began - 1 < start + WINDOW_SECONDS and start < outcome.ended + 1
            for outcome in run.outcomes
        )
    ]
    return min(windows, key=lambda window: window[1], default=None)


def rate_line(run: Run) -> str:
    """How steady the load was."""
    slowest = slowest_window(run)
    least = (
        "nowhere all brokers were well"
        if slowest is None
        else f"{slowest[1]:,.0f} in the slowest {WINDOW_SECONDS} s with all brokers well"
    )
    return f"events acknowledged: {sum(run.acknowledged.values()) / run.seconds:,.0f} a second, {least}"


def table(run: Run) -> Table:
    """Faults by kind: how often, their effects summed, and how long the group stood still."""
    made = Table(title=f"seed {run.seed}, {run.minutes:g} minutes", title_justify="left")
    for heading, justify in (
        ("fault", "left"),
        ("count", "right"),
        ("effect", "left"),
        ("recovery s, median", "right"),
        ("max", "right"),
    ):
        made.add_column(heading, justify=justify)  # type: ignore[arg-type]
    for kind in dict.fromkeys(sorted(outcome.kind for outcome in run.outcomes)):
        mine = [outcome for outcome in run.outcomes if outcome.kind == kind]
        took = [outcome.recovery_seconds for outcome in mine if outcome.recovery_seconds is not None]
        effects = Counter[str]()
        for outcome in mine:
            effects[outcome.effect] += outcome.amount
        felt = ", ".join(f"{amount:,} {effect}" for effect, amount in effects.items())
        made.add_row(
            kind,
            str(len(mine)),
            felt,
            f"{median(took):.1f}" if took else "-",
            f"{max(took):.1f}" if took else "-",
        )
    return made
