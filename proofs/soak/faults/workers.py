"""What befalls workers and exporters: they are killed, also within recovery and within a transaction.

They freeze, join and leave.
"""

from __future__ import annotations

import asyncio
import signal
import time
from functools import partial
from random import Random
from typing import Final

from agents.exits import Exit
from proofs.programs import Program, until
from proofs.soak.errors import SoakError
from proofs.soak.field import Felt, Field
from proofs.stack import COMMITTED, START_SECONDS, UNCOMMITTED

_MOST_WORKERS: Final = 3
_STORM: Final = 4  # workers that join in a storm ...
_STORM_PAUSE_SECONDS: Final = 2.0  # ... so long one after the other
_TRIES: Final = 4  # of what needs a certain moment
_FENCED: Final = "fenced, another worker has taken it over"
_TAKING_OVER: Final = "taking over partitions="


async def kill(field: Field, random: Random) -> Felt:
    """`kill -9` of any worker at any moment; a new one is started at once."""
    await asyncio.sleep(random.uniform(0, 1))  # the moment is the point
    recoveries = field.team.recoveries()
    since = _kill(field.team.take(random))
    field.team.start()
    await field.works_again(since)
    return Felt(field.team.recoveries() - recoveries, "recoveries of partitions with rows", since)


async def kill_all(field: Field, random: Random) -> Felt:
    """`kill -9` of all workers at once; the same number starts after a while."""
    recoveries = field.team.recoveries()
    victims = field.team.take_all()
    since = time.monotonic()
    for victim in victims:
        _kill(victim)
    await asyncio.sleep(random.uniform(0, 2))
    for _ in victims:
        field.team.start()
    await field.works_again(since)
    return Felt(field.team.recoveries() - recoveries, "recoveries of partitions with rows", since)


async def kill_in_recovery(field: Field, _: Random) -> Felt:
    """A worker joins and dies while it reads the ledger."""
    for _try in range(_TRIES):
        joiner = field.stack.start("worker")
        await until(partial(_begins, joiner), seconds=START_SECONDS, what="a recovery", poll_seconds=0.01)
        joiner.signal(signal.SIGSTOP)  # what it has said by now is all that it will
        within = joiner.has_said(_TAKING_OVER) and not joiner.has_said("recovered partitions=")
        since = _kill(joiner)
        if within:
            return Felt(1, "kills within a recovery", since)
        await field.works_again(since)
    return Felt(0, "kills within a recovery", time.monotonic())


def _begins(joiner: Program) -> bool:
    return joiner.has_said(_TAKING_OVER) or not joiner.runs


async def kill_in_transaction(field: Field, random: Random) -> Felt:
    """`kill -9` of a worker that has written rows and not committed them: nobody may ever read them."""
    for _ in range(_TRIES):
        victim = field.team.take(random)
        spans = await field.in_a_transaction(victim, random)
        rows = await field.rows_between(spans, UNCOMMITTED) if spans else 0
        since = _kill(victim)
        field.team.start()
        await field.works_again(since)
        if rows and not await field.rows_between(spans, COMMITTED):
            return Felt(rows, "rows of unfinished transactions that nobody reads", since)
    return Felt(0, "rows of unfinished transactions that nobody reads", time.monotonic())


async def leave(field: Field, random: Random) -> Felt:
    """SIGTERM of a worker; then a new one comes."""
    leaver = field.team.take(random)
    since = time.monotonic()
    await field.team.leave(leaver)
    await field.works_again(since)
    newcomer = field.team.start()
    await newcomer.saying("recovered partitions=", START_SECONDS)
    return Felt(int(leaver.process.returncode == Exit.OK), "left in good order", since)


async def join(field: Field, random: Random) -> Felt:
    """One more worker, where there are three one leaves first."""
    if len(field.team.members) >= _MOST_WORKERS:
        await field.team.leave(field.team.take(random))
    since = time.monotonic()
    newcomer = field.team.start()
    await newcomer.saying("recovered partitions=", START_SECONDS)
    return Felt(1, "joined", since)


async def join_storm(field: Field, _: Random) -> Felt:
    """A worker joins every two seconds, more of them than there are partitions.

    Then they leave one by one.
    """
    before = len(field.team.members)
    since = time.monotonic()
    crowd = []
    for _joined in range(_STORM):
        crowd.append(field.team.start())
        await asyncio.sleep(_STORM_PAUSE_SECONDS)
    most = await _members(field, before + _STORM)
    for program in crowd:
        if program in field.team.members:
            field.team.members.remove(program)
            await field.team.leave(program)
    return Felt(most - before, "joined within seconds", since)


async def _members(field: Field, wanted: int) -> int:
    """Members of the group once all have joined, or as many as did."""
    most = 0

    async def counted() -> bool:
        nonlocal most
        async with field.cluster() as cluster:
            group = await cluster.group(field.stack.settings.app_id)
        most = max(most, group.members if group else 0)
        return most >= wanted

    try:
        await until(counted, seconds=field.limit_seconds)
    except AssertionError:
        return most
    return most


async def zombie(field: Field, random: Random) -> Felt:
    """A worker freezes within a transaction until others have taken its partitions over.

    Awake, its write must fail and it must end.
    """
    since = time.monotonic()
    for _ in range(_TRIES):
        frozen = field.team.take(random)
        await field.in_a_transaction(frozen, random)
        frozen.signal(signal.SIGSTOP)  # also where there was no luck with the moment
        since = time.monotonic()
        if not field.team.members:
            field.team.start()
        await field.works_again(since)  # so the others have all partitions: its session is over
        frozen.signal(signal.SIGCONT)
        if await _fenced(frozen):
            field.team.start()
            return Felt(1, "fenced", since)
        if frozen.runs:  # it had nothing to write, came back into the group and is as good as any
            field.team.members.append(frozen)
    return Felt(0, "fenced", since)


async def _fenced(woken: Program) -> bool:
    """Whether a worker ends because another one owns what it wanted to write."""
    try:
        code = await woken.exit(seconds=15)
    except AssertionError:
        return False
    if code != Exit.RETRY:
        raise SoakError(
            f"a zombie ended with exit code {code}, not with that of a restart:\n{woken.said[-2000:]}"
        )
    return woken.has_said(_FENCED)


async def exporter_kill(field: Field, random: Random) -> Felt:
    """`kill -9` of an exporter; the next one is ready from the ledger alone."""
    place = random.randrange(len(field.exporters))
    since = _kill(field.exporters[place].program)
    field.exporters[place] = fresh = field.start_exporter(field.exporters[place].port)
    await field.ready(fresh)
    return Felt(1, "ready again from the ledger alone", recovery_seconds=time.monotonic() - since)


def _kill(program: Program) -> float:
    """The moment (monotonic) at which it was gone."""
    program.kill()
    return time.monotonic()
