"""What commands share: settings or a clear end, durations and times as options, errors as exit codes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn, TypeVar

import typer

from deskpulse import exits
from deskpulse.times import parse_duration_ms, parse_time_ms

if TYPE_CHECKING:
    from deskpulse.monitoring.rules import Plan
    from deskpulse.policy import DeskZone
    from deskpulse.settings import Settings
    from kpis.sla.policy import Policy

T = TypeVar("T")

Config = Annotated[
    Path | None,
    typer.Option(
        "--config",
        "-c",
        metavar="FILE",
        envvar="DESKPULSE_CONFIG",
        help="Settings file (YAML).",
        show_default=False,
    ),
]


def say_parameter(parse: Callable[[str], T]) -> Callable[[str | T], T]:
    """A parser whose ValueError reaches the person: by itself the command line would show the value alone."""

    def parser(text: str | T) -> T:
        if not isinstance(text, str):
            return text  # a default is given as the value it stands for
        try:
            return parse(text)
        except ValueError as error:
            raise typer.BadParameter(str(error)) from None

    return parser


duration = say_parameter(parse_duration_ms)
time = say_parameter(parse_time_ms)


def read_settings(config: Path | None) -> Settings:
    """The settings, their policy checked; or all faults on stderr and exit code 2."""
    from deskpulse.settings import SettingsError, load

    try:
        settings = load(config)
    except SettingsError as error:
        stop(str(error), exits.USAGE)
    if settings.desk.policy is not None:
        read_policy(settings)
    read_zone(settings)
    return settings


def read_policy(settings: Settings) -> Policy | None:
    """The SLA policy that the settings name, None without one.

    A policy with faults ends the command with exit code 2 and all of them on stderr.
    """
    from deskpulse.policy import PolicyError, desk_policy

    try:
        return desk_policy(settings.desk)
    except PolicyError as error:
        stop(str(error), exits.USAGE)


def read_zone(settings: Settings) -> DeskZone:
    """The zone of the desk; or on stderr, with exit code 2, that the settings must name it."""
    from deskpulse.policy import PolicyError, desk_zone

    try:
        return desk_zone(settings.desk)
    except PolicyError as error:
        stop(str(error), exits.USAGE)


def stop(message: str, code: int) -> NoReturn:
    """End the command: the message on stderr, the code to the shell."""
    typer.echo(f"deskpulse: {message}", err=True)
    raise typer.Exit(code)


def run_async(main: Coroutine[Any, Any, T], *, interrupted: int = exits.INTERRUPTED) -> T:
    """Run a command's body, and end with exit code 3 when the cluster is not as it must be.

    Ctrl-C ends it with `interrupted`.
    """
    from deskpulse.cluster import ClusterError

    try:
        return asyncio.run(main)
    except ClusterError as error:
        stop(str(error), exits.BROKER)
    except KeyboardInterrupt:
        raise typer.Exit(interrupted) from None


def set_up_logging(level: str = "INFO") -> None:
    """Log lines for a long-running process, on stderr."""
    import logging

    logging.basicConfig(level=level, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    # its debug calls take a tenth of the time even when nobody reads them
    logging.getLogger("aiokafka").setLevel(logging.WARNING)


def refuse_impossible_alerts(plan: Plan, now_ms: int) -> None:
    """End with code 2 when alerts of a policy can never fire as set."""
    from deskpulse.monitoring.rules.faults import faults

    if found := faults(plan, now_ms):
        told = "\n".join(f"  {str(fault).replace(chr(10), chr(10) + '  ')}" for fault in found)
        stop(
            f"{len(found)} fault{'s' if len(found) > 1 else ''} in the alerts of the policy\n{told}",
            exits.USAGE,
        )
