"""The Kafka cluster as an operator sees it: topics and their configuration, consumer groups, offsets."""

from deskpulse.cluster.connection import Cluster, ClusterError, UnreachableError, connect
from deskpulse.cluster.facts import Group, Partition, Topic

__all__ = ["Cluster", "ClusterError", "Group", "Partition", "Topic", "UnreachableError", "connect"]
