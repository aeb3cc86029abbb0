"""The clock of a drill: it stands at an instant of the past until it is started.

Then it runs many times as fast as ours. The exporters are the only part of deskpulse that has a clock, so
nothing else needs to know: events are sent when this clock reaches them.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path


def wall_ms() -> float:
    """Now, in milliseconds since the epoch."""
    return time.time_ns() / 1_000_000


@dataclass
class DrillClock:
    """Shared by processes through a file, which says when it was started."""

    path: Path
    origin_ms: int
    speed: float
    _began_ms: float | None = field(default=None, init=False)

    def start(self) -> None:
        """Let it run from now on."""
        self._began_ms = wall_ms()
        partial = self.path.with_suffix(".partial")
        partial.write_text(repr(self._began_ms), encoding="utf-8")
        partial.rename(self.path)

    def now_ms(self) -> int:
        """Milliseconds since the epoch, of the drill."""
        if self._began_ms is None:
            if not self.path.exists():
                return self.origin_ms
            self._began_ms = float(self.path.read_text(encoding="utf-8"))
        return self.origin_ms + round((wall_ms() - self._began_ms) * self.speed)
