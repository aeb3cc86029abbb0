"""Laws of every run: repeatable, in the order of publication, true to the contract, lazy."""

import hashlib
import os
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from itertools import islice, pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deskpulse.ingest.events_io import TimedEvent, encode, to_ms
from deskpulse.lab.simulator import DEFAULT_DESK, SCENARIOS, simulate
from deskpulse.lab.simulator.uses import USES, uses_of
from streams.decode import Reject, decoder

MINUTE_MS = 60_000
HOUR_MS = 3_600_000
START_MS = to_ms("2026-01-05T00:00:00Z")
FEW_CUSTOMERS = replace(DEFAULT_DESK, max_customers=200)

ANOTHER_PROCESS = """
import hashlib, sys
from deskpulse.ingest.events_io import encode
from deskpulse.lab.simulator import simulate
digest = hashlib.sha256()
for event in simulate("monday-rush", seed=5, start_ms=int(sys.argv[1]), end_ms=int(sys.argv[1]) + 43_200_000):
    digest.update(b"%d %s %s %s;" % (event.publish_ms, event.topic.encode(), event.key, encode(event.value)))
print(digest.hexdigest())
"""


def line_of(event: TimedEvent) -> bytes:
    return b"%d %s %s %s;" % (event.publish_ms, event.topic.encode(), event.key, encode(event.value))


class TestRepeatability:
    @pytest.mark.parametrize("hash_seed", ["0", "4242"])
    def test_another_process_gives_the_same_bytes(self, hash_seed: str) -> None:
        here = hashlib.sha256()
        for event in simulate("monday-rush", seed=5, start_ms=START_MS, end_ms=START_MS + 43_200_000):
            here.update(line_of(event))
        command = [sys.executable, "-c", ANOTHER_PROCESS, str(START_MS)]
        environ = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": os.pathsep.join(sys.path)}
        there = subprocess.run(command, env=environ, capture_output=True, text=True, check=True)
        assert here.hexdigest() == there.stdout.strip()

    def test_another_seed_gives_other_events(self, run: Any) -> None:
        assert run(seed=1) != run(seed=2)

    def test_two_runs_may_share_topics(self, run: Any) -> None:
        """No ticket of one is a ticket of the other, whatever it is in which they differ."""
        runs = [run(seed=1), run(seed=2), run("sla-slip", seed=1), run(seed=1, rate_per_hour=61)]
        tickets = [
            {event.value["ticket_id"] for event in events if "ticket_id" in event.value} for events in runs
        ]
        assert sum(map(len, tickets)) == len(set.union(*tickets))

    def test_a_longer_run_begins_as_the_shorter_one(self, run: Any) -> None:
        """Of the calm scenario, which has no moment that depends on the end."""
        short, long = run(days=1), run(days=2)
        assert short == long[: len(short)]


@given(
    seed=st.integers(0, 2**32),
    scenario=st.sampled_from(sorted(SCENARIOS)),
    start_hour=st.integers(0, 24 * 7),
    hours=st.integers(1, 9),
)
def test_laws_of_every_run(seed: int, scenario: str, start_hour: int, hours: int) -> None:
    """In order, within the span, never before it happened, valid, with the key of the contract.

    Tickets are those of known customers.
    """
    start_ms = START_MS + start_hour * HOUR_MS
    end_ms = start_ms + hours * HOUR_MS
    customers: set[object] = set()
    publish_ms = start_ms
    for event in simulate(
        scenario, seed=seed, start_ms=start_ms, end_ms=end_ms, rate_per_hour=20, desk=FEW_CUSTOMERS
    ):
        assert publish_ms <= event.publish_ms < end_ms
        publish_ms = event.publish_ms
        decoded = decoder(event.topic)(encode(event.value))
        assert not isinstance(decoded, Reject)
        ahead_ms = 5 * MINUTE_MS if scenario == "rough" else 0  # the clock that stamps it may be fast there
        assert decoded.occurred_at <= event.publish_ms + ahead_ms
        assert decoded.key.encode() == event.key
        if event.topic == "customer":
            customers.add(event.value["customer_id"])
        elif event.topic == "ticket-created":
            assert event.value["customer_id"] in customers or late_join_is_possible(event, start_ms)


def late_join_is_possible(event: TimedEvent, start_ms: int) -> bool:
    """A customer's `joined` may be published late, but only one who joined during the run."""
    return to_ms(event.value["occurred_at"]) > start_ms


class TestWhatComesFirst:
    def test_the_existing_customers_with_the_dates_of_their_past(self, run: Any, start_ms: int) -> None:
        """Up to 400 days back, in event-time order, so that none is too late behind another.

        Some had left, some came back.
        """
        events = run(rate_per_hour=60)
        past = [event for event in events if event.publish_ms == start_ms]
        assert {"customer"} == {event.topic for event in past}
        assert past == events[: len(past)]
        times = [to_ms(event.value["occurred_at"]) for event in past]
        assert times == sorted(times)
        assert start_ms - 400 * 86_400_000 <= times[0] < start_ms - 390 * 86_400_000
        assert times[-1] <= start_ms
        statuses = Counter(event.value["status"] for event in past)
        assert DEFAULT_DESK.customers(60) < statuses["joined"]  # more than one each: some joined twice
        assert statuses["left"] > 0

    def test_an_event_without_a_past_is_published_within_the_run(self, run: Any, start_ms: int) -> None:
        assert all(
            to_ms(event.value["occurred_at"]) >= start_ms for event in run() if event.topic != "customer"
        )


class TestTheSpan:
    def test_an_endless_run_is_lazy(self, start_ms: int) -> None:
        """Only what is still to come is held: thousands of tickets are taken from a run without an end."""
        created = (event for event in simulate(seed=3, start_ms=start_ms) if event.topic == "ticket-created")
        assert 3_000 == sum(1 for _ in islice(created, 3_000))

    def test_no_tickets_at_rate_0(self, run: Any) -> None:
        assert {"customer"} == {event.topic for event in run(rate_per_hour=0)}

    @pytest.mark.parametrize(
        ("wrong", "told"),
        [
            (
                {"scenario": "clam"},
                r"scenario is 'clam'; it must be one of calm, monday-rush, sla-slip, outage-and-catch-up",
            ),
            ({"rate_per_hour": -1}, r"rate_per_hour is -1; it must be 0 or more"),
            ({"end_ms": START_MS}, r"end_ms \d+ is not after start_ms"),
        ],
    )
    def test_a_wrong_argument_is_refused_before_the_first_event(
        self, wrong: dict[str, Any], told: str
    ) -> None:
        with pytest.raises(ValueError, match=told):
            simulate(**{"seed": 1, "start_ms": START_MS, **wrong})


class TestDisorder:
    def test_some_events_come_twice_with_the_same_content(self, four_weeks: list[TimedEvent]) -> None:
        """1 % of them."""
        twice = Counter((event.topic, event.key, event.value["event_id"]) for event in four_weeks)
        assert {1, 2} == set(twice.values())
        assert 0.008 < sum(count == 2 for count in twice.values()) / len(twice) < 0.012

    def test_some_events_come_hours_late(self, four_weeks: list[TimedEvent], start_ms: int) -> None:
        delays = [
            event.publish_ms - to_ms(event.value["occurred_at"])
            for event in four_weeks
            if event.publish_ms > start_ms
        ]
        assert 0.001 < sum(delay > HOUR_MS for delay in delays) / len(delays) < 0.006

    def test_some_creations_come_after_the_reply(self, four_weeks: list[TimedEvent]) -> None:
        replied: set[bytes] = set()
        behind = 0
        for event in four_weeks:
            if event.topic == "first-reply":
                replied.add(event.key)
            behind += event.topic == "ticket-created" and event.key in replied
        created = sum(event.topic == "ticket-created" for event in four_weeks)
        assert 0.008 < behind / created < 0.02


def test_an_ordinary_desk_says_all_that_the_contract_knows(four_weeks: list[TimedEvent]) -> None:
    """But what only a broken one says, and some kinds of retractions."""
    seldom = {
        "waiting_since of customer_replied: after the message",
        "merged into: not told",
        "csat: of two",
        "csat: satisfied stated",
    }
    found = {use for event in four_weeks for use in uses_of(event.topic, event.value)}
    missing = set(USES) - found
    assert missing - {use for use in USES if use.startswith("retracts_kind")} <= seldom
    assert "retracts_kind: not stated" not in missing


def test_what_is_used_is_on_the_list_of_uses(four_weeks: list[TimedEvent]) -> None:
    assert {use for event in four_weeks for use in uses_of(event.topic, event.value)} <= set(USES)


def test_the_order_is_that_of_publication(four_weeks: list[TimedEvent]) -> None:
    assert all(one.publish_ms <= other.publish_ms for one, other in pairwise(four_weeks))
