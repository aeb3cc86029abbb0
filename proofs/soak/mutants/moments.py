"""Exact moments in a worker at which something happens.

It may be a crash around a commit, a freeze, a commit that is held, or a chunk that gets lost.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from aiokafka import AIOKafkaProducer

from agents.fetching.scheduler import ChunkScheduler
from agents.partitions.ledger_io import LedgerWriter
from proofs.programs import until
from proofs.soak.mutants.switches import replace

KILLED: Final = 137  # as a shell tells `kill -9`
GATE: Final = "SOAK_GATE"  # the file that a held commit waits for
_LONGEST_SECONDS: Final = 50.0


def _crash() -> None:
    os._exit(KILLED)


def before_commit(number: int) -> None:
    """Die when all rows of a transaction are written and it is not committed."""
    commit, count = AIOKafkaProducer.commit_transaction, 0

    async def dying(self: Any) -> None:
        nonlocal count
        count += 1
        if count == number:
            _crash()
        await commit(self)

    replace(AIOKafkaProducer, "commit_transaction", dying)


def after_commit(number: int) -> None:
    """Die when a transaction is committed and nothing has been acked."""
    commit, count = AIOKafkaProducer.commit_transaction, 0

    async def dying(self: Any) -> None:
        nonlocal count
        await commit(self)
        count += 1
        if count == number:
            _crash()

    replace(AIOKafkaProducer, "commit_transaction", dying)


def freeze_before_write(number: int) -> None:
    """Stop (SIGSTOP) when a unit of work is applied and nothing of it is written."""
    write, count = LedgerWriter.write, 0

    async def freezing(self: LedgerWriter, changes: Any, letters: Any) -> None:
        nonlocal count
        count += 1
        if count == number:
            os.kill(os.getpid(), signal.SIGSTOP)
        await write(self, changes, letters)

    replace(LedgerWriter, "write", freezing)


def held_commit(number: int) -> None:
    """Write, and commit when the gate is there.

    Twice, so that either of two partitions is within a transaction.
    """
    gate = Path(os.environ[GATE])
    commit, count = AIOKafkaProducer.commit_transaction, 0

    async def held(self: Any) -> None:
        nonlocal count
        count += 1
        if count in {number, number + 1}:
            print("commit is held", flush=True)
            await until(gate.exists, seconds=_LONGEST_SECONDS, what="the gate")
        await commit(self)

    replace(AIOKafkaProducer, "commit_transaction", held)


def lose_chunk(number: int) -> None:
    """Lose one chunk of first replies between the fetch and the agents.

    Faust loses one like this around a rebalance now and then.
    """
    iterate, count = ChunkScheduler.iterate, 0

    def losing(self: ChunkScheduler, records: Any) -> Iterator[Any]:
        nonlocal count
        for place, message in iterate(self, records):
            count += place.topic.endswith("first-reply")
            if count == number and place.topic.endswith("first-reply"):
                print(f"lost a chunk of {len(message.value.records)} records", flush=True)
                continue
            yield place, message

    replace(ChunkScheduler, "iterate", losing)


MOMENTS: Final[Mapping[str, Callable[[int], None]]] = {
    "before-commit": before_commit,
    "after-commit": after_commit,
    "freeze-before-write": freeze_before_write,
    "held-commit": held_commit,
    "lose-chunk": lose_chunk,
}
