"""Deadlines put into the ledger's rows by hand, so that a view can be asked about a target by itself."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Final

from kpis import cell_numbers
from kpis.ledger import codec
from kpis.sla.at_risk import AtRiskKey, AtRiskRow, Entry
from kpis.tickets.standing import Dims
from kpis.view_keys import LevelKey, PaneKey
from tests.sla.desk import SlaDesk, at
from windows.cells import Cells
from windows.panes import HOUR_MS, MINUTE_MS, RESOLUTIONS

BILLING: Final[Dims] = ("billing", "email", "normal")
_FAR: Final = 1 << 62


@dataclass
class Booked:
    """What a ledger says of one target. Times are those of `tests.sla.desk.at`; `to` puts it into a view."""

    target: str
    allowance: int = 1_000  # an objective of 90 %
    _panes: dict[PaneKey, Cells] = field(default_factory=lambda: defaultdict(dict))
    _levels: dict[LevelKey, Cells] = field(default_factory=lambda: defaultdict(dict))
    _at_risk: dict[str, list[Entry]] = field(default_factory=lambda: defaultdict(list))

    def met(self, when: str, due: str, *, count: int = 1, dims: Dims = BILLING) -> None:
        """Deadlines that something met in time."""
        self._observe(when, cell_numbers.SLA[self.target], count, dims)
        self._observe(due, self._outcome(missed=False), count, dims)

    def missed(self, due: str, *, count: int = 1, dims: Dims = BILLING) -> None:
        """Deadlines that nothing met in time."""
        self._observe(due, cell_numbers.SLA[self.target] + cell_numbers.BREACHED, count, dims)
        self._observe(due, self._outcome(missed=True), count, dims)

    def running(self, ticket: str, due: str, *, dims: Dims = BILLING) -> None:
        """A clock that runs towards its deadline, or past it."""
        self._stand(cell_numbers.due_level(self.target, self.allowance), due, 1, dims)
        created_ms = at(due) - HOUR_MS
        self._at_risk[dims[0]].append(Entry(at(due), ticket, created_ms, dims[1], dims[2]))

    def handed(self, due: str, *, count: int, dims: Dims) -> None:
        """Running clocks that another team has now (count > 0), or that one has no more (count < 0)."""
        self._stand(cell_numbers.HANDED[self.target], due, count, dims)

    def to(self, desk: SlaDesk) -> None:
        """Put all of it into the view of a desk."""
        desk.builder.apply(0, self.rows())

    def rows(self) -> list[tuple[bytes, bytes | None]]:
        """All of it as rows of a ledger."""
        return [
            *((codec.pane_key(key), codec.encode_value(cells)) for key, cells in self._panes.items()),
            *((codec.level_key(key), codec.encode_value(cells)) for key, cells in self._levels.items()),
            *(
                (
                    codec.at_risk_key(AtRiskKey(self.target, team)),
                    codec.encode_at_risk(AtRiskRow(_FAR, 0, 0, sorted(found, key=lambda one: one.due_ms))),
                )
                for team, found in self._at_risk.items()
            ),
        ]

    def _outcome(self, *, missed: bool) -> int:
        return cell_numbers.outcome_cell(self.target, self.allowance, missed=missed)

    def _observe(self, when: str, cell: int, count: int, dims: Dims) -> None:
        for resolution in RESOLUTIONS:
            cells = self._panes[PaneKey(resolution.index, resolution.pane(at(when)), dims)]
            cells[cell] = cells.get(cell, 0) + count

    def _stand(self, level: int, due: str, count: int, dims: Dims) -> None:
        hour, rest_ms = divmod(at(due), HOUR_MS)
        cells = self._levels[LevelKey(level, hour, dims)]
        cells[rest_ms // MINUTE_MS] = cells.get(rest_ms // MINUTE_MS, 0) + count
