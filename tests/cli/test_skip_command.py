"""`deskpulse skip`."""

import asyncio

import pytest
from aiokafka import AIOKafkaProducer

from agents.partitions.skips import read_skips
from deskpulse import exits
from deskpulse.settings import Settings
from deskpulse.wiring import worker_config
from tests.cli.harness import Run


@pytest.fixture
def one_record(run: Run, on_kafka: Settings) -> str:
    """A source topic whose partition 2 holds one record."""
    run("topics")
    topic = f"{on_kafka.topic_prefix}first-reply"

    async def send() -> None:
        async with AIOKafkaProducer(**on_kafka.kafka.client_options()) as producer:
            await producer.send_and_wait(topic, b"{}", partition=2)

    asyncio.run(send())
    return topic


@pytest.mark.parametrize("prefixed", [True, False])
def test_a_record_is_noted_for_the_workers(
    prefixed: bool,  # noqa: FBT001
    run: Run,
    on_kafka: Settings,
    one_record: str,
) -> None:
    answer = run("skip", one_record if prefixed else "first-reply", 2, 0)
    assert answer.code == exits.OK
    assert f"{one_record}/2 offset 0" in answer.out
    assert asyncio.run(read_skips(worker_config(on_kafka))) == {(one_record, 2): frozenset({0})}


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["first-replies", 2, 0], "is not a source topic: use one of"),
        (["first-reply", 4, 0], "has partitions 0 to 3 but no partition 4"),
        (["first-reply", 2, 1], "holds offsets 0 to 0, but not 1"),
        (["first-reply", 0, 0], "holds no record"),
    ],
)
def test_what_cannot_be_skipped_is_told(words: list[str | int], told: str, run: Run, one_record: str) -> None:
    answer = run("skip", *words)
    assert answer.code == exits.USAGE
    assert told in answer.err


def test_topics_that_do_not_exist_are_code_3(run: Run, on_kafka: Settings) -> None:
    answer = run("skip", "first-reply", 0, 0)
    assert answer.code == exits.BROKER
    assert "fix: create the topics with `deskpulse topics`" in answer.err
