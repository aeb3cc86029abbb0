"""Missing parts are named: partitions without a worker, or in recovery, and records that wait."""

from __future__ import annotations

import json
import time
import urllib.error
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
from aiokafka import AIOKafkaProducer

from deskpulse.lab.demo.proof import Samples
from tests.e2e.conftest import NewStack
from tests.e2e.stack import Stack, end_well, total
from tests.e2e.test_bad_input import good_tickets

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


def readyz(stack: Stack) -> tuple[int, dict[str, Any]]:
    try:
        with urlopen(f"{stack.url}/readyz", timeout=30) as response:  # noqa: S310 - http on loopback
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def works(samples: Samples, *, owned: int, recovering: int) -> bool:
    return owned == total(samples, "deskpulse_partitions_owned") and recovering == total(
        samples, "deskpulse_partitions_recovering"
    )


async def test_partitions_without_a_worker_make_the_view_incomplete(
    new_stack: NewStack, tmp_path: Path
) -> None:
    """A worker works, dies, and another takes its time to recover.

    Each state is in the metrics and in /readyz.
    """
    released = tmp_path / "released"
    stack = new_stack(DESKPULSE_EXPORTER__BEHIND_SECONDS="2", SLOW_UNTIL=str(released))
    (worker,) = await stack.start_all()
    now_ms = round(time.time() * 1000)
    await stack.publish(good_tickets(0, 40, now_ms))
    _, ends = await stack.source()
    await stack.caught_up(ends)
    whole = await stack.showing(
        lambda samples: works(samples, owned=4, recovering=0) and total(samples, "deskpulse_view_complete")
    )
    assert (1, 4) == (total(whole, "deskpulse_workers"), total(whole, "deskpulse_partition_owned"))
    assert (200, True) == (readyz(stack)[0], readyz(stack)[1]["complete"])

    worker.kill()
    await stack.publish(good_tickets(40, 40, now_ms))
    deserted = await stack.showing(
        lambda samples: (
            works(samples, owned=0, recovering=0) and not total(samples, "deskpulse_view_complete")
        )
    )
    assert 0 == total(deserted, "deskpulse_workers")
    assert 120 == total(deserted, "deskpulse_source_lag_records")
    assert 1 == total(deserted, "deskpulse_exporter_ready")
    status, body = readyz(stack)
    assert (200, True, False) == (status, body["ready"], body["complete"])
    assert {"expected": 4, "read": 4, "owned": 0, "recovering": 0} == body["partitions"]
    assert "no worker owns it" in " ".join(body["reasons"])

    stack.start("worker", "tests.e2e.slow_worker")
    await stack.showing(lambda samples: works(samples, owned=4, recovering=4))
    assert "is still recovering it" in " ".join(readyz(stack)[1]["reasons"])
    released.touch()
    await stack.showing(
        lambda samples: works(samples, owned=4, recovering=0) and total(samples, "deskpulse_view_complete")
    )
    verdict, _, _ = await stack.judged()
    assert not verdict.differences, verdict.differences[:5]


async def test_the_markers_of_producers_transactions_are_no_lag_once_a_worker_has_passed_them(
    new_stack: NewStack,
) -> None:
    """Transactional producers end each transaction with a marker that takes an offset.

    An aborted one leaves nothing else to read.
    """
    stack = new_stack()
    (worker,) = await stack.start_all()
    options = stack.settings.kafka.client_options()
    async with AIOKafkaProducer(transactional_id=f"{stack.name}upstream", **options) as producer:
        for number in range(4):
            await producer.begin_transaction()
            for topic, key, value in good_tickets(number, 1, round(time.time() * 1000)):
                await producer.send_and_wait(stack.topic(topic), value, key=key)
            await (producer.commit_transaction() if number % 2 else producer.abort_transaction())
    samples = await stack.showing(
        lambda seen: (
            total(seen, "deskpulse_events_accepted_total") == 6
            and not total(seen, "deskpulse_source_lag_records")
        )
    )
    assert 2 == total(samples, "support_tickets", window="24h", period="current", by="all")
    assert 0 == await end_well(worker)
