"""One turn of each contestant: the limit, the worker, the straightforward Faust app."""

from __future__ import annotations

import asyncio
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from deskpulse.cluster import Cluster, connect
from proofs.benchmarks import ledger
from proofs.benchmarks.children import SILENCE_SECONDS, Child, OnProgress, result_of, running
from proofs.benchmarks.errors import BenchError
from proofs.benchmarks.profile import profiling
from proofs.benchmarks.site import Site

_LOOK_SECONDS: Final = 0.5
_RECOVERED: Final = b"recovered partitions="  # what the worker logs before it reads its first record
_TICKS: Final = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Turn:
    """What a contestant did. The rate is None when there were too few events to tell."""

    events: int
    rate: float | None  # events per second
    cpu_seconds: float | None  # user and system, of all threads; None where the system does not tell


@dataclass(frozen=True, slots=True)
class WorkerTurn(Turn):
    """What our worker did, too."""

    rejected: int
    transactions: int
    ledger_rows: int
    ledger_bytes: int  # keys and values
    peak_rss_bytes: int | None  # None where the system does not tell


async def run_limit(site: Site, number: int, count: int, on_progress: OnProgress) -> Turn:
    """Fetch and decode all events."""
    app_id = site.app_id("limit", number)
    told = await _run_program("proofs.benchmarks.limit", site, app_id, count, on_progress)
    if told["rejects"]:
        raise BenchError(
            f"{told['rejects']} of the events are none; fix: delete build/bench/ and run it again"
        )
    return Turn(told["done"], told["rate"], told["cpu_seconds"])


async def run_faust(site: Site, number: int, count: int, on_progress: OnProgress) -> Turn:
    """Let the Faust app work off some of the events."""
    app_id = site.app_id("faust", number)
    await site.create_changelog(app_id)
    told = await _run_program("proofs.benchmarks.plain_faust", site, app_id, count, on_progress)
    await site.delete_changelog(app_id)
    return Turn(told["done"], told["rate"], told["cpu_seconds"])


async def _run_program(
    module: str, site: Site, app_id: str, count: int, on_progress: OnProgress
) -> dict[str, Any]:
    log, environment = site.folder / f"{app_id}.log", site.environment(app_id)
    async with running(
        "-m", module, str(count), name=module, environment=environment, log=log, pipe=True
    ) as child:
        return await result_of(child, on_progress)


async def run_worker(
    site: Site,
    number: int,
    count: int,
    on_progress: OnProgress,
    on_read: OnProgress,
    *,
    profile: Path | None = None,
) -> WorkerTurn:
    """Let the worker work off all events into a fresh ledger, then read that (`on_read`).

    `profile` names a file for its stacks. Errors: BenchError.
    """
    app_id = site.app_id("worker", number)
    await site.create_ledger(app_id)
    log, environment = site.folder / f"{app_id}.log", site.environment(app_id)
    async with (
        ledger.sampling(site, app_id) as samples,
        running(
            "-m", "deskpulse", "worker", name="the worker", environment=environment, log=log, pipe=False
        ) as child,
    ):
        began = await begun(child)
        async with profiling(child.process.pid, profile):
            await _worked_off(site, app_id, count, child, on_progress)
        peak_rss_bytes, spent_seconds = _peak_rss_bytes(child.process.pid), cpu_seconds(child.process.pid)
        if await child.stop() != 0:
            child.check()
    contents = await ledger.read(site, app_id, lambda share: on_read(round(share * count)))
    ended = ledger.finished(ledger.curve(samples, contents), count)
    rate = None if ended is None else count / (ended - began)
    turn = WorkerTurn(count, rate, spent_seconds, peak_rss_bytes=peak_rss_bytes, **judge(contents, count))
    await site.delete_ledger(app_id)
    return turn


async def begun(child: Child) -> float:
    """Wait until the worker owns its partitions, and say when that was. Errors: BenchError.

    The clock starts here and not with the first transaction, before which much has been applied when
    transactions are large.
    """
    await child.until_said(_RECOVERED)
    return time.perf_counter()


async def _worked_off(site: Site, app_id: str, count: int, child: Child, on_progress: OnProgress) -> None:
    """Wait until the group has committed the last record.

    The worker does that for what is durable, every two seconds.
    """
    seen, since = -1, time.monotonic()
    async with connect(site.settings(app_id).kafka) as cluster:
        while True:
            child.check()
            done = await _committed(cluster, app_id)
            on_progress(done)
            if done >= count:
                return
            if done > seen:
                seen, since = done, time.monotonic()
            elif time.monotonic() - since > SILENCE_SECONDS:
                raise BenchError(f"the worker made no progress for {SILENCE_SECONDS:.0f} s: see {child.log}")
            await asyncio.sleep(_LOOK_SECONDS)


async def _committed(cluster: Cluster, group: str) -> int:
    return sum((await cluster.committed(group)).values())


def judge(contents: ledger.Contents, count: int) -> dict[str, int]:
    """What is in the ledger after a worker's turn.

    Errors: BenchError when it does not hold every event exactly once.
    """
    applied = contents.total(ledger.applied)
    rejected = contents.total(
        lambda row: sum(n for name, n in row.counters.items() if name.startswith("rejected:"))
    )
    accepted = contents.total(lambda row: row.counters.get("accepted", 0))
    if not applied == accepted + rejected == count:
        raise BenchError(
            f"the ledger holds {applied} records, {accepted} of them accepted and {rejected} rejected, of "
            f"{count}: "
            "that is not exactly once, so the rate means nothing; fix: the worker"
        )
    return {
        "rejected": rejected,
        "transactions": contents.total(lambda row: row.transaction),
        "ledger_rows": contents.rows,
        "ledger_bytes": contents.bytes,
    }


def _peak_rss_bytes(pid: int) -> int | None:
    """Linux alone tells it of a running process."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:")), None)


def cpu_seconds(pid: int) -> float | None:
    """User and system time of a process, its start included, from the same place."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        return None
    return (int(fields[11]) + int(fields[12])) / _TICKS
