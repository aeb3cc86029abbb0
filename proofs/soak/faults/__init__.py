"""The faults, each a function from what runs and a random stream to what was felt."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Final

from proofs.soak.faults import brokers, records, upstream, workers
from proofs.soak.field import Act
from proofs.soak.schedule import Kind

# Seconds are those of a busy machine with two processors; a fault that would not fit into the rest of the
# time is not begun.
FAULTS: Final[dict[Kind, Act]] = {
    Kind("kill", "world", 20, weight=4): workers.kill,
    Kind("kill-all", "world", 20): workers.kill_all,
    Kind("kill-in-recovery", "world", 25, weight=2): workers.kill_in_recovery,
    Kind("kill-in-transaction", "world", 25, weight=2): workers.kill_in_transaction,
    Kind("leave", "world", 12): workers.leave,
    Kind("join", "world", 12): workers.join,
    Kind("join-storm", "world", 35): workers.join_storm,
    Kind("zombie", "world", 30, weight=2): workers.zombie,
    Kind("exporter-kill", "world", 15): workers.exporter_kill,
    Kind("broker-kill", "world", 35): brokers.kill_one,
    Kind("broker-slow", "world", 20): brokers.slow,
    Kind("brokers-away", "world", 95): brokers.away,
    Kind("compaction-gap", "world", 45): records.compaction_gap,
    Kind("retention-loss", "world", 35): records.retention_loss,
    Kind("sent-twice", "data", 15): upstream.sent_twice,
    Kind("aborted-upstream", "data", 15): upstream.aborted,
    Kind("late-in-reverse", "data", 20): upstream.late_in_reverse,
    Kind("topic-ahead", "data", 30): upstream.topic_ahead,
}
SPOIL_RATE: Final = frozenset({"broker-kill", "broker-slow", "brokers-away"})
SHORT: Final = ("kill", "zombie", "broker-kill", "sent-twice")  # what CI runs
ACTS: Final = {kind.name: act for kind, act in FAULTS.items()}
_BACK_SECONDS: Final = 40  # until all is well again after all brokers were away


def kinds(minutes: float, names: Collection[str] | None = None) -> list[Kind]:
    """All kinds, or those of these names, with what they take in a run of so many minutes.

    Errors: ValueError for a name that is none.
    """
    if unknown := set(names or ()) - set(ACTS):
        raise ValueError(f"no such fault: {', '.join(sorted(unknown))}; there are {', '.join(ACTS)}")
    away = brokers.away_seconds(minutes) + _BACK_SECONDS
    return [
        replace(kind, seconds=away) if kind.name == "brokers-away" else kind
        for kind in FAULTS
        if names is None or kind.name in names
    ]
