"""How far this machine's clock is from the brokers', from the timestamps that they put on what we read.

A figure is as of the exporter's clock, so a clock that is two minutes fast ends every window in the future
and breaks promises two minutes early. The brokers' clocks are others, and they stamp each record of the
ledger when they append it (LogAppendTime).

**What one record says.** Let `e` be our clock that only moves on (`elapsed`), and `b` the difference
*broker's clock - e*, a constant for minutes. A record with the stamp `S` was appended at some `e = a`, so `b
= S - a`. We do not know `a`, but:

```
              asked                     appended                read
    e  --------|--------------------------|----------------------|------->
            after                         a                    before
```

- It was appended before we read it: `a <= before`, so `b >= S - before`. That is all that a record of a
  backlog says, and it is true however slow the chain is.
- If its offset is not below the log end of an earlier answer of the broker, it was appended after that answer
  was asked for: `a >= after`, so `b <= S - after`.

So each record gives an interval that holds `b`, whatever delays there were: a slow or an idle chain makes it
wide, never false. Intervals are intersected; a position row that an idle worker writes, read promptly,
narrows it to the pause between two fetches, half a second. With time the interval is widened by the most that
two quartz clocks drift apart. Where a new record contradicts it (the broker's clock was set), the new one
stands alone. (The log end that a broker tells is what its followers have: a record can be older than `after`
by the time that they were behind. Where that is seconds, the next record that is read promptly contradicts
and replaces it.)

**The skew** is *wall - broker = (wall - e) - b*, an interval as well, and it follows a step of our own clock
at once, without a record. Told is the value of it that is nearest to 0: what the clock is off *at least*. So
nobody is accused without proof. Of several partitions the median is taken: of three brokers one may be wrong.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Final

DRIFT: Final = 0.0002  # seconds a second: four times what clocks of servers do
ROUNDING_SECONDS: Final = 0.002  # stamps and our own wall clock are whole milliseconds


class BrokerClock:
    """Bounds of *broker's clock - elapsed*, in seconds, from the records of one partition."""

    def __init__(self) -> None:
        self._low, self._high = -math.inf, math.inf
        self._at = 0.0

    def appended(self, stamp_seconds: float, *, after: float, before: float) -> None:
        """A record with a broker's stamp was appended between two instants of `elapsed`.

        `after` is -inf where nothing is known.

        >>> clock = BrokerClock()
        >>> clock.appended(
        ...     1_000.0, after=9.5, before=10.0
        ... )  # so the broker's clock is 990 to 990.5 ahead of `elapsed`
        >>> [round(clock.skew(wall, 10.0) or 0.0, 1) for wall in (1_000.0, 1_120.0, 880.0)]
        [0.0, 119.5, -120.0]
        """
        # Of `before`: meanwhile the clocks may have drifted apart. Below that is within the delay.
        low, high = (
            stamp_seconds - before - ROUNDING_SECONDS,
            stamp_seconds - after + DRIFT * (before - after) + ROUNDING_SECONDS,
        )
        known_low, known_high = self._bounds(before)
        known_low, known_high = max(low, known_low), min(high, known_high)
        if known_low <= known_high:
            low, high = known_low, known_high
        self._low, self._high, self._at = low, high, before

    def skew(self, wall_seconds: float, now: float) -> float | None:
        """By how much the wall clock is ahead of the broker's, at least, at an instant of `elapsed`.

        Below 0 when it is behind.

        None before the first record.
        """
        if self._low == -math.inf:
            return None
        low, high = self._bounds(now)
        least, most = wall_seconds - now - high, wall_seconds - now - low
        return max(least, min(most, 0.0))

    def _bounds(self, now: float) -> tuple[float, float]:
        drifted = DRIFT * max(0.0, now - self._at)
        return self._low - drifted, self._high + drifted


def median(skews: Iterable[float | None]) -> float | None:
    """The middle one of those that are known; of two middle ones that which is nearer to 0.

    None when none is known.

    >>> median([0.0, 120.0, None, 0.5]), median([0.0, 120.0]), median([-5.0, -4.0, -7.0]), median([None])
    (0.5, 0.0, -5.0, None)
    """
    known = sorted(skew for skew in skews if skew is not None)
    if not known:
        return None
    return min(known[(len(known) - 1) // 2], known[len(known) // 2], key=abs)
