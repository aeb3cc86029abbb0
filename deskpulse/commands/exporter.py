"""`deskpulse exporter`: shows the figures."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from deskpulse.commands.common import Config, read_settings, set_up_logging

EPILOG = "Run as many exporters as you like: they read the same ledger and show the same figures."


def exporter(
    *,
    host: Annotated[
        str | None, typer.Option(help="Address to listen on.", show_default="exporter.host")
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(min=0, max=65535, help="Port; 0 takes a free one.", show_default="exporter.port"),
    ] = None,
    insecure_listen: Annotated[
        bool | None,
        typer.Option(
            "--insecure-listen",
            help="Accept connections from other machines without TLS and log-in.",
            show_default="exporter.insecure_listen",
        ),
    ] = None,
    config: Config = None,
) -> None:
    """Serve the figures: the wall at /, /metrics for Prometheus, and /api for programs.

    Probes ask /healthz and /readyz.
    """
    from deskpulse.settings.base import variable

    for name, value in (("host", host), ("port", port), ("insecure_listen", insecure_listen)):
        if value is not None:
            # What is typed wins over file and variables, and is checked together with them.
            os.environ[variable(("exporter", name))] = str(value)
    settings = read_settings(config)
    set_up_logging()
    from deskpulse.wiring import exporter_config
    from exporters.server import run

    raise typer.Exit(run(exporter_config(settings)))
