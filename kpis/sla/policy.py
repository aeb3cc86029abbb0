"""SLA policies: which promise a ticket carries, from which version of the policy, and when it falls due.

A policy is a list of versions. The one in force when a ticket was created decides its deadlines for ever; so
a version that has been in force must not change (`changed_past`), and a change is a new version with an
`effective_from` in the future.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from hashlib import sha256
from itertools import product
from typing import Any, Final, Literal, NamedTuple

import msgspec
from msgspec import Struct

from kpis.cell_numbers import ALLOWANCES
from kpis.members import EVERY_DIMENSION
from kpis.sla.calendar import ALWAYS, Calendar, time_of
from kpis.tickets.standing import Dims
from streams.names import fold

FIRST_REPLY: Final = "first_reply"
NEXT_REPLY: Final = "next_reply"  # from the start of each wait after the first reply
RESOLUTION: Final = "resolution"
TARGETS: Final = (FIRST_REPLY, NEXT_REPLY, RESOLUTION)  # in the order in which people read them
NAMELESS: Final = ""  # a name that neither events nor lines can have
MOST_TERMS: Final = 10_000  # combinations of version and names that are remembered
ALWAYS_NAME: Final = "always"
ClockKind = Literal["business", "calendar"]
AfterTriage = Literal["retarget", "keep"]  # what a triage does to the deadlines of a ticket
PAUSING_STATUSES: Final = frozenset({"waiting", "on_hold"})  # that pause where a version names none
ClockStretch = tuple[int, int]  # [start, end) in ms, during which a clock runs
_DIGEST_LETTERS: Final = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One line of a target: the promise for the tickets that match. A dimension without names matches all."""

    within_ms: int
    objective: float  # share 0..1 of the deadlines that shall be met
    clock: ClockKind = "business"  # the team's calendar, or all the time
    teams: frozenset[str] | None = None
    channels: frozenset[str] | None = None
    priorities: frozenset[str] | None = None
    segments: frozenset[str] | None = None

    @property
    def names(self) -> tuple[frozenset[str] | None, ...]:
        """The names that match, in the order of dimensions; of segments only where the line has any."""
        found = (self.teams, self.channels, self.priorities)
        return found if self.segments is None else (*found, self.segments)

    def names_in(self, dimension: int) -> frozenset[str] | None:
        """The names that match in one dimension, by its place."""
        names = self.names
        return names[dimension] if dimension < len(names) else None

    def matches(self, dims: Dims) -> bool:
        """Whether the rule is for tickets of these labels."""
        return all(_has(names, name) for names, name in zip(self.names, dims, strict=False))


@lru_cache(maxsize=10_000)
def _folded(names: frozenset[str]) -> frozenset[str]:
    return frozenset(map(fold, names))


def _has(names: frozenset[str] | None, name: str) -> bool:
    """Whether a line that lists names is for a name, however it is spelled."""
    return names is None or fold(name) in _folded(names)


@lru_cache(maxsize=MOST_TERMS)
def _smallest_objective(rules: Sequence[Rule], dimension: int | None, member: str) -> float | None:
    """Of the lines by which any ticket of a member can be promised something.

    A line counts for nothing whose tickets the lines before it take: `high` of a team that has a line of its
    own for `high`.
    """
    smallest: float | None = None
    before: list[Rule] = []
    for rule in rules:
        if dimension is not None and not _has(rule.names_in(dimension), member):
            continue
        kinds = _tickets(rule, before, dimension, member)
        if any(not any(one.matches(dims) for one in before) for dims in kinds):
            smallest = rule.objective if smallest is None else min(smallest, rule.objective)
        if all(names is None for place, names in enumerate(rule.names) if place != dimension):
            break  # the line takes all that is left of the member
        before.append(rule)
    return smallest


def _tickets(rule: Rule, before: Sequence[Rule], dimension: int | None, member: str) -> Iterator[Dims]:
    """Labels of each kind of ticket of a member that a line is for, as lines before it tell them apart.

    Where it names nothing the name that no line has comes first: of what is left that is the most.
    """
    choices: list[Sequence[str]] = []
    for place in range(len(EVERY_DIMENSION)):
        names = rule.names_in(place)
        if place == dimension:
            choices.append([member])
        elif names is not None:
            choices.append(sorted(names))
        else:
            told = {name for one in before for name in one.names_in(place) or ()}
            choices.append([NAMELESS, *sorted(told)])
    return product(*choices)


class Term(NamedTuple):
    """What one target means for a ticket."""

    within_ms: int
    calendar: Calendar
    allowance: int  # share that may be missed, 1 - objective, in 1/10,000
    line: int = 0  # its place among the lines of the target


class Terms(NamedTuple):
    """What a version promises to tickets of the same labels.

    None where it promises nothing.
    """

    calendar: Calendar  # of the team: by it business durations are measured
    first_reply: Term | None
    next_reply: Term | None
    resolution: Term | None

    def of(self, target: str) -> Term | None:
        """The promise of one target."""
        return {FIRST_REPLY: self.first_reply, NEXT_REPLY: self.next_reply, RESOLUTION: self.resolution}[
            target
        ]


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a policy. `effective_ms` None: since ever."""

    name: str
    effective_ms: int | None
    rules: Mapping[str, tuple[Rule, ...]]  # by target; the first match wins
    calendars: Mapping[str, Calendar]
    default_calendar: str = ALWAYS_NAME
    team_calendars: Mapping[str, str] = field(default_factory=dict)
    after_triage: AfterTriage = "keep"
    pausing: frozenset[str] = PAUSING_STATUSES  # statuses that pause the resolution clock
    effective_for_open: bool = False  # whether tickets that are open when it takes effect follow it, too

    def calendar(self, team: str) -> Calendar:
        """The calendar that a team works by."""
        return self._calendar(self.calendar_name(team))

    def calendar_name(self, team: str) -> str:
        """The name of the calendar that a team works by, however the team is spelled."""
        own = self.team_calendars.get(team) or next(
            (name for one, name in self.team_calendars.items() if fold(one) == fold(team)), None
        )
        return own or self.default_calendar

    def _calendar(self, name: str) -> Calendar:
        return ALWAYS if name == ALWAYS_NAME else self.calendars[name]

    def used_calendars(self) -> list[Calendar]:
        """Every calendar that some team may have."""
        return [
            self._calendar(name)
            for name in dict.fromkeys((self.default_calendar, *self.team_calendars.values()))
        ]

    def named_teams(self) -> set[str]:
        """Every team that it names."""
        lines = (rule for rules in self.rules.values() for rule in rules)
        return {*self.team_calendars, *(team for rule in lines for team in rule.teams or ())}

    def terms(self, dims: Dims) -> Terms:
        """What is promised to a ticket, by the dimensions of its creation."""
        calendar = self.calendar(dims[0])
        found = {}
        for target in TARGETS:
            lines = enumerate(self.rules.get(target, ()))
            line, rule = next(((line, rule) for line, rule in lines if rule.matches(dims)), (0, None))
            found[target] = None if rule is None else _term(rule, calendar, line)
        return Terms(calendar, found[FIRST_REPLY], found[NEXT_REPLY], found[RESOLUTION])

    def objective(self, target: str, dimension: int | None, member: str) -> float | None:
        """The objective that holds for a whole member, the smallest where its tickets have different ones.

        None where nothing is promised.

        `dimension` is 0 team, 1 channel, 2 priority, 3 segment; None means all tickets.
        """
        return _smallest_objective(self.rules.get(target, ()), dimension, member)

    def digest(self, through_year: int | None = None) -> str:
        """16 hexadecimal digits over all that the version says.

        Of dates in calendars only those up to a year count, if one is given.
        """
        return sha256(msgspec.json.encode(self._canonical(through_year), order="sorted")).hexdigest()[
            :_DIGEST_LETTERS
        ]

    def _canonical(self, through_year: int | None) -> dict[str, Any]:
        return {
            "name": self.name,
            "effective_ms": self.effective_ms,
            "rules": {
                target: [_canonical_rule(rule) for rule in rules]
                for target, rules in self.rules.items()
                if rules or target != NEXT_REPLY
            },
            "calendars": {
                name: _canonical_calendar(calendar, through_year) for name, calendar in self.calendars.items()
            },
            "default_calendar": self.default_calendar,
            "team_calendars": self.team_calendars,
            **self._canonical_words(),
        }

    def _canonical_words(self) -> dict[str, Any]:
        """Words that policies did not always have, where they do not say what holds without them.

        A policy that was written before them keeps its digest.
        """
        found: dict[str, Any] = {}
        if self.after_triage != "keep":
            found["after_triage"] = self.after_triage
        if self.pausing != PAUSING_STATUSES:
            found["pausing"] = sorted(self.pausing)
        if self.effective_for_open:
            found["effective_for_open"] = True
        return found


def _canonical_rule(rule: Rule) -> dict[str, Any]:
    names = (None if names is None else sorted(names) for names in rule.names)
    return {
        "within_ms": rule.within_ms,
        "objective": rule.objective,
        "clock": rule.clock,
        "names": list(names),
    }


def _canonical_calendar(calendar: Calendar, through_year: int | None) -> dict[str, Any] | None:
    time = time_of(calendar)
    if time is None:
        return None
    dates = {
        day.isoformat(): hours
        for day, hours in time.dates.items()
        if through_year is None or day.year <= through_year
    }
    return {"zone": time.zone, "week": time.week, "dates": dates}


def _term(rule: Rule, calendar: Calendar, line: int) -> Term:
    return Term(
        rule.within_ms,
        calendar if rule.clock == "business" else ALWAYS,
        round((1 - rule.objective) * ALLOWANCES),
        line,
    )


class Policy:
    """Versions in the order of their `effective_from`; only the first may be in force since ever."""

    def __init__(self, versions: Sequence[Version]) -> None:
        assert versions, "a policy has at least one version"
        self.versions = tuple(versions)
        starts = [
            -(1 << 62) if version.effective_ms is None else version.effective_ms for version in self.versions
        ]
        assert starts == sorted(set(starts)), "versions follow one another"
        self._starts = starts
        # whether any line names segments, which only a desk that has switched them on knows
        self.has_segments = bool(self.names(3))
        self._terms: dict[tuple[str, Dims], Terms] = {}
        self._signatures: dict[int, Signed] = {}

    def names(self, dimension: int) -> list[str]:
        """The names that the policy writes in a dimension (0 team, 1 channel, 2 priority, 3 segment).

        They are spelt as in the newest version.
        """
        found: dict[str, None] = {}
        for version in reversed(self.versions):
            rules = [rule for target in TARGETS for rule in version.rules.get(target, ())]
            found.update(
                dict.fromkeys(name for rule in rules for name in sorted(rule.names_in(dimension) or ()))
            )
            found.update(dict.fromkeys(version.team_calendars if dimension == 0 else ()))
        return list(found)

    @property
    def targets(self) -> tuple[str, ...]:
        """The targets that some version promises anything about."""
        return tuple(
            target for target in TARGETS if any(version.rules.get(target) for version in self.versions)
        )

    @property
    def has_calendars(self) -> bool:
        """Whether any team has ever had a business calendar."""
        return any(
            calendar is not ALWAYS for version in self.versions for calendar in version.used_calendars()
        )

    def at(self, at_ms: int) -> Version | None:
        """The version in force at an instant; None before the first."""
        i = bisect_right(self._starts, at_ms) - 1
        return self.versions[i] if i >= 0 else None

    def terms(self, created_ms: int, dims: Dims) -> Terms | None:
        """What is promised to a ticket created then, by the dimensions of its creation.

        None before the first version.
        """
        i = bisect_right(self._starts, created_ms) - 1
        if i < 0:
            return None
        return self.terms_of(self.versions[i], dims)

    def terms_of(self, version: Version, dims: Dims) -> Terms:
        """What one of the versions promises to tickets of these dimensions."""
        found = self._terms.get((version.name, dims))
        if found is None:
            if len(self._terms) >= MOST_TERMS:
                self._terms.clear()
            found = self._terms[version.name, dims] = version.terms(dims)
        return found

    def digest(self) -> str:
        """16 hexadecimal digits over all versions, for people to compare."""
        return sha256("".join(version.digest() for version in self.versions).encode()).hexdigest()[
            :_DIGEST_LETTERS
        ]

    def signed(self, year: int) -> Signed:
        """What the ledger keeps of the policy, with the holidays up to a year."""
        found = self._signatures.get(year)
        if found is None:
            signatures = {
                version.name: Signature(version.effective_ms, version.digest(year))
                for version in self.versions
            }
            found = self._signatures[year] = Signed(year, signatures)
        return found


class Signature(Struct, array_like=True, frozen=True):
    """A version as the ledger knows it."""

    effective_ms: int | None
    digest: str


class Signed(Struct, array_like=True, frozen=True):
    """The versions that a ledger was built with.

    Holidays of later years than `year` are not part of it: they may still be decreed.
    """

    year: int
    versions: dict[str, Signature]


def year_of(at_ms: int) -> int:
    """The calendar year (UTC) of an instant."""
    return _utc(at_ms).year


def changed_past(policy: Policy | None, signed: Signed | None, newest_ms: int | None) -> list[str]:
    """Why a ledger whose newest event is of `newest_ms` must not go on with a policy.

    One text a fault, none when it may.

    What has been in force must be as it was; versions that are still to come may change.
    """
    if newest_ms is None:
        return []
    known = {} if signed is None else signed.versions
    offered = {version.name: version for version in policy.versions} if policy is not None else {}
    faults = []
    for name, signature in known.items():
        if not _in_force(signature.effective_ms, newest_ms):
            continue
        version = offered.get(name)
        if version is None:
            faults.append(f"version {name!r} was in force and is missing: put it back")
        elif signed is not None and version.digest(signed.year) != signature.digest:
            faults.append(
                f"version {name!r} was in force and has changed: restore it, and write the change as a new "
                "version"
            )
    for name, version in offered.items():
        if name not in known and _in_force(version.effective_ms, newest_ms):
            since = (
                "has always been in force"
                if version.effective_ms is None
                else f"is in force since {_utc(version.effective_ms):%FT%TZ}"
            )
            faults.append(
                f"version {name!r} {since}, but what happened until {_utc(newest_ms):%FT%TZ} was counted "
                "without it: "
                "let it take effect in the future (effective_from)"
            )
    return faults


def moves_open(policy: Policy | None, signed: Signed | None, newest_ms: int | None) -> bool:
    """Whether tickets that are open may be promised something else than by the policy that the ledger knows.

    Versions that `changed_past` lets pass are for tickets to come, but one with `effective_for: open` takes
    those along that are open then. Of a version that is gone, or was another, the ledger does not know
    whether it did. False without any event (`newest_ms` None).
    """
    if newest_ms is None:
        return False
    known = {} if signed is None else signed.versions
    offered = {version.name: version for version in policy.versions} if policy is not None else {}
    if signed is not None:
        for name, signature in known.items():
            version = offered.get(name)
            if version is None or version.digest(signed.year) != signature.digest:
                return True
    return any(version.effective_for_open for name, version in offered.items() if name not in known)


def _in_force(effective_ms: int | None, newest_ms: int) -> bool:
    return effective_ms is None or effective_ms <= newest_ms


def _utc(at_ms: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=at_ms)


def deadline_ms(term: Term, stretches: Sequence[ClockStretch], since_ms: int | None) -> int | None:
    """The instant at which a clock reaches its target.

    It runs during the stretches, ascending and finished, and on from `since_ms`; None there means that it
    stands still. None when the target is not reached. What ends a stretch at the very instant comes before
    the deadline: then nothing is left, and it has not passed.
    """
    left = term.within_ms
    for start, end in stretches:
        at = term.calendar.after_ms(start, left)
        if at is not None and at < end:
            return at
        left -= term.calendar.elapsed_ms(start, end)
    return None if since_ms is None else term.calendar.after_ms(since_ms, left)
