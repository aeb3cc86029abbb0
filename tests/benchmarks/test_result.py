"""From what was measured to the table and the last line.

Guards keep a result from meaning nothing.
"""

from __future__ import annotations

import io
import json
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from rich.console import Console

from agents.config import WorkerConfig
from agents.fetching import consumer
from deskpulse import exits
from deskpulse.clocks import WORKER
from kpis.ledger.codec import Position
from proofs.benchmarks import __main__ as command
from proofs.benchmarks import contest, ledger, report
from proofs.benchmarks.children import Meter
from proofs.benchmarks.contest import Turn, WorkerTurn
from proofs.benchmarks.errors import BenchError
from proofs.benchmarks.limit import fetch_options
from proofs.benchmarks.load import partition_of


def worker_turn(rate: float | None, **more: Any) -> WorkerTurn:
    known = {
        "rejected": 0,
        "transactions": 40,
        "ledger_rows": 2_000,
        "ledger_bytes": 90_000,
        "peak_rss_bytes": None,
    }
    return WorkerTurn(1_000, rate, 3.0, **(known | more))


def one_round(limit: float, worker: float | None, faust: float) -> report.Round:
    return report.Round(Turn(1_000, limit, 1.0), worker_turn(worker), Turn(100, faust, 1.0))


# Of limit: 0.25, 0.30, 0.40. Times Faust: 20, 30, 25.
ROUNDS = [
    one_round(400_000, 100_000, 5_000),
    one_round(200_000, 60_000, 2_000),
    one_round(250_000, 100_000, 4_000),
]


def test_the_last_line_has_the_medians_of_the_ratios_of_each_round() -> None:
    assert "deskpulse: 0.30 of limit, 25.0 x faust" == report.last_line(ROUNDS)


def test_the_table_has_every_round_the_medians_and_the_spread() -> None:
    out = io.StringIO()
    Console(file=out, width=200).print(report.table(ROUNDS, "title"))
    rows = {
        cells[0]: cells[1:]
        for line in out.getvalue().splitlines()
        if len(cells := re.findall(r"[^\s│]+(?: [^\s│]+)*", line)) > 5
    }
    assert ["200,000", "60,000", "2,000", "0.30", "30.0"] == rows["2"][:5]
    assert ["250,000", "100,000", "4,000", "0.30", "25.0"] == rows["median"][:5]
    assert ["200,000..400,000", "60,000..100,000", "2,000..5,000", "0.25..0.40", "20.0..30.0"] == rows[
        "min..max"
    ][:5]


def test_the_file_has_the_same(tmp_path: Path) -> None:
    report.save(tmp_path / "new" / "result.json", ROUNDS, seed=5)
    saved = json.loads((tmp_path / "new" / "result.json").read_text())
    assert (5, 0.3, 25.0) == (saved["seed"], saved["of_limit"], saved["times_faust"])
    assert 60_000 == saved["rounds"][1]["worker"]["rate"]


def test_too_few_events_are_an_error_and_no_ratio() -> None:
    with pytest.raises(BenchError, match="--events"):
        report.last_line([one_round(400_000, None, 5_000)])


def test_a_ledger_without_every_event_once_is_an_error() -> None:
    position = Position(
        offsets={"survey": 9, "resolved": 4}, counters={"accepted": 14, "rejected:key": 1}, transaction=2
    )
    contents = ledger.Contents(rows=3, bytes=30, positions={0: [(1, Position()), (8, position)]})
    assert {"rejected": 1, "transactions": 2, "ledger_rows": 3, "ledger_bytes": 30} == contest.judge(
        contents, 15
    )
    with pytest.raises(BenchError, match="not exactly once"):
        contest.judge(contents, 16)


def test_an_event_counts_when_readers_of_committed_records_see_its_position() -> None:
    """A position row at offset 8 is seen when the committed log ends at 9."""
    early, late = Position(offsets={"survey": 1}), Position(offsets={"survey": 4})
    contents = ledger.Contents(positions={0: [(3, early), (8, late)], 1: [(5, early)]})
    samples = [
        ledger.Sample(1.0, (0, 0)),
        ledger.Sample(2.0, (8, 0)),
        ledger.Sample(3.0, (9, 0)),
        ledger.Sample(4.0, (10, 7)),
    ]
    assert [0, 2, 5, 7] == [moment.applied for moment in ledger.curve(samples, contents)]
    assert 4.0 == ledger.finished(ledger.curve(samples, contents), 7)
    assert ledger.finished(ledger.curve(samples, contents), 8) is None


def test_a_meter_that_was_not_begun_leaves_out_the_first_batch() -> None:
    """300 events in 2 s after a first batch of 500."""
    times = iter([10.0, 11.0, 12.0])
    meter = Meter(lambda: next(times))
    for events in (500, 0, 100, 200):
        meter.add(events)
    assert (800, 150.0) == (meter.count, meter.rate())


def test_the_meter_counts_from_its_beginning() -> None:
    """800 events in 4 s."""
    times = iter([10.0, 12.0, 14.0])
    meter = Meter(lambda: next(times))
    meter.begin()
    for events in (500, 300):
        meter.add(events)
    assert 200.0 == meter.rate()


def test_the_meter_knows_no_rate_of_a_single_batch() -> None:
    meter = Meter(lambda: 1.0)
    meter.add(500)
    assert meter.rate() is None


def test_the_limit_fetches_as_the_worker_does(monkeypatch: pytest.MonkeyPatch) -> None:
    """Further options of the worker's consumer are about the group and the pace.

    A consumer that is behind keeps no pace.
    """
    told: dict[str, Any] = {}
    monkeypatch.setattr(consumer, "PacedConsumer", lambda **options: told.update(options))
    config = WorkerConfig(clock=WORKER, kafka={"bootstrap_servers": "127.0.0.1:1"})
    conf = SimpleNamespace(
        id="g", broker_client_id="c", broker_request_timeout=1, broker_session_timeout=1,
        broker_rebalance_timeout=1, broker_heartbeat_interval=1, broker_max_poll_interval=1,
    )  # fmt: skip
    thread = SimpleNamespace(app=SimpleNamespace(conf=conf, assignor=None))
    transport = SimpleNamespace(position_source=SimpleNamespace(config=config))
    consumer.LedgerConsumerThread._create_worker_consumer(thread, transport)  # type: ignore[arg-type]
    group = {
        "bootstrap_servers",
        "client_id",
        "group_id",
        "partition_assignment_strategy",
        "request_timeout_ms",
        "session_timeout_ms",
    }
    group |= {
        "rebalance_timeout_ms",
        "heartbeat_interval_ms",
        "max_poll_interval_ms",
        "pace_seconds",
        "elapsed",
    }
    assert fetch_options(config) == {name: told[name] for name in told.keys() - group}


@pytest.mark.parametrize(
    ("key", "murmur2"), [(b"21", -973_932_308), (b"foobar", -790_332_482), (b"abc", 479_470_107)]
)
def test_keys_go_where_java_sends_them(key: bytes, murmur2: int) -> None:
    """Hashes from the tests of Kafka's own Utils.murmur2.

    The sign bit is dropped, then modulo 4 partitions.
    """
    assert (murmur2 & 0x7FFF_FFFF) % 4 == partition_of(key)


def test_a_broker_that_is_not_there_is_an_error_that_names_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert exits.BROKER == command.main(["--quick", "--broker", "127.0.0.1:1"])
    assert "127.0.0.1:1" in capsys.readouterr().err


@pytest.mark.parametrize("count", ["0", "-1", "many"])
def test_a_count_that_is_none_is_refused(count: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        command.main(["--events", count])
    assert "--events" in capsys.readouterr().err
