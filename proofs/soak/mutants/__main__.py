"""`make soak-mutants`: each safeguard of the worker is switched off.

The run must go red for the reason given.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from deskpulse import exits
from deskpulse.lab.brokers import BrokerError
from deskpulse.lab.brokers.kafka import LocalKafka
from proofs.programs import Group
from proofs.soak.mutants.bench import Bench, Trial
from proofs.soak.mutants.scenarios import SAFEGUARDS, Safeguard


@dataclass(frozen=True)
class Place:
    """Where the trials take place."""

    bootstrap: str
    folder: Path
    group: int


def main(arguments: Sequence[str] | None = None) -> int:
    """Try all, tell a line a safeguard.

    The exit code is 0 only if every control was green and every mutant red.
    """
    for name in ("aiokafka", "asyncio"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    chosen = _chosen(arguments)
    folder = Path(tempfile.mkdtemp(prefix="deskpulse-soak-mutants-"))
    try:
        with LocalKafka(quick_start=True) as kafka, Group() as group:
            print(f"soak-mutants: {kafka.name}, logs in {folder}", flush=True)
            wrong = asyncio.run(_all(Place(kafka.bootstrap, folder, group.number), chosen))
    except BrokerError as error:
        print(f"soak-mutants: {error}", file=sys.stderr)
        return exits.BROKER
    except KeyboardInterrupt:
        return exits.INTERRUPTED
    print(
        f"soak-mutants: {len(chosen) - len(wrong)} of {len(chosen)} safeguards shown"
        + (f"; logs in {folder}" if wrong else "")
    )
    if not wrong:
        shutil.rmtree(folder)
    return exits.DIFFERENCE if wrong else exits.OK


async def _all(place: Place, chosen: Sequence[Safeguard]) -> list[str]:
    wrong = []
    for safeguard in chosen:
        began = time.monotonic()
        verdict, right = await _one(place, safeguard)
        print(f"{safeguard.title}: {verdict} ({time.monotonic() - began:.0f} s)", flush=True)
        if not right:
            wrong.append(safeguard.name)
    return wrong


async def _one(place: Place, safeguard: Safeguard) -> tuple[str, bool]:
    """The control first: a play that is red without the mutant shows nothing."""
    try:
        control = await _trial(place, safeguard, None)
    except AssertionError as error:
        return f"control failed: {error}", False
    if not control.green:
        return f"control is red: {control.summary()}", False
    try:
        mutant = await _trial(place, safeguard, safeguard.name)
    except AssertionError as error:
        return f"did not come to an end: {error}", False
    if why := safeguard.symptom(mutant):
        return f"red: {why} (control: {control.compared} compared, green)", True
    if mutant.green:
        return "GREEN", False
    return f"red for another reason than expected: {mutant.summary()}", False


async def _trial(place: Place, safeguard: Safeguard, mutant: str | None) -> Trial:
    name = f"{safeguard.name}-{'mutant' if mutant else 'control'}-"
    bench = Bench.new(
        place.bootstrap, name, place.folder / name, mutant, partitions=safeguard.partitions, group=place.group
    )
    following = asyncio.create_task(bench.tail.run())
    try:
        await bench.stack.create_topics()
        await safeguard.play(bench)
        return await bench.judge()
    finally:
        following.cancel()
        with suppress(asyncio.CancelledError):
            await following
        bench.stack.stop()


def _chosen(arguments: Sequence[str] | None) -> list[Safeguard]:
    parser = argparse.ArgumentParser(
        prog="python -m proofs.soak.mutants",
        description=__doc__,
        epilog="docs/soak.md says what each mutant shows.",
    )
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help=f"only these: {', '.join(each.name for each in SAFEGUARDS)}"
    )
    names = parser.parse_args(arguments).names
    if unknown := set(names) - {each.name for each in SAFEGUARDS}:
        parser.error(f"no such safeguard: {', '.join(sorted(unknown))}")
    return [each for each in SAFEGUARDS if not names or each.name in names]


if __name__ == "__main__":
    sys.exit(main())
