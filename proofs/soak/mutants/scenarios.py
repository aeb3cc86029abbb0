"""The moment at which each safeguard matters, forced.

It may be a crash at an exact point, or a certain order of messages.
"""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

from agents.exits import Exit
from deskpulse.ingest.events_io import encode, record_key
from proofs.programs import Program, until
from proofs.soak.load import as_sent, late_desk
from proofs.soak.mutants.bench import Bench, Trial
from proofs.soak.mutants.moments import KILLED
from proofs.stack import START_SECONDS, Sent
from windows.panes import DAY_MS, MINUTE_MS

_RECORDS: Final = 3_000
_MORE: Final = 600
_HELD_SECONDS: Final = 8.0  # enough to join and to take over, if nobody waits
_FENCED: Final = "fenced, another worker has taken it over"
_CREATION: Final[dict[str, object]] = {
    "customer_id": "C1",
    "team": "billing",
    "channel": "email",
    "priority": "low",
}
_STOPPED: Final = "T"  # state of a process in /proc

Play = Callable[[Bench], Awaitable[None]]


@dataclass(frozen=True)
class Safeguard:
    """A safeguard, the play that needs it, and by what the mutant must be known."""

    name: str
    title: str
    play: Play
    # why it is red, None when it is not for the reason that is expected
    symptom: Callable[[Trial], str | None]
    partitions: int = 1


def desk(seed: int, count: int) -> Iterator[Sent]:
    """Events of some days, up to a day ago."""
    now_ms = round(time.time() * 1000)
    return islice(
        as_sent(late_desk(seed, start_ms=now_ms - 5 * DAY_MS, end_ms=now_ms - DAY_MS, rate_per_hour=40.0)),
        count,
    )


async def crash_and_heir(bench: Bench, moment: str, *, heir_sound: bool) -> None:
    """A worker dies at a moment; its heir goes on where the ledger says."""
    await bench.publish(desk(1, _RECORDS))
    first = bench.worker(moment=moment, sound=not heir_sound)
    assert await first.exit(START_SECONDS) == KILLED, first.said
    bench.worker(sound=heir_sound)
    await bench.applied()


async def dies_after_a_commit(bench: Bench) -> None:
    """After the fifth commit: of the mutant with two transactions a unit, that is between two of them."""
    await crash_and_heir(bench, "after-commit:5", heir_sound=True)


async def dies_before_a_commit(bench: Bench) -> None:
    """All rows of the fifth transaction are in the log, and it never happened. The heir is the mutant."""
    await crash_and_heir(bench, "before-commit:5", heir_sound=False)


async def loses_a_chunk(bench: Bench) -> None:
    """A chunk vanishes within the worker; later ones of its topic arrive."""
    await bench.publish(desk(1, _RECORDS))
    worker = bench.worker(moment="lose-chunk:2")
    await bench.applied()
    assert worker.has_said("lost a chunk"), worker.said


async def is_read_at_rest(bench: Bench) -> None:
    """A reader shows what the position row vouches for.

    After the last transaction nothing follows that could hide the order.
    """
    await bench.publish(desk(1, _RECORDS))
    bench.worker()
    exporter = bench.stack.start("exporter")
    await bench.applied()
    await exporter.saying("listening on", START_SECONDS)


async def wakes_as_a_zombie(bench: Bench) -> None:
    """A worker freezes with a unit applied and not written; its heir finishes everything.

    Then it wakes and writes.
    """
    await bench.publish(desk(1, _RECORDS))
    zombie = bench.worker(moment="freeze-before-write:4")
    await until(lambda: _state(zombie) == _STOPPED, seconds=START_SECONDS, what="the freeze")
    bench.worker()
    await bench.applied()
    before = bench.tail.positions[0].transaction
    zombie.signal(signal.SIGCONT)
    await until(
        lambda: not zombie.runs or bench.tail.positions[0].transaction < before,
        seconds=START_SECONDS,
        what="the zombie's write",
    )
    if zombie.runs:
        back = before - bench.tail.positions[0].transaction
        bench.notes.append(f"a zombie's write got through and took the position back by {back} transactions")
        zombie.kill()
        return
    assert zombie.process.returncode == Exit.RETRY, zombie.said
    assert zombie.has_said(_FENCED), zombie.said


async def gets_a_partition_back(bench: Bench) -> None:
    """Another worker joins, works, and leaves in good order.

    The first one gets the partition back and must not care.
    """
    await bench.publish(desk(1, _RECORDS))
    first = bench.worker()
    await bench.applied()
    second = bench.worker()
    await second.saying("recovered partitions=", START_SECONDS)
    await bench.publish(desk(2, _MORE))
    await bench.applied()
    assert await second.end_well(START_SECONDS) == Exit.OK, second.said
    await bench.publish(desk(3, _MORE))
    await _applied_or_ended(bench, first)


async def hands_over_slowly(bench: Bench) -> None:
    """Another worker joins while a transaction takes long.

    Partitions are handed over when it is done, not before.
    """
    await bench.publish(desk(1, _RECORDS))
    first = bench.worker(moment="held-commit:3")
    await first.saying("commit is held", START_SECONDS)
    second = bench.worker(sound=True)
    await second.saying("start app_id=", START_SECONDS)
    with suppress(AssertionError):  # a sound worker does not let it go on
        await until(lambda: second.has_said("recovered partitions="), seconds=_HELD_SECONDS)
    bench.open_gate()
    await second.saying("recovered partitions=", START_SECONDS)
    await bench.publish(desk(2, _MORE))
    await _applied_or_ended(bench, first)


async def _applied_or_ended(bench: Bench, worker: Program) -> None:
    """Wait until all is applied.

    Where a healthy worker ended meanwhile, note it and start it again, as a supervisor would.
    """
    applied = asyncio.create_task(bench.applied())
    await until(
        lambda: applied.done() or not worker.runs, seconds=START_SECONDS, what=f"progress of\n{worker.said}"
    )
    if not worker.runs:
        assert worker.process.returncode == Exit.RETRY, worker.said
        assert worker.has_said(_FENCED), worker.said
        bench.notes.append(
            "a healthy worker was fenced in an ordinary rebalance and ended with exit code "
            f"{worker.process.returncode}"
        )
        bench.worker(sound=True)
    await applied


async def hears_two_stories(bench: Bench) -> None:
    """Send events with one identity and one time and different content.

    One ticket gets them in this order, the next one in the other.
    """
    at_ms = round(time.time() * 1000) - DAY_MS
    await bench.publish(record for number in range(20) for record in _contradictions(number, at_ms))
    bench.worker()
    await bench.applied()


def _contradictions(number: int, at_ms: int) -> Iterator[Sent]:
    ticket, turn = f"T{number}", -1 if number % 2 else 1
    plain = {"ticket_id": ticket, "occurred_at": at_ms}
    stories: list[tuple[str, list[dict[str, object]]]] = [
        (
            "ticket-created",
            [
                {"customer_id": "C1", "team": team, "channel": "email", "priority": "low"}
                for team in ("billing", "orders")
            ],
        ),
        ("resolved", [{"outcome": outcome} for outcome in ("solved", "abandoned")]),
        ("survey", [{"kind": "nps", "score": score} for score in (3, 10)]),
    ]
    for topic, tellings in stories:
        for told in tellings[::turn]:
            event = {"event_id": f"{topic} of {ticket}", **plain, **told}
            yield topic, record_key(topic, event), encode(event)


async def has_a_topic_far_ahead(bench: Bench) -> None:
    """One topic stands at yesterday, the others eighty days before.

    What they bring next is no more late than it was.
    """
    now_ms = round(time.time() * 1000)
    old_ms, young_ms = now_ms - 80 * DAY_MS, now_ms - DAY_MS
    await bench.publish(_one_of_each_topic(old_ms, young_ms))
    worker = bench.worker()
    await bench.applied()
    await worker.saying("recovered partitions=")
    old = late_desk(2, start_ms=old_ms + DAY_MS, end_ms=old_ms + 5 * DAY_MS, rate_per_hour=40.0)
    await bench.publish(islice(as_sent(old), _MORE))
    await bench.applied()


def _one_of_each_topic(old_ms: int, young_ms: int) -> Iterator[Sent]:
    ticket, customer = {"ticket_id": "T1"}, {"customer_id": "C1"}
    events: list[tuple[str, int, dict[str, object]]] = [
        (
            "ticket-created",
            old_ms,
            {**ticket, **customer, "team": "billing", "channel": "email", "priority": "low"},
        ),
        ("first-reply", old_ms + 1, dict(ticket)),
        ("resolved", old_ms + 2, dict(ticket)),
        ("ticket-changed", old_ms + 3, {**ticket, "change": "reopened"}),
        ("customer", old_ms, {**customer, "status": "joined"}),
        ("survey", young_ms, {**customer, "kind": "nps", "score": 9}),
    ]
    for number, (topic, at_ms, fields) in enumerate(events):
        event = {"event_id": f"E{number}", "occurred_at": at_ms, **fields}
        yield topic, record_key(topic, event), encode(event)


async def is_corrected_early(bench: Bench) -> None:
    """Retractions of resolutions are applied before these come: the tickets stay open."""
    told = list(_told(_corrected_early))
    await bench.publish(record for record in told if record[0] != "resolved")
    bench.worker()
    await bench.applied()
    await bench.publish(record for record in told if record[0] == "resolved")
    await bench.applied()


def _corrected_early(number: int) -> Iterator[tuple[str, dict[str, object]]]:
    yield "ticket-created", _CREATION
    wrong = f"resolution {number}"
    yield "ticket-changed", {"change": "retracted", "retracts": wrong}
    yield "resolved", {"event_id": wrong}


async def is_written_to_when_closed(bench: Bench) -> None:
    """Customers write when their tickets are closed, and somebody answers: nobody was waiting."""
    await bench.publish(_told(_written_to_when_closed))
    bench.worker()
    await bench.applied()


def _written_to_when_closed(_: int) -> Iterator[tuple[str, dict[str, object]]]:
    yield "ticket-created", _CREATION
    yield "ticket-changed", {"change": "replied"}
    yield "resolved", {}
    yield "ticket-changed", {"change": "customer_replied"}
    yield "ticket-changed", {"change": "replied"}


def _told(story: Callable[[int], Iterator[tuple[str, dict[str, object]]]]) -> Iterator[Sent]:
    """A story of each of twenty tickets, of yesterday; each pause in it is longer than the one before."""
    began_ms = round(time.time() * 1000) - DAY_MS
    for number in range(20):
        for place, (topic, fields) in enumerate(story(number)):
            event = {
                "event_id": f"{place} of {number}",
                "ticket_id": f"T{number}",
                "occurred_at": began_ms + place**2 * MINUTE_MS,
                **fields,
            }
            yield topic, record_key(topic, event), encode(event)


def _state(program: Program) -> str:
    try:
        return (
            Path(f"/proc/{program.process.pid}/stat")
            .read_text(encoding="ascii")
            .rpartition(")")[2]
            .split()[0]
        )
    except OSError:
        return ""


def _counted_twice(trial: Trial) -> str | None:
    """Only a counter can tell: rows do not care how often an event is merged."""
    told = trial.differences("counters")
    figures = trial.differences("figures from the ledger's rows")
    return (
        f"{told[0]}, while all figures agree"
        if told and told[0].startswith("duplicate") and not figures
        else None
    )


def _figures_differ(trial: Trial) -> str | None:
    found = trial.differences("figures from the ledger's rows")
    return f"{len(found)} figures of the ledger differ, such as {found[0]}" if found else None


def _exporter_differs(trial: Trial) -> str | None:
    found = trial.differences("figures of an exporter")
    return (
        f"{len(found)} figures of an exporter differ though its position is the last one, such as {found[0]}"
        if found
        else None
    )


def _events_lost(trial: Trial) -> str | None:
    told = [one for one in trial.differences("counters") if one.startswith("accepted")]
    return f"{told[0]}; {trial.summary()}" if told and _figures_differ(trial) else None


def _noted(trial: Trial) -> str | None:
    return trial.summary() or None if trial.notes else None


def _noted_and_different(trial: Trial) -> str | None:
    return trial.summary() if trial.notes and _figures_differ(trial) else None


def _too_late(trial: Trial) -> str | None:
    told = [one for one in trial.differences("counters") if one.startswith("rejected too_late")]
    return f"{told[0]}; {trial.summary()}" if told else None


def _stories_differ(trial: Trial) -> str | None:
    return trial.summary() if _figures_differ(trial) else None


def _this_differs(name: str) -> Callable[[Trial], str | None]:
    """The mutant is known by a figure of this name, whatever else differs."""

    def symptom(trial: Trial) -> str | None:
        found = trial.differences("figures from the ledger's rows")
        wrong = [one for one in found if f" {name}{{" in f" {one}"]
        return f"{len(wrong)} figures {name} of the ledger differ, such as {wrong[0]}" if wrong else None

    return symptom


SAFEGUARDS: Final = (
    Safeguard(
        "ack-and-sequence", "durability before ack, and the sequence check", loses_a_chunk, _events_lost
    ),
    Safeguard("ack", "durability before ack alone", hands_over_slowly, _noted, partitions=2),
    Safeguard("position-row", "the position row", dies_after_a_commit, _counted_twice),
    Safeguard("position-last", "the position row last", is_read_at_rest, _exporter_differs),
    Safeguard("single-transaction", "one transaction for both topics", dies_after_a_commit, _figures_differ),
    Safeguard("fencing", "fencing", wakes_as_a_zombie, _noted_and_different),
    Safeguard("purge", "purge at revoke", gets_a_partition_back, _noted, partitions=2),
    Safeguard("tie-break", "the tie-break by content", hears_two_stories, _stories_differ),
    Safeguard("read-committed", "read_committed in recovery", dies_before_a_commit, _figures_differ),
    Safeguard("event-clock", "the event clock is the minimum", has_a_topic_far_ahead, _too_late),
    Safeguard(
        "retraction",
        "a retraction counts before its target comes",
        is_corrected_early,
        _this_differs("support_resolution_ratio"),
    ),
    Safeguard(
        "waits",
        "no wait begins on a closed ticket",
        is_written_to_when_closed,
        _this_differs("support_response_mean_seconds"),
    ),
)
