"""Where the worker's time goes: py-spy beside it, for those who look for the next gain."""

from __future__ import annotations

import asyncio
import shutil
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from proofs.benchmarks.errors import BenchError

_HERTZ = 100


@asynccontextmanager
async def profiling(pid: int, stacks: Path | None) -> AsyncIterator[None]:
    """Write the stacks of a process to a file while the block runs.

    They are folded, one a line with its count. Without a file (None) it does nothing.
    """
    if stacks is None:
        yield
        return
    program = shutil.which("py-spy")
    if program is None:
        raise BenchError(
            "--profile needs py-spy; fix: pip install py-spy (no dependency of ours), and let it attach: "
            "root, or ptrace_scope 0"
        )
    spy = await asyncio.create_subprocess_exec(
        *(
            program,
            "record",
            "--pid",
            str(pid),
            "--rate",
            str(_HERTZ),
            "--format",
            "raw",
            "--threads",
            "--output",
            str(stacks),
        ),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        yield
    finally:
        if spy.returncode is None:
            spy.send_signal(signal.SIGINT)  # as Ctrl-C: it then writes what it has
        await spy.wait()
