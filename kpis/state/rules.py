"""The limits that rule the state of a partition, and the refusals of a ledger that was made with others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from kpis.ledger.shared import Differing
from kpis.members import dimensions
from kpis.sla.policy import Policy
from kpis.tickets.manner import FIRST_CONTACT, FrtFrom, Manner
from streams.names import fold
from windows.panes import DAY, DAY_MS, MINUTE_MS, SIX_HOURS


@dataclass(frozen=True, slots=True)
class StateRules:
    """Limits that rule the state of a partition."""

    # H: older events are rejected; closed rows leave, but never before the panes that they have booked
    horizon_ms: int = SIX_HOURS.retention_ms
    # former customers are known as long as any window may ask whether they were customers before
    customer_ms: int = DAY.retention_ms
    open_ms: int = 365 * DAY_MS  # open tickets leave after so long without an event
    future_tolerance_ms: int = 5 * MINUTE_MS  # an event may be so much later than its record's timestamp
    most_names: int = 1000  # names of a dimension; later ones count as `other`
    most_combinations: int = 5_000  # of names, in a partition; each has panes of its own
    policy: Policy | None = None  # what is promised to tickets; None: nothing
    # settings that all workers and exporters must share (`shared.py`)
    shared: Mapping[str, str] = field(default_factory=dict)
    adopt: bool = False  # the ledger is to take these over where it has others
    segment: bool = False  # panes and levels distinguish segments, the fourth dimension, too
    frt_from: FrtFrom = FIRST_CONTACT  # where first response times begin
    ledger_format: int | None = None  # raise the ledger's format to this; None: leave it

    @property
    def dimensions(self) -> tuple[str, ...]:
        """Those of the desk."""
        return dimensions(segment=self.segment)

    def names_of_policy(self) -> list[list[str]]:
        """What the policy names, by dimension, each name once and folded; without a policy: nothing."""
        if self.policy is None:
            return []
        places = range(len(self.dimensions))
        return [list(dict.fromkeys(map(fold, self.policy.names(place)))) for place in places]

    @property
    def manner(self) -> Manner:
        """How tickets are counted."""
        return Manner(self.segment, self.frt_from)


DEFAULTS: Final = StateRules()


class PolicyChangedError(Exception):
    """The policy is not the one that the ledger was built with.

    Its deadlines would be withdrawn from where they never stood.
    """

    def __init__(self, partition: int, faults: Sequence[str]) -> None:
        lines = "\n".join(f"  {fault}" for fault in faults)
        super().__init__(
            f"partition {partition}: the SLA policy (desk.policy) is not the one that the ledger was built "
            f"with:\n{lines}\n"
            "  or start a new ledger with another app_id (DESKPULSE_APP_ID): it is rebuilt from the source "
            "topics"
        )


class SettingsChangedError(Exception):
    """Settings that all must share are not those of the ledger."""

    def __init__(self, partition: int, found: Sequence[Differing]) -> None:
        lines = "\n".join(f"  {one}" for one in found)
        super().__init__(
            f"partition {partition}: settings that all workers of a ledger must share differ from those it "
            f"was made with:\n{lines}\n"
            "  set them back; or, if you mean to change them, start every worker with --adopt-settings once "
            "(docs/upgrade.md)"
        )
