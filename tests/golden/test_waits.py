"""Each sentence about waits, and about who opened a ticket, worked by hand.

Every figure is asked of a view, of a report to which the events came in the opposite order, and of the
oracle (`tests.golden.readers`).
"""

from __future__ import annotations

import pytest

from tests.golden.readers import (
    ATTAINMENT,
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

OLDEST_WAITING = "support_oldest_waiting_timestamp_seconds"
HALF_AN_HOUR = """
    versions:
      - name: v1
        first_reply: [{within: 30m, objective: 90%}]
        next_reply: [{within: 30m, objective: 90%}]
"""


def first_reply(story: str, name: str = ATTAINMENT) -> float | None:
    """A figure of the first-reply target, promised within 30 min."""
    return told(story, name, policy=HALF_AN_HOUR, target="first_reply")


class TestAWait:
    def test_it_begins_at_the_creation_and_ends_at_the_reply(self) -> None:
        """10:00 to 10:20: 20 min = 1,200 s."""
        story = """
            10:00 created
            10:20 replied"""
        assert (1, 1200.0) == (told(story, RESPONSE_N), told(story, RESPONSE))

    def test_a_message_begins_one_and_a_second_message_does_not(self) -> None:
        """20 min to the first reply; the messages of 10:30 and 10:40 wait together until 10:45: 15 min.

        (20 + 15) / 2 = 17.5 min = 1,050 s. At 10:42 the oldest wait is that of 10:30.
        """
        asked = """
            10:00 created
            10:20 replied
            10:30 customer_replied
            10:40 customer_replied"""
        assert instant("10:30") / 1000 == told(asked, OLDEST_WAITING, as_of="10:42")
        story = f"{asked}\n10:45 replied"
        assert (2, 1050.0) == (told(story, RESPONSE_N), told(story, RESPONSE))
        assert 0 == told(story, WAITING)

    @pytest.mark.parametrize("end", ["no_reply_needed", "resolved", "merged", "discarded"])
    def test_without_a_reply_it_ends_without_an_observation(self, end: str) -> None:
        """It waits at 10:05, and at 10:15 no more; the reply of 10:20 ends no wait."""
        story = f"""
            10:00 created
            10:10 {end}"""
        assert (1, 0) == (told("10:00 created", WAITING, as_of="10:05"), told(story, WAITING, as_of="10:15"))
        assert 0 == told(f"{story}\n10:20 replied", RESPONSE_N)

    def test_a_message_on_a_closed_ticket_waits_from_the_reopening_on(self) -> None:
        """5 min to the first reply; nobody waits at 10:25; 10:30 to 10:40 are 10 min.

        (5 + 10) / 2 = 450 s.
        """
        closed = """
            10:00 created
            10:05 replied
            10:10 resolved
            10:20 customer_replied"""
        assert 0 == told(closed, WAITING, as_of="10:25")
        story = f"""{closed}
            10:30 reopened
            10:40 replied"""
        assert (2, 450.0) == (told(story, RESPONSE_N), told(story, RESPONSE))

    @pytest.mark.parametrize("settled", ["replied", "no_reply_needed"])
    def test_unless_that_message_was_settled_while_the_ticket_was_closed(self, settled: str) -> None:
        story = f"""
            10:00 created
            10:05 replied
            10:10 resolved
            10:20 customer_replied
            10:25 {settled}
            10:30 reopened"""
        assert (1, 0) == (told(story, "support_open_tickets"), told(story, WAITING))
        assert 1 == told(story, RESPONSE_N)  # the reply of 10:25 found no wait

    def test_a_reopening_begins_one_where_the_closure_had_ended_one_unanswered(self) -> None:
        """Closed unanswered at 10:10; back at 11:00: it waits since then."""
        story = """
            10:00 created
            10:10 resolved
            11:00 reopened"""
        assert (1, 1) == (told(story, WAITING), told(story, UNANSWERED))
        assert instant("11:00") / 1000 == told(story, OLDEST_WAITING)

    def test_a_reply_that_finds_no_wait_and_states_none_is_no_observation(self) -> None:
        story = """
            10:00 created
            10:20 replied
            10:30 replied"""
        assert (1, 1200.0) == (told(story, RESPONSE_N), told(story, RESPONSE))


class TestNoReplyNeeded:
    def test_nobody_waits_until_the_customer_writes_again(self) -> None:
        """Word of thanks at 10:10; at 11:00 another message: unanswered since then."""
        thanks = """
            10:00 created
            10:10 no_reply_needed"""
        assert 0 == told(thanks, UNANSWERED)
        asked = f"{thanks}\n11:00 customer_replied"
        assert 1 == told(asked, UNANSWERED)
        assert instant("11:00") / 1000 == told(asked, "support_oldest_unanswered_timestamp_seconds")

    def test_a_later_reply_is_a_first_reply_since_the_creation(self) -> None:
        """10:00 to 11:20 are 80 min = 4,800 s. It ended no wait."""
        story = """
            10:00 created
            10:10 no_reply_needed
            11:20 replied"""
        assert (1, 4800.0, 0) == (told(story, FRT_N), told(story, FRT), told(story, RESPONSE_N))

    @pytest.mark.parametrize(("replied", "share"), [("11:20", 1.0), ("11:40", 0.0)])
    def test_a_deadline_that_has_not_passed_is_withdrawn_and_the_next_message_starts_a_new_one(
        self, replied: str, share: float
    ) -> None:
        """10:30 was due, and is withdrawn at 10:10. The message of 11:00 is due at 11:30."""
        thanks = """
            10:00 created
            10:10 no_reply_needed"""
        assert 0 == first_reply(thanks, OUTCOMES)
        story = f"""{thanks}
            11:00 customer_replied
            {replied} replied"""
        assert (1, share) == (first_reply(story, OUTCOMES), first_reply(story))

    def test_a_deadline_that_has_passed_stays_missed(self) -> None:
        """10:30 was due, and 10:40 is too late to say that no reply is needed."""
        story = """
            10:00 created
            10:40 no_reply_needed
            11:00 customer_replied
            11:05 replied"""
        assert (1, 0.0) == (first_reply(story, OUTCOMES), first_reply(story))


class TestWaitingSince:
    def test_on_a_reply_it_overrules_the_start_for_the_response_time_only(self) -> None:
        """Replied at 10:20, waiting since 10:15: response 5 min; FRT since 10:00: 20 min."""
        story = """
            10:00 created
            10:20 replied waiting_since=10:15"""
        assert (300.0, 1200.0) == (told(story, RESPONSE), told(story, FRT))

    @pytest.mark.parametrize(("stated", "share", "mean"), [("", 0.0, 1200.0), ("10:40", 1.0, 900.0)])
    def test_on_a_reply_it_moves_the_next_reply_deadline(
        self, stated: str, share: float, mean: float
    ) -> None:
        """The message of 10:30 is due at 11:00, and the reply of 11:05 late: 5 and 35 min, mean 20 min.

        Waiting since 10:40, as the reply states, it is due at 11:10: 5 and 25 min, mean 15 min.
        """
        story = f"""
            10:00 created
            10:05 replied
            10:30 customer_replied
            11:05 replied {stated and f"waiting_since={stated}"}"""
        assert share == told(story, ATTAINMENT, policy=HALF_AN_HOUR, target="next_reply")
        assert mean == told(story, RESPONSE)

    def test_a_reply_that_finds_no_wait_may_state_one(self) -> None:
        """20 min, then 4 min: 12 min = 720 s."""
        story = """
            10:00 created
            10:20 replied
            10:30 replied waiting_since=10:26"""
        assert (2, 720.0) == (told(story, RESPONSE_N), told(story, RESPONSE))

    @pytest.mark.parametrize(("message", "start"), [("10:35", "10:10"), ("10:05", "10:05")])
    def test_a_message_carries_a_wait_over_and_the_earlier_start_stands(
        self, message: str, start: str
    ) -> None:
        """Another ticket was merged into this one at 10:40, whose customer waited since 10:10."""
        story = f"""
            09:50 created
            10:00 replied
            {message} customer_replied
            10:40 customer_replied waiting_since=10:10"""
        assert instant(start) / 1000 == told(story, OLDEST_WAITING)
        assert 1 == told(story, WAITING)


class TestOpenedBy:
    OURS = """
        10:00 created opened_by={opened_by}
        10:30 replied
        11:00 customer_replied
        11:20 replied"""

    @pytest.mark.parametrize("opened_by", ["desk", "bot"])
    def test_the_first_human_reply_after_the_customer_s_first_message_is_the_first_reply(
        self, opened_by: str
    ) -> None:
        """Opened 10:00, ours 10:30, message 11:00, reply 11:20: 20 min = 1,200 s; a response likewise."""
        story = self.OURS.format(opened_by=opened_by)
        assert (1, 1200.0) == (told(story, FRT_N), told(story, FRT))
        assert (1, 1200.0) == (told(story, RESPONSE_N), told(story, RESPONSE))
        # due at 11:30, half an hour after the message
        assert (1, 1.0) == (first_reply(story, OUTCOMES), first_reply(story))

    def test_nobody_is_unanswered_before_the_customer_s_first_message(self) -> None:
        opened = "10:00 created opened_by=desk"
        assert (1, 0, 0) == tuple(
            told(opened, name) for name in ("support_open_tickets", UNANSWERED, WAITING)
        )
        assert 0 == first_reply(opened, OUTCOMES)
        assert 1 == told(f"{opened}\n11:00 customer_replied", UNANSWERED)

    def test_it_counts_in_created_resolution_and_customers(self) -> None:
        story = """
            10:00 created opened_by=desk
            10:30 resolved"""
        names = ("support_tickets", "support_resolution_ratio", "support_tickets_per_customer")
        assert (1, 1.0, 1.0) == tuple(told(story, name) for name in names)

    def test_one_touch_counts_all_human_replies(self) -> None:
        """Two replies, the one before the first message too: touched, and no one-touch. With one it is."""
        two = f"{self.OURS.format(opened_by='desk')}\n11:30 resolved"
        assert 0.0 == told(two, "support_one_touch_ratio")
        one = """
            10:00 created opened_by=desk
            10:30 replied
            10:40 resolved"""
        assert 1.0 == told(one, "support_one_touch_ratio")

    @pytest.mark.parametrize(("message", "count"), [("", 0), ("10:20 customer_replied", 1)])
    def test_without_a_message_it_is_not_solved_unanswered(self, message: str, count: int) -> None:
        story = f"""
            10:00 created opened_by=desk
            {message}
            10:40 resolved"""
        assert count == told(story, "support_solved_unanswered_tickets")

    def test_first_contact_knows_no_reply_before_the_first_message(self) -> None:
        """T1: replied before the message, and solved without another reply: not in the denominator.

        T2: replied after it: 1 of 1, seven days later.
        """
        story = """
            -8d 10:00 T1 created opened_by=desk
            -8d 10:05 T1 replied
            -8d 10:10 T1 customer_replied
            -8d 10:20 T1 resolved
            -8d 10:00 T2 created opened_by=desk
            -8d 10:10 T2 customer_replied
            -8d 10:15 T2 replied
            -8d 10:20 T2 resolved"""
        shown = {"window": "30d"}
        assert 1 == told(story, "support_first_contact_observations", **shown)
        assert 1.0 == told(story, "support_first_contact_ratio", **shown)


class TestWithoutACreation:
    def test_a_wait_runs_by_its_messages_and_is_in_no_level(self) -> None:
        """The message of 10:30 is answered at 10:45: 15 min = 900 s. Nobody knows when it was created."""
        asked = "10:30 customer_replied"
        assert 0 == told(asked, WAITING)
        story = f"{asked}\n10:45 replied"
        assert (1, 900.0, 0) == (told(story, RESPONSE_N), told(story, RESPONSE), told(story, FRT_N))
