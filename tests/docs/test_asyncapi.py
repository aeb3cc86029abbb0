"""docs/asyncapi.yaml is what the types give, is AsyncAPI 3, and its examples fit its payloads."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import (  # type: ignore[import-untyped] # comes with check-jsonschema
    Draft7Validator,
    Draft202012Validator,
)

from scripts import asyncapi, schemas
from scripts.tidy import ROOT
from streams.sources import BY_TOPIC
from streams.topics import SOURCE_TOPICS
from tests.streams.test_decoders_agree import CHANGES, GOOD

# AsyncAPI's own schema of its version 3.0.0, as its makers publish it (docs/dependencies.md).
OFFICIAL = json.loads((ROOT / "tests/docs/asyncapi/asyncapi-3.0.0.schema.json").read_text(encoding="utf-8"))
COMMITTED = yaml.safe_load((ROOT / asyncapi.DOCUMENT).read_text(encoding="utf-8"))
MESSAGES: dict[str, Any] = COMMITTED["components"]["messages"]
BROKEN: list[tuple[tuple[str, ...], Any]] = [
    (("asyncapi",), "2.6.0"),
    (("info", "title"), None),
    (("operations", "read-survey", "action"), "eat"),
    (("channels", "resolved", "messages"), []),
    (("channels", "resolved", "bindings", "kafka", "topicConfiguration", "cleanup.policy"), ["forget"]),
    (("components", "messages", "Due", "bindings", "kafka", "key"), 7),
    (("components", "messages", "Due", "examples"), {}),
    (("components", "messages", "Due", "payload", "properties", "change"), {"enum": 5}),
]


def faults(document: dict[str, Any]) -> list[str]:
    return [
        f"{error.json_path}: {error.message}" for error in Draft7Validator(OFFICIAL).iter_errors(document)
    ]


def test_the_committed_document_is_what_the_types_give() -> None:
    assert asyncapi.is_current(ROOT), "run `python -m scripts.asyncapi`"
    assert 0 == asyncapi.main(["--check"])


def test_a_stale_and_a_missing_document_are_seen(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    page = (ROOT / asyncapi.EXAMPLES).read_text(encoding="utf-8")
    (tmp_path / asyncapi.EXAMPLES).write_text(page, encoding="utf-8")
    assert not asyncapi.is_current(tmp_path)
    (tmp_path / asyncapi.DOCUMENT).write_text(asyncapi.render(tmp_path), encoding="utf-8")
    assert asyncapi.is_current(tmp_path)
    (tmp_path / asyncapi.EXAMPLES).write_text(page.replace('"T-1004"', '"T-1006"'), encoding="utf-8")
    assert not asyncapi.is_current(tmp_path)


def test_it_is_asyncapi_3() -> None:
    Draft7Validator.check_schema(OFFICIAL)
    assert "AsyncAPI 3.0.0 schema." == OFFICIAL["title"]
    assert [] == faults(COMMITTED)


@pytest.mark.parametrize(("place", "value"), BROKEN, ids=[".".join(place) for place, _ in BROKEN])
def test_what_is_no_asyncapi_is_seen(place: tuple[str, ...], value: Any) -> None:
    broken = copy.deepcopy(COMMITTED)
    part = broken
    for name in place[:-1]:
        part = part[name]
    part[place[-1]] = value
    assert faults(broken)


def test_every_topic_is_a_channel_with_all_of_its_events() -> None:
    assert [*SOURCE_TOPICS] == [*COMMITTED["channels"]]
    for topic, channel in COMMITTED["channels"].items():
        kinds = [kind.__name__ for kind in BY_TOPIC[topic].kinds]
        assert {name: {"$ref": f"#/components/messages/{name}"} for name in kinds} == channel["messages"]
        assert topic == channel["address"] == channel["bindings"]["kafka"]["topic"]
        assert {"$ref": f"#/channels/{topic}"} == COMMITTED["operations"][f"read-{topic}"]["channel"]
    assert {kind.__name__ for source in BY_TOPIC.values() for kind in source.kinds} == set(MESSAGES)


@pytest.mark.parametrize("name", MESSAGES)
def test_a_message_names_its_key_and_has_examples_that_fit_its_payload(name: str) -> None:
    message = MESSAGES[name]
    (source,) = [one for one in BY_TOPIC.values() if name in {kind.__name__ for kind in one.kinds}]
    assert ", else ".join(source.key) in message["bindings"]["kafka"]["key"]["description"]
    assert message["examples"]
    for example in message["examples"]:
        for validator in (Draft7Validator, Draft202012Validator):
            assert [] == list(validator(message["payload"]).iter_errors(example["payload"]))


@pytest.mark.parametrize("event", [*GOOD.values(), *CHANGES.values()], ids=[*GOOD, *CHANGES])
def test_a_payload_judges_as_the_schema_of_its_topic(event: dict[str, Any]) -> None:
    """Of an event as it is, and of each without one of its fields."""
    topic = next((name for name, good in GOOD.items() if good is event), "ticket-changed")
    whole = Draft202012Validator(schemas.schema(topic))
    payloads = [MESSAGES[kind.__name__]["payload"] for kind in BY_TOPIC[topic].kinds]
    for missing in (None, *event):
        cut = {name: value for name, value in event.items() if name != missing}
        fits = any(Draft7Validator(payload).is_valid(cut) for payload in payloads)
        assert whole.is_valid(cut) == fits, missing


def test_an_example_that_is_no_event_is_refused() -> None:
    page = '### `customer`\n\n```json\n{"event_id": "e", "status": "gone"}\n```\n'
    with pytest.raises(ValueError, match="is no event of customer"):
        asyncapi.examples(page)
