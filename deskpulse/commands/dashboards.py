"""`deskpulse dashboards`: the Grafana boards of a policy, in a language."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from deskpulse import exits
from deskpulse.commands.common import Config, read_settings, stop

if TYPE_CHECKING:
    from kpis.sla.policy import Policy

EPILOG = (
    "Objectives and clocks come from the policy, bands and buckets from the settings. Without a policy the "
    "boards show volume, backlog and calendar times, and explain what a policy would add. "
    "monitoring/dashboards/ holds the output for the default policy; docs/boards.md explains how to load "
    "the boards into Grafana and show them on a screen.\n\n[bold]Examples[/]\n\n"
    "deskpulse dashboards --out boards\n\n"
    "deskpulse dashboards --policy policy.yaml --locale es-ES --out boards"
)


def dashboards(
    out: Annotated[
        Path,
        typer.Option(
            "--out",
            "-o",
            metavar="DIR",
            help="Folder for the files; it is created if missing.",
            file_okay=False,
        ),
    ],
    policy: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="SLA policy; by default that of the settings (desk.policy). With neither, the boards have "
            "no SLA figures.",
            exists=True,
            dir_okay=False,
        ),
    ] = None,
    locale: Annotated[str, typer.Option(metavar="en|es-ES|es-MX", help="Language and number format.")] = "en",
    datasource: Annotated[
        str, typer.Option(metavar="UID", help="The uid of the Prometheus data source in Grafana.")
    ] = "deskpulse-prometheus",
    config: Config = None,
) -> None:
    """Write the Grafana boards: wall, team, SLA, pipeline health, definitions."""
    from deskpulse.monitoring.boards import LOCALES, Desk, boards

    chosen = LOCALES.get(locale)
    if chosen is None:
        stop(f"there are no boards in {locale!r}: use one of {', '.join(LOCALES)}", exits.USAGE)
    settings = read_settings(config)
    desk = Desk(
        locale=chosen,
        policy=_policy(policy or settings.desk.policy),
        bands=settings.bands,
        buckets_seconds=settings.exporter.buckets_seconds,
        parts_window=settings.exporter.parts_windows[0] if settings.exporter.parts_windows else "1h",
        datasource=datasource,
        members=tuple(settings.desk.members.team or ()),
        segment=settings.desk.segment,
    )
    try:
        out.mkdir(parents=True, exist_ok=True)
        for board in boards(desk):
            (out / board.file).write_text(board.text(), encoding="utf-8")
            typer.echo(out / board.file)
    except OSError as error:
        stop(f"{out}: {error.strerror}: choose a folder that you can write to", exits.USAGE)


def _policy(path: Path | None) -> Policy | None:
    from deskpulse.policy import PolicyError, load_policy

    try:
        return load_policy(path)
    except PolicyError as error:
        stop(f"{path}: {error}", exits.USAGE)
