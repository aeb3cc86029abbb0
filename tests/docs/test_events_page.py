"""docs/events.md: its examples are events, and its tables are the contract.

Its commands do what the page says, on real brokers.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer

from agents.config import WorkerConfig
from agents.partitions.ledger_io import letter_headers
from deskpulse.clocks import WORKER
from exporters.metrics.program_families import REASONS
from kpis.ledger.codec import OWN_IDS_FORMAT
from kpis.state.partition import PartitionState
from kpis.state.records import DeadLetter
from kpis.state.rules import StateRules
from scripts import schemas
from scripts.tidy import ROOT
from streams.decode import MAX_BYTES, Reject, decoder
from streams.sources import BY_TOPIC
from streams.topics import SOURCE_TOPICS
from tests.agents.harness import Desk
from tests.cli.harness import run_command
from tests.docs import pages
from tests.docs.desks import DAY_MS, NOON_MS, SourceRecord

PAGE = "docs/events.md"
TEXT = pages.text(PAGE)
BOOTSTRAP = "127.0.0.1:9092"
MAY_STAY_EMPTY = {"ticket-changed", "customer", "presence"}
needs_kcat = pytest.mark.skipif(shutil.which("kcat") is None, reason="no kcat: apt-get install kcat")


def chapter(topic: str) -> str:
    """What stands under the heading of a topic."""
    return TEXT.split(f"\n### `{topic}`\n")[1].split("\n## ")[0].split("\n### ")[0]


def examples(topic: str) -> list[str]:
    """The events in the chapter of a topic, one a line."""
    found = re.findall(r"^```json\n(.*?)^```$", chapter(topic), re.MULTILINE | re.DOTALL)
    return [line for block in found for line in block.splitlines()]


def shell(containing: str) -> str:
    """The one shell block with a text in it."""
    (found,) = [block for block in pages.blocks(PAGE, "sh") if containing in block]
    return found


def python(containing: str) -> str:
    (found,) = [block for block in pages.blocks(PAGE, "python") if containing in block]
    return found


def at_broker(code: str, bootstrap: str, prefix: str) -> str:
    """The code of the page, for this broker and with topics of its own."""
    assert BOOTSTRAP in code
    topics = "|".join((*SOURCE_TOPICS, "dead-letter"))
    return re.sub(
        rf'(-t |send_and_wait\("|^\s+")({topics})\b',
        rf"\g<1>{prefix}\2",
        code.replace(BOOTSTRAP, bootstrap),
        flags=re.MULTILINE,
    )


def run(command: list[str], folder: Path, typed: str | None = None) -> str:
    ended = subprocess.run(
        command, cwd=folder, input=typed, capture_output=True, text=True, check=False, timeout=60
    )
    assert 0 == ended.returncode, ended.stdout + ended.stderr
    return ended.stdout


class TestTheContract:
    def test_the_topics_are_those_of_the_program(self) -> None:
        rows = {cells[0].strip("`"): cells for cells in pages.table(pages.sections(PAGE)["Topics"])}
        assert set(SOURCE_TOPICS) == set(rows)
        assert MAY_STAY_EMPTY == {topic for topic, cells in rows.items() if cells[3] == "yes"}
        for topic, cells in rows.items():
            assert cells[1].replace("`", "") == ", else ".join(BY_TOPIC[topic].key)

    @pytest.mark.parametrize("topic", SOURCE_TOPICS)
    def test_the_fields_are_those_of_the_schema(self, topic: str) -> None:
        kinds = list(schemas.schema(topic).get("$defs", {None: schemas.schema(topic)}).values())
        required = set.intersection(*(set(kind["required"]) for kind in kinds))
        rows = {cells[0].strip("`"): cells for cells in pages.table(chapter(topic))}
        assert {name for kind in kinds for name in kind["properties"]} == set(rows)
        assert required == {name for name, cells in rows.items() if cells[2] == "yes"}

    @pytest.mark.parametrize("topic", ["ticket-changed", "customer", "survey"])
    def test_the_kinds_are_those_of_the_schema(self, topic: str) -> None:
        made = schemas.schema(topic)
        field = {"ticket-changed": "change", "customer": "status", "survey": "kind"}[topic]
        kinds = {
            word
            for kind in made.get("$defs", {"": made}).values()
            for word in kind["properties"][field]["enum"]
        }
        assert kinds <= set(re.findall(r"`([a-z_]+)`", chapter(topic)))

    def test_every_kind_of_event_has_an_example(self) -> None:
        for topic, source in BY_TOPIC.items():
            found = {type(decoder(topic)(raw.encode())) for raw in examples(topic)}
            assert set(source.kinds) == found, topic

    @pytest.mark.parametrize("topic", SOURCE_TOPICS)
    def test_the_examples_are_events(self, topic: str) -> None:
        assert examples(topic)
        for raw in examples(topic):
            assert not isinstance(decoder(topic)(raw.encode()), Reject), raw

    def test_the_size_is_the_decoders(self) -> None:
        assert f"at most {MAX_BYTES // 1024} KiB" in TEXT
        assert f"more than {MAX_BYTES:,} bytes" in TEXT


# A record for each reason, told by its value, key and age. `null` and `oversize` are made in the test.
BAD: dict[str, tuple[dict[str, Any] | str, str, int]] = {
    "syntax": ("\x00\x00\x00\x00\x01not json", "T-1", 0),
    "schema": ({"ticket_id": None}, "T-1", 0),
    "kind": ({"change": "closed"}, "T-1", 0),
    "time": ({"occurred_at": "2026-03-04T09:05:12"}, "T-1", 0),
    "name": ({"event_id": "e\u202e"}, "T-1", 0),
    "key": ({}, '"T-1"', 0),
    "future": ({"occurred_at": NOON_MS + 301_000}, "T-1", 0),
    "too_late": ({"occurred_at": NOON_MS - 62 * DAY_MS}, "T-1", 0),
    "format": ({"change": "customer_replied"}, "T-1", 0),  # to a ledger of format 6
}


class TestRefusedRecords:
    def test_the_table_has_every_reason(self) -> None:
        rows = [cells[0].strip("`") for cells in pages.table(pages.sections(PAGE)["Refused records"])]
        assert [*sorted(REASONS), "skipped"] == [*sorted(rows[:-1]), rows[-1]]

    @pytest.mark.parametrize("reason", [reason for reason in REASONS if reason != "score"])
    def test_a_record_is_refused_for_the_reason_that_the_page_gives(self, reason: str) -> None:
        state = PartitionState(0, StateRules(ledger_format=OWN_IDS_FORMAT))
        good = {"event_id": "e", "occurred_at": NOON_MS, "ticket_id": "T-1", "change": "paused"}
        assert not state.apply("ticket-changed", [record(good, "T-1")])
        state.advance(drained=SOURCE_TOPICS)
        if reason == "null":
            bad = SourceRecord(0, 1, NOON_MS, b"T-1", None)
        elif reason == "oversize":
            bad = record("x" * (MAX_BYTES + 1), "T-1")
        else:
            change, key, _ = BAD[reason]
            bad = record(change if isinstance(change, str) else good | change, key)
        assert [reason] == [letter.reason for letter in state.apply("ticket-changed", [bad])]

    def test_a_score_is_refused_off_its_scale(self) -> None:
        answer = {"event_id": "e", "occurred_at": NOON_MS, "ticket_id": "T-1", "kind": "csat", "score": 6}
        assert ["score"] == [
            letter.reason for letter in PartitionState(0).apply("survey", [record(answer, "T-1")])
        ]

    def test_microseconds_are_a_time_in_the_far_future(self) -> None:
        found = decoder("first-reply")(
            json.dumps({"event_id": "e", "occurred_at": NOON_MS * 1000, "ticket_id": "T-1"}).encode()
        )
        assert isinstance(found, Reject)
        assert "time" == found.reason

    def test_epoch_seconds_are_refused_between_the_instants_of_the_page(self) -> None:
        decode = decoder("first-reply")
        edges = {
            "1970-01-08T07:19:11.999Z": False,
            "1970-01-08T07:19:12Z": True,
            "1970-02-17T11:34:04.799Z": True,
            "1970-02-17T11:34:04.800Z": False,
        }
        for instant, refused in edges.items():
            found = decode(json.dumps({"event_id": "e", "occurred_at": instant, "ticket_id": "T"}).encode())
            assert refused == (
                isinstance(found, Reject)
                and found.detail.startswith("epoch seconds? this field is milliseconds")
            ), instant

    def test_a_customer_is_never_too_late(self) -> None:
        state = PartitionState(0)
        today = {"event_id": "e", "occurred_at": NOON_MS, "customer_id": "C-1", "status": "joined"}
        assert not state.apply("customer", [record(today, "C-1")])
        state.advance(drained=SOURCE_TOPICS)
        long_ago = today | {"occurred_at": NOON_MS - 1000 * DAY_MS, "customer_id": "C-2"}
        assert not state.apply("customer", [record(long_ago, "C-2")])

    def test_the_limits_are_those_of_the_program(self) -> None:
        config = WorkerConfig(clock=WORKER, kafka={})
        rules = config.state_rules
        assert (
            f"When {config.reject_share:.0%} of at least {config.reject_least} records".replace("95%", "95 %")
            in TEXT
        )
        assert f"by more than {rules.future_tolerance_ms // 60_000} min" in TEXT
        assert f"more than {rules.horizon_ms // 86_400_000} days before" in TEXT


def record(event: dict[str, Any] | str, key: str) -> SourceRecord:
    value = event if isinstance(event, str) else json.dumps(event)
    return SourceRecord(0, 1, NOON_MS, key.encode(), value.encode())


@needs_kcat
class TestProducers:
    async def test_python_and_kcat_send_a_ticket_to_one_partition(
        self, kafka_broker: Any, topic_prefix: str, tmp_path: Path
    ) -> None:
        desk = Desk({"bootstrap_servers": kafka_broker.bootstrap}, topic_prefix, tmp_path)
        await desk.create_topics()
        run(
            [
                sys.executable,
                "-c",
                at_broker(python("AIOKafkaProducer"), kafka_broker.bootstrap, topic_prefix),
            ],
            tmp_path,
        )
        run(["bash", "-euc", at_broker(shell("kcat -P"), kafka_broker.bootstrap, topic_prefix)], tmp_path)
        records = await desk.read(f"{topic_prefix}ticket-created", f"{topic_prefix}first-reply")
        assert ["ticket-created", "first-reply"] == [
            found.topic.removeprefix(topic_prefix) for found in records
        ]
        assert 1 == len({found.partition for found in records})
        assert {b"T-2001"} == {found.key for found in records}
        for found in records:
            assert not PartitionState(found.partition).apply(found.topic.removeprefix(topic_prefix), [found])

    async def test_without_the_setting_kcat_chooses_other_partitions(
        self, kafka_broker: Any, topic_prefix: str, tmp_path: Path
    ) -> None:
        """The trap is real, and the setting is what mends it."""
        desk = Desk({"bootstrap_servers": kafka_broker.bootstrap}, topic_prefix, tmp_path)
        await desk.create_topics()
        keys = [f"T-{number}" for number in range(60)]
        await desk.produce(("ticket-created", key.encode(), b"{}") for key in keys)
        wanted = await partitions(desk, "ticket-created")
        for topic, options in (("first-reply", ["-X", "topic.partitioner=murmur2_random"]), ("resolved", [])):
            command = [
                "kcat",
                "-P",
                "-b",
                kafka_broker.bootstrap,
                "-t",
                topic_prefix + topic,
                "-K",
                "|",
                *options,
            ]
            run(command, tmp_path, "".join(f"{key}|{{}}\n" for key in keys))
        assert wanted == await partitions(desk, "first-reply")
        assert wanted != await partitions(desk, "resolved")


async def partitions(desk: Desk, topic: str) -> dict[bytes, int]:
    return {found.key: found.partition for found in await desk.read(desk.name + topic)}


@needs_kcat
async def test_dead_letters_are_read_as_the_page_says(
    kafka_broker: Any, topic_prefix: str, tmp_path: Path
) -> None:
    desk = Desk({"bootstrap_servers": kafka_broker.bootstrap}, topic_prefix, tmp_path)
    await desk.create_topics(first_reply=1)
    letters = [
        DeadLetter(
            "first-reply",
            0,
            0,
            NOON_MS,
            "syntax",
            "JSON is malformed: invalid character",
            b"T-1",
            b"not json",
        ),
        DeadLetter(
            "first-reply", 0, 1, NOON_MS, "null", "the record has no value (a tombstone)", b"T-2", None
        ),
        DeadLetter("survey", 2, 9, NOON_MS, "syntax", "trailing characters", b"T-3", b"{}}"),
    ]
    async with AIOKafkaProducer(bootstrap_servers=kafka_broker.bootstrap) as producer:
        await producer.send_and_wait(f"{topic_prefix}first-reply", b"not json", key=b"T-1", partition=0)
        for letter in letters:
            key = f"{letter.topic}-{letter.partition}-{letter.offset}".encode()
            await producer.send_and_wait(
                desk.config.dead_letter_topic, letter.value, key=key, headers=letter_headers(letter)
            )
    counted, shown, itself = (
        at_broker(shell(text), kafka_broker.bootstrap, topic_prefix) for text in ("uniq -c", "%k\\n", "-o 0")
    )
    counts = [" ".join(line.split()) for line in run(["bash", "-euc", counted], tmp_path).splitlines()]
    assert ["1 reason=null", "2 reason=syntax"] == counts
    told = run(["bash", "-euc", shown], tmp_path)
    assert ["first-reply-0-0", "first-reply-0-1", "survey-2-9"] == re.findall(r"^\S+$", told, re.MULTILINE)
    assert "T-1 not json\n" == run(["bash", "-euc", itself], tmp_path)
    printed = run(
        [sys.executable, "-c", at_broker(python("AIOKafkaConsumer"), kafka_broker.bootstrap, topic_prefix)],
        tmp_path,
    )
    assert "first-reply 0 syntax JSON is malformed: invalid character b'not json'" == printed.splitlines()[0]
    assert 3 == len(printed.splitlines())


def test_a_value_is_checked_as_the_page_says(tmp_path: Path) -> None:
    (tmp_path / "streams").symlink_to(ROOT / "streams")
    path = f"{Path(sys.executable).parent}:/usr/bin:/bin"
    good = ["env", f"PATH={path}", "bash", "-euc", shell("check-jsonschema")]
    run(good, tmp_path)
    bad = [*good[:-1], good[-1].replace('"score": 4', '"score": 6')]
    assert 0 != subprocess.run(bad, cwd=tmp_path, capture_output=True, check=False, timeout=60).returncode


def test_the_figures_of_an_event_file_are_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DESKPULSE_CONFIG", raising=False)
    (lines,) = [block for block in pages.blocks(PAGE, "json") if '"topic"' in block]
    Path("desk.jsonl").write_text(lines, encoding="utf-8")
    command = shell("deskpulse report").split()
    answer = run_command(*command[1:], "--format", "json")
    assert 0 == answer.code, answer.err
    figures = {
        (one["name"], one["by"], one["period"]): one
        for one in json.loads(answer.out)["figures"]
        if "period" in one
    }
    assert 240.0 == figures["support_first_response_mean_seconds", "all", "current"]["value"]
