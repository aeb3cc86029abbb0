"""The measured starts: an exporter, a worker, and a second worker that joins.

One worker is also killed, and one is asked to stop.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from aiohttp import ClientError, ClientSession
from aiokafka import AIOKafkaProducer

from deskpulse.lab.brokers.process import free_ports
from proofs.benchmarks import ledger
from proofs.benchmarks.children import Child, running
from proofs.benchmarks.errors import BenchError
from proofs.benchmarks.recovery.fill import outdate
from proofs.benchmarks.recovery.pause import moved_since, pauses
from proofs.benchmarks.site import PARTITIONS, Site

_POLL_SECONDS: Final = 0.02
PATIENCE_SECONDS: Final = 600.0  # a million tickets on a machine that does much else
_EVENTS_A_SECOND: Final = 1_000  # while partitions change hands, so that each has something to do at any time
_SETTLE_SECONDS: Final = 5.0  # of undisturbed work before and after
_ANEW: Final = re.compile(r"made anew from (\d+) rows in ([\d.]+) s")
_RECOVERED: Final = re.compile(r"recovered partitions=(\S+) rows=(\d+) seconds=([\d.]+)")


@dataclass(frozen=True, slots=True)
class ExporterStart:
    """An exporter from its start to `/readyz` 200."""

    ready_seconds: float  # from the start of the process, imports among it
    rss_bytes: int


@dataclass(frozen=True, slots=True)
class WorkerStart:
    """A worker from its start to its partitions recovered."""

    ready_seconds: float  # from the start of the process, imports and joining the group among it
    recovery_seconds: float  # of which reading the ledger
    rows: int
    rss_bytes: int
    peak_rss_bytes: int

    @property
    def rows_a_second(self) -> float:
        """Ledger rows that were read."""
        return self.rows / self.recovery_seconds if self.recovery_seconds else 0.0


@dataclass(frozen=True, slots=True)
class Handover:
    """The pause that the desk noticed, in seconds: the longest time without a new transaction.

    One number is over all partitions, one for the least affected partition.
    """

    most_seconds: float
    least_seconds: float


@dataclass(frozen=True, slots=True)
class Starts:
    """All of it."""

    empty_rss_bytes: int  # of a worker without any ticket
    exporter: ExporterStart
    worker: WorkerStart
    quiet: Handover  # with one worker at work, nothing else
    join: Handover  # a second worker joins
    kill: Handover  # it is killed: session timeout and recovery
    stop_seconds: float  # from SIGTERM to the end of a worker that holds all tickets
    # panes and levels made anew from the rows of all partitions, after a change of the definitions
    anew_seconds: float
    anew_rows: int


async def measure(site: Site, app_id: str, empty_app_id: str, on_step: Callable[[str], None]) -> Starts:
    """Run everything. Errors: BenchError."""
    on_step("empty worker")
    async with _worker(site, empty_app_id, 0) as child:
        empty = (await _started(child, time.perf_counter())).rss_bytes
    on_step("exporter")
    exporter = await _exporter(site, app_id)
    on_step("worker")
    began = time.perf_counter()
    async with _worker(site, app_id, 1) as first:
        worker = await _started(first, began)
        async with _load(site), ledger.sampling(site, app_id) as samples:
            on_step("one worker works")
            quiet = await _span(samples, lambda: asyncio.sleep(_SETTLE_SECONDS))
            on_step("a second one joins")
            async with _worker(site, app_id, 2) as second:
                join = await _span(samples, lambda: _wait(second, lambda: _RECOVERED.search(_said(second))))
                on_step("it is killed")
                kill = await _span(samples, lambda: _kill(second, first))
        on_step("SIGTERM")
        began = time.perf_counter()
        if await first.stop() != 0:
            first.check()
        stop_seconds = time.perf_counter() - began
    on_step("other definitions")
    await outdate(site, app_id)
    async with _worker(site, app_id, 3) as third:
        await _wait(third, lambda: len(_ANEW.findall(_said(third))) == PARTITIONS)
        made = _ANEW.findall(_said(third))
    # one worker, one process: they share it and begin at once
    anew_seconds = max(float(seconds) for _, seconds in made)
    return Starts(
        empty,
        exporter,
        worker,
        quiet,
        join,
        kill,
        stop_seconds,
        anew_seconds,
        sum(int(rows) for rows, _ in made),
    )


@asynccontextmanager
async def _worker(site: Site, app_id: str, number: int) -> AsyncIterator[Child]:
    log = site.folder / f"{app_id}-worker-{number}.log"
    async with running(
        "-m",
        "deskpulse",
        "worker",
        name=f"worker {number}",
        environment=site.environment(app_id),
        log=log,
        pipe=False,
    ) as child:
        yield child


def _said(child: Child) -> str:
    return child.log.read_text(encoding="utf-8", errors="replace")


async def _wait(child: Child, holds: Callable[[], Any]) -> Any:
    began = time.monotonic()
    while not (found := holds()):
        child.check()
        if time.monotonic() - began > PATIENCE_SECONDS:
            raise BenchError(
                f"{child.name} is not as far as it should be after {PATIENCE_SECONDS:.0f} s: see {child.log}"
            )
        await asyncio.sleep(_POLL_SECONDS)
    return found


async def _started(child: Child, began: float) -> WorkerStart:
    found = await _wait(child, lambda: _RECOVERED.search(_said(child)))
    seconds = time.perf_counter() - began
    pid = child.process.pid
    return WorkerStart(seconds, float(found[3]), int(found[2]), _memory(pid, "VmRSS"), _memory(pid, "VmHWM"))


async def _exporter(site: Site, app_id: str) -> ExporterStart:
    (port,) = free_ports(1)
    environment = site.environment(app_id) | {"DESKPULSE_EXPORTER__PORT": str(port)}
    began = time.perf_counter()
    log = site.folder / f"{app_id}-exporter.log"
    async with running(
        "-m", "deskpulse", "exporter", name="the exporter", environment=environment, log=log, pipe=False
    ) as child:
        async with ClientSession() as session:
            while not await _ready(session, port):
                child.check()
                if time.perf_counter() - began > PATIENCE_SECONDS:
                    raise BenchError(
                        f"the exporter was not ready within {PATIENCE_SECONDS:.0f} s: see {child.log}"
                    )
                await asyncio.sleep(_POLL_SECONDS)
        return ExporterStart(time.perf_counter() - began, _memory(child.process.pid, "VmRSS"))


async def _ready(session: ClientSession, port: int) -> bool:
    with contextlib.suppress(ClientError, OSError):
        async with session.get(f"http://127.0.0.1:{port}/readyz") as response:
            return response.status == 200
    return False


async def _span(samples: list[ledger.Sample], happening: Callable[[], Awaitable[Any]]) -> Handover:
    """The pauses while something happens, until every partition works again, and a little longer."""
    since = time.perf_counter()
    await happening()
    happened, began = time.perf_counter(), time.monotonic()
    while not moved_since(samples, happened):
        if time.monotonic() - began > PATIENCE_SECONDS:
            raise BenchError(f"after {PATIENCE_SECONDS:.0f} s some partition has still not moved")
        await asyncio.sleep(_POLL_SECONDS)
    until = time.perf_counter()
    await asyncio.sleep(_SETTLE_SECONDS)
    found = pauses(samples, since, until)
    return Handover(max(found), min(found))


async def _kill(victim: Child, heir: Child) -> None:
    recoveries = len(_RECOVERED.findall(_said(heir)))
    victim.process.kill()
    await victim.process.wait()
    await _wait(heir, lambda: len(_RECOVERED.findall(_said(heir))) > recoveries)


@asynccontextmanager
async def _load(site: Site) -> AsyncIterator[None]:
    """New tickets in all partitions while the block runs."""
    task = asyncio.create_task(_produce(site))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


async def _produce(site: Site) -> None:
    async with AIOKafkaProducer(bootstrap_servers=site.bootstrap, linger_ms=5) as producer:
        count = 0
        while True:
            now_ms = time.time_ns() // 1_000_000
            for _ in range(_EVENTS_A_SECOND // 20):
                ticket, count = f"L-{count:08}", count + 1
                event = {
                    "event_id": "created",
                    "occurred_at": now_ms,
                    "ticket_id": ticket,
                    "customer_id": "C-1",
                    "team": "team-1",
                    "channel": "channel-1",
                    "priority": "p1",
                }
                await producer.send(
                    site.prefix + "ticket-created",
                    key=ticket.encode(),
                    value=json.dumps(event).encode(),
                    partition=count % PARTITIONS,
                )
            await asyncio.sleep(0.05)


def _memory(pid: int, name: str) -> int:
    """Bytes of `VmRSS` or `VmHWM`. Errors: BenchError where the system does not tell."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise BenchError("memory is measured on Linux only") from error
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{name}:"))
