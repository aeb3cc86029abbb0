"""How fast the clock of a drill can run here and now.

A machine that does much else answers scrapes late, and what is late to Prometheus is down: the alerts would
be about the machine.
"""

from __future__ import annotations

import time
from typing import Final

FASTEST: Final = 15.0  # times as fast as ours: what two processors carry that do little else
SLOWEST: Final = 2.0
_QUIET: Final = 0.9  # of a processor: there is a second one for the other programs of a drill
_SPEED_OF_A_PROCESSOR: Final = 10.0  # where all programs of a drill together get no more than one would
_LOOK_SECONDS: Final = 10.0


def share() -> float:
    """The share of a processor that a busy process gets at present, 0..1."""
    began, used = time.monotonic(), time.process_time()
    while (passed := time.monotonic() - began) < _LOOK_SECONDS:
        pass
    return min(1.0, (time.process_time() - used) / passed)


def affordable(of_a_processor: float) -> float:
    """How many times as fast as ours a clock can run where a busy process gets so much of a processor.

    >>> [affordable(share) for share in (1.0, 0.9, 0.5, 0.01)]
    [15.0, 15.0, 5.0, 2.0]
    """
    return (
        FASTEST
        if of_a_processor >= _QUIET
        else float(max(SLOWEST, int(_SPEED_OF_A_PROCESSOR * of_a_processor)))
    )
