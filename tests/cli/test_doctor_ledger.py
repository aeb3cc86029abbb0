"""`deskpulse doctor` on the ledger: its format, and what an upgrade or a way back still needs."""

from __future__ import annotations

import asyncio

import pytest
from aiokafka import AIOKafkaProducer

from deskpulse.doctor.finding import Finding
from deskpulse.doctor.ledger import examine_ledger
from deskpulse.settings import Settings
from kpis import ledger
from kpis.ledger import POSITION_KEY, VERSION, Position, encode_position
from streams.topics import ledger_topics
from tests.cli.harness import Run
from tests.next_version import NEXT, next_encode_position

PANE = (b"pane", b"\x01\x80")


def finding(*formats: int | None, wanted: int | None = None) -> Finding | None:
    """About a ledger whose partitions have these formats; None: nobody has written to it."""
    settings = Settings(worker={"ledger_format": wanted})
    rows = {
        number: [] if format_ is None else [PANE, (POSITION_KEY, encode_position(Position(format=format_))), PANE]
        for number, format_ in enumerate(formats)
    }
    return next(examine_ledger(settings, rows), None)


def told(found: Finding | None) -> tuple[str, str, str]:
    assert found is not None
    return found.verdict, found.found, found.fix


def test_a_ledger_without_rows_is_no_finding() -> None:
    assert finding(None, None) is None


def test_the_newest_format_is_ok() -> None:
    assert "OK" == told(finding(VERSION, None, VERSION))[0]


def test_an_older_format_warns_with_the_step_that_is_left() -> None:
    verdict, found, fix = told(finding(1, 1))
    assert ("WARN", f"format 1, and this program writes up to {VERSION}: it can be taken back still") == (verdict, found)
    assert f"set worker.ledger_format: {VERSION}" in fix


def test_partitions_that_are_not_raised_yet_are_named() -> None:
    verdict, found, _ = told(finding(1, VERSION, wanted=VERSION))
    assert ("WARN", f"being raised: partition 0 has 1, partition 1 has {VERSION}") == (verdict, found)


def test_a_setting_below_the_format_fails() -> None:
    verdict, _, fix = told(finding(VERSION, wanted=1))
    assert ("FAIL", "leave worker.ledger_format out: a format is not lowered") == (verdict, fix)


def test_a_ledger_of_a_newer_program_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = {0: [(POSITION_KEY, next_encode_position(Position(format=NEXT)))]}
    verdict, found, _ = told(next(examine_ledger(Settings(), rows), None))
    assert "FAIL" == verdict
    assert f"a ledger row has version {NEXT}" in found
    raised = {0: [(POSITION_KEY, encode_position(Position(format=NEXT)))]}
    assert ("FAIL", f"raised to format {NEXT}, and this program writes up to {ledger.VERSION}") == told(
        next(examine_ledger(Settings(), raised), None)
    )[:2]


@pytest.mark.kafka
def test_the_round_finds_the_position_rows(run: Run, on_kafka: Settings) -> None:
    run("topics")
    view = ledger_topics(on_kafka.app_id).view

    async def write() -> None:
        async with AIOKafkaProducer(**on_kafka.kafka.client_options()) as producer:
            for number in range(100):
                await producer.send(view, key=b"row %d" % number, value=PANE[1], partition=1)
            await producer.send_and_wait(view, key=POSITION_KEY, value=encode_position(Position()), partition=1)

    asyncio.run(write())
    assert f"WARN  ledger: format 1, and this program writes up to {VERSION}" in run("doctor").out
