"""Bots: stretches, hand-overs and what a bot solves, worked by hand."""

import pytest

from oracle.figures import figures
from oracle.tickets import observations_of_ticket
from tests.oracle.desk import MINUTE_MS, Desk, at, minutes, read, times


def with_bot(**fields: object) -> Desk:
    desk = Desk()
    desk.created("T", "10:00", with_bot=True, **fields)
    return desk


class TestTheFirstResponse:
    def test_it_starts_at_the_first_hand_over_and_the_response_at_the_last(self) -> None:
        """Bot 10:00, handed over 10:10, bot 10:20, handed over 10:30, reply 10:40: FRT 30, response 10."""
        desk = with_bot()
        desk.changed("T", "10:10", "handed_over")
        desk.changed("T", "10:20", "status", status="bot")
        desk.changed("T", "10:30", "handed_over")
        desk.answered("T", "10:40")
        assert [("10:40", 30)] == minutes(desk, "first_response")
        assert [("10:40", 10)] == minutes(desk, "response")

    def test_where_a_human_replied_without_one_it_starts_with_the_bot_s_stretch(self) -> None:
        """Created 10:00, bot from 10:05, reply 10:12 without a hand-over: FRT 7 min, and no wait ran."""
        desk = Desk()
        desk.created("T", "10:00")
        desk.changed("T", "10:05", "status", status="bot")
        desk.answered("T", "10:12")
        assert [("10:12", 7)] == minutes(desk, "first_response")
        assert [] == minutes(desk, "response")

    def test_the_customer_s_first_message_may_be_later_than_the_hand_over(self) -> None:
        """Opened by the desk with a bot, handed over 10:10, message 10:30, reply 10:35: 5 min."""
        desk = with_bot(opened_by="desk")
        desk.changed("T", "10:10", "handed_over")
        desk.changed("T", "10:30", "customer_replied")
        desk.answered("T", "10:35")
        assert [("10:35", 5)] == minutes(desk, "first_response") == minutes(desk, "response")

    def test_a_reply_a_closure_or_a_reopening_is_no_hand_over(self) -> None:
        """Closed by the bot 10:05, reopened 11:00, reply 11:10: since the bot began 70 min; response 10."""
        desk = with_bot()
        desk.resolved("T", "10:05", by="bot")
        desk.changed("T", "11:00", "reopened")
        desk.answered("T", "11:10")
        assert [("11:10", 70)] == minutes(desk, "first_response")
        assert [("11:10", 10)] == minutes(desk, "response")

    def test_of_two_stretches_without_one_the_latest_counts(self) -> None:
        """Closed by the bot 10:05; with a bot again from 11:00, reply 11:10: 10 min."""
        desk = with_bot()
        desk.resolved("T", "10:05", by="bot")
        desk.changed("T", "11:00", "status", status="bot")
        desk.answered("T", "11:10")
        assert [("11:10", 10)] == minutes(desk, "first_response")

    def test_a_hand_over_after_the_reply_is_too_late(self) -> None:
        desk = with_bot()
        desk.answered("T", "10:12")
        desk.changed("T", "10:20", "status", status="bot")
        desk.changed("T", "10:30", "handed_over")
        assert [("10:12", 12)] == minutes(desk, "first_response")

    def test_counted_from_the_creation_bots_play_no_part(self) -> None:
        desk = with_bot()
        desk.changed("T", "10:10", "handed_over")
        desk.answered("T", "10:40")
        found = observations_of_ticket(desk.events("T"), frt_from="created")
        assert [40 * MINUTE_MS] == [one.value for one in found if one.series == "first_response"]
        shown = figures(desk.records, as_of_ms=at("10:50"), frt_from="created")
        assert 2400.0 == read(shown, "support_first_response_mean_seconds", clock="calendar")
        assert 1800.0 == read(
            figures(desk.records, as_of_ms=at("10:50")),
            "support_first_response_mean_seconds",
            clock="calendar",
        )


class TestTheStretch:
    def test_meanwhile_the_ticket_is_with_a_bot_and_neither_unanswered_nor_waiting(self) -> None:
        desk = with_bot()
        desk.changed("T", "10:05", "customer_replied")
        assert ["10:00"] == times(desk, "with_bot") == times(desk, "open")
        assert [] == times(desk, "unanswered") == times(desk, "waiting")
        desk.changed("T", "10:10", "handed_over")
        assert [] == times(desk, "with_bot")
        assert ["10:10"] == times(desk, "unanswered") == times(desk, "waiting")

    @pytest.mark.parametrize("status", ["open", "waiting", "on_hold"])
    def test_another_status_hands_over(self, status: str) -> None:
        desk = with_bot()
        desk.changed("T", "10:10", "status", status=status)
        desk.answered("T", "10:30")
        assert [("10:30", 20)] == minutes(desk, "first_response") == minutes(desk, "response")

    def test_a_public_human_reply_ends_it_and_a_program_s_does_not(self) -> None:
        desk = with_bot()
        desk.answered("T", "10:05", automated=True)
        assert ["10:00"] == times(desk, "with_bot")
        desk.answered("T", "10:10")
        assert [] == times(desk, "with_bot")

    def test_the_same_status_again_begins_none(self) -> None:
        desk = Desk()
        desk.created("T", "10:00")
        desk.changed("T", "10:05", "status", status="bot")
        desk.changed("T", "10:08", "status", status="bot")
        assert ["10:05"] == times(desk, "with_bot")

    def test_handing_over_what_no_bot_has_is_nothing(self) -> None:
        desk = Desk()
        desk.created("T", "10:00")
        desk.changed("T", "10:20", "handed_over")
        desk.answered("T", "10:30")
        assert [("10:30", 30)] == minutes(desk, "first_response") == minutes(desk, "response")

    def test_a_later_one_ends_a_wait_without_observation_and_its_hand_over_begins_one(self) -> None:
        """Message 11:00, bot 11:05, handed over 11:20, reply 11:30: 10 min."""
        desk = Desk()
        desk.created("T", "10:00")
        desk.answered("T", "10:10")
        desk.changed("T", "11:00", "customer_replied")
        desk.changed("T", "11:05", "status", status="bot")
        assert [] == times(desk, "waiting")
        desk.changed("T", "11:20", "handed_over")
        assert ["11:20"] == times(desk, "waiting")
        desk.answered("T", "11:30")
        assert [("10:10", 10), ("11:30", 10)] == minutes(desk, "response")

    def test_its_hand_over_begins_no_wait_where_every_message_is_answered(self) -> None:
        desk = Desk()
        desk.created("T", "10:00")
        desk.answered("T", "10:10")
        desk.changed("T", "11:05", "status", status="bot")
        desk.changed("T", "11:20", "handed_over")
        assert [] == times(desk, "waiting")

    def test_a_closure_ends_it_and_a_reopening_is_with_humans_unless_the_status_says_bot(self) -> None:
        for change in ({"change": "reopened"}, {"change": "status", "status": "open"}):
            desk = with_bot()
            desk.resolved("T", "10:05", by="bot")
            desk.changed("T", "11:00", **change)
            assert ([], ["11:00"]) == (times(desk, "with_bot"), times(desk, "waiting"))
        desk = with_bot()
        desk.resolved("T", "10:05", by="bot")
        desk.changed("T", "11:00", "status", status="bot")
        assert (["11:00"], []) == (times(desk, "with_bot"), times(desk, "waiting"))
        assert ["11:00"] == times(desk, "reopened")

    def test_what_a_bot_opened_is_not_with_one_for_that(self) -> None:
        desk = Desk()
        desk.created("T", "10:00", opened_by="bot")
        assert [] == times(desk, "with_bot") == times(desk, "waiting")


class TestWhatABotSolves:
    def test_it_counts_as_solved_and_in_nothing_that_measures_humans(self) -> None:
        desk = with_bot()
        desk.resolved("T", "10:05", by="bot")
        for series in ("solved", "bot_solved", "net", "first_resolution"):
            assert ["10:05"] == times(desk, series), series
        assert ["10:00"] == times(desk, "cohort") == times(desk, "created")
        for series in (
            "resolution_time",
            "full_resolution",
            "touched",
            "one_touch",
            "first_contact",
            "solved_unanswered",
        ):
            assert [] == times(desk, series), series

    def test_a_later_human_solution_counts_in_those_and_never_again_in_solved(self) -> None:
        """Bot 10:05, reopened 10:20, reply 10:30, solved by a human 10:40: 40 min, one touch of one."""
        desk = with_bot()
        desk.resolved("T", "10:05", by="bot")
        desk.changed("T", "10:20", "reopened")
        desk.answered("T", "10:30")
        desk.resolved("T", "10:40")
        assert ["10:05"] == times(desk, "solved") == times(desk, "bot_solved") == times(desk, "net")
        assert [("10:40", 40)] == minutes(desk, "resolution_time") == minutes(desk, "full_resolution")
        assert ["10:40"] == times(desk, "one_touch") == times(desk, "touched")
        assert ["2024-03-11 10:40"] == times(desk, "first_contact") == times(desk, "kept_contact")

    def test_solved_by_a_human_first_it_is_no_bot_s(self) -> None:
        desk = Desk()
        desk.created("T", "10:00")
        desk.resolved("T", "10:05")
        desk.changed("T", "10:20", "reopened")
        desk.resolved("T", "10:40", by="bot")
        assert [] == times(desk, "bot_solved") == times(desk, "full_resolution")
        assert [("10:05", 5)] == minutes(desk, "resolution_time")

    def test_the_figure_counts_them_among_the_solved(self) -> None:
        """Two of three solved tickets by a bot; one is still with a bot: 4 created."""
        desk = Desk()
        for number in range(4):
            desk.created(f"T{number}", "11:10", with_bot=True)
        for number in range(3):
            desk.resolved(f"T{number}", "11:30", by="bot" if number else "human")
        found = figures(desk.records, as_of_ms=at("12:00"))
        assert (2, 3) == (
            read(found, "support_bot_solved_tickets"),
            read(found, "support_bot_solved_tickets_observations"),
        )
        assert 1 == read(found, "support_with_bot_tickets")
        assert 0.75 == read(found, "support_resolution_ratio")
