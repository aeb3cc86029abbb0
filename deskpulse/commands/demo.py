"""`deskpulse demo`: everything at once, on this machine."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from deskpulse.commands.common import Config, duration, read_settings
from deskpulse.commands.simulate import SCENARIO_NAMES, ScenarioOption

EPILOG = (
    "[bold]Examples[/]\n\ndeskpulse demo\n\ndeskpulse demo --for 60s --port 19108 --verify\n\n"
    "deskpulse demo --segment tier"
)

SegmentOption = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="Switch the fourth dimension on, called NAME; its members are the customers' tiers.",
        show_default="desk.segment, else off",
    ),
]


def demo(
    *,
    run_for: Annotated[
        int | None,
        typer.Option(
            "--for",
            parser=duration,
            metavar="DURATION",
            help="Stop after this time, such as 45s.",
            show_default="until Ctrl-C",
        ),
    ] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Port of the exporter.", show_default="exporter.port")
    ] = None,
    rate: Annotated[
        float | None,
        typer.Option(
            min=0, help="New tickets per hour, now and in the two months before.", show_default="48; rough 4"
        ),
    ] = None,
    broker: Annotated[
        str | None,
        typer.Option(
            metavar="HOST:PORT", help="Use this Kafka instead of starting a broker.", show_default="start one"
        ),
    ] = None,
    scenario: ScenarioOption = SCENARIO_NAMES[0],
    segment: SegmentOption = None,
    verify: Annotated[
        bool,
        typer.Option(
            "--verify", help="At the end, compare every exported figure with an independent calculation."
        ),
    ] = False,
    config: Config = None,
) -> None:
    """Show live KPIs now: starts a broker, a simulated desk, a worker and an exporter, until Ctrl-C.

    Prints the addresses to open and a live table of the main KPIs. Exit code 1 when --verify finds a
    difference.
    """
    if segment is not None:
        from deskpulse.settings.base import variable

        # Checked as any setting, and seen by the worker and the exporter.
        os.environ[variable(("desk", "segment"))] = segment
    settings = read_settings(config)
    from deskpulse.clocks import wall_ms
    from deskpulse.lab import demo as body

    code = body.run(
        settings,
        duration_ms=run_for,
        port=port,
        rate_per_hour=rate,
        broker=broker,
        scenario=scenario,
        verify=verify,
        now_ms=wall_ms,
        config=config,
    )
    raise typer.Exit(code)
