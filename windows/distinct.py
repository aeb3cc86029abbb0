"""Counting distinct things by linear counting (Whang, Vander-Zanden, Taylor 1990).

Registers are kept as sparse counts, so sets merge and elements can be withdrawn. The standard error is
sqrt(m (e^t - t - 1)) with load t = n / m: 0.2 elements at n = 1,000, 17 (0.02 %) at n = 100,000, and 174 at
n = 1,000,000.
"""

from __future__ import annotations

from math import log1p
from typing import Final

REGISTERS: Final = 1 << 24


def estimate(used: int) -> int | None:
    """Distinct elements, rounded, when so many registers are in use; None when all are (saturated)."""
    if used >= REGISTERS:
        return None
    return round(-REGISTERS * log1p(-used / REGISTERS))
