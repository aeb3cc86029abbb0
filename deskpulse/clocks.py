"""The clocks of this machine: read here, and passed to whatever asks for the time."""

from __future__ import annotations

import time
from typing import Final

from windows.clock import Clock


def wall_ms() -> int:
    """Now, in milliseconds since the epoch."""
    return time.time_ns() // 1_000_000


def elapsed_seconds() -> float:
    """Seconds that only move on, also while the machine sleeps."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


# A worker that was stopped (SIGSTOP, a suspended machine) has not been idle: its stopwatch stands still
# meanwhile.
WORKER: Final = Clock(wall_ms, time.monotonic)
# What an exporter read before the machine slept is old: its stopwatch goes on.
EXPORTER: Final = Clock(wall_ms, elapsed_seconds)
