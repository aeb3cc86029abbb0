"""What befalls brokers: one dies, one is slow, all are away."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Collection
from random import Random
from typing import Final

from proofs.programs import until
from proofs.soak.errors import SoakError
from proofs.soak.field import Felt, Field
from streams.topics import SOURCE_TOPICS, ledger_topics

_DOWN_SECONDS: Final = (3.0, 6.0)
_SLOW_SECONDS: Final = 8.0
_STOPPED_SECONDS: Final = 0.5  # of each turn of a slow broker; longer than any write takes on an idle cluster
_RUNNING_SECONDS: Final = 0.15
_SLOW_WRITE_SECONDS: Final = 0.4
_AWAY_SHARE: Final = 0.1  # of the run
_LONGEST_AWAY_SECONDS: Final = 60.0
_LEAST_AWAY_SECONDS: Final = 10.0
_WELL_SECONDS: Final = 90.0


async def kill_one(field: Field, random: Random) -> Felt:
    """`kill -9` of one broker of three, started again after some seconds."""
    node = random.choice(sorted(field.kafka.pids))
    led = await _led_by(field, node)
    since = time.monotonic()
    await asyncio.to_thread(field.kafka.kill, node)
    await field.works_again(since)
    moved = len(led) - len(await _led_by(field, node))
    await asyncio.sleep(random.uniform(*_DOWN_SECONDS))
    await asyncio.to_thread(field.kafka.restart, node)
    await all_in_sync(field)
    return Felt(moved, "partitions got another leader", since)


async def slow(field: Field, random: Random) -> Felt:
    """One broker runs for a sixth of the time."""
    pid = random.choice(sorted(field.kafka.pids.values()))
    felt, ends = 0, time.monotonic() + _SLOW_SECONDS
    since = time.monotonic()
    try:
        while time.monotonic() < ends:
            field.load.slowest_ack = 0.0
            os.kill(pid, signal.SIGSTOP)
            await asyncio.sleep(_STOPPED_SECONDS)
            os.kill(pid, signal.SIGCONT)
            await asyncio.sleep(_RUNNING_SECONDS)
            felt += field.load.slowest_ack >= _SLOW_WRITE_SECONDS
    finally:
        os.kill(pid, signal.SIGCONT)
    return Felt(felt, f"stops of a broker that writers felt for {_SLOW_WRITE_SECONDS:g} s", since)


async def away(field: Field, _: Random) -> Felt:
    """All brokers are unreachable, for up to a minute."""
    seconds = away_seconds(field.minutes)
    pids = list(field.kafka.pids.values())
    began = time.monotonic()
    _signal_all(pids, signal.SIGSTOP)
    try:
        await asyncio.sleep(seconds)
        silence = time.monotonic() - field.load.last_ack
    finally:
        _signal_all(pids, signal.SIGCONT)
    since = time.monotonic()
    if silence < seconds - 1:
        raise SoakError(
            f"a broker answered {time.monotonic() - began - silence:.1f} s after all had been stopped"
        )
    await _again(field, since)
    await all_in_sync(field)
    return Felt(round(silence), "s without any broker", since)


async def _again(field: Field, since: float) -> None:
    """Workers may have given up and are started again; only then the clock of `works_again` is a fair one."""
    await until(
        lambda: field.load.last_ack > since, seconds=_WELL_SECONDS, what="a write after the brokers are back"
    )


def away_seconds(minutes: float) -> float:
    """How long all brokers are away in a run of so many minutes.

    >>> away_seconds(5), away_seconds(60), away_seconds(0.5)
    (30.0, 60.0, 10.0)
    """
    return min(_LONGEST_AWAY_SECONDS, max(_LEAST_AWAY_SECONDS, minutes * 60 * _AWAY_SHARE))


def _signal_all(pids: Collection[int], number: signal.Signals) -> None:
    for pid in pids:
        os.kill(pid, number)


async def all_in_sync(field: Field) -> None:
    """Wait until every partition has its three copies again.

    A fault that comes earlier would leave too few to write to.
    """

    async def well() -> bool:
        partitions = (await _partitions(field)).values()
        return all(leader >= 0 and len(in_sync) == copies for leader, in_sync, copies in partitions)

    await until(well, seconds=_WELL_SECONDS, what="all copies in sync", poll_seconds=0.5)


async def _led_by(field: Field, node: int) -> list[tuple[str, int]]:
    return [place for place, (leader, _, _) in (await _partitions(field)).items() if leader == node]


async def _partitions(field: Field) -> dict[tuple[str, int], tuple[int, tuple[int, ...], int]]:
    """Leader, copies in sync and number of copies of each partition of sources and ledger."""
    names = [
        *(field.stack.topic(topic) for topic in SOURCE_TOPICS),
        *ledger_topics(field.stack.settings.app_id),
    ]
    async with field.cluster() as cluster:
        topics = await cluster.topics(names)
    return {
        (name, number): (partition.leader, partition.in_sync, len(partition.replicas))
        for name, topic in topics.items()
        for number, partition in topic.partitions.items()
    }
