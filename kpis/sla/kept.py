"""Since when nothing has been below its objective.

The past of *worst now*, from the same panes and by the same test.

An instant of the past is judged by what is known of it now, with the teams that worked then. It is *kept*
when something fell due within the eight hours before it and nothing is listed; beyond MINUTES_BACK only
quarter hours are looked at, and of the last hour their end alone.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from itertools import accumulate
from typing import Final, NamedTuple

from kpis.sla.calendar import Calendar
from kpis.sla.outcomes import MemberNames, Outcomes, Tally
from kpis.tickets.standing import Dims
from windows.panes import MINUTE, MINUTE_MS, QUARTER

KeptSums = tuple[list[int], list[int], list[int]]  # of deadlines, misses and allowances before each pane
_QUARTER: Final = QUARTER.length_ms // MINUTE_MS


class Reach(NamedTuple):
    """How far the test looks: the lengths of its windows, and for how long it must hold.

    It also says how far back single instants are looked at.
    """

    hour: int  # minutes
    eight_hours: int  # quarter hours
    minutes_held: int
    quarters_held: int
    minutes_back: int
    quarters_back: int


class Asked(NamedTuple):
    """The instant, the target, its members with all their labels, and the rules."""

    as_of_ms: int
    target: str
    members: Mapping[MemberNames, Collection[Dims]]
    calendar: Callable[[str], Calendar]  # of a team
    reach: Reach
    is_below: Callable[[Tally], bool]


def kept_since(
    outcomes: Outcomes, asked: Asked, groups: Mapping[MemberNames, Collection[MemberNames]]
) -> dict[MemberNames, int]:
    """By name of a group: since which minute nothing within it is listed.

    Worked out again when the minute or the past changes.
    """
    members = frozenset((names, tuple(dims)) for names, dims in asked.members.items())
    wanted = frozenset((name, tuple(within)) for name, within in groups.items())
    key = (outcomes.over(asked.as_of_ms // MINUTE_MS), asked.calendar, members, wanted)
    known = outcomes.kept.get(asked.target)
    if known is None or known[0] != key:
        past = _Past(outcomes, asked)
        found = {name: past.kept_since(within) for name, within in groups.items()}
        known = outcomes.kept[asked.target] = (
            key,
            {name: since for name, since in found.items() if since is not None},
        )
    return known[1]


class _Past:
    """The instants before `as_of` for one target."""

    def __init__(self, outcomes: Outcomes, asked: Asked) -> None:
        self._reach, self._is_below, self._minute = asked.reach, asked.is_below, asked.as_of_ms // MINUTE_MS
        reach = asked.reach
        self._first_minute = self._minute - reach.minutes_back - reach.minutes_held - reach.hour
        self._first_quarter = (
            self._minute // _QUARTER - reach.quarters_back - reach.quarters_held - reach.eight_hours
        )
        self._calendars: dict[int, Calendar] = {}
        self._minutes: dict[MemberNames, dict[int, KeptSums]] = {}
        self._quarters: dict[MemberNames, dict[int, KeptSums]] = {}
        every: dict[Dims, list[MemberNames]] = {}
        for names, all_dims in asked.members.items():
            for dims in all_dims:
                every.setdefault(dims, []).append(names)
        for dims, within in every.items():
            clock = asked.calendar(dims[0])
            self._calendars[id(clock)] = clock
            for sums, resolution, first, end in (
                (self._minutes, MINUTE, self._first_minute, self._minute),
                (self._quarters, QUARTER, self._first_quarter, self._minute // _QUARTER),
            ):
                fallen = list(outcomes.panes((asked.target, dims), resolution, first, end))
                for names in within:
                    _add(
                        sums.setdefault(names, {}).setdefault(id(clock), _nothing(end - first)), fallen, first
                    )
        for summed in (self._minutes, self._quarters):
            for by_clock in summed.values():
                for place, (n, missed, allowance) in by_clock.items():
                    by_clock[place] = (_before(n), _before(missed), _before(allowance))

    def kept_since(self, within: Collection[MemberNames]) -> int | None:
        """The first minute of the stretch up to now in which none of these members was listed.

        At every instant of it there was something to judge at least one of them by. None when there is no
        such stretch.
        """
        since = None
        for minute, instant in self._instants():
            clocks = [
                place for place, calendar in self._calendars.items() if calendar.is_open(minute * MINUTE_MS)
            ]
            told = any(self._is_told(names, instant, clocks) for names in within)
            if not told or any(self._is_listed(names, instant, clocks) for names in within):
                # Single minutes out of sight, the quarter hour that follows: else the answer would creep on
                # with every minute.
                return since if since is None or instant[0] is not None else max(since, minute + _QUARTER)
            since = minute
        return since

    def _instants(self) -> Iterator[tuple[int, tuple[int | None, int]]]:
        """A minute, and where its windows end, latest first.

        They end at the minute (None where single minutes are not kept any more) and at a quarter hour.
        """
        for minute in range(self._minute, self._minute - self._reach.minutes_back, -1):
            yield minute, (minute, minute // _QUARTER)
        last = (self._minute - self._reach.minutes_back + 1) // _QUARTER
        for quarter in range(last, last - self._reach.quarters_back, -1):
            yield quarter * _QUARTER, (None, quarter)

    def _is_told(self, names: MemberNames, instant: tuple[int | None, int], clocks: Sequence[int]) -> bool:
        return (
            self._eight_hours(names, instant[1], clocks).n > 0 or self._hour(names, instant, 0, clocks).n > 0
        )

    def _is_listed(self, names: MemberNames, instant: tuple[int | None, int], clocks: Sequence[int]) -> bool:
        reach, (minute, quarter) = self._reach, instant
        held = range(1 if minute is None else reach.minutes_held)
        if all(self._is_below(self._hour(names, instant, back, clocks)) for back in held):
            return True
        return all(
            self._is_below(self._eight_hours(names, quarter - back, clocks))
            for back in range(reach.quarters_held)
        )

    def _hour(
        self, names: MemberNames, instant: tuple[int | None, int], back: int, clocks: Sequence[int]
    ) -> Tally:
        minute, quarter = instant
        if minute is None:
            return self._between(
                self._quarters[names], quarter - self._first_quarter, self._reach.hour // _QUARTER, clocks
            )
        return self._between(
            self._minutes[names], minute - back - self._first_minute, self._reach.hour, clocks
        )

    def _eight_hours(self, names: MemberNames, quarter: int, clocks: Sequence[int]) -> Tally:
        return self._between(
            self._quarters[names], quarter - self._first_quarter, self._reach.eight_hours, clocks
        )

    @staticmethod
    def _between(sums: Mapping[int, KeptSums], end: int, length: int, clocks: Sequence[int]) -> Tally:
        n = missed = allowance = 0
        for place in clocks:
            if (found := sums.get(place)) is not None:
                n += found[0][end] - found[0][end - length]
                missed += found[1][end] - found[1][end - length]
                allowance += found[2][end] - found[2][end - length]
        return Tally(n, missed, allowance)


def _nothing(panes: int) -> KeptSums:
    return [0] * panes, [0] * panes, [0] * panes


def _add(sums: KeptSums, fallen: Iterable[tuple[int, Tally]], first: int) -> None:
    n, missed, allowance = sums
    for pane, tally in fallen:
        n[pane - first] += tally.n
        missed[pane - first] += tally.missed
        allowance[pane - first] += tally.allowance


def _before(counts: Sequence[int]) -> list[int]:
    return list(accumulate(counts, initial=0))
