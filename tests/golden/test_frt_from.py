"""`frt_from: created`, worked by hand: by a view, a report in another order, and the oracle."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kpis.figures.batch import Batch, History
from tests.golden.desk import NOON_MS, RULES
from tests.golden.readers import FRT, FRT_N, RESPONSE, RESPONSE_N, play, samples, told

HANDED_OVER = """
    10:00 created with_bot=true
    10:10 handed_over
    10:40 replied"""
HOURS = """
    versions:
      - name: v1
        calendars: {main: {time_zone: UTC, hours: {mon: "10:05-18:00"}}}
        default_calendar: main
        first_reply: [{within: 30m, objective: 90%}]
"""


def both(story: str, name: str = FRT, **asked: str) -> tuple[float | None, float | None]:
    """A figure by default, and counted from the creation."""
    return (
        told(story, name, frt_from="first_contact", **asked),
        told(story, name, frt_from="created", **asked),
    )


def test_after_a_hand_over_30_min_by_default_are_40_from_the_creation() -> None:
    """With a bot 10:00, handed over 10:10, reply 10:40: 1,800 s since the hand-over, 2,400 s in all.

    The wait began at the hand-over: the response is one of 1,800 s whatever the setting is.
    """
    assert (1800.0, 2400.0) == both(HANDED_OVER)
    assert (1, 1) == both(HANDED_OVER, FRT_N)
    assert (1800.0, 1800.0) == both(HANDED_OVER, RESPONSE)


def test_a_second_stretch_of_a_bot_plays_no_part_either() -> None:
    """Handed over 10:10, bot again 10:20, handed over 10:30, reply 10:40: 30 or 40 min, response 10 min."""
    story = """
        10:00 created with_bot=true
        10:10 handed_over
        10:20 status status=bot
        10:30 handed_over
        10:40 replied"""
    assert (1800.0, 2400.0) == both(story)
    assert (600.0, 600.0) == both(story, RESPONSE)


def test_nor_does_the_start_of_a_stretch_that_a_human_ended_by_replying() -> None:
    """Created 10:00, a bot has it from 10:10, reply 10:25: 15 or 25 min. No wait ran: no response."""
    story = """
        10:00 created
        10:10 status status=bot
        10:25 replied"""
    assert (900.0, 1500.0) == both(story)
    assert (0, 0) == both(story, RESPONSE_N)


@pytest.mark.parametrize("opened_by", ["desk", "bot"])
def test_who_was_written_to_waits_from_the_first_message_on(opened_by: str) -> None:
    """Opened 10:00, ours 10:30; message 11:00, bot 11:05, handed over 11:10, reply 11:20: 10 or 20 min."""
    story = f"""
        10:00 created opened_by={opened_by}
        10:30 replied
        11:00 customer_replied
        11:05 status status=bot
        11:10 handed_over
        11:20 replied"""
    assert (600.0, 1200.0) == both(story)
    assert (1, 1) == both(story, FRT_N)


def test_without_a_bot_both_are_the_same() -> None:
    """20 min, whichever; what was stamped before the creation took 0 s."""
    assert (1200.0, 1200.0) == both("10:00 created\n10:20 replied")
    assert (0.0, 0.0) == both("10:00 created with_bot=true\n09:50 replied")


def test_the_business_clock_begins_there_too() -> None:
    """Open from 10:05. With a bot 10:00, handed over 10:10, reply 10:40: 30 or 35 open minutes."""
    assert (1800.0, 2100.0) == both(HANDED_OVER, policy=HOURS, clock="business")
    assert (1800.0, 1800.0) == both(HANDED_OVER, RESPONSE, policy=HOURS, clock="business")


def test_the_deadline_of_the_first_reply_stays_where_it_was() -> None:
    """Promised within 30 min of the hand-over at 10:10: met at 10:40, whatever the setting is."""
    for name in ("support_sla_attainment_ratio", "support_sla_attainment_observations"):
        assert (1.0, 1.0) == both(HANDED_OVER, name, policy=HOURS, target="first_reply")


def test_levels_know_nothing_of_it() -> None:
    story = "10:00 created with_bot=true"
    assert (1, 1) == both(story, "support_with_bot_tickets", as_of="10:05")
    assert (0, 0) == both(story, "support_unanswered_tickets", as_of="10:05")


def test_a_report_by_creation_counts_so_too() -> None:
    """40 min at the creation."""
    history = History()
    for _, topic, _, value in play(HANDED_OVER).events:
        assert history.add(topic, value) is None
    batch = Batch(history, replace(RULES, frt_from="created"), NOON_MS, by_created=True)
    found = samples(batch.figures(batch.stretches(NOON_MS, ("24h",)), NOON_MS))
    labels = {"window": "24h", "period": "current", "by": "all", "member": "all", "clock": "calendar"}
    assert 2400.0 == found[FRT, frozenset(labels.items())]


def test_a_report_by_creation_knows_segments() -> None:
    """A ticket of gold counts under gold, as in a report by event."""
    history = History()
    for _, topic, _, value in play("10:00 created segment=gold\n10:20 replied").events:
        assert history.add(topic, value) is None
    labels = {"window": "24h", "period": "current", "by": "segment", "member": "gold", "clock": "calendar"}
    for by_created in (False, True):
        batch = Batch(history, replace(RULES, segment=True), NOON_MS, by_created=by_created)
        found = samples(batch.figures(batch.stretches(NOON_MS, ("24h",)), NOON_MS))
        assert 1200.0 == found[FRT, frozenset(labels.items())]
