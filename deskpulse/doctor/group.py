"""Findings about the workers' consumer group: who is in it, and how far it is behind."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from deskpulse.cluster import ConsumerGroup
from deskpulse.doctor.finding import Finding, ok, warn


def examine_group(
    name: str,
    group: ConsumerGroup | None,
    committed: Mapping[tuple[str, int], int],
    spans: Mapping[tuple[str, int], tuple[int, int]],
) -> Iterator[Finding]:
    """State and lag over the source topics. Committed offsets are a hint that can only trail the ledger."""
    what = f"group {name}"
    if group is None:
        yield warn(what, "no worker has run yet", "start one with `deskpulse worker`")
        return
    if group.members == 0:
        yield warn(what, "no worker is running", "start one with `deskpulse worker`")
    elif group.state != "Stable":
        yield warn(
            what,
            f"{group.members} workers, state {group.state}",
            "check again in a few seconds: the group is rebalancing",
        )
    else:
        yield ok(what, f"{group.members} worker{'s' if group.members > 1 else ''}, stable")
    yield _lag(committed, spans)


def _lag(
    committed: Mapping[tuple[str, int], int], spans: Mapping[tuple[str, int], tuple[int, int]]
) -> Finding:
    lost = {
        where: first - committed[where]
        for where, (first, _) in spans.items()
        if committed.get(where, first) < first
    }
    if lost:
        (topic, partition), count = max(lost.items(), key=lambda item: item[1])
        told = (
            f"retention deleted records before they were read, such as {count} offsets of {topic}/{partition}"
        )
        return warn("lag", told, "give the source topics a longer retention, and run enough workers")
    behind = sum(end - max(first, committed.get(where, first)) for where, (first, end) in spans.items())
    return ok("lag", f"{behind:,} records" if behind else "none")
