"""How far one partition of the ledger is read: the reader's only mutable memory, kept across connections."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from exporters.reading.buffer import RowBuffer
from exporters.reading.skew import BrokerClock
from exporters.reading.status import LedgerPartition
from kpis.ledger.codec import POSITION_KEY
from windows.protocols import LedgerRow

LOG_APPEND_TIME: Final = 1  # a record's timestamp is the broker's, not the producer's


class ReadingProgress:
    """Progress in one partition.

    Times are seconds of a clock that only moves on and does not stop while the machine sleeps.
    """

    def __init__(self, now: float) -> None:
        self.buffer = RowBuffer()
        # last rows on the way to the target: what is overwritten is never decoded
        self.gathered: dict[bytes, bytes | None] = {}
        self.transaction = 0  # of the last position row
        self.position: int | None = None  # next offset to read; None: from the start
        self.caught_up = False
        self.heard_at = now  # when Kafka last answered for it
        self.heard_ms: int | None = None  # the same on the wall
        self.broker = BrokerClock()
        self._asked_at = now  # the answer that `_end` is from was asked for after that
        self._target: int | None = None  # log end seen when reading from the start began
        self._end: int | None = None
        self._stable: int | None = None
        self._stuck_since: float | None = None
        self._current_at = now  # when it was last read to its end

    def forget(self) -> None:
        """What was read is void: the next reading starts at the first offset."""
        self.buffer.clear()
        self.gathered.clear()
        self.transaction = 0
        self.position = None
        self.caught_up = False
        self._target = None

    def begin(self, *, first: int, target: int, now: float) -> None:
        """Reading from the first offset begins; it has caught up at `target`."""
        self.position = first
        self._target = target
        self._current_at = now

    def stamped(self, records: Sequence[Any], now: float) -> None:
        """Learn the broker's clock from records that were just read.

        Must come before `note` of the same poll.
        """
        fresh = [record for record in records if self._end is not None and record.offset >= self._end]
        for record in (records[-1], *fresh[:1]):
            if record.timestamp_type == LOG_APPEND_TIME:
                is_fresh = self._end is not None and record.offset >= self._end
                self.broker.appended(
                    record.timestamp / 1000, after=self._asked_at if is_fresh else float("-inf"), before=now
                )

    def gather(self, rows: Iterable[LedgerRow]) -> None:
        """Keep vouched rows until the target is reached."""
        self.gathered.update(rows)

    def release(self, position: int) -> list[LedgerRow]:
        """The gathered rows, the position row last, once all before the target has been read; else none."""
        if self._target is None or position < self._target or not self.gathered:
            return []
        found, self.gathered = self.gathered, {}
        found[POSITION_KEY] = found.pop(POSITION_KEY)
        return [(key, value) for key, value in found.items() if value is not None]

    def stalled(self, now: float, limit_seconds: float) -> bool:
        """Whether the reader lagged so far that it may have missed tombstones.

        Deleted rows would then stay for ever.
        """
        return self.position is not None and now - self._current_at > limit_seconds

    def note(
        self,
        *,
        position: int,
        end: int | None,
        stable: int | None,
        heard_ms: int | None,
        stamped_ms: int,
        now: float,
    ) -> None:
        """Take over what the consumer knows after a poll whose rows have been applied.

        `stamped_ms` is now on the clock of `heard_ms`.
        """
        self.position = position
        if heard_ms is not None and heard_ms != self.heard_ms:
            self._asked_at = self.heard_at  # a broker is asked again once it has answered
            # The machine may have slept between the answer and now.
            self.heard_ms, self.heard_at = heard_ms, now - max(0, stamped_ms - heard_ms) / 1000
        if end is not None:
            # a broker without transactions tells none
            stable = end if stable is None or stable < 0 else stable
            self._note_stable(stable, end, now)
            if position >= stable:
                self._current_at = self.heard_at
        if self._target is not None and position >= self._target and not self.buffer and not self.gathered:
            self.caught_up = True

    def _note_stable(self, stable: int, end: int, now: float) -> None:
        if stable >= end:
            self._stuck_since = None
        elif self._stuck_since is None or stable != self._stable:
            self._stuck_since = now
        self._stable, self._end = stable, end

    def status(self, now: float) -> LedgerPartition:
        """Its state as a value."""
        return LedgerPartition(
            position=self.position or 0,
            end=self._end,
            stable=self._stable,
            caught_up=self.caught_up,
            stuck_seconds=0.0 if self._stuck_since is None else now - self._stuck_since,
            held_rows=len(self.buffer),
        )
