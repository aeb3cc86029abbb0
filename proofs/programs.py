"""Programs as child processes: what they said, how they ended, and that none of them outlives us."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

ROOT: Final = Path(__file__).resolve().parents[1]
_SETTINGS: Final = "DESKPULSE_"
_POLL_SECONDS: Final = 0.1


async def until(
    holds: Callable[[], Any],
    *,
    seconds: float = 60,
    what: str = "the condition",
    poll_seconds: float = _POLL_SECONDS,
) -> Any:
    """Poll; the first true answer. Errors: AssertionError when none came in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        answer = holds()
        if asyncio.iscoroutine(answer):
            answer = await answer
        if answer:
            return answer
        await asyncio.sleep(poll_seconds)
    message = f"{what} did not come within {seconds:g} s"
    raise AssertionError(message)


@dataclass
class Program:
    """A process and what it said."""

    process: subprocess.Popen[bytes]
    log: Path

    @property
    def said(self) -> str:
        """All of its log."""
        return self.log.read_text(errors="replace")

    @property
    def runs(self) -> bool:
        """Whether it has not ended."""
        return self.process.poll() is None

    def has_said(self, pattern: str) -> bool:
        """Whether a pattern is found in its log."""
        return re.search(pattern, self.said) is not None

    async def saying(self, pattern: str, seconds: float = 60) -> None:
        """Wait for a pattern in its log.

        Errors: AssertionError when it ended before, or when the time is over.
        """
        await until(
            lambda: self.has_said(pattern) or not self.runs,
            seconds=seconds,
            what=f"{pattern!r} in {self.said}",
        )
        assert self.has_said(pattern), (
            f"ended with {self.process.returncode} before {pattern!r}:\n{self.said}"
        )

    async def exit(self, seconds: float = 60) -> int:
        """Wait for its end; the exit code."""
        await until(lambda: not self.runs, seconds=seconds, what=f"the end of {self.log.name}")
        assert self.process.returncode is not None
        return self.process.returncode

    def signal(self, number: signal.Signals) -> None:
        """Send a signal."""
        self.process.send_signal(number)

    def kill(self) -> None:
        """`kill -9`, and wait until it is gone."""
        self.process.kill()
        self.process.wait()

    async def end_well(self, seconds: float = 60) -> int:
        """Ask it to end (SIGTERM) and wait until it has; the exit code."""
        self.signal(signal.SIGTERM)
        return await self.exit(seconds)


class Group:
    """A process group whose members die with us, however we die.

    Its leader kills the group when its standard input closes.
    """

    _leader: subprocess.Popen[bytes]

    def __enter__(self) -> Self:
        """Start the leader."""
        self._leader = subprocess.Popen(
            ["/bin/sh", "-c", "read _; kill -9 0"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            process_group=0,
        )
        return self

    def __exit__(self, *_: object) -> None:
        """End what is left of the group: its members were ended one by one, unless that was interrupted."""
        os.killpg(self._leader.pid, signal.SIGKILL)
        self._leader.wait()
        if self._leader.stdin is not None:
            self._leader.stdin.close()

    @property
    def number(self) -> int:
        """What Popen wants as `process_group`."""
        return self._leader.pid


def surroundings(**variables: str) -> dict[str, str]:
    """The environment of this process, but with these settings of deskpulse and no others."""
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith(_SETTINGS)},
        **variables,
    }


def start_program(
    *words: str, variables: Mapping[str, str], log: Path, module: str = "deskpulse", group: int | None = None
) -> Program:
    """A Python module that runs on, by default deskpulse; its output goes to the log. `group`: see Group."""
    command = [sys.executable, "-m", module, *words]
    with log.open("wb") as out:
        process = subprocess.Popen(
            command,
            env=surroundings(**variables),
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            process_group=group,
        )
    return Program(process, log)


def end_all(programs: list[Program]) -> None:
    """Kill what still runs, also what is stopped by a signal."""
    for program in programs:
        with suppress(ProcessLookupError):
            program.process.kill()
    for program in programs:  # not before all are killed: who waits may be interrupted
        program.process.wait()
