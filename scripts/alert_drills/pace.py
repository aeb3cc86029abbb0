"""How fast the clock of a drill can run here and now.

A machine that does much else answers scrapes late, and what is late to Prometheus is down: the alerts would be about the machine.
"""

from __future__ import annotations

import time
from typing import Final

FASTEST: Final = 15.0  # times as fast as ours: what two processors carry that do little else
SLOWEST: Final = 2.0
_SPEED_OF_A_PROCESSOR: Final = 20.0  # at the fastest all programs of a drill together need half a processor, and shall have a quarter more
_LOOK_SECONDS: Final = 10.0


def share() -> float:
    """The share of a processor that a busy process gets at present, 0..1; on a busy machine a whole drill gets no more."""
    began, used = time.monotonic(), time.process_time()
    while (passed := time.monotonic() - began) < _LOOK_SECONDS:
        pass
    return min(1.0, (time.process_time() - used) / passed)


def affordable(of_a_processor: float) -> float:
    """How many times as fast as ours a clock can run where a busy process gets so much of a processor.

    >>> affordable(1.0), affordable(0.2), affordable(0.01)
    (15.0, 4.0, 2.0)
    """
    return float(max(SLOWEST, min(FASTEST, int(_SPEED_OF_A_PROCESSOR * of_a_processor))))
