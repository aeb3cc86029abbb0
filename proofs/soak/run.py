"""One soak from nothing to its findings: brokers, group, load, and faults in two lanes.

At the end it compares everybody's figures with the oracle's.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any, Final

from aiokafka.errors import KafkaError

from deskpulse.cluster import ClusterError
from deskpulse.lab.brokers.kafka import LocalKafka
from deskpulse.lab.brokers.process import free_ports
from deskpulse.lab.demo import proof
from deskpulse.lab.simulator import Kinds, Rough
from proofs.programs import Group, until
from proofs.soak.archive import Archive, Contents
from proofs.soak.errors import SoakError
from proofs.soak.faults import ACTS, SPOIL_RATE
from proofs.soak.field import Field
from proofs.soak.judge import Truth
from proofs.soak.ledger import Place, Tail
from proofs.soak.load import CALM, Load, as_sent, generate, late_desks, read_sent, with_bad_records
from proofs.soak.rebuild import Ledger, read_ledger
from proofs.soak.schedule import Kind, Lane, Lot
from proofs.soak.team import Team
from proofs.soak.verdict import Comparison, Outcome, Run
from proofs.stack import Sent, Stack
from streams.topics import DEAD_LETTER

LEAST_RATE: Final = 1_000.0  # events a second that are promised
RATE: Final = 1_300.0  # that are sent
WORKERS: Final = 2
EXPORTERS: Final = 2
# for the group to work again: the session timeout, and recovery on a machine with other work
LIMIT_SECONDS: Final = 60.0
_CATCH_UP_SECONDS: Final = 240.0
_PROGRESS_SECONDS: Final = 5.0
_MORE: Final = 1.2  # events than the time needs: their number is the simulator's, and a run may end late
# between two faults
_PAUSES: Final[dict[Lane, tuple[float, float]]] = {"world": (0.5, 2.0), "data": (6.0, 15.0)}
_BROKER: Final = {"log.cleaner.backoff.ms": "500"}  # compaction is part of the game
_SETTINGS: Final = {
    "DESKPULSE_TOPICS__REPLICATION_FACTOR": "3",
    "DESKPULSE_TOPICS__MIN_INSYNC_REPLICAS": "2",
    "DESKPULSE_TOPICS__LEDGER_SEGMENT_SECONDS": "10",
    "DESKPULSE_TOPICS__LEDGER_COMPACTION_LAG_SECONDS": "10",
    "DESKPULSE_DESK__HORIZON_DAYS": "40",  # tickets of the first days leave within the run
}

Tell = Callable[[str], None]


@dataclass(frozen=True)
class Plan:
    """What was asked for."""

    minutes: float
    seed: int
    kinds: Sequence[Kind]
    rate: float = RATE
    least_rate: float = LEAST_RATE
    limit_seconds: float = LIMIT_SECONDS
    scenario: str = CALM  # of the simulated desk
    once: bool = False  # each kind a single time, however long that takes


@dataclass
class Findings:
    """What is known at the end of the run, before it is judged."""

    contents: Contents
    scrapes: list[proof.Samples]
    ledger: Ledger
    letters: list[object]


@dataclass
class Course:
    """The faults so far, and what went wrong."""

    plan: Plan
    on: Field
    tell: Tell
    outcomes: list[Outcome] = field(default_factory=list)
    trouble: list[str] = field(default_factory=list)
    now: dict[Lane, str] = field(default_factory=dict)
    brokers: asyncio.Lock = field(default_factory=asyncio.Lock)  # who needs them well, or harms them

    @property
    def seconds_left(self) -> float:
        """Until the end of the time that was asked for."""
        return self.plan.minutes * 60 - self.on.load.seconds

    async def lane(self, lane: Lane) -> None:
        """Faults of a lane, one after the other, as long as they fit and nothing is wrong."""
        lot = Lot(self.plan.seed, self.plan.kinds, lane, once=self.plan.once)
        random = Random(f"{self.plan.seed}/{lane}/moments")
        while not self.trouble:
            kind = lot.next(self.seconds_left)
            if kind is None:
                return
            async with self.brokers if lane == "data" or kind.name in SPOIL_RATE else _nothing():
                await self._one(kind, random)
            await asyncio.sleep(random.uniform(*_PAUSES[lane]))

    async def _one(self, kind: Kind, random: Random) -> None:
        began = self.on.load.seconds
        self.now[kind.lane] = kind.name
        try:
            async with asyncio.timeout(3 * kind.seconds + self.on.limit_seconds):
                felt = await ACTS[kind.name](self.on, random)
                took = felt.recovery_seconds
                if felt.since is not None:
                    took = await self.on.works_again(felt.since)
        except (SoakError, AssertionError, KafkaError, ClusterError, TimeoutError) as error:
            self.trouble.append(f"{kind.name} at {began:.0f} s: {str(error) or type(error).__name__}")
            return
        finally:
            del self.now[kind.lane]
        ended = self.on.load.seconds
        self.outcomes.append(
            Outcome(kind.name, felt.amount, felt.effect, took, began, ended, kind.name in SPOIL_RATE)
        )
        self.tell(
            f"  {clock(ended)}  {kind.name}: {felt.amount:,} {felt.effect}"
            + ("" if took is None else f", {took:.1f} s")
        )

    async def progress(self) -> None:
        """A line now and then. Until cancelled."""
        while True:
            await asyncio.sleep(_PROGRESS_SECONDS)
            load = self.on.load
            lag = sum(max(0, offset - self.on.tail.applied(*place)) for place, offset in load.acked.items())
            self.tell(
                f"  {clock(load.seconds)} of {clock(self.plan.minutes * 60)}  {len(self.outcomes)} faults, "
                f"{load.total_acknowledged:,} events, lag {lag:,}, {len(self.on.team.members)} workers"
                + "".join(f", now {name}" for name in self.now.values())
            )


def clock(seconds: float) -> str:
    """Minutes and seconds.

    >>> clock(75.2)
    '1:15'
    """
    return f"{int(seconds) // 60}:{int(seconds) % 60:02}"


def soak(plan: Plan, folder: Path, tell: Tell) -> Run:
    """Run it.

    Whatever it starts it ends; logs stay in the folder. Errors: BrokerError, SoakError when it could not even
    begin.
    """
    events = folder / "events.jsonl"
    count = round(plan.rate * plan.minutes * 60 * _MORE)
    tell(f"soak: seed {plan.seed}, {plan.minutes:g} minutes; generating {count:,} events")
    end_ms = round((time.time() + plan.minutes * 60) * 1000)
    hardships = generate(events, seed=plan.seed, count=count, end_ms=end_ms, scenario=plan.scenario)
    records, more = (
        with_bad_records(read_sent(events)),
        with_bad_records(as_sent(late_desks(plan.seed, end_ms))),
    )
    tell("soak: starting three brokers")
    with LocalKafka(brokers=3, properties=_BROKER, quick_start=True, heap_mb=384) as kafka, Group() as group:
        tell(f"soak: {kafka.name}, three brokers, {WORKERS} workers, {EXPORTERS} exporters; logs in {folder}")
        stack = Stack(kafka.bootstrap, f"soak{plan.seed}-", folder, _SETTINGS, group=group.number)
        course, findings = asyncio.run(_run(plan, kafka, stack, records, more, tell))
    events.unlink()
    if plan.scenario == Rough.name:
        course.trouble += _missing(hardships, tell)
    return _judged(course, findings, tell)


def _missing(hardships: Kinds, tell: Tell) -> list[str]:
    """Tell how often each kind was in the load; what never was is trouble."""
    for line in hardships.lines():
        tell(f"  rough: {line}")
    return [f"the load had no {name}" for name, count in hardships.counts().items() if not count]


async def _run(  # noqa: PLR0917 - each is something else
    plan: Plan, kafka: LocalKafka, stack: Stack, records: Iterable[Sent], more: Iterable[Sent], tell: Tell
) -> tuple[Course, Findings | None]:
    try:
        await stack.create_topics()
        tail, load = Tail(stack), Load(stack, records, rate=plan.rate, more=more)
        on = Field(kafka, stack, Team(stack), tail, load, Archive(stack), plan.minutes, plan.limit_seconds)
        course = Course(plan, on, tell)
        async with _running(tail.run()), _running(on.team.supervise()) as supervision:
            await _start(on)
            async with _running(load.run()) as loading, _running(course.progress()):
                await _faults(course, supervision, loading)
                load.stop()
                await loading
                tell(
                    f"  {clock(load.seconds)}  {await load.finish():,} more events at once, so that the "
                    "desk's story ends now"
                )
            findings = await _findings(course)
        return course, findings
    finally:
        stack.stop()


async def _start(on: Field) -> None:
    for _ in range(WORKERS):
        await on.team.start().saying("recovered partitions=", 120)
    on.exporters += [on.start_exporter(port) for port in free_ports(EXPORTERS)]
    for exporter in on.exporters:
        await exporter.program.saying("listening on", 120)


async def _faults(course: Course, *watched: asyncio.Task[None]) -> None:
    """Both lanes and the rest of the time; ends early when a lane, the supervisor or the load gives up."""
    lanes = asyncio.create_task(_lanes(course))
    await asyncio.wait([lanes, *watched], return_when=asyncio.FIRST_COMPLETED)
    for task in watched:
        if task.done() and not task.cancelled():
            error = task.exception()
            course.trouble.append(f"{error}" if error else "the load ran out of events")
    lanes.cancel()
    try:
        await lanes
    except SoakError as error:
        course.trouble.append(str(error))
    except asyncio.CancelledError:
        pass


async def _lanes(course: Course) -> None:
    await course.on.works_again(time.monotonic())
    await asyncio.gather(course.lane("world"), course.lane("data"))
    if not course.trouble:
        await asyncio.sleep(max(0.0, course.seconds_left))


async def _findings(course: Course) -> Findings | None:
    """What everybody says once all is read; None, and trouble, when it does not come to that."""
    on = course.on
    course.tell(f"  {clock(on.load.seconds)}  all sent; waiting until everything is applied and shown")
    try:
        contents = await on.archive.all()
        last = contents.last_offsets()
        await until(
            lambda: on.tail.reached(last), seconds=_CATCH_UP_SECONDS, what="the last record in the ledger"
        )
        scrapes = [await _scrape(exporter.url, last) for exporter in on.exporters]
        known = {number: position.transaction for number, position in on.tail.positions.items()}
        ledger = await read_ledger(on.stack.settings)
        if behind := {
            number: told for number, one in known.items() if (told := ledger.transaction(number)) < one
        }:
            course.trouble.append(
                f"the ledger was read up to transactions {behind} by partition, where others saw {known}; "
                f"{ledger.told}"
            )
        letters = await on.stack.read(on.stack.topic(DEAD_LETTER))
    except (AssertionError, KafkaError) as error:
        course.trouble.append(f"at the end: {error}")
        return None
    return Findings(contents, scrapes, ledger, letters)


async def _scrape(url: str, last: dict[Place, int]) -> proof.Samples:
    """The first scrape of an exporter that rests on every record."""
    ends = {place: offset + 1 for place, offset in last.items()}

    async def whole() -> proof.Samples | None:
        try:
            samples = await asyncio.to_thread(proof.scrape, url)
        except OSError:
            return None
        return (
            samples
            if proof.AS_OF in {name for name, _ in samples} and not proof.behind(samples, ends)
            else None
        )

    found: proof.Samples = await until(
        whole, seconds=_CATCH_UP_SECONDS, what=f"all records in the figures of {url}", poll_seconds=0.5
    )
    return found


def _judged(course: Course, findings: Findings | None, tell: Tell) -> Run:
    on, plan = course.on, course.plan
    return Run(
        seed=plan.seed,
        minutes=plan.minutes,
        rate=plan.least_rate,
        events=sum(len(records) for records in findings.contents.records.values())
        if findings
        else on.load.total_acknowledged,
        seconds=max(on.load.acknowledged, default=0) + 1,
        outcomes=course.outcomes,
        comparisons=_compare(course, findings, tell) if findings else (),
        acknowledged=on.load.acknowledged,
        limit_seconds=plan.limit_seconds,
        trouble=[
            *course.trouble,
            *(f"the load met {count} times {error}" for error, count in on.load.errors.items()),
        ],
        notes=on.team.told(),
    )


def _compare(course: Course, findings: Findings, tell: Tell) -> list[Comparison]:
    tell("soak: comparing with the oracle")
    on = course.on
    truth = Truth.of(on.stack.settings, findings.contents)
    found = []
    for number, samples in enumerate(findings.scrapes, 1):
        comparison, expected = truth.exporter(f"figures of exporter {number}", samples)
        found.append(comparison)
        if number == 1:
            found.append(truth.ledger(findings.ledger, proof.as_of(samples), expected))
    return [
        *found,
        truth.rows(findings.ledger),
        *([truth.remains(findings.ledger)] if findings.ledger.remains else []),
        truth.counters(findings.ledger, lost=on.lost),
        truth.dead_letters(findings.letters),
    ]


@asynccontextmanager
async def _running(coroutine: Coroutine[Any, Any, None]) -> AsyncIterator[asyncio.Task[None]]:
    """A task that ends with this block."""
    task: asyncio.Task[None] = asyncio.create_task(coroutine)
    try:
        yield task
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError, SoakError):
            await task


@asynccontextmanager
async def _nothing() -> AsyncIterator[None]:
    yield
