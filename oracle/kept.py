"""The oracle's own *since when nothing was below*.

Every instant of the last day judged by itself, from single deadlines.

At an instant of the past those teams count that worked then. For 45 minutes every minute is looked at, and
beyond that every quarter hour, of which the last hour is judged at its end alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from oracle.clock import MINUTE_MS, Edition, in_force, is_open
from oracle.labels import LabelNames
from oracle.sla import Deadline, Sample
from oracle.worst import Count, Names, is_below, members_of

HOUR = 60
EIGHT_HOURS = 480


class _Fell(NamedTuple):
    minute: int
    missed: bool
    allowance: int
    team: str
    members: tuple[Names, ...]


def judge(
    deadlines: Sequence[Deadline],
    editions: Sequence[Edition],
    targets: Iterable[str],
    fold: Callable[[LabelNames], LabelNames],
    as_of_ms: int,
) -> Iterator[Sample]:
    """Since when nothing has been below, of all targets; nothing before the first version of the policy."""
    edition = in_force(editions, as_of_ms)
    if edition is not None:
        for target in targets:
            yield from kept_since(target, deadlines, edition, fold, as_of_ms)


def kept_since(
    target: str,
    deadlines: Iterable[Deadline],
    edition: Edition,
    fold: Callable[[LabelNames], LabelNames],
    as_of_ms: int,
) -> Iterator[Sample]:
    """Samples of all and of each team that works now and has nothing listed."""
    now = as_of_ms // MINUTE_MS
    fallen = [
        _Fell(
            one.due_ms // MINUTE_MS,
            one.outcome != "met",
            one.allowance,
            one.dimensions[0],
            tuple(members_of(fold(one.dimensions), target, edition)),
        )
        for one in deadlines
        if one.target == target and not one.is_given and one.due_ms // MINUTE_MS >= now - 34 * 60
    ]
    teams = {one.team for one in fallen}
    names = {member for one in fallen if is_open(edition.hours(one.team), as_of_ms) for member in one.members}
    left = {
        member
        for member in names
        if not any(name is not None for name in member[1:])  # all of them, or a team
    }
    since: dict[Names, int] = {}
    for minute, one_by_one in _instants(now):
        working = {team for team in teams if is_open(edition.hours(team), minute * MINUTE_MS)}
        told, listed = _judged([one for one in fallen if one.team in working], minute, one_by_one=one_by_one)
        kept = {member for member in left if _is_of_any(told, member) and not _is_of_any(listed, member)}
        since.update(dict.fromkeys(kept, minute))
        # what began between the last quarter hour and the first single minute is dated to the next quarter
        # hour
        if not one_by_one:
            since.update({member: max(since[member], minute + 15) for member in left - kept})
        left = kept
        if not left:
            break
    for member, minute in since.items():
        labels = (
            ("by", "all" if member[0] is None else "team"),
            ("member", member[0] or "all"),
            ("target", target),
        )
        yield ("support_sla_kept_since_timestamp_seconds", labels, minute * 60.0, 1)


def _instants(now: int) -> Iterator[tuple[int, bool]]:
    """The minutes looked at, latest first, and whether single minutes are known around them."""
    yield from ((minute, True) for minute in range(now, now - 45, -1))
    last = (now - 44) // 15
    yield from ((quarter * 15, False) for quarter in range(last, last - 96, -1))


def _judged(fallen: Sequence[_Fell], minute: int, *, one_by_one: bool) -> tuple[set[Names], set[Names]]:
    """Which members anything fell due of, and which are below their objective."""
    quarter = minute // 15 * 15
    hours = [
        _counts(fallen, minute - back - HOUR, minute - back)
        for back in (range(5) if one_by_one else range(1))
    ]
    eights = [_counts(fallen, quarter - back * 15 - EIGHT_HOURS, quarter - back * 15) for back in range(2)]
    told = {*hours[0], *eights[0]}
    nothing = (0, 0, 0)
    return told, {
        member
        for member in told
        if all(is_below(counts.get(member, nothing)) for counts in hours)
        or all(is_below(counts.get(member, nothing)) for counts in eights)
    }


def _counts(fallen: Iterable[_Fell], first: int, end: int) -> dict[Names, Count]:
    n: Counter[Names] = Counter()
    missed: Counter[Names] = Counter()
    allowance: Counter[Names] = Counter()
    for one in fallen:
        if first <= one.minute < end:
            for member in one.members:
                n[member] += 1
                missed[member] += one.missed
                allowance[member] += one.allowance
    return {member: (n[member], missed[member], allowance[member]) for member in n}


def _is_of_any(inner: Iterable[Names], outer: Names) -> bool:
    return any(
        all(name is None or name == own for own, name in zip(one, outer, strict=True)) for one in inner
    )
