"""`make bench`: our worker while a desk goes on as usual, then in a backlog.

The backlog compares it with the limit and with the straightforward Faust app.
"""

from __future__ import annotations

import argparse
import logging
import os
import platform
import sys
from collections.abc import Sequence
from dataclasses import asdict

from rich.console import Console

from deskpulse import exits
from deskpulse.cluster import ClusterError
from deskpulse.lab.brokers import BrokerError
from proofs.benchmarks import report
from proofs.benchmarks.errors import BenchError
from proofs.benchmarks.live.measure import Span
from proofs.benchmarks.live.report import last_line as live_line
from proofs.benchmarks.live.report import table as live_table
from proofs.benchmarks.run import FOLDER, Plan, Result, run
from proofs.benchmarks.site import forget_own_settings

_QUICK_EVENTS = 50_000
_QUICK_SECONDS = 4


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and tell; return the exit code."""
    forget_own_settings()
    # it complains while a new topic has no leader yet, and then goes on
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    plan = _plan(arguments)
    try:
        measured = run(plan)
        _tell(plan, measured)
    except (BenchError, BrokerError, ClusterError) as error:
        print(f"bench: {error}", file=sys.stderr)
        return exits.BROKER
    except KeyboardInterrupt:
        print("bench: interrupted", file=sys.stderr)
        return exits.INTERRUPTED
    return exits.OK


def _tell(plan: Plan, measured: Result) -> None:
    path = FOLDER / "result.json"
    console = Console(width=None if sys.stdout.isatty() else 180)
    place = f"{measured.broker}, {plan.brokers} broker(s), {os.cpu_count()} processors"
    if measured.live:
        console.print(
            live_table(
                measured.live, f"a desk at a steady rate, {plan.live_span.measured:.0f} s each, {place}"
            )
        )
    if measured.rounds:
        console.print(report.table(measured.rounds, f"{plan.events:,} events, seed {plan.seed}, {place}"))
    report.save(
        path, measured.rounds, live=[asdict(one) for one in measured.live], demo_share=measured.demo_share,
        broker=measured.broker, events=plan.events, seed=plan.seed,
        faust_events=plan.faust_events, python=platform.python_version(),
        processors=os.cpu_count(), brokers=plan.brokers,
    )  # fmt: skip
    print(f"all figures: {path}")
    if measured.live:
        print(live_line(measured.live, measured.demo_share), flush=True)
    if measured.rounds:
        print(report.last_line(measured.rounds), flush=True)


def _plan(arguments: Sequence[str] | None) -> Plan:
    parser = argparse.ArgumentParser(
        prog="python -m proofs.benchmarks",
        description=__doc__,
        epilog="docs/benchmarks.md says how to read the result.",
    )
    parser.add_argument("--events", type=_count, default=1_000_000, help="how many (default: 1000000)")
    parser.add_argument(
        "--rounds", type=_count, default=3, help="each contestant once a round (default: %(default)s)"
    )
    parser.add_argument("--seed", type=int, default=1, help="of the simulated events (default: %(default)s)")
    parser.add_argument(
        "--broker",
        metavar="HOST:PORT",
        help="an Apache Kafka that runs already (default: one is started and ended)",
    )
    parser.add_argument(
        "--quick",
        action="store_true",
        help=f"{_QUICK_EVENTS} events, one round, short spans: shows that it runs, not how fast",
    )
    parser.add_argument("--only", choices=("live", "backlog"), help="one of the two halves (default: both)")
    parser.add_argument(
        "--live-seconds",
        type=_count,
        default=20,
        help="how long each rate is measured (default: %(default)s)",
    )
    parser.add_argument(
        "--brokers",
        type=int,
        choices=(1, 3),
        default=1,
        help="of the Apache Kafka that is started (default: %(default)s)",
    )
    parser.add_argument(
        "--profile",
        action="store_true",
        help="write the worker's stacks to build/bench/ (needs py-spy; it costs some speed)",
    )
    given = parser.parse_args(arguments)
    if given.quick:
        given.events, given.rounds, given.live_seconds = _QUICK_EVENTS, 1, _QUICK_SECONDS
    return Plan(
        events=given.events,
        rounds=given.rounds,
        seed=given.seed,
        broker=given.broker,
        profile=given.profile,
        backlog=given.only != "live",
        live=given.only != "backlog",
        live_span=Span(given.live_seconds / 2, given.live_seconds),
        brokers=given.brokers,
    )


def _count(text: str) -> int:
    number = int(text.replace("_", "").replace(",", ""))
    if number < 1:
        raise ValueError
    return number


if __name__ == "__main__":
    sys.exit(main())
