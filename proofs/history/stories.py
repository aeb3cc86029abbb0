"""The stories: which desk, what befalls it, and the instant at which somebody looks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Final, Literal
from zoneinfo import ZoneInfo

from deskpulse.lab.demo.story import demo_desk
from deskpulse.lab.simulator.desk import HOUR_MS, MINUTE_MS, SimulatedDesk, Team
from deskpulse.monitoring.boards.desk import DEFAULT_POLICY
from deskpulse.settings import Settings
from windows.panes import SIX_HOURS

ZONE: Final = "Europe/Madrid"  # of the desk and of the default policy
SCRAPE_SECONDS: Final = 60  # between two scrapes in the hours that boards show closely
_FAR_SECONDS, _NEAR_SECONDS = 240, 15  # less than Prometheus looks back (300 s); and in the last minutes
_NOW_MS: Final = 5 * MINUTE_MS
_BLOCK_SECONDS: Final = 7_200  # of Prometheus's blocks
# what PromQL, Grafana and regular expressions could take for their own
ODD_TEAM: Final = 'Tier "gold" | O\'Neil\\s $team'
_LONGER: Final = (  # names of 30 characters, and with what people write in names
    *(
        "Customer Success EMEA & Africa",
        "Devoluciones y reembolsos, EU+",
        "Enterprise accounts, platinum+",
        "Fraud prevention & chargebacks",
    ),
    *("Logística, almacén y última mi", "Onboarding of new shops (all)", ODD_TEAM, "returns", "vip"),
)


@dataclass(frozen=True, slots=True)
class Span:
    """Instants from `start` to `end`, both included, `step` apart; in seconds since the epoch.

    They lie in one block of Prometheus.
    """

    start: int
    end: int
    step: int

    def __iter__(self) -> Iterator[int]:
        """Every instant."""
        return iter(range(self.start, self.end + 1, self.step))


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """A desk up to the instant at which somebody looks.

    `now` is local time of ZONE; the history before the shown hours is calm.
    """

    name: str
    about: str
    now: str
    scenario: str = "calm"
    since_hours: float = 3.2  # for so long what the scenario brings has gone on
    close_hours: float = field(default=1.0, repr=False)  # the last ones, that are scraped every minute
    seed: int = 1
    rate_per_hour: float = 60.0  # tickets, mean of a week
    hours: float = 9  # that Prometheus knows; the wall shows 8
    teams: int = 3
    policy: Path | None = DEFAULT_POLICY
    # of the exporter: it hears nothing of Kafka, or nobody hears of it
    fault: Literal["none", "frozen", "gone"] = "none"
    fault_minutes: int = 12  # for so long; longer than Prometheus looks back

    @property
    def now_ms(self) -> int:
        """The instant in milliseconds since the epoch."""
        return round(datetime.fromisoformat(self.now).replace(tzinfo=ZoneInfo(ZONE)).timestamp() * 1000)

    @property
    def now_seconds(self) -> int:
        """The same in seconds, as Prometheus has it."""
        return self.now_ms // 1000

    @property
    def start_ms(self) -> int:
        """When the simulation begins: the longest window and the one before it are full."""
        return self.now_ms - SIX_HOURS.retention_ms

    @property
    def moment_ms(self) -> int:
        """When the scenario begins to bite."""
        return self.now_ms - round(self.since_hours * HOUR_MS)

    @property
    def fault_ms(self) -> int:
        """Since when the exporter has its fault; after the end without one."""
        return self.now_ms + 1 if self.fault == "none" else self.now_ms - self.fault_minutes * MINUTE_MS

    @property
    def desk(self) -> SimulatedDesk:
        """The desk of the demo, in the week of its zone, with more teams where they are wanted."""
        desk = demo_desk(self.scenario, self.now_ms)
        more = tuple(Team(name, share=0.12) for name in _LONGER[: self.teams - 3])
        return replace(desk, teams=(*desk.teams, *more), zone=ZONE, ahead_ms=0)

    @property
    def settings(self) -> Settings:
        """Settings of its worker and exporter."""
        members = {
            "team": tuple(team.name for team in self.desk.teams),
            "channel": tuple(channel.name for channel in self.desk.channels),
            "priority": tuple(priority.name for priority in self.desk.priorities),
        }
        desk: dict[str, object] = {"time_zone": ZONE, "members": members}
        return Settings(desk=desk if self.policy is None else {**desk, "policy": str(self.policy)})

    def spans(self) -> list[Span]:
        """When it is scraped, in order; the last instant is now."""
        now, near = self.now_seconds, self.now_seconds - _NOW_MS // 1000
        start = now - round(self.hours * 3600)
        close = max(start, now - round(self.close_hours * 3600))
        edges = ((start, close, _FAR_SECONDS), (close, near, SCRAPE_SECONDS), (near, now + 1, _NEAR_SECONDS))
        return [span for start, end, step in edges for span in _within_blocks(range(start, end, step))]


def _within_blocks(instants: range) -> Iterator[Span]:
    blocks: dict[int, list[int]] = {}
    for at in instants:
        blocks.setdefault(at // _BLOCK_SECONDS, []).append(at)
    for found in blocks.values():
        yield Span(found[0], found[-1], instants.step)


_SLIP: Final = Story(
    name="slip",
    about="a Wednesday, 3 h into sla-slip of billing, high",
    now="2026-03-11T11:42",
    scenario="sla-slip",
)
STORIES: Final[dict[str, Story]] = {
    story.name: story
    for story in (
        replace(_SLIP, hours=24, close_hours=3),
        Story(name="calm", about="an ordinary Wednesday noon", now="2026-03-11T11:42"),
        Story(name="sunday", about="a Sunday night: two of three teams are closed", now="2026-03-15T22:10"),
        replace(
            _SLIP,
            name="frozen",
            about="slip, and the exporter has heard nothing of Kafka for 12 min",
            fault="frozen",
        ),
        replace(
            _SLIP, name="gone", about="slip, and nobody has heard of the exporter for 12 min", fault="gone"
        ),
        replace(_SLIP, name="no-policy", about="slip on a desk without a policy", policy=None),
        # So many tickets more as the other teams take: billing has as many as in `slip`.
        replace(
            _SLIP,
            name="twelve",
            about="slip on a desk of twelve teams with long names",
            teams=12,
            close_hours=3,
            rate_per_hour=125.0,
        ),
    )
}
