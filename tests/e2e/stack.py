"""The needs of end-to-end tests besides `proofs.stack`.

That is an installation of deskpulse as its users run it.
"""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from deskpulse.lab.demo import proof
from proofs.programs import ROOT, Program, start_program, surroundings
from proofs.stack import CATCH_UP_SECONDS, COMMITTED, START_SECONDS, UNCOMMITTED, Sent, Stack

__all__ = [
    "CATCH_UP_SECONDS",
    "COMMITTED",
    "START_SECONDS",
    "UNCOMMITTED",
    "Sent",
    "Stack",
    "by_label",
    "end_well",
    "run_command",
    "start_program",
    "surroundings",
    "total",
]


def run_command(
    *words: str | Path, variables: Mapping[str, str], seconds: float = START_SECONDS
) -> subprocess.CompletedProcess[str]:
    """A command of deskpulse that ends by itself."""
    command = [sys.executable, "-m", "deskpulse", *map(str, words)]
    return subprocess.run(
        command,
        env=surroundings(**variables),
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )


def total(samples: proof.Samples, name: str, **labels: str) -> int:
    """The sum of a metric's samples that carry the labels."""
    return round(
        sum(
            value
            for (found, having), value in samples.items()
            if found == name and set(labels.items()) <= having
        )
    )


def by_label(samples: proof.Samples, name: str, label: str) -> Counter[str]:
    """The sums of a metric by one of its labels, without those that are 0."""
    sums: Counter[str] = Counter()
    for (found, having), value in samples.items():
        if found == name and value:
            sums[dict(having)[label]] += round(value)
    return sums


async def end_well(program: Program, seconds: float = 60) -> int:
    """Ask a process to end, and wait until it has."""
    return await program.end_well(seconds)
