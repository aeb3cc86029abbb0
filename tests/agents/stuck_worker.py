"""The counting worker with a fault that stops it: `python -m tests.agents.stuck_worker FAULT JSON`.

Those that stand still begin after the third transaction, so that the worker has been well before.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
import time
from pathlib import Path
from typing import Any

from agents.fetching.consumer import LedgerConsumerThread
from agents.partitions.ledger_io import LedgerWriter
from agents.partitions.units import Partition
from tests.agents.counting_worker import run

logger = logging.getLogger(__name__)
_unit, _fetch = Partition._unit, LedgerConsumerThread._fetch_records
_write = LedgerWriter.write
_EVER = 3600.0
STALLS = "the broker does not answer"


def _is_due(partition: Partition) -> bool:
    return partition._tally.transactions >= 3


async def held_unit(self: Partition, deliveries: Any) -> bool:
    """A unit of work that never ends, while the event loop and all heartbeats go on."""
    if _is_due(self):
        await asyncio.sleep(_EVER)
    return await _unit(self, deliveries)


async def blocked_unit(self: Partition, deliveries: Any) -> bool:
    """A merge that never ends: the event loop stands still. Heartbeats come from another thread and go on."""
    if _is_due(self):
        time.sleep(_EVER)  # noqa: ASYNC251 - the fault
    return await _unit(self, deliveries)


async def hanging_fetch(self: LedgerConsumerThread, consumer: Any, *args: Any, **kwargs: Any) -> Any:
    """A fetch that never returns, begun when the last one found nothing.

    By all that the worker has seen, nothing is left to do.
    """
    fetched = await _fetch(self, consumer, *args, **kwargs)
    partitions = self.consumer._position_source.partitions  # type: ignore[attr-defined]
    if any(fetched.values()) or not all(one.ready and _is_due(one) for one in partitions.values()):
        return fetched
    await asyncio.sleep(_EVER)
    return fetched


async def stalled_write(self: LedgerWriter, *args: Any) -> None:
    """A broker that does not answer, until a file says that it does."""
    logger.info(STALLS)
    await asyncio.to_thread(_wait_for, Path(os.environ["STALLED_UNTIL"]))
    await _write(self, *args)


def _wait_for(path: Path) -> None:
    while not path.exists():
        time.sleep(0.1)


def break_it(fault: str) -> None:
    match fault:
        case "held":
            Partition._unit = held_unit  # type: ignore[method-assign]
        case "blocked":
            Partition._unit = blocked_unit  # type: ignore[method-assign]
        case "unfetched":
            LedgerConsumerThread._fetch_records = hanging_fetch  # type: ignore[method-assign]
        case "stalled":
            LedgerWriter.write = stalled_write  # type: ignore[method-assign,assignment]
        case _:
            raise ValueError(fault)


if __name__ == "__main__":
    break_it(sys.argv[1])
    sys.exit(run(sys.argv[2]))
