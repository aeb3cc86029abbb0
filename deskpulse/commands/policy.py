"""`deskpulse policy`: SLA policies as files."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from deskpulse import exits
from deskpulse.commands.common import stop

if TYPE_CHECKING:
    from deskpulse.policy import PolicyFile

EPILOG = (
    "examples/policy.yaml is the manual of the file, docs/sla.md teaches what it means.\n\n[bold]Examples[/]\n\n"
    "deskpulse policy diff policy.yaml next.yaml"
)
DIFF_EPILOG = (
    "Exit code 1 when a version that has been in force has changed or is gone: workers refuse such a file.\n\n[bold]Example[/]\n\n"
    "deskpulse policy diff policy.yaml next.yaml"
)
app = typer.Typer(
    name="policy",
    help="Compare SLA policies before they take effect.",
    epilog=EPILOG,
    no_args_is_help=True,
    rich_markup_mode="rich",
)


@app.callback()
def _group() -> None:
    """Compare SLA policies before they take effect."""


@app.command(epilog=DIFF_EPILOG)
def diff(
    old: Annotated[Path, typer.Argument(help="The policy as it is.", exists=True, dir_okay=False)],
    new: Annotated[Path, typer.Argument(help="The policy as it is to become.", exists=True, dir_okay=False)],
) -> None:
    """Show what a new policy file changes, and whether workers that run with the old one will take it."""
    from deskpulse.policy import build
    from deskpulse.policy.differences import compare
    from kpis.policy import changed_past, year_of

    before, after = _read(old), _read(new)
    now_ms = time.time_ns() // 1_000_000
    year = year_of(now_ms)
    for change in compare(before, after, years=range(year - 1, year + 3)):
        typer.echo(f"version {change.name} ({change.since()}): {change.kind}")
        for line in change.lines:
            typer.echo(f"  {line}")
    refusals = changed_past(build(after), build(before).signed(year), now_ms)
    for refusal in refusals:
        typer.echo(f"refused: {refusal}")
    typer.echo(
        "workers that run with the old file refuse the new one" if refusals else "workers that run with the old file take the new one"
    )
    raise typer.Exit(exits.DIFFERENCE if refusals else exits.OK)


def _read(path: Path) -> PolicyFile:
    from deskpulse.policy import PolicyError, load_file

    try:
        return load_file(path)
    except PolicyError as error:
        stop(f"{path}: {error}", exits.USAGE)
