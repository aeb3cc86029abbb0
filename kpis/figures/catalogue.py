"""The catalogue: every KPI that `kpis.figures.kpi` declares, and the lists of figures that follow from them.

A declaration that contradicts another one, or the cells of the ledger, is refused at import: nothing starts
with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from importlib import import_module
from pkgutil import iter_modules
from typing import Final

from kpis import cell_numbers
from kpis.figures import kpi
from kpis.figures.kpi import sla, worst
from kpis.figures.kpi.declaration import FigureKind, Kpi, Shown

# In which order figures are exported and listed; a KPI that is not named here comes after those that are.
ORDER: Final = (
    "first_response",
    "response",
    "resolution_rate",
    "handle_time",
    "nps",
    "csat",
    "effort",
    "tickets_per_customer",
    "volume",
    "resolution_time",
    "abandonment",
    "reopen",
    "retention",
    "live",
    "staffing",
    "sla",
    "worst",
)
# Cells of no KPI: what the page on the quality of the data counts.
OTHER_CELLS: Final = frozenset({cell_numbers.ANOMALY})


def _found() -> Iterator[Kpi]:
    for module in iter_modules(kpi.__path__):
        declared = getattr(import_module(f"{kpi.__name__}.{module.name}"), "KPI", None)
        if isinstance(declared, Kpi):
            if declared.id != module.name:
                raise ValueError(f"{module.name}.py declares the KPI {declared.id}: name both alike")
            yield declared


def in_order(kpis: Iterable[Kpi]) -> tuple[Kpi, ...]:
    """KPIs in the order of the catalogue, new ones last, by their id."""
    places = {id_: place for place, id_ in enumerate(ORDER)}
    return tuple(sorted(kpis, key=lambda one: (places.get(one.id, len(places)), one.id)))


def contradictions(kpis: Iterable[Kpi]) -> list[str]:
    """What does not fit together in some declarations, as sentences; empty where all is well."""
    return [*_cell_faults(kpis := tuple(kpis)), *_name_faults(kpis)]


def _cell_faults(kpis: tuple[Kpi, ...]) -> Iterator[str]:
    owners: dict[int, str] = dict.fromkeys(OTHER_CELLS, "the catalogue")
    for one in kpis:
        for cell, steps in one.cells.items():
            if cell in owners:
                yield f"{one.id} declares cell {cell}, which is {owners[cell]}'s"
            if not steps:
                yield f"{one.id} declares cell {cell}, which no step books"
            owners.setdefault(cell, one.id)
    yield from _unowned(owners)
    for one in kpis:
        for figure in one.figures:
            for cell in figure.how.cells:
                if _base(cell) not in owners:
                    yield f"{one.id}: {figure.name} reads cell {cell}, which nothing ever books"


def _unowned(owners: Mapping[int, str]) -> Iterator[str]:
    """Cells that are no KPI's, and those of KPIs that `kpis.cell_numbers` does not know."""
    for cell in cell_numbers.CELLS.values():
        own = cell.numbers if cell.kind == "count" else (cell.number,)
        yield from (f"cell {number} ({cell.name}) is no KPI's" for number in own if number not in owners)
    for number, owner in owners.items():
        if not any(number in cell.numbers for cell in cell_numbers.CELLS.values()):
            yield f"{owner} declares cell {number}, which kpis.cell_numbers does not have"


def _base(cell: int) -> int:
    """The cell that is declared for it: of a duration its count stands for all."""
    return cell // cell_numbers.BLOCK * cell_numbers.BLOCK or cell


def _name_faults(kpis: tuple[Kpi, ...]) -> Iterator[str]:
    known: dict[str, str] = {}
    for one in kpis:
        for name in (*one.names, *(tile.id for tile in one.tiles)):
            if name in known:
                yield f"{one.id} declares {name}, and so does {known[name]}"
            known[name] = one.id
        for tile in one.tiles:
            if tile.figure not in one.names:
                yield f"{one.id}: the tile {tile.id} shows {tile.figure}, which is another KPI's"
        watched = {*one.worth, *(kind.name for kind in one.figures if kind.worth is not None)}
        for name in sorted(watched - {tile.figure for tile in one.tiles}):
            yield f"{one.id}: {name} is watched for moves, which the wall tells by its tile: it has none"
        if (one.score and one.better is None) or (one.score and one.score.figure not in one.figures):
            yield f"{one.id}: its score needs a figure of its own and a direction"
        if one.tiles and one.observed is None:
            yield f"{one.id}: its tiles need a word for their observations"


KPIS: Final = in_order(_found())
if faults := contradictions(KPIS):
    raise ValueError("; ".join(faults))

_WINDOWED: Final = tuple(one for one in KPIS if one.id not in {sla.KPI.id, worst.KPI.id})
FIGURES: Final[tuple[FigureKind, ...]] = tuple(figure for one in KPIS for figure in one.figures)
# The same figures by the calendars of teams, for all and by team. The second group is not compared with
# earlier periods.
BUSINESS_FIGURES: Final = tuple(
    kind for one in KPIS for kind in one.by_work_hours if kind.how.top is not None
)
BUSINESS_QUANTILES: Final = tuple(kind for one in KPIS for kind in one.by_work_hours if kind.how.top is None)
# Observations that the calendar made: all of their time lay in closed hours, so they count as 0 s.
CLOSED_OBSERVATIONS: Final = {
    one.work_hours.closed.name: one.work_hours.cell for one in KPIS if one.work_hours
}
CLOSED_FIGURES: Final[tuple[Shown, ...]] = tuple(one.work_hours.closed for one in KPIS if one.work_hours)
# These need more than the summed cells of one window: `kpis.figures.lowering` and the view make them.
OTHER_FIGURES: Final[tuple[Shown, ...]] = tuple(shown for one in _WINDOWED for shown in one.made)
LIVE_FIGURES: Final[tuple[Shown, ...]] = tuple(shown for one in _WINDOWED for shown in one.live)
# Only with a policy.
SLA_FIGURES: Final = sla.KPI.made
SLA_LIVE_FIGURES: Final = sla.KPI.live
# What is named worst now, and what will be: only those members have samples.
WORST_FIGURES: Final = worst.KPI.live
ATTAINMENTS: Final = sla.ATTAINMENTS
# These count what is unlike the rest of a figure's observations, and are the denominator of none.
_OWN_OBSERVATIONS: Final = frozenset({sla.FOREIGN.name, *(shown.name for shown in CLOSED_FIGURES)})


def is_denominator(name: str) -> bool:
    """Whether a metric only says of how many observations another figure is.

    >>> [is_denominator(f"support_{name}") for name in ("nps_observations", "sla_foreign_observations")]
    [True, False]
    """
    return name.endswith("_observations") and name not in _OWN_OBSERVATIONS


def pages() -> dict[str, tuple[str, ...]]:
    """The names of all figures by the page of docs/kpis/ that explains them, without those of a policy."""
    found: dict[str, tuple[str, ...]] = {}
    for one in _WINDOWED:
        found[one.page] = found.get(one.page, ()) + one.names
    return found


def observations_name(name: str) -> str:
    """The metric of the denominator of a figure."""
    kinds = {kind.name: kind.observations_name for kind in FIGURES}
    return kinds.get(name) or Shown(name=name, help="").observations_name
