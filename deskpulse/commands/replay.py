"""`deskpulse replay`: a file of the past as a source of events."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from deskpulse import exits
from deskpulse.clocks import wall_ms
from deskpulse.commands.common import Config, read_settings, run_async, stop
from deskpulse.commands.report import Format
from deskpulse.commands.simulate import Speed

if TYPE_CHECKING:
    from deskpulse.ingest.events_io import TimedEvent
    from deskpulse.settings import Settings

EPILOG = (
    "Run an exporter with exporter.clock: event alongside, so that windows end at the file's time. Replay "
    "reads the whole file before it sends the first event, because it sends events in the order of their "
    "times. It drops responder_id, or sends a keyed hash of it (privacy.keep_responders).\n\n"
    "[bold]Examples[/]\n\n"
    "deskpulse replay week.jsonl\n\ndeskpulse replay finale.csv --mapping "
    "examples/mappings/helpdesk_italy.yaml"
)


def replay(
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
            "--mapping",
            "-m",
            metavar="FILE",
            help="Mapping: what the columns of the file mean.",
            show_default=False,
        ),
    ] = None,
    speed: Speed = math.inf,
    form: Annotated[
        Format, typer.Option("--format", help="Format of the summary: table for people, json for programs.")
    ] = Format.TABLE,
    config: Config = None,
) -> None:
    """Send the events of a file to Kafka, in order of time, and print a summary of the data quality."""
    settings = read_settings(config)
    events = _timed_events(file, mapping)
    if not events:
        stop(f"{file} has no event to send", exits.DIFFERENCE)
    sent = run_async(_send(settings, events, speed))
    _summary(events, sent, form)


def _summary(events: list[TimedEvent], sent: int, form: Format) -> None:
    import msgspec

    from deskpulse.ingest.event_files import printable
    from deskpulse.report import merged, summary

    history = merged(events)
    quality = history.quality()
    if form is Format.JSON:
        typer.echo(msgspec.json.encode({"sent": sent, "quality": quality}))
        return
    typer.echo(f"{sent:,} events sent")
    for line in summary(history, quality):
        typer.echo(printable(line), err=True)


async def _send(settings: Settings, events: list[TimedEvent], speed: float) -> int:
    from deskpulse.ingest.feed import send

    done = await send(
        settings,
        events,
        speed=speed,
        first_ms=events[0].publish_ms,
        last_ms=events[-1].publish_ms,
        title="replaying",
        now_ms=wall_ms,
    )
    return done.acknowledged


def _timed_events(file: Path, mapping: Path | None) -> list[TimedEvent]:
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn

    from deskpulse.ingest.event_files import InputError, read_timed_events

    with Progress(
        SpinnerColumn(), TextColumn("{task.description}"), console=Console(stderr=True), transient=True
    ) as bar:
        task = bar.add_task(f"reading {file.name}")

        def show(rows: int) -> None:
            bar.update(task, description=f"reading {file.name}: {rows:,} rows")

        try:
            events, complaints = read_timed_events(file, mapping, on_progress=show)
        except InputError as error:
            stop(str(error), exits.USAGE)
    _tell(complaints)
    return events


def _tell(complaints: Iterator[str] | list[str]) -> None:
    for line in complaints:
        typer.echo(line, err=True)
