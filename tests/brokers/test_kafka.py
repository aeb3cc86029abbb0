"""Apache Kafka as a child process.

It starts, keeps data over crashes, replicates, and leaves nothing behind.
"""

import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from deskpulse.lab.brokers import Broker, BrokerError
from deskpulse.lab.brokers.kafka import LocalKafka
from deskpulse.lab.brokers.process import port_is_free, wait_until
from scripts.tidy import ROOT

pytestmark = pytest.mark.usefixtures("kafka_here")


OWNER = """
import signal
from deskpulse.lab.brokers.kafka import LocalKafka
kafka = LocalKafka(quick_start=True)
kafka.start()
print(*kafka.pids.values(), kafka._folder, flush=True)
signal.pause()
"""


def is_alive(pid: int) -> bool:
    """Whether a process exists; a zombie, ended but not yet reaped, does not count."""
    stat = Path(f"/proc/{pid}/stat")
    return stat.is_file() and stat.read_text().rpartition(")")[2].split()[0] != "Z"


def test_it_is_a_broker(kafka: LocalKafka) -> None:
    broker: Broker = kafka
    assert broker.name.startswith("kafka 4.")
    assert broker.bootstrap.startswith("127.0.0.1:")


async def test_it_serves_what_it_was_given(clients: Any) -> None:
    topic = await clients.topic("served")
    await (await clients.producer()).send_and_wait(topic, b"hello")
    assert [b"hello"] == await clients.read(topic)


def test_it_listens_on_loopback_only(kafka: LocalKafka) -> None:
    (pid,) = kafka.pids.values()
    links = [str(link.readlink()) for link in Path(f"/proc/{pid}/fd").iterdir()]
    inodes = {link[len("socket:[") : -1] for link in links if link.startswith("socket:[")}
    rows = [
        line.split()
        for name in ("tcp", "tcp6")
        for line in Path(f"/proc/{pid}/net/{name}").read_text().splitlines()[1:]
    ]
    listening = {row[1].rpartition(":")[0] for row in rows if row[3] == "0A" and row[9] in inodes}
    assert listening == {"0000000000000000FFFF00000100007F"}  # ::ffff:127.0.0.1


def test_it_leaves_neither_process_nor_data() -> None:
    with LocalKafka(quick_start=True) as kafka:
        (pid,), folder, port = kafka.pids.values(), kafka._folder, int(kafka.bootstrap.rpartition(":")[2])
        assert folder is not None
        assert is_alive(pid)
    assert not is_alive(pid)
    assert not folder.exists()
    assert port_is_free(port)
    kafka.stop()  # twice does no harm


@pytest.mark.slow
async def test_a_crash_loses_nothing_that_was_acknowledged(connect: Any) -> None:
    with LocalKafka(quick_start=True) as kafka:
        async with connect(kafka.bootstrap) as clients:
            topic = await clients.topic("kept")
            writer = await clients.producer(transactional_id="keeper")
            async with writer.transaction():
                await writer.send(topic, b"before the crash")
            await writer.begin_transaction()
            await writer.send_and_wait(topic, b"never committed")
            kafka.kill()
            assert kafka.pids == {}
            kafka.restart()
            # ends the open transaction of its predecessor
            after = await clients.producer(transactional_id="keeper")
            async with after.transaction():
                await after.send(topic, b"after the crash")
            assert [b"before the crash", b"after the crash"] == await clients.read(topic)


@pytest.mark.slow
async def test_three_brokers_go_on_without_one(connect: Any) -> None:
    with LocalKafka(brokers=3, heap_mb=320, quick_start=True) as kafka:
        async with connect(kafka.bootstrap, request_timeout_ms=20_000) as clients:
            topic = await clients.topic("replicated", partitions=3, copies=3)
            writer = await clients.producer(transactional_id="survivor")
            for partition in range(3):  # each has another leader
                async with writer.transaction():
                    await writer.send(topic, b"all", partition=partition)
            kafka.kill(2)
            for partition in range(3):
                async with writer.transaction():
                    await writer.send(topic, b"two", partition=partition)
            assert {1, 3} == set(kafka.pids)
            kafka.restart(2)
            assert {1, 2, 3} == set(kafka.pids)
            assert [[b"all", b"two"]] * 3 == [
                await clients.read(topic, partition=partition) for partition in range(3)
            ]


def test_it_dies_with_the_process_that_started_it() -> None:
    """Even when that process gets no chance to clean up.

    A killed benchmark must not leave a broker on the machine.
    """
    with subprocess.Popen(
        [sys.executable, "-c", OWNER], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as owner:
        assert owner.stdout is not None
        pid, folder = owner.stdout.readline().split()
        assert is_alive(int(pid))
        owner.send_signal(signal.SIGKILL)
    assert wait_until(lambda: not is_alive(int(pid)), timeout_seconds=10)
    assert wait_until(lambda: not Path(folder).exists(), timeout_seconds=10)


def test_a_bad_setting_is_named_in_the_error() -> None:
    kafka = LocalKafka(properties={"log.retention.ms": "soon"})
    with pytest.raises(
        BrokerError,
        match=r"(?s)refused its settings; check `properties`.*Invalid value soon for configuration "
        r"log.retention.ms",
    ):
        kafka.start()
    assert kafka._folder is None


def test_a_broker_that_dies_at_start_shows_the_end_of_its_log() -> None:
    kafka = LocalKafka(heap_mb=12)
    with pytest.raises(
        BrokerError, match=r"(?s)broker 1 on port \d+, ended with exit \d+; .*free memory.*OutOfMemoryError"
    ):
        kafka.start()
    assert kafka.pids == {}


def test_a_broker_that_takes_too_long_is_ended() -> None:
    kafka = LocalKafka(start_timeout_seconds=0.2)
    with pytest.raises(BrokerError, match=r"did not come up within 0.2 s"):
        kafka.start()
    assert kafka.pids == {}


def test_a_taken_port_is_named(kafka: LocalKafka) -> None:
    port = int(kafka.bootstrap.rpartition(":")[2])
    with pytest.raises(
        BrokerError,
        match=rf"port {port} is in use: stop the program that listens there, or choose another port",
    ):
        LocalKafka(port=port).start()


def test_use_before_start_and_twice(kafka: LocalKafka) -> None:
    with pytest.raises(BrokerError, match="has not been started"):
        _ = LocalKafka().bootstrap
    with pytest.raises(BrokerError, match="already running"):
        kafka.start()
    with pytest.raises(BrokerError, match="there is no broker 7: this Kafka has 1 to 1"):
        kafka.kill(7)
