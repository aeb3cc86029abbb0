"""What the demo costs at rest.

Its broker, worker, exporter and simulator are measured together, after its history was sent.
"""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path
from typing import Final

from deskpulse.lab.brokers.process import free_ports
from proofs.benchmarks.children import SILENCE_SECONDS, Child, OnProgress, running
from proofs.benchmarks.errors import BenchError
from proofs.benchmarks.live.measure import Span, processor_seconds

_HEADING: Final = b"deskpulse 2"  # of each table that the demo prints: its instant
_BEHIND: Final = b"still to be read"  # in the heading, while the history is being told
_SHOWN: Final = b"tickets open"  # below the table, once there are figures
_POLL_SECONDS: Final = 0.5


async def measure(folder: Path, span: Span, on_progress: OnProgress) -> float:
    """Share of a processor of all its processes. `folder` takes the log. Errors: BenchError."""
    command = ("-m", "deskpulse", "demo", "--port", str(free_ports(1)[0]))
    environment = {name: text for name, text in os.environ.items() if not name.startswith("DESKPULSE_")}
    async with running(
        *command, name="the demo", environment=environment, log=folder / "demo.log", pipe=False
    ) as demo:
        await _shown(demo)
        await demo.run_for(span.warm, on_progress)
        processes = tree(demo.process.pid)
        began, before = time.monotonic(), {pid: processor_seconds(pid) or 0.0 for pid in processes}
        await demo.run_for(span.measured, on_progress, done=span.warm)
        spent = sum((processor_seconds(pid) or 0.0) - before[pid] for pid in processes)
        return spent / (time.monotonic() - began)


def tree(pid: int) -> list[int]:
    """A process and all that it started, which still run; itself alone where the system does not tell."""
    try:
        threads = list(Path(f"/proc/{pid}/task").iterdir())
        children = [
            int(child)
            for thread in threads
            for child in (thread / "children").read_text(encoding="ascii").split()
        ]
    except OSError:
        return [pid]
    return [pid, *(found for child in children for found in tree(child))]


def is_at_rest(told: bytes) -> bool:
    """Whether the last whole table of the demo's log has figures and nothing left to be read.

    >>> (
    ...     is_at_rest(b"deskpulse 2026 7 still to be read ... 3 tickets open"),
    ...     is_at_rest(b"deskpulse 2026 ... 3 tickets open"),
    ... )
    (False, True)
    """
    latest = told.rpartition(_HEADING)[2]
    return _SHOWN in latest and _BEHIND not in latest


async def _shown(demo: Child) -> None:
    began = time.monotonic()
    while not is_at_rest(demo.log.read_bytes()):
        demo.check()
        if time.monotonic() - began > SILENCE_SECONDS:
            raise BenchError(f"the demo showed no figures within {SILENCE_SECONDS:.0f} s: see {demo.log}")
        await asyncio.sleep(_POLL_SECONDS)
