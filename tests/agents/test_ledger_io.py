"""One transaction a unit of work: what is in it, in which order, and what happens when it fails."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from typing import Any

import pytest
from aiokafka.errors import MessageSizeTooLargeError, ProducerFenced, TransactionalIdAuthorizationFailed

from agents.config import WorkerConfig
from agents.exits import Exit, WorkerError
from agents.partitions.ledger_io import LedgerWriter, letter_headers
from deskpulse.clocks import WORKER
from kpis.ledger.codec import VERSION
from kpis.state.records import Changes, DeadLetter

LETTER = DeadLetter("survey", 2, 17, 0, "schema", "no score", b"T1", b"{}")
CHANGES = Changes([(b"t1", b"one"), (b"t2", None)], [(b"pane", b"two"), (b"position", b"three")])


class FakeBatch:
    """Holds ten rows."""

    def __init__(self) -> None:
        self.rows: list[tuple[bytes, bytes | None]] = []
        self.closed = False

    def append(self, *, key: bytes, value: bytes | None, timestamp: int) -> object | None:
        assert timestamp > 0
        if len(self.rows) == 10:
            return None
        self.rows.append((key, value))
        return object()

    def close(self) -> None:
        self.closed = True


class FakeProducer:
    """Notes what it is asked; a topic may be made to fail."""

    def __init__(self) -> None:
        self.calls: list[Any] = []
        self.fails: dict[str, Exception] = {}
        self.hangs = False

    async def start(self) -> None:
        self.calls.append("start")

    async def stop(self) -> None:
        self.calls.append("stop")

    def create_batch(self) -> FakeBatch:
        return FakeBatch()

    async def begin_transaction(self) -> None:
        self.calls.append("begin")

    async def commit_transaction(self) -> None:
        if self.hangs:
            await asyncio.Event().wait()
        self.calls.append("commit")

    async def send_batch(self, batch: FakeBatch, topic: str, *, partition: int) -> asyncio.Future[None]:
        assert batch.closed
        self.calls.append((topic, partition, batch.rows))
        return self._delivery(topic)

    async def send(
        self, topic: str, *, key: bytes, value: bytes | None, headers: list[tuple[str, bytes]]
    ) -> asyncio.Future[None]:
        self.calls.append((topic, key, value, dict(headers)["reason"]))
        return self._delivery(topic)

    def _delivery(self, topic: str) -> asyncio.Future[None]:
        delivery: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if topic in self.fails:
            delivery.set_exception(self.fails[topic])
        else:
            delivery.set_result(None)
        return delivery


@pytest.fixture
def producer() -> FakeProducer:
    return FakeProducer()


@pytest.fixture
async def writer(producer: FakeProducer, monkeypatch: pytest.MonkeyPatch) -> LedgerWriter:
    monkeypatch.setattr(
        LedgerWriter, "_new_producer", lambda _, name: producer if name == "app:3" else FakeProducer()
    )
    writer = LedgerWriter(
        WorkerConfig(clock=WORKER, kafka={}, app_id="app", topic_prefix="test-", write_timeout_seconds=0.2), 3
    )
    await writer.take_over()
    await writer.settle(VERSION)
    return writer


async def test_a_unit_of_work_is_one_transaction(writer: LedgerWriter, producer: FakeProducer) -> None:
    await writer.write(CHANGES, [LETTER])
    assert [
        "start",
        "begin",
        ("app-tickets", 3, CHANGES.tickets),
        ("app-view", 3, CHANGES.view),
        ("test-dead-letter", b"survey-2-17", b"{}", b"schema"),
        "commit",
    ] == producer.calls


async def test_large_change_sets_are_several_batches_and_the_position_is_in_the_last(
    writer: LedgerWriter, producer: FakeProducer
) -> None:
    rows: list[tuple[bytes, bytes | None]] = [(b"%d" % number, b"") for number in range(25)]
    await writer.write(Changes([], rows), [])
    assert [10, 10, 5] == [len(call[2]) for call in producer.calls if call[0] == "app-view"]
    assert rows == [row for call in producer.calls if call[0] == "app-view" for row in call[2]]
    assert 1 == producer.calls.count("commit")


async def test_a_failed_batch_is_not_committed(writer: LedgerWriter, producer: FakeProducer) -> None:
    """aiokafka itself would commit what is left of the transaction."""
    producer.fails["app-tickets"] = MessageSizeTooLargeError()
    with pytest.raises(WorkerError) as error:
        await writer.write(CHANGES, [])
    assert Exit.RETRY == error.value.code
    assert "commit" not in producer.calls


async def test_being_fenced_is_told_as_such(writer: LedgerWriter, producer: FakeProducer) -> None:
    producer.fails["app-view"] = ProducerFenced()
    with pytest.raises(
        WorkerError,
        match="the ledger of partition 3 was not written: fenced, another worker has taken it over",
    ) as error:
        await writer.write(CHANGES, [])
    assert Exit.RETRY == error.value.code


async def test_a_broker_that_does_not_answer_ends_the_wait(
    writer: LedgerWriter, producer: FakeProducer
) -> None:
    producer.hangs = True
    with pytest.raises(WorkerError, match="was not written in time: check the brokers") as error:
        await writer.write(CHANGES, [])
    assert Exit.RETRY == error.value.code


async def test_taking_over_again_makes_a_new_producer(writer: LedgerWriter, producer: FakeProducer) -> None:
    await writer.take_over()
    assert ["start", "stop", "start"] == producer.calls


async def test_closing_waits_for_a_take_over(writer: LedgerWriter, producer: FakeProducer) -> None:
    """aiokafka cannot stop a producer that is starting."""
    started = asyncio.Event()
    producer.start = started.wait  # type: ignore[method-assign, assignment]
    taking = asyncio.create_task(writer.take_over())
    await asyncio.sleep(0)
    closing = asyncio.create_task(writer.close())
    await asyncio.sleep(0)
    assert not closing.done()
    started.set()
    await asyncio.gather(taking, closing)
    assert "stop" == producer.calls[-1]


class Made(FakeProducer):
    """A producer with its options; the brokers may grant no right to its id."""

    def __init__(self, denied: Collection[str] = (), **options: Any) -> None:
        super().__init__()
        self.denied = denied
        self.options = options

    async def start(self) -> None:
        await super().start()
        if self.options["transactional_id"] in self.denied:
            raise TransactionalIdAuthorizationFailed(self.options["transactional_id"])


class TestTransactionalIds:
    """All workers must use the same one for a partition, or the broker could not fence."""

    @pytest.fixture
    def made(self, monkeypatch: pytest.MonkeyPatch) -> dict[str, Made]:
        """The producers by id; those of `denied` may not start."""
        made: dict[str, Made] = {}

        def make(**options: Any) -> Made:
            producer = made[options["transactional_id"]] = Made(self.denied, **options)
            return producer

        monkeypatch.setattr("agents.partitions.ledger_io.AIOKafkaProducer", make)
        self.denied: set[str] = set()
        return made

    def writer(self) -> LedgerWriter:
        return LedgerWriter(WorkerConfig(clock=WORKER, kafka={"bootstrap_servers": "b:1"}, app_id="app"), 3)

    @pytest.mark.parametrize(
        ("ledger_format", "writes", "rests"),
        [(5, "app-3", "app:3"), (6, "app:3", "app-3"), (7, "app:3", "app-3")],
    )
    async def test_both_are_taken_over_and_the_format_decides_which_one_writes(
        self, made: dict[str, Made], ledger_format: int, writes: str, rests: str
    ) -> None:
        writer = self.writer()
        await writer.take_over()
        assert {"app-3": ["start"], "app:3": ["start"]} == {
            name: producer.calls for name, producer in made.items()
        }
        assert ("all", 10_000) == (
            made[writes].options["acks"],
            made[writes].options["transaction_timeout_ms"],
        )
        await writer.settle(ledger_format)
        await writer.write(CHANGES, [])
        assert ["start", "stop"] == made[rests].calls
        assert "commit" in made[writes].calls

    @pytest.mark.parametrize(("denied", "ledger_format"), [("app-3", 6), ("app:3", 5)])
    async def test_an_id_without_a_right_to_it_is_nobody_s(
        self, made: dict[str, Made], denied: str, ledger_format: int
    ) -> None:
        self.denied.add(denied)
        writer = self.writer()
        await writer.take_over()
        await writer.settle(ledger_format)
        await writer.write(CHANGES, [])
        assert "begin" not in made[denied].calls

    @pytest.mark.parametrize(("denied", "ledger_format"), [("app-3", 5), ("app:3", 6)])
    async def test_without_a_right_to_the_one_that_is_needed_the_worker_says_so(
        self, made: dict[str, Made], denied: str, ledger_format: int
    ) -> None:
        self.denied.add(denied)
        writer = self.writer()
        await writer.take_over()
        with pytest.raises(
            WorkerError, match=f"no right to the transactional id {denied}, which a ledger of format"
        ) as error:
            await writer.settle(ledger_format)
        assert Exit.CONFIG == error.value.code
        assert denied in made

    def test_no_id_of_an_app_begins_as_those_of_another(self) -> None:
        """An app_id has letters, digits, dot, underscore and hyphen.

        `eu` and `eu-0`, `eu.1`, `eu_2` are possible beside each other.
        """
        apps = ("eu", "eu-0", "eu-0-0", "eu.1", "eu_2", "e")
        ids = {app: LedgerWriter(WorkerConfig(clock=WORKER, kafka={}, app_id=app), 0).ids[1] for app in apps}
        for app in apps:
            prefix = ids[app].removesuffix("0")
            assert [ids[app]] == [one for one in ids.values() if one.startswith(prefix)]


def test_headers_tell_where_a_dead_letter_came_from_and_whether_it_was_cut() -> None:
    assert [
        ("topic", b"survey"),
        ("partition", b"2"),
        ("offset", b"17"),
        ("reason", b"schema"),
        ("detail", b"no score"),
    ] == letter_headers(LETTER)
    assert ("bytes", b"1000000") in letter_headers(LETTER._replace(value=b"x" * 1_000_000))
