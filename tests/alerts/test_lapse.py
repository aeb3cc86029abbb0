"""The time-lapse: the desk's events, the exporter's judgement and Prometheus's rule engine.

It needs neither a clock nor a broker.
"""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from itertools import takewhile
from pathlib import Path

import pytest

from deskpulse.policy import load_policy
from proofs.drills.alerts import lapse
from proofs.drills.alerts.drills import MOMENT_MINUTES, SLIPPED
from proofs.drills.alerts.lapse import Fired, Story, fired
from proofs.drills.alerts.lapses import of_calm, of_slip

TUESDAY = round(datetime(2026, 3, 3, 10, tzinfo=UTC).timestamp() * 1000)
NAMED = {**SLIPPED, "alertname": "SupportSLAEndangered"}


@pytest.mark.skipif(
    shutil.which("promtool") is None, reason="promtool is not installed (apt-get install prometheus)"
)
def test_a_slip_is_named_and_what_comes_before_it_is_calm(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Half a desk of 600 tickets an hour for 40 minutes, after a history of three hours."""
    monkeypatch.setattr(lapse, "HISTORY_MS", 3 * 3_600_000)
    story = Story(
        scenario="sla-slip", seed=5, start_ms=TUESDAY, minutes=40, moment_minutes=5, rate_per_hour=1_200
    )
    found = fired(story, tmp_path)
    assert "" == of_slip(found), found
    assert {"billing · high"} == {one.labels["member"] for one in found}


def test_what_waits_in_a_cluster_on_a_calm_day_is_no_slip() -> None:
    """At 15:00 UTC five of fourteen of billing's high tickets still wait.

    By twice the allowance (16 %) that comes in one case of 17.

    By the allowance alone (8 %) it would come in one of 280, and somebody would be paged.
    """
    story = Story(scenario="calm", seed=4, start_ms=TUESDAY, minutes=301, moment_minutes=0, rate_per_hour=600)
    at_ms = story.start_ms + 299 * 60_000
    policy = load_policy(lapse.POLICY)
    assert policy is not None
    desk = lapse.Promises(policy)
    desk.take(list(takewhile(lambda event: event.publish_ms <= at_ms, story.events())))
    assert [] == [one.labels for one in desk.figures(at_ms) if one.name.startswith("support_sla_endangered_")]


def test_a_slip_must_be_named_in_time_and_not_before_it_began() -> None:
    assert "" == of_slip([Fired(NAMED, MOMENT_MINUTES + 30)])
    assert "the slip was named after 30.5 min, promised are 30" == of_slip(
        [Fired(NAMED, MOMENT_MINUTES + 30.5)]
    )
    assert "the slip was not named" == of_slip(
        [Fired({**NAMED, "member": "billing", "by": "team"}, MOMENT_MINUTES + 20)]
    )
    assert "before the slip" in of_slip([Fired(NAMED, MOMENT_MINUTES - 1)])


def test_a_calm_day_may_warn_but_pages_nobody() -> None:
    assert "" == of_calm([Fired({**NAMED, "severity": "warning"}, 100)])
    assert "nobody expected SupportSLAEndangered(billing · high, first_reply, page) at minute 100" == of_calm(
        [Fired(NAMED, 100)]
    )
