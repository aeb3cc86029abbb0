"""One list says everything about a source topic, and instants of events are integers."""

from __future__ import annotations

import json
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from agents.config import WorkerConfig
from deskpulse.clocks import EXPORTER, WORKER
from exporters.config import ExporterConfig
from kpis.figures.view import ViewRules
from scripts import tidy
from streams.decode import Reject, decoder
from streams.sources import BY_TOPIC, SOURCES
from streams.topics import SOURCE_TOPICS, specs
from tests.streams.test_decoders_agree import CHANGES, GOOD

# The oracle knows nothing of ours; a Literal cannot be built from a tuple, so `mapping/schema.py` asserts
# that its own is the same.
OWN_LISTS = ("deskpulse/ingest/mapping/schema.py", "oracle/events.py", "streams/sources.py")
INSTANTS = {"occurred_at", "waiting_since", "first_reply_due", "resolution_due", "next_reply_due"}
NOON = {"2026-01-01T12:00:00Z", "2026-01-01T13:00:00.000+01:00", 1_767_268_800_000}


@pytest.mark.parametrize("instant", sorted(NOON, key=str))
@pytest.mark.parametrize(
    ("topic", "good"),
    [*GOOD.items(), *(("ticket-changed", event) for event in CHANGES.values())],
    ids=[*GOOD, *CHANGES],
)
def test_an_instant_of_an_event_is_an_integer(topic: str, good: dict[str, Any], instant: Any) -> None:
    fields = {name: instant if name in INSTANTS else value for name, value in good.items()}
    event = decoder(topic)(json.dumps(fields).encode())
    assert not isinstance(event, Reject)
    assert {1_767_268_800_000} == {getattr(event, name) for name in INSTANTS if name in good}
    assert type(event) in BY_TOPIC[topic].kinds


@pytest.mark.parametrize("source", SOURCES, ids=SOURCE_TOPICS)
def test_the_key_of_an_event_is_in_the_field_that_the_list_names(source: Any) -> None:
    event = decoder(source.topic)(json.dumps(GOOD[source.topic]).encode())
    assert GOOD[source.topic][source.key_field(GOOD[source.topic])] == source.key_of(event)


def test_no_other_module_lists_the_source_topics() -> None:
    product = [file for file in tidy.files(".py") if file.parts[0] in {*tidy.PACKAGES, "scripts"}]
    lists = {
        str(file)
        for file in product
        if all(f'"{topic}"' in (tidy.ROOT / file).read_text("utf-8") for topic in SOURCE_TOPICS)
    }
    assert sorted(OWN_LISTS) == sorted(lists)


def test_worker_exporter_and_specifications_name_topics_alike() -> None:
    worker = WorkerConfig(clock=WORKER, kafka={}, app_id="one", topic_prefix="p.")
    exporter = ExporterConfig(
        time=EXPORTER, kafka={}, view_rules=ViewRules(zone=ZoneInfo("UTC")), app_id="one", topic_prefix="p."
    )
    by_role: dict[str, list[str]] = {}
    for spec in specs("one", "p."):
        by_role.setdefault(spec.role, []).append(spec.name)
    assert by_role["source"] == list(worker.sources) == list(exporter.sources)
    assert by_role["ledger"] == [worker.tickets_topic, worker.view_topic]
    assert worker.view_topic == exporter.view_topic
    assert ["one-anchor"] == by_role["anchor"] == [worker.anchor_topic]
    assert ["one-skips"] == by_role["skips"] == [worker.skips_topic]
    assert [worker.dead_letter_topic] == by_role["dead-letter"] == ["p.dead-letter"]
