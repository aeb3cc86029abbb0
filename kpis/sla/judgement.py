"""The judgement of an instant, as values: what is worst now, what will be, and the names of their members.

`kpis.sla.worst` makes it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, NamedTuple

from kpis.members import EVERY_DIMENSION
from kpis.sla.outcomes import MemberNames

JudgedWindow = Literal["1h", "8h"]
Place = tuple[str, str, str]  # by, member, target
ALL: Final[MemberNames] = (None, None, None)


class Worst(NamedTuple):
    """A member that is below its objective. Counts are of the window, of teams that work now."""

    by: str
    member: str
    names: MemberNames
    target: str
    window: JudgedWindow
    n: int
    missed: int
    allowed: float  # deadlines that might have been missed
    overdue: int  # clocks that run on past their deadline now
    since_ms: int  # when it was first listed, of the present time without a break

    @property
    def excess(self) -> float:
        """Missed deadlines beyond what is allowed."""
        return self.missed - self.allowed

    @property
    def ratio(self) -> float:
        """Attainment, 0..1."""
        return (self.n - self.missed) / self.n

    @property
    def objective(self) -> float:
        """What was promised of these deadlines, 0..1."""
        return 1 - self.allowed / self.n


class Endangered(NamedTuple):
    """A member in which far more than usual is still not done of what is due within 15 minutes."""

    by: str
    member: str
    names: MemberNames
    target: str
    n: int  # deadlines of these minutes, those that are done already included
    waiting: int  # not done
    usual: float  # that are not done so late


class Judgement(NamedTuple):
    """All that is said of an instant.

    `below` says of all tickets, and of each shown name, whether it or something within it is listed.
    """

    worst: tuple[Worst, ...] = ()
    endangered: tuple[Endangered, ...] = ()
    below: Mapping[Place, bool] = {}
    kept_since_ms: Mapping[Place, int] = {}  # of all and of teams that are not below: since when
    long_overdue: Mapping[tuple[str, str], int] = {}  # (team, target): overdue by one more target at least


def by_of(names: MemberNames) -> str:
    """The roll-up of a member: the dimensions that it names.

    >>> by_of(("billing", None, "high")), by_of(ALL)
    ('team_priority', 'all')
    """
    return (
        "_".join(one for one, name in zip(EVERY_DIMENSION, names, strict=False) if name is not None) or "all"
    )


def member_of(names: MemberNames) -> str:
    """The member as people read it.

    >>> member_of(("billing", None, "high")), member_of(ALL)
    ('billing · high', 'all')
    """
    return " · ".join(name for name in names if name is not None) or "all"
