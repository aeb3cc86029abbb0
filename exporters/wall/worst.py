"""What the test of worst now says, as a wall shows it."""

from __future__ import annotations

from exporters.wall.model import Endangered, WorstNow
from kpis.figures.history import Choice
from kpis.figures.view import View
from kpis.members import EVERY_DIMENSION
from kpis.sla.outcomes import MemberNames
from kpis.sla.policy import TARGETS


def worst_of(view: View, choice: Choice) -> list[WorstNow]:
    """Every member that is named and that a choice shows, the worst first."""
    return [
        WorstNow(
            by=one.by,
            member=one.member,
            team=one.names[0],
            target=one.target,
            window=one.window,
            n=one.n,
            missed=one.missed,
            excess=one.excess,
            ratio=one.ratio,
            objective=one.objective,
            overdue=one.overdue,
            since_ms=one.since_ms,
        )
        for one in view.worst
        if is_within(choice, one.names)
    ]


def kept_since_ms(view: View, choice: Choice) -> int | None:
    """Since when nothing of a choice has been listed, of all targets.

    None while something is, and where nothing fell due.
    """
    told = [place for place in ((*choice.group, target) for target in TARGETS) if place in view.below]
    since = [view.judgement.kept_since_ms.get(place) for place in told]
    known = [ms for ms in since if ms is not None]
    return max(known) if known and len(known) == len(since) else None


def endangered_of(view: View, choice: Choice) -> list[Endangered]:
    """Every member that is about to miss more than usual and that a choice shows."""
    return [
        Endangered(one.by, one.member, one.names[0], one.target, one.n, one.waiting, one.usual)
        for one in view.endangered
        if is_within(choice, one.names)
    ]


def is_within(choice: Choice, names: MemberNames) -> bool:
    """Whether a choice shows a member of these names: of a team or a segment what is its own."""
    by, member = choice.group
    return by == "all" or dict(zip(EVERY_DIMENSION, names, strict=False)).get(by) == member
