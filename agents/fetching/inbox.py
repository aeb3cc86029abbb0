"""What waits to be applied to one partition.

Bounded, so that a slow broker slows the reader instead of filling memory.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Any, NamedTuple

from agents.fetching.sequence import Chunk


class Delivery(NamedTuple):
    """A chunk and the Faust message that carried it, to be acked when the chunk is done."""

    chunk: Chunk
    message: Any


class Inbox:
    """A queue of deliveries counted in records."""

    def __init__(self, most_records: int) -> None:
        self._most_records = most_records
        self._waiting: deque[Delivery] = deque()
        self._filled = asyncio.Event()
        self._room = asyncio.Event()
        self._brim = asyncio.Event()
        self.records = 0
        self.closed = False

    async def put(self, delivery: Delivery) -> bool:
        """Add, waiting for room; False when the inbox was closed meanwhile."""
        while self.records >= self._most_records and not self.closed:
            self._room.clear()
            await self._room.wait()
        if self.closed:
            return False
        self._waiting.append(delivery)
        self.records += len(delivery.chunk.records)
        self._filled.set()
        if self.records >= self._most_records:
            self._brim.set()
        return True

    def nudge(self) -> None:
        """Wake the reader though nothing arrived."""
        self._filled.set()

    async def wait(self) -> None:
        """Wait until something is here or a nudge came."""
        await self._filled.wait()

    async def gather(self, seconds: float) -> None:
        """Wait for more, so long or until the inbox is full or closed; not at all for a time that is over."""
        if seconds > 0 and not self._brim.is_set() and not self.closed:
            try:
                async with asyncio.timeout(seconds):
                    await self._brim.wait()
            except TimeoutError:
                pass

    def take(self) -> list[Delivery]:
        """All that is here, perhaps nothing."""
        taken = list(self._waiting)
        self._waiting.clear()
        self.records = 0
        self._filled.clear()
        self._brim.clear()
        self._room.set()
        return taken

    def hurry(self) -> None:
        """Let a reader who gathers more go on with what is here."""
        self._filled.set()
        self._brim.set()

    def close(self) -> list[Delivery]:
        """Take no more; what was waiting comes back."""
        self.closed = True
        return self.take()
