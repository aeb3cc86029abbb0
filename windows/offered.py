"""The windows that deskpulse offers: the one list of them.

Everything that has to do with windows follows from it: how long panes and ticket rows are kept, the windows
that settings, policies, commands, pages and boards accept, and their lengths. Add a line here and its
counterpart in `oracle/spans.py`, and the window is everywhere (`tests/test_windows_offered.py` adds one).
"""

from __future__ import annotations

from typing import Final, NamedTuple

MINUTE_MS: Final = 60_000
HOUR_MS: Final = 60 * MINUTE_MS
DAY_MS: Final = 24 * HOUR_MS
# Lengths of panes, by the name of their resolution.
LENGTHS_MS: Final = {"1m": MINUTE_MS, "15m": 15 * MINUTE_MS, "6h": 6 * HOUR_MS, "1d": DAY_MS}


class Offered(NamedTuple):
    """A rolling window: the last `panes` panes of a resolution, or since local midnight without a number."""

    name: str
    resolution: str  # a name of LENGTHS_MS
    panes: int | None
    week_ago: bool = False  # compared with the same hours a week ago too, and not only with the span before

    @property
    def length_ms(self) -> int:
        """How much time the window covers; a day for the one that begins at midnight."""
        return DAY_MS if self.panes is None else self.panes * LENGTHS_MS[self.resolution]

    @property
    def reach_ms(self) -> int:
        """How far back its panes are asked for, by the span that it is compared with.

        >>> Offered("1h", "1m", 60).reach_ms == 2 * HOUR_MS
        True
        >>> Offered("8h", "15m", 32, week_ago=True).reach_ms == 7 * DAY_MS + 8 * HOUR_MS
        True
        """
        return self.length_ms + (7 * DAY_MS if self.week_ago else self.length_ms)


OFFERED: Final = (
    Offered("15m", "1m", 15),
    Offered("1h", "1m", 60),
    Offered("8h", "15m", 32, week_ago=True),
    Offered("24h", "15m", 96, week_ago=True),
    Offered("today", "15m", None, week_ago=True),
    Offered("7d", "6h", 28),
    Offered("30d", "6h", 120),
)
# Customers come and go slowly: retention and churn are told of these alone.
OFFERED_FOR_CUSTOMERS: Final = (Offered("30d", "6h", 120), Offered("365d", "1d", 365))

RANKING: Final = "30d"  # the window whose tickets decide which names are shown
NAMES: Final = tuple(window.name for window in OFFERED)
ROLLING_NAMES: Final = tuple(window.name for window in OFFERED if window.panes is not None)
ALL_NAMES: Final = tuple(dict.fromkeys((*NAMES, *(window.name for window in OFFERED_FOR_CUSTOMERS))))
WINDOW_MS: Final = {window.name: window.length_ms for window in (*OFFERED, *OFFERED_FOR_CUSTOMERS)}


def reach_ms(resolution: str) -> int:
    """How far back any window of the resolution asks for panes; 0 where none does."""
    windows = (*OFFERED, *OFFERED_FOR_CUSTOMERS)
    return max((window.reach_ms for window in windows if window.resolution == resolution), default=0)
