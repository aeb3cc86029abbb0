"""Cases of the alerts about the alerts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from deskpulse.policy import load_policy
from kpis.figures.kpi import resolution_rate
from scripts.rule_tests.model import INSTANCES, Case, Fired, Look, figures, healthy
from scripts.tidy import ROOT

A, B = INSTANCES["a"], INSTANCES["b"]
DEFAULT: Final = Path("examples/policy.yaml")
_BOARD: Final = "deskpulse-pipeline"
_OTHER: Final = "0123456789abcdef"
ALERTS: Final = (
    "SupportSLABlind",
    "DeskpulseDeskUnwatched",
    "DeskpulsePolicyMismatch",
    "DeskpulseRulesOutdated",
    "DeskpulseCalendarEnds",
    "DeskpulseDefinitionsDiffer",
    "DeskpulseSettingsMismatch",
    "DeskpulseVersionMismatch",
)


def _blind(reason: str = "") -> Fired:
    return Fired(
        labels={"severity": "page", "kind": "meta", "figures": "untrusted"},
        summary="SLA alerts are blind: a breach would not be reported. Watch the queue yourself.",
        description=(
            "For five minutes no exporter has had fresh and complete figures, so alerts on figures are "
            f"silent.{reason} Watch the queue of your desk yourself until this alert ends."
        ),
        board=_BOARD,
    )


BLIND: Final = _blind()


def _warned(summary: str, description: str, **labels: str) -> Fired:
    return Fired(
        labels={"severity": "warning", "kind": "meta", **labels},
        summary=summary,
        description=description,
        board=_BOARD,
    )


def cases() -> Iterator[Case]:
    """All of them."""
    yield from _blindness()
    yield from _mismatches()
    yield from _calendar_ends()
    yield from _unwatched()
    watchdog = Fired(
        labels={"severity": "none", "kind": "meta"},
        summary="Always firing, to show that alerts arrive.",
        description=(
            "When this alert stops reaching its receiver, alerts no longer arrive. Check Prometheus, then "
            "Alertmanager."
        ),
        board=_BOARD,
    )
    yield Case(
        "the watchdog fires from the first moment, without any exporter",
        {},
        (Look("0m", "Watchdog", (watchdog,)),),
    )


def _blindness() -> Iterator[Case]:
    at_five = (Look("7m", "SupportSLABlind"), Look("8m", "SupportSLABlind", (BLIND,)))
    partial = {"deskpulse_view_complete": "1x2 0x30"}
    yield Case(
        "figures are partial for five minutes in both exporters: nobody would be told of a slip, so this "
        "is told, once",
        {**healthy(30, more=partial), **healthy(30, instance=B, more=partial)},
        at_five,
    )
    anew = {**partial, 'deskpulse_view_incomplete{reason="definitions"}': "_x2 1x30"}
    told = _blind(" The reason according to an exporter: definitions.")
    yield Case(
        "the figures are made anew by other definitions: told with the reason",
        healthy(30, more=anew),
        (Look("7m", "SupportSLABlind"), Look("8m", "SupportSLABlind", (told,))),
    )
    stale = {"deskpulse_view_read_timestamp_seconds": "0+60x2 120x30"}
    yield Case(
        "Kafka does not answer any more: a minute later the figures are stale, five minutes later it is told",
        healthy(30, more=stale),
        (Look("7m", "SupportSLABlind"), Look("8m", "SupportSLABlind", (BLIND,))),
    )
    yield Case(
        "no exporter at all", {}, (Look("4m", "SupportSLABlind"), Look("5m", "SupportSLABlind", (BLIND,)))
    )
    yield Case(
        "an exporter restarts within two minutes, and a rebalance follows: nothing is told",
        healthy(
            30, more={"deskpulse_exporter_ready": "1x5 _ 0 1x30", "deskpulse_view_complete": "1x5 _ 0 0 1x30"}
        ),
        tuple(Look(f"{minute}m", alert) for minute in (6, 8, 10, 15) for alert in ALERTS),
    )
    yield Case(
        "a figure cannot be trusted for four minutes twice: nothing is told",
        healthy(30, more={"deskpulse_view_complete": "1x2 0x3 1 0x3 1x30"}),
        tuple(Look(f"{minute}m", "SupportSLABlind") for minute in (5, 7, 10, 12)),
    )


def _unwatched() -> Iterator[Case]:
    """These rules are of one desk, and tell of every other one that no rules are loaded for."""

    def told(what: str, fix: str, desk: str | None) -> Fired:
        return Fired(
            labels={"severity": "page", "kind": "meta"},
            summary="No rules watch this desk: a breach would not be reported. Load its rules.",
            description=f"{what}. A breach there would not be reported. {fix}",
            board=_BOARD,
            desk=desk,
        )

    other = told(
        "Exporters of the desk us answer, but Prometheus has loaded no rules for it",
        "Make the rules with `deskpulse rules` and load them.",
        "us",
    )
    earlier = told(
        "An exporter of an earlier version sends series without the label desk, and no rules read them",
        "Upgrade that exporter.",
        None,
    )
    without = {
        name.replace('desk="deskpulse",', ""): values for name, values in healthy(30, instance=B).items()
    }
    yield Case(
        "a second desk is scraped, and its rules are not loaded: told after ten minutes; of the first desk "
        "nothing is told",
        {**healthy(30), **healthy(30, instance=B, desk="us")},
        (
            Look("9m", "DeskpulseDeskUnwatched"),
            Look("10m", "DeskpulseDeskUnwatched", (other,)),
            *(Look("20m", alert) for alert in ALERTS if alert != "DeskpulseDeskUnwatched"),
        ),
    )
    yield Case(
        "an exporter of an earlier version is scraped beside one of this desk: told",
        {**healthy(30), **without},
        (Look("10m", "DeskpulseDeskUnwatched", (earlier,)),),
    )


def _mismatches() -> Iterator[Case]:
    policies = _warned(
        "Workers and exporters use different SLA policies. Give both the same file.",
        "Deadlines come from the workers' policy, objectives and open hours from the exporter's. Start "
        "both with the same file.",
    )
    differs = {"deskpulse_policy_mismatch": "0x2 1x30"}
    yield Case(
        "workers with another policy than the exporters: told once",
        {**figures(A, differs), **figures(B, differs)},
        (Look("7m", "DeskpulsePolicyMismatch"), Look("8m", "DeskpulsePolicyMismatch", (policies,))),
    )
    policy = load_policy(ROOT / DEFAULT)
    assert policy is not None
    outdated = _warned(
        "Alert rules come from another SLA policy than the figures. Make the rules again.",
        f"Exporters use the policy {_OTHER}; these rules were made from {policy.digest()}. "
        "Run `deskpulse rules` with the current policy and let Prometheus reload them.",
        digest=_OTHER,
    )
    ours, theirs = (
        {f'deskpulse_policy_info{{version="2026",digest="{digest}"}}': "1x40"}
        for digest in (policy.digest(), _OTHER)
    )
    yield Case(
        "the exporters have the policy of the rules: nothing is told",
        figures(A, ours),
        (Look("30m", "DeskpulseRulesOutdated"),),
    )
    yield Case(
        "the exporters have another policy: told after a quarter of an hour, once",
        {**figures(A, theirs), **figures(B, theirs)},
        (Look("14m", "DeskpulseRulesOutdated"), Look("15m", "DeskpulseRulesOutdated", (outdated,))),
    )
    yield from _definitions()
    zone = {'deskpulse_setting_mismatch{setting="desk.time_zone"}': "_x3 1x30"}
    settings = _warned(
        "desk.time_zone differs between exporter and workers. Set it alike.",
        "Workers and exporters of one ledger must share this setting. Until they do, the exporter's figures "
        "do not mean what it says they mean.",
        setting="desk.time_zone",
    )
    yield Case(
        "one of two exporters has another time zone than the workers: told once",
        {**figures(A, zone), **figures(B, {})},
        (Look("7m", "DeskpulseSettingsMismatch"), Look("8m", "DeskpulseSettingsMismatch", (settings,))),
    )
    versions = _warned(
        "Exporters have run 2 versions side by side for an hour. Finish the upgrade.",
        "An upgrade takes minutes. Find the exporter that still runs the other version and restart it with "
        "the right one.",
    )
    first, second = (
        {f'deskpulse_build_info{{version="{version}"}}': "1x80"} for version in ("0.1.0", "0.2.0")
    )
    yield Case(
        "two versions side by side for an hour",
        {**figures(A, first), **figures(B, second)},
        (Look("59m", "DeskpulseVersionMismatch"), Look("60m", "DeskpulseVersionMismatch", (versions,))),
    )


def _calendar_ends() -> Iterator[Case]:
    """Time begins at 1970-01-01: the list ends 92 days and 30 min later, at 7,950,600 s."""
    name = "deskpulse_policy_calendar_ends_timestamp_seconds"
    ends = {f'{name}{{version="2026",calendar="madrid"}}': "7950600x240"}
    told = _warned(
        "Calendar madrid: a list of its own days is at its end. Add the next years.",
        "The last day of the list in version 2026 of the SLA policy is over at 1970-04-03 00:30:00 +0000 "
        "UTC. After that, days like those of the list count as working days, and deadlines fall on them. "
        "`deskpulse check` names the list and the fix.",
        version="2026",
        calendar="madrid",
    )
    yield Case(
        "a list of days ends: told an hour after less than a quarter of a year is left, once",
        {**figures(A, ends), **figures(B, ends)},
        (Look("90m", "DeskpulseCalendarEnds"), Look("91m", "DeskpulseCalendarEnds", (told,))),
    )
    later = {f'{name}{{version="2026",calendar="madrid"}}': "31536000x240"}
    yield Case(
        "a list of days ends in a year: nothing is told",
        figures(A, later),
        (Look("180m", "DeskpulseCalendarEnds"),),
    )


def _definitions() -> Iterator[Case]:
    net = resolution_rate.NET.name
    description = (
        "Workers of two versions own partitions, or an exporter has another version than the workers, and "
        "the versions define this figure differently. Finish the upgrade, or finish going back: each worker "
        "brings its partitions to its own definitions."
    )
    one, every = (
        _warned(f"{hidden} hidden. Finish the upgrade.", description, figure=figure)
        for figure, hidden in ((net, f"{net} is"), ("*", "All figures are"))
    )
    yield Case(
        "partitions and exporters do not agree about a figure for half an hour: told once a figure, "
        "whoever sees it",
        {
            **figures(A, {f'deskpulse_figure_hidden{{figure="{net}"}}': "1x80"}),
            **figures(
                B,
                {
                    f'deskpulse_figure_hidden{{figure="{net}"}}': "1x80",
                    'deskpulse_figure_hidden{figure="*"}': "_x10 1x70",
                },
            ),
        },
        (
            Look("29m", "DeskpulseDefinitionsDiffer"),
            Look("30m", "DeskpulseDefinitionsDiffer", (one,)),
            Look("41m", "DeskpulseDefinitionsDiffer", (every, one)),
        ),
    )
    yield Case(
        "an upgrade takes ten minutes: nothing is told",
        figures(A, {f'deskpulse_figure_hidden{{figure="{net}"}}': "1x10 _x80"}),
        (Look("30m", "DeskpulseDefinitionsDiffer"), Look("45m", "DeskpulseDefinitionsDiffer")),
    )
