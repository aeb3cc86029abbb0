"""Presence from its topic to `/metrics` and `/api/kpis`, with a whole installation and a worker that dies."""

from __future__ import annotations

import json
from typing import Any
from urllib.request import urlopen

import pytest

from deskpulse.lab.demo.proof import Samples
from tests.contract.test_contract import created
from tests.e2e.conftest import NewStack
from tests.e2e.stack import Sent, Stack, total
from windows.panes import MINUTE_MS

TEN = 1_767_261_600_000  # 2026-01-01T10:00:00Z, a time that is past whenever this runs
pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


def told(team: str, minute: int, online: int, available: int, key: str | None = None) -> Sent:
    event = {
        "event_id": f"{team}-{minute}",
        "occurred_at": TEN + minute * MINUTE_MS,
        "team": team,
        "online": online,
        "available": available,
        "busy": online - available,
    }
    return ("presence", (key or team).encode(), json.dumps(event).encode())


def online(samples: Samples, team: str) -> int:
    return total(samples, "support_responders", by="team", member=team, state="online")


def staffing(stack: Stack) -> dict[str, Any]:
    with urlopen(f"{stack.url}/api/kpis?name=support_responders&by=all", timeout=30) as response:  # noqa: S310 - http on loopback
        return {one["state"]: one["value"] for one in json.load(response)["live"]}


async def test_presence_reaches_the_figures_and_survives_the_death_of_a_worker(new_stack: NewStack) -> None:
    """10:05 of billing stands over 10:01 and over another spelling of 10:03; a key that differs is refused.

    At 10:21 billing has been silent for 16 minutes, and only sales is left.
    """
    stack = new_stack(DESKPULSE_EXPORTER__CLOCK="event")
    (worker,) = await stack.start_all()
    tickets = [created(f"T-{team}", TEN, team=team) for team in ("billing", "sales")]
    await stack.publish(
        [*tickets, told("billing", 5, 8, 3), told("sales", 4, 6, 2), told("billing", 2, 7, 7, key="Billing")]
    )
    await stack.showing(lambda seen: online(seen, "billing") == 8 and online(seen, "sales") == 6)
    assert {"online": 14.0, "available": 5.0, "busy": 9.0} == staffing(stack)

    worker.kill()
    await stack.publish([told("billing", 1, 9, 9), told("Billing ", 3, 9, 9)])
    stack.start("worker")
    samples = await stack.showing(lambda seen: total(seen, "deskpulse_events_accepted_total") == 6)
    assert (8, 6) == (online(samples, "billing"), online(samples, "sales"))
    assert 1 == total(samples, "deskpulse_events_rejected_total", reason="key")

    await stack.publish([told("sales", 21, 5, 0)])
    await stack.showing(lambda seen: online(seen, "sales") == 5 and not online(seen, "billing"))
    assert {"online": 5.0, "available": 0.0, "busy": 5.0} == staffing(stack)
