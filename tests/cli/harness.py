"""What tests of the command line share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from typer.testing import CliRunner

from deskpulse.cli import app
from deskpulse.cluster import PartitionFacts, Topic
from streams.topics import TopicSpec


@dataclass(frozen=True)
class Answer:
    """How a command ended."""

    code: int
    out: str
    err: str


Run = Callable[..., Answer]


def run_command(*words: str | Path | int) -> Answer:
    """Run a command line in this process; a crash of the command is a crash of the test."""
    result = CliRunner().invoke(app, [str(word) for word in words], catch_exceptions=False)
    return Answer(result.exit_code, result.stdout, result.stderr)


def as_specified(spec: TopicSpec, *, partitions: int | None = None) -> Topic:
    """The topic that a specification describes, in good health."""
    count = spec.partitions if partitions is None else partitions
    copies = tuple(range(1, spec.replication_factor + 1))
    return Topic(
        spec.name, {number: PartitionFacts(1, copies, copies) for number in range(count)}, dict(spec.config)
    )
