"""`deskpulse check`: checks the configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from deskpulse.clocks import wall_ms
from deskpulse.commands.common import Config, read_policy, read_settings, read_zone, refuse_impossible_alerts

if TYPE_CHECKING:
    from deskpulse.settings import Settings
    from kpis.sla.policy import Policy

EPILOG = "This does not contact a broker; `deskpulse doctor` does. Exit code 2 when a setting is wrong."
_MANY_SERIES = 10_000


def check(config: Config = None) -> None:
    """Check the configuration and the policy, and print what is in force.

    Every fault is shown at once. The output ends with the number of series that the settings make.
    """
    settings = read_settings(config)
    policy = read_policy(settings)
    burns = [] if policy is None else _burns(settings, policy)
    import yaml

    typer.echo(yaml.safe_dump(settings.describe(), sort_keys=False, allow_unicode=True).rstrip())
    whose = "desk.name" if settings.desk.name is not None else "the app_id, since desk.name is not set"
    typer.echo(
        f"\ndesk: {settings.desk_name} ({whose}); its series, rules and alerts carry this name in the label "
        "desk"
    )
    zone = read_zone(settings)
    typer.echo(
        f"zone: {zone.name} ({zone.why}); the window today starts at its midnight, and the wall shows its "
        "time"
    )
    if policy is not None:
        from deskpulse.policy.remarks import remarks_of

        _tell_policy(policy)
        typer.echo("\n".join(f"  {line}" for line in (*burns, *remarks_of(settings, policy, wall_ms()))))
    _tell_series(settings)


def _tell_policy(policy: Policy) -> None:
    from deskpulse.times import format_time

    typer.echo(f"\npolicy: {len(policy.versions)} versions, digest {policy.digest()}")
    for version in policy.versions:
        since = "always" if version.effective_ms is None else f"from {format_time(version.effective_ms)}"
        lines = ", ".join(f"{target} {len(rules)}" for target, rules in version.rules.items() if rules)
        typer.echo(
            f"  {version.name} {since}: lines of {lines}; {len(version.calendars)} calendars; after_triage "
            f"{version.after_triage}; digest {version.digest()}"
        )


def _burns(settings: Settings, policy: Policy) -> list[str]:
    """The thresholds that the factors of its alerts give.

    Ends the program when an alert can never fire as set.
    """
    from deskpulse.monitoring.rules import Plan
    from deskpulse.monitoring.rules.faults import explanations
    from deskpulse.policy import load_file

    assert settings.desk.policy is not None
    plan = Plan(policy, load_file(settings.desk.policy).alerts)
    now_ms = wall_ms()
    refuse_impossible_alerts(plan, now_ms)
    return list(explanations(plan, now_ms))


def _tell_series(settings: Settings) -> None:
    from deskpulse.wiring import view_rules
    from kpis.figures.bound import series_bound

    count = series_bound(view_rules(settings))
    typer.echo(f"\nseries: at most {count:,} series of support_* from each exporter")
    if count > _MANY_SERIES:
        typer.echo(
            f"  more than {_MANY_SERIES:,}: Prometheus can handle it. To reduce the number, change "
            "exporter.compared_rollups, exporter.parts_windows, desk.members or desk.max_members"
        )
