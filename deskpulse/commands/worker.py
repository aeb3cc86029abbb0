"""`deskpulse worker`: computes the figures."""

from __future__ import annotations

from typing import Annotated

import typer

from deskpulse.commands.common import Config, read_settings, set_up_logging

EPILOG = (
    "Start as many as there are partitions (topics.partitions): they share the load, and take over from "
    "one that dies. "
    "Ctrl-C or SIGTERM ends it in good order. Exit codes 65 to 78: it stopped itself, and says why; a "
    "restart is always safe, and mends 75."
)


def worker(
    *,
    adopt_settings: Annotated[
        bool,
        typer.Option(
            "--adopt-settings",
            help="Where settings that all workers share are not those of the ledger, let it take over these.",
        ),
    ] = False,
    config: Config = None,
) -> None:
    """Compute the figures: reads the source topics, keeps the ledger, exactly once."""
    settings = read_settings(config)
    set_up_logging()
    from agents.worker import run_worker
    from deskpulse.wiring import worker_config

    raise typer.Exit(run_worker(worker_config(settings, adopt=adopt_settings)))
