"""What is worst now, and what will be.

A test, not a rank, so that a desk that keeps its promises has nothing here.

A member (all tickets, a team, a channel, a priority, a segment, or a combination that the policy or
team x priority names) is *listed* when more of its deadlines were missed than its promises allow and chance
explains: over the last hour at each of the last five full minutes, else over eight hours at the last two
quarter hours. Of members within one another the narrowest that holds most of the excess is *named*.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from math import exp, lgamma, log
from typing import Final

from kpis.cell_numbers import ALLOWANCES
from kpis.figure import Figure, Labels
from kpis.members import EVERY_DIMENSION, OTHER
from kpis.sla import metrics
from kpis.sla.deadlines import minute_of
from kpis.sla.judgement import ALL, Endangered, JudgedWindow, Judgement, Place, Worst, by_of, member_of
from kpis.sla.kept import Asked, Reach, kept_since
from kpis.sla.outcomes import NOTHING, MemberNames, Outcomes, Tally
from kpis.sla.policy import Policy, Rule, Version
from kpis.tickets.standing import Dims
from windows.panes import MINUTE, MINUTE_MS, QUARTER

ShownMembers = Mapping[
    str, Sequence[str]
]  # names that are shown by themselves, by dimension; the others are OTHER
CHANCE: Final = 0.01  # an excess that comes by chance more often is none
LEAST: Final = 10  # deadlines below which only a total failure tells anything
LEAST_ALL_MISSED: Final = 3
# of the excess of the wider member: what the narrower one must hold to be named for it
NARROW: Final = (8, 10)
MINUTES_HELD: Final = 5
QUARTERS_HELD: Final = 2
HOUR: Final = 60  # minutes
EIGHT_HOURS: Final = 32  # quarter hours
SOON: Final = 16  # minutes: this one and the next 15, as in `within="15m"`
# by the places of their dimensions: all, each dimension, team x priority
_JUDGED: Final = ((), (0,), (1,), (2,), (3,), (0, 2))
SHORT_MS: Final = 15 * MINUTE_MS
# stricter, a slip is told minutes later, and calm days have none at either: docs/alerts.md
SOON_CHANCE: Final = 0.01
SOON_LEAST: Final = 4
# a desk that just meets its objective has about twice as many tickets this close to their deadline as it
# misses
USUAL: Final = 2
# how far single minutes are looked back at (their panes are kept for two hours); beyond that quarter hours
MINUTES_BACK: Final = 45
QUARTERS_BACK: Final = 96
_QUARTER: Final = QUARTER.length_ms // MINUTE_MS
MOST_NAMED: Final = 20
REACH: Final = Reach(HOUR, EIGHT_HOURS, MINUTES_HELD, QUARTERS_HELD, MINUTES_BACK, QUARTERS_BACK)


def tail(n: int, k: int, p: float) -> float:
    """Probability of k or more of n where each comes with p (binomial, one-sided).

    >>> [round(tail(10, k, 0.1), 4) for k in (0, 4, 5)], round(tail(50, 10, 0.1), 4)
    ([1.0, 0.0128, 0.0016], 0.0245)
    """
    if k <= 0 or p >= 1:
        return 1.0
    if p <= 0 or k > n:
        return 0.0
    term = exp(lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1) + k * log(p) + (n - k) * log(1 - p))
    total, odds = 0.0, p / (1 - p)
    while k <= n and term > total * 1e-17:
        total += term
        term *= (n - k) / (k + 1) * odds
        k += 1
    return min(1.0, total)


def is_below(tally: Tally) -> bool:
    """Whether more was missed than is allowed, and than chance explains.

    >>> [
    ...     is_below(Tally(n, missed, n * 1000))
    ...     for n, missed in ((10, 5), (50, 11), (10, 4), (50, 10), (3, 3), (2, 2))
    ... ]
    [True, True, False, False, True, False]
    """
    if tally.excess <= 0 or not (tally.n >= LEAST or tally.missed == tally.n >= LEAST_ALL_MISSED):
        return False
    return tail(tally.n, tally.missed, tally.allowance / (tally.n * ALLOWANCES)) < CHANCE


def is_endangered(coming: Tally) -> bool:
    """Whether far more of what is due soon is not done than is usual so late."""
    usual = USUAL * coming.allowance
    if coming.missed < SOON_LEAST or coming.missed * ALLOWANCES <= usual:
        return False
    return tail(coming.n, coming.missed, usual / (coming.n * ALLOWANCES)) < SOON_CHANCE


def judge(outcomes: Outcomes, policy: Policy, as_of_ms: int, shown: ShownMembers) -> Judgement:
    """Judge an instant. Outcomes of teams that are closed then are left out of every member."""
    version = policy.at(as_of_ms)
    if version is None:
        return Judgement()
    worst: list[Worst] = []
    endangered: list[Endangered] = []
    below: dict[Place, bool] = {}
    kept_since_ms: dict[Place, int] = {}
    long_overdue: dict[tuple[str, str], int] = defaultdict(int)
    for target in policy.targets:
        field = _Field(outcomes, target, version, as_of_ms, shown)
        worst += field.worst()
        endangered += field.endangered()
        below |= (told := field.below())
        kept_since_ms |= field.kept_since_ms(told)
        for team, count in field.long_overdue():
            long_overdue[team, target] += count
    worst.sort(
        key=lambda one: (
            -one.missed * ALLOWANCES + round(one.allowed * ALLOWANCES),
            -one.overdue,
            one.by,
            one.member,
            one.target,
        )
    )
    endangered.sort(key=lambda one: (one.usual - one.waiting, one.by, one.member, one.target))
    return Judgement(tuple(worst), tuple(endangered), below, kept_since_ms, dict(long_overdue))


class _Field:
    """One target at one instant: its members, and what is known of each.

    The counts are with or without what has been named already.
    """

    def __init__(
        self, outcomes: Outcomes, target: str, version: Version, as_of_ms: int, shown: ShownMembers
    ) -> None:
        self._outcomes, self._target, self._version, self._as_of_ms = outcomes, target, version, as_of_ms
        self._minute = minute_of(as_of_ms)
        self._shown = shown
        self._all = ALL  # as the member that names nothing
        combos = [
            rule
            for rule in version.rules.get(target, ())
            if sum(names is not None for names in rule.names) > 1
        ]
        self._members: dict[MemberNames, list[Dims]] = {}
        self._everyone: dict[MemberNames, list[Dims]] = {}  # teams that are closed now included
        for dims in sorted(outcomes.combinations(target)):
            folded = self._folded(dims)
            own = {_only(folded, places) for places in _JUDGED if max(places, default=0) < len(folded)}
            own |= {_only(folded, _places(rule)) for rule in combos if rule.matches(folded)}
            self._all = _only(folded, ())
            works = version.calendar(dims[0]).is_open(as_of_ms)
            for names in own:
                self._everyone.setdefault(names, []).append(dims)
                if works:
                    self._members.setdefault(names, []).append(dims)
        self._known: dict[tuple[Dims, JudgedWindow, int], Tally] = {}
        self._below = {
            names: window for names in self._members if (window := self._listed(names)) is not None
        }

    def _folded(self, dims: Dims) -> Dims:
        named = zip(EVERY_DIMENSION, dims, strict=False)
        return tuple([name if name in self._shown.get(one, ()) else OTHER for one, name in named])

    def _of(self, dims: Dims, window: JudgedWindow, end: int) -> Tally:
        """A window that ends with a minute (1h) or a quarter hour (8h)."""
        place = (dims, window, end)
        found = self._known.get(place)
        if found is None:
            resolution, panes = (MINUTE, HOUR) if window == "1h" else (QUARTER, EIGHT_HOURS)
            found = self._known[place] = self._outcomes.fallen(
                (self._target, dims), resolution, end - panes, end
            )
        return found

    def _tally(
        self, names: MemberNames, window: JudgedWindow, back: int = 0, without: frozenset[Dims] = frozenset()
    ) -> Tally:
        end = (self._minute if window == "1h" else self._minute // _QUARTER) - back
        return _total(self._of(dims, window, end) for dims in self._members[names] if dims not in without)

    def _listed(self, names: MemberNames, without: frozenset[Dims] = frozenset()) -> JudgedWindow | None:
        """Over which window a member is below its objective; None: it is not."""
        if all(is_below(self._tally(names, "1h", back, without)) for back in range(MINUTES_HELD)):
            return "1h"
        return (
            "8h"
            if all(is_below(self._tally(names, "8h", back, without)) for back in range(QUARTERS_HELD))
            else None
        )

    def below(self) -> dict[Place, bool]:
        """Of all and of each name by itself: whether it or something within it is listed.

        Absent where nothing fell due.
        """
        found = {}
        for names in self._members:
            by = by_of(names)
            if by in ("all", *EVERY_DIMENSION) and (self._tally(names, "8h").n or self._tally(names, "1h").n):
                found[by, member_of(names), self._target] = any(_is_within(one, names) for one in self._below)
        return found

    def kept_since_ms(self, below: Mapping[Place, bool]) -> dict[Place, int]:
        """Of all and of each team that is not below: since when nothing within it has been listed."""
        wanted = [names for names in self._members if by_of(names) in ("all", "team")]
        wanted = [
            names for names in wanted if below.get((by_of(names), member_of(names), self._target)) is False
        ]
        if not wanted:
            return {}
        asked = Asked(self._as_of_ms, self._target, self._everyone, self._version.calendar, REACH, is_below)
        groups = {names: [one for one in self._everyone if _is_within(one, names)] for names in wanted}
        found = kept_since(self._outcomes, asked, groups)
        return {
            (by_of(names), member_of(names), self._target): minute * MINUTE_MS
            for names, minute in found.items()
        }

    def worst(self) -> Iterator[Worst]:
        """The named ones, in no order."""

        def excess(window: JudgedWindow, without: frozenset[Dims]) -> Callable[[MemberNames], int]:
            return lambda names: self._tally(names, window, 0, without).excess

        def look(without: frozenset[Dims]) -> dict[MemberNames, Callable[[MemberNames], int]]:
            windows = (
                {names: self._listed(names, without) for names in self._below} if without else self._below
            )
            return {names: excess(window, without) for names, window in windows.items() if window is not None}

        for names in self._named(look):
            window = self._below[names]
            tally = self._tally(names, window)
            allowed = tally.allowance / ALLOWANCES
            since = self._since_ms(names, window)
            yield Worst(
                by_of(names),
                member_of(names),
                names,
                self._target,
                window,
                tally.n,
                tally.missed,
                allowed,
                self._overdue(names),
                since,
            )

    def endangered(self) -> Iterator[Endangered]:
        """The named ones, in no order."""
        first = self._minute
        coming = {
            dims: self._outcomes.coming((self._target, dims), first, first + SOON)
            for dims in self._members.get(self._all, ())
            if self._is_long(dims)
        }

        def total(names: MemberNames, without: frozenset[Dims] = frozenset()) -> Tally:
            return _total(
                coming[dims] for dims in self._members[names] if dims in coming and dims not in without
            )

        def excess(names: MemberNames, without: frozenset[Dims]) -> int:
            tally = total(names, without)
            return tally.missed * ALLOWANCES - USUAL * tally.allowance

        def look(without: frozenset[Dims]) -> dict[MemberNames, Callable[[MemberNames], int]]:
            return {
                names: lambda other: excess(other, without)
                for names in self._members
                if is_endangered(total(names, without))
            }

        for names in self._named(look):
            tally = total(names)
            usual = USUAL * tally.allowance / ALLOWANCES
            yield Endangered(
                by_of(names), member_of(names), names, self._target, tally.n, tally.missed, usual
            )

    def _is_long(self, dims: Dims) -> bool:
        """Whether the promise that fits these labels now is longer than what is looked ahead.

        Of a shorter one many always wait.
        """
        term = self._version.terms(dims).of(self._target)
        return term is not None and term.within_ms > SHORT_MS

    def _named(
        self, look: Callable[[frozenset[Dims]], Mapping[MemberNames, Callable[[MemberNames], int]]]
    ) -> Iterator[MemberNames]:
        """Of what is listed the greatest excess, as the narrowest member within it that holds most of that.

        Then what is left.
        """
        without: frozenset[Dims] = frozenset()
        for _ in range(MOST_NAMED):
            listed = look(without)
            if not listed:
                return
            top = max(listed, key=lambda names: (listed[names](names), self._overdue(names), _rank(names)))
            excess = listed[top]
            part, whole = NARROW
            holding = [
                names
                for names in listed
                if _is_within(names, top) and excess(names) * whole >= part * excess(top)
            ]
            named = max(
                holding,
                key=lambda names: (_breadth(names), excess(names), self._overdue(names), _rank(names)),
            )
            yield named
            without |= frozenset(self._members[named])

    def _overdue(self, names: MemberNames) -> int:
        return sum(
            self._outcomes.overdue((self._target, dims), self._minute) for dims in self._members[names]
        )

    def _since_ms(self, names: MemberNames, window: JudgedWindow) -> int:
        """Since when a member has been below its objective at every minute.

        Beyond MINUTES_BACK, and over 8 h, only quarter hours are looked at.
        """
        back, quarter = 0, self._minute // _QUARTER
        since = self._minute if window == "1h" else quarter * _QUARTER
        if window == "1h":
            while back < MINUTES_BACK and is_below(self._tally(names, "1h", back)):
                since, back = self._minute - back, back + 1
            if back < MINUTES_BACK:
                return since * MINUTE_MS
            quarter = since // _QUARTER
        panes = HOUR * MINUTE_MS // QUARTER.length_ms if window == "1h" else EIGHT_HOURS
        for end in range(quarter, quarter - QUARTERS_BACK, -1):
            places = [(self._target, dims) for dims in self._members[names]]
            if not is_below(
                _total(self._outcomes.fallen(place, QUARTER, end - panes, end) for place in places)
            ):
                break
            since = end * _QUARTER
        return since * MINUTE_MS

    def long_overdue(self) -> Iterator[tuple[str, int]]:
        """By team, how many are overdue by one more target at least.

        That of the line which fits the labels that they have now.

        Absent where nothing fell due in 8 h and nothing is so late.
        """
        for names, all_dims in self._members.items():
            if by_of(names) != "team":
                continue
            count, told = 0, self._tally(names, "8h").n or self._tally(names, "1h").n
            for dims in all_dims:
                term = self._version.terms(dims).of(self._target)
                if term is not None:
                    count += self._outcomes.overdue_by(
                        (self._target, dims), self._as_of_ms, term.within_ms, term.calendar
                    )
            if told or count:
                yield member_of(names), count


def _total(tallies: Iterable[Tally]) -> Tally:
    found = NOTHING
    for tally in tallies:
        found = found.plus(tally)
    return found


def _places(rule: Rule) -> tuple[int, ...]:
    """The places of the dimensions that a line of the policy names."""
    return tuple(place for place, names in enumerate(rule.names) if names is not None)


def _only(dims: Dims, places: tuple[int, ...]) -> MemberNames:
    """The member that some places of a combination name."""
    return tuple([name if place in places else None for place, name in enumerate(dims)])


def _is_within(inner: MemberNames, outer: MemberNames) -> bool:
    """Whether all tickets of a member are tickets of the other, too."""
    return all(name is None or name == own for own, name in zip(inner, outer, strict=True))


def _breadth(names: MemberNames) -> int:
    return sum(name is not None for name in names)


def _rank(names: MemberNames) -> tuple[str, ...]:
    """To decide between equals the same way everywhere."""
    return tuple(name or "" for name in names)


def figures(found: Judgement) -> Iterator[Figure]:
    """The judgement as samples."""
    for one in found.worst:
        labels = (*labels_of(one), ("window", one.window))
        yield Figure(metrics.WORST, labels, one.ratio, one.n)
        yield Figure(metrics.WORST_OBJECTIVE, labels, one.objective, one.n)
        yield Figure(metrics.WORST_DEADLINES, labels, float(one.n), one.n)
        yield Figure(metrics.WORST_MISSED, labels, float(one.missed), one.n)
        yield Figure(metrics.WORST_EXCESS, labels, one.excess, one.n)
        yield Figure(metrics.WORST_OVERDUE, labels, float(one.overdue), one.overdue)
        yield Figure(metrics.WORST_SINCE, labels, one.since_ms / 1000, one.n)
    for soon in found.endangered:
        labels = labels_of(soon)
        yield Figure(metrics.ENDANGERED, labels, float(soon.waiting), soon.n)
        yield Figure(metrics.ENDANGERED_USUAL, labels, soon.usual, soon.n)
        yield Figure(metrics.ENDANGERED_DEADLINES, labels, float(soon.n), soon.n)
    for (by, member, target), listed in found.below.items():
        yield Figure(
            metrics.BELOW_OBJECTIVE, (("by", by), ("member", member), ("target", target)), float(listed), 1
        )
    for (by, member, target), since_ms in found.kept_since_ms.items():
        labels = (("by", by), ("member", member), ("target", target))
        yield Figure(metrics.KEPT_SINCE, labels, since_ms / 1000, 1)
    for (team, target), count in found.long_overdue.items():
        yield Figure(
            metrics.LONG_OVERDUE, (("by", "team"), ("member", team), ("target", target)), float(count), count
        )


def labels_of(one: Worst | Endangered) -> Labels:
    """Whose figure it is, for people and for programs.

    A dimension that the member does not name has no label.
    """
    own = [
        (dimension, name)
        for dimension, name in zip(EVERY_DIMENSION, one.names, strict=False)
        if name is not None
    ]
    return (("by", one.by), ("member", one.member), *own, ("target", one.target))
