"""What the reader knows of the ledger and of the source topics, as values that collectors and `/readyz` can read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class LedgerPartition:
    """How far one partition of the view topic is read."""

    position: int  # next offset to read
    end: int | None  # high-water mark; None: not told yet
    stable: int | None  # last stable offset: transactions before it have ended
    caught_up: bool  # the log end that was seen at the start has been reached, and all of it is shown
    stuck_seconds: float = 0.0  # for so long an open transaction has held the stable offset back
    held_rows: int = 0  # rows that no position row vouches for

    @property
    def unstable(self) -> int:
        """Records behind the last stable offset: of transactions that are open, or that hide behind an open one."""
        return 0 if self.end is None or self.stable is None else max(0, self.end - self.stable)


class LogSpan(NamedTuple):
    """First and next offset of a source partition."""

    first: int
    end: int


@dataclass(frozen=True, slots=True)
class Limits:
    """From when on the view does not count as complete."""

    stuck_seconds: float = 5.0
    silent_seconds: float = 10.0


@dataclass(frozen=True, slots=True)
class ReaderStatus:
    """One moment of the reader. Complete = everything that is committed is shown, and lately so."""

    expected: int | None = None  # partitions of the view topic; None: not known yet
    partitions: Mapping[int, LedgerPartition] = field(default_factory=dict)
    read_at_ms: int | None = None  # when every partition was last heard of (epoch); None: not yet
    silent_seconds: float | None = None  # since then
    fault: str | None = None  # what keeps the reader from reading, with its fix
    connections: int = 0
    sources: Mapping[tuple[str, int], LogSpan] = field(default_factory=dict)  # by topic without prefix, and partition
    limits: Limits = Limits()

    @property
    def caught_up(self) -> tuple[int, ...]:
        """Partitions that are read to the end."""
        return tuple(number for number, part in self.partitions.items() if part.caught_up)

    @property
    def ready(self) -> bool:
        """Whether the view holds every partition as far as the log went at the start: only then are there figures."""
        return self.expected is not None and len(self.caught_up) == self.expected

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why the view is not complete; empty when it is."""
        return tuple(self._reasons())

    @property
    def complete(self) -> bool:
        """Whether the figures are all that is committed."""
        return not self.reasons

    def _reasons(self) -> Iterator[str]:
        if self.fault is not None:
            yield self.fault
        if self.expected is None:
            yield "the ledger has not been found yet"
        elif not self.ready:
            yield f"reading the ledger: {len(self.caught_up)} of {self.expected} partitions are read to their end"
        if self.silent_seconds is not None and self.silent_seconds > self.limits.silent_seconds:
            yield f"Kafka has not answered for {self.silent_seconds:.0f} s: the figures are as old"
        for number, part in sorted(self.partitions.items()):
            if part.stuck_seconds > self.limits.stuck_seconds:
                yield (
                    f"partition {number}: an open transaction has held {part.unstable} records back for {part.stuck_seconds:.0f} s; "
                    "look whether its worker hangs"
                )
