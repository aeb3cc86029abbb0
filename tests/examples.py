"""How many examples a property is tried on: all of them, or few for `make test-quick`."""

from __future__ import annotations

import os
from typing import Final

QUICK: Final = bool(os.environ.get("DESKPULSE_TEST_QUICK"))
FEW: Final = 4


def examples(number: int) -> int:
    """`number`, or at most FEW under DESKPULSE_TEST_QUICK=1."""
    return min(number, FEW) if QUICK else number
