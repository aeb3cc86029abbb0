"""How full the places for names are.

It compares what a partition distinguishes, by its rows, with what it may (`admission.py`). Pure.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from kpis.ledger import codec
from kpis.ledger.codec import Position
from kpis.members import DIMENSIONS, OTHER
from kpis.sla.policy import Policy
from kpis.state.admission import COMBINATION
from kpis.tickets.row import CUSTOMERS
from kpis.tickets.standing import Dims
from streams.names import fold

NAMES_LIMIT: Final = "desk.max_names"  # the settings, as the position row keeps them
COMBINATIONS_LIMIT: Final = "desk.max_combinations"


class Room(NamedTuple):
    """How many names or combinations there are, and how many there may be.

    `limit` is None in a ledger whose worker did not record it.
    """

    held: int
    limit: int | None


class NamesHeld:
    """Follows the rows of partitions. Names of the policy count against no limit, so they are left out."""

    def __init__(self, policy: Policy | None, dimensions: Sequence[str] = DIMENSIONS) -> None:
        self._dimensions = dimensions
        self._named = [
            frozenset(map(fold, policy.names(number) if policy else ())) for number in range(len(dimensions))
        ]
        self._names: dict[int, codec.AdmittedNames] = {}
        # panes and levels of each combination
        self._rows: defaultdict[int, Counter[Dims]] = defaultdict(Counter)

    def take_names(self, partition: int, value: bytes | None) -> None:
        """The row with the names that a partition admitted."""
        self._names[partition] = [] if value is None else codec.decode_names(value)

    def take_row(self, partition: int, dims: Dims, step: int) -> None:
        """A pane or level has come (1) or gone (-1)."""
        if dims == CUSTOMERS or set(dims) == {OTHER}:
            return
        rows = self._rows[partition]
        rows[dims] += step
        if not rows[dims]:
            del rows[dims]

    def forget(self, partition: int) -> None:
        """Its ledger will be read again from the start."""
        self._names.pop(partition, None)
        self._rows.pop(partition, None)

    def rooms(self, positions: Mapping[int, Position]) -> dict[int, dict[str, Room]]:
        """By partition and kind: a dimension, or `combination`."""
        return {number: self._rooms_of(number, position) for number, position in positions.items()}

    def _rooms_of(self, partition: int, position: Position) -> dict[str, Room]:
        settings = position.settings or {}
        names = [*self._names.get(partition, []), *([] for _ in self._dimensions)]
        held = {
            kind: len(set(known) - named)
            for kind, known, named in zip(self._dimensions, names, self._named, strict=False)
        }
        rooms = {kind: Room(count, _limit(settings, NAMES_LIMIT)) for kind, count in held.items()}
        return {
            **rooms,
            COMBINATION: Room(len(self._rows.get(partition, ())), _limit(settings, COMBINATIONS_LIMIT)),
        }


def _limit(settings: Mapping[str, str], name: str) -> int | None:
    text = settings.get(name, "")
    return int(text) if text.isdecimal() else None
