"""The clock of a desk under test.

It stands at an instant that the test chose, so that no check depends on the hour or the weekday.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

MADRID: Final = ZoneInfo("Europe/Madrid")


def madrid_ms(text: str) -> int:
    """An instant of Madrid's wall clock.

    >>> madrid_ms("2026-03-11 11:42") - madrid_ms("2026-03-11 11:41")
    60000
    """
    return round(datetime.fromisoformat(text).replace(tzinfo=MADRID).timestamp() * 1000)


# all three teams of the demo's policy have open hours on this day
WEDNESDAY_MS: Final = madrid_ms("2026-03-11 11:42")


@dataclass(slots=True)
class DeskClock:
    """Stands still until it is moved; never back, as no exporter's does."""

    at_ms: int = WEDNESDAY_MS

    def __call__(self) -> int:
        return self.at_ms

    def move(self, *, minutes: float) -> None:
        """Go on by so much."""
        self.at_ms += round(minutes * 60_000)
