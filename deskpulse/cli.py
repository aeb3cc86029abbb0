"""The command line.

Commands live in `deskpulse.commands`, one a file, and import what they need when they run.
"""

from __future__ import annotations

from typing import Annotated

import typer

from deskpulse import exits
from deskpulse.commands import (
    alerts,
    check,
    dashboards,
    demo,
    doctor,
    exporter,
    policy,
    privacy,
    replay,
    report,
    rules,
    simulate,
    skip,
    topics,
    worker,
)

_TRY = "Try it", "Run it", "Send events", "Operate it"
_EXIT_CODES = "[bold]Exit codes[/]\n\n" + "\n\n".join(
    f"{code}  {meaning}" for code, meaning in exits.MEANINGS.items()
)
_SETTINGS = (
    "[bold]Settings[/]\n\nOne YAML file (--config, or DESKPULSE_CONFIG) and DESKPULSE_* variables, which "
    "win. "
    "examples/deskpulse.yaml lists them all; 'deskpulse check' reads them and reports every fault at once."
)

app = typer.Typer(
    name="deskpulse",
    help="Live KPIs of support desks: Kafka events in, Prometheus figures out.",
    epilog=f"{_SETTINGS}\n\n{_EXIT_CODES}",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_show_locals=False,  # locals would show passwords
    context_settings={"help_option_names": ["-h", "--help"]},
)

app.command(rich_help_panel=_TRY[0], epilog=demo.EPILOG)(demo.demo)
app.command(rich_help_panel=_TRY[0], epilog=report.EPILOG)(report.report)
app.command(rich_help_panel=_TRY[1], epilog=topics.EPILOG)(topics.topics)
app.command(rich_help_panel=_TRY[1], epilog=worker.EPILOG)(worker.worker)
app.command(rich_help_panel=_TRY[1], epilog=exporter.EPILOG)(exporter.exporter)
app.command(rich_help_panel=_TRY[2], epilog=simulate.EPILOG)(simulate.simulate)
app.command(rich_help_panel=_TRY[2], epilog=replay.EPILOG)(replay.replay)
app.command(rich_help_panel=_TRY[3], epilog=check.EPILOG)(check.check)
app.add_typer(policy.app, rich_help_panel=_TRY[3])
app.command(rich_help_panel=_TRY[3], epilog=dashboards.EPILOG)(dashboards.dashboards)
app.command(rich_help_panel=_TRY[3], epilog=rules.EPILOG)(rules.rules)
app.command(rich_help_panel=_TRY[3], epilog=alerts.EPILOG)(alerts.alerts)
app.command(rich_help_panel=_TRY[3], epilog=doctor.EPILOG)(doctor.doctor)
app.command(rich_help_panel=_TRY[3], epilog=skip.EPILOG)(skip.skip)
app.command(rich_help_panel=_TRY[3], epilog=privacy.EPILOG)(privacy.privacy)


def main() -> None:
    """Entry point of the script `deskpulse`."""
    app()


def _print_version(value: bool) -> None:  # noqa: FBT001 - typer calls it
    if value:
        from importlib.metadata import PackageNotFoundError, version

        try:
            print(f"deskpulse {version('deskpulse')}")
        except PackageNotFoundError:
            print("deskpulse (not installed: run from its source)")
        raise typer.Exit


@app.callback()
def _options(
    *,
    _: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit."),
    ] = False,
) -> None:
    """Live KPIs of support desks: Kafka events in, Prometheus figures out."""
