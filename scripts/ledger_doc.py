"""The generated part of `docs/ledger.md`: the cells of a pane, and the figures that are a cell or a share.

`python -m scripts.metrics_doc` writes it, beside `docs/metrics.md`. A program that reads a ledger, such as
the rebuilder of the soak, needs no more for such a figure than this page says.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from kpis.cell_numbers import BLOCK, CELLS, Cell
from kpis.figures.catalogue import FIGURES
from kpis.figures.kpi.declaration import EVERY_ROLLUP
from scripts.parts import renewed

PAGE: Final = Path("docs/ledger.md")
BEGIN: Final = "<!-- Made by scripts/metrics_doc.py from the code, down to the next such line. -->\n"
END: Final = "<!-- Down to here. -->\n"
_BLOCKS: Final = f"""
Of a duration's {BLOCK} cells the first is the count, the second the sum in ms, and the others are the
buckets: cell 2 + i of them counts what is more than bound i - 1 and at most bound i.

These figures are one cell, or a share: a cell over the cell of their observations, absent where that is 0.

"""


def render(page: str) -> str:
    """The page with its part made anew. Errors: ValueError where it has no marks."""
    made = "".join([*_cells(), _BLOCKS, *_figures()])
    return renewed(PAGE, page, begin=BEGIN, end=END, made=made)


def is_current(root: Path) -> bool:
    """Whether the committed page is what the code gives."""
    page = (root / PAGE).read_text(encoding="utf-8")
    return page == render(page)


def _cells() -> Iterator[str]:
    yield "| cell | what it counts |\n|---|---|\n"
    yield from (f"| {_numbers(cell)} | {cell.says} |\n" for cell in CELLS.values() if cell.kind != "made")


def _numbers(cell: Cell) -> str:
    if cell.kind == "register":
        return f"2^{cell.number.bit_length() - 1} + {'r' if cell.name == 'registers' else 'p'}"
    return str(cell.number) if cell.size == 1 else f"{cell.number} to {cell.numbers[-1]}"


def _figures() -> Iterator[str]:
    yield "| metric | is | cell | cell of its observations | their metric |\n|---|---|---|---|---|\n"
    for kind in FIGURES:
        if kind.how.pair is not None and (kind.rollups == EVERY_ROLLUP or not kind.compared):
            cell, of = kind.how.pair
            what = "share" if kind.how.top is not None else "count"
            yield f"| `{kind.name}` | {what} | {cell} | {of} | `{kind.observations_name}` |\n"
