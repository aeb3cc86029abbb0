"""Levels: what stands now, as sums of level rows.

They are open tickets by minute of creation, unanswered ones by that of their wait, and customers.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from kpis import cell_numbers
from kpis.figure import Figure, Labels
from kpis.figures.kpi.live import (
    OLDEST,
    OLDEST_WAITING,
    OPEN,
    UNANSWERED,
    UNASSIGNED,
    WAITING,
    WITH_BOT,
)
from kpis.members import EVERY_DIMENSION
from kpis.tickets.row import CUSTOMERS
from kpis.view_keys import LevelKey
from windows.cells import Cells, add
from windows.panes import HOUR_MS, MINUTE_MS

_MINUTES = 60
_MINUTE_SECONDS = 60
AGE_EDGES_MS: Final = (15 * MINUTE_MS, HOUR_MS, 4 * HOUR_MS, 24 * HOUR_MS)  # between the classes of `waiting`


class Levels:
    """Counts by (series, by, member), and the minutes of what is counted."""

    def __init__(self) -> None:
        self._totals: Cells = {}
        self._minutes: dict[tuple[int, str, str], Cells] = defaultdict(dict)

    def change(self, key: LevelKey, delta: Mapping[int, int]) -> None:
        """Add a difference of one level row."""
        add(self._totals, {key.series: sum(delta.values())})
        if key.dims == CUSTOMERS:
            return
        shifted = {key.hour * _MINUTES + minute: n for minute, n in delta.items()}
        for by, member in (("all", "all"), *zip(EVERY_DIMENSION, key.dims, strict=False)):
            add(self._minutes[key.series, by, member], shifted)

    def total(self, level: int) -> int:
        """The sum of a level over everything."""
        return self._totals.get(level, 0)

    def standing(self, level: int, by: str, member: str) -> int:
        """How many stand in a level now; 0 where none does."""
        return sum(self._minutes.get((level, by, member), {}).values())

    def groups(self) -> Iterator[tuple[str, str]]:
        """(by, member) of everything that stands now."""
        return ((by, member) for (_, by, member), minutes in self._minutes.items() if minutes)

    def waiting(self, by: str, member: str, as_of_ms: int) -> tuple[int, ...]:
        """Unanswered tickets by age: younger than the first of AGE_EDGES_MS, then from each edge on.

        An age is counted from the start of the minute of creation or, of a reopened ticket, of the latest
        reopening.
        """
        classes = [0] * (len(AGE_EDGES_MS) + 1)
        for minute, n in self._minutes.get((cell_numbers.UNANSWERED, by, member), {}).items():
            classes[bisect_right(AGE_EDGES_MS, as_of_ms - minute * MINUTE_MS)] += n
        return tuple(classes)

    def figures(self, by: str, members: Iterable[str], labels: Labels, *, assigns: bool) -> Iterator[Figure]:
        """Open tickets, what of them waits and for how long, who has them.

        A 0 of the counts is real; a timestamp is absent where nobody waits. `assigns`: the desk has told of
        an assignment, else nothing is known of tickets that nobody has.
        """
        names = list(members)
        open_ = self._count(cell_numbers.OPEN, by, names)
        yield Figure(OPEN.name, labels, float(open_), open_)
        for level, count, oldest in (
            (cell_numbers.UNANSWERED, UNANSWERED, OLDEST),
            (cell_numbers.WAITING, WAITING, OLDEST_WAITING),
        ):
            n = self._count(level, by, names)
            yield Figure(count.name, labels, float(n), n)
            if n:
                waits = [self._minutes.get((level, by, name), {}) for name in names]
                first = min(min(minutes) for minutes in waits if minutes)
                yield Figure(oldest.name, labels, float(first * _MINUTE_SECONDS), n)
        if assigns:
            unassigned = open_ - self._count(cell_numbers.ASSIGNED, by, names)
            yield Figure(UNASSIGNED.name, labels, float(unassigned), unassigned)
        with_bot = self._count(cell_numbers.WITH_BOT, by, names)
        yield Figure(WITH_BOT.name, labels, float(with_bot), with_bot)

    def _count(self, level: int, by: str, names: Iterable[str]) -> int:
        return sum(sum(self._minutes.get((level, by, name), {}).values()) for name in names)
