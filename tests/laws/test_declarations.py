"""What a KPI declares is what happens: the steps that it names book its cells, and nothing contradicts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

import pytest

from deskpulse.monitoring.boards.words import definitions
from deskpulse.settings.bands import BandSettings
from kpis import cell_numbers
from kpis.figures import catalogue
from kpis.figures.bands import BANDED
from kpis.figures.catalogue import KPIS, contradictions
from kpis.figures.kpi import csat, nps, reopen
from kpis.figures.kpi.declaration import CUSTOMER, PROMISE, Kpi
from kpis.figures.kpi.how import ratio
from kpis.ledger.definitions import CURRENT, EVERY, HISTORY
from kpis.sla import commitments
from kpis.tickets import observe
from kpis.tickets.customers import CustomerRow, merge
from kpis.tickets.facts import CREATED
from kpis.tickets.standing import Filed
from kpis.tickets.steps import step
from scripts.tidy import ROOT
from streams.events import Joined, Left
from tests.laws.histories import fixed_rows
from tests.laws.ledgers import T0, decoded

Booked = dict[int, set[int]]
CELLS = tuple(cell_numbers.CELLS.values())


def declared_cell(number: int) -> int:
    """The number that is declared for it: of counts each one, of the rest the first of them."""
    cell = next(cell for cell in CELLS if number in cell.numbers)
    return number if cell.kind == "count" else cell.number


def note(booked: Booked, step: int, cells: Iterable[int]) -> None:
    for cell in cells:
        booked.setdefault(declared_cell(cell), set()).add(step)


def booked_cells() -> Booked:
    """Which steps book which cells: of a fixed history of tickets, and of a customer who comes back."""
    booked: Booked = {}
    for row in fixed_rows():
        found: Filed = []
        standing = observe.begin(row, found)
        note(booked, CREATED, cells_of(found))
        for fact in row.standing_facts():
            for here in found:
                here.clear()
            step(standing, fact, found)
            note(booked, fact[1], cells_of(found))
        note(booked, PROMISE, (cell for _, (_, cell, _) in commitments.contribution(row).found))
    for _, cell, left_before in observe.observe_spells(_comes_again()):
        note(booked, CUSTOMER, [cell] if left_before is None else [cell, cell_numbers.REJOINED])
    return booked


def cells_of(found: Filed) -> Iterator[int]:
    return (cell for bookings in found for _, cell, _ in observe.observations(bookings))


def _comes_again() -> CustomerRow:
    row = CustomerRow()
    for at_ms, status in enumerate(("joined", "left", "joined")):
        head = {"event_id": f"k{at_ms}", "occurred_at": T0 + at_ms, "customer_id": "anna"}
        event = decoded(("customer", {**head, "status": status}))
        assert isinstance(event, Joined | Left)
        merge(row, event)
    return row


def test_each_cell_is_booked_by_the_steps_that_its_kpi_declares_and_by_no_other() -> None:
    """So a figure cannot be exported of which nothing ever books a cell: it would be a false 0."""
    declared = {cell: set(steps) for one in KPIS for cell, steps in one.cells.items()}
    assert declared.pop(cell_numbers.REGISTERS_USED) == declared[cell_numbers.REGISTER]  # made of these
    booked = booked_cells()
    assert booked.pop(cell_numbers.ANOMALY)
    assert declared == booked


def test_a_figure_that_reads_a_cell_is_named_by_the_definitions_that_the_cell_came_with() -> None:
    """Until a ledger has been made anew by these, the figure is hidden instead of being a false 0."""
    for came in HISTORY[1:]:
        new = cell_numbers.came_after(came.number - 1) - cell_numbers.came_after(came.number)
        read = {figure.name for figure in catalogue.FIGURES if figure.how.cells & new}
        assert came.figures == EVERY or read <= came.figures, came.number
    assert not cell_numbers.came_after(CURRENT)


class TestContradictions:
    """Each is refused at import, with the KPI that it is about."""

    def test_there_are_none(self) -> None:
        assert [] == contradictions(KPIS)

    @pytest.mark.parametrize(
        ("broken", "fault"),
        [
            (
                replace(csat.KPI, cells={**csat.KPI.cells, cell_numbers.NET: (1,)}),
                "which is resolution_rate's",
            ),
            (
                replace(csat.KPI, cells=dict.fromkeys(csat.KPI.cells, ())),
                "csat declares cell 11, which no step books",
            ),
            (replace(csat.KPI, cells={}), "csat: support_csat_ratio reads cell 11, which nothing ever books"),
            (replace(csat.KPI, cells={}), "cell 11 (satisfied) is no KPI's"),
            (
                replace(csat.KPI, cells={**csat.KPI.cells, 900: (1,)}),
                "csat declares cell 900, which kpis.cell_numbers does not have",
            ),
            (
                replace(csat.KPI, figures=(replace(csat.RATIO, how=ratio(900, 11)),)),
                "csat: support_csat_ratio reads cell 900, which nothing ever books",
            ),
            (
                replace(csat.KPI, figures=(nps.SCORE, csat.RATIO)),
                "csat declares support_nps_score, and so does nps",
            ),
            (
                replace(csat.KPI, tiles=reopen.KPI.tiles),
                "csat: the tile reopen shows support_reopen_ratio, which is another KPI's",
            ),
            (
                replace(csat.KPI, tiles=()),
                "csat: support_csat_ratio is watched for moves, which the wall tells by its tile",
            ),
            (replace(csat.KPI, better=None), "csat: its score needs a figure of its own and a direction"),
            (replace(csat.KPI, observed=None), "csat: its tiles need a word for their observations"),
        ],
    )
    def test_one_is_seen(self, broken: Kpi, fault: str) -> None:
        found = contradictions([broken if one.id == broken.id else one for one in KPIS])
        assert [one for one in found if fault in one], found


def test_a_new_kpi_comes_last() -> None:
    new = replace(csat.KPI, id="zzz")
    assert catalogue.in_order([new, *KPIS]) == (*KPIS, new)


def test_every_page_that_a_kpi_names_is_there() -> None:
    missing = {one.page for one in KPIS if not (ROOT / "docs/kpis" / f"{one.page}.md").is_file()}
    assert missing == {"sla"}
    assert (ROOT / "docs/sla.md").is_file()


def test_each_band_is_a_section_of_the_settings_and_each_section_a_band() -> None:
    assert set(BandSettings.model_fields) - {"minimum_observations"} == set(BANDED.values())


def test_what_boards_define_is_the_main_figure_of_its_page_with_its_band() -> None:
    for entry in definitions():
        own = [one for one in KPIS if one.page == entry["page"]]
        assert entry["metric"] in {name for one in own for name in one.names}
        assert entry.get("band") == BANDED.get(entry["metric"])
