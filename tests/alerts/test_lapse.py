"""The time-lapse: the desk's events, the exporter's judgement and Prometheus's rule engine, without a clock or a broker."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from scripts.alert_drills import lapse
from scripts.alert_drills.drills import MOMENT_MINUTES, SLIPPED
from scripts.alert_drills.lapse import Fired, Story, fired
from scripts.alert_drills.lapses import of_calm, of_slip

TUESDAY = round(datetime(2026, 3, 3, 10, tzinfo=UTC).timestamp() * 1000)
NAMED = {**SLIPPED, "alertname": "SupportSLAEndangered"}


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed (apt-get install prometheus)")
def test_a_slip_is_named_and_what_comes_before_it_is_calm(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Half a desk of 600 tickets an hour for 40 minutes, after a history of three hours."""
    monkeypatch.setattr(lapse, "HISTORY_MS", 3 * 3_600_000)
    story = Story(scenario="sla-slip", seed=5, start_ms=TUESDAY, minutes=40, moment_minutes=5, rate_per_hour=1_200)
    found = fired(story, tmp_path)
    assert "" == of_slip(found), found
    assert {"billing · high"} == {one.labels["member"] for one in found}


def test_a_slip_must_be_named_in_time_and_not_before_it_began() -> None:
    assert "" == of_slip([Fired(NAMED, MOMENT_MINUTES + 30)])
    assert "the slip was named after 30.5 min, promised are 30" == of_slip([Fired(NAMED, MOMENT_MINUTES + 30.5)])
    assert "the slip was not named" == of_slip([Fired({**NAMED, "member": "billing", "by": "team"}, MOMENT_MINUTES + 20)])
    assert "before the slip" in of_slip([Fired(NAMED, MOMENT_MINUTES - 1)])


def test_a_calm_day_may_warn_but_pages_nobody() -> None:
    assert "" == of_calm([Fired({**NAMED, "severity": "warning"}, 100)])
    assert "nobody expected SupportSLAEndangered(billing · high, first_reply, page) at minute 100" == of_calm([Fired(NAMED, 100)])
