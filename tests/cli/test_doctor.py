"""`deskpulse doctor`: each finding by itself, then the round against Apache Kafka."""

import asyncio
from dataclasses import replace

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.structs import TopicPartition

from deskpulse import exits
from deskpulse.cluster import ConsumerGroup, PartitionFacts, Topic
from deskpulse.doctor import Finding
from deskpulse.doctor.brokers import examine_brokers, examine_limits
from deskpulse.doctor.group import examine_group
from deskpulse.doctor.machine import examine_machine, name_clashes
from deskpulse.doctor.topics import examine_topics
from deskpulse.settings import Settings
from streams.topics import TopicRules, specs
from tests.cli.harness import Run, as_specified

CLUSTER = TopicRules(replication_factor=3, min_insync_replicas=2)
WANTED = specs("desk", "support.", CLUSTER)
TRANSACTIONS = {22: (0, 5), 24: (0, 5), 26: (0, 5)}


def findings(topics: dict[str, Topic]) -> dict[str, Finding]:
    return {finding.what: finding for finding in examine_topics(WANTED, topics)}


def healthy() -> dict[str, Topic]:
    return {spec.name: as_specified(spec) for spec in WANTED}


def with_config(name: str, **config: str) -> dict[str, Topic]:
    topics = healthy()
    topics[name] = replace(
        topics[name],
        config={**topics[name].config, **{key.replace("_", "."): value for key, value in config.items()}},
    )
    return topics


def test_a_healthy_cluster_has_nothing_but_ok() -> None:
    assert {finding.verdict for finding in findings(healthy()).values()} == {"OK"}


def test_missing_topics_fail_with_the_command_that_makes_them() -> None:
    topics = healthy()
    del topics["desk-view"]
    finding = findings(topics)["topics"]
    assert (finding.verdict, finding.found, finding.fix) == (
        "FAIL",
        "1 missing: desk-view",
        "run `deskpulse topics`",
    )


def test_without_any_topic_there_is_one_finding() -> None:
    assert list(findings({})) == ["topics"]


def test_unequal_partitions_fail() -> None:
    topics = healthy() | {"support.survey": as_specified(WANTED[3], partitions=1)}
    finding = findings(topics)["partitions"]
    assert finding.verdict == "FAIL"
    assert "support.survey has 1 partitions instead of 4" in finding.found
    assert finding.fix


def test_a_partition_without_a_leader_fails_and_a_copy_behind_warns() -> None:
    topics = healthy()
    view = topics["desk-view"]
    topics["desk-view"] = replace(
        view, partitions={**view.partitions, 2: PartitionFacts(-1, (1, 2, 3), (1,))}
    )
    assert findings(topics)["leaders"].verdict == "FAIL"
    topics["desk-view"] = replace(
        view, partitions={**view.partitions, 2: PartitionFacts(1, (1, 2, 3), (1, 2))}
    )
    assert findings(topics)["leaders"].verdict == "WARN"


def test_one_copy_warns() -> None:
    single = specs("desk", "support.")
    found = {
        finding.what: finding
        for finding in examine_topics(single, {spec.name: as_specified(spec) for spec in single})
    }
    assert (found["replication"].verdict, found["min.insync.replicas"].verdict) == ("WARN", "WARN")


def test_more_copies_to_write_than_there_are_fails() -> None:
    assert (
        findings(with_config("support.survey", min_insync_replicas="4"))["min.insync.replicas"].verdict
        == "FAIL"
    )


def test_producers_timestamps_warn() -> None:
    finding = findings(with_config("support.survey", message_timestamp_type="CreateTime"))[
        "message.timestamp.type"
    ]
    assert (finding.verdict, "support.survey" in finding.found) == ("WARN", True)


def test_a_ledger_without_the_brokers_timestamps_warns_and_names_the_fix() -> None:
    """An exporter measures its clock by them."""
    finding = findings(with_config("desk-view", message_timestamp_type="CreateTime"))[
        "message.timestamp.type"
    ]
    assert (finding.verdict, "desk-view" in finding.found, finding.fix) == (
        "WARN",
        True,
        "run `deskpulse topics`",
    )


@pytest.mark.parametrize(
    ("name", "policy"),
    [("desk-view", "delete"), ("desk-tickets", "compact,delete"), ("support.survey", "compact")],
)
def test_a_wrong_cleanup_policy_fails(name: str, policy: str) -> None:
    assert findings(with_config(name, cleanup_policy=policy))["cleanup.policy"].verdict == "FAIL"


def test_other_differences_of_our_own_topics_warn() -> None:
    finding = findings(with_config("desk-view", segment_ms="604800000"))["configuration"]
    assert finding.verdict == "WARN"
    assert "segment.ms is 604800000 instead of 600000" in finding.found


def test_a_broker_without_transactions_fails() -> None:
    found = {finding.what: finding for finding in examine_brokers(Settings(), [1], {22: (0, 1)})}
    assert found["protocol"].verdict == "FAIL"


def test_the_release_is_told_by_what_the_broker_knows() -> None:
    (finding,) = [
        f for f in examine_brokers(Settings(), [1, 2], TRANSACTIONS | {75: (0, 0)}) if f.what == "protocol"
    ]
    assert "Kafka 3.8 or newer" in finding.found


def test_a_session_timeout_outside_of_what_brokers_allow_fails() -> None:
    (finding,) = examine_limits(
        Settings(), {"group.min.session.timeout.ms": "30000", "group.max.session.timeout.ms": "60000"}
    )
    assert (finding.verdict, finding.found) == ("FAIL", "10 s, but the brokers allow 30 s to 60 s")


def test_a_transaction_timeout_above_the_brokers_fails() -> None:
    (finding,) = examine_limits(Settings(), {"transaction.max.timeout.ms": "5000"})
    assert finding.verdict == "FAIL"


def test_limits_that_are_not_told_are_no_finding() -> None:
    assert list(examine_limits(Settings(), {})) == []


def test_a_log_in_over_an_open_line_warns() -> None:
    settings = Settings(kafka={"security_protocol": "SASL_PLAINTEXT", "username": "me", "password": "pw"})
    (finding,) = [f for f in examine_brokers(settings, [1], TRANSACTIONS) if f.what == "connection"]
    assert finding.verdict == "WARN"


@pytest.mark.parametrize(
    ("group", "verdict", "words"),
    [
        (None, "WARN", "no worker has run yet"),
        (ConsumerGroup("Empty", 0), "WARN", "no worker is running"),
        (ConsumerGroup("PreparingRebalance", 2), "WARN", "is rebalancing"),
        (ConsumerGroup("Stable", 2), "OK", "2 workers, stable"),
    ],
)
def test_the_group_is_told_in_words(group: ConsumerGroup | None, verdict: str, words: str) -> None:
    finding = next(examine_group("desk", group, {}, {}))
    assert finding.verdict == verdict
    assert words in finding.found + finding.fix


def test_lag_counts_from_the_committed_offset_or_the_start_of_the_log() -> None:
    """30 - 10 of partition 0, and 5 - 2 of partition 1, of which nothing is committed: 23."""
    spans = {("a", 0): (0, 30), ("a", 1): (2, 5)}
    *_, lag = examine_group("desk", ConsumerGroup("Stable", 1), {("a", 0): 10}, spans)
    assert (lag.verdict, lag.found) == ("OK", "23 records")


def test_records_that_retention_removed_unread_warn() -> None:
    *_, lag = examine_group("desk", ConsumerGroup("Stable", 1), {("a", 0): 10}, {("a", 0): (25, 30)})
    assert lag.verdict == "WARN"
    assert "15 offsets of a/0" in lag.found


def test_this_machine_is_as_the_locked_requirements_say() -> None:
    assert {finding.what: finding.verdict for finding in examine_machine()} == {
        "python": "OK",
        "faust-streaming": "OK",
        "mode-streaming": "OK",
        "aiokafka": "OK",
        "package names": "OK",
        "package folders": "OK",
    }


def test_a_distribution_that_takes_one_of_our_names_fails() -> None:
    finding = name_clashes({"agents": ["deskpulse", "openai-agents"], "kpis": ["deskpulse"]})
    assert finding.verdict == "FAIL"
    assert "openai-agents" in finding.found


def test_the_round_on_an_empty_cluster_fails_for_the_topics_only(run: Run, on_kafka: Settings) -> None:
    answer = run("doctor")
    assert answer.code == exits.BROKER
    failed = [line for line in answer.out.splitlines() if line.startswith("FAIL")]
    assert [line.split(":")[0] for line in failed] == ["FAIL  topics"]


def test_the_round_after_topics_passes_and_warns_of_what_one_broker_cannot_give(
    run: Run, on_kafka: Settings
) -> None:
    run("topics")
    answer = run("doctor")
    assert answer.code == exits.OK, answer.out
    warned = {
        line.split(":")[0].removeprefix("WARN").strip()
        for line in answer.out.splitlines()
        if line.startswith("WARN")
    }
    assert warned == {"replication", "min.insync.replicas", f"group {on_kafka.app_id}"}
    assert "OK    protocol" in answer.out
    assert (
        f"OK    desk: {on_kafka.app_id}, the label of its series; consumer group and ledger are called "
        f"{on_kafka.app_id}" in answer.out
    )
    assert "OK    session timeout: 10 s" in answer.out


def test_the_round_counts_the_lag_of_a_group(run: Run, on_kafka: Settings) -> None:
    """Three records, one of them committed: two behind."""
    run("topics")
    topic = f"{on_kafka.topic_prefix}first-reply"
    options = on_kafka.kafka.client_options()

    async def read_one_of_three() -> None:
        async with AIOKafkaProducer(**options) as producer:
            for _ in range(3):
                await producer.send_and_wait(topic, b"{}", partition=0)
        async with AIOKafkaConsumer(
            topic, group_id=on_kafka.app_id, enable_auto_commit=False, **options
        ) as consumer:
            await consumer.commit({TopicPartition(topic, 0): 1})

    asyncio.run(read_one_of_three())
    answer = run("doctor")
    assert "no worker is running" in answer.out
    assert "OK    lag: 2 records" in answer.out
