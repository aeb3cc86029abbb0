"""`deskpulse report`: the figures of a file, without Kafka."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from deskpulse import exits
from deskpulse.clocks import wall_ms
from deskpulse.commands.common import Config, read_settings, say_parameter, stop, time
from windows.offered import ALL_NAMES

EPILOG = (
    "The same computation as the live one, over past events. It needs no broker.\n\n[bold]Examples[/]\n\n"
    "deskpulse report week.jsonl\n\n"
    "deskpulse report week.jsonl --by created --window 7d   (as many help desks count)\n\n"
    "deskpulse report finale.csv --mapping examples/mappings/helpdesk_italy.yaml --window all --format json"
)
WINDOW_NAMES = (*ALL_NAMES, "all")


class Counted(StrEnum):
    """In which window a figure of a ticket counts."""

    EVENT = "event"
    CREATED = "created"


class Format(StrEnum):
    """How figures are printed."""

    TABLE = "table"
    JSON = "json"


def _window(name: str) -> str:
    if name not in WINDOW_NAMES:
        raise ValueError(f"{name!r} is not a window: choose from {', '.join(WINDOW_NAMES)}")
    return name


WindowOption = Annotated[
    str | None,
    typer.Option(
        parser=say_parameter(_window),
        metavar="NAME",
        autocompletion=lambda: list(WINDOW_NAMES),
        help=f"One of {', '.join(WINDOW_NAMES)}.",
        show_default="every window",
    ),
]

ByOption = Annotated[
    Counted,
    typer.Option(
        "--by",
        help="event: a reply counts when it was sent, a solution when it was made. created: all of a "
        "ticket counts when the ticket was created, as reports of many help desks do; without live "
        "levels, deadlines and staffing.",
    ),
]


def report(  # noqa: PLR0913 - one argument an option
    file: Annotated[
        Path,
        typer.Argument(
            help="Event file (JSONL), or any file that the mapping describes.", exists=True, dir_okay=False
        ),
    ],
    *,
    mapping: Annotated[
        Path | None,
        typer.Option(
            "--mapping", "-m", metavar="FILE", help="What the columns of the file mean.", show_default=False
        ),
    ] = None,
    as_of: Annotated[
        int | None,
        typer.Option(
            "--as-of",
            parser=time,
            metavar="TIME",
            help="End of the windows.",
            show_default="the latest event",
        ),
    ] = None,
    window: WindowOption = None,
    since: Annotated[
        int | None,
        typer.Option(
            "--from", parser=time, metavar="TIME", help="Start of a custom period.", show_default=False
        ),
    ] = None,
    until: Annotated[
        int | None,
        typer.Option(
            "--to", parser=time, metavar="TIME", help="End of that period, exclusive.", show_default=False
        ),
    ] = None,
    by: ByOption = Counted.EVENT,
    form: Annotated[
        Format, typer.Option("--format", help="Table for people, json for programs.")
    ] = Format.TABLE,
    config: Config = None,
) -> None:
    """Print the figures of a file of events. Bad lines are counted by reason and do not stop the report."""
    span = _span(since, until, window)
    settings = read_settings(config)
    from deskpulse.report import run

    raise typer.Exit(
        run(
            settings,
            file,
            mapping=mapping,
            as_of_ms=as_of,
            window=window,
            span_ms=span,
            form=form.value,
            now_ms=wall_ms(),
            by_created=by is Counted.CREATED,
        )
    )


def _span(since: int | None, until: int | None, window: str | None) -> tuple[int, int] | None:
    """The span of --from and --to in epoch milliseconds, None without them.

    Ends with exit code 2 where the options do not fit together.
    """
    if (since is None) != (until is None):
        stop("--from and --to go together: give both", exits.USAGE)
    if since is None or until is None:
        return None
    if window is not None:
        stop("--from and --to set their own period: leave out --window", exits.USAGE)
    if until <= since:
        stop("--to must be after --from: swap them", exits.USAGE)
    return since, until
