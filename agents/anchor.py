"""The Faust table that is none.

It anchors the assignment, and its two hooks drop and recover our own state.
"""

from __future__ import annotations

from typing import Any

import faust
from faust.types import TP

from agents.exits import ends_the_process
from agents.fetching.semi_private import generation, own_partitions
from agents.partitions.ownership import Ownership


class LedgerTable(faust.Table):  # type: ignore[misc] # as in schema.py
    """A table with an always empty changelog.

    Without any table Faust assigns topics one by one, and a ticket's events part.

    Faust swallows what its hooks raise; ours end the process.
    """

    ownership: Ownership  # set before Faust starts
    _generation = -1

    async def on_rebalance(
        self, assigned: set[TP], revoked: set[TP], newly_assigned: set[TP], generation_id: int = 0
    ) -> None:
        """The group has assigned partitions; Faust has waited for the chunks in flight."""
        await super().on_rebalance(assigned, revoked, newly_assigned, generation_id)
        self._generation = generation_id
        with ends_the_process("rebalance"):
            await self.ownership.keep_only(own_partitions(self.app, self.changelog_topic_name))

    async def on_recovery_completed(self, active_tps: set[TP], standby_tps: set[TP]) -> None:
        """Faust has read the (empty) changelog.

        When we return it seeks (see `LedgerConsumer`) and lets chunks flow.
        """
        # not that of now, which may belong to an assignment that we have not been told of yet
        began = self._generation
        with ends_the_process("recovery"):
            await self.ownership.take_over(lambda: generation(self.app) == began)
        await super().on_recovery_completed(active_tps, standby_tps)

    async def on_stop(self) -> None:
        """Faust has waited for the chunks in flight and stops its tables."""
        with ends_the_process("stop"):
            await self.ownership.stop()
        await super().on_stop()


def add_ledger_table(app: faust.App, ownership: Ownership, anchor_topic: str, **options: Any) -> LedgerTable:
    """Register the table."""
    app.conf.Table = LedgerTable
    table: LedgerTable = app.Table(
        "anchor", changelog_topic=app.topic(anchor_topic, acks=False, **options), **options
    )
    table.ownership = ownership
    return table
