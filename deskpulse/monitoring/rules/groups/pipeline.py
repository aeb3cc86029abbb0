"""Alerts about the way of the events: whether figures come, and whether they are all there."""

from __future__ import annotations

from functools import partial
from typing import Final

from deskpulse.monitoring.rules.desks import ANY
from deskpulse.monitoring.rules.groups.view import CLOSE, SCORE, SILENT, chosen, complete
from deskpulse.monitoring.rules.model import MINUTE_MS, UNTRUSTED, Alert, Family, Group
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
Whether the figures can be trusted: exporters, workers, source topics. Counters and positions are rows of the ledger,
so every exporter shows the same ones; they are taken from the believed one. figures="untrusted" marks alerts that say
that the figures are not to be trusted now; Alertmanager mutes the alerts about the figures meanwhile."""


def family(plan: Plan) -> Family:
    """From the exporters back to the sources."""
    groups = (
        Group("deskpulse-exporters", _exporters()),
        Group("deskpulse-workers", _workers()),
        Group("deskpulse-records", (*_silence(plan), *_records())),
    )
    return Family("pipeline.yml", ABOUT, groups)


def _exporters() -> tuple[Alert, ...]:
    return (*_answers(), *_trust())


def _answers() -> tuple[Alert, ...]:
    """Exporters that do not answer, or have nothing to say yet."""
    return (
        _of_programs(
            name="DeskpulseExporterAbsent",
            expr="absent(deskpulse_exporter_up)",
            severity="page",
            hold_ms=2 * MINUTE_MS,
            labels=UNTRUSTED,
            summary="No exporter of deskpulse answers.",
            description=(
                "Prometheus has reached no exporter of this desk for two minutes, so there are no figures "
                "of it at all. "
                "These rules know the desk by the name that its exporters have in desk.name."
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
            summary="An exporter of deskpulse does not answer.",
            description="{{ $labels.instance }} has not answered for two minutes; the figures of other exporters "
            "are not affected.",
        ),
        _of_programs(
            name="DeskpulseExporterNotReady",
            expr="deskpulse_exporter_ready == 0",
            severity="warning",
            hold_ms=10 * MINUTE_MS,
            summary="An exporter of deskpulse has not read its ledger yet.",
            description="{{ $labels.instance }} shows no figures; /readyz of that exporter says what it waits for.",
        ),
    )


def _trust() -> tuple[Alert, ...]:
    """Exporters whose figures are old, or not all there."""
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
            summary="An exporter of deskpulse is behind.",
            description=(
                "By Prometheus's clock Kafka answered {{ $labels.instance }} {{ $value | humanizeDuration "
                "}} ago, or its clock is slow; "
                "rules and boards read another one."
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
            summary="The clock of an exporter of deskpulse is wrong.",
            description=(
                "{{ $labels.instance }} is {{ $value | humanizeDuration }} off, by the brokers' clocks or "
                "by Prometheus's: its figures are "
                "of another moment. Rules and boards read one whose clock is right, if there is one."
            ),
        ),
        _of_programs(
            name="DeskpulseExporterPartial",
            expr="deskpulse_exporter_up == 0",
            severity="warning",
            hold_ms=5 * MINUTE_MS,
            summary="An exporter of deskpulse cannot compute some of its figures.",
            description="{{ $labels.instance }} leaves figures out; its log has the error.",
        ),
        _of_programs(
            name="DeskpulseViewIncomplete",
            expr=f"max by (desk) ({chosen('deskpulse_view_complete')}) == 0",
            severity="warning",
            hold_ms=2 * MINUTE_MS,
            labels=UNTRUSTED,
            summary="The figures are not all that there is.",
            description="No exporter has had complete figures for two minutes; /readyz of any exporter says what "
            "is missing.",
        ),
    )


def _workers() -> tuple[Alert, ...]:
    behind = f"max by ({_SOURCE}) ({chosen(_BEHIND)})"
    moves = "changes(deskpulse_source_position_offset[2m])"
    owned, expected, recovering = (
        f"max by (desk) ({chosen(f'deskpulse_partitions_{what}')})"
        for what in ("owned", "expected", "recovering")
    )
    return (
        _of_programs(
            name="DeskpulseStalled",
            # A partition that waits and does not move; one that was never begun has no position at all.
            expr=f"count by (desk) (({behind} > {_STALLED_SECONDS}) unless on ({_SOURCE}) (max by "
            f"({_SOURCE}) ({moves}) > 0)) > 0",
            severity="page",
            hold_ms=MINUTE_MS,
            labels=UNTRUSTED,
            summary="Events wait and nobody works on them.",
            description=(
                "Partitions of source topics whose records have waited for over a minute at a position "
                "that stands still: {{ $value }}."
            ),
        ),
        _of_programs(
            name="DeskpulseLagging",
            expr=f"max by (desk) ({chosen(_BEHIND)}) > {_LAGGING_SECONDS}",
            severity="warning",
            hold_ms=5 * MINUTE_MS,
            labels=UNTRUSTED,
            summary="The workers are {{ $value | humanizeDuration }} behind.",
            description="Events are counted, but late, and have been for five minutes: figures show the desk as it "
            "was.",
        ),
        _of_programs(
            name="DeskpulsePartitionsUnowned",
            expr=f"{expected} - {owned} > 0",
            severity="warning",
            hold_ms=3 * MINUTE_MS,
            labels=UNTRUSTED,
            summary="Partitions without a worker: {{ $value }}.",
            description="A rebalance takes seconds; this has been so for three minutes. Events of these partitions "
            "are not counted.",
        ),
        _of_programs(
            name="DeskpulseRecoverySlow",
            expr=f"{recovering} > 0",
            severity="warning",
            hold_ms=10 * MINUTE_MS,
            labels=UNTRUSTED,
            summary="Partitions that are still being recovered: {{ $value }}.",
            description="Their workers have been reading them from the ledger for ten minutes; until then no event "
            "of theirs is counted.",
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
            summary='Nothing comes from {{ if eq $labels.topic "all" }}any source{{ else }}{{ $labels.topic '
            "}}{{ end }} any more.",
            description=(
                "The last event happened {{ $value | humanizeDuration }} ago, in business hours, and at "
                "the rate of before some would have "
                "come. "
                "Either what sends them stands still, or nobody does what they tell of."
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
            summary="A producer's open transaction holds back events of {{ $labels.topic }}.",
            description="Records of {{ $labels.topic }} behind a transaction that has been open for five minutes: "
            "{{ $value }}.",
        ),
        _of_programs(
            name="DeskpulseRejecting",
            expr="sum by (desk, reason) (max by (desk, partition, reason) "
            "(increase(deskpulse_events_rejected_total[10m]))) > 0",
            severity="warning",
            hold_ms=MINUTE_MS,
            summary="Records are refused and count in no figure.",
            description=(
                "Records refused in ten minutes for the reason {{ $labels.reason }}: {{ $value | humanize "
                "}}. "
                "The topic dead-letter keeps them."
            ),
        ),
        _of_programs(
            name="DeskpulseRecordsLost",
            expr="sum by (desk) (max by (desk, partition) (increase(deskpulse_records_lost_total[10m]))) > 0",
            severity="page",
            summary="Records were deleted before they were read.",
            description=(
                "Records lost in ten minutes: {{ $value | humanize }}. The retention of a source topic is "
                "shorter than the workers' lag."
            ),
        ),
        _of_programs(
            name="DeskpulseNamesNearLimit",
            expr="max by (desk, of) (deskpulse_names_held / deskpulse_names_limit) > 0.8",
            severity="warning",
            hold_ms=10 * MINUTE_MS,
            summary="{{ $value | humanizePercentage }} of the places for names in a partition are taken: {{ "
            "$labels.of }}.",
            description=(
                "Beyond the limit new ones count as other for the life of the ledger. Either somebody "
                "makes names up, or "
                "{{ if eq $labels.of `combination` }}desk.max_combinations{{ else }}desk.max_names{{ end "
                "}} is too small."
            ),
        ),
        _of_programs(
            name="DeskpulseRecordsSkipped",
            expr="sum by (desk) (max by (desk, partition) (increase(deskpulse_records_skipped_total[10m]))) "
            "> 0",
            severity="warning",
            summary="An operator passed over records that crash the workers.",
            description=(
                "Records passed over in ten minutes: {{ $value | humanize }}. They count in no figure; the "
                "topic dead-letter keeps them."
            ),
        ),
    )
