"""The view: the merged answer of all partitions at an instant, and the rules that say what it shows.

`kpis.figures.view_builder` makes it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Final
from zoneinfo import ZoneInfo

from kpis.figure import Figure, Group
from kpis.figures.history import Choice, PaneHistory
from kpis.ledger.codec import Position
from kpis.ledger.shared import SharedSettings
from kpis.members import EVERY_DIMENSION, MemberRules, dimensions
from kpis.sla.at_risk import AtRiskKey
from kpis.sla.judgement import Endangered, Judgement, Place, Worst
from kpis.sla.policy import Policy
from kpis.state.names_held import Room
from kpis.tickets.manner import FIRST_CONTACT, FrtFrom, Manner
from kpis.tickets.row import CUSTOMERS
from kpis.tickets.standing import UNKNOWN, Dims
from streams.names import fold
from windows.panes import DAY_MS

ALL: Final[Group] = ("all", "all")


@dataclass(frozen=True, slots=True)
class ViewRules:
    """What a view shows."""

    zone: ZoneInfo
    team_zones: Mapping[str, ZoneInfo] = field(default_factory=dict)
    members: MemberRules = field(default_factory=MemberRules)
    parts_windows: tuple[str, ...] = ("1h",)
    compared: tuple[str, ...] = ("all", *EVERY_DIMENSION)  # roll-ups that show `previous` and `week_ago` too
    # None: SLA figures of given deadlines only, and no business clock
    policy: Policy | None = None
    # by dimension, how a name is shown, by its fold
    spelled: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    shared: SharedSettings = field(default_factory=dict)  # settings that must be those of the workers
    # of a history: open tickets stand in no level after so long without an event, as in a worker's state
    open_ms: int = 365 * DAY_MS
    segment: bool = False  # whether the desk has switched the fourth dimension on
    frt_from: FrtFrom = FIRST_CONTACT  # where first response times begin

    @property
    def dimensions(self) -> tuple[str, ...]:
        """Those of the desk."""
        return dimensions(segment=self.segment)

    @property
    def manner(self) -> Manner:
        """How tickets are counted."""
        return Manner(self.segment, self.frt_from)

    def spell(self, dims: Dims) -> Dims:
        """The names as they are shown: the ledger may hold several spellings of one, which then are one.

        While a ledger is made anew with or without segments, it holds both: of a row without them the segment
        is unknown.
        """
        if dims == CUSTOMERS:
            return dims
        named = zip_longest(self.dimensions, dims[: len(self.dimensions)], fillvalue=UNKNOWN)
        return tuple([self.name(dimension, name) for dimension, name in named])

    def name(self, dimension: str, name: str) -> str:
        """One name as it is shown: as the policy writes it, else the settings, else folded."""
        folded = fold(name)
        return self.spelled.get(dimension, {}).get(folded, folded)


@dataclass(frozen=True, slots=True)
class Part:
    """The summed cells of one combination of shown dimensions in one window."""

    window: str
    dims: Dims
    cells: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class View:
    """An immutable answer: figures and parts at `as_of_ms`, with the positions that they rest on."""

    as_of_ms: int
    figures: tuple[Figure, ...]
    live: tuple[Figure, ...]
    parts: tuple[Part, ...]
    # (window, period) -> start ms, end ms (as_of for the current one)
    spans: Mapping[tuple[str, str], tuple[int, int]]
    positions: Mapping[int, Position]
    watermark_ms: int | None  # greatest event time accepted by any partition; None: no event yet
    anomalies: int  # replies and resolutions stamped before their cause, last 24 h
    folded: Mapping[str, int]  # names shown as `other`, by dimension
    # how full the places for names are, by partition and kind
    rooms: Mapping[int, Mapping[str, Room]] = field(default_factory=dict)
    at_risk: tuple[tuple[AtRiskKey, bytes], ...] = ()  # rows of the ledger, undecoded: few ask for them
    policy: Policy | None = None
    # that the policy promises, and those of which a deadline ever came with a ticket
    targets: tuple[str, ...] = ()
    shown: Mapping[str, Sequence[str]] = field(default_factory=dict)  # names shown, by dimension
    # of the choices that the builder was asked for
    courses: Mapping[Choice, PaneHistory] = field(default_factory=dict)
    # what is worst now, and what will be; empty without a policy
    judgement: Judgement = field(default_factory=Judgement)
    # figures that do not mean the same everywhere (`definitions.hidden`); they are left out
    hidden: frozenset[str] = frozenset()
    # as in `ViewRules`: `at_risk` has names as they were merged
    spelled: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def name(self, dimension: str, name: str) -> str:
        """A name of a row as it is shown."""
        folded = fold(name)
        return self.spelled.get(dimension, {}).get(folded, folded)

    @property
    def worst(self) -> tuple[Worst, ...]:
        """What is below its objective, the worst first."""
        return self.judgement.worst

    @property
    def endangered(self) -> tuple[Endangered, ...]:
        """In what far more than usual is not done of what is due within 15 minutes."""
        return self.judgement.endangered

    @property
    def below(self) -> Mapping[Place, bool]:
        """By (by, member, target): whether it or something within it is below its objective.

        Absent where nothing fell due.
        """
        return self.judgement.below
