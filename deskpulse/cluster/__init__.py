"""The Kafka cluster as an operator sees it: topics and their configuration, consumer groups, offsets."""

from deskpulse.cluster.connection import Cluster, ClusterError, ClusterUnreachableError, connect
from deskpulse.cluster.facts import ConsumerGroup, PartitionFacts, Topic

__all__ = [
    "Cluster",
    "ClusterError",
    "ClusterUnreachableError",
    "ConsumerGroup",
    "PartitionFacts",
    "Topic",
    "connect",
]
