"""One rate after the other: the worker with a fresh ledger and a desk at that rate, then the reference with the same desk."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

from aiokafka import AIOKafkaConsumer, TopicPartition

from benchmarks.children import SILENCE_SECONDS, Child, OnProgress, running
from benchmarks.contest import begun, cpu_seconds
from benchmarks.errors import BenchError
from benchmarks.live.desk import DIGITS, PREFIX
from benchmarks.site import PARTITIONS, Site
from streams.topics import ledger_topics

_TICKET: Final = re.compile(rb"%s(\d{%d})" % (PREFIX.encode(), DIGITS))
_READING: Final = b"reading"
_POLL_SECONDS: Final = 0.05
_LAST_ROWS_SECONDS: Final = 3.0  # for the rows of the last tickets
_SECOND_NS: Final = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Span:
    """How long is measured, and how long everything runs before that, in seconds."""

    warm: float
    measured: float


@dataclass(frozen=True, slots=True)
class Live:
    """What was measured at a rate. Shares are of one processor, latencies in milliseconds; None where nothing can be told."""

    rate: float  # events a second; 0 is an idle desk
    worker_share: float | None
    reader_share: float | None
    p50_ms: float | None
    p99_ms: float | None
    tickets: int  # whose latency is known


@dataclass(slots=True)
class _Seen:
    """Tickets whose row has been read: when they were sent, and how much later a reader of committed records saw them."""

    latencies_ns: dict[int, int] = field(default_factory=dict)

    def note(self, key: bytes, now_ns: int) -> None:
        """A row of the ledger; the first row of a ticket counts."""
        found = _TICKET.search(key)
        if found is not None:
            sent_ns = int(found[1])
            self.latencies_ns.setdefault(sent_ns, now_ns - sent_ns)


async def measure(
    site: Site, number: int, rate: float, span: Span, on_progress: OnProgress, worker_variables: Mapping[str, str] | None = None
) -> Live:
    """Both at one rate. `worker_variables`: settings of the worker other than the defaults. Errors: BenchError."""
    app_id = site.app_id("live", number)
    await site.create_ledger(app_id)
    seen = _Seen()
    log, environment = site.folder / f"{app_id}.log", site.environment(app_id) | dict(worker_variables or {})
    async with (
        _watching(site, app_id, seen),
        running("-m", "deskpulse", "worker", name="the worker", environment=environment, log=log, pipe=False) as worker,
    ):
        await begun(worker)
        worker_share, since_ns, until_ns = await _span(site, app_id, rate, span, worker, on_progress)
        await asyncio.sleep(_LAST_ROWS_SECONDS)
        if await worker.stop() != 0:
            worker.check()
    await site.delete_ledger(app_id)
    reader_share = await _reference(site, app_id, rate, span, on_progress)
    found = sorted(latency for sent, latency in seen.latencies_ns.items() if since_ns <= sent < until_ns)
    return Live(rate, worker_share, reader_share, _quantile_ms(found, 0.5), _quantile_ms(found, 0.99), len(found))


async def _reference(site: Site, app_id: str, rate: float, span: Span, on_progress: OnProgress) -> float | None:
    log, environment = site.folder / f"{app_id}-reader.log", site.environment(app_id)
    async with running("-m", "benchmarks.live.reader", name="the reader", environment=environment, log=log, pipe=False) as reader:
        await _told(reader, _READING)
        share, _, _ = await _span(site, app_id, rate, span, reader, on_progress)
    return share


async def _span(site: Site, app_id: str, rate: float, span: Span, child: Child, on_progress: OnProgress) -> tuple[float | None, int, int]:
    """Let a desk run beside a program; its share of a processor, and from when until when that was (ns since 1970)."""
    async with _desk(site, app_id, rate, span):
        await _wait(span.warm, child, lambda seconds: on_progress(round(seconds)))
        began, since_ns, cpu = time.monotonic(), time.time_ns(), cpu_seconds(child.process.pid)
        await _wait(span.measured, child, lambda seconds: on_progress(round(span.warm + seconds)))
        ended, until_ns, cpu_after = time.monotonic(), time.time_ns(), cpu_seconds(child.process.pid)
    share = None if cpu is None or cpu_after is None else (cpu_after - cpu) / (ended - began)
    return share, since_ns, until_ns


@asynccontextmanager
async def _desk(site: Site, app_id: str, rate: float, span: Span) -> AsyncIterator[None]:
    """A desk that sends while the block runs; none at rate 0."""
    if not rate:
        yield
        return
    log, seconds = site.folder / f"{app_id}-desk.log", span.warm + span.measured + 1
    command = ("-m", "benchmarks.live.desk", str(rate), str(seconds))
    async with running(*command, name="the desk", environment=site.environment(app_id), log=log, pipe=False) as desk:
        yield
        if desk.process.returncode:
            desk.check()


async def _wait(seconds: float, child: Child, on_progress: OnProgress) -> None:
    ends = time.monotonic() + seconds
    while (left := ends - time.monotonic()) > 0:
        child.check()
        on_progress(round(seconds - left))
        await asyncio.sleep(min(left, 0.5))


async def _told(child: Child, words: bytes) -> None:
    """Wait until a program says something. Errors: BenchError."""
    began = time.monotonic()
    while words not in child.log.read_bytes():
        child.check()
        if time.monotonic() - began > SILENCE_SECONDS:
            raise BenchError(f"{child.name} did not begin within {SILENCE_SECONDS:.0f} s: see {child.log}")
        await asyncio.sleep(_POLL_SECONDS)


@asynccontextmanager
async def _watching(site: Site, app_id: str, seen: _Seen) -> AsyncIterator[None]:
    """Read the ledger's tickets while the block runs, committed records only, as an exporter does."""
    tickets, _ = ledger_topics(app_id)
    consumer = AIOKafkaConsumer(
        bootstrap_servers=site.bootstrap, auto_offset_reset="earliest", enable_auto_commit=False, isolation_level="read_committed"
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


def _quantile_ms(sorted_ns: list[int], share: float) -> float | None:
    """Nearest rank; None without any."""
    if not sorted_ns:
        return None
    return sorted_ns[min(len(sorted_ns) - 1, int(share * len(sorted_ns)))] / 1e6
