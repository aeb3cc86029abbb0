"""The broker that this project starts itself, for tests, the demo and the benchmarks.

Production brings its own Kafka.

`kafka.LocalKafka` is Apache Kafka: its jars come by their hashes (`jars`), the Java that runs them as a
locked package (`java`).
"""

from typing import Protocol


class BrokerError(RuntimeError):
    """A broker could not be had, started or reached; the text names the cause and the fix."""


class Broker(Protocol):
    """A broker that this process starts and ends."""

    @property
    def name(self) -> str:
        """Product and version, such as `kafka 4.3.1`."""

    @property
    def bootstrap(self) -> str:
        """Where clients connect: `host:port`, or several joined by commas."""

    def start(self) -> None:
        """Start it and return once it serves clients; raise BrokerError otherwise."""

    def stop(self) -> None:
        """End it and delete its data; harmless when it is not running."""
