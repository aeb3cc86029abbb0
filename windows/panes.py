"""Panes: the smallest stored spans of time, half-open `[start, end)`, in four resolutions.

They are aligned to the epoch.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from windows.offered import DAY_MS, HOUR_MS, LENGTHS_MS, MINUTE_MS, reach_ms

__all__ = [
    "DAY",
    "DAY_MS",
    "HOUR_MS",
    "MINUTE",
    "MINUTE_MS",
    "QUARTER",
    "RESOLUTIONS",
    "SIX_HOURS",
    "Resolution",
]


@dataclass(frozen=True, slots=True)
class Resolution:
    """A length of panes and how long they are kept behind the event clock of a partition.

    Retention covers the longest window and the period that it is compared with, and one pane more, because
    the current pane is partial. An event clock may be some minutes ahead of those who look (the tolerance for
    events dated ahead): panes of a minute stay so much longer.
    """

    name: str
    index: int  # its place in RESOLUTIONS; stands in ledger keys
    length_ms: int
    retention_ms: int

    def pane(self, time_ms: int) -> int:
        """Number of the pane that contains the instant (floor, also before 1970)."""
        return time_ms // self.length_ms

    def start_ms(self, pane: int) -> int:
        """First instant of the pane."""
        return pane * self.length_ms

    def oldest_kept(self, event_clock_ms: int) -> int:
        """Smallest pane number that is kept when the event clock stands at the instant."""
        return self.pane(event_clock_ms - self.retention_ms)


def _resolution(name: str, index: int, margin_ms: int) -> Resolution:
    return Resolution(name, index, LENGTHS_MS[name], reach_ms(name) + margin_ms)


MINUTE: Final = _resolution("1m", 0, 10 * MINUTE_MS)
QUARTER: Final = _resolution("15m", 1, DAY_MS + HOUR_MS)  # a local day may have 25 hours
SIX_HOURS: Final = _resolution("6h", 2, DAY_MS)
DAY: Final = _resolution("1d", 3, 2 * DAY_MS)
RESOLUTIONS: Final = (MINUTE, QUARTER, SIX_HOURS, DAY)
