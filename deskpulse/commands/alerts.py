"""`deskpulse alerts`: prints what Alertmanager sends."""

from __future__ import annotations

import time
from typing import Annotated

import typer

from deskpulse import exits
from deskpulse.commands.common import Config, stop

EPILOG = (
    "What `deskpulse rules` writes sends everything here until you name receivers of your own; "
    "docs/alerts.md shows how.\n\n"
    "[bold]Example[/]\n\ndeskpulse alerts --port 9119"
)
_PORT = 9_119


def alerts(
    *,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=0, max=65_535, help="Port to listen on; 0 takes any free one.")
    ] = _PORT,
    insecure_listen: Annotated[
        bool,
        typer.Option(
            "--insecure-listen",
            help="Let other machines connect: there is no log-in, and anybody could write lines.",
        ),
    ] = False,
    config: Config = None,  # noqa: ARG001 - as every command; there is nothing to set
) -> None:
    """Receive the webhooks of Alertmanager and print a line an alert, until Ctrl-C."""
    from exporters.config import is_loopback

    if not is_loopback(host) and not insecure_listen:
        stop(
            f"other machines can reach --host {host}, and there is no log-in: in a network you trust add "
            "--insecure-listen",
            exits.USAGE,
        )
    from deskpulse.monitoring.alert_log import server

    try:
        receiver = server(
            host, port, lambda notice: typer.echo(str(notice)), lambda: time.time_ns() // 1_000_000
        )
    except OSError as error:
        stop(f"cannot listen on {host}:{port}: {error.strerror}", exits.USAGE)
    typer.echo(f"listening for Alertmanager on http://{host}:{receiver.server_address[1]}/")
    try:
        receiver.serve_forever()
    except KeyboardInterrupt:
        raise typer.Exit(exits.INTERRUPTED) from None
    finally:
        receiver.server_close()
