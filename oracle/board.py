"""The oracle's filing: every observation under the names that it is exported as.

It also decides which names those are.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from oracle.events import Facts
from oracle.fields import one_spelling
from oracle.labels import Dimensions, LabelNames
from oracle.spans import MINUTE_MS, Span, spans
from oracle.tickets import LEVELS, Observation, Start, observations

DIMENSIONS: Final = ("team", "channel", "priority")
SEGMENT: Final = "segment"  # the fourth one, where a desk has switched it on
OTHER: Final = "other"
RIPE_LATER: Final = frozenset({"first_contact", "kept_contact"})  # booked when time has shown it
Pick = Callable[[str], list[int]]  # series -> the values inside a span

Combination = tuple[str, ...]  # a member of every dimension
_Place = tuple[str, str, str | Combination]  # series, by (or "parts"), member (or the combination)


class Board:
    """All observations, filed under what they are exported as, sorted by time."""

    def __init__(  # noqa: PLR0913, PLR0917 - each is something else
        self,
        facts: Facts,
        as_of_ms: int,
        members: Mapping[str, Sequence[str]] | None,
        max_members: int | None,
        measured: Iterable[Observation] = (),
        written: Mapping[str, Sequence[str]] | None = None,
        *,
        named: Mapping[str, Sequence[str]] | None = None,
        ever: bool = False,
        segment: bool = False,
        frt_from: Start = "first_contact",
    ) -> None:
        self.dimensions: tuple[str, ...] = (*DIMENSIONS, SEGMENT) if segment else DIMENSIONS
        self._months = [] if ever else spans(as_of_ms=as_of_ms, time_zone="UTC", windows=["30d"])
        self._written = {
            (position, one_spelling(name)): name
            for position, dimension in enumerate(self.dimensions)
            for name in reversed([*(written or {}).get(dimension, ()), *(members or {}).get(dimension, ())])
        }
        self._listed: list[tuple[str, str]] = [("all", "all")]
        self._combinations: set[Combination] = set()
        self._filed: dict[_Place, list[tuple[int, int]]] = {}
        everything = [
            replace(
                one,
                dimensions=self._spelled(one.dimensions),
                segment=self.shown(len(DIMENSIONS), one.segment) if segment else one.segment,
            )
            for one in (*observations(facts, as_of_ms, frt_from=frt_from), *measured)
            if one.at_ms < as_of_ms // MINUTE_MS * MINUTE_MS + MINUTE_MS or one.series not in RIPE_LATER
        ]
        self._waiting = Counter(one.dimensions[0] for one in everything if one.series == "waiting")
        folds: list[dict[str, str]] = []
        for position, dimension in enumerate(self.dimensions):
            names = (
                None
                if dimension not in (members or {})
                else [self.shown(position, name) for name in (members or {})[dimension]]
            )
            kept = {self.shown(position, name) for name in (named or {}).get(dimension, ())}
            fold, shown = _fold(self._volumes(everything, position), names, max_members, kept)
            folds.append(fold)
            self._listed.extend((dimension, name) for name in shown)
        self._folds = folds
        self._file(everything, folds)

    def shown(self, position: int, name: str) -> str:
        """Give the spelling of a name that is shown.

        It is the first that anybody wrote, else the one that the name is compared by.
        """
        return self._written.get((position, one_spelling(name)), one_spelling(name))

    def _spelled(self, dimensions: Dimensions) -> Dimensions:
        team, channel, priority = (self.shown(position, name) for position, name in enumerate(dimensions))
        return (team, channel, priority)

    def folded(self, names: LabelNames) -> LabelNames:
        """Give the names under which a ticket is exported, of the dimensions that are switched on."""
        return tuple(
            fold.get(self.shown(position, name), OTHER)
            for position, (fold, name) in enumerate(zip(self._folds, names, strict=False))
        )

    def own_names(self, by: str, member: str) -> list[str]:
        """List the names that are exported as a member."""
        if by == "all":
            return [member]
        fold = self._folds[self.dimensions.index(by)]
        return [name for name, shown in fold.items() if shown == member] or [member]

    def members(self) -> list[tuple[str, str]]:
        """List every (by, member) that is exported."""
        return self._listed

    def team_shown(self, team: str) -> str:
        """Give the member that a team is exported as."""
        name = self.shown(0, team)
        return name if ("team", name) in self._listed else self._folds[0].get(name, OTHER)

    def waiting_of(self, team: str) -> int:
        """Count the tickets of one team that wait now, whatever it is exported as."""
        return self._waiting[self.shown(0, team)]

    def combinations(self) -> list[Combination]:
        """List every folded (team, channel, priority), with its segment if that is on, observed in time."""
        return sorted(self._combinations)

    def pick(self, by: str, member: str | Combination, span: Span) -> Pick:
        """Give a reader of the values of a series inside a span, oldest first."""

        def values(series: str) -> list[int]:
            filed = self._filed.get((series, by, member), [])
            start = bisect_left(filed, (span.start_ms,))
            end = bisect_left(filed, (span.end_ms,))
            return [value for _, value in filed[start:end]]

        return values

    def times(self, series: str, by: str, member: str) -> list[int]:
        """List the times of all observations of a series."""
        return [at_ms for at_ms, _ in self._filed.get((series, by, member), [])]

    def _names(self, one: Observation) -> Combination:
        return (*one.dimensions, one.segment)[: len(self.dimensions)]

    def _is_recent(self, one: Observation) -> bool:
        """Tell whether it makes its names known: a level does while it stands.

        That a ticket was handed in and out again does not.
        """
        return one.series != "received" and (
            one.series in LEVELS
            or not self._months
            or any(month.start_ms <= one.at_ms < month.end_ms for month in self._months)
        )

    def _volumes(self, everything: Iterable[Observation], position: int) -> Mapping[str, int]:
        """Count tickets created in the window 30d (or ever) for each known name.

        Names without such tickets have 0.
        """
        volumes: Counter[str] = Counter()
        for one in everything:
            if self._is_recent(one):
                volumes[self._names(one)[position]] += one.series == "created" and (
                    not self._months or one.at_ms >= self._months[0].start_ms
                )
        return volumes

    def _file(self, everything: Iterable[Observation], folds: Sequence[Mapping[str, str]]) -> None:
        filed: dict[_Place, list[tuple[int, int]]] = defaultdict(list)
        for one in everything:
            shown = tuple(fold.get(value, OTHER) for fold, value in zip(folds, self._names(one), strict=True))
            if one.series not in LEVELS and self._is_recent(one):
                self._combinations.add(shown)
            entry = (one.at_ms, one.value)
            filed[one.series, "all", "all"].append(entry)
            for dimension, member in zip(self.dimensions, shown, strict=True):
                filed[one.series, dimension, member].append(entry)
            filed[one.series, "parts", shown].append(entry)
        for entries in filed.values():
            entries.sort()
        self._filed = dict(filed)


def _fold(
    volumes: Mapping[str, int], names: Sequence[str] | None, max_members: int | None, named: Collection[str]
) -> tuple[dict[str, str], list[str]]:
    """Decide under which name each value is exported, and which names there are.

    Those that a policy names are never folded.
    """
    ours = [value for value in volumes if value in named]
    if names is not None:
        kept = list(dict.fromkeys([*names, *ours]))
    else:
        kept = sorted(volumes, key=lambda value: (value not in named, -volumes[value], value))
        if max_members is not None and len(kept) > max_members:
            kept = kept[: max(len(ours), max_members - 1)]
    fold = {value: value if value in kept else OTHER for value in volumes}
    return fold, list(dict.fromkeys([*kept, *sorted(set(fold.values()))]))
