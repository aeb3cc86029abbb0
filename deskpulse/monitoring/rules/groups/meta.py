"""Alerts on the alerting itself: is it blind, do all programs use one policy, do alerts arrive."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Final

from deskpulse.monitoring.rules.desks import ANY, labelled
from deskpulse.monitoring.rules.groups.view import ANSWERING, TRUSTED
from deskpulse.monitoring.rules.model import MINUTE_MS, UNTRUSTED, Alert, RuleFile, RuleGroup
from deskpulse.monitoring.rules.plan import Plan
from kpis.sla.endings import QUARTER

BOARD: Final = "deskpulse-pipeline"
_of_programs: Final = partial(Alert, kind="meta", of_programs=True, board=BOARD)
ABOUT: Final = "Alerts on the alerting itself: can it be relied on?"


def family(plan: Plan) -> RuleFile:
    """Blindness, mismatches, and the Watchdog."""
    return RuleFile(
        "meta.yml",
        ABOUT,
        (
            RuleGroup(
                "deskpulse-meta",
                (
                    _blind(),
                    _unwatched(),
                    *_mismatches(plan),
                    _calendar_ends(),
                    *_differences(),
                    _watchdog(plan),
                ),
            ),
        ),
    )


def _blind() -> Alert:
    return Alert(
        name="SupportSLABlind",
        expr=f"absent({TRUSTED})",
        severity="page",
        kind="meta",
        board=BOARD,
        hold_ms=5 * MINUTE_MS,
        labels=UNTRUSTED,
        summary="SLA alerts are blind: a breach would not be reported. Watch the queue yourself.",
        description=(
            "For five minutes no exporter has had fresh and complete figures, so alerts on figures are "
            "silent."
            '{{ with query (printf "deskpulse_view_incomplete{desk=%q} == 1" $labels.desk) }} '
            "The reason according to an exporter: {{ (. | first).Labels.reason }}.{{ end }} "
            "Watch the queue of your desk yourself until this alert ends."
        ),
    )


def _unwatched() -> Alert:
    """A desk that is scraped and has no rules.

    Each of its own would keep silent, so the rules of any other desk tell it.
    """
    return _of_programs(
        name="DeskpulseDeskUnwatched",
        expr=f"group by (desk) (deskpulse_exporter_up{ANY}) unless on (desk) {ANSWERING}{ANY}",
        severity="page",
        hold_ms=10 * MINUTE_MS,
        summary="No rules watch this desk: a breach would not be reported. Load its rules.",
        description=(
            "{{ with $labels.desk }}Exporters of the desk {{ . }} answer, but Prometheus has loaded no "
            "rules for it{{ else }}An exporter of an earlier version sends series without the label desk, "
            "and no rules read them{{ end }}. A breach there would not be reported. "
            "{{ if $labels.desk }}Make the rules with `deskpulse rules` and load them.{{ else }}Upgrade "
            "that exporter.{{ end }}"
        ),
    )


def _mismatches(plan: Plan) -> tuple[Alert, ...]:
    return (
        _of_programs(
            name="DeskpulsePolicyMismatch",
            expr="max by (desk) (deskpulse_policy_mismatch) == 1",
            severity="warning",
            hold_ms=5 * MINUTE_MS,
            summary="Workers and exporters use different SLA policies. Give both the same file.",
            description=(
                "Deadlines come from the workers' policy, objectives and open hours from the exporter's. "
                "Start both with the same file."
            ),
        ),
        _of_programs(
            name="DeskpulseRulesOutdated",
            expr=f'count by (desk, digest) (deskpulse_policy_info{{digest!="{plan.policy.digest()}"}}) > 0',
            severity="warning",
            hold_ms=15 * MINUTE_MS,
            summary="Alert rules come from another SLA policy than the figures. Make the rules again.",
            description=(
                f"Exporters use the policy {{{{ $labels.digest }}}}; these rules were made from "
                f"{plan.policy.digest()}. Run `deskpulse rules` with the current policy and let Prometheus "
                "reload them."
            ),
        ),
    )


def _calendar_ends() -> Alert:
    """A list of closed days that ends: after it the clock runs on such days, and nobody sees it."""
    return _of_programs(
        name="DeskpulseCalendarEnds",
        expr=(
            "min by (desk, version, calendar) (deskpulse_policy_calendar_ends_timestamp_seconds) "
            f"< time() + {QUARTER // timedelta(seconds=1)}"
        ),
        severity="warning",
        hold_ms=60 * MINUTE_MS,
        summary="Calendar {{ $labels.calendar }}: a list of its own days is at its end. Add the next years.",
        description=(
            "The last day of the list in version {{ $labels.version }} of the SLA policy is over at "
            "{{ $value | humanizeTimestamp }}. After that, days like those of the list count as working "
            "days, and deadlines fall on them. `deskpulse check` names the list and the fix."
        ),
    )


def _differences() -> tuple[Alert, ...]:
    """Programs of one desk that differ in definitions, shared settings or version."""
    return (
        _of_programs(
            name="DeskpulseDefinitionsDiffer",
            expr="max by (desk, figure) (deskpulse_figure_hidden) == 1",
            severity="warning",
            hold_ms=30 * MINUTE_MS,
            summary=(
                "{{ if eq $labels.figure `*` }}All figures are{{ else }}{{ $labels.figure }} is{{ end }} "
                "hidden. Finish the upgrade."
            ),
            description=(
                "Workers of two versions own partitions, or an exporter has another version than the "
                "workers, and the versions define this figure differently. Finish the upgrade, or finish "
                "going back: each worker brings its partitions to its own definitions."
            ),
        ),
        _of_programs(
            name="DeskpulseSettingsMismatch",
            expr="max by (desk, setting) (deskpulse_setting_mismatch) == 1",
            severity="warning",
            hold_ms=5 * MINUTE_MS,
            summary="{{ $labels.setting }} differs between exporter and workers. Set it alike.",
            description=(
                "Workers and exporters of one ledger must share this setting. Until they do, the exporter's "
                "figures do not mean what it says they mean."
            ),
        ),
        _of_programs(
            name="DeskpulseVersionMismatch",
            expr="count by (desk) (count by (desk, version) (deskpulse_build_info)) > 1",
            severity="warning",
            hold_ms=60 * MINUTE_MS,
            summary="Exporters have run {{ $value }} versions side by side for an hour. Finish the upgrade.",
            description=(
                "An upgrade takes minutes. Find the exporter that still runs the other version and restart "
                "it with the right one."
            ),
        ),
    )


def _watchdog(plan: Plan) -> Alert:
    return _of_programs(
        name="Watchdog",
        expr=labelled("vector(1)", plan.desk),
        severity="none",
        summary="Always firing, to show that alerts arrive.",
        description=(
            "When this alert stops reaching its receiver, alerts no longer arrive. Check Prometheus, then "
            "Alertmanager."
        ),
    )
