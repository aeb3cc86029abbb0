"""The tiles of the wall: which figure each shows, in which unit, and what its observations are.

What it means stands in docs/kpis/.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Kind = Literal["duration", "ratio", "points", "score", "count", "rate"]
Better = Literal["lower", "higher"]
Observed = Literal[
    "replies", "tickets", "answers", "customers", "interactions", "resolutions", "solved", "deadlines"
]
LONG_WINDOW: Final = "365d"  # of the figures that need a year of customers


@dataclass(frozen=True, slots=True, kw_only=True)
class TileSpec:
    """One tile. `id` is for ever: it stands in URLs and is what languages translate."""

    id: str
    figure: str
    kind: Kind
    of: Observed
    better: Better | None = None
    labels: tuple[tuple[str, str], ...] = ()
    clocked: bool = False  # the figure has a clock: business where a calendar applies, else calendar
    other_clock: bool = False  # the calendar clock beside it, where that is not the one already shown
    window: str | None = None  # shown whatever window is chosen
    everything_only: bool = False  # not kept by team


def _mean(id_: str, figure: str, of: Observed, *, clocked: bool = False) -> TileSpec:
    return TileSpec(id=id_, figure=figure, kind="duration", of=of, better="lower", clocked=clocked)


def _other_clock(id_: str, figure: str, of: Observed) -> TileSpec:
    return TileSpec(
        id=id_,
        figure=figure,
        kind="duration",
        of=of,
        better="lower",
        labels=(("clock", "calendar"),),
        other_clock=True,
    )


def _quantile(id_: str, figure: str, of: Observed, q: str, *, clocked: bool = False) -> TileSpec:
    return TileSpec(
        id=id_, figure=figure, kind="duration", of=of, better="lower", labels=(("q", q),), clocked=clocked
    )


def _ratio(id_: str, figure: str, of: Observed, better: Better) -> TileSpec:
    return TileSpec(id=id_, figure=figure, kind="ratio", of=of, better=better)


def _attainment(target: str) -> TileSpec:
    return TileSpec(
        id=f"sla_{target}",
        figure="support_sla_attainment_ratio",
        kind="ratio",
        of="deadlines",
        better="higher",
        labels=(("target", target),),
    )


def _customers(id_: str, figure: str, better: Better) -> TileSpec:
    return TileSpec(
        id=id_,
        figure=figure,
        kind="ratio",
        of="customers",
        better=better,
        window=LONG_WINDOW,
        everything_only=True,
    )


# In the order in which they are listed; which of them are large is the screen's choice.
TILES: Final = (
    _attainment("first_reply"),
    _attainment("resolution"),
    _mean("first_response", "support_first_response_mean_seconds", "replies", clocked=True),
    _other_clock("first_response_calendar", "support_first_response_mean_seconds", "replies"),
    _quantile(
        "first_response_median", "support_first_response_quantile_seconds", "replies", "0.5", clocked=True
    ),
    _quantile(
        "first_response_p90", "support_first_response_quantile_seconds", "replies", "0.9", clocked=True
    ),
    _mean("response", "support_response_mean_seconds", "replies"),
    _ratio("resolution", "support_resolution_ratio", "tickets", "higher"),
    _ratio("resolution_net", "support_resolution_net_ratio", "tickets", "higher"),
    _ratio("resolution_cohort", "support_resolution_cohort_ratio", "tickets", "higher"),
    _mean("resolution_time", "support_resolution_time_mean_seconds", "solved", clocked=True),
    _other_clock("resolution_time_calendar", "support_resolution_time_mean_seconds", "solved"),
    _quantile(
        "resolution_time_median", "support_resolution_time_quantile_seconds", "solved", "0.5", clocked=True
    ),
    _mean("handle_time", "support_handle_time_mean_seconds", "interactions"),
    _ratio("csat", "support_csat_ratio", "answers", "higher"),
    TileSpec(id="nps", figure="support_nps_score", kind="points", of="answers", better="higher"),
    TileSpec(id="effort", figure="support_effort_mean_score", kind="score", of="answers", better="higher"),
    _ratio("effort_net", "support_effort_net_ratio", "answers", "higher"),
    TileSpec(id="tickets", figure="support_tickets", kind="count", of="tickets"),
    TileSpec(id="tickets_per_hour", figure="support_tickets_per_hour", kind="rate", of="tickets"),
    TileSpec(
        id="tickets_per_customer",
        figure="support_tickets_per_customer",
        kind="rate",
        of="customers",
        better="lower",
    ),
    _ratio("abandonment", "support_abandonment_ratio", "tickets", "lower"),
    _ratio("reopen", "support_reopen_ratio", "resolutions", "lower"),
    _customers("retention", "support_customer_retention_ratio", "higher"),
    _customers("churn", "support_customer_churn_ratio", "lower"),
)
OPEN: Final = "support_open_tickets"
UNANSWERED: Final = "support_unanswered_tickets"
OLDEST: Final = "support_oldest_unanswered_timestamp_seconds"
TILE_OF_FIGURE: Final = {spec.figure: spec.id for spec in reversed(TILES)}
