"""One rate after the other: the worker with a fresh ledger and a desk at that rate.

The reference runs with the same desk afterwards.
"""

from __future__ import annotations

import asyncio
import math
import re
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from aiokafka import AIOKafkaConsumer, TopicPartition

from proofs.benchmarks.children import Child, OnProgress, running
from proofs.benchmarks.contest import begun, cpu_seconds
from proofs.benchmarks.errors import BenchError
from proofs.benchmarks.live.desk import DIGITS, PREFIX, TICKETS_AN_EVENT
from proofs.benchmarks.site import PARTITIONS, Site
from streams.topics import ledger_topics

_TICKET: Final = re.compile(rb"%s(\d{%d})" % (PREFIX.encode(), DIGITS))
_READING: Final = b"reading"
_LAST_ROWS_SECONDS: Final = 3.0  # for the rows of the last tickets
_LEAST_SHARE: Final = 0.9  # of the tickets that should have been sent; a desk that falls behind sends fewer


@dataclass(frozen=True, slots=True)
class Span:
    """How long is measured, and how long everything runs before that, in seconds."""

    warm: float
    measured: float

    @property
    def whole(self) -> float:
        """Both."""
        return self.warm + self.measured


@dataclass(frozen=True, slots=True)
class Live:
    """What was measured at a rate.

    Shares are of one processor, latencies in milliseconds; None where nothing can be told.
    """

    rate: float  # events a second; 0 is an idle desk
    worker_share: float | None
    reader_share: float | None
    p50_ms: float | None
    p99_ms: float | None
    tickets: int  # whose latency is known


@dataclass(slots=True)
class _Seen:
    """Tickets whose row has been read.

    Of each it has when the ticket was sent, and how much later a reader of committed records saw it.
    """

    latencies_ns: dict[int, int] = field(default_factory=dict)

    def note(self, key: bytes, now_ns: int) -> None:
        """A row of the ledger; the first row of a ticket counts."""
        found = _TICKET.search(key)
        if found is not None:
            sent_ns = int(found[1])
            self.latencies_ns.setdefault(sent_ns, now_ns - sent_ns)


@dataclass(frozen=True, slots=True)
class Turn:
    """Both programs at one rate, one after the other.

    `worker_variables`: settings of the worker other than the defaults.
    """

    site: Site
    rate: float
    span: Span
    on_progress: OnProgress  # seconds so far, of twice a span
    worker_variables: Mapping[str, str] = field(default_factory=dict)

    @property
    def app_id(self) -> str:
        """The worker's; the ledger is gone when the turn is over."""
        return self.site.app_id("live", round(self.rate))

    async def measure(self) -> Live:
        """Errors: BenchError, also when tickets have no row in the ledger."""
        seen = _Seen()
        worker_share, sent_within = await self._worker(seen)
        reader_share = await self._reader()
        found = sorted(latency for sent_ns, latency in seen.latencies_ns.items() if sent_ns in sent_within)
        expected = self.rate * self.span.measured * TICKETS_AN_EVENT
        if len(found) < expected * _LEAST_SHARE:
            raise BenchError(
                f"of about {expected:.0f} tickets that were sent within {self.span.measured:.0f} s only "
                f"{len(found)} are in the ledger; "
                f"fix: a machine with time left, or a lower rate; the logs are in {self.site.folder}"
            )
        return Live(
            self.rate,
            worker_share,
            reader_share,
            quantile_ms(found, 0.5),
            quantile_ms(found, 0.99),
            len(found),
        )

    async def _worker(self, seen: _Seen) -> tuple[float | None, range]:
        await self.site.create_ledger(self.app_id)
        log, environment = (
            self.site.folder / f"{self.app_id}.log",
            self.site.environment(self.app_id) | dict(self.worker_variables),
        )
        async with (
            _watching(self.site, self.app_id, seen),
            running(
                "-m", "deskpulse", "worker", name="the worker", environment=environment, log=log, pipe=False
            ) as worker,
        ):
            await begun(worker)
            found = await self._beside(worker, done=0)
            await asyncio.sleep(_LAST_ROWS_SECONDS)
            if await worker.stop() != 0:
                worker.check()
        await self.site.delete_ledger(self.app_id)
        return found

    async def _reader(self) -> float | None:
        log, environment = self.site.folder / f"{self.app_id}-reader.log", self.site.environment(self.app_id)
        async with running(
            "-m",
            "proofs.benchmarks.live.reader",
            name="the reader",
            environment=environment,
            log=log,
            pipe=False,
        ) as reader:
            await reader.until_said(_READING)
            share, _ = await self._beside(reader, done=self.span.whole)
        return share

    async def _beside(self, child: Child, *, done: float) -> tuple[float | None, range]:
        """Let a desk run beside a program.

        Returns the program's share of a processor, and the nanoseconds since 1970 in which that was.
        """
        async with self._desk():
            await child.run_for(self.span.warm, self.on_progress, done=done)
            began, since_ns, spent = time.monotonic(), time.time_ns(), processor_seconds(child.process.pid)
            await child.run_for(self.span.measured, self.on_progress, done=done + self.span.warm)
            ended, until_ns, spent_after = (
                time.monotonic(),
                time.time_ns(),
                processor_seconds(child.process.pid),
            )
        share = None if spent is None or spent_after is None else (spent_after - spent) / (ended - began)
        return share, range(since_ns, until_ns)

    @asynccontextmanager
    async def _desk(self) -> AsyncIterator[None]:
        """A desk that sends while the block runs; none at rate 0."""
        if not self.rate:
            yield
            return
        log, environment = self.site.folder / f"{self.app_id}-desk.log", self.site.environment(self.app_id)
        command = ("-m", "proofs.benchmarks.live.desk", str(self.rate), str(self.span.whole + 1))
        async with running(*command, name="the desk", environment=environment, log=log, pipe=False) as desk:
            yield
            if desk.process.returncode:
                desk.check()


@asynccontextmanager
async def _watching(site: Site, app_id: str, seen: _Seen) -> AsyncIterator[None]:
    """Read the ledger's tickets while the block runs, committed records only, as an exporter does."""
    tickets, _ = ledger_topics(app_id)
    consumer = AIOKafkaConsumer(
        bootstrap_servers=site.bootstrap,
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        isolation_level="read_committed",
    )
    consumer.assign([TopicPartition(tickets, number) for number in range(PARTITIONS)])
    await consumer.start()
    task = asyncio.create_task(_watch(consumer, seen))
    try:
        yield
        if task.done():
            await task
    finally:
        task.cancel()
        await asyncio.wait([task])
        await consumer.stop()


async def _watch(consumer: AIOKafkaConsumer, seen: _Seen) -> None:
    while True:
        found = await consumer.getmany(timeout_ms=500)
        now_ns = time.time_ns()
        for records in found.values():
            for record in records:
                seen.note(record.key, now_ns)


def quantile_ms(sorted_ns: Sequence[int], share: float) -> float | None:
    """The nearest rank, in milliseconds; None without any.

    >>> quantile_ms([1_000_000, 2_000_000, 9_000_000], 0.5), quantile_ms([], 0.5)
    (2.0, None)
    """
    if not sorted_ns:
        return None
    return sorted_ns[max(0, math.ceil(share * len(sorted_ns)) - 1)] / 1e6


def processor_seconds(pid: int) -> float | None:
    """User and system time of a process, of all its threads, to the nanosecond.

    None where the system does not tell.

    Linux counts the times in `/proc/PID/stat` by the tick, of which a program that is idle has two a second.
    """
    try:
        nanoseconds = [
            int((task / "schedstat").read_text(encoding="ascii").split()[0])
            for task in Path(f"/proc/{pid}/task").iterdir()
        ]
    except OSError:
        return cpu_seconds(pid)
    return sum(nanoseconds) / 1e9
