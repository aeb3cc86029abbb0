"""What faults act on: brokers, workers, exporters, the load, and the ledger as it grows."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from random import Random
from typing import Final

from aiokafka import TopicPartition

from agents.exits import Exit
from deskpulse.cluster import Cluster, connect
from deskpulse.cluster.read_topics import read_topics
from deskpulse.lab.brokers.kafka import LocalKafka
from deskpulse.lab.brokers.process import tail as end_of
from deskpulse.lab.demo.stack import answers
from kpis.ledger.codec import POSITION_KEY, Position, decode_position
from proofs.programs import Program, until
from proofs.soak.archive import Archive
from proofs.soak.errors import SoakError
from proofs.soak.ledger import OpenTransactions, Place, Tail
from proofs.soak.load import Load
from proofs.soak.team import Team
from proofs.stack import START_SECONDS, Stack

# records acknowledged so long after a fault must be applied for the group to work again
SETTLE_SECONDS: Final = 0.5
_HOLD_SECONDS: Final = 0.5  # far below any session timeout, and longer than a transaction is open
_MOMENTS: Final = 8  # at which a worker is stopped, until one is right


@dataclass(frozen=True, slots=True)
class Felt:
    """What a fault did: how much of which effect, and since when (monotonic) the group may stand still."""

    amount: int
    effect: str
    since: float | None = None  # None: nothing had to recover
    recovery_seconds: float | None = None  # measured by the fault itself


Act = Callable[["Field", Random], Awaitable[Felt]]


@dataclass
class Exporter:
    """One exporter and its address."""

    program: Program
    port: int

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"


@dataclass
class Field:
    """Everything that runs."""

    kafka: LocalKafka
    stack: Stack
    team: Team
    tail: Tail
    load: Load
    archive: Archive
    minutes: float
    limit_seconds: float  # of a recovery
    exporters: list[Exporter] = field(default_factory=list)
    lost: int = 0  # records that retention removed unread

    def start_exporter(self, port: int) -> Exporter:
        """Start an exporter on a port of its own."""
        return Exporter(self.stack.start("exporter", DESKPULSE_EXPORTER__PORT=str(port)), port)

    async def ready(self, exporter: Exporter) -> None:
        """Wait until an exporter shows the whole ledger."""
        await until(
            lambda: asyncio.to_thread(answers, f"{exporter.url}/readyz"),
            seconds=START_SECONDS,
            what=f"{exporter.url}/readyz",
        )

    @asynccontextmanager
    async def cluster(self) -> AsyncIterator[Cluster]:
        """A connection for an operator's questions."""
        async with connect(self.stack.settings.kafka) as cluster:
            yield cluster

    async def works_again(self, since: float) -> float:
        """Wait until the group works as before.

        The longest time, in seconds, for which a partition stood still since.

        It works when all that was acknowledged half a second after the fault is applied, and in each
        partition something newer too. Errors: SoakError when it does not in time.
        """
        await asyncio.sleep(max(0.0, since + SETTLE_SECONDS - time.monotonic()))
        known = dict(self.load.acked)
        try:
            await until(lambda: self._beyond(known), seconds=self.limit_seconds, what="progress")
        except AssertionError:
            raise SoakError(self._stuck(known)) from None
        return self.tail.standstill(since)

    def _beyond(self, known: Mapping[Place, int]) -> bool:
        newer = {place[1] for place in self.load.acked if self.tail.applied(*place) > known.get(place, -1)}
        return self.tail.reached(known) and newer.issuperset(self.tail.partitions)

    def _stuck(self, known: Mapping[Place, int]) -> str:
        behind = [
            f"{topic}/{number} at {self.tail.applied(topic, number)} of {offset}"
            for (topic, number), offset in sorted(known.items())
        ]
        logs = "\n".join(
            f"{program.log.name}:\n{end_of(program.log, lines=8)}" for program in self.team.members
        )
        return f"the group does not work again after {self.limit_seconds:.0f} s: {', '.join(behind)}\n{logs}"

    async def stop_workers(self) -> dict[int, Position]:
        """End all workers in good order; the positions that they left behind.

        Nobody reads the source topics then.
        """
        for program in (taken := self.team.take_all()):
            if program.runs:
                program.process.terminate()
        codes = [await program.exit(START_SECONDS) for program in taken]
        if odd := [code for code in codes if code not in {Exit.OK, Exit.RETRY, Exit.UNAVAILABLE}]:
            raise SoakError(f"workers that were asked to end did so with exit codes {odd}")
        async with OpenTransactions(self.stack) as transactions:
            await until(lambda: _nothing_open(transactions), what="the end of the last transactions")
        return await self.positions()

    async def positions(self) -> dict[int, Position]:
        """The last position row of each partition, read anew."""
        logs, _ = await read_topics(self.stack.settings.kafka.client_options(), [self.stack.view_topic])
        rows = {
            place.partition: record.value
            for place, records in logs.items()
            for record in records
            if record.key == POSITION_KEY
        }
        return {partition: decode_position(value) for partition, value in rows.items()}

    async def in_a_transaction(
        self, program: Program, random: Random
    ) -> dict[TopicPartition, tuple[int, int]]:
        """Stop a worker (SIGSTOP) in the midst of a transaction.

        The offsets that it has written and not committed. Empty: no luck.

        A transaction is open for some hundredths of a second. One of the brokers is held for a moment, so
        that it stays open for longer.
        """
        async with OpenTransactions(self.stack) as transactions:
            for _ in range(_MOMENTS):
                broker = random.choice(sorted(self.kafka.pids.values()))
                os.kill(broker, signal.SIGSTOP)
                await asyncio.sleep(_HOLD_SECONDS)
                program.signal(signal.SIGSTOP)
                os.kill(broker, signal.SIGCONT)
                await asyncio.sleep(_HOLD_SECONDS)
                before = await transactions.spans()
                await asyncio.sleep(_HOLD_SECONDS)
                held = {
                    place: span
                    for place, span in (await transactions.spans()).items()
                    if before.get(place) == span
                }
                if held:
                    return held
                program.signal(signal.SIGCONT)
                await asyncio.sleep(random.uniform(0.5, 1.5))
        return {}

    async def rows_between(self, spans: Mapping[TopicPartition, tuple[int, int]], isolation: str) -> int:
        """Rows of the view topic at these offsets that a reader sees."""
        starts = {place: start for place, (start, _) in spans.items()}
        options = self.stack.settings.kafka.client_options()
        logs, _ = await read_topics(options, [self.stack.view_topic], isolation=isolation, starts=starts)
        return sum(
            spans[place][0] <= record.offset < spans[place][1] for place in spans for record in logs[place]
        )


async def _nothing_open(transactions: OpenTransactions) -> bool:
    return not await transactions.seen()
