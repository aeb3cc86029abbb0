"""How a desk counts: settings by which the same rows contribute other things to panes.

Rows keep facts, so a row is the same bytes in every manner, but for what a policy has derived from it.
"""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

FrtFrom = Literal["first_contact", "created"]  # where the first response time begins
FIRST_CONTACT: Final = "first_contact"


class Manner(NamedTuple):
    """What of the desk's settings rules C(row).

    `segment`: the fourth dimension is on. `frt_from`: a `FrtFrom`, or what a newer program calls one.

    >>> Manner(), Manner(frt_from="created").from_creation
    (Manner(segment=False, frt_from='first_contact'), True)
    """

    segment: bool = False
    frt_from: str = FIRST_CONTACT

    @property
    def from_creation(self) -> bool:
        """Whether the first response time begins when the customer asked, whatever a bot did."""
        return self.frt_from != FIRST_CONTACT


AS_USUAL: Final = Manner()
