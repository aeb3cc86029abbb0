"""Pushes the wall to browsers by server-sent events.

One computation a second for all of them, and none while nobody looks.

Each stream gets an event `wall` when what it shows has changed and an event `pulse` every second. A screen
that hears nothing for some seconds knows that it is cut off, whatever lies between it and us.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import zlib
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, field
from typing import Final

import msgspec
from aiohttp import web

from exporters.reading.keeper import BUILD_EVERY_SECONDS
from exporters.reading.status import ReaderStatus
from exporters.snapshot import Snapshot
from exporters.wall.build import FAILED, WallMaker, Wanted, pulse_of
from exporters.wall.model import Pulse, Why
from kpis.figures.history import Choice

log: Final = logging.getLogger(__name__)
REST_SECONDS: Final = BUILD_EVERY_SECONDS + 0.01  # at least so long between two computations
BEAT_SECONDS: Final = 1.0  # at most so long
SLOW_SECONDS: Final = 15.0  # a browser that reads nothing for this long is disconnected
RETRY_MS: Final = 2000
# its window of 32 KiB holds the last wall, so that a new one costs only what is new in it
GZIP: Final = 16 + zlib.MAX_WBITS

TakeSnapshot = Callable[[Collection[Choice]], Awaitable[Snapshot]]


@dataclass(slots=True)
class _Channel:
    """All screens that show the same. Only the latest is kept: a slow screen skips what it missed."""

    screens: int = 0
    wall: bytes = b""
    wall_number: int = 0
    pulse: bytes = b""
    pulse_number: int = 0


@dataclass(slots=True)
class Screens:
    """The streams of one exporter. One event loop only."""

    take: TakeSnapshot
    maker: WallMaker
    most: int
    news: asyncio.Event  # something has come in since it was cleared
    now_ms: Callable[[], int]
    rest_seconds: float = REST_SECONDS
    beat_seconds: float = BEAT_SECONDS
    _channels: dict[Wanted, _Channel] = field(default_factory=dict)
    _told: asyncio.Condition = field(default_factory=asyncio.Condition)
    _ticking: asyncio.Task[None] | None = None
    _closed: bool = False

    @property
    def count(self) -> int:
        """Streams that are open."""
        return sum(channel.screens for channel in self._channels.values())

    @property
    def has_room(self) -> bool:
        """Whether one more may be opened."""
        return self.count < self.most

    async def serve(self, request: web.Request, wanted: Wanted) -> web.StreamResponse:
        """One stream, until its browser leaves or the exporter ends; 503 when there are too many."""
        if not self.has_room:
            return web.json_response(
                {"error": f"{self.most} screens are connected: exporter.max_screens"},
                status=503,
                headers={"Retry-After": "30"},
            )
        response = web.StreamResponse(
            headers={
                "Content-Type": "text/event-stream",
                "Cache-Control": "no-store",
                "X-Accel-Buffering": "no",
            }
        )
        packer = (
            zlib.compressobj(1, zlib.DEFLATED, GZIP)
            if "gzip" in request.headers.get("Accept-Encoding", "")
            else None
        )
        if packer is not None:
            response.headers["Content-Encoding"] = "gzip"
            response.headers["Vary"] = "Accept-Encoding"
        channel = self._join(wanted)
        try:
            await response.prepare(request)
            await self._feed(response, channel, packer)
        except (ConnectionError, TimeoutError):
            log.debug("a screen disconnected")
        finally:
            self._leave(wanted)
            if request.transport is not None:
                request.transport.abort()  # also when it does not read what was sent
        return response

    async def close(self) -> None:
        """End all streams."""
        self._closed = True
        async with self._told:
            self._told.notify_all()
        if self._ticking is not None:
            self._ticking.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._ticking

    def _join(self, wanted: Wanted) -> _Channel:
        channel = self._channels.setdefault(wanted, _Channel())
        channel.screens += 1
        self.news.set()  # a new choice need not wait for the next beat
        if self._ticking is None or self._ticking.done():
            self._ticking = asyncio.create_task(self._tick_on())
        return channel

    def _leave(self, wanted: Wanted) -> None:
        channel = self._channels[wanted]
        channel.screens -= 1
        if not channel.screens:
            del self._channels[wanted]

    async def _feed(
        self, response: web.StreamResponse, channel: _Channel, packer: zlib._Compress | None
    ) -> None:
        seen_wall = seen_pulse = 0
        text = b"retry: %d\n\n" % RETRY_MS
        while True:
            if text:
                packed = text if packer is None else packer.compress(text) + packer.flush(zlib.Z_SYNC_FLUSH)
                await asyncio.wait_for(response.write(packed), SLOW_SECONDS)
            async with self._told:
                await self._told.wait_for(lambda: self._closed or channel.pulse_number > seen_pulse)  # noqa: B023 - awaited here
            if self._closed:
                return
            text = b"event: pulse\ndata: " + channel.pulse + b"\n\n"
            if channel.wall_number > seen_wall:
                text = b"event: wall\ndata: " + channel.wall + b"\n\n" + text
            seen_wall, seen_pulse = channel.wall_number, channel.pulse_number

    async def _tick_on(self) -> None:
        while self._channels and not self._closed:
            self.news.clear()
            await self._tick()
            # From the end of one to the start of the next: sooner, the keeper would hand out the same view
            # again.
            await asyncio.sleep(self.rest_seconds)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.news.wait(), max(0.0, self.beat_seconds - self.rest_seconds))

    async def _tick(self) -> None:
        wanted = list(self._channels)
        try:
            snapshot = await self.take({one.choice for one in wanted})
            # In a thread, so that the loop goes on answering and reading meanwhile.
            walls = await asyncio.to_thread(
                lambda: {one: msgspec.json.encode(self.maker.wall(snapshot.view, one)) for one in wanted}
            )
            pulse = pulse_of(snapshot, room=self.has_room)
        except Exception:
            # A defect: the screens must turn stale and say so, and the stream must go on.
            log.exception("the wall could not be computed")
            walls, pulse = {}, _broken(self.now_ms())
        async with self._told:
            for one in wanted:
                if (channel := self._channels.get(one)) is not None:
                    if one in walls and walls[one] != channel.wall:
                        channel.wall = walls[one]
                        channel.wall_number += 1
                    channel.pulse = msgspec.json.encode(pulse)
                    channel.pulse_number += 1
            self._told.notify_all()


def _broken(now_ms: int) -> Pulse:
    pulse = pulse_of(Snapshot(now_ms, ReaderStatus()))
    pulse.why = [Why(FAILED.code, FAILED.text, None)]
    return pulse
