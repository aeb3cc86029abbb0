"""`deskpulse exporter`: shows the figures."""

from __future__ import annotations

import typer

from deskpulse.commands.common import Config, read_settings, set_up_logging

EPILOG = "Any number of exporters may run: they read the same ledger and show the same figures."


def exporter(config: Config = None) -> None:
    """Serve the figures: /metrics for Prometheus, / for people, /healthz and /readyz."""
    settings = read_settings(config)
    set_up_logging()
    from deskpulse.wiring import exporter_config
    from exporters.server import run

    raise typer.Exit(run(exporter_config(settings)))
