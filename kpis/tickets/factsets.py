"""Bounded sets of facts, the same in any order of arrival.

They are those of customers, and of tickets before ledger format 4.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec
from msgspec import Struct

MOST: Final = 64  # smallest identities kept, beside the greatest fact

# Ranks order kinds at one instant; they stand in the ledger. Those of customers are 0, 1 and 10, the others
# are of tickets.
JOINED: Final = 0
LEFT: Final = 1
TRIAGED: Final = 1
FIRST_REPLY: Final = 2
REPLIED: Final = 3
HANDLED: Final = 4
PAUSED: Final = 5
RESUMED: Final = 6
RESOLVED: Final = 7
REOPENED: Final = 8
DISCARDED: Final = 9
SURVEY: Final = 10

# What the content of a fact holds, by rank of kind, under the names of the canonical form; empty where a rank
# is missing.
CONTENT: Final[dict[int, tuple[str, ...]]] = {
    TRIAGED: ("team", "channel", "priority"),  # of a customer who left: no content
    REPLIED: ("waiting_since",),
    HANDLED: ("talk_ms", "hold_ms", "wrap_up_ms"),
    RESOLVED: ("talk_ms", "hold_ms", "wrap_up_ms", "outcome"),
    SURVEY: ("kind", "score", "scale_max", "customer_id", "team"),
}


class SetFact(Struct, array_like=True, frozen=True, gc=False):
    """One thing that happened; `content` holds the values named by CONTENT[rank], None where absent."""

    at_ms: int
    rank: int
    event_id: str
    content: tuple[Any, ...] = ()

    def order(self) -> tuple[int, int, str]:
        """The order of competing facts before their content is looked at."""
        return (self.at_ms, self.rank, self.event_id)

    def follows(self, other: SetFact) -> bool:
        """Whether this fact is greater than the other in the total order; False for equal ones."""
        mine, theirs = self.order(), other.order()
        return mine > theirs if mine != theirs else self.canonical() > other.canonical()

    def canonical(self) -> bytes:
        """Content as JSON in the order of names, without absent values.

        It decides only between equal identities at equal times.
        """
        pairs = zip(CONTENT.get(self.rank, ()), self.content, strict=False)
        return msgspec.json.encode(
            {name: value for name, value in pairs if value is not None}, order="sorted"
        )


class FactSet(Struct, array_like=True, gc=False, omit_defaults=True):
    """The MOST smallest facts by order, one an identity (rank, event_id), and the greatest fact ever seen.

    Both parts are order-free: of one identity the smaller content stands, and what fell out of the smallest
    cannot come back unless it is smaller than one that stayed.
    """

    smallest: list[SetFact] = []
    beyond: SetFact | None = None  # the greatest fact seen, where it is not the last of `smallest`
    overflow: bool = False

    def insert(self, fact: SetFact) -> bool:
        """Merge one fact; True when the set changed."""
        greatest = self.beyond or (self.smallest[-1] if self.smallest else None)
        if greatest is None or fact.follows(greatest):
            greatest = fact
        changed = self._insert(fact)
        beyond = None if self.smallest[-1] == greatest else greatest
        changed = changed or beyond != self.beyond
        self.beyond = beyond
        return changed

    def _insert(self, fact: SetFact) -> bool:
        facts = self.smallest
        for place, known in enumerate(facts):
            if known.event_id == fact.event_id and known.rank == fact.rank:
                if not known.follows(fact):
                    return False
                del facts[place]
                break
        facts.append(fact)
        if len(facts) > 1:
            facts.sort(key=SetFact.order)
        if len(facts) <= MOST:
            return True
        self.overflow = True
        return facts.pop() is not fact

    def facts(self) -> list[SetFact]:
        """The kept facts in order; the greatest one counts once."""
        last = self.beyond
        if (
            last is None
            or not self.overflow
            or any(k.event_id == last.event_id and k.rank == last.rank for k in self.smallest)
        ):
            return self.smallest
        return [*self.smallest, last]
