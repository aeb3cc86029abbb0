"""Who is at work: every team of five or more tells its presence every few minutes.

Counts follow the desk's own hours: nearly all by day, half in the evening and at weekends, a quarter (two at
the least) at night. So a team of twenty has five online at any hour, which is enough to be shown. Only the
latest presence of a team says anything, and nobody keeps one for more than a day; so whoever asks for a long
history asks for presence on its last day alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from random import Random
from typing import Final

from deskpulse.lab.simulator.desk import MINUTE_MS, SECOND_MS, SimulatedDesk, Team
from deskpulse.lab.simulator.happening import EventIds, Happening
from deskpulse.lab.simulator.scenarios import Scenario

LEAST_RESPONDERS: Final = 5  # smaller teams tell nothing: their counts would be persons
_EVERY_MS: Final = (5 * MINUTE_MS, 8 * MINUTE_MS)
_ASIDE: Final = 0.2  # of those at work: one is at lunch or in a meeting
_DAY, _EVENING, _NIGHT = 8, 18, 22  # local hours from which on a shift is at work
_AT_NIGHT: Final = 2  # at least; of a large team a quarter
_SATURDAY: Final = 5
_TRANSIT_MS: Final = (30, 2 * SECOND_MS)


class Attendance:
    """Makes the presence of all teams; draws from a random stream of its own."""

    def __init__(self, desk: SimulatedDesk, scenario: Scenario, rng: Random) -> None:
        self._teams = [team for team in desk.teams if team.responders >= LEAST_RESPONDERS]
        self._scenario = scenario
        self._rng, self._ids = rng, EventIds(rng)

    def instants(self, start_ms: int, end_ms: int | None) -> Iterator[int]:
        """When the teams tell, in `[start_ms, end_ms)`; endless without an end; never without a team."""
        at_ms = start_ms + self._rng.randrange(_EVERY_MS[0])
        while self._teams and (end_ms is None or at_ms < end_ms):
            yield at_ms
            at_ms += self._rng.randint(*_EVERY_MS)

    def told(self, at_ms: int) -> list[tuple[int, Happening]]:
        """What each team tells, with the time at which it is published."""
        local = self._scenario.local(at_ms)
        return [
            (at_ms + self._rng.randint(*_TRANSIT_MS), self._of(team, at_ms, local)) for team in self._teams
        ]

    def _of(self, team: Team, at_ms: int, local: datetime) -> Happening:
        online = at_work(team.responders, local)
        if online > LEAST_RESPONDERS and self._rng.random() < _ASIDE:
            online -= 1
        # of a shift of five somebody is always free, of a smaller one perhaps nobody
        available = self._rng.randint(online >= LEAST_RESPONDERS, online)
        busy = self._rng.randint(0, online - available)
        return self._ids.event(
            "presence", at_ms, team=team.name, online=online, available=available, busy=busy
        )


def at_work(responders: int, local: datetime) -> int:
    """How many of a team are at work at a local time.

    >>> noon, night = datetime(2026, 3, 4, 12), datetime(2026, 3, 4, 23)
    >>> at_work(9, noon), at_work(9, noon.replace(day=7)), at_work(9, night)
    (9, 4, 2)
    >>> at_work(20, night)
    5
    """
    if not _DAY <= local.hour < _NIGHT:
        return min(max(_AT_NIGHT, responders // 4), responders)
    if local.weekday() >= _SATURDAY or local.hour >= _EVENING:
        return responders // 2
    return responders
