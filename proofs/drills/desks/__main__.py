"""`python -m proofs.drills.desks`, `make e2e-desks`: two desks, one Prometheus, one Alertmanager.

Both desks run through Kafka, workers and exporters.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

from deskpulse import exits
from deskpulse.lab.brokers import BrokerError
from deskpulse.lab.brokers.kafka import LocalKafka
from deskpulse.lab.demo.run import DEMO_POLICY
from proofs.drills.alerts.site import missing_tools
from proofs.drills.desks.watch import Watch, wall_ms
from proofs.drills.freshness.site import SLIPS, Event, Slip, events_of
from proofs.local_prometheus import PrometheusError
from proofs.programs import Group, Program, until
from proofs.stack import START_SECONDS, Stack
from windows.panes import MINUTE_MS

DESKS: Final = ("eu", "us")
SPEED: Final = 10.0
LONGEST_SECONDS: Final = 900.0  # on a machine that does much else; a quiet one needs four minutes
BELOW, ENDANGERED, _ = SLIPS
_LATE_MS: Final = 31 * MINUTE_MS  # after the creation, of half an hour that is promised
Say = Callable[[str], None]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the story once; 0 only if every alert came to its own receiver."""
    parser = argparse.ArgumentParser(
        prog="python -m proofs.drills.desks", description="Two desks on one Prometheus and one Alertmanager."
    )
    parser.add_argument(
        "--keep", action="store_true", help="keep logs and configurations also when all is well"
    )
    options = parser.parse_args(arguments)
    if missing := missing_tools():
        print(f"e2e-desks: apt-get install --no-install-recommends {' '.join(missing)}", file=sys.stderr)
        return exits.USAGE
    for name in ("aiokafka", "asyncio"):  # they warn of every broker that goes
        logging.getLogger(name).setLevel(logging.CRITICAL)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    folder = Path(tempfile.mkdtemp(prefix="deskpulse-desks-"))
    try:
        with LocalKafka(report=print, quick_start=True) as kafka, Group() as group:
            faults = asyncio.run(_run(kafka.bootstrap, folder, group.number))
    except BrokerError as error:
        print(f"e2e-desks: {error}", file=sys.stderr)
        return exits.BROKER
    except (AssertionError, OSError, PrometheusError, TimeoutError) as error:
        faults = [f"{error!r}"]
    except KeyboardInterrupt:
        print("e2e-desks: interrupted", file=sys.stderr)
        return exits.INTERRUPTED
    for fault in faults:
        print(f"e2e-desks: FAILED: {fault}; logs are in {folder}", file=sys.stderr)
    if not faults and not options.keep:
        shutil.rmtree(folder, ignore_errors=True)
    return exits.DIFFERENCE if faults else exits.OK


async def _run(bootstrap: str, folder: Path, group: int) -> list[str]:
    began = time.monotonic()

    def say(line: str) -> None:
        print(f"e2e-desks: {time.monotonic() - began:4.0f} s  {line}", flush=True)

    policy = DEMO_POLICY.read_text(encoding="utf-8")
    with ExitStack() as ends:
        watch = Watch(folder, dict.fromkeys(DESKS, policy), SPEED, group)
        ends.callback(watch.stop)
        stacks = {desk: _stack(desk, bootstrap, watch, folder, group) for desk in DESKS}
        for stack in stacks.values():
            ends.callback(stack.stop)
        async with asyncio.timeout(LONGEST_SECONDS):
            exporters = {desk: await _started(stack) for desk, stack in stacks.items()}
            say("two desks of one broker answer: each with topics, a worker and an exporter of its own")
            await watch.start([f"127.0.0.1:{stack.port}" for stack in stacks.values()])
            say(
                "one Prometheus trusts the figures of both, and the Watchdog of each has arrived at its "
                "own receiver"
            )
            await _play(watch, stacks, exporters, say)
            return _judged(watch, say)


def _stack(desk: str, bootstrap: str, watch: Watch, folder: Path, group: int) -> Stack:
    variables = {
        "DESKPULSE_DESK__NAME": desk,
        "DESKPULSE_DESK__POLICY": str(watch.policy(desk)),
        "DESKPULSE_TOPICS__PARTITIONS": "2",
    }
    logs = folder / f"{desk}-logs"
    logs.mkdir()
    return Stack(bootstrap, f"{desk}-", logs, variables, group=group)


async def _started(stack: Stack) -> Program:
    """A desk to which one calm ticket came; returns its exporter."""
    await stack.start_all()
    await _send(stack, _answered(events_of(BELOW, wall_ms() - 60 * MINUTE_MS), MINUTE_MS))
    _, ends = await stack.source()
    await stack.caught_up(ends)
    return stack.programs[-1]


async def _play(watch: Watch, stacks: dict[str, Stack], exporters: dict[str, Program], say: Say) -> None:
    eu, us = (stacks[desk] for desk in DESKS)
    await _send(eu, _late(BELOW, "eu", answered=False))
    page = await watch.told("SupportSLABelowObjective", "eu", "page")
    assert not watch.of("us"), f"us slipped nothing, and was told {watch.of('us')}"
    say(f"eu slips: {page.receiver} has the page, {page.annotations['summary']!r}; us is told nothing")

    # Late, and all answered: a warning, which the page of eu about the same promise would mute if it could.
    await _send(us, _late(BELOW, "us", answered=True))
    warning = await watch.told("SupportSLABelowObjective", "us", "warning")
    assert not _muted(watch, "us"), "an alert of us is muted"
    say(f"us slips too: {warning.receiver} has the warning, {warning.annotations['summary']!r}")

    exporters["eu"].kill()
    absent = await watch.told("DeskpulseExporterAbsent", "eu", "page", 2 * START_SECONDS)
    down = await watch.told("DeskpulseExporterDown", "eu", "warning")
    say(
        f"eu's exporter is killed: {absent.receiver} has DeskpulseExporterAbsent, {down.receiver} "
        "DeskpulseExporterDown"
    )

    await _send(us, events_of(ENDANGERED, wall_ms()))
    endangered = await watch.told("SupportSLAEndangered", "us", "page")
    assert not _muted(watch, "us"), "an alert of us is muted"
    say(
        f"us slips again while nothing is known of eu: {endangered.receiver} has the page, "
        f"{endangered.annotations['summary']!r}"
    )

    again = eu.start("exporter")
    await again.saying("listening on", START_SECONDS)
    await until(
        lambda: len(watch.query("desk:figures_trusted")) == len(DESKS),
        seconds=START_SECONDS,
        what="eu's figures again",
    )
    say("eu's exporter is back, and its figures are trusted again")


def _judged(watch: Watch, say: Say) -> list[str]:
    faults = [*watch.strays(), *watch.prometheus.rule_errors()]
    if unwatched := watch.query('ALERTS{alertname="DeskpulseDeskUnwatched",alertstate="firing"}'):
        faults.append(f"a desk counts as unwatched: {unwatched}")
    if stray := {"DeskpulseExporterAbsent", "DeskpulseExporterDown"} & watch.of("us"):
        faults.append(f"us was told {', '.join(sorted(stray))}")
    chosen = sorted(one["metric"]["desk"] for one in watch.query("desk:exporter_chosen"))
    if chosen != sorted(DESKS):
        faults.append(f"exporters are chosen of the desks {chosen}")
    for desk in DESKS:
        told = Counter(
            (one.receiver, one.name)
            for one in watch.notices
            if one.labels.get("desk") == desk and one.status == "firing"
        )
        receivers = sorted({receiver for receiver, _ in told})
        say(
            f"{desk}: {sum(told.values())} notices of {len({name for _, name in told})} alerts, at "
            f"{', '.join(receivers)}"
        )
    say(
        f"{len(watch.notices)} notices, {len(list(watch.strays()))} at the receiver of another desk; "
        f"{len(faults)} faults"
    )
    return faults


def _muted(watch: Watch, desk: str) -> list[dict[str, Any]]:
    """Alerts of a desk that something mutes, but for its own page about the same."""
    return [one for one in watch.active(desk=desk) if one["status"]["inhibitedBy"]]


def _late(slip: Slip, desk: str, *, answered: bool) -> Iterator[Event]:
    """Tickets of a slip; answered ones have their reply by now, and too late."""
    events = list(events_of(slip, wall_ms()))
    for _, value in events:
        for name in ("event_id", "ticket_id"):
            value[name] = f"{desk}-late-{value[name]}"
    return _answered(iter(events), _LATE_MS) if answered else iter(events)


def _answered(events: Iterator[Event], after_ms: int) -> Iterator[Event]:
    for topic, value in events:
        yield topic, value
        ticket, at_ms = value["ticket_id"], value["occurred_at"] + after_ms
        yield "first-reply", {"event_id": f"{ticket}-reply", "occurred_at": at_ms, "ticket_id": ticket}


async def _send(stack: Stack, events: Iterator[Event]) -> None:
    await stack.publish(
        [(topic, value["ticket_id"].encode(), json.dumps(value).encode()) for topic, value in events]
    )


if __name__ == "__main__":
    raise SystemExit(main())
