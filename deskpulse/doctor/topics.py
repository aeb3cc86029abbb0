"""Findings about the topics: they exist, agree in partitions, and have enough copies.

They must also be configured as the ledger needs.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Final

from deskpulse.cluster import Topic
from deskpulse.cluster.topic_setup import TopicStep, partitions_fix, plan, refusals
from deskpulse.doctor.finding import Finding, fail, ok, warn
from streams.topics import TopicSpec

_COPIES: Final = 3
_WRITTEN: Final = 2
_CREATE: Final = "run `deskpulse topics`"


def examine_topics(
    wanted: Sequence[TopicSpec], existing: Mapping[str, Topic], hidden: Collection[str] = ()
) -> Iterator[Finding]:
    """One finding for each thing that topics must have; those that do not exist are told once.

    `hidden`: what the Kafka user may not see, missing or not. Of a configuration that it may not see nothing
    more is said than that.
    """
    yield from _existence(wanted, existing, hidden)
    present = [spec for spec in wanted if spec.name in existing]
    if not present:
        return
    yield _partitions(plan(wanted, existing), existing)
    yield _leaders([existing[spec.name] for spec in present])
    yield _copies(present, existing)
    if unseen := [spec.name for spec in present if not existing[spec.name].is_configured]:
        found = (
            f"Kafka does not show this user the configuration of {', '.join(unseen)}, so they were not "
            "checked further"
        )
        yield warn("rights", found, "give the user DescribeConfigs on them (docs/kafka.md lists the rights)")
        present = [spec for spec in present if spec.name not in unseen]
    if present:
        yield from _configured(present, existing)


def _existence(
    wanted: Sequence[TopicSpec], existing: Mapping[str, Topic], hidden: Collection[str]
) -> Iterator[Finding]:
    missing = [spec.name for spec in wanted if spec.name not in existing and spec.name not in hidden]
    if missing:
        yield fail("topics", f"{len(missing)} missing: {', '.join(missing)}", _CREATE)
    if hidden:
        found = f"{len(hidden)} missing or forbidden (Kafka does not say which): {', '.join(hidden)}"
        yield fail(
            "topics", found, f"give the user Describe on them (docs/kafka.md lists the rights), or {_CREATE}"
        )
    if not missing and not hidden:
        yield ok("topics", f"all {len(wanted)} exist")


def _configured(present: Sequence[TopicSpec], existing: Mapping[str, Topic]) -> Iterator[Finding]:
    yield _written(present, existing)
    yield _timestamps([spec for spec in present if spec.role in {"source", "ledger"}], existing)
    yield from _policies(present, existing)
    yield _rest(plan(present, existing))


def _partitions(steps: Sequence[TopicStep], existing: Mapping[str, Topic]) -> Finding:
    refused = refusals(steps)
    if refused:
        told = ", ".join(f"{step.spec.name} {step.note}" for step in refused)
        return fail("partitions", told, partitions_fix(steps, existing))
    count = next(step.spec.partitions for step in steps if step.spec.is_copartitioned)
    return ok("partitions", f"{count} of every source and ledger topic")


def _leaders(topics: Sequence[Topic]) -> Finding:
    lost = [
        f"{topic.name}/{number}"
        for topic in topics
        for number, part in topic.partitions.items()
        if part.leader < 0
    ]
    if lost:
        return fail(
            "leaders",
            f"no broker is the leader of {', '.join(lost)}",
            "start the brokers that hold these partitions",
        )
    behind = [
        f"{topic.name}/{number}"
        for topic in topics
        for number, part in topic.partitions.items()
        if len(part.in_sync) < len(part.replicas)
    ]
    if behind:
        return warn(
            "leaders",
            f"replicas of {len(behind)} partitions are behind, such as {behind[0]}",
            "check whether all brokers are up",
        )
    return ok("leaders", "every partition has one, and all replicas are in sync")


def _copies(specs: Sequence[TopicSpec], existing: Mapping[str, Topic]) -> Finding:
    fewest = min((existing[spec.name].replication_factor, spec.name) for spec in specs)
    if fewest[0] < _COPIES:
        fix = (
            f"on a cluster, set topics.replication_factor: {_COPIES} before you create topics; "
            "kafka-reassign-partitions adds copies later"
        )
        return warn(
            "replication",
            f"{fewest[1]} has {fewest[0]} cop{'y' if fewest[0] == 1 else 'ies'}: if a disk is lost, data is "
            "lost",
            fix,
        )
    return ok("replication", f"at least {fewest[0]} copies of every topic")


def _written(specs: Sequence[TopicSpec], existing: Mapping[str, Topic]) -> Finding:
    """Sources too: what a broker acknowledged to a producer and lost is missing from the figures."""
    least = {spec.name: int(existing[spec.name].config.get("min.insync.replicas", "1")) for spec in specs}
    stuck = [name for name, count in least.items() if count > existing[name].replication_factor]
    if stuck:
        found = f"{', '.join(stuck)} want{'s' if len(stuck) == 1 else ''} more copies written than exist"
        return fail("min.insync.replicas", found, "lower min.insync.replicas, or add copies")
    ours = min((least[spec.name], spec.name) for spec in specs)
    if ours[0] < _WRITTEN:
        fix = f"with {_COPIES} copies set topics.min_insync_replicas: {_WRITTEN} and run `deskpulse topics`"
        return warn(
            "min.insync.replicas",
            f"{ours[1]} has {ours[0]}: a write may count while only one disk has it",
            fix,
        )
    return ok("min.insync.replicas", f"at least {ours[0]}")


def _timestamps(specs: Sequence[TopicSpec], existing: Mapping[str, Topic]) -> Finding:
    wrong = [
        spec
        for spec in specs
        if existing[spec.name].config.get("message.timestamp.type", "CreateTime") != "LogAppendTime"
    ]
    theirs, ours = ([spec.name for spec in wrong if spec.role == role] for role in ("source", "ledger"))
    if theirs:
        fix = "run `deskpulse topics --alter-sources`, or set message.timestamp.type=LogAppendTime yourself"
        found = (
            f"{', '.join(theirs)} carry the producers' time, so a wrong clock can hide an event dated "
            "in the future"
        )
        return warn("message.timestamp.type", found, fix)
    if ours:
        found = f"{', '.join(ours)} carry the workers' time, so an exporter cannot check its clock against it"
        return warn("message.timestamp.type", found, _CREATE)
    return ok("message.timestamp.type", "LogAppendTime on the source topics and the ledger")


def _policies(specs: Sequence[TopicSpec], existing: Mapping[str, Topic]) -> Iterator[Finding]:
    policies = {
        spec.name: set(existing[spec.name].config.get("cleanup.policy", "delete").split(","))
        for spec in specs
    }
    wrong = [spec.name for spec in specs if spec.role == "ledger" and policies[spec.name] != {"compact"}]
    if wrong:
        yield fail(
            "cleanup.policy",
            f"{', '.join(wrong)} must have cleanup.policy=compact only, or old rows vanish",
            _CREATE,
        )
    squeezed = [spec.name for spec in specs if spec.role == "source" and "compact" in policies[spec.name]]
    if squeezed:
        yield fail(
            "cleanup.policy",
            f"{', '.join(squeezed)} are compacted: Kafka deletes all events of a ticket but the last",
            "set cleanup.policy=delete",
        )
    if not wrong and not squeezed:
        yield ok("cleanup.policy", "compact on the ledger, delete on the sources")


def _rest(steps: Sequence[TopicStep]) -> Finding:
    ours = [step for step in steps if step.action == "alter"]
    if ours:
        told = "; ".join(f"{step.spec.name}: {_change(step)}" for step in ours)
        return warn("configuration", told, _CREATE)
    return ok("configuration", "deskpulse's own topics are configured as the settings say")


def _change(step: TopicStep) -> str:
    return ", ".join(f"{name} is {now} instead of {wanted}" for name, (now, wanted) in step.changes.items())
