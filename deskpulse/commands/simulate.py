"""`deskpulse simulate`: a seeded desk as a source of events."""

from __future__ import annotations

import math
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from deskpulse import exits
from deskpulse.clocks import wall_ms
from deskpulse.commands.common import Config, duration, read_settings, run_async, say_parameter, stop, time

if TYPE_CHECKING:
    from deskpulse.ingest.events_io import TimedEvent
    from deskpulse.settings import Settings

EPILOG = (
    "The same --scenario, --seed, --rate, --start and --for produce the same events; responder_id only with "
    "privacy.keep_responders.\n\n[bold]Examples[/]\n\n"
    "deskpulse simulate\n\ndeskpulse simulate --for 30d --speed max\n\ndeskpulse simulate --for 7d --seed "
    "7 --out week.jsonl"
)
# a test compares it with the simulator's own list
SCENARIO_NAMES = ("calm", "monday-rush", "sla-slip", "outage-and-catch-up", "rough")


def _scenario(name: str) -> str:
    if name not in SCENARIO_NAMES:
        raise ValueError(f"{name!r} is not a scenario: choose from {', '.join(SCENARIO_NAMES)}")
    return name


def _speed(text: str) -> float:
    """How many simulated seconds a second; `max` is as fast as possible."""
    speed = math.inf if text == "max" else float(text) if text.replace(".", "", 1).isdecimal() else 0.0
    if not speed > 0:
        raise ValueError(f"{text!r} is not a speed: write a number above 0 (1 is real time), or max")
    return speed


ScenarioOption = Annotated[
    str,
    typer.Option(
        parser=say_parameter(_scenario),
        metavar="NAME",
        autocompletion=lambda: list(SCENARIO_NAMES),
        help=f"One of {', '.join(SCENARIO_NAMES)}.",
    ),
]
Speed = Annotated[
    float,
    typer.Option(parser=say_parameter(_speed), metavar="N|max", help="Simulated time relative to real time."),
]


def simulate(
    *,
    scenario: ScenarioOption = SCENARIO_NAMES[0],
    seed: Annotated[int, typer.Option(help="Seed of the random generator: same seed, same events.")] = 1,
    rate: Annotated[float, typer.Option(min=0, help="Mean number of new tickets per hour.")] = 60.0,
    speed: Speed = 1.0,
    span: Annotated[
        int | None,
        typer.Option(
            "--for",
            parser=duration,
            metavar="DURATION",
            help="Simulated time to produce.",
            show_default="until Ctrl-C",
        ),
    ] = None,
    start: Annotated[
        int | None,
        typer.Option(
            parser=time,
            metavar="TIME",
            help="First simulated moment.",
            show_default="now; with a --speed above 1 or --out, --for ago",
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Write an event file (JSONL) instead of sending to Kafka.",
            show_default=False,
        ),
    ] = None,
    config: Config = None,
) -> None:
    """Produce the events of a realistic desk, to Kafka or to a file.

    No event is sent before its time, so a speed above 1 needs a start in the past.
    """
    settings = read_settings(config)
    start_ms, end_ms = _span(start, span, in_the_past=speed > 1 or out is not None)
    if out is not None and end_ms is None:
        stop("an event file needs an end: add --for, such as --for 7d", exits.USAGE)
    from deskpulse.ingest.publisher import write_jsonl
    from deskpulse.ingest.responders import all_guarded
    from deskpulse.lab.simulator import simulate

    events = simulate(
        scenario, seed=seed, start_ms=start_ms, end_ms=end_ms, rate_per_hour=rate, presence_ms=start_ms
    )
    if out is not None:
        written = write_jsonl(all_guarded(events, settings.privacy.responder_key()), out)
        typer.echo(f"{written} events written to {out}")
    else:
        # Without an end, Ctrl-C is the way to end it.
        code = exits.OK if end_ms is None else exits.INTERRUPTED
        run_async(_send(settings, events, speed, start_ms, end_ms), interrupted=code)


def _span(start: int | None, span: int | None, *, in_the_past: bool) -> tuple[int, int | None]:
    if start is None:
        if in_the_past and span is None:
            stop(
                "a speed above 1 starts in the past: give the start (--start) or the length (--for)",
                exits.USAGE,
            )
        start = wall_ms() - (span if in_the_past and span else 0)
    return start, None if span is None else start + span


async def _send(
    settings: Settings, events: Iterable[TimedEvent], speed: float, start_ms: int, end_ms: int | None
) -> None:
    from deskpulse.ingest.feed import send

    await send(
        settings, events, speed=speed, first_ms=start_ms, last_ms=end_ms, title="simulating", now_ms=wall_ms
    )
