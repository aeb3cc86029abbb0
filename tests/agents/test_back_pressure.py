"""A broker that does not answer slows the worker's reading down.

It does not fill its memory, and nothing is lost.
"""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from agents.exits import Exit
from tests.agents.harness import Desk, WorkerProcess, tickets, until
from tests.agents.stuck_worker import STALLS

RECORDS = 120_000
SIZE = 1_000  # so 120 MB wait
# fetched and not yet parsed: up to 1 MiB of each of 24 topic-partitions, twice; then chunks and units
MOST_GROWTH = 70 << 20
PATIENCE_SECONDS = 180.0
pytestmark = pytest.mark.slow


@pytest.fixture
def desk(
    kafka_broker: Any, topic_prefix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Desk]:
    monkeypatch.setenv("STALLED_UNTIL", str(tmp_path / "released"))
    desk = Desk(
        {"bootstrap_servers": kafka_broker.bootstrap},
        topic_prefix,
        tmp_path,
        worker_module="tests.agents.stuck_worker",
    )
    yield desk
    desk.stop()


def resident_bytes(worker: WorkerProcess) -> int:
    """Of memory that is in use now."""
    pages = Path(f"/proc/{worker.process.pid}/statm").read_text().split()[1]
    return int(pages) * 4096


async def rested(worker: WorkerProcess) -> str:
    """Wait until no event is applied any more for five status lines; the last of them."""

    def last_lines() -> str | None:
        lines = [line for line in worker.said.splitlines() if " status " in line][-5:]
        return (
            lines[-1]
            if len(lines) == 5
            and all("events_per_second=0 lag=" in line and " lag=0 " not in line for line in lines)
            else None
        )

    line: str = await until(last_lines, seconds=PATIENCE_SECONDS, what="a rest")
    return line


async def test_a_stalled_broker_holds_the_worker_and_its_memory(
    desk: Desk, tmp_path: Path, tell: Callable[[str], None]
) -> None:
    await desk.create_topics()
    worker = desk.start_worker("stalled", unit_records=2_000, chunk_records=500)
    await worker.saying("recovered partitions", PATIENCE_SECONDS)
    before = resident_bytes(worker)
    await desk.produce(tickets(RECORDS, size=SIZE))
    await rested(worker)
    held = resident_bytes(worker)
    tell(
        f"stalled broker: {RECORDS * SIZE >> 20} MiB wait, the worker has grown by {(held - before) >> 20} "
        "MiB"
    )
    assert held - before < MOST_GROWTH, f"{(held - before) >> 20} MiB"
    await asyncio.to_thread((tmp_path / "released").touch)
    await desk.agrees(PATIENCE_SECONDS)
    assert RECORDS == sum((await desk.ledger_counts()).values())


async def test_sigterm_does_not_wait_for_a_broker_that_does_not_answer(desk: Desk) -> None:
    """A write that does not return cannot be finished within 10 s.

    The worker ends all the same, and says that nothing is lost.
    """
    await desk.create_topics()
    worker = desk.start_worker("stalled")
    await worker.saying("recovered partitions", PATIENCE_SECONDS)
    await desk.produce(tickets(500))
    await worker.saying(STALLS, PATIENCE_SECONDS)
    worker.signal(signal.SIGTERM)
    told_at = time.monotonic()
    assert Exit.RETRY == await worker.exit(PATIENCE_SECONDS)
    # 9 s by its own clock, which the log tells; the write itself would last for an hour
    assert time.monotonic() - told_at < 30
    assert worker.has_said("not stopped within 9 s; nothing is lost")
    desk.worker_module = "tests.agents.counting_worker"
    desk.start_worker()
    await desk.agrees(PATIENCE_SECONDS)
