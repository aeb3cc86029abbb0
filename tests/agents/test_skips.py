"""An operator's word."""

from __future__ import annotations

import pytest

from agents.config import WorkerConfig
from agents.exits import WorkerError
from agents.partitions.skips import parse_skips, request_skip
from deskpulse.clocks import WORKER


def test_keys_are_read_as_they_are_written() -> None:
    assert {("first-reply", 3): frozenset({1017, 18}), ("survey", 0): frozenset({0})} == parse_skips(
        [b"first-reply-3-1017", b"first-reply-3-18", b"survey-0-0", b"nonsense", b"\xff"]
    )


async def test_only_source_topics_can_be_skipped() -> None:
    with pytest.raises(WorkerError, match="surveys is not a source topic: use one of ticket-created, "):
        await request_skip(WorkerConfig(clock=WORKER, kafka={}), "surveys", 0, 1)
