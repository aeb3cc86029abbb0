"""A rolling change of version and back, with real processes.

This version and the next one, whose ticket rows have a field more.
"""

from __future__ import annotations

import time

import pytest

from agents.exits import Exit
from deskpulse.lab.demo.proof import Samples
from kpis.ledger.codec import POSITION_KEY
from oracle import verify
from streams.topics import ledger_topics
from tests.agents.harness import WorkerProcess, until
from tests.e2e.conftest import NewStack
from tests.e2e.stack import CATCH_UP_SECONDS, START_SECONDS, Stack, end_well
from tests.e2e.test_bad_input import good_tickets
from tests.e2e.test_completeness import readyz
from tests.next_version import NEXT, THIS

NEXT_VERSION = "tests.next_version"
TICKETS = 30
pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


class Rolling:
    """One worker at a time, of changing versions; each has some tickets to apply."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.worker: WorkerProcess | None = None
        self.now_ms = round(time.time() * 1000)
        self._turns = 0

    async def turn(self, module: str) -> Samples:
        """A worker of another version takes over.

        It is started first, then the one before is told to stop, as in a deployment.
        """
        before, self.worker = self.worker, self.stack.start("worker", module)
        await self.worker.saying("start app_id", START_SECONDS)
        if before is not None:
            assert Exit.OK == await end_well(before)
        return await self.work()

    async def work(self) -> Samples:
        """Tickets that nobody has seen yet, until they are counted."""
        await self.stack.publish(good_tickets(TICKETS * self._turns, TICKETS, self.now_ms))
        self._turns += 1
        _, ends = await self.stack.source()
        return await self.stack.caught_up(ends)

    async def versions(self) -> set[int]:
        """Versions of all rows that stand in the ledger."""
        found = [
            row for topic in ledger_topics(self.stack.settings.app_id) for row in await self.stack.read(topic)
        ]
        assert POSITION_KEY in {row.key for row in found}
        return {row.value[0] for row in found if row.value is not None}


async def test_a_rolling_upgrade_and_its_way_back_change_no_figure(new_stack: NewStack) -> None:
    """This version, the next, this one again, the next, and only then is the ledger raised.

    Then the way back is closed, and told so.
    """
    stack = new_stack()
    await stack.create_topics()
    exporter = stack.start("exporter")
    await exporter.saying("listening on", START_SECONDS)
    rolling = Rolling(stack)
    for module in ("deskpulse", NEXT_VERSION, "deskpulse"):
        await rolling.turn(module)
    assert max(await rolling.versions()) <= THIS
    verdict, records, _ = await stack.judged()
    assert 3 * 3 * TICKETS == len(records)
    assert not verdict.differences, verify.report(verdict.differences)

    stack.variables["DESKPULSE_WORKER__LEDGER_FORMAT"] = str(NEXT)
    assert rolling.worker is not None
    assert Exit.OK == await end_well(rolling.worker)
    rolling.worker = stack.start("worker", NEXT_VERSION)
    await until(lambda: _refuses(stack), seconds=CATCH_UP_SECONDS, what="an exporter that refuses newer rows")
    assert 0 == await end_well(exporter)
    stack.start("exporter", NEXT_VERSION)
    await rolling.work()
    assert NEXT in await rolling.versions()
    verdict, _, _ = await stack.judged()
    assert not verdict.differences, verify.report(verdict.differences)

    del stack.variables["DESKPULSE_WORKER__LEDGER_FORMAT"]
    assert Exit.OK == await end_well(rolling.worker)
    too_old = stack.start("worker")
    assert Exit.CONFIG == await too_old.exit(START_SECONDS)
    assert too_old.has_said(
        f"a ledger row has version {NEXT}, this program reads up to {THIS}: upgrade it; .*docs/upgrade.md"
    )


async def _refuses(stack: Stack) -> bool:
    status, body = readyz(stack)
    return status == 503 and f"a ledger row has version {NEXT}" in " ".join(body["reasons"])
