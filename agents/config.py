"""What a worker must be told. Nobody here reads an environment variable or a file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from agents.state import LedgerState
from kpis.state.partition import PartitionState
from kpis.state.rules import StateRules
from streams.topics import anchor_topic, dead_letter_topic, ledger_topics, skips_topic, source_names
from windows.clock import Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerConfig:
    """Settings of a worker; the defaults are those of production."""

    clock: Clock  # of this machine
    # options of every aiokafka client: bootstrap_servers, security_protocol, ssl_context, sasl_*
    kafka: Mapping[str, Any]
    # consumer group, and first part of the names of ledger topics and transactional ids
    app_id: str = "deskpulse"
    topic_prefix: str = ""  # before the names of source topics and dead letters
    state_rules: StateRules = field(default_factory=StateRules)
    # of a partition; None = PartitionState under `state_rules`
    make_state: Callable[[int], LedgerState] | None = None

    session_timeout_seconds: float = 10.0  # after a crash, so long until others take over
    heartbeat_seconds: float = 3.0
    chunk_records: int = 5_000  # applied between two turns of the event loop
    unit_records: int = 20_000  # most of one transaction
    unit_bytes: int = 16_000_000  # a change set beyond this is written at once
    # least time between transactions of a partition, unless a full unit waits
    unit_interval_seconds: float = 0.1
    # ... and so long to fill a unit, while more than one waits in the logs
    backlog_gather_seconds: float = 1.0
    batch_bytes: int = 900_000  # of one record batch; brokers refuse 1 MiB by default
    # a worker that hangs within a transaction holds readers back so long
    transaction_timeout_seconds: float = 10.0
    write_timeout_seconds: float = 30.0  # a transaction that takes longer ends the worker
    fetch_bytes: int = 1 << 20  # of one partition and fetch
    # a broker is asked anew so long after an answer with records, unless more is known to be there
    fetch_pace_seconds: float = 0.1
    reject_share: float = 0.95  # such a share of rejects ...
    reject_least: int = 500  # ... among at least so many records stops the worker
    # at its log end for so long, a topic does not hold the event clock back any more
    drained_seconds: float = 5.0
    backlog_seconds: float = 10.0  # ... nor at once, while what is applied has been in Kafka for so long
    watchdog_seconds: float = 60.0  # lag without progress for so long ends the worker
    position_seconds: float = 10.0  # between two position rows of a partition to which nothing comes
    status_seconds: float = 10.0  # between two status lines
    stop_timeout_seconds: float = 9.0  # from SIGTERM to the end at the latest

    def source(self, topic: str) -> str:
        """Name in Kafka of a source topic."""
        return self.topic_prefix + topic

    @property
    def sources(self) -> dict[str, str]:
        """Names in Kafka to names without prefix."""
        return source_names(self.topic_prefix)

    @property
    def tickets_topic(self) -> str:
        """Ledger: ticket and customer rows."""
        return ledger_topics(self.app_id).tickets

    @property
    def view_topic(self) -> str:
        """Ledger: panes, levels, counters, position."""
        return ledger_topics(self.app_id).view

    @property
    def anchor_topic(self) -> str:
        """Always empty: only with a table among them, Faust assigns the partitions of all topics together."""
        return anchor_topic(self.app_id)

    @property
    def skips_topic(self) -> str:
        """Records that an operator told the workers to skip."""
        return skips_topic(self.app_id)

    @property
    def dead_letter_topic(self) -> str:
        """Where rejected records go."""
        return dead_letter_topic(self.topic_prefix)

    @property
    def copartitioned_topics(self) -> tuple[str, ...]:
        """All topics that must have one partition count."""
        return (*self.sources, self.tickets_topic, self.view_topic, self.anchor_topic)

    def new_state(self, partition: int) -> LedgerState:
        """Empty state of a partition."""
        if self.make_state is not None:
            return self.make_state(partition)
        return PartitionState(partition, self.state_rules)

    @property
    def bootstrap(self) -> tuple[str, ...]:
        """`host:port` of each broker."""
        servers = self.kafka["bootstrap_servers"]
        return tuple(servers.split(",")) if isinstance(servers, str) else tuple(servers)
