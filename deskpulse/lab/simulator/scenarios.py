"""What may befall the desk: each scenario bends volume, replies or publishing.

The registry is the list for --help.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random
from typing import ClassVar, Final
from zoneinfo import ZoneInfo

from deskpulse.lab.simulator.curve import local_time
from deskpulse.lab.simulator.desk import HOUR_MS, MINUTE_MS, SimulatedDesk
from deskpulse.lab.simulator.happening import EventIds, Happening, SimulatedTicket

_SATURDAY: Final = 5
_OPENS, _RUSH_ENDS = 8, 12  # local hours of a Monday


class Scenario:
    """An ordinary desk, and the hooks by which the other scenarios bend it.

    `moment_ms` is when the scenario begins to bite, where it has such a moment. All instants are epoch
    milliseconds.
    """

    name: ClassVar[str] = "calm"
    description: ClassVar[str] = "ordinary weeks: nothing goes wrong"
    peak: ClassVar[float] = 1.0  # the largest value of `volume`

    def __init__(self, desk: SimulatedDesk, moment_ms: int) -> None:
        self.desk = desk
        self.moment_ms = moment_ms
        self._zone = ZoneInfo(desk.zone)

    @classmethod
    def adapt(cls, desk: SimulatedDesk) -> SimulatedDesk:
        """The desk that the scenario befalls, where it is not any desk."""
        return desk

    def bend(self, ticket: SimulatedTicket, rng: Random, ids: EventIds) -> list[Happening]:  # noqa: ARG002 - a hook
        """What becomes of the events of a whole ticket.

        `at_ms` of an event is when it happens, so its time in the value may differ.
        """
        return ticket.events

    def local(self, at_ms: int) -> datetime:
        """What the desk's clock shows at an instant: the time of its week."""
        return local_time(at_ms + self.desk.ahead_ms, self._zone)

    def volume(self, at_ms: int) -> float:  # noqa: ARG002 - a hook
        """Factor on the volume of tickets at an instant."""
        return 1.0

    def reply_at(self, asked_ms: int, due_ms: int, *, team: str, priority: str) -> int:  # noqa: ARG002 - a hook
        """The time of a reply that was asked for at `asked_ms`.

        In an ordinary week it would come at `due_ms`.
        """
        return due_ms

    def resolve_at(self, due_ms: int) -> int:
        """When a written ticket is resolved that would be resolved at `due_ms` in an ordinary week."""
        return due_ms

    def publish_at(self, publish_ms: int) -> int:
        """When an event reaches Kafka that would be published at `publish_ms`; monotone, never earlier."""
        return publish_ms


class MondayRush(Scenario):
    """The weekend's backlog meets the busiest hours of the week."""

    name = "monday-rush"
    description = (
        "nobody answers at the weekend; on Mondays from 8 to 12 volume is three times the usual, on "
        "top of that backlog"
    )
    peak = 3.0

    def volume(self, at_ms: int) -> float:
        """Three times the volume on Monday morning."""
        local = self.local(at_ms)
        return self.peak if local.weekday() == 0 and _OPENS <= local.hour < _RUSH_ENDS else 1.0

    def reply_at(self, asked_ms: int, due_ms: int, *, team: str, priority: str) -> int:  # noqa: ARG002 - a hook
        """As `resolve_at`: nobody is there before Monday."""
        return self.resolve_at(due_ms)

    def resolve_at(self, due_ms: int) -> int:
        """What falls due at the weekend is done through Monday morning, in the order in which it fell due."""
        opens_ms = _monday_morning_ms(self.local(due_ms)) - self.desk.ahead_ms
        hours_until = (opens_ms - due_ms) / HOUR_MS
        weekend = (_SATURDAY - 7) * -24 + _OPENS  # Saturday 0:00 to Monday 8:00 lasts 56 h
        if not 0 < hours_until <= weekend:
            return due_ms
        morning_ms = (_RUSH_ENDS - _OPENS) * HOUR_MS
        return opens_ms + round((1 - hours_until / weekend) * morning_ms)


class SlaSlip(Scenario):
    """One corner of the desk gets slow, while the means over all of it hardly move.

    The corner is a small one by intent: what a wall of the whole desk must not lose sight of.
    """

    name = "sla-slip"
    description = (
        "from a moment on, one team (billing) answers one priority (high) fifteen times slower than it "
        "used to"
    )
    factor: ClassVar[int] = 15
    corner: ClassVar[tuple[str, str]] = ("billing", "high")

    def __init__(self, desk: SimulatedDesk, moment_ms: int) -> None:
        super().__init__(desk, moment_ms)
        team, priority = self.corner
        self._team = _named(team, [one.name for one in desk.teams])
        self._priority = _named(priority, [one.name for one in desk.priorities])

    def reply_at(self, asked_ms: int, due_ms: int, *, team: str, priority: str) -> int:
        """Slow replies of the corner.

        The corner has its own team and priority where the desk has them, else the desk's first ones.
        """
        slipped = team == self._team and priority == self._priority and asked_ms >= self.moment_ms
        return asked_ms + (due_ms - asked_ms) * self.factor if slipped else due_ms


class OutageAndCatchUp(Scenario):
    """Events that arrive late and all together still belong to the minutes in which they happened."""

    name = "outage-and-catch-up"
    description = (
        "upstream publishes nothing for 20 minutes, then everything at once; the events keep their true times"
    )
    silence_ms: ClassVar[int] = 20 * MINUTE_MS

    def publish_at(self, publish_ms: int) -> int:
        """Hold back what falls into the silence until it ends."""
        ends_ms = self.moment_ms + self.silence_ms
        return ends_ms if self.moment_ms <= publish_ms < ends_ms else publish_ms


SCENARIOS: Final[dict[str, type[Scenario]]] = {
    kind.name: kind for kind in (Scenario, MondayRush, SlaSlip, OutageAndCatchUp)
}


def _named(name: str, names: Sequence[str]) -> str:
    return name if name in names else names[0]


def _monday_morning_ms(local: datetime) -> int:
    """The next Monday, 8:00 local (today's, on a Monday)."""
    monday = local.date() + timedelta(days=-local.weekday() % 7)
    opens = datetime(monday.year, monday.month, monday.day, _OPENS, tzinfo=local.tzinfo)
    return round(opens.timestamp() * 1000)
