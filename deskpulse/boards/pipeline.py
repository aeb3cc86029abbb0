"""The board of the machine: whether the figures can be believed, and where it stands still if not."""

from __future__ import annotations

from typing import Final

from deskpulse.boards import panels
from deskpulse.boards.promql import JOB, Written, freshest
from deskpulse.boards.scale import BLUE, RED, YELLOW, Step
from deskpulse.boards.sheet import Frame, Query, Sheet
from deskpulse.boards.wall import AS_OF, COMPLETENESS, age, completeness, lag

_J: Final = f'{{job="{JOB}"}}'


def build(sheet: Sheet) -> None:
    """Fill the board."""
    _trust(sheet)
    _behind(sheet)
    _flow(sheet)
    _ledger(sheet)
    _exporters(sheet)


def _one(name: str) -> str:
    """A metric that every exporter shows alike, of one of them."""
    return f"({name}{_J} and on (job, instance) {freshest()})"


def _rate(name: str, by: str) -> Written:
    """Events a second. Counters are rows of the ledger, so all exporters show the same ones: the greatest of each partition counts once."""
    labels = "partition, reason" if by == "reason" else "partition"
    inner = f"max by ({labels}) (rate({name}{_J}[$__rate_interval]))"
    return Written(f"sum by ({by}) ({inner})" if by else f"sum({inner})")


def _trust(sheet: Sheet) -> None:
    w = sheet.desk.words
    good = [Step(None, "breach", RED), Step(1, "ok", BLUE)]
    bad = [Step(None, "ok", BLUE), Step(1, "breach", RED)]
    panels.state(sheet, Frame((0, 0, 4, 4), w("figures_are"), w("figures_are_help")), Query(completeness()), COMPLETENESS)
    ages = [Step(None, "ok", BLUE), Step(30, "at_risk", YELLOW), Step(60, "breach", RED)]
    panels.value(sheet, Frame((4, 0, 4, 4), w("age"), w("age_help")), Query(age()), "count", steps=ages)
    up = Query(Written(f"sum(up{_J})"))
    panels.value(sheet, Frame((8, 0, 4, 4), w("exporters_up"), w("exporters_up_help")), up, "count", steps=good)
    lags = [Step(None, "ok", BLUE), Step(1_000, "at_risk", YELLOW), Step(10_000, "breach", RED)]
    panels.value(sheet, Frame((12, 0, 4, 4), w("not_counted"), w("not_counted_help")), Query(lag()), "count", steps=lags)
    refused = Query(Written(f"sum(max by (partition, reason) (increase(deskpulse_events_rejected_total{_J}[1h])))"))
    panels.value(sheet, Frame((16, 0, 4, 4), w("refused_1h"), w("refused_help")), refused, "count", steps=bad)
    lost = Query(Written(f"sum(max by (partition) (increase(deskpulse_records_lost_total{_J}[1d])))"))
    panels.value(sheet, Frame((20, 0, 4, 4), w("lost_1d"), w("lost_help")), lost, "count", steps=bad)


def _behind(sheet: Sheet) -> None:
    w = sheet.desk.words
    by_topic = Query(Written(f"sum by (topic) {_one('deskpulse_source_lag_records')}"), "{{topic}}")
    panels.lines(sheet, Frame((0, 4, 12, 8), w("lag_topics"), w("lag_topics_help")), [by_topic], "count")
    seen = Query(Written(f"time() - max by (topic) {_one('deskpulse_source_watermark_timestamp_seconds')}"), "{{topic}}")
    panels.lines(sheet, Frame((12, 4, 12, 8), w("last_event"), w("last_event_help")), [seen], "seconds", least=None)


def _flow(sheet: Sheet) -> None:
    w = sheet.desk.words
    flow = [
        Query(_rate("deskpulse_events_accepted_total", ""), w("accepted")),
        Query(_rate("deskpulse_events_duplicate_total", ""), w("duplicate")),
        Query(_rate("deskpulse_events_late_total", ""), w("late")),
    ]
    panels.lines(sheet, Frame((0, 12, 8, 8), w("events_per_second"), w("events_per_second_help")), flow, "rate")
    refused = [Query(_rate("deskpulse_events_rejected_total", "reason"), "{{reason}}")]
    panels.lines(sheet, Frame((8, 12, 8, 8), w("refused_per_second"), w("refused_help")), refused, "rate")
    transactions = [Query(_rate("deskpulse_transactions_total", "partition"), "{{partition}}")]
    panels.lines(sheet, Frame((16, 12, 8, 8), w("transactions"), w("transactions_help")), transactions, "rate")


def _ledger(sheet: Sheet) -> None:
    w = sheet.desk.words
    unread = f"deskpulse_ledger_end_offset{_J} - deskpulse_ledger_position_offset{_J}"
    behind = Query(Written(f"sum by (instance) ({unread})"), "{{instance}}")
    panels.lines(sheet, Frame((0, 20, 8, 8), w("ledger_behind"), w("ledger_behind_help")), [behind], "count")
    held = Query(Written(f"max by (partition) {_one('deskpulse_ledger_unstable_records')}"), "{{partition}}")
    panels.lines(sheet, Frame((8, 20, 8, 8), w("held_back"), w("held_back_help")), [held], "count")
    stuck = Query(Written(f"max by (instance) (deskpulse_ledger_stuck_seconds{_J})"), "{{instance}}")
    panels.lines(sheet, Frame((16, 20, 8, 8), w("stuck"), w("stuck_help")), [stuck], "seconds")


def _exporters(sheet: Sheet) -> None:
    w = sheet.desk.words

    def each(text: str) -> list[Query]:
        return [Query(Written(text), "{{instance}}")]

    ready = {
        3.0: ("complete", BLUE),
        2.0: ("incomplete", YELLOW),
        1.0: ("incomplete", YELLOW),
        0.0: ("not_ready", RED),
    }
    text = f"max by (instance) (deskpulse_exporter_ready{_J} * 2 + deskpulse_view_complete{_J})"
    panels.timeline(sheet, Frame((0, 28, 8, 8), w("exporters_state"), w("exporters_state_help")), each(text)[0], ready)
    panels.lines(sheet, Frame((8, 28, 8, 8), w("view_age"), w("view_age_help")), each(f"max by (instance) (time() - {AS_OF})"), "seconds")
    build_seconds = each(f"max by (instance) (deskpulse_view_build_seconds{_J})")
    panels.lines(sheet, Frame((16, 28, 8, 8), w("build_seconds"), w("build_seconds_help")), build_seconds, "decimal")
    series = each(f"max by (instance) (deskpulse_series{_J})")
    panels.lines(sheet, Frame((0, 36, 8, 8), w("series"), w("series_help")), series, "count")
    scrape = each(f"max by (instance) (scrape_duration_seconds{_J})")
    panels.lines(sheet, Frame((8, 36, 8, 8), w("scrape"), w("scrape_help")), scrape, "decimal")
    odd = [
        Query(Written(f"max {_one('deskpulse_anomalies')}"), w("anomalies")),
        Query(Written(f"sum {_one('deskpulse_folded_names')}"), w("folded")),
        Query(Written(f"sum(max by (partition) (deskpulse_source_gaps_total{_J}))"), w("gaps")),
        Query(Written(f"sum(max by (partition) (deskpulse_tickets_overflowed_total{_J}))"), w("overflowed")),
    ]
    panels.lines(sheet, Frame((16, 36, 8, 8), w("odd"), w("odd_help")), odd, "count")
