"""`deskpulse worker`: computes the figures."""

from __future__ import annotations

from typing import Annotated

import typer

from deskpulse.commands.common import Config, read_settings, set_up_logging

EPILOG = (
    "Start up to one worker per partition (topics.partitions): workers share the load and take over from "
    "one that dies. Ctrl-C or SIGTERM stops a worker cleanly. Exit codes 65 to 78 mean that it stopped "
    "itself; its log says why. A restart is always safe and repairs 75."
)


def worker(
    *,
    adopt_settings: Annotated[
        bool,
        typer.Option(
            "--adopt-settings",
            help="When shared settings differ from those in the ledger, write these settings into the "
            "ledger.",
        ),
    ] = False,
    config: Config = None,
) -> None:
    """Compute the figures: read the source topics and write the ledger, exactly once."""
    settings = read_settings(config)
    set_up_logging()
    from agents.worker import run_worker
    from deskpulse.wiring import worker_config

    raise typer.Exit(run_worker(worker_config(settings, adopt=adopt_settings)))
