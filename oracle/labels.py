"""Whose figure it is: the labels of a ticket at each place of its time line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from oracle.events import Event

UNKNOWN: Final = "unknown"
FIELDS: Final = ("team", "channel", "priority", "segment")
Dimensions = tuple[str, str, str]  # team, channel, priority
LabelNames = tuple[str, ...]  # with the segment, as the last; or as a desk without segments shows them


@dataclass(frozen=True, slots=True)
class Label:
    """Under which names something counts."""

    dimensions: Dimensions = (UNKNOWN, UNKNOWN, UNKNOWN)
    segment: str = UNKNOWN

    @property
    def names(self) -> LabelNames:
        """Team, channel, priority, segment."""
        return (*self.dimensions, self.segment)


def labels_along(facts: Sequence[Event]) -> list[Label]:
    """Give the label of each fact of a ticket, of which the creation, if any, is the first."""
    columns = [_values(facts, field) for field in FIELDS]
    return [
        Label((team, channel, priority), segment)
        for team, channel, priority, segment in zip(*columns, strict=True)
    ]


def _values(facts: Sequence[Event], field: str) -> list[str]:
    """Give one field's value at each fact.

    A transfer that names the field begins a stretch. In each stretch the last triage that names it decides,
    from the stretch's start, else what the stretch began with.
    """
    stretch = 0
    stretches: list[int] = []
    decided: dict[int, str] = {}
    for place, fact in enumerate(facts):
        names_it = field in fact.content and (
            fact.kind in ("triaged", "transferred") or (fact.kind == "created" and place == 0)
        )
        if fact.kind == "transferred" and names_it:
            stretch += 1
        if names_it:
            decided[stretch] = str(fact.content[field])
        stretches.append(stretch)
    return [decided.get(one, UNKNOWN) for one in stretches]
