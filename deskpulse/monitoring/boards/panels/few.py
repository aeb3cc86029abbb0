"""The few members of a dimension that a board has room for.

It says which are shown, the worst first, and how the others are counted.
"""

from __future__ import annotations

from typing import Literal

from deskpulse.monitoring.boards.panels.sheet import Query
from deskpulse.monitoring.boards.questions.program import fresh
from deskpulse.monitoring.boards.questions.promql import (
    Expression,
    Given,
    Grouped,
    JoinedLabels,
    LastKnown,
    Named,
    Recorded,
    Top,
    Unless,
)
from deskpulse.monitoring.boards.questions.recorded import BESIDES, MEMBERS, RANK
from deskpulse.monitoring.boards.words import Words

_OWN = ("member",)


def _of(recorded: Recorded, by: str, target: str, *, at_end: bool = False) -> Recorded:
    return Recorded(recorded.inner, recorded.name, (("by", by), ("target", target)), at_end)


def now(expression: Expression, by: str, target: str) -> Expression:
    """What stands now, of the worst members."""
    return Given(expression, Top(_of(RANK, by, target), MEMBERS), _OWN)


def others(by: str, target: str, words: Words) -> Expression:
    """The row of a table that says how many more there are."""
    return fresh(Named(_of(BESIDES, by, target), "member", words("n_more", n="{n}")))


def courses(
    expression: Expression, by: str, target: str, words: Words, *, worst: Literal["min", "max"]
) -> list[Query]:
    """The lines of the members that are worst at the end of the time range, and the worst of all others.

    The others share one line.
    """
    beyond = Grouped(_beyond(expression, by, target), worst)
    return [_shown(expression, by, target), _counted(beyond, by, target, words("n_more_worst", n="{{n}}"))]


def states(
    expression: Expression, by: str, target: str, words: Words, *, others: Literal["min", "max"]
) -> list[Query]:
    """The rows of a time line: one for each of the worst members, and one for all others.

    The row of the others has the least or the greatest of their states.
    """
    beyond = Grouped(_beyond(expression, by, target), others)
    return [_shown(expression, by, target), _counted(beyond, by, target, words("n_more", n="{{n}}"))]


def _shown(expression: Expression, by: str, target: str) -> Query:
    return Query(Given(expression, Top(LastKnown(_of(RANK, by, target)), MEMBERS), _OWN), "{{member}}")


def _beyond(expression: Expression, by: str, target: str) -> Expression:
    return Unless(expression, Top(_of(RANK, by, target, at_end=True), MEMBERS), _OWN)


def _counted(expression: Expression, by: str, target: str, legend: str) -> Query:
    return Query(
        JoinedLabels(expression, _of(BESIDES, by, target, at_end=True), (), ("n",)), legend, may_be_empty=True
    )
