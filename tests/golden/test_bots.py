"""Each sentence about bots, worked by hand: by a view, a report in another order, and the oracle."""

from __future__ import annotations

import pytest

from tests.golden.readers import (
    FRT,
    FRT_N,
    OUTCOMES,
    RESPONSE,
    RESPONSE_N,
    UNANSWERED,
    WAITING,
    instant,
    told,
)

WITH_BOT = "support_with_bot_tickets"
PROMISED = """
    versions:
      - name: v1
        first_reply: [{within: 30m, objective: 90%}]
        resolution: [{within: 2h, objective: 90%}]
"""


class TestABotsStretch:
    @pytest.mark.parametrize(
        "begins", ["10:00 created with_bot=true", "10:00 created\n10:00 status status=bot"]
    )
    @pytest.mark.parametrize(
        ("ends", "waits"), [("handed_over", 1), ("status status=open", 1), ("replied", 0)]
    )
    def test_it_is_with_a_bot_and_nobody_waits_until_people_have_it(
        self, begins: str, ends: str, waits: int
    ) -> None:
        """Handed over, the customer waits; a human reply ends the stretch and leaves no wait."""
        assert (1, 0, 0) == tuple(
            told(begins, name, as_of="10:20") for name in (WITH_BOT, UNANSWERED, WAITING)
        )
        story = f"{begins}\n10:30 {ends}"
        assert (0, waits, waits) == tuple(told(story, name) for name in (WITH_BOT, UNANSWERED, WAITING))

    def test_the_clock_of_the_first_reply_stands_still(self) -> None:
        """With a bot for an hour, then 20 min until the reply: within 30 min."""
        story = """
            10:00 created with_bot=true
            11:00 handed_over
            11:20 replied"""
        labels = {"policy": PROMISED, "target": "first_reply"}
        assert (1, 1.0) == (
            told(story, OUTCOMES, **labels),
            told(story, "support_sla_attainment_ratio", **labels),
        )

    def test_frt_begins_at_the_first_hand_over(self) -> None:
        """With a bot 10:00, handed over 10:10, bot 10:20, handed over 10:30, reply 10:40.

        FRT since 10:10: 30 min = 1,800 s. The wait that the reply ends began at 10:30: 10 min = 600 s.
        """
        story = """
            10:00 created with_bot=true
            10:10 handed_over
            10:20 status status=bot
            10:30 handed_over
            10:40 replied"""
        assert (1, 1800.0) == (told(story, FRT_N), told(story, FRT))
        assert (1, 600.0) == (told(story, RESPONSE_N), told(story, RESPONSE))

    def test_where_a_human_replied_without_a_hand_over_frt_begins_with_the_bot_s_stretch(self) -> None:
        """A bot has it from 10:10, the reply is of 10:25: 15 min = 900 s. No wait ran: no response."""
        story = """
            10:00 created
            10:10 status status=bot
            10:25 replied"""
        assert (1, 900.0, 0) == (told(story, FRT_N), told(story, FRT), told(story, RESPONSE_N))

    def test_a_later_stretch_ends_a_wait_and_its_hand_over_begins_one(self) -> None:
        """10 min to the first reply; the message of 10:30 is with a bot from 10:40, handed over at 10:50.

        The reply of 11:00 ends a wait of 10 min: both together 600 s on average.
        """
        asked = """
            10:00 created
            10:10 replied
            10:30 customer_replied
            10:40 status status=bot"""
        assert 0 == told(asked, WAITING, as_of="10:45")
        story = f"""{asked}
            10:50 handed_over
            11:00 replied"""
        assert (2, 600.0) == (told(story, RESPONSE_N), told(story, RESPONSE))

    def test_the_hand_over_of_an_answered_ticket_begins_none(self) -> None:
        story = """
            10:00 created
            10:10 replied
            10:40 status status=bot
            10:50 handed_over"""
        assert (1, 0) == (told(story, "support_open_tickets"), told(story, WAITING))

    @pytest.mark.parametrize(
        ("back", "with_bot", "waiting"), [("reopened", 0, 1), ("status status=bot", 1, 0)]
    )
    def test_a_closure_ends_it_and_a_reopening_is_with_people_unless_by_status_bot(
        self, back: str, with_bot: int, waiting: int
    ) -> None:
        closed = """
            10:00 created with_bot=true
            10:10 resolved by=bot"""
        assert 0 == told(closed, WITH_BOT)
        story = f"{closed}\n10:30 {back}"
        assert (with_bot, waiting) == (told(story, WITH_BOT), told(story, WAITING))
        start = told(story, "support_oldest_waiting_timestamp_seconds")
        assert start == (instant("10:30") / 1000 if waiting else None)


class TestABotsSolution:
    SOLVED = """
        10:00 created with_bot=true
        10:10 resolved by=bot"""
    BACK = f"{SOLVED}\n10:30 reopened"
    AGAIN = f"{BACK}\n11:00 resolved"

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("support_tickets", 1),
            ("support_resolution_ratio", 1.0),
            ("support_resolution_cohort_ratio", 1.0),
            ("support_resolution_net_ratio", 1.0),
            ("support_bot_solved_tickets", 1),
        ],
    )
    def test_it_counts_as_solved(self, name: str, value: float) -> None:
        assert value == told(self.SOLVED, name)

    @pytest.mark.parametrize(
        "name",
        [
            "support_resolution_time_mean_observations",
            "support_full_resolution_time_mean_observations",
            "support_one_touch_observations",
            "support_solved_unanswered_tickets",
        ],
    )
    def test_it_is_no_work_of_people(self, name: str) -> None:
        assert 0 == told(self.SOLVED, name)
        assert 0 == told(self.SOLVED, OUTCOMES, policy=PROMISED, target="resolution")

    def test_it_is_no_first_contact(self) -> None:
        """Answered by a human and solved by a bot, 8 days ago: nothing is booked a day ago."""
        story = """
            -8d 10:00 created
            -8d 10:05 replied
            -8d 10:10 resolved by=bot"""
        assert 0 == told(story, "support_first_contact_observations", window="30d")

    def test_reopened_it_counts_as_reopened(self) -> None:
        assert 1.0 == told(self.BACK, "support_reopen_ratio")
        assert 0.0 == told(self.BACK, "support_resolution_net_ratio")

    def test_a_later_human_solution_has_the_times_and_is_not_solved_again(self) -> None:
        """Solved once (1 of 1, by a bot); 10:00 to 11:00 are 3,600 s, both times; no human had replied."""
        assert (1.0, 1) == (
            told(self.AGAIN, "support_resolution_ratio"),
            told(self.AGAIN, "support_bot_solved_tickets"),
        )
        assert 3600.0 == told(self.AGAIN, "support_resolution_time_mean_seconds")
        assert 3600.0 == told(self.AGAIN, "support_full_resolution_time_mean_seconds")
        assert 1 == told(self.AGAIN, "support_solved_unanswered_tickets")
