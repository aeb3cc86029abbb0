"""`kill -9` of workers at random moments.

Nothing is lost, nothing counts twice, and every figure is the oracle's.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import islice
from random import Random

import pytest

from agents.exits import Exit
from deskpulse.lab.demo import proof
from deskpulse.lab.simulator import simulate
from oracle import verify
from oracle.events import Record, read_records
from proofs.programs import Program, until
from proofs.soak.judge import duplicates
from proofs.soak.ledger import OpenTransactions
from proofs.soak.load import as_sent, with_bad_records
from proofs.soak.team import RECOVERED
from proofs.stack import UNCOMMITTED, Sent, Stack
from tests.e2e.conftest import NewStack
from tests.e2e.stack import by_label, total
from windows.panes import DAY_MS

KILLS = 30
WORKERS = 2
DAYS = 7  # of simulated desk: about 65,000 events
PAUSE_SECONDS = 0.2  # after 50 records while workers die: a kill always meets work


def events(seed: int, now_ms: int) -> Iterator[Sent]:
    """A simulated desk up to now, with duplicates, late and out-of-order events, and bad records."""
    start_ms = now_ms - DAYS * DAY_MS
    return with_bad_records(
        as_sent(simulate("calm", seed=seed, start_ms=start_ms, end_ms=now_ms, rate_per_hour=60.0))
    )


class Killer:
    """Kills one of the workers after the other and starts each again, as a supervisor would.

    It also starts one that ended by itself.
    """

    def __init__(self, stack: Stack, workers: list[Program], seed: int) -> None:
        self._stack = stack
        self._workers = workers
        self._random = Random(seed)
        self.at_work = 0  # kills of a worker that had recovered partitions
        self.ended: list[int] = []  # exit codes of workers that ended by themselves

    async def run(self) -> None:
        async with OpenTransactions(self._stack) as transactions:
            for _ in range(KILLS):
                await self._moment(transactions)
                victim = self._random.randrange(WORKERS)
                program = self._workers[victim]
                program.kill()
                self.at_work += program.has_said(RECOVERED)
                self._workers[victim] = self._stack.start("worker")

    async def supervise(self) -> None:
        """A worker that another one overtook ends, and is started again. Until cancelled."""
        while True:
            for number, program in enumerate(self._workers):
                if (code := program.process.poll()) is not None:
                    self.ended.append(code)
                    self._workers[number] = self._stack.start("worker")
            await asyncio.sleep(0.2)

    async def _moment(self, transactions: OpenTransactions) -> None:
        """A third of the kills wait until somebody has recovered since the last one.

        The others meet a group that sorts itself out.

        Of those that wait, most come in the midst of a transaction.
        """
        if self._random.random() < 1 / 3:
            known = self._recoveries()
            await until(lambda: self._recoveries() > known, seconds=90, what="a recovery")
            if self._random.random() < 3 / 4:
                with suppress(TimeoutError):  # records may have run out
                    async with asyncio.timeout(5):
                        while not await transactions.seen():
                            pass
                    return
        await asyncio.sleep(self._random.uniform(0, 1.5))  # the moment is the point

    def _recoveries(self) -> int:
        return sum(len(re.findall(RECOVERED, worker.said)) for worker in self._workers)


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", [20_251])
async def test_thirty_kills_change_no_figure(
    new_stack: NewStack, seed: int, tell: Callable[[str], None]
) -> None:
    tell(f"seed {seed}")
    began = time.monotonic()
    stack = new_stack()
    workers = await stack.start_all(WORKERS)
    source = events(seed, round(time.time() * 1000))
    sent = await stack.publish(islice(source, 15_000))  # the customers and the first tickets
    killer = Killer(stack, workers, seed)
    killing, supervising = asyncio.create_task(killer.run()), asyncio.create_task(killer.supervise())
    sent += await stack.publish(source, pause_seconds=lambda: 0.0 if killing.done() else PAUSE_SECONDS)
    await killing
    killed = time.monotonic()
    verdict, records, samples = await stack.judged()
    supervising.cancel()
    tell(
        f"{KILLS} kills in {killed - began:.0f} s, {killer.at_work} of a worker at work; {sent:,} records; "
        f"{verdict}"
    )

    assert not verdict.differences, verify.report(verdict.differences)
    assert sent == len(records)
    assert verdict.compared > 1_000
    await assert_counted_once(stack, records, samples)
    await assert_kills_were_felt(stack, killer, tell)


async def assert_counted_once(stack: Stack, records: list[Record], samples: proof.Samples) -> None:
    """The counters that a replay would raise, and the dead letters that it would write again."""
    facts = read_records(records)
    assert facts.accepted == total(samples, "deskpulse_events_accepted_total")
    assert duplicates(facts) == total(samples, "deskpulse_events_duplicate_total") > 0
    assert facts.rejected == by_label(samples, "deskpulse_events_rejected_total", "reason")
    assert 0 == total(samples, "deskpulse_records_lost_total")
    letters = await stack.read(stack.topic("dead-letter"))
    assert len(letters) == len({letter.key for letter in letters}) == facts.rejected["syntax"]


async def assert_kills_were_felt(stack: Stack, killer: Killer, tell: Callable[[str], None]) -> None:
    """Workers recovered rows that others had written, and some died within a transaction."""
    recovered = [int(rows) for program in stack.programs for rows in re.findall(RECOVERED, program.said)]
    unfinished = len(await stack.read(stack.view_topic, UNCOMMITTED)) - len(
        await stack.read(stack.view_topic)
    )
    tell(
        f"{sum(rows > 0 for rows in recovered)} recoveries of {sum(recovered)} rows; {unfinished} rows of "
        "unfinished transactions"
    )
    assert max(recovered) > 0
    assert killer.at_work >= KILLS // 4
    assert {Exit.RETRY}.issuperset(killer.ended), stack.last_words()
