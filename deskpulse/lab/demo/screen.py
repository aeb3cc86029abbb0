"""The live table of the demo: the main KPIs of three windows, with their observations."""

from __future__ import annotations

from typing import Final

from rich.table import Table
from rich.text import Text

from deskpulse.ingest.events_io import to_rfc3339
from deskpulse.lab.demo.proof import Samples
from deskpulse.report import readable
from kpis.figures.kpi import (
    abandonment,
    csat,
    effort,
    first_response,
    handle_time,
    nps,
    reopen,
    resolution_rate,
    resolution_time,
    response,
    retention,
    tickets_per_customer,
    volume,
)
from kpis.figures.kpi.live import OLDEST, OPEN, UNANSWERED
from kpis.sla import metrics

WINDOWS: Final = ("1h", "24h", "30d")
# (what people call it, metric, further labels)
ROWS: Final[tuple[tuple[str, str, dict[str, str]], ...]] = (
    ("First response, mean", first_response.MEAN.name, {"clock": "calendar"}),
    ("First response, 90 %", first_response.QUANTILE.name, {"clock": "calendar", "q": "0.9"}),
    ("First replies in time", metrics.ATTAINMENT, {"target": "first_reply"}),
    ("Next replies in time", metrics.ATTAINMENT, {"target": "next_reply"}),
    ("Response, mean", response.MEAN.name, {}),
    ("Resolution rate", resolution_rate.RATIO.name, {}),
    ("Resolution time, mean", resolution_time.MEAN.name, {"clock": "calendar"}),
    ("Solved in time", metrics.ATTAINMENT, {"target": "resolution"}),
    ("Handle time, mean", handle_time.MEAN.name, {}),
    ("NPS", nps.SCORE.name, {}),
    ("CSAT", csat.RATIO.name, {}),
    ("Customer effort", effort.MEAN.name, {}),
    ("Tickets per customer", tickets_per_customer.RATE.name, {}),
    ("Customer retention", retention.RETENTION.name, {}),
    ("Tickets", volume.TICKETS.name, {}),
    ("Tickets per hour", volume.PER_HOUR.name, {}),
    ("Abandonment", abandonment.RATIO.name, {}),
    ("Reopened", reopen.RATIO.name, {}),
)


def table(samples: Samples, *, behind: int, sent: int) -> Table:
    """The table of a scrape; figures that are empty show a dash."""
    grid = Table(title=_title(samples, behind, sent), title_justify="left", title_style="bold")
    grid.add_column("KPI")
    for window in WINDOWS:
        grid.add_column(window, justify="right")
        grid.add_column("n", justify="right", style="dim")
    for name, metric, more in ROWS:
        cells: list[str] = []
        for window in WINDOWS:
            cells.extend(_cell(samples, metric, {**more, "window": window}))
        grid.add_row(name, *cells)
    grid.caption = _live(samples)
    return grid


def has_figures(samples: Samples) -> bool:
    """Whether the first tickets are counted, and so the table has something to show.

    >>> labels = frozenset({"window": "30d", "period": "current", "by": "all", "member": "all"}.items())
    >>> tickets = (volume.TICKETS.name, labels)
    >>> has_figures({}), has_figures({tickets: 0.0}), has_figures({tickets: 7.0})
    (False, False, True)
    """
    labels = {"window": WINDOWS[-1], "period": "current", "by": "all", "member": "all"}
    return samples.get((volume.TICKETS.name, frozenset(labels.items())), 0.0) > 0


def _cell(samples: Samples, metric: str, more: dict[str, str]) -> tuple[str, str]:
    labels = {"period": "current", "by": "all", "member": "all", **more}
    value = samples.get((metric, frozenset(labels.items())))
    stem = metric
    for unit in ("_seconds", "_ratio", "_score"):
        stem = stem.removesuffix(unit)
    labels.pop("q", None)
    n = samples.get((f"{stem}_observations", frozenset(labels.items())))
    return ("-" if value is None else readable(metric, value), "" if n is None else f"{n:,.0f}")


def _title(samples: Samples, behind: int, sent: int) -> str:
    as_of = samples.get(("deskpulse_view_as_of_timestamp_seconds", frozenset()))
    moment = "starting" if as_of is None else to_rfc3339(int(as_of * 1000))
    backlog = f", {behind:,} not read yet" if behind else ""
    return f"deskpulse {moment}   {sent:,} events sent{backlog}"


def _live(samples: Samples) -> Text:
    def live(name: str) -> float | None:
        return samples.get((name, frozenset({("by", "all"), ("member", "all")})))

    open_, waiting = live(OPEN.name), live(UNANSWERED.name)
    oldest = live(OLDEST.name)
    if open_ is None or waiting is None:
        return Text("no figures yet")
    since = "" if oldest is None else f", the oldest since {to_rfc3339(int(oldest * 1000))}"
    return Text(f"now: {open_:,.0f} tickets open, {waiting:,.0f} unanswered{since}{_promised(samples)}")


def _promised(samples: Samples) -> str:
    """First replies that are late or due within the hour; nothing without a policy."""
    labels = {("by", "all"), ("member", "all"), ("target", "first_reply")}
    late = samples.get((metrics.OVERDUE, frozenset(labels)))
    due = samples.get((metrics.DUE, frozenset({*labels, ("within", "1h")})))
    return (
        ""
        if late is None or due is None
        else f"; first replies: {late:,.0f} late, {due:,.0f} due within the hour"
    )
