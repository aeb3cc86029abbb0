"""A program with other definitions takes over under load, and back, with real processes on Apache Kafka.

No figure is ever a false one.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Iterator

import pytest

from agents.exits import Exit
from deskpulse.lab.demo.proof import Samples
from deskpulse.lab.simulator import simulate
from kpis.figures import catalogue
from kpis.state.older_format import as_before
from oracle import verify
from proofs.programs import Program, until
from proofs.soak.load import as_sent
from streams.decode import decoder
from tests.agents.harness import WorkerProcess
from tests.e2e.conftest import NewStack
from tests.e2e.stack import START_SECONDS, Sent, Stack, end_well
from windows.panes import DAY_MS

# the program before time lines: definitions 5, and a ledger up to format 6
BEFORE = "tests.other_definitions"
FIGURES = frozenset(figure.name for figure in catalogue.FIGURES)
DAYS = 3
ANEW = "making them anew"
pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


def hidden(samples: Samples) -> set[str]:
    return {dict(labels)["figure"] for name, labels in samples if name == "deskpulse_figure_hidden"}


async def load(stack: Stack, events: Iterable[Sent]) -> None:
    """A steady load: some hundred records a second, so that a take-over always meets work."""
    await stack.publish(events, pause_seconds=lambda: 0.1)


async def agrees(stack: Stack) -> Samples:
    """Every figure is the oracle's, and none is hidden."""
    verdict, _, samples = await stack.judged()
    assert not verdict.differences, verify.report(verdict.differences)
    assert not hidden(samples)
    return samples


async def shows_none(stack: Stack) -> None:
    """The exporter shares no figure with the definitions of the partitions: it counts, and shows nothing."""
    _, ends = await stack.source()
    samples = await stack.caught_up(ends)
    assert {"*"} == hidden(samples)
    assert not FIGURES & {name for name, _ in samples}


async def takes_over(stack: Stack, module: str, before: WorkerProcess | Program) -> Program:
    """A worker of other definitions is started, then the one before is told to stop, as in a deployment."""
    worker = stack.start("worker", module)
    await worker.saying("start app_id", START_SECONDS)
    assert Exit.OK == await end_well(before)
    await worker.saying("made anew from", START_SECONDS)
    return worker


async def test_the_older_and_the_newer_take_turns_under_load(new_stack: NewStack) -> None:
    stack = new_stack()
    await stack.create_topics()
    exporter = stack.start("exporter")
    await exporter.saying("listening on", START_SECONDS)
    events = _events(round(time.time() * 1000))

    older = stack.start("worker", BEFORE)
    await load(stack, _some(events, 6_000))
    await shows_none(stack)

    loading = asyncio.create_task(load(stack, _some(events, 3_000)))
    newer = await takes_over(stack, "deskpulse", older)
    await loading
    samples = await agrees(stack)
    assert FIGURES & {name for name, _ in samples}

    loading = asyncio.create_task(load(stack, _some(events, 3_000)))
    older = await takes_over(stack, BEFORE, newer)
    await loading
    await shows_none(stack)

    # The newer one again, killed as soon as it makes panes anew: whoever comes next begins again.
    assert Exit.OK == await end_well(older)
    killed = stack.start("worker")
    await killed.saying(ANEW, START_SECONDS)
    killed.kill()
    stack.start("worker")
    await load(stack, events)
    await until(lambda: _all_shown(stack), seconds=START_SECONDS, what="figures of which none is hidden")
    await agrees(stack)


async def _all_shown(stack: Stack) -> bool:
    samples = await stack.scrape()
    return bool(samples) and not hidden(samples)


def _events(now_ms: int) -> Iterator[Sent]:
    """Events that both programs know, but for the customers, who come first and are many."""
    found = as_sent(
        simulate("calm", seed=11, start_ms=now_ms - DAYS * DAY_MS, end_ms=now_ms, rate_per_hour=60.0)
    )
    return (event for event in found if event[0] != "customer" and _is_known_before(event))


def _is_known_before(event: Sent) -> bool:
    """Whether an event has a kind and fields that the program before takes."""
    topic, _, raw = event
    decode = decoder(topic)
    return as_before(decode(raw)) == decode(raw)  # type: ignore[arg-type]


def _some(events: Iterator[Sent], count: int) -> list[Sent]:
    return [event for _, event in zip(range(count), events, strict=False)]
