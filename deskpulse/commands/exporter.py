"""`deskpulse exporter`: shows the figures."""

from __future__ import annotations

import typer

from deskpulse.commands.common import Config, read_settings, set_up_logging

EPILOG = "Any number of exporters may run: they read the same ledger and show the same figures."


def exporter(config: Config = None) -> None:
    """Serve the figures: /metrics for Prometheus, / for people, /healthz and /readyz."""
    settings = read_settings(config)
    set_up_logging()
    from exporters.server import run

    from deskpulse.wiring import view_rules

    server = settings.exporter
    raise typer.Exit(
        run(
            kafka=settings.kafka.client_options(),
            app_id=settings.app_id,
            rules=view_rules(settings),
            host=server.host,
            port=server.port,
            clock=server.clock,
            buckets_seconds=server.buckets_seconds,
        )
    )
