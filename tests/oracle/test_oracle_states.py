"""Changes of state: statuses, merged and discarded tickets, restorations; worked by hand."""

import pytest

from oracle.tickets import history_of, observations_of_ticket
from tests.oracle.desk import Desk, at, minutes, teams, times

OF_RESOLUTION = (
    "first_resolution",
    "solved",
    "net",
    "cohort",
    "resolution_time",
    "full_resolution",
    "touched",
)


def answered_and_solved() -> Desk:
    """Created 10:00, replied 10:10, solved 10:20."""
    desk = Desk()
    desk.created("T", "10:00")
    desk.answered("T", "10:10")
    desk.resolved("T", "10:20")
    return desk


class TestStatusAsALevel:
    @pytest.mark.parametrize("status", ["solved", "closed"])
    def test_solved_or_closed_resolves_an_open_ticket_and_does_nothing_to_a_closed_one(
        self, status: str
    ) -> None:
        desk = Desk()
        desk.created("T", "10:00")
        desk.changed("T", "10:10", "status", status=status)
        desk.changed("T", "10:20", "status", status="abandoned")
        assert ["10:10"] == times(desk, "solved") == times(desk, "net")
        assert [("10:10", 10)] == minutes(desk, "resolution_time")
        assert [] == times(desk, "abandoned") == times(desk, "open")

    def test_abandoned_resolves_so_and_solved_after_it_is_nothing(self) -> None:
        desk = Desk()
        desk.created("T", "10:00")
        desk.changed("T", "10:10", "status", status="abandoned")
        desk.changed("T", "10:20", "status", status="closed")
        assert ["10:10"] == times(desk, "abandoned") == times(desk, "first_resolution")
        assert [] == times(desk, "solved")

    @pytest.mark.parametrize("status", ["open", "bot", "waiting", "on_hold"])
    def test_any_other_reopens_a_closed_ticket_and_counts_in_the_reopen_rate(self, status: str) -> None:
        desk = answered_and_solved()
        desk.changed("T", "10:30", "status", status=status)
        desk.changed("T", "10:40", "status", status=status)
        assert ["10:30"] == times(desk, "reopened")
        assert ["10:00"] == times(desk, "open")
        assert [] == times(desk, "net")

    def test_it_is_compared_with_the_state_whoever_set_it(self) -> None:
        """Solved by an event 10:20, the status says solved 10:25: nothing; open 10:30 reopens it."""
        desk = answered_and_solved()
        desk.changed("T", "10:25", "status", status="solved")
        desk.changed("T", "10:30", "status", status="open")
        desk.changed("T", "10:35", "reopened")
        course = history_of(desk.events("T")).course
        assert [at("10:20")] == [one.at_ms for one in course.resolutions]
        assert [at("10:30")] == [one.at_ms for one in course.reopenings]

    def test_pausing_ones_pause_and_the_others_resume(self) -> None:
        """waiting 10:05 to open 10:15, on_hold 10:20 to bot 10:30; paused by an event 10:40: once."""
        desk = Desk()
        desk.created("T", "10:00")
        for when, status in [("10:05", "waiting"), ("10:10", "on_hold"), ("10:15", "open")]:
            desk.changed("T", when, "status", status=status)
        for when, status in [("10:20", "on_hold"), ("10:30", "bot")]:
            desk.changed("T", when, "status", status=status)
        desk.changed("T", "10:40", "paused")
        desk.changed("T", "10:45", "status", status="waiting")
        pauses = history_of(desk.events("T")).course.pauses
        assert [("10:05", "10:15"), ("10:20", "10:30"), ("10:40", None)] == [
            (hand(one.start_ms), hand(one.end_ms)) for one in pauses
        ]

    def test_reopened_by_a_pausing_one_a_ticket_is_paused_at_once_and_a_closure_ends_the_pause(self) -> None:
        desk = answered_and_solved()
        desk.changed("T", "10:15", "paused")
        desk.changed("T", "10:30", "status", status="waiting")
        pauses = history_of(desk.events("T")).course.pauses
        assert [("10:15", "10:20"), ("10:30", None)] == [
            (hand(one.start_ms), hand(one.end_ms)) for one in pauses
        ]


def hand(at_ms: int | None) -> str | None:
    """An instant of the day as `10:30`."""
    return None if at_ms is None else f"{(at_ms - at('00:00')) // 3_600_000:02}:{at_ms // 60_000 % 60:02}"


class TestDiscarded:
    def test_nothing_of_it_counts(self) -> None:
        desk = answered_and_solved()
        desk.surveyed("T", "10:30", "nps", 9)
        desk.changed("T", "10:40", "discarded")
        assert [] == observations_of_ticket(desk.events("T"))

    def test_restored_it_has_the_state_that_it_had(self) -> None:
        desk = answered_and_solved()
        before = observations_of_ticket(desk.events("T"))
        desk.changed("T", "10:40", "discarded")
        desk.changed("T", "10:50", "restored")
        assert before == observations_of_ticket(desk.events("T"))


class TestMerged:
    def test_it_was_no_request_of_its_own_but_its_replies_and_its_work_stay(self) -> None:
        desk = answered_and_solved()
        desk.changed("T", "10:25", "handled", talk_seconds=60)
        desk.surveyed("T", "10:30", "nps", 9)
        desk.changed("T", "10:40", "merged", into="U")
        found = {one.series for one in observations_of_ticket(desk.events("T"))}
        assert {"first_response", "response", "handle_time", "nps"} == found

    def test_an_open_one_is_closed_and_its_wait_ends_without_an_observation(self) -> None:
        desk = Desk()
        desk.created("T", "10:00")
        desk.changed("T", "10:40", "merged")
        assert [] == times(desk, "open") == times(desk, "waiting") == times(desk, "response")
        assert [] == times(desk, "created") == times(desk, "received") == times(desk, "customer")

    def test_meanwhile_changes_of_state_do_nothing_for_later_too(self) -> None:
        """Resolved 10:50, status abandoned 10:55 and a hand-over do nothing: restored 11:00 it is open."""
        desk = Desk()
        desk.created("T", "10:00")
        desk.answered("T", "10:10")
        desk.changed("T", "10:40", "merged")
        desk.resolved("T", "10:50", talk_seconds=60)
        desk.changed("T", "10:55", "status", status="abandoned")
        for change in ("paused", "reopened", "resumed", "handed_over"):
            desk.changed("T", "10:56", change)
        desk.changed("T", "11:00", "restored")
        assert ["10:00"] == times(desk, "open")
        assert [] == times(desk, "first_resolution") == times(desk, "reopened")
        assert [("10:50", 1)] == minutes(desk, "handle_time")
        assert not history_of(desk.events("T")).course.pauses

    @pytest.mark.parametrize("gone", ["merged", "discarded"])
    def test_a_solution_that_is_gone_is_not_reopened(self, gone: str) -> None:
        desk = answered_and_solved()
        desk.changed("T", "10:40", gone)
        desk.changed("T", "10:50", "reopened")
        desk.changed("T", "10:51", "status", status="bot")
        desk.changed("T", "11:00", "restored")
        assert ["10:20"] == times(desk, "net")
        assert [] == times(desk, "reopened") == times(desk, "open")

    def test_messages_are_still_read_and_a_restoration_begins_their_wait(self) -> None:
        """Message 10:50 while merged, restored 11:00: waiting since 11:00, and no reopening in the rate."""
        desk = answered_and_solved()
        desk.changed("T", "10:25", "reopened")
        desk.changed("T", "10:40", "merged")
        desk.changed("T", "10:50", "customer_replied")
        desk.changed("T", "11:00", "restored")
        assert ["11:00"] == times(desk, "waiting")
        assert ["10:25"] == times(desk, "reopened")

    def test_a_restored_solution_stands_as_it_stood(self) -> None:
        desk = answered_and_solved()
        desk.changed("T", "10:40", "merged")
        assert [] == [series for series in OF_RESOLUTION if times(desk, series)]
        desk.changed("T", "11:00", "restored")
        assert ["10:20"] == times(desk, "solved") == times(desk, "net")
        assert [] == times(desk, "open") == times(desk, "reopened")

    def test_of_merged_discarded_and_restored_the_latest_decides(self) -> None:
        desk = answered_and_solved()
        desk.changed("T", "10:30", "restored")
        assert ["10:00"] == times(desk, "created")
        desk.changed("T", "10:40", "discarded")
        desk.changed("T", "10:50", "merged")
        assert {"first_response", "response"} == {o.series for o in observations_of_ticket(desk.events("T"))}
        desk.changed("T", "11:00", "restored")
        assert ["10:00"] == times(desk, "created")
        desk.changed("T", "10:55", "discarded")
        assert ["10:00"] == times(desk, "created")

    def test_a_ticket_that_a_bot_has_is_with_humans_when_it_is_restored(self) -> None:
        desk = Desk()
        desk.created("T", "10:00", with_bot=True)
        desk.changed("T", "10:40", "merged")
        desk.changed("T", "11:00", "restored")
        assert ([], ["11:00"]) == (times(desk, "with_bot"), times(desk, "waiting"))


class TestResolved:
    def test_a_resolution_of_a_resolved_ticket_is_a_no_op(self) -> None:
        desk = answered_and_solved()
        desk.resolved("T", "10:30", by="bot")
        assert [("10:20", 20)] == minutes(desk, "full_resolution") == minutes(desk, "resolution_time")

    def test_a_first_reopening_counts_once_under_the_label_of_the_resolution_that_it_takes_back(self) -> None:
        desk = answered_and_solved()
        desk.changed("T", "10:25", "transferred", team="refunds")
        desk.changed("T", "10:30", "reopened")
        desk.resolved("T", "10:40")
        desk.changed("T", "10:50", "reopened")
        assert ["10:30"] == times(desk, "reopened")
        assert ["billing"] == teams(desk, "reopened")

    def test_abandoned_is_a_ticket_by_its_first_resolution_or_never(self) -> None:
        desk = answered_and_solved()
        desk.changed("T", "10:30", "reopened")
        desk.resolved("T", "10:40", outcome="abandoned")
        assert [] == times(desk, "abandoned") == times(desk, "net") == times(desk, "cohort")
        assert ["10:20"] == times(desk, "solved") == times(desk, "first_resolution")


class TestOneTouchAndFullResolution:
    def test_one_reply_and_a_solution_is_one_touch(self) -> None:
        desk = answered_and_solved()
        assert ["10:20"] == times(desk, "one_touch") == times(desk, "touched")
        assert [("10:20", 20)] == minutes(desk, "full_resolution")

    def test_two_replies_are_not_before_or_after_the_solution(self) -> None:
        desk = answered_and_solved()
        desk.answered("T", "10:30")
        assert (["10:20"], []) == (times(desk, "touched"), times(desk, "one_touch"))

    def test_without_any_reply_the_solution_is_no_part_of_the_rate(self) -> None:
        desk = Desk()
        desk.created("T", "10:00")
        desk.resolved("T", "10:20")
        assert [] == times(desk, "touched") == times(desk, "one_touch")
        assert [("10:20", 20)] == minutes(desk, "full_resolution")

    def test_solved_again_without_a_further_reply_it_still_counts_at_the_last_solution(self) -> None:
        desk = answered_and_solved()
        desk.changed("T", "10:30", "reopened")
        assert [] == times(desk, "touched") == times(desk, "full_resolution")
        desk.resolved("T", "10:45")
        assert ["10:45"] == times(desk, "one_touch")
        assert [("10:45", 45)] == minutes(desk, "full_resolution")
        assert [("10:20", 20)] == minutes(desk, "resolution_time")


class TestFirstContact:
    BOOKED = "2024-03-11 10:20"  # 7 days after the solution

    def test_a_solution_after_which_nobody_came_back_is_one(self) -> None:
        desk = answered_and_solved()
        assert [self.BOOKED] == times(desk, "first_contact") == times(desk, "kept_contact")

    def test_a_message_between_the_first_reply_and_the_solution_breaks_it(self) -> None:
        """One before the reply and one after the solution do not."""
        desk = answered_and_solved()
        desk.changed("T", "10:05", "customer_replied")
        desk.changed("T", "10:25", "customer_replied")
        assert [self.BOOKED] == times(desk, "kept_contact")
        desk.changed("T", "10:15", "customer_replied")
        assert ([self.BOOKED], []) == (times(desk, "first_contact"), times(desk, "kept_contact"))

    @pytest.mark.parametrize(
        ("when", "kept"), [("2024-03-11 10:20", False), ("2024-03-11 10:20:00.001", True), ("10:20", False)]
    )
    def test_a_reopening_within_7_days_breaks_it(self, when: str, kept: bool) -> None:  # noqa: FBT001
        desk = answered_and_solved()
        desk.changed("T", when, "reopened")
        assert ([self.BOOKED] if kept else []) == times(desk, "kept_contact")

    def test_a_restoration_does_not(self) -> None:
        desk = answered_and_solved()
        desk.changed("T", "10:30", "merged")
        desk.changed("T", "10:40", "restored")
        assert [self.BOOKED] == times(desk, "kept_contact")

    def test_a_solution_without_a_reply_before_it_is_no_part_of_the_rate(self) -> None:
        desk = Desk()
        desk.created("T", "10:00")
        desk.resolved("T", "10:20")
        desk.answered("T", "10:30")
        assert [] == times(desk, "first_contact")
        assert ["10:20"] == times(desk, "solved_unanswered")

    def test_a_reply_at_the_instant_of_the_solution_is_before_it(self) -> None:
        desk = Desk()
        desk.created("T", "10:00")
        desk.resolved("T", "10:20")
        desk.answered("T", "10:20")
        assert [self.BOOKED] == times(desk, "first_contact")
        assert [] == times(desk, "solved_unanswered")


class TestAssigned:
    def test_the_latest_decides_and_a_transfer_does_not_touch_it(self) -> None:
        desk = Desk()
        desk.created("T", "10:00")
        desk.changed("T", "10:20", "assigned", assigned=False)
        desk.changed("T", "10:10", "assigned", assigned=True)
        assert [] == times(desk, "assigned")
        desk.changed("T", "10:30", "assigned", assigned=True)
        desk.changed("T", "10:40", "transferred", team="refunds")
        assert ["refunds"] == teams(desk, "assigned")

    def test_a_closed_ticket_is_in_no_level(self) -> None:
        desk = answered_and_solved()
        desk.changed("T", "10:30", "assigned", assigned=True)
        assert [] == times(desk, "assigned")
