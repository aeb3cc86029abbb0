"""Every name of Faust and aiokafka that we use and that carries no promise.

An upgrade that moves one fails here, with the reason.
"""

from __future__ import annotations

import inspect
import math
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka.consumer.subscription_state import Assignment, SubscriptionState, TopicPartitionState
from aiokafka.structs import TopicPartition
from faust.app import App
from faust.app.base import BootStrategy
from faust.assignor.partition_assignor import PartitionAssignor
from faust.streams import Stream
from faust.tables.recovery import Recovery
from faust.transport import consumer as faust_consumer
from faust.transport.drivers import aiokafka as driver
from faust.types import TP

from agents.fetching.consumer import LedgerConsumer, LedgerConsumerThread, LedgerTransport
from agents.fetching.semi_private import NoReadOffsets, log_ends


def source_of(thing: Any) -> str:
    return inspect.getsource(thing)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (LedgerConsumer, driver.Consumer),
        (LedgerConsumerThread, driver.AIOKafkaConsumerThread),
    ],
)
def test_what_we_override_exists_with_the_same_arguments(ours: type, theirs: type) -> None:
    new = {"__init__", "_fetch_piece", "_read_from", "read_from"}  # ours alone
    for name, method in vars(ours).items():
        if name in new or not inspect.isfunction(method):
            continue
        their = getattr(theirs, name)
        if name in {"ack", "_filter_committable_offsets"}:  # we take less
            assert len(inspect.signature(their).parameters) >= 2
        else:
            assert list(inspect.signature(their).parameters) == list(inspect.signature(method).parameters), (
                name
            )


def test_the_thread_makes_the_consumer_where_we_make_ours() -> None:
    assert "self._create_worker_consumer(transport)" in source_of(
        driver.AIOKafkaConsumerThread._create_consumer
    )
    assert "consumer._coordinator.generation" in source_of(
        driver.ConsumerRebalanceListener
    ) or "_coordinator.generation" in source_of(driver.ConsumerRebalanceListener)


def test_faust_asks_our_scheduler_for_what_our_fetch_returned() -> None:
    assert "self.scheduler.iterate(records)" in source_of(faust_consumer.Consumer.getmany)
    assert "records = await self._getmany(" in source_of(faust_consumer.Consumer._wait_next_records)


def test_recovery_seeks_after_the_tables_and_before_it_lets_chunks_flow() -> None:
    source = source_of(Recovery.on_recovery_completed)
    order = ["table.on_recovery_completed(", "consumer.perform_seek()", "consumer.resume_flow()"]
    places = [source.index(step) for step in order]
    assert sorted(places) == places


def test_tables_hear_of_a_new_assignment_before_recovery_does() -> None:
    from faust.tables.manager import TableManager

    source = source_of(TableManager.on_rebalance)
    assert source.index("table.on_rebalance") < source.index("self.recovery.on_rebalance")


def test_a_rebalance_and_the_end_stop_the_flow_and_wait_for_chunks() -> None:
    revoked, stop = source_of(App._on_partitions_revoked), source_of(App._stop_consumer)
    assert revoked.index("consumer.stop_flow") < revoked.index("_consumer_wait_empty")
    assert (
        stop.index("consumer.stop_flow")
        < stop.index("_consumer_wait_empty")
        < stop.index("self.tables.stop()")
    )
    assert "wait_empty" in source_of(App._consumer_wait_empty)


def test_the_generation_is_set_before_partitions_are_assigned() -> None:
    source = source_of(driver.ConsumerRebalanceListener.on_partitions_assigned)
    assert source.index("consumer_generation_id = generation") < source.index(
        "self._thread.on_partitions_assigned"
    )


def test_acks_of_a_stream_can_be_switched_off() -> None:
    assert Stream.enable_acks is True
    assert "do_ack = self.enable_acks" in source_of(Stream._c_aiter)


def test_the_assignor_knows_our_partitions() -> None:
    assert callable(PartitionAssignor.assigned_actives)


def test_commits_take_their_offsets_from_one_place() -> None:
    assert "self._filter_committable_offsets(tps)" in source_of(faust_consumer.Consumer._commit_tps)
    assert callable(faust_consumer.Consumer._should_commit)
    assert "_waiting_for_ack" in source_of(faust_consumer.Consumer._wait_for_ack)
    assert "_unacked_messages" in source_of(faust_consumer.Consumer.track_message)


def test_read_offsets_are_used_as_a_mapping_that_may_stay_empty() -> None:
    assert "get_read_offset = self._read_offset.__getitem__" in source_of(
        faust_consumer.Consumer._drain_messages
    )
    offsets = NoReadOffsets()
    offsets[TP("survey", 0)] = 5
    offsets.update({TP("survey", 0): 5})
    assert offsets[TP("survey", 0)] is None
    assert not offsets


def test_faust_would_make_a_folder_in_the_working_directory() -> None:
    assert "self._create_directories()" in source_of(App.on_first_start)


def test_the_transport_can_be_set() -> None:
    assert App.transport.fset is not None
    assert issubclass(LedgerTransport, driver.Transport)
    assert BootStrategy.enable_web is None


async def test_log_ends_of_an_aiokafka_consumer() -> None:
    assert "_subscription" in source_of(AIOKafkaConsumer.assignment)
    known, unknown = TopicPartition("survey", 0), TopicPartition("survey", 1)
    assignment = Assignment({known, unknown})
    state = assignment.state_value(known)
    assert isinstance(state, TopicPartitionState)
    state.seek(7)
    state.lso = 9
    subscription = SimpleNamespace(assignment=assignment)
    consumer: Any = SimpleNamespace(_subscription=SimpleNamespace(subscription=subscription))
    assert {known: (7, 9, -math.inf)} == log_ends(consumer)
    assert hasattr(SubscriptionState, "subscription")


def test_log_ends_before_any_assignment() -> None:
    consumer: Any = SimpleNamespace(_subscription=SimpleNamespace(subscription=None))
    assert {} == log_ends(consumer)
