"""Who replied comes in by no way as it was written: it is dropped, or a keyed hash on purpose."""

from __future__ import annotations

import asyncio
import hmac
import json
import re
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer

from deskpulse import exits
from deskpulse.ingest.responders import guarded, hashed
from deskpulse.settings import Settings, SettingsError, load
from deskpulse.settings.privacy import SHORTEST_KEY
from tests.cli.harness import Run

KEY = b"0123456789abcdef"
WEEK = ["--for", "7d", "--start", "2026-03-02T00:00:00Z", "--rate", "5", "--seed", "7"]
MAPPING = """\
source: {format: csv}
times:
  replied: {column: when, format: epoch_ms}
events:
  - topic: first-reply
    fields:
      event_id: {template: "r-{id}"}
      occurred_at: {time: replied}
      ticket_id: {column: id}
      responder_id: {column: who, map: {anna.rossi: anna.rossi}}
"""


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    path = tmp_path / "key"
    path.write_bytes(KEY + b"\n")
    return path


def keep(monkeypatch: pytest.MonkeyPatch, key_file: Path) -> None:
    monkeypatch.setenv("DESKPULSE_PRIVACY__KEEP_RESPONDERS", "true")
    monkeypatch.setenv("DESKPULSE_PRIVACY__RESPONDER_KEY_FILE", str(key_file))


class TestOneEvent:
    def test_nothing_is_left_without_a_key(self) -> None:
        event = {"event_id": "e", "responder_id": "anna", "automated": False}
        assert {"event_id": "e", "automated": False} == guarded(event, None)
        assert "anna" == event["responder_id"], "the event of the caller stays as it is"

    def test_a_key_leaves_sixteen_digits_of_the_hash(self) -> None:
        found = guarded({"responder_id": "anna"}, KEY)
        expected = hmac.new(KEY, b"anna", "sha256").hexdigest()
        assert {"responder_id": expected[:16]} == found

    def test_one_person_has_one_hash_a_key(self) -> None:
        assert hashed("anna", KEY) == hashed("anna", KEY)
        assert 3 == len({hashed("anna", KEY), hashed("Anna", KEY), hashed("anna", KEY + b"0")})

    @pytest.mark.parametrize("who", [None, "", 7, ["anna"], {"name": "anna"}, True])
    @pytest.mark.parametrize("key", [None, KEY])
    def test_what_is_no_text_is_dropped(self, who: object, key: bytes | None) -> None:
        assert {"event_id": "e"} == guarded({"event_id": "e", "responder_id": who}, key)

    @pytest.mark.parametrize("who", ["\ud800", "x" * 100_000, "Ana Peña", "\x00"])
    def test_every_text_has_a_hash(self, who: str) -> None:
        assert re.fullmatch("[0-9a-f]{16}", str(guarded({"responder_id": who}, KEY)["responder_id"]))


class TestSettings:
    def test_responders_are_dropped_by_default(self) -> None:
        assert Settings().privacy.responder_key() is None

    def test_the_line_feed_that_ends_the_file_is_no_part_of_the_key(
        self, monkeypatch: pytest.MonkeyPatch, key_file: Path
    ) -> None:
        keep(monkeypatch, key_file)
        assert KEY == load().privacy.responder_key()

    def test_a_key_without_its_purpose_and_a_purpose_without_its_key_are_faults(
        self, monkeypatch: pytest.MonkeyPatch, key_file: Path
    ) -> None:
        monkeypatch.setenv("DESKPULSE_PRIVACY__KEEP_RESPONDERS", "true")
        with pytest.raises(SettingsError, match="openssl rand -hex 32"):
            load()
        keep(monkeypatch, key_file)
        monkeypatch.setenv("DESKPULSE_PRIVACY__KEEP_RESPONDERS", "false")
        with pytest.raises(SettingsError, match="never used while privacy"):
            load()

    def test_a_short_key_is_a_fault_that_does_not_show_it(
        self, monkeypatch: pytest.MonkeyPatch, key_file: Path
    ) -> None:
        keep(monkeypatch, key_file)
        key_file.write_bytes(b"z" * (SHORTEST_KEY - 1) + b"\n")
        with pytest.raises(SettingsError, match="fewer than 16 bytes") as caught:
            load()
        assert "zzz" not in str(caught.value)


class TestWaysIn:
    def responders(self, file: Path) -> set[Any]:
        events = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
        assert any(event["topic"] == "first-reply" for event in events)
        return {event.get("responder_id") for event in events}

    def test_a_simulated_file_holds_no_responder(self, run: Run, tmp_path: Path) -> None:
        assert exits.OK == run("simulate", *WEEK, "--out", tmp_path / "week.jsonl").code
        assert {None} == self.responders(tmp_path / "week.jsonl")

    def test_a_simulated_file_holds_hashes_on_purpose(
        self, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, key_file: Path
    ) -> None:
        keep(monkeypatch, key_file)
        assert exits.OK == run("simulate", *WEEK, "--out", tmp_path / "week.jsonl").code
        found = self.responders(tmp_path / "week.jsonl") - {None}
        assert len(found) > 3
        assert all(re.fullmatch("[0-9a-f]{16}", who) for who in found)

    @pytest.mark.parametrize("kept", [False, True])
    def test_replay_sends_no_responder_as_it_was_written(
        self,
        run: Run,
        on_kafka: Settings,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        key_file: Path,
        *,
        kept: bool,
    ) -> None:
        """Of an event file and of a mapped one; nor does what the command prints name anybody."""
        if kept:
            keep(monkeypatch, key_file)
        run("topics")
        reply = {"event_id": "r-1", "occurred_at": 1_772_622_000_000, "ticket_id": "T-1"}
        change = {**reply, "event_id": "r-2", "change": "replied"}
        lines = [
            {"topic": topic, **event, "responder_id": "anna.rossi"}
            for topic, event in (("first-reply", reply), ("ticket-changed", change))
        ]
        (tmp_path / "a.jsonl").write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
        rows = "id,when,who\nT-3,1772622000000,anna.rossi\nT-4,1772622000000,otto.meier\n"
        (tmp_path / "b.csv").write_text(rows, encoding="utf-8")
        (tmp_path / "b.yaml").write_text(MAPPING, encoding="utf-8")
        first = run("replay", tmp_path / "a.jsonl")
        second = run("replay", tmp_path / "b.csv", "--mapping", tmp_path / "b.yaml")
        assert [exits.OK] * 2 == [first.code, second.code]
        assert "responder_id of first-reply is not in its map" in second.err
        values = asyncio.run(sent(on_kafka, 3))
        expected = hashed("anna.rossi", KEY) if kept else None
        assert [expected] * 3 == [json.loads(value).get("responder_id") for value in values]
        told = b"".join(values) + "".join(a.out + a.err for a in (first, second)).encode()
        assert not [name for name in (b"anna", b"otto") if name in told]


async def sent(settings: Settings, count: int) -> list[bytes]:
    """So many values of the topics that carry replies."""
    topics = [settings.topic_prefix + topic for topic in ("first-reply", "ticket-changed")]
    options = settings.kafka.client_options()
    async with AIOKafkaConsumer(*topics, auto_offset_reset="earliest", **options) as consumer:
        return [(await asyncio.wait_for(consumer.getone(), 60)).value for _ in range(count)]
