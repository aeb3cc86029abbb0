"""The families about the program itself: freshness, completeness, positions, counters.

Timestamps are seconds since the epoch.
"""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterator, Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import Final

from prometheus_client.metrics_core import Metric

from exporters.config import REFUSALS
from exporters.metrics.families import Family
from exporters.metrics.surroundings_families import AROUND, collect_sources, collect_workers
from exporters.snapshot import Snapshot
from kpis.ledger.codec import Position
from kpis.ledger.definitions import CURRENT
from kpis.members import DIMENSIONS
from kpis.sla.endings import list_ends
from kpis.sla.policy import Policy
from kpis.state.admission import kinds

REASONS: Final = (
    "null",
    "oversize",
    "syntax",
    "schema",
    "kind",
    "name",
    "score",
    "time",
    "future",
    "too_late",
    "format",
    "key",
)
_PARTITION: Final = ("partition",)

BUILD: Final = Family("deskpulse_build", "Version of the exporter.", "info", ("version", "python"))
READY: Final = Family(
    "deskpulse_exporter_ready",
    "1 once the exporter has read the whole ledger; until then it exports no figures.",
)
COMPLETE: Final = Family(
    "deskpulse_view_complete", "1 while the figures are complete; /readyz says what is missing."
)
INCOMPLETE: Final = Family(
    "deskpulse_view_incomplete",
    "1 for each reason why the figures are incomplete; absent while they are complete.",
    labels=("reason",),
)
CONNECTIONS: Final = Family(
    "deskpulse_ledger_connections", "Connections to Kafka made by the reader of the ledger.", "counter"
)
REFUSED: Final = Family(
    "deskpulse_requests_refused",
    "Requests that the exporter refused, by reason: wrong token or password, or a host name that it does "
    "not serve.",
    "counter",
    ("reason",),
)
EXPECTED: Final = Family("deskpulse_partitions_expected", "Partitions of the ledger.")
READ: Final = Family(
    "deskpulse_partitions_read", "Partitions of the ledger that the exporter has read to their end."
)
AS_OF: Final = Family("deskpulse_view_as_of_timestamp_seconds", "Instant for which the figures are computed.")
READ_AT: Final = Family(
    "deskpulse_view_read_timestamp_seconds",
    "Time when Kafka last answered for every partition of the ledger.",
)
AGE: Final = Family(
    "deskpulse_view_age_seconds", "Seconds since Kafka last answered for every partition of the ledger."
)
SKEW: Final = Family(
    "deskpulse_clock_skew_seconds",
    "Least difference of the exporter's clock from the brokers', by record timestamps; absent until a "
    "broker has stamped a record.",
)
BUILD_SECONDS: Final = Family(
    "deskpulse_view_build_seconds", "Duration of the last computation of the figures."
)
WATERMARK: Final = Family("deskpulse_watermark_timestamp_seconds", "Latest event time accepted.")
TOPIC_WATERMARK: Final = Family(
    "deskpulse_source_watermark_timestamp_seconds",
    "Latest event time accepted from a source topic.",
    labels=("topic",),
)
EVENT_CLOCK: Final = Family(
    "deskpulse_event_clock_timestamp_seconds",
    "Event time before which a partition counts an event as late.",
    labels=_PARTITION,
)
LEDGER_POSITION: Final = Family(
    "deskpulse_ledger_position_offset", "Next ledger offset to read.", labels=_PARTITION
)
LEDGER_END: Final = Family("deskpulse_ledger_end_offset", "High-water mark of the ledger.", labels=_PARTITION)
LEDGER_UNSTABLE: Final = Family(
    "deskpulse_ledger_unstable_records",
    "High-water mark minus last stable offset: ledger records held back by open transactions.",
    labels=_PARTITION,
)
LEDGER_STUCK: Final = Family(
    "deskpulse_ledger_stuck_seconds",
    "Seconds for which the last stable offset has been behind the high-water mark without moving.",
    labels=_PARTITION,
)
TRANSACTIONS: Final = Family(
    "deskpulse_transactions", "Transactions that the workers wrote to the ledger.", "counter", _PARTITION
)
REJECTED: Final = Family(
    "deskpulse_events_rejected",
    "Records rejected to the dead-letter topic.",
    "counter",
    ("partition", "reason"),
)
COUNTERS: Final[Mapping[str, Family]] = {
    name: Family(family, text, "counter", _PARTITION)
    for name, family, text in (
        ("accepted", "deskpulse_events_accepted", "Events accepted, including duplicates."),
        ("duplicate", "deskpulse_events_duplicate", "Events with an identity that was already known."),
        (
            "twin",
            "deskpulse_events_twin",
            "Interactions that repeat one of the ticket (kind, instant, parts) under another event_id.",
        ),
        ("late", "deskpulse_events_late", "Events dated before the event clock of their partition."),
        ("overflow", "deskpulse_tickets_overflowed", "Tickets with more facts than the program keeps."),
        (
            "comeback",
            "deskpulse_tickets_returned",
            "Tickets that had left the state and came back with another event.",
        ),
        (
            "presence_left_out",
            "deskpulse_presence_left_out",
            "Presence events not kept: their team counts as other, or the ledger's format is below 7.",
        ),
        (
            "gap",
            "deskpulse_source_gaps",
            "Gaps in the offsets of source topics, left by compaction and transactions.",
        ),
        ("lost", "deskpulse_records_lost", "Records that a source topic deleted before a worker read them."),
        (
            "skipped",
            "deskpulse_records_skipped",
            "Records that an operator skipped because they crash the workers.",
        ),
    )
}
CHANGES_FOLDED: Final = Family(
    "deskpulse_changes_folded",
    "Changes of figures counted as other because a partition has reached its limit of names or combinations.",
    "counter",
    ("partition", "kind"),
)
NAMES_HELD: Final = Family(
    "deskpulse_names_held",
    "Names of a dimension, or combinations of names, that a partition distinguishes, without those of the "
    "policy.",
    labels=("partition", "of"),
)
NAMES_LIMIT: Final = Family(
    "deskpulse_names_limit",
    "Limit of deskpulse_names_held; later names count as other.",
    labels=("partition", "of"),
)
SPAN: Final = Family(
    "deskpulse_window_span_seconds", "Time that a window covers.", labels=("window", "period")
)
FOLDED: Final = Family("deskpulse_folded_names", "Names shown as other.", labels=("dimension",))
ANOMALIES: Final = Family(
    "deskpulse_anomalies", "Replies and resolutions of the last 24 h with a timestamp before their cause."
)
DEFINITIONS: Final = Family(
    "deskpulse_definitions_number",
    "Number of the KPI definitions behind a partition's panes.",
    labels=_PARTITION,
)
OWN_DEFINITIONS: Final = Family(
    "deskpulse_exporter_definitions_number", "Number of the KPI definitions of this exporter."
)
HIDDEN: Final = Family(
    "deskpulse_figure_hidden",
    "1 for a figure that is hidden because partitions and exporter define it differently (* means all); "
    "absent when they agree.",
    labels=("figure",),
)
POLICY: Final = Family(
    "deskpulse_policy",
    "SLA policy of the exporter: its version in force and the digest of the whole policy.",
    "info",
    ("version", "digest"),
)
POLICY_MISMATCH: Final = Family(
    "deskpulse_policy_mismatch",
    "1 while a partition has rows made with another SLA policy than the exporter's.",
)
CALENDAR_ENDS: Final = Family(
    "deskpulse_policy_calendar_ends_timestamp_seconds",
    "Midnight after the last day of a list of a calendar's own days, in the version of the SLA policy in "
    "force and in those to come; absent where no list ends.",
    labels=("version", "calendar"),
)
SETTING_DIFFERS: Final = Family(
    "deskpulse_setting_mismatch",
    "1 for a setting that must be shared but differs between the exporter and the ledger; absent when it "
    "agrees.",
    labels=("setting",),
)

PROGRAM: Final = (
    *(
        BUILD,
        READY,
        COMPLETE,
        INCOMPLETE,
        CONNECTIONS,
        REFUSED,
        EXPECTED,
        READ,
        AS_OF,
        READ_AT,
        AGE,
        SKEW,
        BUILD_SECONDS,
    ),
    *(
        WATERMARK,
        TOPIC_WATERMARK,
        EVENT_CLOCK,
        LEDGER_POSITION,
        LEDGER_END,
        LEDGER_UNSTABLE,
        LEDGER_STUCK,
        *AROUND,
        TRANSACTIONS,
        REJECTED,
        *COUNTERS.values(),
    ),
    *(
        CHANGES_FOLDED,
        NAMES_HELD,
        NAMES_LIMIT,
        SPAN,
        FOLDED,
        ANOMALIES,
        DEFINITIONS,
        OWN_DEFINITIONS,
        HIDDEN,
        POLICY,
        POLICY_MISMATCH,
        CALENDAR_ENDS,
        SETTING_DIFFERS,
    ),
)


def collect_build(_: Snapshot) -> Iterator[Metric]:
    """Who is speaking."""
    try:
        release = version("deskpulse")
    except PackageNotFoundError:  # run from a source tree that nobody installed
        release = "unknown"
    yield BUILD.having(({"version": release, "python": platform.python_version()}, 1))


def collect_completeness(snapshot: Snapshot) -> Iterator[Metric]:
    """Whether the figures are all there."""
    status = snapshot.status
    yield READY.having(({}, float(status.ready)))
    yield COMPLETE.having(({}, float(status.complete and not snapshot.failed)))
    codes = {*(reason.code for reason in status.why), *(["failed"] if snapshot.failed else [])}
    yield INCOMPLETE.having(*(({"reason": code}, 1.0) for code in sorted(codes)))
    yield CONNECTIONS.having(({}, status.connections))
    yield EXPECTED.having(({}, status.expected))
    yield READ.having(({}, len(status.caught_up)))


def collect_freshness(snapshot: Snapshot) -> Iterator[Metric]:
    """How old the figures are."""
    view, status = snapshot.view, snapshot.status
    yield AS_OF.having(({}, _seconds(view.as_of_ms if view else None)))
    yield READ_AT.having(({}, _seconds(status.read_at_ms)))
    yield AGE.having(({}, status.silent_seconds))
    yield SKEW.having(({}, status.skew_seconds))
    yield BUILD_SECONDS.having(({}, snapshot.build_seconds))
    yield WATERMARK.having(({}, _seconds(view.watermark_ms if view else None)))


def collect_refused(snapshot: Snapshot) -> Iterator[Metric]:
    """Who was turned away; from 0 on, so that the first one is seen."""
    yield REFUSED.having(*(({"reason": reason}, snapshot.refused.get(reason, 0)) for reason in REFUSALS))


def collect_definitions(snapshot: Snapshot) -> Iterator[Metric]:
    """What the figures mean, and which are hidden."""
    yield DEFINITIONS.having(
        *(({"partition": number}, position.definitions) for number, position in _positions(snapshot))
    )
    yield OWN_DEFINITIONS.having(({}, CURRENT))
    yield HIDDEN.having(*(({"figure": name}, 1.0) for name in sorted(snapshot.status.hidden)))


def collect_event_times(snapshot: Snapshot) -> Iterator[Metric]:
    """Event time by topic and by partition."""
    newest: dict[str, int] = {}
    clocks = []
    for number, position in _positions(snapshot):
        clocks.append(({"partition": number}, _seconds(position.event_clock_ms)))
        for topic, at_ms in position.maxima.items():
            newest[topic] = max(newest.get(topic, at_ms), at_ms)
    yield TOPIC_WATERMARK.having(
        *(({"topic": topic}, _seconds(at_ms)) for topic, at_ms in sorted(newest.items()))
    )
    yield EVENT_CLOCK.having(*clocks)


def collect_ledger(snapshot: Snapshot) -> Iterator[Metric]:
    """How far the ledger is read."""
    parts = [
        ({"partition": str(number)}, part) for number, part in sorted(snapshot.status.partitions.items())
    ]
    yield LEDGER_POSITION.having(*((labels, part.position) for labels, part in parts))
    yield LEDGER_END.having(*((labels, part.end) for labels, part in parts))
    yield LEDGER_UNSTABLE.having(*((labels, part.unstable) for labels, part in parts))
    yield LEDGER_STUCK.having(*((labels, part.stuck_seconds) for labels, part in parts))


def collect_counters(snapshot: Snapshot) -> Iterator[Metric]:
    """What the workers counted; the counters are part of the ledger, so a restart does not reset them."""
    if snapshot.view is None:
        return
    # Also of partitions that no worker has written to yet: a counter that begins at 1 hides its first
    # increase.
    known = {str(number): Position() for number in range(snapshot.status.expected or 0)} | dict(
        _positions(snapshot)
    )
    positions = [({"partition": number}, position) for number, position in known.items()]
    yield TRANSACTIONS.having(*((labels, position.transaction) for labels, position in positions))
    for name, family in COUNTERS.items():
        yield family.having(*((labels, position.counters.get(name, 0)) for labels, position in positions))
    rejected = []
    for labels, position in positions:
        seen = (name.removeprefix("rejected:") for name in position.counters if name.startswith("rejected:"))
        rejected += [
            ({**labels, "reason": reason}, position.counters.get(f"rejected:{reason}", 0))
            for reason in dict.fromkeys((*REASONS, *seen))
        ]
    yield REJECTED.having(*rejected)
    folding = kinds(snapshot.view.shown or DIMENSIONS)
    yield CHANGES_FOLDED.having(
        *(
            ({**labels, "kind": kind}, position.counters.get(f"folded:{kind}", 0))
            for labels, position in positions
            for kind in folding
        )
    )


def collect_names(snapshot: Snapshot) -> Iterator[Metric]:
    """How full the places for names are."""
    rooms = sorted(snapshot.view.rooms.items()) if snapshot.view else []
    found = [
        ({"partition": str(number), "of": kind}, room)
        for number, kinds in rooms
        for kind, room in kinds.items()
    ]
    yield NAMES_HELD.having(*((labels, room.held) for labels, room in found))
    yield NAMES_LIMIT.having(*((labels, room.limit) for labels, room in found if room.limit is not None))


def collect_view(snapshot: Snapshot) -> Iterator[Metric]:
    """Spans, folded names, anomalies."""
    view = snapshot.view
    spans = view.spans.items() if view else ()
    yield SPAN.having(
        *(
            ({"window": window, "period": period}, (end - start) / 1000)
            for (window, period), (start, end) in spans
        )
    )
    yield FOLDED.having(
        *(({"dimension": dimension}, count) for dimension, count in (view.folded.items() if view else ()))
    )
    yield ANOMALIES.having(({}, view.anomalies if view else None))


def collect_policy(snapshot: Snapshot) -> Iterator[Metric]:
    """The policy of the figures, and whether the workers have the same policy and shared settings."""
    yield SETTING_DIFFERS.having(
        *(({"setting": name}, 1.0) for name in sorted({one.setting for one in snapshot.status.settings}))
    )
    view = snapshot.view
    if view is None:
        return
    if view.policy is not None:
        version = view.policy.at(view.as_of_ms)
        yield POLICY.having(
            ({"version": version.name if version else "none", "digest": view.policy.digest()}, 1)
        )
        yield CALENDAR_ENDS.having(
            *(
                ({"version": end.version, "calendar": end.calendar}, _seconds(end.end_ms))
                for end in list_ends(view.policy, view.as_of_ms)
            )
        )
    yield POLICY_MISMATCH.having(
        ({}, float(any(differs(view.policy, position) for position in view.positions.values())))
    )


def differs(policy: Policy | None, position: Position) -> bool:
    """Whether a partition's rows were made with another policy; without an event no row was made with any."""
    if not position.maxima:
        return False
    if policy is None or position.policy is None:
        return policy is not None or position.policy is not None
    return policy.signed(position.policy.year) != position.policy


PROGRAM_PARTS: Final[tuple[Callable[[Snapshot], Iterator[Metric]], ...]] = (
    collect_build,
    collect_completeness,
    collect_definitions,
    collect_freshness,
    collect_refused,
    collect_event_times,
    collect_ledger,
    collect_workers,
    collect_sources,
    collect_counters,
    collect_names,
    collect_view,
    collect_policy,
)


def _positions(snapshot: Snapshot) -> list[tuple[str, Position]]:
    return (
        [(str(number), position) for number, position in sorted(snapshot.view.positions.items())]
        if snapshot.view
        else []
    )


def _seconds(ms: int | None) -> float | None:
    return None if ms is None else ms / 1000
