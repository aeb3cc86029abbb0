"""The tiles of the wall: the KPIs declare them (`kpis.figures.kpi`), and here is the order of the list."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from kpis.figures.catalogue import KPIS
from kpis.figures.kpi.declaration import Better, Kpi, Observed, Tile, TileKind

# Which of them are large is the screen's choice. A tile that is not named here comes after those that are.
ORDER: Final = (
    "sla_first_reply",
    "sla_next_reply",
    "sla_resolution",
    "first_response",
    "first_response_calendar",
    "first_response_median",
    "first_response_p90",
    "response",
    "response_calendar",
    "response_median",
    "response_p90",
    "resolution",
    "resolution_net",
    "resolution_cohort",
    "resolution_time",
    "resolution_time_calendar",
    "resolution_time_median",
    "handle_time",
    "csat",
    "nps",
    "effort",
    "effort_net",
    "tickets",
    "tickets_per_hour",
    "tickets_per_customer",
    "abandonment",
    "reopen",
    "retention",
    "churn",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TileSpec:
    """One tile: what is declared of it, and what its KPI says of all of its tiles.

    The meaning stands in docs/kpis/.
    """

    id: str
    figure: str
    kind: TileKind
    of: Observed
    better: Better | None
    labels: tuple[tuple[str, str], ...]
    clocked: bool
    other_clock: bool
    window: str | None
    everything_only: bool


def _spec(kpi: Kpi, tile: Tile) -> TileSpec:
    assert kpi.observed is not None, f"the catalogue lets no tile of {kpi.id} through without it"
    return TileSpec(
        id=tile.id,
        figure=tile.figure,
        kind=tile.kind,
        of=kpi.observed,
        better=tile.better or kpi.better,
        labels=tile.labels,
        clocked=tile.clocked,
        other_clock=tile.other_clock,
        window=tile.window,
        everything_only=tile.everything_only,
    )


def _in_order() -> Iterator[TileSpec]:
    places = {id_: place for place, id_ in enumerate(ORDER)}
    found = [_spec(kpi, tile) for kpi in KPIS for tile in kpi.tiles]
    yield from sorted(found, key=lambda spec: places.get(spec.id, len(places)))


TILES: Final = tuple(_in_order())
TILE_OF_FIGURE: Final = {spec.figure: spec.id for spec in reversed(TILES)}
