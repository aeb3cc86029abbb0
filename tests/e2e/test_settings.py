"""Settings that all workers share, on Apache Kafka.

Who has others is told, and may change them on purpose.
"""

from __future__ import annotations

import time

import pytest

from agents.exits import Exit
from tests.e2e.conftest import NewStack
from tests.e2e.stack import START_SECONDS, total
from tests.e2e.test_bad_input import good_tickets

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


async def test_a_worker_with_another_horizon_refuses_and_an_exporter_with_another_zone_says_so(
    new_stack: NewStack,
) -> None:
    stack = new_stack()
    await stack.create_topics()
    await stack.publish(good_tickets(0, 30, round(time.time() * 1000)))
    worker = stack.start("worker")
    await worker.saying("recovered partitions=", START_SECONDS)
    exporter = stack.start("exporter", DESKPULSE_DESK__TIME_ZONE="Asia/Tokyo")
    await exporter.saying("listening on", START_SECONDS)
    _, ends = await stack.source()
    samples = await stack.caught_up(ends)
    assert {"desk.time_zone"} == {
        dict(labels)["setting"] for name, labels in samples if name == "deskpulse_setting_mismatch"
    }
    assert 1 == total(samples, "deskpulse_setting_mismatch")
    worker.process.terminate()
    await worker.exit(START_SECONDS)

    horizon = {"DESKPULSE_DESK__HORIZON_DAYS": "30"}
    other = stack.start("worker", **horizon)
    assert Exit.CONFIG == await other.exit(START_SECONDS)
    assert "desk.horizon_days is 30 here and 61 in the ledger" in other.said
    assert "--adopt-settings" in other.said
    await stack.start("worker", options=["--adopt-settings"], **horizon).saying(
        "recovered partitions=", START_SECONDS
    )
