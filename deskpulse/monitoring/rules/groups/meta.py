"""Alerts about the alerts: whether they see anything, whether everybody uses one policy, whether they arrive."""

from __future__ import annotations

from functools import partial
from typing import Final

from deskpulse.monitoring.rules.desks import ANY, labelled
from deskpulse.monitoring.rules.groups.view import ANSWERING, TRUSTED
from deskpulse.monitoring.rules.model import MINUTE_MS, UNTRUSTED, Alert, Family, Group
from deskpulse.monitoring.rules.plan import Plan

BOARD: Final = "deskpulse-pipeline"
_of_programs: Final = partial(Alert, kind="meta", of_programs=True, board=BOARD)
ABOUT: Final = "Whether the alerts themselves can be relied on."


def family(plan: Plan) -> Family:
    """Blindness, mismatches, and the Watchdog."""
    return Family(
        "meta.yml",
        ABOUT,
        (Group("deskpulse-meta", (_blind(), _unwatched(), *_mismatches(plan), _watchdog(plan))),),
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
        summary="Nobody would be told of a broken promise now.",
        description=(
            "For five minutes no exporter has had figures that are fresh and complete, so alerts about "
            "them keep silent."
            '{{ with query (printf "deskpulse_view_incomplete{desk=%q} == 1" $labels.desk) }} '
            "An exporter gives as the reason: {{ (. | first).Labels.reason }}.{{ end }} "
            "Watch the queue of your desk by hand until this is over."
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
        summary="Exporters answer, and no rules watch their desk.",
        description=(
            "{{ with $labels.desk }}Prometheus has loaded no rules of the desk {{ . }}{{ else }}Series "
            "without the label desk come from an "
            "exporter of an earlier version, and no rules read them{{ end }}: nobody would be told of a "
            "broken promise there."
        ),
    )


def _mismatches(plan: Plan) -> tuple[Alert, ...]:
    return (
        _of_programs(
            name="DeskpulsePolicyMismatch",
            expr="max by (desk) (deskpulse_policy_mismatch) == 1",
            severity="warning",
            hold_ms=5 * MINUTE_MS,
            summary="Workers and exporters use different SLA policies.",
            description="Deadlines are those of the workers' policy, objectives and open hours those of the "
            "exporter's.",
        ),
        _of_programs(
            name="DeskpulseRulesOutdated",
            expr=f'count by (desk, digest) (deskpulse_policy_info{{digest!="{plan.policy.digest()}"}}) > 0',
            severity="warning",
            hold_ms=15 * MINUTE_MS,
            summary="The alert rules were made from another SLA policy than the figures.",
            description=f"Exporters use the policy {{{{ $labels.digest }}}}, these rules were made from "
            f"{plan.policy.digest()}.",
        ),
        _of_programs(
            name="DeskpulseDefinitionsDiffer",
            expr="max by (desk, figure) (deskpulse_figure_hidden) == 1",
            severity="warning",
            hold_ms=30 * MINUTE_MS,
            summary="{{ if eq $labels.figure `*` }}All figures are{{ else }}{{ $labels.figure }} is{{ end }} "
            "hidden.",
            description=(
                "Workers of two versions own partitions, or an exporter is of another version than they "
                "are, and the versions define this "
                "figure differently. Finish the upgrade or the way back: each worker brings its partitions "
                "to its own definitions."
            ),
        ),
        _of_programs(
            name="DeskpulseSettingsMismatch",
            expr="max by (desk, setting) (deskpulse_setting_mismatch) == 1",
            severity="warning",
            hold_ms=5 * MINUTE_MS,
            summary="{{ $labels.setting }} of an exporter is not that of the workers.",
            description="Workers and exporters of one ledger must share it: the exporter's figures mean something "
            "else than it says.",
        ),
        _of_programs(
            name="DeskpulseVersionMismatch",
            expr="count by (desk) (count by (desk, version) (deskpulse_build_info)) > 1",
            severity="warning",
            hold_ms=60 * MINUTE_MS,
            summary="Exporters of {{ $value }} versions run side by side.",
            description="An upgrade takes minutes; this has been so for an hour.",
        ),
    )


def _watchdog(plan: Plan) -> Alert:
    return _of_programs(
        name="Watchdog",
        expr=labelled("vector(1)", plan.desk),
        severity="none",
        summary="Always firing.",
        description="Its absence at the receiver means that alerts do not arrive.",
    )
