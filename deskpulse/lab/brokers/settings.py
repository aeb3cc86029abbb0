"""The server.properties of a local Kafka: pure, so that a test can read them without a broker."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from deskpulse.lab.brokers.process import LOOPBACK

SCRAM = "SCRAM-SHA-512"
_BROKERS_FOR_QUORUM = 3


@dataclass(frozen=True, slots=True)
class Node:
    """One Kafka process: broker and KRaft controller in one."""

    number: int  # node.id, from 1
    port: int  # for clients
    controller_port: int
    folder: Path  # data, settings and log of this node

    @property
    def properties_file(self) -> Path:
        """Where its settings are written."""
        return self.folder / "server.properties"

    @property
    def log_file(self) -> Path:
        """Where its output goes."""
        return self.folder / "server.log"


@dataclass(frozen=True, slots=True)
class Access:
    """How clients authenticate when the broker wants SASL over TLS."""

    username: str
    password: str
    ca_file: Path
    server_file: Path


def server_properties(
    node: Node, nodes: Sequence[Node], access: Access | None, overrides: Mapping[str, str]
) -> dict[str, str]:
    """All settings of one node; the overrides win."""
    protocol = "PLAINTEXT" if access is None else "SASL_SSL"
    return {
        "process.roles": "broker,controller",
        "node.id": str(node.number),
        "controller.quorum.voters": ",".join(
            f"{peer.number}@{LOOPBACK}:{peer.controller_port}" for peer in nodes
        ),
        "listeners": f"{protocol}://{LOOPBACK}:{node.port},CONTROLLER://{LOOPBACK}:{node.controller_port}",
        "listener.security.protocol.map": f"{protocol}:{protocol},CONTROLLER:PLAINTEXT",
        "inter.broker.listener.name": protocol,
        "controller.listener.names": "CONTROLLER",
        "log.dirs": str(node.folder / "data"),
        **_replication(len(nodes)),
        **_quick(),
        **(_sasl_over_tls(access) if access else {}),
        **overrides,
    }


def _replication(brokers: int) -> dict[str, str]:
    """Three copies of which two must be written, or one where there is but one broker."""
    copies, written = ("3", "2") if brokers >= _BROKERS_FOR_QUORUM else ("1", "1")
    return {
        "default.replication.factor": copies,
        "min.insync.replicas": written,
        "offsets.topic.replication.factor": copies,
        "transaction.state.log.replication.factor": copies,
        "transaction.state.log.min.isr": written,
        "share.coordinator.state.topic.replication.factor": copies,
        "share.coordinator.state.topic.min.isr": written,
    }


def _quick() -> dict[str, str]:
    """Settings for small machines and short lives."""
    return {
        "group.initial.rebalance.delay.ms": "0",  # the default makes every first consumer of a group wait 3 s
        # A killed broker may come back only when its session has expired; the default makes that 9 s.
        "broker.session.timeout.ms": "3000",
        "broker.heartbeat.interval.ms": "500",
        "offsets.topic.num.partitions": "4",
        "transaction.state.log.num.partitions": "4",
        "share.coordinator.state.topic.num.partitions": "1",
        "log.cleaner.dedupe.buffer.size": str(16 << 20),  # the default takes 128 MiB of a small heap
        # Replayed data carries old timestamps: by default a broker would delete what is a week old minutes
        # after it was written.
        "log.retention.ms": "-1",
        # A topic that nobody specified is a mistake; by default it would appear on first use, with one
        # partition.
        "auto.create.topics.enable": "false",
    }


def _sasl_over_tls(access: Access) -> dict[str, str]:
    login = (
        f'org.apache.kafka.common.security.scram.ScramLoginModule required username="{access.username}" '
        f'password="{access.password}";'
    )
    return {
        "sasl.enabled.mechanisms": SCRAM,
        "sasl.mechanism.inter.broker.protocol": SCRAM,
        f"listener.name.sasl_ssl.{SCRAM.lower()}.sasl.jaas.config": login,
        "ssl.keystore.type": "PEM",
        "ssl.keystore.location": str(access.server_file),
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": str(access.ca_file),
    }


def as_text(properties: Mapping[str, str]) -> str:
    r"""Java's properties format.

    >>> print(as_text({"node.id": "1", "path": "a\\b"}), end="")
    node.id=1
    path=a\\b
    """
    return "".join(f"{name}={_escape(value)}\n" for name, value in properties.items())


def _escape(value: str) -> str:
    return value.replace("\\", "\\\\").replace("\n", "\\n")
