"""Alerts about the way of the events: whether figures come, and whether they are all there."""

from __future__ import annotations

from functools import partial
from typing import Final

from deskpulse.monitoring.rules.desks import ANY
from deskpulse.monitoring.rules.groups.view import CLOSE, SCORE, SILENT, chosen, complete
from deskpulse.monitoring.rules.model import MINUTE_MS, UNTRUSTED, Alert, RuleFile, RuleGroup
from deskpulse.monitoring.rules.plan import Plan
from deskpulse.monitoring.rules.promql import EXPORTER, block

BOARD: Final = "deskpulse-pipeline"
_of_programs: Final = partial(Alert, kind="pipeline", of_programs=True, board=BOARD)
_JOB: Final = 'job="deskpulse-exporter"'
# what an exporter that is down has said of itself
_SAID: Final = "last_over_time(deskpulse_exporter_up{}[1d])"
_SOURCE: Final = "desk, topic, partition"
_BEHIND: Final = "deskpulse_source_behind_seconds"
_STALLED_SECONDS: Final = 60
_LAGGING_SECONDS: Final = 120
_LAGGING_EXPORTER_SECONDS: Final = 60
# by the brokers' clocks; beyond exporter.clock_skew_seconds the exporter calls itself incomplete
_SKEWED_SECONDS: Final = 5
_FAST_SECONDS: Final = 30  # by Prometheus's clock, which the brokers' may differ from

ABOUT: Final = """\
Alerts on exporters, workers and source topics: can the figures be trusted? Counters and positions are rows of
the ledger, so every exporter shows the same values; the rules take them from the exporter that they trust.
The label figures="untrusted" marks alerts that question the figures; while one fires, Alertmanager mutes the
alerts on figures."""


def family(plan: Plan) -> RuleFile:
    """From the exporters back to the sources."""
    groups = (
        RuleGroup("deskpulse-exporters", _exporters()),
        RuleGroup("deskpulse-workers", (*_workers(), *_partitions())),
        RuleGroup("deskpulse-records", (*_silence(plan), *_records(), *_limits())),
    )
    return RuleFile("pipeline.yml", ABOUT, groups)


def _exporters() -> tuple[Alert, ...]:
    return (*_answers(), *_trust(), *_whole())


def _answers() -> tuple[Alert, ...]:
    """Exporters that do not answer, or have nothing to say yet."""
    return (
        _of_programs(
            name="DeskpulseExporterAbsent",
            expr="absent(deskpulse_exporter_up)",
            severity="page",
            hold_ms=2 * MINUTE_MS,
            labels=UNTRUSTED,
            summary="No exporter answers, so the desk has no figures. Check that one runs.",
            description=(
                "Prometheus has reached no exporter of this desk for two minutes, so the desk has no "
                "figures at all. Check that an exporter runs, that Prometheus can reach it, and that its "
                "setting desk.name is the desk of these rules."
            ),
        ),
        _of_programs(
            name="DeskpulseExporterDown",
            # A target that does not answer tells no desk: it has that which it had, or that which the scrape
            # configuration gives it.
            expr=block(
                f"(up{ANY} == 0)",
                f"  * on (instance, job) group_left (desk) group by ({EXPORTER}) ({_SAID.format('')})",
                f"or on (instance, job) (up{{{_JOB}}} == 0)",
                f'or on (instance, job) (up{{{_JOB},desk=""}} == 0 unless on (instance, job) '
                f"{_SAID.format(ANY)})",
            ),
            severity="warning",
            hold_ms=2 * MINUTE_MS,
            summary="Exporter {{ $labels.instance }} does not answer. Check its process and the network.",
            description=(
                "Prometheus has not reached {{ $labels.instance }} for two minutes. Figures of other "
                "exporters are not affected. Check that its process runs, then the network between the two."
            ),
        ),
        _of_programs(
            name="DeskpulseExporterNotReady",
            expr="deskpulse_exporter_ready == 0",
            severity="warning",
            hold_ms=10 * MINUTE_MS,
            summary="Exporter {{ $labels.instance }} is not ready after 10 min. See its /readyz.",
            description=(
                "{{ $labels.instance }} has not finished reading the ledger and shows no figures. "
                "Open /readyz of that exporter: it names the reason."
            ),
        ),
    )


def _trust() -> tuple[Alert, ...]:
    """Exporters whose figures are old or of another moment."""
    read = "deskpulse_view_read_timestamp_seconds"
    return (
        _of_programs(
            name="DeskpulseExporterLagging",
            expr=block(
                f"timestamp({read}) - {read} > {_LAGGING_EXPORTER_SECONDS}",
                f"and on ({EXPORTER}) deskpulse_exporter_ready == 1",
                # where Kafka answers nobody, others tell
                f"and on (desk) max by (desk) ({SCORE}) >= {CLOSE}",
            ),
            severity="warning",
            hold_ms=3 * MINUTE_MS,
            summary=(
                "Exporter {{ $labels.instance }} is {{ $value | humanizeDuration }} behind. Check its link "
                "to Kafka."
            ),
            description=(
                "By Prometheus's clock, Kafka last answered {{ $labels.instance }} "
                "{{ $value | humanizeDuration }} ago, or the exporter's clock is slow. Rules and boards use "
                "another exporter meanwhile. Check the connection to Kafka, then the clock."
            ),
        ),
        _of_programs(
            name="DeskpulseExporterClock",
            expr=block(
                f"abs(deskpulse_clock_skew_seconds) > {_SKEWED_SECONDS}",
                f"or {read} - timestamp({read}) > {_FAST_SECONDS}",
            ),
            severity="warning",
            hold_ms=2 * MINUTE_MS,
            summary=(
                "Clock of exporter {{ $labels.instance }} is {{ $value | humanizeDuration }} off. "
                "Synchronize it."
            ),
            description=(
                "The clock of {{ $labels.instance }} differs by {{ $value | humanizeDuration }} from the "
                "clock of the brokers or of Prometheus, so its figures describe another moment. Rules and "
                "boards use an exporter whose clock is right, if there is one. Check time synchronization "
                "on the exporter's machine."
            ),
        ),
    )


def _whole() -> tuple[Alert, ...]:
    """Exporters that leave figures out."""
    return (
        _of_programs(
            name="DeskpulseExporterPartial",
            expr="deskpulse_exporter_up == 0",
            severity="warning",
            hold_ms=5 * MINUTE_MS,
            summary="Exporter {{ $labels.instance }} fails to compute some figures. See its log.",
            description=(
                "{{ $labels.instance }} leaves out the figures that it cannot compute. Its log has the error."
            ),
        ),
        _of_programs(
            name="DeskpulseViewIncomplete",
            expr=f"max by (desk) ({chosen('deskpulse_view_complete')}) == 0",
            severity="warning",
            hold_ms=2 * MINUTE_MS,
            labels=UNTRUSTED,
            summary="Figures are incomplete. Any exporter's /readyz says what is missing.",
            description=(
                "No exporter has had complete figures for two minutes. Open /readyz of any exporter: it "
                "says what is missing."
            ),
        ),
    )


def _workers() -> tuple[Alert, ...]:
    behind = f"max by ({_SOURCE}) ({chosen(_BEHIND)})"
    moves = "changes(deskpulse_source_position_offset[2m])"
    return (
        _of_programs(
            name="DeskpulseStalled",
            # A partition that waits and does not move; one that was never begun has no position at all.
            expr=f"count by (desk) (({behind} > {_STALLED_SECONDS}) unless on ({_SOURCE}) (max by "
            f"({_SOURCE}) ({moves}) > 0)) > 0",
            severity="page",
            hold_ms=MINUTE_MS,
            labels=UNTRUSTED,
            summary=(
                "Events are waiting and no worker makes progress (partitions: {{ $value }}). Check the "
                "workers."
            ),
            description=(
                "Records have waited for over a minute while the workers' position does not move, in this "
                "many partitions of source topics: {{ $value }}. Check that the workers run, then read "
                "their logs."
            ),
        ),
        _of_programs(
            name="DeskpulseLagging",
            expr=f"max by (desk) ({chosen(_BEHIND)}) > {_LAGGING_SECONDS}",
            severity="warning",
            hold_ms=5 * MINUTE_MS,
            labels=UNTRUSTED,
            summary=(
                "Workers are {{ $value | humanizeDuration }} behind: figures show the past. Check load, add "
                "workers."
            ),
            description=(
                "For five minutes the workers have counted events late, so the figures show the desk as it "
                "was. Check whether more events than usual arrive and whether the workers lack CPU; add "
                "workers, up to the number of partitions."
            ),
        ),
    )


def _partitions() -> tuple[Alert, ...]:
    """Partitions that nobody counts now."""
    owned, expected, recovering = (
        f"max by (desk) ({chosen(f'deskpulse_partitions_{what}')})"
        for what in ("owned", "expected", "recovering")
    )
    return (
        _of_programs(
            name="DeskpulsePartitionsUnowned",
            expr=f"{expected} - {owned} > 0",
            severity="warning",
            hold_ms=3 * MINUTE_MS,
            labels=UNTRUSTED,
            summary=(
                "Partitions without a worker: {{ $value }}. Their events are not counted. Check the workers."
            ),
            description=(
                "A rebalance takes seconds, but these partitions have had no worker for three minutes. "
                "Their events are not counted. Check that the workers run, then read their logs."
            ),
        ),
        _of_programs(
            name="DeskpulseRecoverySlow",
            expr=f"{recovering} > 0",
            severity="warning",
            hold_ms=10 * MINUTE_MS,
            labels=UNTRUSTED,
            summary="Partitions still recovering after 10 min: {{ $value }}. Read their workers' logs.",
            description=(
                "Workers have been reading these partitions from the ledger for ten minutes. Events of "
                "these partitions are not counted until that ends. The workers' logs show how far they are."
            ),
        ),
    )


def _silence(plan: Plan) -> tuple[Alert, ...]:
    return (
        Alert(
            name="DeskpulseSourceSilent",
            # While the workers stand still or Kafka does not answer, nothing can come: that is told by
            # others.
            expr=block(SILENT, f"and on (desk) {complete()}"),
            severity="warning",
            kind="pipeline",
            board=BOARD,
            hold_ms=plan.alerts.silence.hold,
            labels=UNTRUSTED,
            summary=(
                'No event from {{ if eq $labels.topic "all" }}any source{{ else }}{{ $labels.topic }}{{ '
                "end }} "
                "for {{ $value | humanizeDuration }}. Check the sender."
            ),
            description=(
                "No event for {{ $value | humanizeDuration }} during business hours; at the earlier rate "
                "some should have arrived. Either the sender has stopped or the desk is idle. Check the "
                "sender first."
            ),
        ),
    )


def _records() -> tuple[Alert, ...]:
    return (
        _of_programs(
            name="DeskpulseSourceHeldBack",
            expr=f"max by (desk, topic) ({chosen('deskpulse_source_unstable_records')}) > 0",
            severity="warning",
            hold_ms=5 * MINUTE_MS,
            labels=UNTRUSTED,
            summary="An open transaction holds back {{ $labels.topic }} events. Find its producer.",
            description=(
                "A producer has kept a transaction open for five minutes. Records of {{ $labels.topic }} "
                "behind it are not counted until it commits or aborts: {{ $value }}. Restart or stop that "
                "producer."
            ),
        ),
        _of_programs(
            name="DeskpulseRejecting",
            expr="sum by (desk, reason) (max by (desk, partition, reason) "
            "(increase(deskpulse_events_rejected_total[10m]))) > 0",
            severity="warning",
            hold_ms=MINUTE_MS,
            summary=(
                "Records rejected in 10 min: {{ $value | humanize }} ({{ $labels.reason }}). Read the dead "
                "letters."
            ),
            description=(
                "Records rejected in ten minutes for the reason {{ $labels.reason }}: "
                "{{ $value | humanize }}. They count in no figure; the topic dead-letter keeps them. Read a "
                "few of them, then fix their producer."
            ),
        ),
        _of_programs(
            name="DeskpulseRecordsLost",
            expr="sum by (desk) (max by (desk, partition) (increase(deskpulse_records_lost_total[10m]))) > 0",
            severity="page",
            summary=(
                "Records deleted before a worker read them: {{ $value | humanize }}. Raise the topics' "
                "retention."
            ),
            description=(
                "Records lost in ten minutes: {{ $value | humanize }}. The retention of a source topic is "
                "shorter than the workers' lag. Raise the retention now, then find out why the workers are "
                "behind."
            ),
        ),
    )


def _limits() -> tuple[Alert, ...]:
    """Names at their limit, and records that an operator skipped."""
    return (
        _of_programs(
            name="DeskpulseNamesNearLimit",
            expr="max by (desk, of) (deskpulse_names_held / deskpulse_names_limit) > 0.8",
            severity="warning",
            hold_ms=10 * MINUTE_MS,
            summary=(
                "{{ $value | humanizePercentage }} of the name limit is used: {{ $labels.of }}. Find "
                "invented names or raise it."
            ),
            description=(
                "Beyond the limit of a partition, new names count as other for the life of the ledger. "
                "Either a producer invents names, or {{ if eq $labels.of `combination` "
                "}}desk.max_combinations{{ else }}desk.max_names{{ end }} is too small."
            ),
        ),
        _of_programs(
            name="DeskpulseRecordsSkipped",
            expr="sum by (desk) (max by (desk, partition) (increase(deskpulse_records_skipped_total[10m]))) "
            "> 0",
            severity="warning",
            summary=(
                "Records skipped by an operator: {{ $value | humanize }}. They crash workers: find their "
                "producer."
            ),
            description=(
                "Records skipped in ten minutes: {{ $value | humanize }}. They count in no figure; the "
                "topic dead-letter keeps them. Find out what is wrong with them before more arrive."
            ),
        ),
    )
