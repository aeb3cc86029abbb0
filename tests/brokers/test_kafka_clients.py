"""What the worker and the exporter need of Kafka and its client, one test each.

Docs/adr/0001-apache-kafka-4.md has the figures.
"""

import asyncio
import time
from typing import Any

import pytest
from aiokafka import TopicPartition
from aiokafka.admin import NewTopic
from aiokafka.errors import ProducerFenced, UnknownTopicOrPartitionError

TOPIC_ALREADY_EXISTS = 36


async def until_assigned(members: list[Any], shares: list[int]) -> None:
    """Poll all members until each has its share of the partitions.

    Pytest's time limit ends a wait in vain.
    """
    while [len(member.assignment()) for member in members] != shares:
        await asyncio.gather(*(member.getmany(timeout_ms=50) for member in members))


async def write_batch(writer: Any, topic: str, *values: bytes) -> None:
    batch = writer.create_batch()
    for value in values:
        assert batch.append(key=b"k", value=value, timestamp=None) is not None
    await (await writer.send_batch(batch, topic, partition=0))


async def test_topics_are_created_once_and_described(clients: Any) -> None:
    topic, admin = await clients.topic("described", partitions=4), await clients.admin()
    again = await admin.create_topics([NewTopic(topic, 4, 1)])
    assert TOPIC_ALREADY_EXISTS == again.topic_errors[0][1]  # a value in the answer: aiokafka raises nothing
    (described,) = await admin.describe_topics([topic])
    assert 4 == len(described["partitions"])


async def test_a_topic_that_nobody_created_is_an_error(clients: Any) -> None:
    """After the request timeout, 40 s by default: whoever starts first checks that its topics exist."""
    writer = await clients.producer(request_timeout_ms=500)
    with pytest.raises(UnknownTopicOrPartitionError):
        await writer.partitions_for("unheard-of")
    assert "unheard-of" not in await (await clients.admin()).list_topics()


async def test_members_of_a_group_share_partitions(clients: Any) -> None:
    topics = [await clients.topic(name, partitions=2) for name in ("shared-a", "shared-b")]
    options = {"group_id": "pair", "heartbeat_interval_ms": 200}
    first = await clients.consumer(*topics, **options)
    await until_assigned([first], [4])
    joining = asyncio.create_task(clients.consumer(*topics, **options))
    while not joining.done():
        await first.getmany(timeout_ms=50)
    await until_assigned([first, await joining], [2, 2])


async def test_a_transaction_shows_all_or_nothing(clients: Any) -> None:
    topic, writer = await clients.topic("atomic"), await clients.producer(transactional_id="atomic")
    async with writer.transaction():
        await write_batch(writer, topic, b"1", b"2")
        await write_batch(writer, topic, b"3")
    await writer.begin_transaction()
    await write_batch(writer, topic, b"never")
    await writer.abort_transaction()
    assert [b"1", b"2", b"3"] == await clients.read(topic)
    assert [b"1", b"2", b"3", b"never"] == await clients.read(topic, isolation_level="read_uncommitted")


@pytest.mark.parametrize("moment", ["begin", "after the write"])
async def test_a_take_over_fences_the_previous_owner(clients: Any, moment: str) -> None:
    """The zombie's next write fails, and so does the commit of what it had written.

    None of it is ever seen.
    """
    topic = await clients.topic(f"fenced-{moment.replace(' ', '-')}")
    zombie = await clients.producer(transactional_id=topic)
    await zombie.begin_transaction()
    if moment == "after the write":
        await write_batch(zombie, topic, b"zombie")
    owner = await clients.producer(transactional_id=topic)
    async with owner.transaction():
        await write_batch(owner, topic, b"owner")
    with pytest.raises(ProducerFenced):
        await write_batch(zombie, topic, b"zombie")
    assert [b"owner"] == await clients.read(topic)


async def test_a_fenced_owner_that_writes_nothing_does_not_notice(clients: Any) -> None:
    """An empty transaction never reaches the broker.

    An idle worker cannot find out by committing that it was replaced.
    """
    zombie = await clients.producer(transactional_id="idle")
    await clients.producer(transactional_id="idle")
    async with zombie.transaction():
        pass


async def test_after_a_take_over_the_end_is_known(clients: Any) -> None:
    """A commit returns before readers see it; taking over waits until they do.

    So a new owner first takes the transactional id and then asks for the end offset: it misses nothing of its
    predecessor.
    """
    topic, reader = await clients.topic("ends"), await clients.consumer(isolation_level="read_committed")
    where = TopicPartition(topic, 0)
    for _ in range(10):
        owner = await clients.producer(transactional_id="ends")
        async with owner.transaction():
            written = await owner.send_and_wait(topic, b"last words")
        await clients.producer(transactional_id="ends")
        assert (await reader.end_offsets([where]))[where] > written.offset


async def test_fetch_limits_are_honoured(clients: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    topic, writer = await clients.topic("limited"), await clients.producer(max_batch_size=16_384)
    for _ in range(300):
        await writer.send(topic, b"." * 1_000, partition=0)
    await writer.flush()
    reader = await clients.consumer(fetch_max_bytes=50_000)
    fetched: list[int] = []
    send = reader._client.send

    async def measure(node: int, request: Any, **options: Any) -> Any:
        answer = await send(node, request, **options)
        if type(answer).__name__.startswith("FetchResponse"):
            fetched.append(sum(len(part[-1] or b"") for _, parts in answer.topics for part in parts))
        return answer

    monkeypatch.setattr(reader._client, "send", measure)
    reader.assign([TopicPartition(topic, 0)])
    count = 0
    while count < 300:
        count += sum(map(len, (await reader.getmany(timeout_ms=200)).values()))
    assert 0 < max(fetched) <= 50_000


async def test_an_idle_reader_waits_at_the_broker(clients: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two seconds without data are four fetches of at most 500 ms each, not thousands."""
    topic, reader = await clients.topic("quiet"), await clients.consumer()
    requests: list[str] = []
    send = reader._client.send

    async def count(node: int, request: Any, **options: Any) -> Any:
        requests.append(type(request).__name__)
        return await send(node, request, **options)

    monkeypatch.setattr(reader._client, "send", count)
    reader.assign([TopicPartition(topic, 0)])
    assert {} == await reader.getmany(timeout_ms=2_000)
    assert len(requests) < 20


@pytest.mark.slow
async def test_a_silent_member_loses_its_partitions_after_the_session_timeout(
    clients: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Six seconds is the least that the broker allows (group.min.session.timeout.ms)."""
    topic = await clients.topic("inherited", partitions=2)
    options = {
        "group_id": "heirs",
        "session_timeout_ms": 6_000,
        "heartbeat_interval_ms": 200,
        "enable_auto_commit": False,
    }
    silent, heir = await clients.consumer(topic, **options), await clients.consumer(topic, **options)
    await until_assigned([silent, heir], [1, 1])

    async def say_nothing() -> bool:
        return True

    # and no commits: they count as life
    monkeypatch.setattr(silent._coordinator, "_do_heartbeat", say_nothing)
    started = time.monotonic()
    await until_assigned([heir], [2])
    assert 4 < time.monotonic() - started < 30


@pytest.mark.slow
async def test_a_hung_transaction_stops_readers_until_the_broker_aborts_it(clients: Any) -> None:
    """The broker looks for overdue transactions every 10 s.

    So readers wait for the time-out and up to 10 s more.
    """
    topic, hung = (
        await clients.topic("hung"),
        await clients.producer(transactional_id="hung", transaction_timeout_ms=1_000),
    )
    await hung.begin_transaction()
    await hung.send_and_wait(topic, b"hung")
    await (await clients.producer()).send_and_wait(topic, b"behind it")
    started = time.monotonic()
    assert [b"behind it"] == await clients.read(topic)
    assert time.monotonic() - started < 30
    with pytest.raises(ProducerFenced):
        await hung.commit_transaction()
