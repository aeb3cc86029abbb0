"""Programs that are measured run in processes of their own and report how far they are.

They write one JSON object a line to standard output.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from deskpulse.lab.brokers.process import tail
from proofs.benchmarks.errors import BenchError

SILENCE_SECONDS: Final = 120.0  # without any progress: the program hangs
_GRACE_SECONDS: Final = 15.0
_POLL_SECONDS: Final = 0.02
_LOOK_SECONDS: Final = 0.5
_TELL_SECONDS: Final = 0.25
_ROOT: Final = Path(__file__).resolve().parents[2]

OnProgress = Callable[[int], None]


class Meter:
    """Counts events in a measured program.

    The clock runs from `begin`, or else from the end of the first batch.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self.count = 0
        self._clock = clock
        self._began: tuple[float, int] | None = None
        self._last = 0.0
        self._told = 0.0
        self._cpu_began = 0.0

    def begin(self) -> None:
        """Start the clock: what follows is work, what was before is not counted in the rate."""
        self._last = self._clock()
        self._began = self._last, self.count
        self._cpu_began = time.process_time()

    def add(self, events: int) -> None:
        """Note events that have just been done."""
        if not events:
            return
        self.count += events
        if self._began is None:
            self.begin()
        else:
            self._last = self._clock()
        if self._last - self._told > _TELL_SECONDS:
            self._told = self._last
            _tell({"done": self.count})

    def rate(self) -> float | None:
        """Events per second since the clock was started; None when nothing followed."""
        if self._began is None or self._last <= self._began[0]:
            return None
        return (self.count - self._began[1]) / (self._last - self._began[0])

    def tell_result(self, **more: Any) -> None:
        """The last line of a measured program."""
        _tell(
            {
                "done": self.count,
                "rate": self.rate(),
                "cpu_seconds": time.process_time() - self._cpu_began,
                **more,
            }
        )


def _tell(line: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


@dataclass(slots=True)
class Child:
    """A measured program that runs, and the file that it logs to."""

    name: str
    process: asyncio.subprocess.Process
    log: Path

    def check(self) -> None:
        """Errors: BenchError when it has ended."""
        if self.process.returncode is not None:
            raise BenchError(
                f"{self.name} ended with exit code {self.process.returncode}; the end of its "
                f"log:\n{tail(self.log)}"
            )

    async def until_said(self, words: bytes) -> None:
        """Wait until its log has these words.

        Errors: BenchError when it ends before, or is silent for too long.
        """
        began = time.monotonic()
        while words not in self.log.read_bytes():
            self.check()
            if time.monotonic() - began > SILENCE_SECONDS:
                raise BenchError(f"{self.name} did not begin within {SILENCE_SECONDS:.0f} s: see {self.log}")
            await asyncio.sleep(_POLL_SECONDS)

    async def run_for(self, seconds: float, on_progress: OnProgress, *, done: float = 0.0) -> None:
        """Let it run for so long; `done` seconds have passed before.

        Errors: BenchError when it ends meanwhile.
        """
        ends = time.monotonic() + seconds
        while (left := ends - time.monotonic()) > 0:
            self.check()
            on_progress(round(done + seconds - left))
            await asyncio.sleep(min(left, _LOOK_SECONDS))

    async def lines(self) -> AsyncIterator[dict[str, Any]]:
        """What it tells, until its end. Errors: BenchError when it is silent for too long."""
        assert self.process.stdout is not None
        while True:
            try:
                async with asyncio.timeout(SILENCE_SECONDS):
                    line = await self.process.stdout.readline()
            except TimeoutError:
                raise BenchError(
                    f"{self.name} made no progress for {SILENCE_SECONDS:.0f} s; the end of its "
                    f"log:\n{tail(self.log)}"
                ) from None
            if not line:
                await self.process.wait()
                return
            yield json.loads(line)

    async def stop(self) -> int:
        """Ask it to end (SIGTERM), end it when it does not; return its exit code."""
        with contextlib.suppress(ProcessLookupError):
            self.process.terminate()
        try:
            async with asyncio.timeout(_GRACE_SECONDS):
                return await self.process.wait()
        except TimeoutError:
            self.process.kill()
            return await self.process.wait()


@asynccontextmanager
async def running(
    *command: str, name: str, environment: dict[str, str], log: Path, pipe: bool
) -> AsyncIterator[Child]:
    """A Python program (`-m module ...`) that does not outlive this block.

    With `pipe` its standard output is for `lines`.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as out:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *command,
            env=environment,
            cwd=_ROOT,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE if pipe else out,
            stderr=out,
        )
    child = Child(name, process, log)
    try:
        yield child
    finally:
        if process.returncode is None:
            await child.stop()


async def result_of(child: Child, on_progress: OnProgress) -> dict[str, Any]:
    """The last line of a program that runs to its end. Errors: BenchError."""
    told: dict[str, Any] = {}
    async for told in child.lines():
        on_progress(told["done"])
    if child.process.returncode != 0 or "rate" not in told:
        child.check()
    return told
