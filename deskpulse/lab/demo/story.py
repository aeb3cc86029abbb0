"""The demo's desk: two months at one pace up to now, and on.

Its events come as one stream in the order of publication.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from deskpulse.ingest.events_io import TimedEvent
from deskpulse.lab.simulator import DEFAULT_DESK, Rough, SimulatedDesk, simulate
from deskpulse.lab.simulator.curve import weekly_factor
from windows.panes import DAY_MS, HOUR_MS, MINUTE_MS

# The window 30d and the 30 days before it, and some hours more, so that the first tickets are at work when
# these begin.
HISTORY_MS: Final = 60 * DAY_MS + 20 * HOUR_MS
RATE: Final = 48.0  # new tickets an hour about now; 22 in the mean of the week
_LONG: Final = {Rough.name: Rough.history_ms}  # scenarios whose history is longer, and then thinner
_THIN: Final = {Rough.name: 4.0}  # new tickets an hour about now
_SEED: Final = 1
# late on a Wednesday morning, which is much like the day before
_NOON: Final = datetime(1970, 1, 7, 11, 45, tzinfo=UTC)
_RUSH: Final = datetime(1970, 1, 5, 10, 45, tzinfo=UTC)  # on a Monday
# how long a scenario has gone on when the demo starts
_BEGAN_MS: Final = {"sla-slip": 3 * HOUR_MS, "outage-and-catch-up": 10 * MINUTE_MS}
_SHARES: Final = {
    "technical": 0.45,
    "billing": 0.4,
    "orders": 0.15,
    "email": 0.6,
    "chat": 0.15,
    "phone": 0.25,
    "high": 0.2,
    "normal": 0.55,
}


def story(
    scenario: str, *, now_ms: int, rate_per_hour: float | None = None, history_ms: int | None = None
) -> Iterator[TimedEvent]:
    """Events without end: `history_ms` up to `now_ms`, and what follows.

    About now `rate_per_hour` new tickets come an hour. All of it at one pace, so that no window differs from
    the one before it but by the scenario and the hours of the week.
    """
    if history_ms is None:
        history_ms = _LONG.get(scenario, HISTORY_MS)
    if rate_per_hour is None:
        rate_per_hour = _THIN.get(scenario, RATE)
    return simulate(
        scenario,
        seed=_SEED,
        start_ms=now_ms - history_ms,
        rate_per_hour=rate_per_hour / weekly_factor(_hour(scenario)),
        desk=demo_desk(scenario, now_ms),
        moment_ms=now_ms - _BEGAN_MS.get(scenario, 0),
        presence_ms=now_ms - DAY_MS,
    )


def demo_desk(scenario: str, now_ms: int) -> SimulatedDesk:
    """The default desk, in a busy hour of its week at `now_ms`, with more tickets in the corner that slips.

    Its week is tied to the start of the demo and to no zone, so that every demo tells the same story, to the
    millisecond.
    """
    desk = DEFAULT_DESK
    return replace(
        desk,
        teams=tuple(replace(team, share=_SHARES.get(team.name, team.share)) for team in desk.teams),
        channels=tuple(
            replace(channel, share=_SHARES.get(channel.name, channel.share)) for channel in desk.channels
        ),
        priorities=tuple(
            replace(priority, share=_SHARES.get(priority.name, priority.share))
            for priority in desk.priorities
        ),
        # Little is left lying for two months; and few events a ticket, for two months of them have to be
        # counted first.
        rates=replace(
            desk.rates,
            never_resolved=0.0005,
            resolved_unanswered=0.0005,
            automated=0.25,
            another_reply=0.35,
            thanks=0.08,
            closed_for_good=0.1,
        ),
        zone="UTC",
        ahead_ms=(round(_hour(scenario).timestamp() * 1000) - now_ms) % (7 * DAY_MS),
    )


def _hour(scenario: str) -> datetime:
    """The hour of the desk's week at which the demo starts."""
    return _RUSH if scenario == "monday-rush" else _NOON
