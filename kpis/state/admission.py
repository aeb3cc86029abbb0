"""Which names and combinations of names get panes of their own in a partition.

A guard of the state against a flood of them.

A name is admitted at first sight or never, and for the life of the ledger: what was booked under a name can
only be withdrawn from that name. So once one name had to be folded, its dimension is closed, also when the
limit is raised later or rows of others have expired.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

from kpis.ledger import codec
from kpis.members import DIMENSIONS, OTHER
from kpis.tickets.row import CUSTOMERS
from kpis.tickets.standing import UNKNOWN, Dims

COMBINATION: Final = "combination"


def kinds(dimensions: Iterable[str]) -> tuple[str, ...]:
    """What may have too many names: a dimension of a desk, or their combinations."""
    return (*dimensions, COMBINATION)


class Admission:
    """Names of one partition, in the order of their admission."""

    def __init__(
        self, most_names: int, most_combinations: int, dimensions: Sequence[str] = DIMENSIONS
    ) -> None:
        self._dimensions = dimensions
        self.names: codec.AdmittedNames = [[] for _ in dimensions]
        self.changed = False
        self.folded: Counter[str] = Counter()  # by kind, since somebody last took them
        self._most_names = most_names
        self._most_combinations = most_combinations
        self._known: tuple[set[str], ...] = tuple(set() for _ in dimensions)
        # of these, what does not count against the limit
        self._reserved: tuple[set[str], ...] = tuple(set() for _ in dimensions)
        self._closed: set[str] = set()

    def admit(self, dims: Dims) -> Dims:
        """The names under which to book `dims`.

        The customer figures, which have none, are always admitted.
        """
        if dims == CUSTOMERS:
            return dims
        if len(dims) < len(self._dimensions):  # what came without a ticket names no segment
            dims = (*dims, UNKNOWN)
        return tuple([self._admit(place, name) for place, name in enumerate(dims)])

    def admit_team(self, team: str) -> str:
        """The name under which a team stands: its own, or `other`."""
        return self._admit(0, team)

    def reserve(self, dimension: int, names: Iterable[str]) -> list[str]:
        """Admit names that a policy names, before any event has, and beside the limit.

        Returns those that came too late.

        Once a name had to be folded nobody knows which those were, so none is admitted any more.
        """
        names = list(names)
        wanted = [name for name in names if name not in self._known[dimension]]
        if self._dimensions[dimension] in self._closed:
            return wanted
        self._known[dimension].update(wanted)
        self._reserved[dimension].update(names)
        self.names[dimension].extend(wanted)
        self.changed = self.changed or bool(wanted)
        return []

    def room(self, dims: Dims, combinations: int) -> Dims:
        """The combination itself where one more fits beside the `combinations` in use.

        Else `other` in each dimension.
        """
        if dims == CUSTOMERS or (combinations < self._most_combinations and COMBINATION not in self._closed):
            return dims
        self._fold(COMBINATION)
        return (OTHER,) * len(self._dimensions)

    def _admit(self, dimension: int, name: str) -> str:
        known = self._known[dimension]
        if name in known:
            return name
        if (
            len(known) - len(self._reserved[dimension]) >= self._most_names
            or self._dimensions[dimension] in self._closed
        ):
            self._fold(self._dimensions[dimension])
            return OTHER
        known.add(name)
        self.names[dimension].append(name)
        self.changed = True
        return name

    def _fold(self, kind: str) -> None:
        self._closed.add(kind)
        self.folded[kind] += 1

    def changes(self) -> list[tuple[bytes, bytes | None]]:
        """The row of names, where one came since the last call."""
        rows: list[tuple[bytes, bytes | None]] = (
            [(codec.NAMES_KEY, codec.encode_value(self.names))] if self.changed else []
        )
        self.changed = False
        return rows

    def load(self, names: codec.AdmittedNames) -> None:
        """Take over what was admitted before; of segments perhaps nothing, or what is not asked for now."""
        self.names = [*names, *([] for _ in self._dimensions[len(names) :])]
        self._known = tuple(map(set, self.names[: len(self._dimensions)]))
        self._reserved = tuple(set() for _ in self._dimensions)
        self.changed = False

    def let_go(self) -> None:
        """No pane has a name of a dimension any more that the desk has switched off."""
        if len(self.names) > len(self._dimensions):
            del self.names[len(self._dimensions) :]
            self.changed = True

    def close(self, kinds: Iterable[str]) -> None:
        """Take over what had to be folded before."""
        self._closed.update(kinds)
