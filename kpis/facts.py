"""Bounded sets of facts about one ticket or customer, merged so that any order of arrival gives the same set."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from msgspec import Struct

from streams.events import Handled, Joined, Left, Paused, Reopened, Replied, Resolved, Resumed, Survey, Triaged

MOST: Final = 64  # smallest identities kept, beside the greatest fact

# What the content of a fact holds, by rank of kind, under the names of the canonical form.
CONTENT: Final[dict[int, tuple[str, ...]]] = {
    Triaged.rank: ("team", "channel", "priority"),
    Replied.rank: ("waiting_since",),
    Handled.rank: ("talk_ms", "hold_ms", "wrap_up_ms"),
    Paused.rank: (),
    Resumed.rank: (),
    Resolved.rank: ("talk_ms", "hold_ms", "wrap_up_ms", "outcome"),
    Reopened.rank: (),
    Survey.rank: ("kind", "score", "scale_max", "customer_id", "team"),
    Joined.rank: (),
}
assert Left.rank == Triaged.rank, "the ranks of customer kinds are their own; their content is empty either way"


class Fact(Struct, array_like=True, frozen=True, gc=False):
    """One thing that happened; `content` holds the values named by CONTENT[rank], None where absent."""

    at_ms: int
    rank: int
    event_id: str
    content: tuple[Any, ...] = ()

    def order(self) -> tuple[int, int, str]:
        """The order of competing facts before their content is looked at."""
        return (self.at_ms, self.rank, self.event_id)

    def follows(self, other: Fact) -> bool:
        """Whether this fact is greater than the other in the total order; False for equal ones."""
        mine, theirs = self.order(), other.order()
        return mine > theirs if mine != theirs else self.canonical() > other.canonical()

    def canonical(self) -> bytes:
        """Content as JSON in the order of names, absent values omitted: decides only between equal identities at equal times."""
        pairs = zip(CONTENT[self.rank], self.content, strict=False)
        return msgspec.json.encode({name: value for name, value in pairs if value is not None}, order="sorted")


class FactSet(Struct, array_like=True, gc=False, omit_defaults=True):
    """The MOST smallest facts by order, one an identity (rank, event_id), and the greatest fact ever seen.

    Both parts are order-free: of one identity the smaller content stands, and what fell out of the smallest cannot come back unless it is
    smaller than one that stayed.
    """

    smallest: list[Fact] = []
    beyond: Fact | None = None  # the greatest fact seen, where it is not the last of `smallest`
    overflow: bool = False

    def insert(self, fact: Fact) -> bool:
        """Merge one fact; True when the set changed."""
        greatest = self.beyond or (self.smallest[-1] if self.smallest else None)
        if greatest is None or fact.follows(greatest):
            greatest = fact
        changed = self._insert(fact)
        beyond = None if self.smallest[-1] == greatest else greatest
        changed = changed or beyond != self.beyond
        self.beyond = beyond
        return changed

    def append(self, fact: Fact) -> bool:
        """Merge a fact whose identity is certainly not in the set; False, and nothing done, when the set is at or near its bounds."""
        facts = self.smallest
        if self.beyond is not None or len(facts) >= MOST:
            return False
        facts.append(fact)
        if len(facts) > 1 and facts[-2].at_ms >= fact.at_ms:
            facts.sort(key=Fact.order)
        return True

    def _insert(self, fact: Fact) -> bool:
        facts = self.smallest
        for place, known in enumerate(facts):
            if known.event_id == fact.event_id and known.rank == fact.rank:
                if not known.follows(fact):
                    return False
                del facts[place]
                break
        facts.append(fact)
        if len(facts) > 1:
            facts.sort(key=Fact.order)
        if len(facts) <= MOST:
            return True
        self.overflow = True
        return facts.pop() is not fact

    def facts(self) -> list[Fact]:
        """The kept facts in order; the greatest one counts once."""
        last = self.beyond
        if last is None or not self.overflow or any(k.event_id == last.event_id and k.rank == last.rank for k in self.smallest):
            return self.smallest
        return [*self.smallest, last]
