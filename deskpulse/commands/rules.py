"""`deskpulse rules`: Prometheus's rules and Alertmanager's configuration from the SLA policy."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from deskpulse import exits
from deskpulse.clocks import wall_ms
from deskpulse.commands.common import Config, read_settings, refuse_impossible_alerts, stop

if TYPE_CHECKING:
    from deskpulse.monitoring.rules import Plan
    from deskpulse.policy import PolicyFile

EPILOG = (
    "The section alerts of the policy file sets limits, factors and links; docs/alerts.md explains them. "
    "Exit code 2 when an alert can never fire as set.\n\n[bold]Examples[/]\n\n"
    "deskpulse rules --policy policy.yaml --out monitoring\n\ndeskpulse rules --policy policy.yaml --check "
    "--out monitoring\n\n"
    "deskpulse rules --desk us --policy us.yaml --out monitoring/us --beside monitoring/eu/alertmanager.yml"
)

PolicyOption = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        exists=True,
        dir_okay=False,
        help="The SLA policy.",
        show_default="the settings', or the example",
    ),
]
Out = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR",
        file_okay=False,
        help="Write rules/*.yml and alertmanager.yml there.",
        show_default="standard output",
    ),
]
Receivers = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        exists=True,
        dir_okay=False,
        help="Your Alertmanager receivers, in place of ours.",
        show_default=False,
    ),
]
Beside = Annotated[
    list[Path] | None,
    typer.Option(
        metavar="FILE",
        exists=True,
        dir_okay=False,
        help="alertmanager.yml of another desk to include. Repeatable.",
        show_default=False,
    ),
]


def rules(
    *,
    policy: PolicyOption = None,
    out: Out = None,
    check: Annotated[
        bool,
        typer.Option(
            "--check", help="Write nothing; report faults, thresholds, and files in --out that differ."
        ),
    ] = False,
    receivers: Receivers = None,
    desk: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Name of the desk, as its exporters use it.",
            show_default="the settings' desk.name, or app_id",
        ),
    ] = None,
    beside: Beside = None,
    time_scale: Annotated[
        float,
        typer.Option(
            min=1,
            max=1000,
            metavar="N",
            help="For drills: the desk's clock is N times as fast; waits on the desk are N times shorter.",
        ),
    ] = 1,
    config: Config = None,
) -> None:
    """Write the recording rules, alert rules and Alertmanager configuration of an SLA policy."""
    from deskpulse.monitoring.rules import Plan, texts
    from deskpulse.policy import build

    file = _read_policy(policy, config)
    plan = Plan(build(file), file.alerts, time_scale, _read_desk(desk, config))
    now_ms = wall_ms()
    refuse_impossible_alerts(plan, now_ms)
    _tell_remarks(plan, now_ms)
    try:
        made = texts(plan, now_ms, _read_receivers(receivers), [_read_beside(path) for path in beside or ()])
    except ValueError as error:
        stop(str(error), exits.USAGE)
    _prove(plan, made, now_ms)
    _keep_others(plan, out)
    if check:
        _check(plan, now_ms, made, out)
    else:
        _deliver(made, out)


def _tell_remarks(plan: Plan, now_ms: int) -> None:
    from deskpulse.policy.remarks import remarks

    for line in remarks(plan.policy, now_ms):
        typer.echo(f"rules: {line}", err=True)


def _keep_others(plan: Plan, out: Path | None) -> None:
    """End with code 2 rather than replace the rules of another desk, which nobody would watch then."""
    from deskpulse.monitoring.rules import other_desk

    if out is not None and other_desk(out, plan.desk):
        stop(
            f"{out} has the rules of another desk than {plan.desk!r}: give each desk a folder of its own, "
            "or delete them",
            exits.USAGE,
        )


def _prove(plan: Plan, made: dict[str, str], now_ms: int) -> None:
    """Let Prometheus and Alertmanager test what was made, and say who looked.

    Ends with exit code 2 where one of them would refuse it, or where no alert would reach a team.
    """
    from deskpulse.monitoring.rules import proof

    if found := proof.faults(plan, made, now_ms):
        stop(
            "nothing was written, because the files would not work\n"
            + "\n".join(f"  {fault}" for fault in found),
            exits.USAGE,
        )
    present = proof.checkers()
    missing = [name for name in proof.CHECKERS if name not in present]
    told = f"accepted by {' and '.join(present)}" if present else "read back by deskpulse"
    if missing:
        told += f"; install {' and '.join(missing)} to check them too"
    typer.echo(f"rules: {told}", err=True)


def _read_policy(path: Path | None, config: Path | None) -> PolicyFile:
    from deskpulse.policy import PolicyError, load_file

    path = path or read_settings(config).desk.policy
    # that of examples/policy.yaml
    default = Path(str(resources.files("deskpulse.policy").joinpath("default.yaml")))
    try:
        return load_file(path or default)
    except PolicyError as error:
        stop(str(error), exits.USAGE)


def _read_desk(name: str | None, config: Path | None) -> str:
    """The desk that the rules are for: as given, else as the settings call it."""
    if name is None:
        return read_settings(config).desk_name
    from pydantic import ValidationError

    from deskpulse.settings.document import Document
    from deskpulse.settings.faults import from_pydantic
    from deskpulse.settings.sections import DeskSettings

    try:
        DeskSettings(name=name)
    except ValidationError as error:
        stop(
            "\n".join(
                str(from_pydantic({**fault, "loc": ("desk", *fault["loc"])}, Document()))
                for fault in error.errors()
            ),
            exits.USAGE,
        )
    return name


def _read_receivers(path: Path | None) -> list[dict[str, Any]]:
    """Errors: ValueError."""
    if path is None:
        return []
    found = _read_yaml(path)
    found = found.get("receivers") if isinstance(found, dict) else found
    if not isinstance(found, list) or not all(isinstance(one, dict) and "name" in one for one in found):
        raise ValueError(
            f"{path}: write a list of Alertmanager receivers, each with a name; docs/alerts.md shows some"
        )
    return found


def _read_beside(path: Path) -> dict[str, Any]:
    """Errors: ValueError."""
    found = _read_yaml(path)
    if not isinstance(found, dict):
        raise ValueError(f"{path}: not an Alertmanager configuration")  # noqa: TRY004 - a value of the command line
    return found


def _read_yaml(path: Path) -> Any:
    import yaml

    from deskpulse.settings import yaml_bounds

    try:
        return yaml_bounds.load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise ValueError(f"{path}: not valid YAML: {error}") from None


def _check(plan: Plan, now_ms: int, made: dict[str, str], out: Path | None) -> None:
    from deskpulse.monitoring.rules import differing
    from deskpulse.monitoring.rules.faults import explanations

    for line in explanations(plan, now_ms):
        typer.echo(line)
    different = [] if out is None else differing(made, out)
    for name in different:
        typer.echo(f"{out}/{name}: differs from what the policy gives; run deskpulse rules --out {out}")
    typer.echo(f"rules: {len(made)} files checked, {len(different)} differ")
    raise typer.Exit(exits.DIFFERENCE if different else exits.OK)


def _deliver(made: dict[str, str], out: Path | None) -> None:
    from deskpulse.monitoring.rules import write

    if out is None:
        for name, text in made.items():
            typer.echo(f"# {name}\n{text}")
        return
    for path in write(made, out):
        typer.echo(f"wrote {path}")
