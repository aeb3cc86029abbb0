"""Waits, messages and who opened a ticket: each sentence of the definitions, worked by hand."""

from oracle.figures import figures
from oracle.tickets import history_of
from tests.oracle.desk import Desk, at, clock, minutes, read, times


class TestAWait:
    def test_it_begins_at_the_creation_and_ends_at_the_reply(self) -> None:
        desk = Desk()
        desk.created("T", "10:00")
        desk.answered("T", "10:10")
        assert [("10:10", 10)] == minutes(desk, "response") == minutes(desk, "first_response")
        assert [] == times(desk, "waiting")

    def test_a_message_begins_one_where_none_runs_and_no_further_one(self) -> None:
        """Messages 11:00 and 11:20, reply 11:30: 30 min, not 10."""
        desk = Desk()
        desk.created("T", "10:00")
        desk.answered("T", "10:10")
        desk.changed("T", "11:00", "customer_replied")
        desk.changed("T", "11:20", "customer_replied")
        assert ["11:00"] == times(desk, "waiting")
        assert [] == times(desk, "unanswered")
        desk.changed("T", "11:30", "replied")
        assert [("10:10", 10), ("11:30", 30)] == minutes(desk, "response")
        assert [("10:10", 10)] == minutes(desk, "first_response")

    def test_an_automated_reply_ends_none_whatever_it_states(self) -> None:
        desk = Desk()
        desk.created("T", "10:00")
        desk.changed("T", "10:01", "replied", automated=True, waiting_since=at("10:00"))
        assert ([], ["10:00"], ["10:00"]) == (
            minutes(desk, "response"),
            times(desk, "waiting"),
            times(desk, "unanswered"),
        )

    def test_no_reply_needed_ends_it_without_an_observation_until_the_customer_writes_again(self) -> None:
        """Not needed 10:05; message 10:30; reply 10:40: response 10 min, FRT from the creation 40 min."""
        desk = Desk()
        desk.created("T", "10:00")
        desk.changed("T", "10:05", "no_reply_needed")
        assert [] == times(desk, "unanswered") == times(desk, "waiting") == times(desk, "response")
        assert ["10:00"] == times(desk, "open")
        desk.changed("T", "10:30", "customer_replied")
        assert ["10:30"] == times(desk, "unanswered") == times(desk, "waiting")
        desk.answered("T", "10:40")
        assert [("10:40", 10)] == minutes(desk, "response")
        assert [("10:40", 40)] == minutes(desk, "first_response")

    def test_a_reply_that_finds_none_and_states_none_is_no_observation(self) -> None:
        desk = Desk()
        desk.created("T", "10:00")
        desk.changed("T", "10:05", "no_reply_needed")
        desk.answered("T", "10:20")
        assert [] == minutes(desk, "response")
        assert [("10:20", 20)] == minutes(desk, "first_response")

    def test_a_reply_may_state_the_start_also_on_a_closed_ticket_and_never_for_the_first_response(
        self,
    ) -> None:
        """Reply 10:10 since 10:08: 2 min, FRT 10 min; closed 10:20; reply 10:40 since 10:25: 15 min."""
        desk = Desk()
        desk.created("T", "10:00")
        desk.changed("T", "10:10", "replied", waiting_since=at("10:08"))
        desk.resolved("T", "10:20")
        desk.changed("T", "10:40", "replied", waiting_since=at("10:25"))
        assert [("10:10", 2), ("10:40", 15)] == minutes(desk, "response")
        assert [("10:10", 10)] == minutes(desk, "first_response")

    def test_a_start_stated_before_the_creation_stands_and_one_after_the_reply_is_0(self) -> None:
        desk = Desk()
        desk.created("T", "10:00")
        desk.changed("T", "10:10", "replied", waiting_since=at("09:40"))
        desk.changed("T", "10:20", "replied", waiting_since=at("10:21"))
        assert [("10:10", 30), ("10:20", 0)] == minutes(desk, "response")

    def test_a_reply_stamped_before_the_creation_ends_the_first_wait_at_0(self) -> None:
        desk = Desk()
        desk.created("T", "10:00")
        desk.changed("T", "09:50", "replied", waiting_since=at("09:00"))
        assert [("10:00", 0)] == minutes(desk, "response") == minutes(desk, "first_response")


class TestAMessageThatSaysSinceWhen:
    def test_a_wait_that_it_begins_starts_then_and_one_that_runs_takes_the_earlier_start(self) -> None:
        """A merge carries 10:50 over: 11:00 becomes 10:50; a later 10:55 changes nothing."""
        desk = Desk()
        desk.created("T", "10:00")
        desk.answered("T", "10:10")
        desk.changed("T", "11:00", "customer_replied")
        desk.changed("T", "11:05", "customer_replied", waiting_since=at("10:50"))
        desk.changed("T", "11:10", "customer_replied", waiting_since=at("10:55"))
        assert ["10:50"] == times(desk, "waiting")
        desk.answered("T", "11:20")
        desk.changed("T", "11:40", "customer_replied", waiting_since=at("11:30"))
        desk.answered("T", "11:41")
        assert [("10:10", 10), ("11:20", 30), ("11:41", 11)] == minutes(desk, "response")

    def test_a_start_after_the_message_counts_as_the_message(self) -> None:
        desk = Desk()
        desk.created("T", "10:00")
        desk.answered("T", "10:10")
        desk.changed("T", "11:00", "customer_replied", waiting_since=at("11:30"))
        assert ["11:00"] == times(desk, "waiting")

    def test_on_a_closed_ticket_or_with_a_bot_it_is_dropped(self) -> None:
        desk = Desk()
        desk.created("T", "10:00")
        desk.resolved("T", "10:10")
        desk.changed("T", "10:30", "customer_replied", waiting_since=at("10:20"))
        desk.changed("T", "10:40", "reopened")
        assert ["10:40"] == times(desk, "waiting")
        desk.created("B", "10:00", with_bot=True)
        desk.changed("B", "10:30", "customer_replied", waiting_since=at("10:20"))
        desk.changed("B", "10:35", "handed_over")
        assert ["10:35"] == times(desk, "waiting", "B")


class TestClosures:
    def test_a_closure_ends_a_wait_without_an_observation_and_the_reopening_begins_it_anew(self) -> None:
        """Unanswered until 10:30; reopened 12:00: unanswered since 12:00; reply 12:05: 5 min, FRT 125 min."""
        desk = Desk()
        desk.created("T", "10:00")
        desk.resolved("T", "10:30")
        assert [] == times(desk, "waiting")
        desk.changed("T", "12:00", "reopened")
        assert ["12:00"] == times(desk, "waiting") == times(desk, "unanswered")
        desk.answered("T", "12:05")
        assert [("12:05", 5)] == minutes(desk, "response")
        assert [("12:05", 125)] == minutes(desk, "first_response")

    def test_a_message_on_a_closed_ticket_waits_from_the_reopening(self) -> None:
        desk = Desk()
        desk.created("T", "10:00")
        desk.answered("T", "10:10")
        desk.resolved("T", "10:20")
        desk.changed("T", "11:00", "customer_replied")
        assert [] == times(desk, "waiting")
        desk.changed("T", "11:30", "reopened")
        assert ["11:30"] == times(desk, "waiting")

    def test_unless_a_reply_or_no_reply_needed_came_after_the_message(self) -> None:
        for answer in ("replied", "no_reply_needed"):
            desk = Desk()
            desk.created("T", "10:00")
            desk.answered("T", "10:10")
            desk.resolved("T", "10:20")
            desk.changed("T", "11:00", "customer_replied")
            desk.changed("T", "11:05", answer)
            desk.changed("T", "11:30", "reopened")
            assert [] == times(desk, "waiting")
            assert [("10:10", 10)] == minutes(desk, "response")

    def test_an_answered_ticket_that_is_reopened_waits_for_nobody(self) -> None:
        desk = Desk()
        desk.created("T", "10:00")
        desk.answered("T", "10:10")
        desk.resolved("T", "10:20")
        desk.changed("T", "11:30", "reopened")
        assert [] == times(desk, "waiting")
        assert ["10:00"] == times(desk, "open")


class TestWhoOpened:
    def test_what_the_desk_opened_is_answered_from_the_customer_s_first_message(self) -> None:
        """Opened 10:00, ours 10:30, message 11:00, reply 11:20: 20 min."""
        desk = Desk()
        desk.created("T", "10:00", opened_by="desk")
        desk.answered("T", "10:30")
        assert [] == minutes(desk, "first_response") == minutes(desk, "response")
        assert [] == times(desk, "unanswered")
        desk.changed("T", "11:00", "customer_replied")
        assert ["11:00"] == times(desk, "unanswered") == times(desk, "waiting")
        desk.changed("T", "11:20", "replied")
        assert [("11:20", 20)] == minutes(desk, "first_response") == minutes(desk, "response")

    def test_it_is_counted_as_a_ticket_of_its_customer(self) -> None:
        desk = Desk()
        desk.created("T", "10:00", opened_by="bot")
        assert ["10:00"] == times(desk, "created") == times(desk, "customer") == times(desk, "open")

    def test_the_first_message_counts_as_such_on_a_closed_ticket_too(self) -> None:
        """Message 11:00 on the closed ticket, reply 11:10: FRT 10 min; since when it waits plays no part."""
        desk = Desk()
        desk.created("T", "10:00", opened_by="desk")
        desk.resolved("T", "10:05")
        desk.changed("T", "11:00", "customer_replied", waiting_since=at("10:50"))
        desk.answered("T", "11:10")
        assert [("11:10", 10)] == minutes(desk, "first_response")
        assert [] == minutes(desk, "response")

    def test_solved_without_any_message_it_is_not_solved_unanswered(self) -> None:
        """D: no message; L: one afterwards.

        E: message 10:10, solved 10:20 without a reply to it, though ours came at 10:05.
        """
        desk = Desk()
        for ticket in ("D", "L", "E"):
            desk.created(ticket, "10:00", opened_by="desk")
            desk.answered(ticket, "10:05")
            desk.resolved(ticket, "10:20")
        desk.changed("E", "10:10", "customer_replied")
        desk.changed("L", "10:30", "customer_replied")
        assert [] == times(desk, "solved_unanswered", "D") == times(desk, "solved_unanswered", "L")
        assert ["10:20"] == times(desk, "solved_unanswered", "E")

    def test_one_touch_counts_all_replies_and_first_contact_those_after_the_message(self) -> None:
        """Ours 10:05 and the solution: one touch of one; no first contact, for the customer never asked."""
        desk = Desk()
        desk.created("T", "10:00", opened_by="desk")
        desk.answered("T", "10:05")
        desk.resolved("T", "10:20")
        assert ["10:20"] == times(desk, "one_touch") == times(desk, "touched")
        assert [] == times(desk, "first_contact")


def test_the_time_line_names_every_wait_its_start_and_what_ended_it() -> None:
    """What closed it 10:10 says nothing of the message of 10:30; that one waits from 10:40."""
    desk = Desk()
    desk.created("T", "10:00")
    desk.resolved("T", "10:10")
    desk.changed("T", "10:30", "customer_replied", waiting_since=at("09:00"))
    desk.changed("T", "10:40", "reopened")
    desk.answered("T", "10:45")
    desk.changed("T", "11:00", "customer_replied", waiting_since=at("10:50"))
    desk.changed("T", "11:10", "no_reply_needed")
    desk.changed("T", "11:20", "customer_replied")
    desk.changed("T", "11:30", "status", status="bot")
    desk.changed("T", "11:40", "handed_over")
    found = [
        (clock(one.start_ms), clock(one.since_ms), clock(one.end_ms) if one.end_ms else "", one.ended_by)
        for one in history_of(desk.events("T")).course.waits
    ]
    assert [
        ("10:00", "10:00", "10:10", "closed"),
        ("10:40", "10:40", "10:45", "replied"),
        ("11:00", "10:50", "11:10", "no_reply_needed"),
        ("11:20", "11:20", "11:30", "bot"),
        ("11:40", "11:40", "", ""),
    ] == found


def test_a_ticket_without_a_creation_has_waits_by_its_messages_and_is_in_no_level() -> None:
    desk = Desk()
    desk.changed("T", "11:00", "customer_replied")
    assert [] == times(desk, "waiting") == times(desk, "open")
    desk.answered("T", "11:10")
    assert [("11:10", 10)] == minutes(desk, "response")
    assert [] == minutes(desk, "first_response")


def test_the_oldest_wait_is_floored_to_its_minute_and_absent_without_one() -> None:
    """Asked 11:00:40 in one ticket, 11:20 in another: two wait, the oldest since 11:00; none unanswered."""
    desk = Desk()
    for ticket, when in (("T1", "11:00:40"), ("T2", "11:20")):
        desk.created(ticket, "10:00")
        desk.answered(ticket, "10:10")
        desk.changed(ticket, when, "customer_replied")
    found = figures(desk.records, as_of_ms=at("12:01"))
    assert (2, 0) == (read(found, "support_waiting_tickets"), read(found, "support_unanswered_tickets"))
    assert at("11:00") / 1000 == read(found, "support_oldest_waiting_timestamp_seconds")
    for ticket in ("T1", "T2"):
        desk.answered(ticket, "11:50")
    found = figures(desk.records, as_of_ms=at("12:01"))
    assert 0 == read(found, "support_waiting_tickets")
    assert read(found, "support_oldest_waiting_timestamp_seconds") is None


def test_response_times_say_by_which_clock() -> None:
    """Waits of 10 and 30 min: mean 20 min = 1,200 s; half are not longer than 600 s."""
    desk = Desk()
    desk.created("T", "11:10")
    desk.answered("T", "11:20")
    desk.changed("T", "11:25", "customer_replied")
    desk.answered("T", "11:55")
    found = figures(desk.records, as_of_ms=at("12:00"))
    assert 1200.0 == read(found, "support_response_mean_seconds", clock="calendar")
    assert 600.0 == read(found, "support_response_quantile_seconds", clock="calendar", q="0.5")
    assert 2 == read(found, "support_response_mean_observations", clock="calendar")
