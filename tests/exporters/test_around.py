"""The surroundings of the ledger: who works on it, and what waits to be applied.

An open transaction of a producer holds records back.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from random import Random
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.coordinator.protocol import ConsumerProtocolMemberAssignment
from aiokafka.errors import (
    GroupAuthorizationFailedError,
    GroupCoordinatorNotAvailableError,
    GroupLoadInProgressError,
    NotCoordinatorForGroupError,
)

from deskpulse.clocks import EXPORTER
from deskpulse.lab.brokers import Broker
from exporters.reading import surroundings
from exporters.reading.backlog import Backlog
from exporters.reading.broker_questions import Questions
from exporters.reading.status import LogSpan
from exporters.reading.surroundings import Around, following
from exporters.reading.workers import Workers, owners, read_workers
from kpis.ledger.codec import Position
from tests.agents.harness import until
from tests.exporters.ledger import Ledger, exporter

PATIENCE_SECONDS = 60


class TestBacklog:
    def test_nothing_waits_while_all_is_applied(self) -> None:
        backlog = Backlog()
        assert [0.0, 0.0, 0.0] == [backlog.note(end, end, now) for now, end in enumerate((5, 8, 9))]

    def test_the_oldest_that_waits_counts(self) -> None:
        """Offsets 5 to 7 were first seen at 3 s, 8 at 6 s.

        At 9 s offset 5 is 6 s old; when 8 is next, 9 - 6 = 3 s.
        """
        backlog = Backlog()
        assert 0.0 == backlog.note(8, 5, 3.0)
        assert 3.0 == backlog.note(9, 5, 6.0)
        assert 6.0 == backlog.note(9, 7, 9.0)
        assert 3.0 == backlog.note(9, 8, 9.0)
        assert 0.0 == backlog.note(9, 9, 12.0)

    def test_a_log_that_was_made_anew_begins_anew(self) -> None:
        backlog = Backlog()
        backlog.note(900, 0, 0.0)
        assert 0.0 == backlog.note(5, 0, 100.0)

    @pytest.mark.parametrize("seed", range(5))
    def test_memory_is_bounded_and_the_answer_never_too_large(self, seed: int) -> None:
        """Days of lag: the looks are thinned out.

        So the stated age of what waits may be too low, but never too high.
        """
        chance, backlog, looks, applied = Random(seed), Backlog(), [], 0
        end = 0
        for now in range(5_000):
            end += chance.randrange(10)
            applied = min(end, applied + chance.randrange(9))
            looks.append((now, end))
            truth = next((now - at for at, seen in looks if seen > applied), 0)
            told = backlog.note(end, applied, float(now))
            assert told <= truth
            assert (told > 0) <= (truth > 0)
        assert len(backlog._looks) <= 257


class TestWorkers:
    def test_owners_are_read_from_what_the_group_handed_out(self) -> None:
        def assignment(*topics: tuple[str, list[int]]) -> bytes:
            raw: bytes = ConsumerProtocolMemberAssignment(0, list(topics), b"").encode()
            return raw

        sources = {"p-survey": "survey", "p-resolved": "resolved"}
        assigned = {
            "a": assignment(("p-survey", [0, 2]), ("p-resolved", [0, 2]), ("anchor", [0, 2, 7])),
            "b": assignment(("p-survey", [1])),
            "joining": b"",
        }
        assert {0: "a", 1: "b", 2: "a"} == owners(assigned, sources)

    def test_a_partition_is_being_recovered_until_its_owner_has_signed_the_ledger(self) -> None:
        workers = Workers(2, {0: "a", 1: "b", 2: "b"})
        positions = {0: Position(transaction=7, owner="a"), 1: Position(transaction=7, owner="a")}
        assert {1, 2} == workers.recovering(positions)

    def test_a_ledger_of_a_version_that_signs_nothing_counts_as_recovered(self) -> None:
        assert not Workers(1, {0: "a"}).recovering({0: Position(transaction=7)})


def test_the_next_offset_is_the_furthest_of_what_is_known() -> None:
    positions = {0: Position(offsets={"survey": 9})}
    assert 10 == following(("survey", 0), LogSpan(0, 20), positions, None)
    assert 15 == following(("survey", 0), LogSpan(15, 20), positions, None)  # retention
    assert 12 == following(("survey", 0), LogSpan(0, 20), positions, Workers(1, {}, {("survey", 0): 12}))
    # a commit for another log
    assert 10 == following(("survey", 0), LogSpan(0, 8), positions, Workers(1, {}, {("survey", 0): 12}))
    assert 0 == following(("survey", 1), LogSpan(0, 0), positions, None)


@pytest.fixture
async def ledger(kafka_broker: Broker, topic_prefix: str) -> AsyncIterator[Ledger]:
    async with Ledger(kafka_broker.bootstrap, topic_prefix.rstrip("-")) as opened:
        yield opened


async def test_a_group_that_nobody_was_ever_in_has_no_workers(ledger: Ledger) -> None:
    async with AIOKafkaConsumer(bootstrap_servers=ledger.bootstrap) as consumer:

        async def asked() -> Workers | None:
            with suppress(
                GroupCoordinatorNotAvailableError, NotCoordinatorForGroupError, GroupLoadInProgressError
            ):
                return await read_workers(Questions(consumer), ledger.config())
            return None  # the first question about any group makes the broker create the topic of offsets

        assert Workers() == await until(asked, seconds=PATIENCE_SECONDS)


async def test_an_open_transaction_of_a_producer_is_seen(kafka_broker: Broker, topic_prefix: str) -> None:
    """Its records cannot be applied yet, so they are no lag.

    But they are there, and hold back what follows them.
    """
    async with Ledger(kafka_broker.bootstrap, topic_prefix.rstrip("-")) as ledger:
        await ledger.create_topics(1)
        options: dict[str, Any] = {
            "bootstrap_servers": ledger.bootstrap,
            "transactional_id": f"{ledger.app_id}-upstream",
        }
        async with (
            exporter(ledger.config(sources_seconds=0.1)) as face,
            AIOKafkaProducer(**options) as upstream,
        ):
            await upstream.begin_transaction()
            for _ in range(3):
                await upstream.send_and_wait(f"{ledger.app_id}survey", b"{}", partition=0)
            at_survey = '{desk="deskpulse",partition="0",topic="survey"}'
            async with asyncio.timeout(PATIENCE_SECONDS):
                while f"deskpulse_source_unstable_records{at_survey} 3.0" not in (
                    text := await face.metrics()
                ):
                    pass
                assert f"deskpulse_source_lag_records{at_survey} 0.0" in text
                await upstream.commit_transaction()
                # three and the marker
                while f"deskpulse_source_lag_records{at_survey} 4.0" not in (text := await face.metrics()):
                    pass
                assert f"deskpulse_source_unstable_records{at_survey} 0.0" in text


async def test_what_may_not_be_asked_is_not_known_and_said_once(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def refused(*_: Any) -> Workers:
        raise GroupAuthorizationFailedError(ledger.app_id)

    monkeypatch.setattr(surroundings, "read_workers", refused)
    await ledger.create_topics(1)
    looks = Around(ledger.config(), EXPORTER.elapsed)
    async with AIOKafkaConsumer(bootstrap_servers=ledger.bootstrap) as consumer:
        with caplog.at_level(logging.WARNING, "exporters"):
            for _ in range(3):
                await looks.look(consumer, 1, {})
    assert looks.workers is None
    assert {("survey", 0): LogSpan(0, 0)}.items() <= looks.sources.items()
    assert 1 == caplog.text.count(
        "cannot read the workers' consumer group: [Error 30] GroupAuthorizationFailedError"
    )


async def test_what_is_old_is_not_told(ledger: Ledger) -> None:
    now = 0.0
    await ledger.create_topics(1)
    looks = Around(ledger.config(), lambda: now)
    async with (
        AIOKafkaConsumer(bootstrap_servers=ledger.bootstrap) as consumer,
        asyncio.timeout(PATIENCE_SECONDS),
    ):
        while None in known(looks):
            await looks.look(consumer, 1, {})
    now = 31.0
    assert (None, {}) == known(looks)


def known(looks: Around) -> tuple[Workers | None, Mapping[tuple[str, int], LogSpan]]:
    return looks.workers, looks.sources
