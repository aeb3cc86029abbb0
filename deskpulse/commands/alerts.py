"""`deskpulse alerts`: prints the alerts that Alertmanager sends."""

from __future__ import annotations

from typing import Annotated

import typer

from deskpulse import exits
from deskpulse.clocks import wall_ms
from deskpulse.commands.common import Config, stop

EPILOG = (
    "The configuration that `deskpulse rules` writes sends every alert here until you name your own "
    "receivers: see docs/alerts.md.\n\n"
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
            help="Accept connections from other machines. There is no log-in, so anyone could add lines.",
        ),
    ] = False,
    config: Config = None,  # noqa: ARG001 - as every command; there is nothing to set
) -> None:
    """Receive Alertmanager webhooks and print one line for each alert, until Ctrl-C."""
    from exporters.config import is_loopback

    if not is_loopback(host) and not insecure_listen:
        stop(
            f"other machines can reach --host {host} and there is no log-in: add --insecure-listen if you "
            "trust the network",
            exits.USAGE,
        )
    from deskpulse.monitoring.alert_log import server

    try:
        receiver = server(host, port, lambda notice: typer.echo(str(notice)), wall_ms)
    except OSError as error:
        stop(f"cannot listen on {host}:{port}: {error.strerror}", exits.USAGE)
    typer.echo(f"listening for Alertmanager on http://{host}:{receiver.server_address[1]}/")
    try:
        receiver.serve_forever()
    except KeyboardInterrupt:
        raise typer.Exit(exits.INTERRUPTED) from None
    finally:
        receiver.server_close()
