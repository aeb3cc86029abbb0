"""`deskpulse simulate` and `deskpulse replay`."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer

from deskpulse import exits
from deskpulse.ingest.event_files import InputError, read_timed_events
from deskpulse.settings import Settings
from streams.topics import SOURCE_TOPICS
from tests.cli.harness import Run

MAPPING = """\
description: two tickets
source: {format: csv}
zone: UTC
times:
  asked: {column: when, format: "%Y-%m-%d %H:%M:%S"}
events:
  - topic: first-reply
    fields:
      event_id: {template: "reply-{id}"}
      occurred_at: {time: asked}
      ticket_id: {column: id}
"""
WEEK = ["--for", "7d", "--start", "2026-03-02T00:00:00Z", "--rate", "5", "--seed", "7"]


def line(topic: str, at: int | str, **fields: str) -> str:
    return json.dumps({"topic": topic, "event_id": f"e{at}", "occurred_at": at, **fields})


def records(settings: Settings, count: int) -> list[tuple[str, bytes | None, dict[str, object], int]]:
    """So many records of the source topics: (topic without prefix, key, event, offset)."""

    async def read() -> list[tuple[str, bytes | None, dict[str, object], int]]:
        topics = [settings.topic_prefix + topic for topic in SOURCE_TOPICS]
        async with AIOKafkaConsumer(
            *topics, auto_offset_reset="earliest", **settings.kafka.client_options()
        ) as consumer:
            found = [await asyncio.wait_for(consumer.getone(), 20) for _ in range(count)]
        return [
            (r.topic.removeprefix(settings.topic_prefix), r.key, json.loads(r.value), r.offset) for r in found
        ]

    return asyncio.run(read())


def test_the_same_arguments_write_the_same_file(run: Run, tmp_path: Path) -> None:
    first, second, other = tmp_path / "1.jsonl", tmp_path / "2.jsonl", tmp_path / "3.jsonl"
    answer = run("simulate", *WEEK, "--out", first)
    assert answer.code == exits.OK
    assert answer.out == f"{len(first.read_bytes().splitlines())} events written to {first}\n"
    run("simulate", *WEEK, "--out", second)
    run("simulate", *WEEK[:-1], "8", "--out", other)
    assert first.read_bytes() == second.read_bytes() != other.read_bytes()


def test_a_file_without_a_start_ends_now(run: Run, tmp_path: Path) -> None:
    assert run("simulate", "--for", "2h", "--out", tmp_path / "x.jsonl").code == exits.OK


def test_simulate_needs_topics_and_says_how_to_get_them(run: Run, on_kafka: Settings) -> None:
    answer = run("simulate", "--for", "1h", "--speed", "max")
    assert answer.code == exits.BROKER
    assert "fix: create the topics with `deskpulse topics`" in answer.err


def test_simulated_events_reach_kafka_with_their_keys(run: Run, on_kafka: Settings, tmp_path: Path) -> None:
    run("topics")
    answer = run("simulate", *WEEK, "--speed", "max")
    assert answer.code == exits.OK, answer.err
    run("simulate", *WEEK, "--out", tmp_path / "same.jsonl")
    expected = [
        json.loads(text) for text in (tmp_path / "same.jsonl").read_text(encoding="utf-8").splitlines()
    ]
    found = records(on_kafka, len(expected))
    assert sorted(str(event["event_id"]) for event in expected) == sorted(
        str(event["event_id"]) for _, _, event, _ in found
    )
    for topic, key, event, _ in found:
        identifier = {"customer": "customer_id", "presence": "team"}.get(topic, "ticket_id")
        if topic == "survey" and "ticket_id" not in event:
            identifier = "customer_id"
        assert key == str(event[identifier]).encode()


def test_replay_sends_in_the_order_of_event_times(
    run: Run, on_kafka: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DESKPULSE_TOPICS__PARTITIONS", "1")
    run("topics")
    path = tmp_path / "events.jsonl"
    late, early, text = 1_272_672_060_000, 1_272_672_000_000, "2010-05-01T02:00:30+02:00"
    path.write_text(
        "\n".join(line("first-reply", at, ticket_id="t") for at in (late, early, text)), encoding="utf-8"
    )
    answer = run("replay", path)
    assert (answer.code, answer.out) == (exits.OK, "3 events sent\n")
    assert [
        event["occurred_at"] for _, _, event, _ in sorted(records(on_kafka, 3), key=lambda record: record[3])
    ] == [early, text, late]


def test_replay_maps_a_file_of_another_form(run: Run, on_kafka: Settings, tmp_path: Path) -> None:
    run("topics")
    csv = tmp_path / "log.csv"
    csv.write_text("id,when\nA,2010-05-01 00:00:00\nB,soon\n", encoding="utf-8")
    mapping = tmp_path / "mapping.yaml"
    mapping.write_text(MAPPING, encoding="utf-8")
    answer = run("replay", csv, "--mapping", mapping)
    assert (answer.code, answer.out) == (exits.OK, "1 events sent\n")
    assert "1 dirty rows" in answer.err


def test_dirty_lines_are_told_and_stop_nothing(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    lines = [
        line("first-reply", 1_272_672_000_000, ticket_id="t"),
        "not json",
        line("refund", 1_272_672_000_000, ticket_id="t"),
        line("first-reply", 1_272_672_000_000),
        line("first-reply", "soon", ticket_id="t"),
    ]
    path.write_text("\n".join(lines), encoding="utf-8")
    events, complaints = read_timed_events(path)
    assert len(events) == 1
    assert complaints[0] == "2 lines are not events and were left out, such as:"
    assert complaints[-1].startswith("2 events without a readable occurred_at")


def test_a_file_without_events_is_code_1(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "empty.jsonl"
    path.touch()
    assert run("replay", path).code == exits.DIFFERENCE


def test_a_mapping_that_cannot_be_used_is_code_2(run: Run, tmp_path: Path) -> None:
    mapping, file = tmp_path / "mapping.yaml", tmp_path / "log.csv"
    mapping.write_text("nonsense: 1\n", encoding="utf-8")
    file.write_text("a\n", encoding="utf-8")
    assert run("replay", file, "-m", mapping).code == exits.USAGE
    with pytest.raises(InputError):
        read_timed_events(file, mapping)


@pytest.mark.parametrize(("words", "expected"), [([], exits.OK), (["--for", "1h"], exits.INTERRUPTED)])
def test_ctrl_c_is_the_way_to_end_an_endless_simulation(
    words: list[str], expected: int, on_kafka: Settings, run: Run
) -> None:
    run("topics")
    process = subprocess.Popen([sys.executable, "-m", "deskpulse", "simulate", *words], env=os.environ)
    try:
        assert records(on_kafka, 1)  # the existing customers come at once
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == expected
    finally:
        process.kill()
