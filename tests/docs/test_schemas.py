"""The JSON Schemas are those of the types, and they judge a record as the decoder does."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random
from typing import Any

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped] # comes with check-jsonschema

from scripts import schemas
from scripts.tidy import ROOT
from streams.decode import Reject, decoder
from streams.topics import SOURCE_TOPICS
from tests.streams.test_decoders_agree import CHANGES, GOOD, mutated

VALIDATORS = {topic: Draft202012Validator(schemas.schema(topic)) for topic in SOURCE_TOPICS}


def test_the_committed_schemas_are_those_of_the_types() -> None:
    assert [] == schemas.out_of_date(ROOT), "run `python -m scripts.schemas`"
    assert 0 == schemas.main(["--check"])


def test_a_schema_that_is_stale_missing_or_left_over_is_seen(tmp_path: Path) -> None:
    folder = tmp_path / schemas.FOLDER
    folder.mkdir(parents=True)
    for topic in SOURCE_TOPICS:
        (tmp_path / schemas.path_of(topic)).write_text(schemas.render(topic), encoding="utf-8")
    assert [] == schemas.out_of_date(tmp_path)
    (tmp_path / schemas.path_of("survey")).write_text("{}", encoding="utf-8")
    (tmp_path / schemas.path_of("customer")).unlink()
    (folder / "first-response.schema.json").write_text("{}", encoding="utf-8")
    stale = {path.name for path in schemas.out_of_date(tmp_path)}
    assert {"survey.schema.json", "customer.schema.json", "first-response.schema.json"} == stale


@pytest.mark.parametrize("topic", SOURCE_TOPICS)
def test_a_schema_is_a_schema(topic: str) -> None:
    committed = json.loads((ROOT / schemas.path_of(topic)).read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(committed)
    assert topic == committed["title"]


@pytest.mark.parametrize("topic", SOURCE_TOPICS)
def test_the_examples_of_the_decoder_tests_pass(topic: str) -> None:
    assert [] == list(VALIDATORS[topic].iter_errors(GOOD[topic]))


@pytest.mark.parametrize("change", CHANGES)
def test_the_examples_of_every_change_pass(change: str) -> None:
    assert [] == list(VALIDATORS["ticket-changed"].iter_errors(CHANGES[change]))


@pytest.mark.parametrize(
    ("change", "fields"),
    [
        ("status", {"status": "pending"}),
        ("status", {"status": None}),
        ("assigned", {"assigned": None}),
        ("retracted", {"retracts": ""}),
        ("retracted", {"retracts_kind": "nps"}),
        ("merged", {"into": "x" * 129}),
        ("transferred", {"segment": 5}),
        ("due", {"next_reply_due": -1}),
        ("customer_replied", {"waiting_since": 7_258_118_400_000}),
        ("replied", {"automated": "no"}),
    ],
)
def test_a_schema_refuses_a_change_that_the_decoder_refuses(change: str, fields: dict[str, Any]) -> None:
    event = CHANGES[change] | fields
    assert isinstance(decoder("ticket-changed")(json.dumps(event).encode()), Reject)
    assert not VALIDATORS["ticket-changed"].is_valid(event)


def test_a_schema_knows_that_null_withdraws_a_deadline_and_that_one_must_be_named() -> None:
    due, validator = CHANGES["due"], VALIDATORS["ticket-changed"]
    assert validator.is_valid(due | dict.fromkeys(("first_reply_due", "resolution_due", "next_reply_due")))
    assert not validator.is_valid({name: value for name, value in due.items() if not name.endswith("_due")})


@pytest.mark.parametrize(
    ("topic", "change"),
    [
        ("ticket-created", {"team": None}),
        ("ticket-created", {"team": ""}),
        ("ticket-created", {"url": "x" * 2049}),
        ("first-reply", {"automated": "no"}),
        ("resolved", {"outcome": "closed"}),
        ("resolved", {"by": "robot"}),
        ("ticket-created", {"opened_by": "agent"}),
        ("ticket-created", {"with_bot": "yes"}),
        ("ticket-created", {"resolution_due": -1}),
        ("resolved", {"talk_seconds": -1}),
        ("survey", {"kind": "stars"}),
        ("survey", {"ticket_id": None, "customer_id": None}),
        ("survey", {"kind": "nps", "score": 11}),
        ("survey", {"kind": "ces", "score": 0}),
        ("survey", {"score": 6}),
        ("survey", {"score": 6, "scale_max": None}),
        ("survey", {"score": 1, "scale_max": 11}),
        ("ticket-changed", {"change": "closed"}),
        ("customer", {"status": "gone"}),
        ("customer", {"occurred_at": 7_258_118_400_000}),
        ("presence", {"online": -1}),
        ("presence", {"available": None}),
        ("presence", {"busy": 1_000_001}),
        ("presence", {"team": ""}),
    ],
)
def test_a_schema_refuses_what_the_decoder_refuses(topic: str, change: dict[str, Any]) -> None:
    event = GOOD[topic] | change
    assert isinstance(decoder(topic)(json.dumps(event).encode()), Reject)
    assert not VALIDATORS[topic].is_valid(event)


@pytest.mark.parametrize("seed", range(3))
def test_schema_and_decoder_accept_the_same_records(seed: int) -> None:
    """Except for what no schema sees.

    These are how a time is written, which characters names have, and that 5.0 is not an integer here.
    """
    random = Random(seed)
    judged = 0
    for _ in range(3000):
        topic, raw = mutated(random)
        try:
            event = json.loads(raw)
        except ValueError:
            continue
        verdict = decoder(topic)(raw)
        reason = verdict.reason if isinstance(verdict, Reject) else None
        if reason in {"syntax", "time", "name"} or holds_whole_float(event):
            continue
        judged += 1
        assert VALIDATORS[topic].is_valid(event) == (reason is None), (seed, topic, raw, verdict)
    assert judged > 2000


def holds_whole_float(event: Any) -> bool:
    return isinstance(event, dict) and any(
        isinstance(value, float) and value.is_integer() for value in event.values()
    )
