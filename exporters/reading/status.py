"""What the reader knows of the ledger, the source topics and the workers.

Collectors and `/readyz` read it as values.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from exporters.reading.workers import Workers
from kpis.ledger import definitions
from kpis.ledger.codec import Position
from kpis.ledger.shared import Differing
from kpis.tickets.manner import AS_USUAL, Manner


@dataclass(frozen=True, slots=True)
class LedgerPartition:
    """How far one partition of the view topic is read."""

    position: int  # next offset to read
    end: int | None  # high-water mark; None: not told yet
    stable: int | None  # last stable offset: transactions before it have ended
    caught_up: bool  # the log end that was seen at the start has been reached, and all of it is shown
    stuck_seconds: float = 0.0  # how long an open transaction has held back the stable offset
    held_rows: int = 0  # rows that no position row vouches for

    @property
    def unstable(self) -> int:
        """Records behind the last stable offset.

        They belong to transactions that are open, or lie behind an open one.
        """
        return 0 if self.end is None or self.stable is None else max(0, self.end - self.stable)


class Reason(NamedTuple):
    """Why the figures are not all that they should be: a code for programs, words for people."""

    code: str
    text: str
    seconds: float | None = None  # for how long


class LogSpan(NamedTuple):
    """A source partition as it was when last looked at.

    `end`: what readers of committed records can reach.
    """

    first: int
    end: int
    unstable: int = 0  # records behind the last stable offset, held back by open transactions of producers
    behind_seconds: float = 0.0  # least age of the oldest record not yet applied


@dataclass(frozen=True, slots=True)
class Limits:
    """From when on the view does not count as complete."""

    stuck_seconds: float = 5.0
    silent_seconds: float = 10.0
    behind_seconds: float = 30.0
    skew_seconds: float | None = 10.0  # None: the figures are not as of this machine's clock


@dataclass(frozen=True, slots=True)
class ReaderStatus:
    """One moment of the reader. Complete = everything that is committed is shown, and lately so."""

    expected: int | None = None  # partitions of the view topic; None: not known yet
    partitions: Mapping[int, LedgerPartition] = field(default_factory=dict)
    read_at_ms: int | None = None  # when every partition was last heard of (epoch); None: not yet
    silent_seconds: float | None = None  # since then
    fault: str | None = None  # what keeps the reader from reading, with its fix
    connections: int = 0
    # by topic without prefix, and partition
    sources: Mapping[tuple[str, int], LogSpan] = field(default_factory=dict)
    workers: Workers | None = None  # None: not known
    # owned partitions that their worker is still reading from the ledger
    recovering: frozenset[int] = frozenset()
    # of the partitions whose definitions are not this program's
    definitions: Mapping[int, Position] = field(default_factory=dict)
    manner: Manner = AS_USUAL  # how panes are to be made
    settings: tuple[Differing, ...] = ()  # of this exporter, that are not those that the ledger was made with
    # this machine's clock is ahead of the brokers' by so much at least; below 0: behind; None: not known
    skew_seconds: float | None = None
    limits: Limits = Limits()

    @property
    def caught_up(self) -> tuple[int, ...]:
        """Partitions that are read to the end."""
        return tuple(number for number, part in self.partitions.items() if part.caught_up)

    @property
    def ready(self) -> bool:
        """Whether the view holds every partition as far as the log went at the start.

        Only then are there figures.
        """
        return self.expected is not None and len(self.caught_up) == self.expected

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why the view is not the whole ledger; empty when it is."""
        return tuple(reason.text for reason in self._reasons())

    @property
    def behind(self) -> tuple[str, ...]:
        """Partitions of the ledger that lag behind the source topics, or whose figures mean something else.

        A partition lags when it lacks what the source topics have held for a while.
        """
        return tuple(reason.text for reason in (*self._behind(), *self._undefined()))

    @property
    def why(self) -> tuple[Reason, ...]:
        """Both, with codes for programs."""
        return (*self._reasons(), *self._behind(), *self._undefined())

    @property
    def hidden(self) -> frozenset[str]:
        """Figures that are not shown, since partitions do not agree about what they mean."""
        return definitions.hidden(self.definitions.values(), self.manner)

    @property
    def complete(self) -> bool:
        """Whether the figures are all that there is.

        The whole ledger is shown, and the ledger is not far behind the source topics.
        """
        return not self.why

    def _reasons(self) -> Iterator[Reason]:
        if self.fault is not None:
            yield Reason("fault", self.fault)
        if self.expected is None:
            yield Reason("unknown", "the ledger has not been found yet")
        elif not self.ready:
            yield Reason(
                "reading",
                f"reading the ledger: {len(self.caught_up)} of {self.expected} partitions are read to their "
                "end",
            )
        silent = self.silent_seconds
        if silent is not None and silent > self.limits.silent_seconds:
            yield Reason(
                "silent", f"Kafka has not answered for {silent:.0f} s: the figures are that old", silent
            )
        yield from self._clock()
        for number, part in sorted(self.partitions.items()):
            if part.stuck_seconds > self.limits.stuck_seconds:
                text = (
                    f"partition {number}: an open transaction has held {part.unstable} records back for "
                    f"{part.stuck_seconds:.0f} s; check whether its worker hangs"
                )
                yield Reason("stuck", text, part.stuck_seconds)

    def _clock(self) -> Iterator[Reason]:
        skew, limit = self.skew_seconds, self.limits.skew_seconds
        if skew is not None and limit is not None and abs(skew) > limit:
            where = "ahead of" if skew > 0 else "behind"
            text = (
                f"the exporter's clock is {abs(skew):.0f} s {where} the brokers' clocks, and the "
                "figures follow it: synchronize it (NTP)"
            )
            yield Reason("clock", text)

    def _behind(self) -> Iterator[Reason]:
        waiting: dict[int, list[tuple[str, LogSpan]]] = {}
        for (topic, number), span in sorted(self.sources.items()):
            if span.behind_seconds > self.limits.behind_seconds:
                waiting.setdefault(number, []).append((topic, span))
        for number, found in sorted(waiting.items()):
            seconds = max(span.behind_seconds for _, span in found)
            topics = ", ".join(topic for topic, _ in found)
            yield Reason(
                "behind",
                f"partition {number}: records of {topics} have waited for {seconds:.0f} s; "
                f"{self._who(number)}",
                seconds,
            )

    def _undefined(self) -> Iterator[Reason]:
        """Where what is hidden blinds the alerts about promises.

        `hidden` names a hidden figure that says nothing of promises.
        """
        if definitions.blinds(self.hidden):
            anew = [number for number, position in self.definitions.items() if position.becoming is not None]
            numbers = sorted(anew or self.definitions)
            what = "are being recomputed" if anew else "were made"
            parts = ", ".join(map(str, numbers))
            text = (
                f"partition{'s' if len(numbers) > 1 else ''} {parts}: the figures {what} with other "
                f"definitions than this exporter's ({definitions.CURRENT}): they are hidden until a worker "
                "of the exporter's version has recomputed them"
            )
            yield Reason("definitions", text)

    def _who(self, number: int) -> str:
        if self.workers is None:
            return "it is unknown whether a worker owns it"
        if number not in self.workers.owners:
            return "no worker owns it"
        return (
            f"{self.workers.owners[number]} "
            f"{'is still recovering it' if number in self.recovering else 'works on it'}"
        )
