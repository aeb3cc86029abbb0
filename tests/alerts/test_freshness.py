"""The slips of `make freshness`.

Each is seen in the figure that its alert asks for, and that alert alone fires.
"""

from __future__ import annotations

from itertools import takewhile

import pytest

from deskpulse.ingest.events_io import TimedEvent
from deskpulse.lab.demo.run import DEMO_POLICY
from deskpulse.lab.demo.story import story
from deskpulse.monitoring.alert_log import Notice
from deskpulse.policy import load_policy
from kpis.figure import Figure
from proofs.drills.alerts.lapse import Promises
from proofs.drills.freshness.site import SLIPS, Slip, events_of
from windows.panes import HOUR_MS

NOW_MS = 1_772_532_000_000 + 37_000


def seen(slip: Slip, figures: list[Figure]) -> list[dict[str, str]]:
    """The labels of the figures that tell a slip."""
    wanted = {"target": slip.target} | ({"window": slip.window} if slip.window else {})
    return [
        dict(one.labels)
        for one in figures
        if one.name == slip.figure and one.value and wanted.items() <= dict(one.labels).items()
    ]


@pytest.fixture(scope="module")
def desk() -> tuple[list[Figure], list[Figure]]:
    """What an exporter shows of a calm desk of the demo, before the slips and with all of them."""
    policy = load_policy(DEMO_POLICY)
    assert policy is not None
    promises = Promises(policy)
    history = story("calm", now_ms=NOW_MS, history_ms=10 * HOUR_MS)
    promises.take(list(takewhile(lambda event: event.publish_ms <= NOW_MS, history)))
    before = list(promises.figures(NOW_MS))
    slips = [event for slip in SLIPS for event in events_of(slip, NOW_MS)]
    promises.take([TimedEvent(NOW_MS, topic, value["ticket_id"].encode(), value) for topic, value in slips])
    return before, list(promises.figures(NOW_MS + 1_000))


@pytest.mark.parametrize("slip", SLIPS, ids=lambda slip: f"{slip.alert}-{slip.target}")
def test_a_slip_is_seen_by_its_name_and_nothing_is_before_it(
    slip: Slip, desk: tuple[list[Figure], list[Figure]]
) -> None:
    before, after = desk
    assert [] == seen(slip, before)
    assert [f"{slip.team} · {slip.priority}"] == [labels["member"] for labels in seen(slip, after)]


def test_each_slip_is_told_by_a_notice_of_its_own() -> None:
    for slip in SLIPS:
        labels = {"alertname": slip.alert, "severity": slip.severity, "target": slip.target}
        notice = Notice("desk", "firing", labels, {}, "", 0)
        assert [slip] == [one for one in SLIPS if one.is_told_by(notice)]
