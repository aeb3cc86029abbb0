"""One partition at work: what is applied, what is written in which order, and when chunks are let go."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from agents import exits
from agents.exits import Exit
from agents.fetching.inbox import Delivery
from agents.fetching.sequence import FetchLog, LogEnd
from deskpulse.clocks import WORKER
from tests.agents.harness import until
from tests.agents.one_partition import RESOLVED, SURVEY, Desk, Ended, chunk


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    desk = Desk()
    yield desk
    desk.writer.may_write.set()
    await desk.partition.stop()


@pytest.fixture
def ended(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Exit, str]]:
    """The end of the process as a record."""
    ends: list[tuple[Exit, str]] = []

    def end(code: Exit, reason: str) -> None:
        ends.append((code, reason))
        raise Ended

    monkeypatch.setattr(exits, "end_process", end)
    return ends


async def test_chunks_of_all_topics_that_wait_are_one_transaction(desk: Desk) -> None:
    await desk.deliver(chunk(SURVEY, 0, 4))
    await desk.deliver(chunk(RESOLVED, 0, 9))
    desk.start()
    await desk.settle()
    assert 1 == len(desk.writer.writes)
    assert {"survey": 4, "resolved": 9} == desk.writer.position()["offsets"] == desk.partition.durable
    assert ["resolved:0", "survey:0"] == desk.source.acked


async def test_the_position_is_the_last_row(desk: Desk) -> None:
    desk.start()
    await desk.deliver(chunk(SURVEY, 0, 4))
    await desk.settle()
    assert b"position" == desk.writer.writes[0].view[-1][0]


async def test_a_partition_to_which_nothing_comes_writes_its_position_now_and_then() -> None:
    """Every 10 s: exporters measure their clock by the broker's timestamp of that row."""
    now = 1_000.0
    desk = Desk(clock=WORKER._replace(elapsed=lambda: now), position_seconds=10.0)
    desk.start()
    for passed, writes in ((0, 0), (9.9, 0), (0.1, 1), (9.9, 1), (0.2, 2)):
        now += passed
        desk.partition.inbox.nudge()
        await desk.settle()
        assert writes == len(desk.writer.writes), now
    assert [b"position"] == [key for key, _ in desk.writer.writes[-1].view if key == b"position"]
    await desk.deliver(chunk(SURVEY, 0, 4))  # what comes is written at once, and the row is due 10 s later
    await desk.settle()
    now += 9.9
    desk.partition.inbox.nudge()
    await desk.settle()
    assert 3 == len(desk.writer.writes)
    await desk.partition.stop()


async def test_what_comes_after_a_quiet_while_is_written_at_once_and_what_follows_waits() -> None:
    """A unit waits for the interval since the one before, not for an interval from now on."""
    now = 1_000.0
    desk = Desk(
        clock=WORKER._replace(elapsed=lambda: now), unit_interval_seconds=3_600.0, position_seconds=1e9
    )
    desk.start()
    await desk.deliver(chunk(SURVEY, 0, 4))
    await desk.settle()
    assert {"survey": 4} == desk.partition.durable
    await desk.deliver(chunk(SURVEY, 5, 9, previous=4))
    await desk.settle()
    assert {"survey": 4} == desk.partition.durable
    desk.partition.inbox.hurry()
    await desk.settle()
    now += 3_600
    await desk.deliver(chunk(SURVEY, 10, 14, previous=9))
    await desk.settle()
    assert {"survey": 14} == desk.partition.durable
    now += 3_600
    desk.partition.inbox.nudge()  # with nothing to write no interval begins
    await desk.settle()
    await desk.deliver(chunk(SURVEY, 15, 19, previous=14))
    await desk.settle()
    assert {"survey": 19} == desk.partition.durable
    await desk.partition.stop()


async def test_a_chunk_is_acked_when_it_is_durable_and_not_before(desk: Desk) -> None:
    desk.writer.may_write.clear()
    desk.start()
    await desk.deliver(chunk(SURVEY, 0, 4))
    await desk.settle()
    assert (1, [], {}) == (desk.writer.begun, desk.source.acked, desk.partition.durable)
    desk.writer.may_write.set()
    await desk.settle()
    assert ["survey:0"] == desk.source.acked
    assert {"survey": 4} == desk.partition.durable


async def test_the_next_unit_is_applied_while_one_is_written_and_written_after_it(desk: Desk) -> None:
    desk.writer.may_write.clear()
    desk.start()
    await desk.deliver(chunk(SURVEY, 0, 4))
    await desk.settle()
    await desk.deliver(chunk(SURVEY, 5, 6, previous=4))
    await desk.settle()
    assert {"survey": 6} == desk.state.position.offsets
    assert 1 == desk.writer.begun, "one transaction at a time"
    desk.writer.may_write.set()
    await desk.settle()
    assert [4, 6] == [desk.writer.position(number)["offsets"]["survey"] for number in (0, 1)]
    assert ["survey:0", "survey:5"] == desk.source.acked


async def test_a_large_change_set_is_written_before_the_unit_ends() -> None:
    """A row counts as 100 bytes, three keys: 300 bytes after the first chunk pass the limit of 250."""
    desk = Desk(unit_bytes=250)
    await desk.deliver(chunk(SURVEY, 0, 4))
    await desk.deliver(chunk(SURVEY, 5, 9, previous=4))
    desk.start()
    await desk.settle()
    assert [4, 9] == [desk.writer.position(number)["offsets"]["survey"] for number in (0, 1)]
    await desk.partition.stop()


async def test_records_that_are_in_the_ledger_are_left_out(desk: Desk) -> None:
    desk.state.position.offsets["survey"] = 6
    desk.start()
    await desk.deliver(chunk(SURVEY, 0, 5), "all applied")
    await desk.deliver(chunk(SURVEY, 4, 9), "half applied")
    await desk.settle()
    assert 3 == desk.state.keys.total()
    assert ["all applied", "half applied"] == desk.source.acked


async def test_what_was_fetched_before_a_seek_is_dropped(desk: Desk) -> None:
    desk.deliveries.renew([SURVEY])
    desk.start()
    await desk.deliver(chunk(SURVEY, 0, 4, epoch=0), "stale")
    await desk.settle()
    assert not desk.writer.writes
    assert ["stale"] == desk.source.acked


async def test_a_missing_chunk_is_read_again(desk: Desk) -> None:
    desk.state.position.offsets["survey"] = 9
    desk.start()
    await desk.deliver(chunk(SURVEY, 20, 24, previous=19))
    await desk.settle()
    assert [{SURVEY: 10}] == desk.source.sought
    assert 0 == desk.state.keys.total()
    assert 1 == desk.tally.out_of_sequence


async def test_a_missing_first_chunk_is_read_from_the_start_of_the_log(desk: Desk) -> None:
    desk.source.log_start = 3
    desk.start()
    await desk.deliver(chunk(SURVEY, 20, 24, previous=19))
    await desk.settle()
    assert [{SURVEY: 3}] == desk.source.sought


async def test_a_hole_that_is_still_there_after_a_seek_is_real(desk: Desk) -> None:
    desk.state.position.offsets["survey"] = 9
    desk.start()
    await desk.deliver(chunk(SURVEY, 20, 24))
    await desk.settle()
    position = desk.writer.position()
    assert 24 == position["offsets"]["survey"]
    assert {"gap": 1} == position["counters"]


async def test_a_hole_that_retention_made_is_a_loss(desk: Desk) -> None:
    """Applied 9, the log begins at 15: 10 to 14 are lost; 15 to 19 were compacted."""
    desk.state.position.offsets["survey"] = 9
    desk.source.log_start = 15
    desk.start()
    await desk.deliver(chunk(SURVEY, 20, 24))
    await desk.settle()
    assert {"gap": 1, "lost": 5} == desk.writer.position()["counters"]


async def test_offsets_that_go_back_end_the_worker(desk: Desk, ended: list[tuple[Exit, str]]) -> None:
    desk.state.position.offsets["survey"] = 9
    desk.start()
    await desk.deliver(chunk(SURVEY, 0, 4, previous=9))
    with pytest.raises(Ended):
        await asyncio.wait_for(desk.partition._task, 5)  # type: ignore[arg-type]
    [(code, reason)] = ended
    assert Exit.CONFIG == code
    assert "survey/0 goes back to offset 0, but the ledger has applied 9" in reason


async def test_a_record_that_crashes_the_merge_ends_the_worker_and_is_named(
    desk: Desk, ended: list[tuple[Exit, str]]
) -> None:
    desk.start()
    await desk.deliver(chunk(SURVEY, 7, 7, value=b"crash"))
    with pytest.raises(Ended):
        await asyncio.wait_for(desk.partition._task, 5)  # type: ignore[arg-type]
    [(code, reason)] = ended
    assert Exit.DATA == code
    assert "`deskpulse skip survey 0 7`" in reason


async def test_a_failed_write_ends_the_worker(
    desk: Desk, ended: list[tuple[Exit, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: Any) -> None:
        raise ValueError

    monkeypatch.setattr(desk.writer, "write", fail)
    desk.start()
    await desk.deliver(chunk(SURVEY, 0, 4))
    await desk.settle()
    assert desk.partition._writing is not None
    with pytest.raises(Ended):
        await asyncio.wait_for(desk.partition._writing, 5)
    assert [Exit.CRASH] == [code for code, _ in ended]
    assert not desk.source.acked


async def test_a_skipped_record_goes_to_the_dead_letters_unread(desk: Desk) -> None:
    desk.start({("survey", 0): frozenset({4})})
    await desk.deliver(chunk(SURVEY, 4, 4, value=b"crash"))
    await desk.settle()
    [letter] = desk.writer.letters
    assert (4, "skipped", b"crash") == (letter.offset, letter.reason, letter.value)
    assert {"skipped": 1} == desk.writer.position()["counters"]
    assert {"survey": 4} == desk.writer.position()["offsets"]


async def test_nothing_is_begun_once_a_rebalance_has_begun(desk: Desk) -> None:
    desk.start()
    desk.source.flow_active = False
    await desk.deliver(chunk(SURVEY, 0, 4))
    await desk.settle()
    assert not desk.writer.writes
    assert ["survey:0"] == desk.source.acked, "or Faust would wait for it"


async def test_stopping_waits_for_the_transaction_in_flight_and_lets_the_rest_go(desk: Desk) -> None:
    desk.writer.may_write.clear()
    desk.start()
    await desk.deliver(chunk(SURVEY, 0, 4))
    await desk.settle()
    stop = asyncio.create_task(desk.partition.stop())
    await desk.settle()
    assert not stop.done()
    desk.writer.may_write.set()
    await stop
    assert {"survey": 4} == desk.partition.durable
    assert desk.writer.closed
    assert not await desk.partition.inbox.put(Delivery(chunk(SURVEY, 5, 6, previous=4), "late"))


async def test_a_state_with_unwritten_changes_is_not_settled(desk: Desk) -> None:
    desk.writer.may_write.clear()
    desk.start()
    assert desk.settled()
    await desk.deliver(chunk(SURVEY, 0, 4))
    await desk.settle()
    assert not desk.settled()
    desk.writer.may_write.set()
    await desk.settle()
    assert desk.settled()


async def test_a_topic_at_its_end_for_a_moment_holds_the_event_clock_back(desk: Desk) -> None:
    """While a history is written every topic is at its end again and again: it has to rest there."""
    desk.deliveries.note(FetchLog().note({}, {SURVEY: LogEnd(5, 5)}))
    desk.start()
    await desk.deliver(chunk(SURVEY, 0, 4))
    await desk.settle()
    assert set() == desk.state.drained


async def test_in_a_backlog_a_topic_at_its_end_does_not_hold_the_event_clock_back(desk: Desk) -> None:
    """What is applied was sent a minute ago: nothing older can follow in a topic that has no more."""
    desk.deliveries.note(FetchLog().note({}, {SURVEY: LogEnd(5, 5)}))
    desk.start()
    await desk.deliver(chunk(SURVEY, 0, 4, age_seconds=60))
    await desk.settle()
    assert {"survey"} == desk.state.drained


async def test_of_an_end_that_is_not_known_anew_nothing_is_concluded_from_the_time_that_went_by(
    desk: Desk,
) -> None:
    """What is applied was sent 12 s ago, but the broker was asked for the end 5 s ago.

    The process stood still since: as far as it knows, a history is being written.
    """
    asked_at = WORKER.elapsed() - 5
    desk.deliveries.note(FetchLog().note({}, {SURVEY: LogEnd(5, 5, asked_at)}))
    desk.start()
    await desk.deliver(chunk(SURVEY, 0, 4, age_seconds=12))
    await desk.settle()
    assert set() == desk.state.drained


async def test_a_topic_has_rested_when_the_broker_says_so_afterwards() -> None:
    desk = Desk(drained_seconds=0.0)
    began = WORKER.elapsed()
    desk.deliveries.note(FetchLog().note({}, {SURVEY: LogEnd(5, 5, began)}))
    desk.start()
    await desk.deliver(chunk(SURVEY, 0, 4))
    await desk.settle()
    assert set() == desk.state.drained
    desk.deliveries.note(FetchLog().note({}, {SURVEY: LogEnd(5, 5, WORKER.elapsed())}))
    desk.partition.inbox.nudge()
    await desk.settle()
    assert {"survey"} == desk.state.drained


async def test_the_event_clock_learns_which_topics_are_read_to_their_ends() -> None:
    """Survey is applied to its end; resolved has more to come; of the others nothing is known."""
    desk = Desk(drained_seconds=0.0)
    desk.deliveries.note(FetchLog().note({}, {SURVEY: LogEnd(5, 5), RESOLVED: LogEnd(5, 20)}))
    desk.start()
    await desk.deliver(chunk(SURVEY, 0, 4))
    await desk.deliver(chunk(RESOLVED, 0, 4))
    await desk.settle()
    assert {"survey"} == desk.state.drained


async def test_expiry_goes_on_while_nothing_arrives(desk: Desk) -> None:
    """A nudge makes an empty unit; it is written only if the clock moved something."""
    desk.start()
    desk.partition.inbox.nudge()
    await desk.settle()
    assert not desk.writer.writes
    desk.state.count("expired")
    desk.partition.inbox.nudge()
    await desk.settle()
    assert {"expired": 1} == desk.writer.position()["counters"]


async def test_a_stalled_writer_fills_the_inbox_and_no_more_and_loses_nothing() -> None:
    """Units of 100 records in chunks of 10 while nothing gets written.

    One unit in its transaction, one applied, one in the inbox.

    The sender is held after that, 10 records in hand; once the broker is back, all 1,000 are applied and
    acked, in order.
    """
    desk = Desk(unit_records=100)
    desk.writer.may_write.clear()
    desk.start()
    sent = 0

    async def send() -> None:
        nonlocal sent
        for first in range(0, 1_000, 10):
            await desk.deliver(chunk(SURVEY, first, first + 9, previous=first - 1 if first else None))
            sent += 10

    sending = asyncio.create_task(send())
    for _ in range(3_000):
        await asyncio.sleep(0)
    stalled_at = sent
    assert stalled_at <= 3 * 100 + 10
    assert 100 == desk.partition.inbox.records
    assert sum(desk.state.topics.values()) <= 200
    assert not desk.source.acked
    for _ in range(3_000):  # and it stays like that
        await asyncio.sleep(0)
    assert stalled_at == sent

    desk.writer.may_write.set()
    await sending
    await until(lambda: desk.settled() and len(desk.source.acked) == 100, what="the last ack")
    assert 1_000 == sum(desk.state.topics.values())
    assert {"survey": 999} == desk.writer.position()["offsets"]
    assert [f"survey:{first}" for first in range(0, 1_000, 10)] == desk.source.acked
    await desk.partition.stop()


async def test_panes_of_other_definitions_are_made_anew_before_anything_is_applied(desk: Desk) -> None:
    """Each step is a transaction of its own; what was delivered meanwhile waits."""
    desk.state.rebuilds = 3
    await desk.deliver(chunk(SURVEY, 0, 4))
    desk.start()
    await until(lambda: desk.writer.writes and desk.partition.settled and not desk.state.outdated)
    await desk.settle()
    assert [{}, {}, {}, {"survey": 4}] == [desk.writer.position(number)["offsets"] for number in range(4)]
    assert ["survey:0"] == desk.source.acked
    assert desk.partition.rebuilt > 0


async def test_a_partition_that_is_lost_while_panes_are_made_anew_ends_after_its_transaction(
    desk: Desk,
) -> None:
    desk.state.rebuilds = 3
    desk.writer.may_write.clear()
    desk.start()
    await until(lambda: desk.writer.begun == 1)
    stopping = asyncio.create_task(desk.partition.stop())
    await desk.settle()
    assert not stopping.done()
    desk.writer.may_write.set()
    await stopping
    assert 1 == len(desk.writer.writes)
    assert desk.writer.closed
