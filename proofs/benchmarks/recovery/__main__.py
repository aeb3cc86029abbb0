"""`make bench-recovery`: starts and hand-overs of a desk with a million open tickets, on Apache Kafka."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import logging
import os
import platform
import secrets
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from aiokafka.errors import KafkaError
from rich.console import Console

from deskpulse import exits
from deskpulse.cluster import ClusterError
from deskpulse.lab.brokers import BrokerError
from deskpulse.lab.brokers.kafka import LocalKafka
from proofs.benchmarks.errors import BenchError
from proofs.benchmarks.recovery import report
from proofs.benchmarks.recovery.fill import Filled, fill
from proofs.benchmarks.recovery.measure import Starts, measure
from proofs.benchmarks.run import FOLDER, bar, new_bars
from proofs.benchmarks.site import Site, forget_own_settings

_QUICK_TICKETS: Final = 40_000
_HEAP_MB: Final = 1_024


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and tell; return the exit code."""
    forget_own_settings()
    for name in ("aiokafka", "faust", "mode"):
        logging.getLogger(name).setLevel(logging.ERROR)
    given = _parse(arguments)
    tickets = _QUICK_TICKETS if given.quick else given.tickets
    console = Console(stderr=True)
    try:
        with LocalKafka(heap_mb=_HEAP_MB, report=lambda line: console.print(line, highlight=False)) as kafka:
            filled, starts = asyncio.run(
                _run(
                    Site(kafka.bootstrap, f"bench-{secrets.token_hex(3)}-", _folder()),
                    tickets,
                    given.seed,
                    console,
                )
            )
            _tell(filled, starts, kafka.name, given.seed)
    except (BenchError, BrokerError, ClusterError, KafkaError) as error:
        print(f"bench-recovery: {error}", file=sys.stderr)
        return exits.BROKER
    except KeyboardInterrupt:
        print("bench-recovery: interrupted", file=sys.stderr)
        return exits.INTERRUPTED
    return exits.OK


async def _run(site: Site, tickets: int, seed: int, console: Console) -> tuple[Filled, Starts]:
    console.print(f"logs of the programs: {site.folder}", highlight=False)
    app_id, empty = site.app_id("full", 1), site.app_id("empty", 1)
    await site.create_sources()
    for name in (app_id, empty):
        await site.create_ledger(name)
    with new_bars(console) as shown:
        with bar(shown, "write the ledger", tickets) as tell:
            filled = await fill(site, app_id, tickets, seed, tell)
        with contextlib.ExitStack() as stack:

            def step(what: str) -> None:
                stack.close()
                stack.enter_context(bar(shown, what, 1))

            starts = await measure(site, app_id, empty, step)
    return filled, starts


def _tell(filled: Filled, starts: Starts, broker: str, seed: int) -> None:
    path = FOLDER / "recovery.json"
    Console(width=None if sys.stdout.isatty() else 160).print(report.table(filled, starts, broker))
    report.save(
        path,
        filled,
        starts,
        broker=broker,
        seed=seed,
        python=platform.python_version(),
        processors=os.cpu_count(),
    )
    print(f"all figures: {path}")
    print(report.last_line(filled, starts), flush=True)


def _folder() -> Path:
    return Path(tempfile.mkdtemp(prefix="deskpulse-bench-"))


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m proofs.benchmarks.recovery",
        description=__doc__,
        epilog="docs/benchmarks.md says how to read the result.",
    )
    parser.add_argument(
        "--tickets", type=int, default=1_000_000, help="open ones in the ledger (default: %(default)s)"
    )
    parser.add_argument("--seed", type=int, default=1, help="of the tickets (default: %(default)s)")
    parser.add_argument(
        "--quick",
        action="store_true",
        help=f"{_QUICK_TICKETS} tickets: shows that it runs, not how long it takes",
    )
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
