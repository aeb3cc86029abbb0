"""Runs of the simulator, short enough for tests; START is a Monday, midnight of the default desk."""

from collections.abc import Callable
from typing import Any

import pytest

from deskpulse.ingest.events_io import TimedEvent, to_ms
from deskpulse.lab.simulator import simulate

START_MS = to_ms("2026-01-05T00:00:00+01:00")
DAY_MS = 86_400_000

Run = Callable[..., list[TimedEvent]]


@pytest.fixture(scope="session")
def start_ms() -> int:
    return START_MS


@pytest.fixture(scope="session")
def run() -> Run:
    """A whole run as a list: `run("sla-slip", days=2, seed=3)`."""

    def of(scenario: str = "calm", *, seed: int = 1, days: float = 1, **options: Any) -> list[TimedEvent]:
        return list(
            simulate(
                scenario, seed=seed, start_ms=START_MS, end_ms=START_MS + round(days * DAY_MS), **options
            )
        )

    return of


@pytest.fixture(scope="session")
def four_weeks(run: Run) -> list[TimedEvent]:
    """Some 18,000 tickets of the default desk."""
    return run(seed=7, days=28, rate_per_hour=27, presence_ms=START_MS + 27 * DAY_MS)
