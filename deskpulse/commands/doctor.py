"""`deskpulse doctor`: checks the brokers, topics and versions around deskpulse."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import typer

from deskpulse import exits
from deskpulse.clocks import wall_ms
from deskpulse.commands.common import Config, read_settings, run_async

if TYPE_CHECKING:
    from deskpulse.doctor import Finding

EPILOG = (
    "Each line is OK, WARN or FAIL; WARN and FAIL name the fix. Exit code 3 if any line is FAIL. "
    "Doctor changes nothing."
)
_COLOURS = {"OK": "green", "WARN": "yellow", "FAIL": "red"}


def doctor(config: Config = None) -> None:
    """Check the brokers, the topics, the versions and the consumer group, and name the fix for each fault."""
    settings = read_settings(config)
    from deskpulse.doctor import examine

    findings = run_async(examine(settings, wall_ms()))
    _print(findings)
    if any(finding.verdict == "FAIL" for finding in findings):
        raise typer.Exit(exits.BROKER)


def _print(findings: Iterable[Finding]) -> None:
    from rich.console import Console
    from rich.text import Text

    console = Console(soft_wrap=True)
    for finding in findings:
        console.print(
            Text(f"{finding.verdict:<5}", style=_COLOURS[finding.verdict]),
            Text(f"{finding.what}: {finding.found}"),
        )
        if finding.fix:
            console.print(Text(f"      fix: {finding.fix}"))
