"""`make bench`: our worker against the limit and against the straightforward Faust app, on Apache Kafka."""

from __future__ import annotations

import argparse
import logging
import os
import platform
import sys
from collections.abc import Sequence

from rich.console import Console

from benchmarks import report
from benchmarks.errors import BenchError
from benchmarks.run import FOLDER, Plan, run
from benchmarks.site import forget_own_settings
from deskpulse import exits
from deskpulse.brokers import BrokerError
from deskpulse.cluster import ClusterError

_QUICK_EVENTS = 50_000


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and tell; return the exit code."""
    forget_own_settings()
    logging.getLogger("aiokafka").setLevel(logging.ERROR)  # it warns while a new topic has no leader yet, and then goes on
    plan = _plan(arguments)
    try:
        measured = run(plan)
        _tell(plan, measured.broker, measured.rounds)
    except (BenchError, BrokerError, ClusterError) as error:
        print(f"bench: {error}", file=sys.stderr)
        return exits.BROKER
    except KeyboardInterrupt:
        print("bench: interrupted", file=sys.stderr)
        return exits.INTERRUPTED
    return exits.OK


def _tell(plan: Plan, broker: str, rounds: Sequence[report.Round]) -> None:
    path = FOLDER / "result.json"
    console = Console(width=None if sys.stdout.isatty() else 180)
    console.print(report.table(rounds, f"{plan.events:,} events, seed {plan.seed}, {broker}, {os.cpu_count()} processors"))
    report.save(
        path, rounds, broker=broker, events=plan.events, seed=plan.seed, faust_events=plan.faust_events,
        python=platform.python_version(), processors=os.cpu_count(),
    )  # fmt: skip
    print(f"all figures: {path}")
    print(report.last_line(rounds), flush=True)


def _plan(arguments: Sequence[str] | None) -> Plan:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description=__doc__, epilog="docs/benchmarks.md says how to read the result."
    )
    parser.add_argument("--events", type=_count, default=1_000_000, help="how many (default: 1000000)")
    parser.add_argument("--rounds", type=_count, default=3, help="each contestant once a round (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="of the simulated events (default: %(default)s)")
    parser.add_argument("--broker", metavar="HOST:PORT", help="an Apache Kafka that runs already (default: one is started and ended)")
    parser.add_argument("--quick", action="store_true", help=f"{_QUICK_EVENTS} events, one round: shows that it runs, not how fast")
    parser.add_argument(
        "--profile", action="store_true", help="write the worker's stacks to build/bench/ (needs py-spy; it costs some speed)"
    )
    given = parser.parse_args(arguments)
    if given.quick:
        given.events, given.rounds = _QUICK_EVENTS, 1
    return Plan(given.events, given.rounds, given.seed, given.broker, given.profile)


def _count(text: str) -> int:
    number = int(text.replace("_", "").replace(",", ""))
    if number < 1:
        raise ValueError
    return number


if __name__ == "__main__":
    sys.exit(main())
