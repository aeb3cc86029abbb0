"""Whether the forecast's interval keeps its promise.

`python -m proofs.drills.forecast [--seeds 20] [--rate 60]`.

For each seed the simulator runs a desk for ten days. At every hour of the last days the forecast is made from
what had happened by then, and an hour later it is compared with what came. Per target the intervals shall
cover the truth in 70 to 90 % of the hours.
"""

import argparse
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, NamedTuple

from deskpulse.ingest.events_io import encode
from deskpulse.lab.simulator import DEFAULT_DESK, SimulatedDesk, Spread, simulate
from deskpulse.policy import load_policy
from kpis import cell_numbers
from kpis.sla import commitments, forecast
from kpis.sla.policy import TARGETS, Policy
from kpis.state.sla_clocks import UNCONCERNED
from kpis.tickets import merging
from kpis.tickets.row import TicketRow
from scripts.tidy import ROOT
from streams.decode import decoder
from streams.events import TicketEvent
from streams.topics import SOURCE_TOPICS
from windows.panes import DAY_MS, HOUR_MS, MINUTE_MS

START_MS: Final = 1_789_344_000_000  # 2026-09-14T00:00:00Z, a Monday
POLICY: Final = Path("examples/policy.yaml")
LEAST, MOST = 0.70, 0.90
# A desk that is late often enough for its misses to be counted: the ordinary one keeps nearly all of its
# promises. median minutes to the first reply, hours to the resolution
_WAITS: Final = {"high": (12, 4), "normal": (45, 14), "low": (120, 30)}
LATE_DESK: Final[SimulatedDesk] = replace(
    DEFAULT_DESK,
    priorities=tuple(
        replace(
            priority,
            first_reply=Spread(_WAITS[priority.name][0] * MINUTE_MS, 0.6),
            resolution=Spread(_WAITS[priority.name][1] * HOUR_MS, 0.8),
        )
        for priority in DEFAULT_DESK.priorities
    ),
)
_HOUR, _DAY, _WEEK = 60, 1_440, 10_080  # minutes
_DECODE: Final = {topic: decoder(topic) for topic in SOURCE_TOPICS}


class Hour(NamedTuple):
    """A forecast and what came of it."""

    target: str
    found: forecast.Forecast
    truth: int

    @property
    def covered(self) -> bool:
        """Whether the truth lies within the interval."""
        return self.found.low <= self.truth <= self.found.high


class World:
    """All tickets as far as events were added.

    It has running clocks and settled promises by minute of the deadline.
    """

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._rows: dict[str, TicketRow] = defaultdict(TicketRow)
        self._due: dict[str, Counter[int]] = {target: Counter() for target in TARGETS}
        self._settled: dict[str, dict[int, Counter[int]]] = {
            target: defaultdict(Counter) for target in TARGETS
        }

    def add(self, event: Any) -> None:
        """Merge one event."""
        row = self._rows[event.ticket_id]
        self._book(row, -1)
        merging.merge(row, event)
        row.promise = commitments.derive(row, self._policy)
        self._book(row, 1)

    def _book(self, row: TicketRow, sign: int) -> None:
        promised = commitments.contribution(row)
        for _, (at_ms, cell, _) in promised.found:
            for target in TARGETS:
                if (
                    0
                    <= (own := cell - cell_numbers.SLA[target])
                    < cell_numbers.BREACHED + cell_numbers.CLASSES
                ):
                    self._settled[target][at_ms // MINUTE_MS][own] += sign
        for target, due_ms in promised.running:
            self._due[target][due_ms // MINUTE_MS] += sign

    def settled(self, target: str, now: int, minutes: int) -> Counter[int]:
        """What became of the deadlines of the last minutes; what still waits is missed."""
        cells: Counter[int] = Counter()
        for minute, found in self._settled[target].items():
            if now - minutes <= minute < now:
                cells.update(found)
        cells[cell_numbers.BREACHED + cell_numbers.CLASSES - 1] += sum(
            n for minute, n in self._due[target].items() if now - minutes <= minute < now
        )
        return cells

    def predict(self, target: str, now: int) -> forecast.Forecast:
        """The forecast of the next hour."""
        due = [self._due[target][now + i] for i in range(forecast.HORIZON_MINUTES)]
        hour, day, week = (self.settled(target, now, minutes) for minutes in (_HOUR, _DAY, _WEEK))
        return forecast.breaches(due, hour=hour, day=day, week=week)


def missed(cells: Mapping[int, int]) -> int:
    """How many promises were not kept."""
    return sum(n for cell, n in cells.items() if cell >= cell_numbers.BREACHED)


def play(
    policy: Policy, *, seed: int, rate_per_hour: float, days: int, looked_at_days: int
) -> Iterator[Hour]:
    """Every hour of the last days of one simulation."""
    end_ms = START_MS + days * DAY_MS
    decoded = (
        _DECODE[event.topic](encode(event.value))
        for event in simulate(
            "calm", seed=seed, start_ms=START_MS, end_ms=end_ms, rate_per_hour=rate_per_hour, desk=LATE_DESK
        )
    )
    of_tickets = (event for event in decoded if isinstance(event, TicketEvent))
    concerned = (event for event in of_tickets if type(event) not in UNCONCERNED)
    events = iter(sorted(concerned, key=lambda event: event.occurred_at))
    world, following = World(policy), next(events, None)
    open_: dict[str, forecast.Forecast] = {}
    for hour in range((days - looked_at_days) * 24, days * 24):
        as_of_ms = START_MS + hour * HOUR_MS
        while following is not None and following.occurred_at < as_of_ms:
            world.add(following)
            following = next(events, None)
        now = as_of_ms // MINUTE_MS
        for target in policy.targets:
            if target in open_:
                yield Hour(target, open_[target], missed(world.settled(target, now, _HOUR)))
            open_[target] = world.predict(target, now)


def judged(hours: Sequence[Hour]) -> tuple[str, ...]:
    """The targets of which a deadline was missed: of any other the interval is 0 to 0, and tells nothing."""
    return tuple(target for target in TARGETS if any(hour.truth for hour in hours if hour.target == target))


def summary(hours: Sequence[Hour], target: str) -> tuple[float, str]:
    """The share of hours that are covered, and a line about them."""
    own = [hour for hour in hours if hour.target == target]
    share = sum(hour.covered for hour in own) / len(own)
    expected, truth = (
        sum(values) / len(own)
        for values in ([hour.found.expected for hour in own], [hour.truth for hour in own])
    )
    over, under = (
        sum(hour.truth > hour.found.high for hour in own),
        sum(hour.truth < hour.found.low for hour in own),
    )
    return share, (
        f"{target:11}  {len(own)} hours, covered {100 * share:.1f} %, above {over}, below {under}; "
        f"breaches an hour: expected {expected:.2f}, came {truth:.2f}"
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Play all seeds and judge."""
    parser = argparse.ArgumentParser(
        prog="python -m proofs.drills.forecast", description="Coverage of the forecast's 80 % interval."
    )
    parser.add_argument("--seeds", type=int, default=20, help="how many simulations (20)")
    parser.add_argument("--rate", type=float, default=60.0, help="new tickets an hour, mean of the week (60)")
    options = parser.parse_args(arguments)
    policy = load_policy(ROOT / POLICY)
    assert policy is not None
    hours: list[Hour] = []
    for seed in range(options.seeds):
        began = time.monotonic()
        hours += play(policy, seed=seed, rate_per_hour=options.rate, days=10, looked_at_days=3)
        print(f"forecast: seed {seed} played in {time.monotonic() - began:.0f} s", flush=True)
    good = True
    for target in judged(hours):
        share, line = summary(hours, target)
        good = good and LEAST <= share <= MOST
        print(f"forecast: {line}")
    print(
        f"forecast: {'as promised' if good else 'NOT as promised'}: each target within {100 * LEAST:.0f} to "
        f"{100 * MOST:.0f} % of the hours"
    )
    return 0 if good else 1


if __name__ == "__main__":
    raise SystemExit(main())
