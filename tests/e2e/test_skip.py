"""A record that crashes the merge ends the worker at each start, until an operator skips it.

Then everything else counts.
"""

from __future__ import annotations

import asyncio
import json
import re
import time

import pytest

from agents.exits import Exit
from deskpulse import exits
from deskpulse.lab.demo import proof
from oracle import verify
from tests.e2e.conftest import NewStack
from tests.e2e.stack import START_SECONDS, Sent, run_command, total
from tests.e2e.test_bad_input import good_tickets

CRASHING = "tests.e2e.crashing_worker"
pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


def poison(now_ms: int) -> Sent:
    event = {"event_id": "crash-me", "occurred_at": now_ms, "ticket_id": "T7"}
    return "first-reply", b"T7", json.dumps(event).encode()


async def test_skip_unblocks_a_record_that_crashes_the_merge(new_stack: NewStack) -> None:
    """The last words of the worker are the command to type.

    Afterwards the figures are the oracle's over all records but that one.
    """
    stack = new_stack()
    await stack.create_topics()
    now_ms = round(time.time() * 1000)
    bad = poison(now_ms)
    await stack.publish([*good_tickets(0, 30, now_ms), bad, *good_tickets(30, 30, now_ms)])
    assert Exit.DATA == await stack.start("worker", CRASHING).exit(START_SECONDS)
    worker = stack.start("worker", CRASHING)  # a restart alone does not help
    assert Exit.DATA == await worker.exit(START_SECONDS)
    found = re.search(r"offset (\d+) crashes the merge .*`deskpulse (skip \S+ \d+ (\d+))`", worker.said)
    assert found is not None, worker.said
    assert found[1] == found[3]
    skipped = await asyncio.to_thread(run_command, *found[2].split(), variables=stack.variables)
    assert exits.OK == skipped.returncode, skipped.stderr

    stack.start("worker", CRASHING)
    exporter = stack.start("exporter")
    await exporter.saying("listening on", START_SECONDS)
    records, ends = await stack.source()
    samples = await stack.caught_up(ends)
    counted = [record for record in records if record[2] != bad[2]]
    assert len(records) - 1 == len(counted)
    verdict = await asyncio.to_thread(proof.judge, stack.settings, counted, samples)
    assert not verdict.differences, verify.report(verdict.differences)
    assert 1 == total(samples, "deskpulse_records_skipped_total")
    assert 0 == total(samples, "deskpulse_events_rejected_total")
    [letter] = await stack.read(stack.topic("dead-letter"))
    assert (bad[2], b"skipped", found[3].encode()) == (
        letter.value,
        dict(letter.headers)["reason"],
        dict(letter.headers)["offset"],
    )
