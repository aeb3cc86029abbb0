"""The stories of the time-lapse, and their verdicts: a slip is named in time, and a calm day pages nobody."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from proofs.drills.alerts.drills import MOMENT_MINUTES, NAMED_MINUTES, SLIPPED
from proofs.drills.alerts.lapse import Fired, LapseError, Story, fired

_SLIP_RATE: Final = 2_400.0  # as in the drill
_CALM_RATE: Final = 600.0
_DAY_MINUTES: Final = 1_440
_ENDANGERED: Final = "SupportSLAEndangered"


def run(start_ms: int, seed: int) -> list[str]:
    """Play both, print a line each. Returns their faults, of which an empty one is none."""
    slip = Story(
        scenario="sla-slip",
        seed=seed,
        start_ms=start_ms,
        minutes=MOMENT_MINUTES + NAMED_MINUTES + 30,
        moment_minutes=MOMENT_MINUTES,
        rate_per_hour=_SLIP_RATE,
    )
    calm = Story(
        scenario="calm",
        seed=seed,
        start_ms=start_ms,
        minutes=_DAY_MINUTES,
        moment_minutes=0,
        rate_per_hour=_CALM_RATE,
    )
    return [_play(slip), _play(calm)]


def _play(story: Story) -> str:
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        try:
            found = fired(story, Path(folder))
            fault = of_slip(found) if story.scenario == "sla-slip" else of_calm(found)
        except LapseError as error:
            found, fault = [], str(error)
    told = "; ".join(map(str, found)) or "nothing"
    outcome = f"FAILED: {fault}" if fault else "ok"
    print(
        f"time-lapse {story.scenario}, seed {story.seed}, {story.minutes} min at {story.rate_per_hour:g} "
        "tickets an hour: "
        f"fired {told}; {outcome} ({time.monotonic() - began:.0f} s)",
        flush=True,
    )
    return fault


def of_slip(found: Sequence[Fired]) -> str:
    """The faults of the alerts of a slip.

    It is empty where an alert pages it by its name in time, and no other comes before.
    """
    early = [one for one in found if one.pages and one.minutes < MOMENT_MINUTES]
    if early:
        return f"{early[0]}, before the slip"
    named = [
        one.minutes - MOMENT_MINUTES
        for one in found
        if one.labels["alertname"] == _ENDANGERED and SLIPPED.items() <= one.labels.items()
    ]
    if not named:
        return "the slip was not named"
    return (
        ""
        if named[0] <= NAMED_MINUTES
        else f"the slip was named after {named[0]:g} min, promised are {NAMED_MINUTES}"
    )


def of_calm(found: Sequence[Fired]) -> str:
    """What is wrong with the alerts of a calm day: any page."""
    pages = [str(one) for one in found if one.pages]
    return f"nobody expected {', '.join(pages)}" if pages else ""
