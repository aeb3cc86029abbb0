"""The oracle's own *worst now*.

Which members are below their objective, from single deadlines, with exact integers.

A member is named by its team, its channel, its priority, or several of them; all tickets by none. The rules
are those of docs/sla.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import comb
from typing import Final

from oracle.clock import MINUTE_MS, Edition, elapsed_ms, in_force, is_open
from oracle.labels import FIELDS, LabelNames
from oracle.sla import Deadline, Sample

WHOLE: Final = 10_000  # an objective of 90 % allows 1,000 of these to be missed
LOOKED_BACK_MINUTES: Final = 34 * 60
Names = tuple[str | None, ...]
Count = tuple[int, int, int]  # deadlines, missed, allowances


@dataclass(frozen=True, slots=True)
class _Fallen:
    """A deadline of a team that works now."""

    minute: int  # of the deadline
    missed: bool  # or, of one to come, not done
    allowance: int
    shown: LabelNames  # names that are not shown are `other`
    long: bool  # the promise that fits its labels now is longer than 15 minutes


def _exceeds(count: Count, *, times: int, one_in: int) -> bool:
    """Whether so many misses come by chance in less than one case of `one_in`.

    The chance of each is `times` its allowance.
    """
    n, missed, allowance = count
    chance, certain = times * allowance, n * WHOLE
    if missed * WHOLE <= chance:
        return False
    # Of certain^n cases; each term is comb(n, k) x chance^k x (certain - chance)^(n - k).
    cases = sum(comb(n, k) * chance**k * (certain - chance) ** (n - k) for k in range(missed, n + 1))
    return bool(cases * one_in < certain**n)


def is_below(count: Count) -> bool:
    """10 deadlines at least, or 3 that were all missed; and chance in less than one case of 100."""
    n, missed, _ = count
    return (n >= 10 or (n >= 3 and missed == n)) and _exceeds(count, times=1, one_in=100)


def is_endangered(count: Count) -> bool:
    """4 that are not done at least, and chance in less than one case of 100 at twice what is allowed."""
    return count[1] >= 4 and _exceeds(count, times=2, one_in=100)


def members_of(shown: LabelNames, target: str, edition: Edition) -> set[Names]:
    """The members that a ticket of these dimensions is of."""
    width = len(shown)
    places = [(), (0, 2), *((place,) for place in range(width))]
    found: set[Names] = {
        tuple(name if place in chosen else None for place, name in enumerate(shown)) for chosen in places
    }
    for line in edition.lines[target]:
        named = [names is not None for names in line.names][:width]
        if sum(named) > 1 and line.matches(shown):
            found.add(tuple(name if wanted else None for name, wanted in zip(shown, named, strict=True)))
    return found


class WorstNow:
    """The judgement of one target at an instant."""

    def __init__(
        self,
        target: str,
        deadlines: Iterable[Deadline],
        edition: Edition,
        fold: Callable[[LabelNames], LabelNames],
        as_of_ms: int,
    ) -> None:
        self._target, self._edition, self._as_of_ms = target, edition, as_of_ms
        self._now = as_of_ms // MINUTE_MS
        promised = [one for one in deadlines if one.target == target and not one.is_given]
        # Who misses a deadline is who has the ticket at it; who is late with it is who has it now.
        self._late_ones = [
            one
            for one in promised
            if one.outcome == "running"
            and one.due_ms // MINUTE_MS < self._now
            and is_open(edition.hours(one.now[0]), as_of_ms)
        ]
        self._fallen = [
            _Fallen(
                one.due_ms // MINUTE_MS,
                one.outcome != "met",
                one.allowance,
                fold(one.dimensions),
                self._is_long(one.dimensions),
            )
            for one in promised
            if is_open(edition.hours(one.dimensions[0]), as_of_ms)
        ]
        self._fold = fold
        self._recent = [one for one in self._fallen if one.minute >= self._now - LOOKED_BACK_MINUTES]
        self._members = {
            names
            for shown in {*(one.shown for one in self._fallen), *(fold(one.now) for one in self._late_ones)}
            for names in members_of(shown, target, edition)
        }

    def _count(
        self, names: Names, first: int, end: int, without: Sequence[Names] = (), *, long_ones: bool = False
    ) -> Count:
        chosen = [
            one
            for one in self._recent
            if first <= one.minute < end
            and _is_of(one.shown, names)
            and not any(_is_of(one.shown, other) for other in without)
            and (one.long or not long_ones)
        ]
        return (len(chosen), sum(one.missed for one in chosen), sum(one.allowance for one in chosen))

    def _hour(self, names: Names, back: int = 0, without: Sequence[Names] = ()) -> Count:
        return self._count(names, self._now - back - 60, self._now - back, without)

    def _eight_hours(self, names: Names, back: int = 0, without: Sequence[Names] = ()) -> Count:
        end = (self._now // 15 - back) * 15
        return self._count(names, end - 480, end, without)

    def _listed(self, names: Names, without: Sequence[Names] = ()) -> str | None:
        if all(is_below(self._hour(names, back, without)) for back in range(5)):
            return "1h"
        if all(is_below(self._eight_hours(names, back, without)) for back in range(2)):
            return "8h"
        return None

    def samples(self) -> Iterator[Sample]:
        """Everything that is exported of it."""
        for names in self._choose(self._worst_left):
            window = self._listed(names)
            n, missed, allowance = self._hour(names) if window == "1h" else self._eight_hours(names)
            labels = (*self._labels(names), ("window", str(window)))
            for name, value in (
                ("ratio", (n - missed) / n),
                ("objective_ratio", 1 - allowance / WHOLE / n),
                ("observations", float(n)),
                ("missed_tickets", float(missed)),
                ("excess_tickets", missed - allowance / WHOLE),
                ("overdue_tickets", float(self._late(names))),
                ("since_timestamp_seconds", self._since(names, window) * 60.0),
            ):
                yield (f"support_sla_worst_{name}", labels, value, n)
        for names in self._choose(self._endangered_left):
            n, waiting, allowance = self._coming(names)
            for name, value in (
                ("tickets", float(waiting)),
                ("usual_tickets", 2 * allowance / WHOLE),
                ("observations", float(n)),
            ):
                yield (f"support_sla_endangered_{name}", self._labels(names), value, n)
        yield from self._by_name()

    def _by_name(self) -> Iterator[Sample]:
        listed = [names for names in self._members if self._listed(names)]
        for names in self._members:
            by = _by(names)
            if by not in ("all", *FIELDS):
                continue
            labels = (("by", by), ("member", _member(names)), ("target", self._target))
            told = bool(self._eight_hours(names)[0] or self._hour(names)[0])
            if told:
                below = any(_is_of(one, names) for one in listed)
                yield ("support_sla_below_objective", labels, float(below), 1)
            if by == "team":
                long = sum(
                    self._is_long_overdue(one)
                    for one in self._late_ones
                    if _is_of(self._fold(one.now), names)
                )
                if told or long:
                    yield ("support_sla_long_overdue_tickets", labels, float(long), long)

    def _is_long_overdue(self, one: Deadline) -> bool:
        """By one more target at least: that of the line which fits the labels of now."""
        line = self._edition.line(self._target, one.now)
        if line is None:
            return False
        hours = None if line.all_the_time else self._edition.hours(one.now[0])
        return elapsed_ms(hours, one.due_ms // MINUTE_MS * MINUTE_MS, self._as_of_ms) >= line.within_ms

    def _labels(self, names: Names) -> tuple[tuple[str, str], ...]:
        own = [(dimension, name) for dimension, name in zip(FIELDS, names, strict=False) if name is not None]
        return (("by", _by(names)), ("member", _member(names)), *own, ("target", self._target))

    def _worst_left(self, without: Sequence[Names]) -> dict[Names, Callable[[Names], int]]:
        found: dict[Names, Callable[[Names], int]] = {}
        for names in self._members:
            window = self._listed(names, without)
            if window is not None and self._listed(names) is not None:
                count = self._hour if window == "1h" else self._eight_hours
                found[names] = lambda other, count=count: _excess(count(other, 0, without), 1)  # type: ignore[misc]
        return found

    def _coming(self, names: Names, without: Sequence[Names] = ()) -> Count:
        return self._count(names, self._now, self._now + 16, without, long_ones=True)

    def _is_long(self, dimensions: LabelNames) -> bool:
        line = self._edition.line(self._target, dimensions)
        return line is not None and line.within_ms > 15 * MINUTE_MS

    def _endangered_left(self, without: Sequence[Names]) -> dict[Names, Callable[[Names], int]]:
        return {
            names: lambda other: _excess(self._coming(other, without), 2)
            for names in self._members
            if is_endangered(self._coming(names, without))
        }

    def _choose(
        self, left: Callable[[Sequence[Names]], dict[Names, Callable[[Names], int]]]
    ) -> Iterator[Names]:
        """The narrowest within the greatest excess that holds eight tenths of it.

        Then what is left without it, at most twenty times.
        """
        chosen: list[Names] = []
        while len(chosen) < 20 and (listed := left(chosen)):
            by_excess = {names: excess(names) for names, excess in listed.items()}
            top = max(listed, key=lambda names: (by_excess[names], self._late(names), _order(names)))
            measure = listed[top]
            inside = [
                names for names in listed if _is_of(names, top) and 10 * measure(names) >= 8 * measure(top)
            ]
            chosen.append(
                max(
                    inside,
                    key=lambda names: (
                        len(names) - names.count(None),
                        measure(names),
                        self._late(names),
                        _order(names),
                    ),
                )
            )
            yield chosen[-1]

    def _late(self, names: Names) -> int:
        return sum(_is_of(self._fold(one.now), names) for one in self._late_ones)

    def _since(self, names: Names, window: str | None) -> int:
        """The earliest minute of the present stretch.

        It is looked for minute by minute for 45 of them, then by quarter hours, for a day at the most.
        """
        since = self._now if window == "1h" else self._now // 15 * 15
        if window == "1h":
            for back in range(45):
                if not is_below(self._hour(names, back)):
                    return since
                since = self._now - back
        length, quarter = (60, since // 15) if window == "1h" else (480, self._now // 15)
        for end in range(quarter, quarter - 96, -1):
            if not is_below(self._count(names, end * 15 - length, end * 15)):
                break
            since = end * 15
        return since


def judge(
    deadlines: Sequence[Deadline],
    editions: Sequence[Edition],
    targets: Iterable[str],
    fold: Callable[[LabelNames], LabelNames],
    as_of_ms: int,
) -> Iterator[Sample]:
    """All samples of worst now, of what is endangered and of who is below.

    None before the first version of the policy.
    """
    edition = in_force(editions, as_of_ms)
    if edition is not None:
        for target in targets:
            yield from WorstNow(target, deadlines, edition, fold, as_of_ms).samples()


def _excess(count: Count, times: int) -> int:
    return count[1] * WHOLE - times * count[2]


def _is_of(inner: Sequence[str | None], names: Names) -> bool:
    return all(name is None or own == name for own, name in zip(inner, names, strict=True))


def _by(names: Names) -> str:
    return (
        "_".join(dimension for dimension, name in zip(FIELDS, names, strict=False) if name is not None)
        or "all"
    )


def _member(names: Names) -> str:
    return " · ".join(name for name in names if name is not None) or "all"


def _order(names: Names) -> tuple[str, ...]:
    return tuple(name or "" for name in names)
