"""Topics as they should be, and what follows when they are not: pure."""

from dataclasses import replace

import pytest

from deskpulse.cluster import Topic
from deskpulse.cluster.topic_setup import partitions_fix, plan, refusals
from streams.topics import SOURCE_TOPICS, TopicRules, ledger_topics, specs
from tests.cli.harness import as_specified

WANTED = specs("desk", "support.")
BY_NAME = {spec.name: spec for spec in WANTED}


def all_as_specified() -> dict[str, Topic]:
    return {spec.name: as_specified(spec) for spec in WANTED}


def test_sources_and_dead_letters_carry_the_prefix_and_the_rest_the_app_id() -> None:
    assert [spec.name for spec in WANTED] == [
        *(f"support.{topic}" for topic in SOURCE_TOPICS),
        "desk-tickets",
        "desk-view",
        "desk-anchor",
        "desk-skips",
        "support.dead-letter",
    ]


def test_source_and_ledger_topics_have_one_partition_count() -> None:
    assert {
        spec.partitions for spec in specs("desk", rules=TopicRules(partitions=12)) if spec.is_copartitioned
    } == {12}


@pytest.mark.parametrize("name", ledger_topics("desk"))
def test_the_ledger_is_compacted_only_in_short_segments_and_soon(name: str) -> None:
    config = BY_NAME[name].config
    assert config["cleanup.policy"] == "compact"
    assert (
        int(config["segment.ms"])
        <= int(config["max.compaction.lag.ms"])
        <= int(config["delete.retention.ms"])
    )
    assert config["delete.retention.ms"] == "86400000"
    assert "retention.ms" not in config


@pytest.mark.parametrize("topic", SOURCE_TOPICS)
def test_sources_are_deleted_by_the_operators_own_retention_and_dated_by_the_broker(topic: str) -> None:
    config = BY_NAME[f"support.{topic}"].config
    assert config["cleanup.policy"] == "delete"
    assert config["message.timestamp.type"] == "LogAppendTime"
    assert not any(name.startswith("retention") for name in config)


def test_dead_letters_stay_two_weeks_and_may_be_larger_than_a_record() -> None:
    config = BY_NAME["support.dead-letter"].config
    assert config["retention.ms"] == str(14 * 86_400_000)
    assert int(config["max.message.bytes"]) > 1_048_588  # Kafka's default for a source topic


def test_nothing_there_means_create_everything() -> None:
    assert {step.action for step in plan(WANTED, {})} == {"create"}


def test_everything_there_means_keep_everything() -> None:
    assert {step.action for step in plan(WANTED, all_as_specified())} == {"keep"}


def test_numbers_are_compared_as_numbers() -> None:
    topics = all_as_specified()
    view = topics["desk-view"]
    topics["desk-view"] = replace(view, config={**view.config, "min.cleanable.dirty.ratio": "0.10"})
    assert {step.action for step in plan(WANTED, topics)} == {"keep"}


def test_our_own_topic_is_altered_and_a_source_topic_only_on_request() -> None:
    topics = all_as_specified()
    for name in ("desk-view", "support.survey"):
        topics[name] = replace(
            topics[name], config={**topics[name].config, "message.timestamp.type": "CreateTime"}
        )
    change = {"message.timestamp.type": ("CreateTime", "LogAppendTime")}
    by_default = {step.spec.name: step for step in plan(WANTED, topics)}
    assert (by_default["desk-view"].action, by_default["support.survey"].action) == ("alter", "differs")
    assert by_default["support.survey"].changes == change
    on_request = {step.spec.name: step for step in plan(WANTED, topics, alter_sources=True)}
    assert (on_request["support.survey"].action, on_request["support.survey"].changes) == ("alter", change)


def test_min_insync_replicas_of_somebody_elses_topic_is_their_decision() -> None:
    topics = all_as_specified()
    survey = topics["support.survey"]
    topics["support.survey"] = replace(survey, config={**survey.config, "min.insync.replicas": "2"})
    assert {step.action for step in plan(WANTED, topics)} == {"keep"}


def test_copies_are_told_and_not_changed() -> None:
    (step,) = (
        step
        for step in plan(specs("desk", "support.", TopicRules(replication_factor=3)), all_as_specified())
        if step.spec.name == "desk-view"
    )
    assert step.action == "differs"
    assert "1 copies instead of 3" in step.note


def test_another_partition_count_is_refused_with_the_setting_to_change() -> None:
    topics = {spec.name: as_specified(spec, partitions=6) for spec in WANTED if spec.role == "source"}
    steps = plan(WANTED, topics)
    assert len(refusals(steps)) == len(SOURCE_TOPICS)
    assert partitions_fix(steps, topics).startswith("set topics.partitions: 6 (DESKPULSE_TOPICS__PARTITIONS)")


def test_a_ledger_of_another_partition_count_needs_another_app_id() -> None:
    topics = {spec.name: as_specified(spec, partitions=6 if spec.role == "source" else 4) for spec in WANTED}
    assert "choose another app_id" in partitions_fix(plan(WANTED, topics), topics)


def test_source_topics_that_differ_among_themselves_cannot_be_mended_by_a_setting() -> None:
    topics = {**all_as_specified(), "support.survey": as_specified(BY_NAME["support.survey"], partitions=1)}
    assert "have different counts" in partitions_fix(plan(WANTED, topics), topics)


def test_the_partition_count_of_dead_letters_and_skips_is_free() -> None:
    topics = all_as_specified()
    for name in ("support.dead-letter", "desk-skips"):
        topics[name] = as_specified(BY_NAME[name], partitions=7)
    assert not refusals(plan(WANTED, topics))
