"""The pieces of the benchmark on a real Kafka, with few events: everybody sees each of them.

No times: those are the machine's.
"""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Any

import pytest

from proofs.benchmarks import contest, events
from proofs.benchmarks.load import load
from proofs.benchmarks.site import Site
from tests.agents.harness import until

EVENTS = 3_000


def ignore(_: int) -> None:
    pass


@pytest.fixture(scope="module")
def event_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return events.prepare(
        tmp_path_factory.mktemp("bench"), seed=7, count=EVENTS, on_simulated=ignore, on_merged=ignore
    )


@pytest.fixture
async def site(kafka_broker: Any, event_file: Path, tmp_path: Path) -> Site:
    site = Site(kafka_broker.bootstrap, f"bench-{secrets.token_hex(3)}-", tmp_path)
    await site.create_sources()
    assert EVENTS == await load(site, events.read(event_file), ignore)
    return site


def test_a_seed_and_a_count_are_the_same_events(event_file: Path, tmp_path: Path) -> None:
    again = events.prepare(tmp_path, seed=7, count=EVENTS, on_simulated=ignore, on_merged=ignore)
    assert EVENTS == sum(1 for _ in events.read(again))
    assert event_file.name == again.name
    assert event_file.read_bytes() == again.read_bytes()
    assert [event_file] == list(event_file.parent.iterdir())


def test_events_that_are_there_are_not_simulated_again(event_file: Path) -> None:
    def refuse(_: int) -> None:
        pytest.fail("simulated again")

    assert event_file == events.prepare(
        event_file.parent, seed=7, count=EVENTS, on_simulated=refuse, on_merged=refuse
    )


def test_existing_customers_are_few_and_in_the_order_of_their_time(event_file: Path) -> None:
    found = [event for event in events.read(event_file) if event.topic == "customer"]
    assert 0 < len(found) < EVENTS / 10
    times = [event.value.partition(b'"occurred_at":"')[2][:24] for event in found]
    history = [time for time in times if time < b"2024-03-04"]
    assert len(history) > len(found) / 2
    assert sorted(history) == history


async def test_the_limit_reads_and_decodes_every_event(site: Site) -> None:
    told: list[int] = []
    turn = await contest.run_limit(site, 1, EVENTS, told.append)
    assert EVENTS == turn.events == told[-1]


async def test_the_worker_leaves_every_event_in_its_ledger_once(site: Site) -> None:
    turn = await contest.run_worker(site, 1, EVENTS, ignore, ignore)
    assert (EVENTS, 0) == (turn.events, turn.rejected)
    assert turn.transactions >= 4, "each partition at least one"
    assert turn.ledger_rows > turn.transactions
    assert turn.ledger_bytes > turn.ledger_rows
    assert turn.rate is not None


async def test_the_faust_app_works_off_what_it_was_given(site: Site) -> None:
    turn = await contest.run_faust(site, 1, EVENTS // 10, ignore)
    assert EVENTS // 10 == turn.events


async def test_nothing_is_left_on_a_broker_of_others(site: Site) -> None:
    await site.create_ledger(site.app_id("worker", 1))
    await site.delete_all()
    async with site.admin() as admin:

        async def none_is_left() -> bool:
            return not any(topic.startswith(site.prefix) for topic in await admin.list_topics())

        await until(none_is_left, seconds=10, what="the end of every topic")
