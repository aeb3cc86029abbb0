"""A whole run: broker, events, rounds, with a bar on everything that takes long."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, NamedTuple

from aiokafka.errors import KafkaError
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from deskpulse.cluster import Cluster, connect
from deskpulse.cluster.facts import release
from deskpulse.lab.brokers.kafka import LocalKafka
from proofs.benchmarks import contest, events
from proofs.benchmarks.children import OnProgress
from proofs.benchmarks.live import demo
from proofs.benchmarks.live.measure import Live, Span, Turn
from proofs.benchmarks.load import load
from proofs.benchmarks.report import Round
from proofs.benchmarks.site import Site

# the Faust app gets a tenth, so that no topic runs dry: it would then wait for the broker's long poll
_FAUST_SHARE: Final = 10
_FAUST_EVENTS: Final = 50_000  # and no more: its rate is the same after twenty seconds as after ten minutes
FOLDER: Final = Path(__file__).resolve().parents[2] / "build" / "bench"
_HEAP_MB: Final = 1_024
_DEMO_WARM_SECONDS: Final = 30.0  # a Java that has just read two months of history is still tidying up
LIVE_RATES: Final = (0, 10, 1_000, 3_000)  # events a second


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be measured."""

    events: int = 1_000_000
    rounds: int = 3
    seed: int = 1
    broker: str | None = None  # None: an Apache Kafka of our own
    profile: bool = False
    backlog: bool = True
    live: bool = True
    live_span: Span = field(default_factory=lambda: Span(10, 20))
    brokers: int = 1  # of an Apache Kafka of our own

    @property
    def faust_events(self) -> int:
        """How many of the events the Faust app works off."""
        return min(max(1, self.events // _FAUST_SHARE), _FAUST_EVENTS)


class Result(NamedTuple):
    """What was measured, and on what."""

    broker: str
    rounds: list[Round]
    live: list[Live]
    demo_share: float | None  # of a processor, at rest


def run(plan: Plan) -> Result:
    """Measure. Errors: BrokerError, ClusterError, BenchError."""
    console = Console(stderr=True)
    with contextlib.ExitStack() as stack:
        name, bootstrap = "", plan.broker
        if bootstrap is None:
            console.print("starting Apache Kafka ...")
            local = LocalKafka(
                heap_mb=_HEAP_MB,
                brokers=plan.brokers,
                report=lambda line: console.print(line, highlight=False),
            )
            kafka = stack.enter_context(local)
            name, bootstrap = kafka.name, kafka.bootstrap
        site = Site(
            bootstrap, f"bench-{secrets.token_hex(3)}-", Path(tempfile.mkdtemp(prefix="deskpulse-bench-"))
        )
        console.print(f"logs of the contestants: {site.folder}", highlight=False)
        return asyncio.run(_measure(plan, site, name, console))


async def _measure(plan: Plan, site: Site, name: str, console: Console) -> Result:
    # Before the events are made: a broker that is not there fails at once.
    async with connect(site.settings(site.app_id("setup", 0)).kafka) as cluster:
        name = name or await _describe(cluster)
    with new_bars(console) as bars:
        live = (
            [
                await _live(replace(site, prefix=f"{site.prefix}{rate}-"), rate, plan, bars)
                for rate in LIVE_RATES
            ]
            if plan.live
            else []
        )
        demo_share = await _demo(site, plan, bars) if plan.live else None
        rounds = await _rounds(plan, site, bars) if plan.backlog else []
    return Result(name, rounds, live, demo_share)


async def _demo(site: Site, plan: Plan, bars: Progress) -> float:
    """The demo beside our broker, which rests meanwhile: it brings its own."""
    span = replace(plan.live_span, warm=_DEMO_WARM_SECONDS)
    with bar(bars, "live: the demo", round(span.whole)) as tell:
        return await demo.measure(site.folder, span, tell)


async def _rounds(plan: Plan, site: Site, bars: Progress) -> list[Round]:
    path = _events(plan, bars)
    async with _sources(site):
        with bar(bars, "write to Kafka", plan.events) as tell:
            await load(site, events.read(path), tell)
        return [await _round(plan, site, number, bars) for number in range(1, plan.rounds + 1)]


async def _live(site: Site, rate: int, plan: Plan, bars: Progress) -> Live:
    """One rate, on source topics of its own: the worker of the next one shall not begin with a backlog."""
    name = f"live: {rate:,}/s" if rate else "live: idle"
    async with _sources(site):
        with bar(bars, name, round(2 * plan.live_span.whole)) as tell:
            return await Turn(site, rate, plan.live_span, tell).measure()


def _events(plan: Plan, bars: Progress) -> Path:
    with (
        bar(bars, "simulate events", plan.events) as on_simulated,
        bar(bars, "merge events", plan.events) as on_merged,
    ):
        return events.prepare(
            FOLDER, seed=plan.seed, count=plan.events, on_simulated=on_simulated, on_merged=on_merged
        )


async def _round(plan: Plan, site: Site, number: int, bars: Progress) -> Round:
    """Each contestant once, so that a machine that slows down meanwhile slows down all of them."""
    stacks = FOLDER / f"profile-{number}.txt" if plan.profile else None
    with bar(bars, f"round {number}: limit", plan.events) as tell:
        limit = await contest.run_limit(site, number, plan.events, tell)
    with (
        bar(bars, f"round {number}: worker", plan.events) as tell,
        bar(bars, f"round {number}: check", plan.events) as read,
    ):
        worker = await contest.run_worker(site, number, plan.events, tell, read, profile=stacks)
    with bar(bars, f"round {number}: faust", plan.faust_events) as tell:
        faust = await contest.run_faust(site, number, plan.faust_events, tell)
    return Round(limit, worker, faust)


@asynccontextmanager
async def _sources(site: Site) -> AsyncIterator[None]:
    """The source topics while the block runs; a broker that others use is left as it was."""
    await site.create_sources()
    try:
        yield
    finally:
        with contextlib.suppress(KafkaError, OSError):  # a broker that has gone is the error of the block
            await site.delete_all()


async def _describe(cluster: Cluster) -> str:
    return f"kafka {release(await cluster.apis())} or later, {len(await cluster.brokers())} broker(s)"


def new_bars(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description:<18}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=console,
    )


@contextlib.contextmanager
def bar(bars: Progress, title: str, total: int) -> Iterator[OnProgress]:
    """A bar, full at the end of the block."""
    task = bars.add_task(title, total=total)
    yield lambda done: bars.update(task, completed=min(done, total))
    bars.update(task, completed=total)
