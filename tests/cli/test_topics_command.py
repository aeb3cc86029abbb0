"""`deskpulse topics` against Apache Kafka."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import pytest

from deskpulse import exits
from deskpulse.cluster import Cluster, Topic, connect
from deskpulse.cluster.topic_setup import topic_specs
from deskpulse.settings import Settings
from streams.topics import SOURCE_TOPICS, TopicRules, specs
from tests.cli.harness import Run

T = TypeVar("T")


def ask(settings: Settings, question: Callable[[Cluster], Awaitable[T]]) -> T:
    async def asked() -> T:
        async with connect(settings.kafka) as cluster:
            return await question(cluster)

    return asyncio.run(asked())


def existing(settings: Settings) -> dict[str, Topic]:
    return ask(settings, lambda cluster: cluster.topics(spec.name for spec in topic_specs(settings)))


def states(out: str) -> set[str]:
    """The words in the column State."""
    heading, *rows = out.splitlines()
    at = heading.index("State")
    return {row[at:].strip() for row in rows if ": " not in row}


def test_a_dry_run_shows_what_would_be_made_and_makes_nothing(run: Run, on_kafka: Settings) -> None:
    answer = run("topics", "--dry-run")
    assert answer.code == exits.OK
    assert states(answer.out) == {"to create"}
    assert existing(on_kafka) == {}


def test_it_makes_every_topic_as_specified_and_repeating_it_changes_nothing(
    run: Run, on_kafka: Settings
) -> None:
    assert states(run("topics").out) == {"created"}
    topics = existing(on_kafka)
    for spec in topic_specs(on_kafka):
        assert len(topics[spec.name].partitions) == spec.partitions
        assert {name: topics[spec.name].config[name] for name in spec.config} == dict(spec.config)
    again = run("topics")
    assert (again.code, states(again.out)) == (exits.OK, {"exists"})


def test_a_changed_setting_alters_our_topics_and_leaves_what_others_set(
    run: Run, on_kafka: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("topics")
    view = f"{on_kafka.app_id}-view"
    ask(on_kafka, lambda cluster: cluster.alter({view: {"flush.messages": "12345"}}))
    monkeypatch.setenv("DESKPULSE_TOPICS__LEDGER_SEGMENT_SECONDS", "30")
    answer = run("topics")
    assert answer.code == exits.OK
    assert f"{view} altered: segment.ms 600000 -> 30000" in answer.out
    config = existing(on_kafka)[view].config
    assert (config["segment.ms"], config["flush.messages"]) == ("30000", "12345")


def test_source_topics_of_others_are_altered_on_request_only(run: Run, on_kafka: Settings) -> None:
    theirs = [
        spec for spec in specs(on_kafka.app_id, on_kafka.topic_prefix, TopicRules()) if spec.role == "source"
    ]
    bare = [type(spec)(spec.name, spec.partitions, 1, {}, spec.role) for spec in theirs]
    ask(on_kafka, lambda cluster: cluster.create(bare))
    answer = run("topics")
    assert states(answer.out) == {"differs", "created"}
    assert existing(on_kafka)[bare[0].name].config["message.timestamp.type"] == "CreateTime"
    run("topics", "--alter-sources")
    assert existing(on_kafka)[bare[0].name].config["message.timestamp.type"] == "LogAppendTime"


def test_other_partition_counts_are_refused_with_the_fix_and_nothing_is_made(
    run: Run, on_kafka: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DESKPULSE_TOPICS__PARTITIONS", "2")
    run("topics")
    monkeypatch.setenv("DESKPULSE_TOPICS__PARTITIONS", "3")
    monkeypatch.setenv("DESKPULSE_APP_ID", f"{on_kafka.app_id}-other")
    answer = run("topics")
    assert answer.code == exits.BROKER
    assert "fix: set topics.partitions: 2 (DESKPULSE_TOPICS__PARTITIONS)" in answer.err
    assert len(existing(on_kafka)) == len(SOURCE_TOPICS) + 5
    made = ask(on_kafka, lambda cluster: cluster.topics([f"{on_kafka.app_id}-other-view"]))
    assert made == {}


def test_what_kafka_refuses_ends_with_code_3_and_kafkas_own_words(
    run: Run, on_kafka: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DESKPULSE_TOPICS__REPLICATION_FACTOR", "3")
    answer = run("topics")
    assert answer.code == exits.BROKER
    assert "InvalidReplicationFactorError" in answer.err
