"""Which names are shown: what a policy names, and a configured list or the largest by volume up to a limit.

The rest is `other`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

DIMENSIONS: Final = ("team", "channel", "priority")
SEGMENT: Final = "segment"  # the fourth one, where a desk has switched it on
EVERY_DIMENSION: Final = (*DIMENSIONS, SEGMENT)
OTHER: Final = "other"


def dimensions(*, segment: bool) -> tuple[str, ...]:
    """The dimensions of a desk, in the order in which names stand in its panes.

    >>> dimensions(segment=True)
    ('team', 'channel', 'priority', 'segment')
    """
    return EVERY_DIMENSION if segment else DIMENSIONS


@dataclass(frozen=True, slots=True)
class MemberRules:
    """`lists` names the members of a dimension in full.

    A dimension without a list shows at most `most` names, `other` among them.

    `named`, by a policy, are never folded, however small they are: somebody waits for their alerts. They may
    be more than `most`.
    """

    lists: Mapping[str, Sequence[str]] = field(default_factory=dict)
    most: int = 3
    named: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def choose(self, dimension: str, volumes: Mapping[str, int]) -> tuple[list[str], list[str]]:
        """(names shown, names folded into `other`), from the tickets ever created by name.

        A listed name is shown even when it was never seen, one of a policy once it was. Ties of volume are
        cut by name.
        """
        named = [name for name in self.named.get(dimension, ()) if name in volumes and name != OTHER]
        listed = self.lists.get(dimension)
        if listed is not None:
            shown = list(dict.fromkeys([*listed, *named]))
            return shown, sorted(name for name in volumes if name not in shown)
        # Workers have folded names already where there were too many: that `other` must not stand beside
        # ours, however large it is.
        folded = [name for name in volumes if name == OTHER]
        largest = sorted(volumes.keys() - {OTHER, *named}, key=lambda name: (-volumes[name], name))
        room = self.most - len(named)
        if len(largest) + len(folded) <= room:
            return sorted([*named, *largest]), folded
        kept = max(0, room - 1)
        return sorted([*named, *largest[:kept]]), sorted(largest[kept:] + folded)

    def most_shown(self, dimension: str) -> int:
        """How many names can be shown at the most, `other` among them."""
        named = self.named.get(dimension, ())
        if (listed := self.lists.get(dimension)) is not None:
            return len({*listed, *named}) + 1
        return max(self.most, len(set(named)) + 1)
