"""`deskpulse privacy`: what becomes of every field of the contract."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from deskpulse.commands.common import Config, read_settings

EPILOG = (
    "For a works agreement or a record of processing. It reads the settings and contacts nothing; "
    "docs/privacy.md has the output for the default settings.\n\n[bold]Examples[/]\n\n"
    "deskpulse privacy\n\ndeskpulse privacy --format markdown > privacy.md"
)


class Layout(StrEnum):
    """How the inventory is printed."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"


def privacy(
    *,
    form: Annotated[
        Layout, typer.Option("--format", help="text for people, json for programs, markdown for a page.")
    ] = Layout.TEXT,
    config: Config = None,
) -> None:
    """List every field of the events: whom it may identify, where it is kept, how long, in which form."""
    settings = read_settings(config)
    from deskpulse.privacy import as_json, as_markdown, as_text, inventory

    write = {Layout.TEXT: as_text, Layout.JSON: as_json, Layout.MARKDOWN: as_markdown}[form]
    typer.echo(write(inventory(settings)).rstrip("\n"))
