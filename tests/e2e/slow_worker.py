"""`deskpulse worker` that takes its time to recover.

It waits until the file exists that the variable SLOW_UNTIL names.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Sequence
from pathlib import Path

from agents.partitions.recovery import Recovery
from agents.partitions.units import Partition
from deskpulse.cli import main

_check = Recovery._check


def _wait() -> None:
    while not Path(os.environ["SLOW_UNTIL"]).exists():
        time.sleep(0.1)


async def slow_check(self: Recovery, partitions: Sequence[Partition]) -> bool:
    await asyncio.to_thread(_wait)
    return await _check(self, partitions)


if __name__ == "__main__":
    Recovery._check = slow_check  # type: ignore[method-assign]
    main()
