"""Which names are shown: a configured list, or the largest by volume up to a limit; the rest is `other`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

DIMENSIONS: Final = ("team", "channel", "priority")
OTHER: Final = "other"


@dataclass(frozen=True, slots=True)
class MemberRules:
    """`lists` names the members of a dimension in full; a dimension without a list shows at most `most` names, `other` among them."""

    lists: Mapping[str, Sequence[str]] = field(default_factory=dict)
    most: int = 3

    def choose(self, dimension: str, volumes: Mapping[str, int]) -> tuple[list[str], list[str]]:
        """(names shown, names folded into `other`), from the tickets ever created by name.

        A listed name is shown even when it was never seen. Ties of volume are cut by name.
        """
        listed = self.lists.get(dimension)
        if listed is not None:
            return list(listed), sorted(name for name in volumes if name not in listed)
        # Workers have folded names already where there were too many: that `other` must not stand beside ours, however large it is.
        folded = [name for name in volumes if name == OTHER]
        largest = sorted(volumes.keys() - {OTHER}, key=lambda name: (-volumes[name], name))
        if len(largest) + len(folded) <= self.most:
            return sorted(largest), folded
        return sorted(largest[: self.most - 1]), sorted(largest[self.most - 1 :] + folded)
