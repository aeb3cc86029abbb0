"""Which exporter is believed, its figures under names of their own, and whether they can be trusted.

Every exporter shows the same figures, but one may be behind, and the clock of one may be wrong. Alerts and
boards read `desk:...`: the figures of one that is complete and whose clock agrees with Prometheus's, for each
desk its own. It would be convenient to compare exporters with each other; then the one whose clock is fast
would win, and every deadline would come early.
"""

from __future__ import annotations

from typing import Final

from deskpulse.monitoring.rules.model import RecordingRule, RuleFile, RuleGroup
from deskpulse.monitoring.rules.plan import Plan, number
from deskpulse.monitoring.rules.promql import EXPORTER, block
from exporters.metrics import families
from kpis.figures.kpi import first_response, reopen, volume
from kpis.sla import metrics

SCORE: Final = "desk:exporter_score"
CLOSE: Final = 4  # of the score: the clock is right and the figures are fresh
CHOSEN: Final = "desk:exporter_chosen"
TRUSTED: Final = "desk:figures_trusted"
ANSWERING: Final = "desk:exporters_answering"
SILENT: Final = "desk:source_silent_topics"
# between Prometheus's clock at the scrape and the exporter's when Kafka last answered
_CLOSE_SECONDS: Final = 30
_STALE_SECONDS: Final = 60  # since then; the exporter itself calls the view incomplete after 10
_AS_OF: Final = "desk:view_as_of_timestamp_seconds"
_READ: Final = "deskpulse_view_read_timestamp_seconds"
_END: Final = "deskpulse_ledger_end_offset"
_POSITION: Final = "deskpulse_ledger_position_offset"
_WATERMARK: Final = "deskpulse_watermark_timestamp_seconds"
_BUSY: Final = 'by="all",period="current",window=~"1h|8h|24h|7d"'
_EVENTS: Final = {  # of the source topics that no desk can do without
    "ticket-created": f"max by (desk, window) (desk:{volume.TICKETS.name}{{{_BUSY}}})",
    "first-reply": (
        f'max by (desk, window) (desk:{first_response.MEAN.observations_name}{{{_BUSY},clock="calendar"}})'
    ),
    "resolved": f"max by (desk, window) (desk:{reopen.RATIO.observations_name}{{{_BUSY}}})",
}

ABOUT: Final = """\
The exporter that the rules trust (desk:exporter_chosen), its figures (desk:support_*), how long the source
topics have been silent, and whether the figures can be trusted now (desk:figures_trusted). Alerts and boards
read desk:*, so any number of exporters may run and one that lags changes nothing. Every series keeps the
label desk."""


def family(plan: Plan) -> RuleFile:
    """The recording rules that the others stand on."""
    return RuleFile(
        "view.yml",
        ABOUT,
        (RuleGroup("deskpulse-view", (*_choice(), *_figures(), *_silence(plan), _trust())),),
    )


def chosen(metric: str) -> str:
    """A metric as the believed exporter shows it."""
    return f"{metric} and on ({EXPORTER}) {CHOSEN}"


def _choice() -> tuple[RecordingRule, ...]:
    return (
        RecordingRule(ANSWERING, "count by (desk) (deskpulse_exporter_up)"),
        # A right clock and fresh, before complete, before read to the end that it knew a minute ago; none
        # that is not ready.
        RecordingRule(
            SCORE,
            block(
                "(",
                f"    {CLOSE} * (abs(timestamp({_READ}) - {_READ}) <= bool {_CLOSE_SECONDS})",
                "  + 2 * deskpulse_view_complete",
                f"  - (max without (partition) ({_END} offset 1m > bool {_POSITION}) or 0 * "
                "deskpulse_view_complete)",
                ")",
                f"and on ({EXPORTER}) deskpulse_exporter_ready == 1",
            ),
        ),
        # The one that was believed stays it among equals: figures that jump between two exporters would look
        # like news.
        RecordingRule(
            CHOSEN,
            block(
                "topk by (desk) (1,",
                "  desk:exporter_score",
                f"  + on ({EXPORTER}) (0.5 * {CHOSEN} or on ({EXPORTER}) 0 * desk:exporter_score)",
                ") * 0 + 1",
            ),
        ),
    )


def _figures() -> list[RecordingRule]:
    shown = (
        *families.FINAL,
        *families.LIVE,
        *families.SLA_FINAL,
        *families.CLOSED_FINAL,
        *families.SLA_LIVE,
        *families.SLA_WORST,
    )
    # Labels by name: whatever else a scrape configuration puts on a target must not make two series of one
    # figure.
    labels = {one.exported_name: ", ".join(one.labels) for one in shown}
    found = [
        RecordingRule(f"desk:{name}", f"max by (desk, {names}) ({chosen(name)})")
        for name, names in labels.items()
    ]
    span = 'deskpulse_window_span_seconds{period="current"}'
    return [
        *found,
        RecordingRule(_AS_OF, f"max by (desk) ({chosen('deskpulse_view_as_of_timestamp_seconds')})"),
        RecordingRule("desk:window_span_seconds", f"max by (desk, window) ({chosen(span)})"),
    ]


def _silence(plan: Plan) -> tuple[RecordingRule, ...]:
    """For how long nothing has come, and how many events would have come meanwhile at the rate of before."""
    silence = plan.alerts.silence
    return (
        RecordingRule(
            "desk:source_silent_seconds",
            block(
                "clamp_min(",
                f'  label_replace({_AS_OF} - max by (desk) ({chosen(_WATERMARK)}), "topic", "all", "", "")',
                f"  or {_AS_OF} - on (desk) group_right ()",
                f"    max by (desk, topic) ({chosen('deskpulse_source_watermark_timestamp_seconds')}),",
                "  0",
                ")",
            ),
        ),
        RecordingRule(
            "desk:source_topic_events",
            "\nor\n".join(_named(events, topic) for topic, events in _EVENTS.items()),
        ),
        RecordingRule(
            "desk:source_events",
            "desk:source_topic_events\nor\n"
            + _named("sum by (desk, window) (desk:source_topic_events)", "all"),
        ),
        RecordingRule(
            "desk:source_window_seconds",
            "desk:source_events * 0 + on (desk, window) group_left () desk:window_span_seconds",
        ),
        # The shortest window that is not mostly silence, and its seconds before the silence began.
        RecordingRule(
            "desk:source_heard_seconds",
            block(
                "bottomk by (desk, topic) (1,",
                "  desk:source_window_seconds",
                "  and (0.8 * desk:source_window_seconds > on (desk, topic) group_left () "
                "desk:source_silent_seconds)",
                ") - on (desk, topic) group_left () desk:source_silent_seconds",
            ),
        ),
        RecordingRule(
            "desk:source_missed_events",
            block(
                "max by (desk, topic) (",
                "  desk:source_events",
                "  / on (desk, topic, window) desk:source_heard_seconds",
                "  * on (desk, topic) group_left () desk:source_silent_seconds",
                ")",
            ),
        ),
        RecordingRule(
            SILENT,
            block(
                f"(desk:source_silent_seconds >= {number(silence.least / 1000)})",
                f"and on (desk, topic) (desk:source_missed_events >= {silence.events})",
                # Nobody expects events while every team is closed; without a calendar somebody always works.
                f'unless on (desk) (desk:{metrics.BUSINESS_OPEN}{{by="all"}} == 0)',
            ),
        ),
    )


def _named(expr: str, topic: str) -> str:
    return f'label_replace({expr}, "topic", "{topic}", "", "")'


def complete() -> str:
    """Complete figures of which Kafka has been asked just now: what has not come then has not been sent."""
    return block(
        f"(max by (desk) ({chosen('deskpulse_view_complete')}) == 1)",
        f"and on (desk) (abs(time() - max by (desk) ({chosen(_READ)})) < {_STALE_SECONDS})",
    )


def _trust() -> RecordingRule:
    return RecordingRule(TRUSTED, block(complete(), f"unless on (desk) {SILENT}"))
