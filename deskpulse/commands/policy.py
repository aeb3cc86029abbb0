"""`deskpulse policy`: SLA policies as files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from deskpulse import exits
from deskpulse.clocks import wall_ms
from deskpulse.commands.common import stop

if TYPE_CHECKING:
    from deskpulse.policy import PolicyFile

EPILOG = (
    "examples/policy.yaml documents the file; docs/sla.md explains what it means.\n\n[bold]Examples[/]\n\n"
    "deskpulse policy diff policy.yaml next.yaml"
)
DIFF_EPILOG = (
    "Exit code 1 when workers that run with the old file refuse the new one: a version that was in force "
    "has been changed, removed or added.\n\n[bold]Example[/]\n\n"
    "deskpulse policy diff policy.yaml next.yaml --events last-month.jsonl"
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
    old: Annotated[Path, typer.Argument(help="The current policy.", exists=True, dir_okay=False)],
    new: Annotated[Path, typer.Argument(help="The new policy.", exists=True, dir_okay=False)],
    *,
    events: Annotated[
        Path | None,
        typer.Option(
            "--events",
            metavar="FILE",
            help="Events of tickets to judge by both policies.",
            exists=True,
            show_default="none",
        ),
    ] = None,
    mapping: Annotated[
        Path | None,
        typer.Option(
            "--mapping",
            "-m",
            metavar="FILE",
            help="Mapping: what the columns of FILE mean.",
            show_default="JSONL events",
        ),
    ] = None,
) -> None:
    """Show what a new policy file changes, and whether workers that run with the old one will take it.

    With --events it also shows what the new file would have done: the last version of each file is applied to
    all tickets of the events file, as if it had always been in force.
    """
    from deskpulse.policy import build
    from deskpulse.policy.differences import compare
    from kpis.sla.policy import changed_past, year_of

    before, after = _read(old), _read(new)
    now_ms = wall_ms()
    year = year_of(now_ms)
    for change in compare(before, after, years=range(year - 1, year + 3)):
        typer.echo(f"version {change.name} ({change.since()}): {change.kind}")
        for line in change.lines:
            typer.echo(f"  {line}")
    refusals = changed_past(build(after), build(before).signed(year), now_ms)
    for refusal in refusals:
        typer.echo(f"refused: {refusal}")
    typer.echo(
        "workers that run with the old file refuse the new one"
        if refusals
        else "workers that run with the old file accept the new one"
    )
    if events is not None:
        _tell_effect(events, mapping, before, after)
    raise typer.Exit(exits.DIFFERENCE if refusals else exits.OK)


def _tell_effect(events: Path, mapping: Path | None, old: PolicyFile, new: PolicyFile) -> None:
    from rich.console import Console

    from deskpulse.ingest.event_files import InputError
    from deskpulse.policy import build
    from deskpulse.policy.effect import effect, lines
    from deskpulse.report import read_history
    from deskpulse.times import format_time

    try:
        history = read_history(events, mapping, until_ms=None, console=Console(stderr=True))
    except InputError as error:
        stop(str(error), exits.USAGE)
    if history.last_ms is None:
        stop(f"{events} holds no event", exits.DIFFERENCE)
    head = f"last version of each, {len(history.tickets):,} tickets, as of {format_time(history.last_ms)}"
    typer.echo(f"\n{head}: deadlines met, of all that came due")
    for line in lines(effect(history.tickets, build(old), build(new), history.last_ms)):
        typer.echo(line)


def _read(path: Path) -> PolicyFile:
    from deskpulse.policy import PolicyError, load_file

    try:
        return load_file(path)
    except PolicyError as error:
        stop(f"{path}: {error}", exits.USAGE)
