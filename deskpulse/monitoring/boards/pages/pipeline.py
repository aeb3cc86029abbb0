"""The board of the machine: whether the figures can be believed, and where it stands still if not."""

from __future__ import annotations

from typing import Final

from deskpulse.monitoring.boards.matchers import DESK_NAME
from deskpulse.monitoring.boards.pages.wall import FIGURES, STALE_SECONDS, figures_state, firing_now
from deskpulse.monitoring.boards.panels import kinds, tiles
from deskpulse.monitoring.boards.panels.kinds import LineStyle
from deskpulse.monitoring.boards.panels.scale import KEPT, PLAIN, UNKNOWN, Step
from deskpulse.monitoring.boards.panels.sheet import Frame, Query, Sheet
from deskpulse.monitoring.boards.panels.tiles import Number
from deskpulse.monitoring.boards.questions.figures import PROGRAMS, age_seconds, believed, lag
from deskpulse.monitoring.boards.questions.program import PlainPromql

_J: Final = PROGRAMS
# The exporters of the desk, by what Prometheus itself says of its targets: that has no desk.
_OWN: Final = f"and on (instance, job) deskpulse_exporter_up{_J}"


def build(sheet: Sheet) -> None:
    """Fill the board."""
    w = sheet.desk.words
    _trust(sheet, sheet.row(0, w("row_trust")))
    _behind(sheet, sheet.row(11, w("row_behind")))
    _flow(sheet, sheet.row(20, w("row_flow")))
    _ledger(sheet, sheet.row(29, w("row_ledger")))
    _exporters(sheet, sheet.row(38, w("row_exporters")))


def _rate(name: str, by: str) -> PlainPromql:
    """Events a second.

    Counters are rows of the ledger, so all exporters show the same ones: the greatest of each partition
    counts once.
    """
    labels = "partition, reason" if by == "reason" else "partition"
    inner = f"max by ({labels}) (rate({name}{_J}[$__rate_interval]))"
    return PlainPromql(f"sum by ({by}) ({inner})" if by else f"sum({inner})")


def _trust(sheet: Sheet, y: int) -> None:
    w = sheet.desk.words
    good = [Step(None, "", UNKNOWN), Step(1, "", PLAIN)]
    bad = [Step(None, "", PLAIN), Step(1, "", UNKNOWN)]
    tiles.state(
        sheet,
        Frame((0, y, 7, 4), w("figures_are", desk=DESK_NAME), w("figures_are_help")),
        Query(figures_state()),
        FIGURES,
    )
    ages = [Step(None, "", PLAIN), Step(STALE_SECONDS, "", UNKNOWN)]
    tiles.value(
        sheet,
        Frame((7, y, 7, 4), w("age"), w("age_help")),
        Query(age_seconds()),
        "seconds",
        Number(steps=ages),
    )
    up = Query(PlainPromql(f"count(deskpulse_exporter_up{_J})"))
    tiles.value(
        sheet,
        Frame((0, y + 4, 4, 6), w("exporters_up"), w("exporters_up_help")),
        up,
        "count",
        Number(steps=good),
    )
    tiles.value(
        sheet, Frame((4, y + 4, 4, 6), w("not_counted"), w("not_counted_help")), Query(lag()), "count"
    )
    refused = Query(
        PlainPromql(f"sum(max by (partition, reason) (increase(deskpulse_events_rejected_total{_J}[1h])))")
    )
    tiles.value(
        sheet,
        Frame((8, y + 4, 3, 6), w("refused_1h"), w("refused_help")),
        refused,
        "count",
        Number(steps=bad),
    )
    lost = Query(PlainPromql(f"sum(max by (partition) (increase(deskpulse_records_lost_total{_J}[1d])))"))
    tiles.value(
        sheet, Frame((11, y + 4, 3, 6), w("lost_1d"), w("lost_help")), lost, "count", Number(steps=bad)
    )
    firing_now(sheet, (14, y, 10, 10), kind=("pipeline", "meta"))


def _behind(sheet: Sheet, y: int) -> None:
    w = sheet.desk.words
    by_topic = Query(PlainPromql(f"sum by (topic) {believed('deskpulse_source_lag_records')}"), "{{topic}}")
    kinds.lines(
        sheet,
        Frame((0, y, 12, 8), w("lag_topics"), w("lag_topics_help")),
        [by_topic],
        "count",
        LineStyle(soft=(0, 10)),
    )
    seen = Query(
        PlainPromql(f"time() - max by (topic) {believed('deskpulse_source_watermark_timestamp_seconds')}"),
        "{{topic}}",
    )
    kinds.lines(
        sheet,
        Frame((12, y, 12, 8), w("last_event"), w("last_event_help")),
        [seen],
        "span",
        LineStyle(soft=(None, None), logarithmic=True),
    )


def _flow(sheet: Sheet, y: int) -> None:
    w = sheet.desk.words
    flow = [
        Query(_rate("deskpulse_events_accepted_total", ""), w("accepted")),
        Query(_rate("deskpulse_events_duplicate_total", ""), w("duplicate")),
        Query(_rate("deskpulse_events_late_total", ""), w("late")),
    ]
    kinds.lines(
        sheet,
        Frame((0, y, 8, 8), w("events_per_second"), w("events_per_second_help")),
        flow,
        "rate",
        LineStyle(soft=(0, 1)),
    )
    rejected = "deskpulse_events_rejected_total"
    # A dozen reasons, and none of them usual: only those of the time range are lines, and their sum is there
    # without any.
    seen = f"(sum by (reason) (increase({rejected}{_J}[$__range] @ end())) > 0)"
    of_range = PlainPromql(f"{_rate(rejected, 'reason').promql()} and on (reason) {seen}")
    refused = [Query(_rate(rejected, ""), w("all_refused")), Query(of_range, "{{reason}}", may_be_empty=True)]
    kinds.lines(
        sheet,
        Frame((8, y, 8, 8), w("refused_per_second"), w("refused_help")),
        refused,
        "rate",
        LineStyle(many=True, soft=(0, 1)),
    )
    transactions = [Query(_rate("deskpulse_transactions_total", "partition"), "{{partition}}")]
    kinds.lines(
        sheet,
        Frame((16, y, 8, 8), w("transactions"), w("transactions_help")),
        transactions,
        "rate",
        LineStyle(many=True, soft=(0, 1)),
    )


def _ledger(sheet: Sheet, y: int) -> None:
    w = sheet.desk.words
    unread = f"deskpulse_ledger_end_offset{_J} - deskpulse_ledger_position_offset{_J}"
    behind = Query(PlainPromql(f"sum by (instance) ({unread})"), "{{instance}}")
    kinds.lines(
        sheet,
        Frame((0, y, 8, 8), w("ledger_behind"), w("ledger_behind_help")),
        [behind],
        "count",
        LineStyle(soft=(0, 10)),
    )
    held = Query(
        PlainPromql(f"max by (partition) {believed('deskpulse_ledger_unstable_records')}"), "{{partition}}"
    )
    kinds.lines(
        sheet,
        Frame((8, y, 8, 8), w("held_back"), w("held_back_help")),
        [held],
        "count",
        LineStyle(many=True, soft=(0, 10)),
    )
    stuck = Query(PlainPromql(f"max by (instance) (deskpulse_ledger_stuck_seconds{_J})"), "{{instance}}")
    kinds.lines(
        sheet, Frame((16, y, 8, 8), w("stuck"), w("stuck_help")), [stuck], "span", LineStyle(soft=(0, 60))
    )


def _exporters(sheet: Sheet, y: int) -> None:
    w = sheet.desk.words

    def each(text: str) -> list[Query]:
        return [Query(PlainPromql(text), "{{instance}}")]

    ready = {
        3.0: ("complete", KEPT),
        2.0: ("incomplete", UNKNOWN),
        1.0: ("incomplete", UNKNOWN),
        0.0: ("not_ready", UNKNOWN),
    }
    text = f"max by (instance) (deskpulse_exporter_ready{_J} * 2 + deskpulse_view_complete{_J})"
    kinds.timeline(
        sheet, Frame((0, y, 8, 8), w("exporters_state"), w("exporters_state_help")), each(text), ready
    )
    age = each(f"max by (instance) (abs(time() - deskpulse_view_read_timestamp_seconds{_J}))")
    kinds.lines(
        sheet, Frame((8, y, 8, 8), w("view_age"), w("view_age_help")), age, "seconds", LineStyle(soft=(0, 30))
    )
    build_seconds = each(f"max by (instance) (deskpulse_view_build_seconds{_J})")
    kinds.lines(
        sheet, Frame((16, y, 8, 8), w("build_seconds"), w("build_seconds_help")), build_seconds, "decimal"
    )
    series = each(f"max by (instance) (deskpulse_series{_J})")
    kinds.lines(sheet, Frame((0, y + 8, 8, 8), w("series"), w("series_help")), series, "count")
    scrape = each(f"max by (instance) (scrape_duration_seconds {_OWN})")
    kinds.lines(sheet, Frame((8, y + 8, 8, 8), w("scrape"), w("scrape_help")), scrape, "decimal")
    odd = [
        Query(PlainPromql(f"max {believed('deskpulse_anomalies')}"), w("anomalies")),
        Query(PlainPromql(f"sum {believed('deskpulse_folded_names')}"), w("folded")),
        Query(PlainPromql(f"sum(max by (partition) (deskpulse_source_gaps_total{_J}))"), w("gaps")),
        Query(
            PlainPromql(f"sum(max by (partition) (deskpulse_tickets_overflowed_total{_J}))"), w("overflowed")
        ),
    ]
    kinds.lines(
        sheet,
        Frame((16, y + 8, 8, 8), w("odd"), w("odd_help")),
        odd,
        "count",
        LineStyle(many=True, soft=(0, 5)),
    )
