"""`make soak`: hours of faults in minutes, on Apache Kafka with real processes.

Red when one figure differs from the oracle's.
"""

from __future__ import annotations

import argparse
import logging
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from deskpulse import exits
from deskpulse.lab.brokers import BrokerError
from deskpulse.lab.simulator import Rough
from proofs.soak import verdict
from proofs.soak.faults import ACTS, SHORT, kinds
from proofs.soak.load import CALM
from proofs.soak.run import LEAST_RATE, LIMIT_SECONDS, RATE, Plan, soak

_SHORT_MINUTES = 0.5
_SHOWN = 20  # differences


def main(arguments: Sequence[str] | None = None) -> int:
    """Run, tell, and return the exit code: 0 only if every promise was kept."""
    # Clients warn of every broker that goes; here that is the point.
    for name in ("aiokafka", "asyncio"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    plan, keep = _plan(arguments)
    folder = Path(tempfile.mkdtemp(prefix=f"deskpulse-soak-{plan.seed}-"))
    try:
        run = soak(plan, folder, _say)
    except BrokerError as error:
        print(f"soak: {error}", file=sys.stderr)
        return exits.BROKER
    except KeyboardInterrupt:
        print(f"soak: interrupted; seed {plan.seed}, logs in {folder}", file=sys.stderr)
        return exits.INTERRUPTED
    reasons = verdict.failures(run)
    _report(run, reasons)
    if reasons:
        print(f"soak: red; seed {run.seed}, logs in {folder}")
    elif not keep:
        shutil.rmtree(folder)
    print(verdict.last_line(run), flush=True)
    return exits.DIFFERENCE if reasons else exits.OK


def _report(run: verdict.Run, reasons: Sequence[str]) -> None:
    Console(width=None if sys.stdout.isatty() else 140).print(verdict.table(run))
    for comparison in run.comparisons:
        print(
            f"{comparison.what}: {comparison.compared:,} compared, {len(comparison.differences)} differences"
        )
    print(verdict.rate_line(run))
    for note in run.notes:
        print(note)
    for difference in run.differences[:_SHOWN]:
        print(f"  {difference}")
    for reason in reasons:
        print(f"red: {reason}")


def _say(line: str) -> None:
    print(line, flush=True)


def _plan(arguments: Sequence[str] | None) -> tuple[Plan, bool]:
    parser = argparse.ArgumentParser(
        prog="python -m proofs.soak", description=__doc__, epilog="docs/soak.md says how to read the result."
    )
    parser.add_argument(
        "--minutes",
        type=float,
        default=10.0,
        help="of load (default: %(default)g); starting and judging come on top",
    )
    parser.add_argument(
        "--seed", type=int, default=1, help="of events, faults and moments (default: %(default)s)"
    )
    parser.add_argument(
        "--rate",
        type=float,
        default=RATE,
        help=f"events a second that are sent; {LEAST_RATE:g} must get through (default: %(default)g)",
    )
    parser.add_argument(
        "--scenario",
        choices=(CALM, Rough.name),
        default=CALM,
        help="of the simulated desk (default: %(default)s)",
    )
    parser.add_argument("--faults", metavar="NAME,...", help=f"only these kinds: {', '.join(ACTS)}")
    parser.add_argument("--short", action="store_true", help=f"what CI runs: {', '.join(SHORT)}, each once")
    parser.add_argument(
        "--limit",
        type=float,
        default=LIMIT_SECONDS,
        help="seconds after which the group must work again (default: %(default)g)",
    )
    parser.add_argument("--keep", action="store_true", help="keep the logs also when all is well")
    given = parser.parse_args(arguments)
    names = SHORT if given.short else given.faults.split(",") if given.faults else None
    minutes = _SHORT_MINUTES if given.short else given.minutes
    try:
        chosen = kinds(minutes, names)
    except ValueError as error:
        parser.error(str(error))
    plan = Plan(
        minutes,
        given.seed,
        chosen,
        given.rate,
        limit_seconds=given.limit,
        scenario=given.scenario,
        once=given.short,
    )
    return plan, given.keep


if __name__ == "__main__":
    sys.exit(main())
