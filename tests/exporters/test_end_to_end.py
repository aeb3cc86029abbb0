"""Ledger rows on a real broker become figures over HTTP: all that is committed, nothing else, soon."""

import asyncio
import contextlib
import logging
import signal
import sys
import time
from collections.abc import AsyncIterator

import pytest

from deskpulse.clocks import EXPORTER
from deskpulse.lab.brokers import Broker
from deskpulse.lab.brokers.kafka import LocalKafka
from deskpulse.lab.brokers.process import free_ports
from exporters.errors import ListenError, TopicsError, UnreachableError
from exporters.reading.keeper import ViewKeeper
from exporters.reading.reader import LedgerReader
from exporters.server import BROKER, OK, USAGE
from kpis.ledger import codec as rows_of_ledger
from kpis.ledger.codec import POSITION_KEY, Position
from tests.exporters.desk import RULES, Desk, a_morning, at
from tests.exporters.ledger import Ledger, exporter


@pytest.fixture
async def ledger(kafka_broker: Broker, topic_prefix: str) -> AsyncIterator[Ledger]:
    async with Ledger(kafka_broker.bootstrap, topic_prefix.rstrip("-")) as opened:
        yield opened


async def test_what_is_committed_is_shown_within_a_second_and_what_is_aborted_never(ledger: Ledger) -> None:
    await ledger.create_topics()
    desk = a_morning()
    await ledger.commit(desk.rows())
    async with exporter(ledger.config()) as face:
        assert 1 == await face.open_tickets()
        waits = []
        for number in range(3, 8):
            desk.created(f"T{number}", "11:00")
            await ledger.commit(desk.rows())
            committed_at = time.monotonic()
            await face.until_open(number - 1)
            waits.append(time.monotonic() - committed_at)
        assert min(waits) < 1  # the machine may be busy with something else now and then
        lost = Desk(1)
        lost.created("never", "11:00")
        await ledger.abort(lost.rows(), partition=1)
        desk.created("T8", "11:00")
        await ledger.commit(desk.rows())
        await face.until_open(7)
        assert 7 == await face.open_tickets()
        assert 'deskpulse_exporter_up{desk="deskpulse"} 1.0' in await face.metrics()


async def test_rows_of_an_open_transaction_wait_and_a_hanging_one_is_told(ledger: Ledger) -> None:
    await ledger.create_topics()
    desk = a_morning()
    await ledger.commit(desk.rows())
    async with exporter(ledger.config(stuck_seconds=0.2)) as face:
        desk.created("T3", "11:00")
        worker = await ledger.begin(desk.rows())
        (reason,) = await face.until_ready(ready=False)
        assert "partition 0: an open transaction has held" in reason
        assert 1 == await face.open_tickets()
        await worker.commit_transaction()
        await face.until_open(2)
        await face.until_ready()


async def test_partitions_are_read_from_the_start_and_merged(ledger: Ledger) -> None:
    await ledger.create_topics()
    for number in (0, 1):
        desk = a_morning(number)
        await ledger.commit(desk.rows(), number)
        for ticket in range(5):
            desk.created(f"more {ticket}", f"10:5{ticket}")
            await ledger.commit(desk.rows(), number)
    async with exporter(ledger.config()) as face:
        assert 12 == await face.open_tickets()
        text = await face.metrics()
        assert 'deskpulse_transactions_total{desk="deskpulse",partition="1"} 6.0' in text
        assert 'deskpulse_view_complete{desk="deskpulse"} 1.0' in text


async def test_lag_of_the_workers_is_seen(ledger: Ledger) -> None:
    """Nobody wrote to the source topics here, while the ledger says that two creations were applied."""
    await ledger.create_topics()
    await ledger.commit(a_morning().rows())
    async with exporter(ledger.config()) as face, asyncio.timeout(30):
        topic = 'desk="deskpulse",partition="0",topic="ticket-created"'
        while f"deskpulse_source_end_offset{{{topic}}} 0.0" not in (text := await face.metrics()):
            pass
        assert f"deskpulse_source_position_offset{{{topic}}} 2.0" in text
        assert f"deskpulse_source_lag_records{{{topic}}} 0.0" in text


async def test_the_event_clock_shows_history_as_it_was(ledger: Ledger) -> None:
    await ledger.create_topics()
    async with exporter(ledger.config(clock="event")) as face:
        assert (await face.kpis())["as_of"] is None  # no event yet
        await ledger.commit(a_morning().rows())
        await face.until_open(1)
        assert "2026-03-02T10:42:00.000Z" == (await face.kpis())["as_of"]


async def test_a_ledger_without_topics_names_the_command_that_makes_them(ledger: Ledger) -> None:
    with pytest.raises(
        TopicsError, match=rf"no topic .*{ledger.app_id}-view.*: create the topics with `deskpulse topics`"
    ):
        async with exporter(ledger.config()):
            pass


async def test_partition_counts_that_differ_are_refused(ledger: Ledger) -> None:
    await ledger.create_topics(2, **{f"{ledger.app_id}survey": 3})
    with pytest.raises(TopicsError, match=rf"{ledger.app_id}survey 3: .*`deskpulse topics --dry-run`"):
        async with exporter(ledger.config()):
            pass


async def test_a_ledger_of_another_partition_count_is_refused(ledger: Ledger) -> None:
    """All topics were given more partitions, but the ledger was begun with four.

    Tickets would be looked for in the wrong place.
    """
    await ledger.create_topics(2)
    await ledger.commit([(POSITION_KEY, rows_of_ledger.encode_value(Position(partitions=4, transaction=1)))])
    keeper = ViewKeeper(RULES, elapsed=EXPORTER.elapsed, now_ms=lambda: at("12:00"))
    reader = LedgerReader(ledger.config(), keeper)
    running = asyncio.create_task(reader.run())
    async with asyncio.timeout(30):
        while "created with 4 partitions, but its topic has 2: choose another app_id" not in " ".join(
            reader.status().reasons
        ):
            await keeper.view()
    assert not reader.status().ready
    await ended(running)


async def ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


class Later:
    """A clock that a test sets forward."""

    ahead_seconds = 0.0

    def __call__(self) -> float:
        return EXPORTER.elapsed() + self.ahead_seconds


async def test_after_a_long_stall_the_ledger_is_read_again(
    ledger: Ledger, caplog: pytest.LogCaptureFixture
) -> None:
    """Its row may have been deleted and the deletion forgotten.

    Going on from the old place would show it for ever.
    """
    await ledger.create_topics(1)
    desk, clock = a_morning(), Later()
    await ledger.commit(desk.rows())
    keeper = ViewKeeper(RULES, elapsed=EXPORTER.elapsed, now_ms=lambda: at("12:00"), build_every_seconds=0)
    reader = LedgerReader(ledger.config(time=EXPORTER._replace(elapsed=clock)), keeper)
    running = asyncio.create_task(reader.run())
    await reader.first_ready()
    await ended(running)
    desk.created("T3", "11:00")
    await ledger.commit(desk.rows())
    clock.ahead_seconds = 13 * 3600
    with caplog.at_level(logging.WARNING):
        running = asyncio.create_task(reader.run())
        async with asyncio.timeout(30):
            while (
                (view := await keeper.view()) is None or view.live[0].value != 2 or not reader.status().ready
            ):
                pass
    assert "from its start: it was unread for too long" in caplog.text
    await ended(running)


async def test_when_kafka_was_last_heard_of_is_told_by_the_machines_clock_whose_skew_is_known(
    ledger: Ledger,
) -> None:
    """Rules hold that instant against Prometheus's clock.

    The figures may be as of another one, such as a replay's.
    """
    await ledger.create_topics(1)
    desk = a_morning()
    await ledger.commit(desk.rows())
    keeper = ViewKeeper(RULES, elapsed=EXPORTER.elapsed, now_ms=lambda: at("12:00"), build_every_seconds=0)
    reader = LedgerReader(ledger.config(), keeper)
    before_ms = EXPORTER.now_ms()
    running = asyncio.create_task(reader.run())
    await reader.first_ready()
    status = reader.status()
    assert status.silent_seconds is not None
    assert status.read_at_ms is not None
    assert before_ms - 1 <= status.read_at_ms <= EXPORTER.now_ms()
    desk.created("T3", "11:00")
    await ledger.commit(desk.rows())  # the broker stamps it by the clock of the same machine
    async with asyncio.timeout(30):
        while (view := await keeper.view()) is None or view.live[0].value != 2:
            pass
    skew = reader.status().skew_seconds
    assert skew is not None
    assert abs(skew) < 1
    await ended(running)


async def test_a_short_pause_goes_on_from_where_it_was(
    ledger: Ledger, caplog: pytest.LogCaptureFixture
) -> None:
    await ledger.create_topics(1)
    desk = a_morning()
    await ledger.commit(desk.rows())
    keeper = ViewKeeper(RULES, elapsed=EXPORTER.elapsed, now_ms=lambda: at("12:00"), build_every_seconds=0)
    reader = LedgerReader(ledger.config(), keeper)
    running = asyncio.create_task(reader.run())
    await reader.first_ready()
    await ended(running)
    desk.created("T3", "11:00")
    await ledger.commit(desk.rows())
    running = asyncio.create_task(reader.run())
    async with asyncio.timeout(30):
        while (view := await keeper.view()) is None or view.live[0].value != 2:
            assert reader.status().ready  # all the time: what was read stays
    assert "from its start" not in caplog.text
    await ended(running)


async def test_a_ledger_that_went_back_is_read_again(
    ledger: Ledger, caplog: pytest.LogCaptureFixture
) -> None:
    """The topic was made anew while nobody looked: its transactions count from 1."""
    await ledger.create_topics(1)
    desk = a_morning()
    await ledger.commit(desk.rows())
    desk.created("T3", "11:00")
    await ledger.commit(desk.rows())
    async with exporter(ledger.config()) as face:
        with caplog.at_level(logging.WARNING):
            await ledger.commit(Desk().rows())
            async with asyncio.timeout(30):
                while "transaction number went back" not in caplog.text:
                    await face.ready()
        await face.until_ready()
        assert 'deskpulse_transactions_total{desk="deskpulse",partition="0"} 1.0' in await face.metrics()


async def test_a_port_that_is_taken_is_told(ledger: Ledger) -> None:
    await ledger.create_topics(1)
    async with exporter(ledger.config()) as face:
        port = int(face.url.rpartition(":")[2])
        with pytest.raises(
            ListenError, match=f"cannot listen on 127.0.0.1 port {port}: .* DESKPULSE_EXPORTER__PORT"
        ):
            async with exporter(ledger.config_at(port)):
                pass


async def test_without_a_broker_it_ends_with_a_message() -> None:
    nobody = Ledger(f"127.0.0.1:{free_ports(1)[0]}", "desk")
    with pytest.raises(
        UnreachableError,
        match=r"bootstrap_servers \(127\.0\.0\.1:\d+\) could be reached: .* start the broker",
    ):
        async with exporter(nobody.config(start_timeout_seconds=0.3)):
            pass


@pytest.mark.slow
async def test_a_broker_that_goes_away_ends_nothing(kafka_here: None) -> None:
    """The figures stay, their age is told, and what is committed later is shown."""
    with LocalKafka(quick_start=True) as broker:
        async with Ledger(broker.bootstrap, "desk") as ledger:
            await ledger.create_topics(1)
            desk = a_morning()
            await ledger.commit(desk.rows())
            settings = ledger.config(silent_seconds=0.7, reconnect_seconds=1.5)
            async with exporter(settings) as face:
                broker.kill()
                reasons = await face.until_ready(ready=False)
                assert "Kafka has not answered for" in reasons[-1]
                assert 1 == await face.open_tickets()
                async with asyncio.timeout(30):
                    while "does not listen" not in " ".join((await face.ready())[1]):
                        pass
                await asyncio.to_thread(broker.restart)
                await face.until_ready()
                desk.created("T3", "11:00")
                await ledger.commit(desk.rows())
                await face.until_open(2)
                assert 'deskpulse_ledger_connections_total{desk="deskpulse"} 1.0' not in await face.metrics()


PROGRAM = """
import logging, sys
from deskpulse.clocks import EXPORTER
from exporters.config import ExporterConfig
from exporters.server import run
from tests.exporters.desk import RULES
logging.basicConfig(level=logging.INFO)
bootstrap, app_id, port = sys.argv[1:]
config = ExporterConfig(
    time=EXPORTER,
    kafka={"bootstrap_servers": bootstrap}, view_rules=RULES, app_id=app_id, topic_prefix=app_id,
    port=int(port), start_timeout_seconds=1
)
sys.exit(run(config))
"""


async def a_process(bootstrap: str, app_id: str, port: int = 0) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-c", PROGRAM, bootstrap, app_id, str(port), stderr=asyncio.subprocess.PIPE
    )


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_ends_the_process_in_good_order(ledger: Ledger, number: signal.Signals) -> None:
    await ledger.create_topics(1)
    process = await a_process(ledger.bootstrap, ledger.app_id)
    assert process.stderr is not None
    while b"figures on http://" not in await process.stderr.readline():
        pass
    process.send_signal(number)
    said = await process.stderr.read()
    assert OK == await process.wait()
    assert b"Traceback" not in said


async def test_exit_codes_tell_the_cause(ledger: Ledger) -> None:
    await ledger.create_topics(1)
    async with exporter(ledger.config()) as face:
        taken = int(face.url.rpartition(":")[2])
        expected = [
            ((f"127.0.0.1:{free_ports(1)[0]}", "desk", 0), BROKER, b"start the broker"),
            ((ledger.bootstrap, "no-such-desk", 0), BROKER, b"deskpulse topics"),
            ((ledger.bootstrap, ledger.app_id, taken), USAGE, b"cannot listen"),
        ]
        processes = [await a_process(*arguments) for arguments, _, _ in expected]
        said = [(await process.communicate())[1] for process in processes]
    assert [(code, True) for _, code, _ in expected] == [
        (process.returncode, word in text)
        for process, text, (_, _, word) in zip(processes, said, expected, strict=True)
    ], said
