"""What `make bench-recovery` writes and how it reckons; the run itself needs minutes."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any

from kpis.state.partition import PartitionState
from kpis.state.records import Changes, DeadLetter
from proofs.benchmarks.ledger import Sample, read
from proofs.benchmarks.recovery.fill import Filled, _Desk, fill, outdate
from proofs.benchmarks.recovery.measure import ExporterStart, Handover, Starts, WorkerStart
from proofs.benchmarks.recovery.pause import moved_since, pauses
from proofs.benchmarks.recovery.report import last_line, memory_a_ticket, tickets_in
from proofs.benchmarks.site import PARTITIONS, Site

MIB = 1 << 20


class Kept:
    """A writer that keeps the rows."""

    def __init__(self) -> None:
        self.rows: dict[tuple[str, bytes], bytes | None] = {}

    async def write(self, changes: Changes, letters: Sequence[DeadLetter]) -> None:
        assert not letters
        self.rows |= {("tickets", key): value for key, value in changes.tickets}
        self.rows |= {("view", key): value for key, value in changes.view}


async def test_the_ledger_is_one_that_a_worker_could_have_written() -> None:
    """Recovered, it is the state that wrote it.

    Every ticket is open, and nothing of the source topics counts as applied.
    """
    desk, kept = _Desk(0, 9_000, Random(1), PartitionState(0)), Kept()
    writer: Any = kept
    assert [4_000, 8_000, 9_000] == [done async for done in desk.write(writer)]
    twin = PartitionState(0)
    for (topic, key), value in kept.rows.items():
        twin.load(topic, key, value)  # type: ignore[arg-type]
    twin.loaded()
    assert (9_000, twin.position) == (twin.tickets_held, desk.state.position)
    assert {} == twin.position.offsets
    filled = desk.filled()
    live = {key: value for (topic, key), value in kept.rows.items() if topic == "view" and value is not None}
    assert (9_000, len(live)) == (filled.tickets, filled.live_view_rows)
    assert filled.live_view_bytes == sum(len(key) + len(value) for key, value in live.items())
    assert filled.view_rows > filled.live_view_rows


async def test_a_broker_takes_the_ledger_and_what_outdates_it(kafka_broker: Any, tmp_path: Path) -> None:
    """Written as workers write: one producer for each partition, under the id of the ledger's format."""
    site = Site(kafka_broker.bootstrap, f"fill-{secrets.token_hex(4)}-", tmp_path)
    app_id = site.app_id("full", 1)
    await site.create_sources()
    await site.create_ledger(app_id)
    told: list[int] = []
    filled = await fill(site, app_id, 40, 1, told.append)
    assert (40, [10, 20, 30, 40]) == (filled.tickets, told)
    before = await positions_of(site, app_id)
    await outdate(site, app_id)
    after = await positions_of(site, app_id)
    assert {number: definitions - 1 for number, definitions in before.items()} == after
    assert set(range(PARTITIONS)) == set(after)


async def positions_of(site: Site, app_id: str) -> dict[int, int]:
    """The definitions that the latest position of each partition names."""
    found = await read(site, app_id, lambda _: None)
    return {number: positions[-1][1].definitions for number, positions in found.positions.items()}


def test_a_pause_is_the_longest_time_without_a_move_that_touches_the_span() -> None:
    """Partition 0 moves every second.

    1 stands still from 1 to 5 s, which is all that happened to it within 2 to 4 s.
    """
    samples = [Sample(float(second), (second, 1 if second < 5 else 2)) for second in range(1, 8)]
    assert [1.0, 4.0] == pauses(samples, 2.0, 4.0)
    assert [] == pauses([], 2.0, 4.0)
    assert not moved_since(samples, 5.0)
    assert moved_since(samples, 4.0)


def test_the_last_line_and_the_capacity() -> None:
    """1,000 MiB more than an empty worker for a million tickets are 1,049 bytes each.

    At the peak, 2,000 MiB, 2,097: (4,096 - 96) MiB hold twice a million.
    """
    filled = Filled(1_000_000, 160_000_000, 500_000, 400_000, 40_000_000)
    nothing = Handover(0.3, 0.2)
    worker = WorkerStart(12.0, 10.0, 1_500_000, 1_096 * MIB, 2_096 * MIB)
    starts = Starts(
        96 * MIB,
        ExporterStart(4.0, 300 * MIB),
        worker,
        nothing,
        Handover(2.5, 0.4),
        Handover(14.0, 9.0),
        1.0,
        20.0,
        1_000_000,
    )
    assert 1_049 == round(memory_a_ticket(filled, starts))
    assert 2_000_000 == tickets_in(4_096 * MIB, filled, starts)
    assert last_line(filled, starts) == (
        "recovery: 1,000,000 open tickets, worker ready in 12.0 s (150,000 rows/s), exporter in 4.0 s, "
        "rebalance pause 2.5 s, "
        "panes made anew in 20.0 s, 1,049 bytes of memory and 200 of ledger a ticket"
    )
