"""Whose midnight starts the day of a desk, and by which clock its wall is read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from deskpulse.policy.load import PolicyError, load_policy
from deskpulse.settings.faults import Fault
from kpis.sla.calendar import time_of

if TYPE_CHECKING:
    from deskpulse.settings.sections import DeskSettings
    from kpis.sla.policy import Policy

UTC: Final = "UTC"


class DeskZone(NamedTuple):
    """The zone of a desk, and who decided on it."""

    name: str
    why: str


def desk_zone(desk: DeskSettings) -> DeskZone:
    """The zone that the settings name; where they name none, that of the policy's default calendar.

    Without either UTC.

    Errors: PolicyError, also where the default calendars of its versions are in several zones: which of them
    is the desk's, only its settings can say.
    """
    if desk.time_zone is not None:
        return DeskZone(desk.time_zone, "desk.time_zone")
    policy = load_policy(desk.policy)
    if policy is None:
        return DeskZone(UTC, "neither desk.time_zone nor a policy names a time zone")
    zones = default_zones(policy)
    if len(zones) > 1:
        what = f"the default calendars of its versions are in {' and '.join(zones)}, and a desk has one clock"
        raise PolicyError(
            [Fault(str(desk.policy), what, "name the zone in desk.time_zone (DESKPULSE_DESK__TIME_ZONE)")]
        )
    if zones:
        return DeskZone(zones[0], "the policy's default calendar; desk.time_zone names none")
    return DeskZone(UTC, "desk.time_zone names none, and the policy's default calendar is always open")


def default_zones(policy: Policy) -> list[str]:
    """The zones of the default calendars of all versions, in their order, each once.

    One that is always open has none.
    """
    calendars = (version.calendars.get(version.default_calendar) for version in policy.versions)
    times = (time_of(calendar) for calendar in calendars if calendar is not None)
    return list(dict.fromkeys(time.zone for time in times if time is not None))
