"""Bad data goes to the dead letters and stops nothing.

Where nearly all of it is bad, the worker stops and says that the deploy is.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterator

import pytest
from aiokafka import AIOKafkaProducer

from agents.exits import Exit
from deskpulse.lab.demo.proof import Samples
from oracle import verify
from tests.e2e.bad_records import BadRecord, bad_records, too_late
from tests.e2e.conftest import NewStack
from tests.e2e.stack import START_SECONDS, Sent, Stack, by_label, end_well, total
from windows.panes import MINUTE_MS

IN_2099_MS = 4_070_908_800_000
Place = tuple[str, int, int]  # topic without prefix, partition, offset
pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


def good_tickets(first: int, count: int, now_ms: int) -> Iterator[Sent]:
    """Tickets created, answered and solved in the last hour."""
    for number in range(first, first + count):
        ticket = f"T{number}"
        steps: tuple[tuple[str, int, dict[str, object]], ...] = (
            (
                "ticket-created",
                50,
                {"customer_id": f"C{number}", "team": "billing", "channel": "phone", "priority": "normal"},
            ),
            ("first-reply", 45, {}),
            ("resolved", 20, {"talk_seconds": 60}),
        )
        for topic, minutes, fields in steps:
            event = {
                "event_id": "e",
                "occurred_at": now_ms - minutes * MINUTE_MS,
                "ticket_id": ticket,
                **fields,
            }
            yield topic, ticket.encode(), json.dumps(event).encode()


async def send_bad(stack: Stack, bad: list[BadRecord]) -> dict[Place, BadRecord]:
    """Send them, and tell where each went."""
    producer = AIOKafkaProducer(acks="all", **stack.settings.kafka.client_options())
    async with producer:
        sent = [
            await producer.send_and_wait(stack.topic(one.topic), key=one.key, value=one.value) for one in bad
        ]
    return {(one.topic, at.partition, at.offset): one for one, at in zip(bad, sent, strict=True)}


def clocks_reach(samples: Samples, seconds: float) -> bool:
    """Whether the event clock of every partition has come so far.

    Topics that are empty let it go only after they have rested.
    """
    clocks = [
        value for (name, _), value in samples.items() if name == "deskpulse_event_clock_timestamp_seconds"
    ]
    return total(samples, "deskpulse_partitions_expected") == len(clocks) and min(clocks) >= seconds


async def test_every_bad_record_is_a_dead_letter_and_nothing_else(new_stack: NewStack) -> None:
    stack = new_stack()
    (worker,) = await stack.start_all()
    now_ms = round(time.time() * 1000)
    await stack.publish(good_tickets(0, 50, now_ms))
    await stack.showing(lambda samples: clocks_reach(samples, (now_ms - 60 * MINUTE_MS) / 1000))
    places = await send_bad(stack, [*bad_records(now_ms), too_late(now_ms)])
    await stack.publish(good_tickets(50, 50, now_ms))
    verdict, records, samples = await stack.judged()

    assert not verdict.differences, verify.report(verdict.differences)
    assert 300 + len(places) == len(records)
    assert 300 == sum(by_label(samples, "deskpulse_events_accepted_total", "partition").values())
    assert Counter(bad.reason for bad in places.values()) == by_label(
        samples, "deskpulse_events_rejected_total", "reason"
    )
    await assert_dead_letters(stack, places)
    assert Exit.OK == await end_well(worker)


async def test_a_date_in_the_far_future_expires_nothing(new_stack: NewStack) -> None:
    """One broken clock in each topic, 2099 in the event and in the record that its producer sends.

    Every one is refused.

    Were one of them believed, the event clock would leap beyond every horizon: panes, closed and open tickets
    would be gone, and all that comes after would be too late.
    """
    stack = new_stack()
    await stack.start_all()
    now_ms = round(time.time() * 1000)
    await stack.publish(good_tickets(0, 20, now_ms))
    await stack.showing(lambda samples: clocks_reach(samples, (now_ms - 60 * MINUTE_MS) / 1000))
    producer = AIOKafkaProducer(acks="all", **stack.settings.kafka.client_options())
    async with producer:
        for number in range(20):  # of every partition
            for topic, key, event in hostile(f"T{number}"):
                await producer.send(
                    stack.topic(topic), key=key, value=json.dumps(event).encode(), timestamp_ms=IN_2099_MS
                )
    await stack.publish(good_tickets(20, 20, now_ms))
    verdict, _, samples = await stack.judged()
    assert not verdict.differences, verify.report(verdict.differences)
    assert {"future": 6 * 20} == by_label(samples, "deskpulse_events_rejected_total", "reason")
    clocks = [
        value
        for (name, _), value in samples.items()
        if name.endswith(("_event_clock_timestamp_seconds", "_watermark_timestamp_seconds"))
    ]
    assert max(clocks) <= now_ms / 1000
    assert 40 == total(samples, "support_tickets", window="24h", period="current", by="all")


def hostile(ticket: str) -> Iterator[tuple[str, bytes, dict[str, object]]]:
    """An event of each topic, dated 2099."""
    head = {"event_id": "2099", "occurred_at": IN_2099_MS}
    dims = {"customer_id": "C", "team": "billing", "channel": "phone", "priority": "normal"}
    for topic, fields in (
        ("ticket-created", dims),
        ("first-reply", {}),
        ("resolved", {}),
        ("survey", {"kind": "nps", "score": 9}),
        ("ticket-changed", {"change": "reopened"}),
    ):
        yield topic, ticket.encode(), {**head, "ticket_id": ticket, **fields}
    yield "customer", ticket.encode(), {**head, "customer_id": ticket, "status": "joined"}


async def assert_dead_letters(stack: Stack, places: dict[Place, BadRecord]) -> None:
    """Each with its place, its reason, some words, and the bytes as they came."""
    found: dict[Place, tuple[str, bytes | None]] = {}
    for letter in await stack.read(stack.topic("dead-letter")):
        headers = {name: value.decode() for name, value in letter.headers}
        place = (headers["topic"], int(headers["partition"]), int(headers["offset"]))
        assert letter.key == "-".join(map(str, place)).encode()
        assert headers["detail"]
        assert place not in found
        found[place] = (headers["reason"], letter.value)
    assert {place: (bad.reason, bad.value) for place, bad in places.items()} == found


async def test_when_nearly_all_is_bad_the_worker_stops_and_loses_nothing(new_stack: NewStack) -> None:
    """3,000 records of the wrong schema and 3 good ones: the deploy is wrong.

    With the limit raised, all of them are dealt with once.
    """
    stack = new_stack()
    await stack.create_topics()
    now_ms = round(time.time() * 1000)
    old_form = (
        (topic, b"T%d" % n, b'{"id": %d}' % n)
        for n in range(1_000)
        for topic in ("ticket-created", "first-reply", "resolved")
    )
    await stack.publish([*good_tickets(0, 1, now_ms), *old_form])
    worker = stack.start("worker")
    assert Exit.DATA == await worker.exit(START_SECONDS)
    assert worker.has_said(
        r"\d+ of the last \d+ records were rejected \(schema \d+\): the deploy is wrong, not the data"
    )
    assert worker.has_said("Check that producers and this version agree")

    stack.variables["DESKPULSE_WORKER__REJECT_LEAST_RECORDS"] = "1000000"
    await stack.start_all()
    verdict, _, samples = await stack.judged()
    assert not verdict.differences, verify.report(verdict.differences)
    assert Counter(schema=3_000) == by_label(samples, "deskpulse_events_rejected_total", "reason")
    letters = await stack.read(stack.topic("dead-letter"))
    assert 3_000 == len(letters) == len({letter.key for letter in letters})
