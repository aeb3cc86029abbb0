"""The round: this machine first, then what the cluster says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from deskpulse.cluster import Cluster, ClusterError, ClusterUnreachableError, Topic, connect
from deskpulse.cluster.topic_setup import topic_specs
from deskpulse.doctor.brokers import examine_brokers, examine_limits
from deskpulse.doctor.finding import Finding, fail, ok, warn
from deskpulse.doctor.group import examine_group
from deskpulse.doctor.ledger import MOST_RECORDS, examine_ledger
from deskpulse.doctor.machine import examine_machine
from deskpulse.doctor.topics import examine_topics
from deskpulse.policy import load_policy
from deskpulse.policy.remarks import remarks_of
from deskpulse.settings import Settings
from streams.topics import ledger_topics


async def examine(settings: Settings, now_ms: int) -> list[Finding]:
    """All findings; a cluster that cannot be reached is one of them."""
    called = (
        f"{settings.desk_name}, the label of its series; consumer group and ledger are called "
        f"{settings.app_id}"
    )
    findings = [*examine_machine(), ok("desk", called), *_policy(settings, now_ms)]
    try:
        async with connect(settings.kafka) as cluster:
            findings += await _examine_cluster(settings, cluster)
    except ClusterUnreachableError as error:
        found, _, fix = str(error).partition("\nfix: ")
        findings.append(fail("broker", found, " ".join(fix.split())))
    return findings


def _policy(settings: Settings, now_ms: int) -> Iterator[Finding]:
    """What the policy leaves out, and may well mean to."""
    policy = load_policy(settings.desk.policy)
    for remark in [] if policy is None else remarks_of(settings, policy, now_ms):
        yield warn("lines of the policy", remark.found, remark.fix)


async def _examine_cluster(settings: Settings, cluster: Cluster) -> list[Finding]:
    brokers = await cluster.brokers()
    findings = list(examine_brokers(settings, brokers, await cluster.apis()))
    findings += examine_limits(settings, await cluster.broker_config(brokers[0]))
    wanted = topic_specs(settings)
    names = [spec.name for spec in wanted]
    existing = await cluster.topics(names, configured=False)
    findings += examine_topics(wanted, existing, await cluster.hidden(names))
    findings += await _ledger(settings, cluster, existing)
    sources = {
        spec.name: existing[spec.name] for spec in wanted if spec.role == "source" and spec.name in existing
    }
    try:
        group = await cluster.group(settings.app_id)
        committed = await cluster.committed(settings.app_id) if group else {}
        findings += examine_group(settings.app_id, group, committed, await cluster.log_spans(sources))
    except ClusterError as error:
        findings.append(
            warn(
                f"group {settings.app_id}",
                str(error),
                "give this Kafka user the right to describe the group and read its offsets",
            )
        )
    return findings


async def _ledger(settings: Settings, cluster: Cluster, existing: Mapping[str, Topic]) -> list[Finding]:
    view = ledger_topics(settings.app_id).view
    if view not in existing:
        return []
    try:
        tails = await cluster.tails(view, existing[view], MOST_RECORDS)
    except ClusterError as error:
        return [warn("ledger", str(error), f"give this Kafka user the right to read {view}")]
    return list(
        examine_ledger(
            settings,
            {number: [(record.key, record.value) for record in found] for number, found in tails.items()},
        )
    )
