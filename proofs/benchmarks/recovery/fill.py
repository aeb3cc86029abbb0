"""A ledger with many open tickets, made in minutes.

Its rows are those of the workers' own state, written by their own writer, without any event.
"""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Final, NamedTuple

from agents.partitions.ledger_io import LedgerWriter
from deskpulse.wiring import worker_config
from kpis.ledger.codec import POSITION_KEY, encode_position
from kpis.state.partition import PartitionState
from kpis.state.records import Changes
from proofs.benchmarks.children import OnProgress
from proofs.benchmarks.ledger import read
from proofs.benchmarks.site import PARTITIONS, Site
from streams.topics import SOURCE_TOPICS
from windows.panes import DAY_MS, MINUTE_MS

DAYS: Final = 60  # over which they were created; all are open, so none expires
_A_TRANSACTION: Final = 4_000  # tickets
_TEAMS, _CHANNELS, _PRIORITIES = 12, 4, 4
_REPLIED: Final = 0.6  # of the tickets; the others wait for their first reply
_TRIAGED: Final = 0.15


class FilledRecord(NamedTuple):
    """What the state needs of a Kafka record."""

    partition: int
    offset: int
    timestamp: int
    key: bytes
    value: bytes


class Filled(NamedTuple):
    """What was written."""

    tickets: int
    ticket_bytes: int  # of their rows, key and value; each is written once
    view_rows: int  # older ones of the same key among them, as in a log that is not compacted yet
    live_view_rows: int
    live_view_bytes: int


async def fill(site: Site, app_id: str, tickets: int, seed: int, on_progress: OnProgress) -> Filled:
    """Write a ledger of so many open tickets, spread evenly over the partitions.

    The source topics stay empty.
    """
    config, each = worker_config(site.settings(app_id)), tickets // PARTITIONS
    found = []
    for number in range(PARTITIONS):
        writer = LedgerWriter(config, number)
        await writer.take_over()
        try:
            desk = _Desk(
                number, each, Random(seed * 1_000 + number), PartitionState(number, config.state_rules)
            )
            await writer.settle(desk.state.position.format)
            async for done in desk.write(writer):
                on_progress(number * each + done)
            found.append(desk.filled())
        finally:
            await writer.close()
    return Filled(*(sum(values) for values in zip(*found, strict=True)))


async def outdate(site: Site, app_id: str) -> None:
    """Let the position of each partition say that other definitions made its panes.

    An upgrade that changes definitions leaves a ledger like this.
    """
    config = worker_config(site.settings(app_id))
    found = await read(site, app_id, lambda _: None)
    for number, positions in found.positions.items():
        position = positions[-1][1]
        position.definitions -= 1
        position.transaction += 1
        writer = LedgerWriter(config, number)
        await writer.take_over()
        try:
            await writer.settle(position.format)
            await writer.write(Changes([], [(POSITION_KEY, encode_position(position))]), [])
        finally:
            await writer.close()


@dataclass
class _Desk:
    """One partition."""

    number: int
    tickets: int
    chance: Random
    state: PartitionState
    now_ms: int = field(default_factory=lambda: time.time_ns() // 1_000_000)
    ticket_bytes: int = 0
    view_rows: int = 0
    view: dict[bytes, int] = field(default_factory=dict)  # bytes of the live rows

    async def write(self, writer: LedgerWriter) -> AsyncIterator[int]:
        """In transactions; tells how many tickets are written."""
        for first in range(0, self.tickets, _A_TRANSACTION):
            last = min(first + _A_TRANSACTION, self.tickets)
            for topic, records in self._events(first, last).items():
                assert not self.state.apply(topic, records)
            self.state.advance(SOURCE_TOPICS)
            self.state.position.offsets.clear()  # the source topics are empty
            changes = self.state.take_changes()
            await writer.write(changes, [])
            self._note(changes)
            yield last

    def _note(self, changes: Changes) -> None:
        self.ticket_bytes += sum(len(key) + len(value or b"") for key, value in changes.tickets)
        self.view_rows += len(changes.view)
        for key, value in changes.view:
            if value is None:
                self.view.pop(key, None)
            else:
                self.view[key] = len(key) + len(value)

    def filled(self) -> Filled:
        """What it has written."""
        return Filled(
            self.state.tickets_held,
            self.ticket_bytes,
            self.view_rows,
            len(self.view),
            sum(self.view.values()),
        )

    def _events(self, first: int, last: int) -> dict[str, list[FilledRecord]]:
        """All that has happened to some tickets, by topic.

        A ticket is whole within one call, so its row is written once.
        """
        found: dict[str, list[FilledRecord]] = {
            topic: [] for topic in ("ticket-created", "ticket-changed", "first-reply")
        }
        for ticket, topic, at_ms, fields in self._happenings(first, last):
            event = {"event_id": f"{topic[:2]}-{ticket}", "occurred_at": at_ms, "ticket_id": ticket, **fields}
            records = found[topic]
            records.append(
                FilledRecord(
                    self.number, len(records), self.now_ms, ticket.encode(), json.dumps(event).encode()
                )
            )
        return {topic: records for topic, records in found.items() if records}

    def _happenings(self, first: int, last: int) -> Iterator[tuple[str, str, int, dict[str, str]]]:
        chance = self.chance
        for index in range(first, last):
            ticket = f"T{self.number}-{index:08}"
            created_ms = self.now_ms - DAYS * DAY_MS + DAYS * DAY_MS * index // self.tickets
            fields = {
                "customer_id": f"C-{chance.randrange(self.tickets):08}",
                "team": f"team-{chance.randrange(_TEAMS)}",
                "channel": f"channel-{chance.randrange(_CHANNELS)}",
                "priority": f"p{chance.randrange(_PRIORITIES)}",
                "url": f"https://desk.example.org/tickets/{ticket}",
            }
            yield ticket, "ticket-created", created_ms, fields
            later_ms = min(self.now_ms, created_ms + chance.randrange(1, 240) * MINUTE_MS)
            if chance.random() < _TRIAGED:
                yield (
                    ticket,
                    "ticket-changed",
                    later_ms,
                    {"change": "triaged", "team": f"team-{chance.randrange(_TEAMS)}"},
                )
            if chance.random() < _REPLIED:
                yield ticket, "first-reply", later_ms, {}
