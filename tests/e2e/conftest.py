"""Whole installations for tests: each with topics of its own, and all their processes end with the test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from deskpulse.lab.brokers.kafka import LocalKafka
from tests.e2e.stack import Stack

NewStack = Callable[..., Stack]


@pytest.fixture
def new_stack(kafka_broker: LocalKafka, topic_prefix: str, tmp_path: Path) -> Iterator[NewStack]:
    """Makes installations on Apache Kafka; keyword arguments are further variables."""
    made: list[Stack] = []

    def make(**variables: str) -> Stack:
        stack = Stack(kafka_broker.bootstrap, f"{topic_prefix}{len(made)}-", tmp_path, variables)
        made.append(stack)
        return stack

    yield make
    for stack in made:
        stack.stop()
