"""What the follower of the ledger says of all partitions together."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

from kpis.ledger.codec import Position
from proofs.soak.ledger import Tail
from proofs.stack import Stack


def test_the_event_clock_of_a_desk_is_that_of_its_slowest_partition_and_none_before_all_have_one() -> None:
    tail = Tail(
        cast("Stack", SimpleNamespace(settings=SimpleNamespace(topics=SimpleNamespace(partitions=2))))
    )
    assert -1 == tail.clock_ms()
    tail.positions[0] = Position(event_clock_ms=7)
    assert -1 == tail.clock_ms()
    tail.positions[1] = Position()
    assert -1 == tail.clock_ms()
    tail.positions[1] = Position(event_clock_ms=5)
    assert 5 == tail.clock_ms()
